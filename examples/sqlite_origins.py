"""Allowed origins from a table in SQLite, which may change while the server runs.

Run it, and add an origin from another terminal::

    pip install wsgicors waitress
    EVERY=5 python examples/sqlite_origins.py

    curl -i -H 'Origin: https://new.example' localhost:8001
    sqlite3 origins.sqlite "INSERT INTO customer VALUES ('https://new.example')"
    curl -i -H 'Origin: https://new.example' localhost:8001

The table is read at the start. The first request after EVERY seconds (60 by default) starts a load in
the background. When the load has ended, the next request of the new origin is allowed.

Every page whose origin is listed may read the same data. If the data belong to tenants, see
postgresql_origins.py, redis_origins.py and django_tenants.py.
"""

import logging
import os
import sqlite3
from contextlib import closing

from waitress import serve

from wsgicors import CORS, OriginList

DATABASE = os.environ.get("DATABASE", "origins.sqlite")
EVERY = float(os.environ.get("EVERY", "60"))  # seconds


def create():
    with closing(sqlite3.connect(DATABASE)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS customer (origin TEXT PRIMARY KEY)")
        database.execute("INSERT OR IGNORE INTO customer VALUES ('http://localhost:3000')")


def load():
    with closing(sqlite3.connect(DATABASE)) as database:
        return [origin for (origin,) in database.execute("SELECT origin FROM customer")]


def hello(environ, start_response):
    body = b'{"hello": "customer"}'
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)  # waitress logs its address
    create()
    application = CORS(
        hello, origin=OriginList(load, every=EVERY), headers="Content-Type", maxage=600
    )
    serve(application, listen=f"127.0.0.1:{os.environ.get('PORT', '8001')}")
