-- The table of postgresql_origins.py, and triggers that send a notification for each changed row,
-- whichever program changes it.

CREATE TABLE domain (
    tenant text NOT NULL,
    origin text NOT NULL,
    PRIMARY KEY (tenant, origin)
);

CREATE FUNCTION tell_of_domain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        PERFORM pg_notify('domains', json_build_array(OLD.tenant, OLD.origin)::text);
    END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN
        PERFORM pg_notify('domains', json_build_array(NEW.tenant, NEW.origin)::text);
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('domains', 'null');
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER domain_changed AFTER INSERT OR UPDATE OR DELETE ON domain
    FOR EACH ROW EXECUTE FUNCTION tell_of_domain();
CREATE TRIGGER domain_emptied AFTER TRUNCATE ON domain
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_domain();
