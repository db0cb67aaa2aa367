"""Domains of tenants in Redis: a stored change soon applies in every process.

It needs Redis 6.2 or newer, and::

    pip install wsgicors flask gunicorn redis
    cd examples
    gunicorn --workers 4 --threads 4 --bind 127.0.0.1:8001 redis_origins:app

Each tenant has its own host. Open http://acme.localhost:8001, add the domain
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
from collections import deque

import redis
from flask import Flask, redirect, render_template_string, request

from wsgicors import CORS, ConfigError, OriginList, check_origins

DATABASE = os.environ.get("REDIS_URL", "redis://localhost")
DOMAINS = "domains"  # a set of "tenant origin", and the channel that names each that changes
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


registered = frozenset()  # "tenant origin", as the last load found them
changed = deque([None])  # those that may differ meanwhile, as messages name them; None: all


def read():
    """Read only what has changed: reading all members takes longer the more there are."""
    global registered
    members = [changed.popleft() for _ in range(len(changed))]
    try:
        with connect() as connection:
            if members and None not in members:
                answers = zip(members, connection.smismember(DOMAINS, members))
                found = [member for member, is_there in answers if is_there]
                registered = registered.difference(members).union(found)
            else:
                registered = frozenset(connection.smembers(DOMAINS))
    except redis.RedisError:
        changed.append(None)
        raise


def of_the_tenant():
    """One entry, which decides by the tenant whose data are asked for, and the origin."""
    global of_all
    read()
    domains = registered
    of_all = {member.partition(" ")[2] for member in registered}
    return [lambda origin, environ: f"{tenant_of(environ)} {origin}" in domains]


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
    """Reload after each change; and after each subscription, as messages are lost without."""
    try:
        with connect() as connection, connection.pubsub() as channel:
            channel.subscribe(DOMAINS)
            while True:
                message = channel.get_message(timeout=10)
                while message:
                    # The first one, also after a reconnection, is the subscription.
                    told = message["data"] if message["type"] == "message" else None
                    changed.append(told)
                    message = channel.get_message()
                if changed:
                    reload()
    except redis.RedisError as error:
        log.warning("not subscribed to Redis, trying again: %s", error)


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
        change = connection.pipeline()  # the set and the message, or neither
        if "remove" in request.form:
            member = f"{tenant} {request.form['remove']}"
            change.srem(DOMAINS, member).publish(DOMAINS, member)
        elif "add" in request.form:
            given = request.form["add"].strip()
            member = f"{tenant} {given}"
            problems = check_origins([given], credentials=True, patterns=False)
            if not problems:
                change.sadd(DOMAINS, member).publish(DOMAINS, member)
        change.execute()
        if request.method == "POST" and not problems:
            return redirect("/")
        pairs = (member.split(" ", 1) for member in connection.smembers(DOMAINS))
        origins = sorted(origin for owner, origin in pairs if owner == tenant)
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
