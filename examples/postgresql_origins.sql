-- The table of postgresql_origins.py, and a trigger that tells of each change, whatever makes it.

CREATE TABLE domain (
    tenant text NOT NULL,
    origin text NOT NULL,
    PRIMARY KEY (tenant, origin)
);

CREATE FUNCTION tell_of_domains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY domains;
    RETURN NULL;
END
$$;

CREATE TRIGGER domains_changed
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON domain
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_domains();
