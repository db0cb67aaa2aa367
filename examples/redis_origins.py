"""Domains of tenants in Redis: they count in every process as soon as they are stored.

It needs Redis, and::

    pip install wsgicors flask gunicorn redis
    cd examples
    gunicorn --workers 4 --threads 4 --bind 127.0.0.1:8001 redis_origins:app

Each tenant has a host of its own. Open http://acme.localhost:8001, add the domain
https://shop.example, and ask as a page there would::

    curl -i -H 'Origin: https://shop.example' http://acme.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/widget

The second is refused: the domain is acme's, and the orders are another tenant's. The third is
allowed, since every tenant's pages may read the widget.
"""

import logging
import os
import threading
import time

import redis
from flask import Flask, redirect, render_template_string, request

from wsgicors import CORS, ConfigError, OriginList, check_origins

DATABASE = os.environ.get("REDIS_URL", "redis://localhost")
DOMAINS = "domains"  # a set of "tenant origin", and the channel that tells of its changes
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
    limits = {
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "health_check_interval": 10,
    }  # seconds
    return redis.Redis.from_url(DATABASE, decode_responses=True, **limits)


# Who may read what


def tenant_of(environ):
    return environ.get("HTTP_HOST", "").partition(".")[0]


def registered():
    with connect() as connection:
        return frozenset(tuple(member.split(" ", 1)) for member in connection.smembers(DOMAINS))


def domains_of_the_tenant():
    """One entry, which decides by the tenant whose data are asked for, and the origin."""
    domains = registered()
    return [lambda origin, environ: (tenant_of(environ), origin) in domains]


def domains_of_all():
    return {origin for _, origin in registered()}


# Without the database the service starts, and allows nobody until it is there.
own = OriginList(domains_of_the_tenant, EVERY, initial=[])
shared = OriginList(domains_of_all, EVERY, allow_empty=True, initial=[], patterns=False)


# Changes


def reload():
    for origins in (own, shared):
        try:
            origins.reload(10)
        except ConfigError as error:  # the last good list stays, and the next request tries again
            log.warning("%s", error)


def listen():
    """Reload after each change; and after each subscription, as messages are lost without."""
    while True:
        try:
            with connect() as connection, connection.pubsub() as channel:
                channel.subscribe(DOMAINS)
                while True:
                    # The first message, also after a reconnection, is the subscription.
                    if channel.get_message(timeout=10):
                        while channel.get_message():
                            pass  # those that have come meanwhile count as one
                        reload()
        except redis.RedisError as error:
            log.warning("not subscribed to Redis, trying again: %s", error)
            time.sleep(0.5)


def start():
    threading.Thread(target=listen, name="listen", daemon=True).start()


start()
os.register_at_fork(after_in_child=start)  # gunicorn --preload: a fork has no threads


# The application

app = Flask(__name__)


@app.route("/", methods=["GET", "POST"])
def domains():
    """The tenant's own page. In a real service it is behind a login, with a CSRF token."""
    tenant, given, problems = tenant_of(request.environ), "", ()
    with connect() as connection, connection.pipeline() as transaction:
        if "remove" in request.form:
            transaction.srem(DOMAINS, f"{tenant} {request.form['remove']}")
        elif "add" in request.form:
            given = request.form["add"].strip()
            problems = check_origins([given], credentials=True, patterns=False)
            if not problems:
                transaction.sadd(DOMAINS, f"{tenant} {given}")
        if request.method == "POST" and not problems:
            transaction.publish(DOMAINS, "changed").execute()
            return redirect("/")
    origins = sorted(origin for owner, origin in registered() if owner == tenant)
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
        "everyone": {"path": "/widget", "origin": shared},
    },
)
