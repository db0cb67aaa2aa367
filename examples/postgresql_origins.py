"""Domains of tenants in PostgreSQL: a committed change soon applies in every process.

It needs PostgreSQL 14 or newer, and::

    pip install wsgicors flask gunicorn 'psycopg[binary]'
    cd examples
    createdb shop
    psql shop -f postgresql_origins.sql
    gunicorn --workers 4 --threads 4 --bind 127.0.0.1:8001 postgresql_origins:app

Each tenant has its own host. Open http://acme.localhost:8001, add the domain
https://shop.example, and ask as a page there would::

    curl -i -H 'Origin: https://shop.example' http://acme.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/widget

The second is refused: the domain is acme's, and the orders are another tenant's. The third is
allowed, since every tenant's pages may read the widget.
"""

import json
import logging
import os
import threading
import time
from collections import deque

import psycopg
from flask import Flask, redirect, render_template_string, request

from wsgicors import CORS, ConfigError, OriginList, check_origins

DATABASE = os.environ.get("DATABASE_URL", "dbname=shop")
EVERY = float(os.environ.get("EVERY", "60"))  # seconds: for a change that was not told

PAGE = """<!doctype html>
<title>Domains</title>
<h1>Domains of {{ tenant }}</h1>
<form method="post">
  <label>Domain <input name="add" value="{{ given }}" placeholder="https://shop.example"></label>
  <button>Add</button>
  {% for problem in problems %}<p role="alert">{{ problem.message }}</p>{% endfor %}
</form>
<form method="post">
  {% for origin in origins %}
  <p>{{ origin }} <button name="remove" value="{{ origin }}">Remove</button></p>
  {% endfor %}
</form>
"""

log = logging.getLogger(__name__)


def connect():
    # A server that does not answer must fail a load, not hold it up: no other load would begin.
    limits = {"connect_timeout": 2, "keepalives_idle": 30, "tcp_user_timeout": 5000}
    options = "-c statement_timeout=5000"
    return psycopg.connect(DATABASE, autocommit=True, options=options, **limits)


# Who may read what


def tenant_of(environ):
    return environ.get("HTTP_HOST", "").partition(".")[0]


SELECT = "SELECT tenant, origin FROM domain"
WHERE = " WHERE (tenant, origin) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"

registered = frozenset()  # (tenant, origin), as the last load found them
changed = deque([None])  # those that may differ meanwhile, as notifications name them; None: all


def read():
    """Read only what has changed: reading all rows takes longer the more there are."""
    global registered
    rows = [changed.popleft() for _ in range(len(changed))]
    try:
        with connect() as connection:
            if rows and None not in rows:
                found = connection.execute(SELECT + WHERE, [list(part) for part in zip(*rows)])
                registered = registered.difference(rows).union(found)
            else:
                registered = frozenset(connection.execute(SELECT))
    except psycopg.Error:
        changed.append(None)
        raise


def of_the_tenant():
    """One entry, which decides by the tenant whose data are asked for, and the origin."""
    global of_all
    read()
    domains = registered
    of_all = {origin for _, origin in registered}
    return [lambda origin, environ: (tenant_of(environ), origin) in domains]


def of_any_tenant(origin, environ):
    return origin in of_all


# Without the database the service starts, and allows nobody until it is there.
of_all = set()
own = OriginList(of_the_tenant, EVERY, initial=[])


# Changes


def reload():
    try:
        own.reload(10)
    except ConfigError as error:  # the last good list stays, and the next request tries again
        log.warning("%s", error)


def listen():
    """Reload after each change; and after each connection, as notifications are lost without."""
    try:
        with connect() as connection:
            connection.execute("LISTEN domains")
            changed.append(None)
            while True:
                reload()
                for notification in connection.notifies(stop_after=1):
                    # A row; or null, where the table was emptied.
                    row = json.loads(notification.payload)
                    changed.append(row and tuple(row))
    except psycopg.Error as error:
        log.warning("not listening to PostgreSQL, trying again: %s", error)


def keep_listening():
    while True:
        listen()
        time.sleep(0.5)


def start():
    threading.Thread(target=keep_listening, name="listen", daemon=True).start()


start()
os.register_at_fork(after_in_child=start)  # gunicorn --preload: a fork has no threads


# The application

app = Flask(__name__)


@app.route("/", methods=["GET", "POST"])
def domains():
    """The tenant's own page. In a real service it is behind a login, with a CSRF token."""
    tenant, given, problems = tenant_of(request.environ), "", ()
    with connect() as connection:
        if "remove" in request.form:
            row = tenant, request.form["remove"]
            connection.execute("DELETE FROM domain WHERE tenant = %s AND origin = %s", row)
        elif "add" in request.form:
            given = request.form["add"].strip()
            problems = check_origins([given], credentials=True, patterns=False)
            if not problems:
                insert = "INSERT INTO domain VALUES (%s, %s) ON CONFLICT DO NOTHING"
                connection.execute(insert, (tenant, given))
        if request.method == "POST" and not problems:
            return redirect("/")
        select = "SELECT origin FROM domain WHERE tenant = %s ORDER BY origin"
        origins = [origin for (origin,) in connection.execute(select, (tenant,))]
    values = {"tenant": tenant, "given": given, "problems": problems, "origins": origins}
    return render_template_string(PAGE, **values), 400 if problems else 200


@app.get("/api/orders")
def orders():
    return {"orders of": tenant_of(request.environ)}


@app.get("/widget")
def widget():
    return {"hello": "page of any tenant"}


app.wsgi_app = CORS(
    app.wsgi_app,
    policies={
        "tenant": {"path": "/api/*", "origin": own, "credentials": True},
        "everyone": {"path": "/widget", "origin": of_any_tenant},
    },
)
