"""Domains of tenants in PostgreSQL. Every process applies a committed change within a second.

It needs PostgreSQL 14 or newer, and::

    pip install wsgicors flask gunicorn 'psycopg[binary]'
    cd examples
    createdb shop
    psql shop -f postgresql_origins.sql
    gunicorn --workers 4 --threads 4 --bind 127.0.0.1:8001 postgresql_origins:app

Each tenant has its own host. Open http://acme.localhost:8001, add the domain
https://shop.example, and send requests as a page there would::

    curl -i -H 'Origin: https://shop.example' http://acme.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/widget

The second is refused, because acme's domain must not read another tenant's orders. The third is
allowed, because the pages of every tenant may read the widget.
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
EVERY = float(os.environ.get("EVERY", "60"))  # seconds, for changes whose notification was lost

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
    # Without a timeout, a server that hangs would block this load and every later one.
    limits = {"connect_timeout": 2, "keepalives_idle": 30, "tcp_user_timeout": 5000}
    options = "-c statement_timeout=5000"
    return psycopg.connect(DATABASE, autocommit=True, options=options, **limits)


# Permissions


def tenant_of(environ):
    return environ.get("HTTP_HOST", "").partition(".")[0]


SELECT = "SELECT tenant, origin FROM domain"
WHERE = " WHERE (tenant, origin) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"

registered = frozenset()  # pairs of (tenant, origin) from the last load
changed = deque([None])  # pairs to read again, from notifications; None for all


def read():
    """Read only the changed rows. To read all rows takes longer, the more there are."""
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
    """One entry, a predicate: it decides by the tenant of the request and the origin."""
    global of_all
    read()
    domains = registered
    of_all = {origin for _, origin in registered}
    return [lambda origin, environ: (tenant_of(environ), origin) in domains]


def of_any_tenant(origin, environ):
    return origin in of_all


# If the database is down, the service starts, and allows nobody until it is back.
of_all = set()
own = OriginList(of_the_tenant, EVERY, initial=[])


# Changes


def reload():
    try:
        own.reload(10)
    except ConfigError as error:  # the last good list stays; a later request starts another load
        log.warning("%s", error)


def listen():
    """Reload after each change, and after each connection: notifications before it are lost."""
    try:
        with connect() as connection:
            connection.execute("LISTEN domains")
            changed.append(None)
            while True:
                reload()
                for notification in connection.notifies(stop_after=1):
                    # A row, or null if the table was truncated.
                    row = json.loads(notification.payload)
                    changed.append(row and tuple(row))
    except psycopg.Error as error:
        log.warning("not listening to PostgreSQL, and will try again: %s", error)


def keep_listening():
    while True:
        listen()
        time.sleep(0.5)


def start():
    threading.Thread(target=keep_listening, name="listen", daemon=True).start()


start()
os.register_at_fork(after_in_child=start)  # for gunicorn --preload: threads do not survive a fork


# The application

app = Flask(__name__)


@app.route("/", methods=["GET", "POST"])
def domains():
    """The tenant's own page. In a real service, protect it with a login and a CSRF token."""
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
