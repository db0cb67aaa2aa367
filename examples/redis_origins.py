"""Domains of tenants in Redis. Every process applies a stored change within a second.

It needs Redis 6.2 or newer, and::

    pip install wsgicors flask gunicorn redis
    cd examples
    gunicorn --workers 4 --threads 4 --bind 127.0.0.1:8001 redis_origins:app

Each tenant has its own host. Open http://acme.localhost:8001, add the domain
https://shop.example, and send requests as a page there would::

    curl -i -H 'Origin: https://shop.example' http://acme.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/widget

The second is refused, because acme's domain must not read another tenant's orders. The third is
allowed, because the pages of every tenant may read the widget.
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
DOMAINS = "domains"  # the set of "tenant origin", and the channel for changed members
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
    limits = {
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "health_check_interval": 10,
    }  # seconds
    return redis.Redis.from_url(DATABASE, decode_responses=True, **limits)


# Permissions


def tenant_of(environ):
    return environ.get("HTTP_HOST", "").partition(".")[0]


registered = frozenset()  # members from the last load, "tenant origin"
changed = deque([None])  # members to read again, from messages; None for all


def read():
    """Read only the changed members. To read all takes longer, the more there are."""
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
    """One entry, a predicate: it decides by the tenant of the request and the origin."""
    global of_all
    read()
    domains = registered
    of_all = {member.partition(" ")[2] for member in registered}
    return [lambda origin, environ: f"{tenant_of(environ)} {origin}" in domains]


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
    """Reload after each change, and after each subscription: messages before it are lost."""
    try:
        with connect() as connection, connection.pubsub() as channel:
            channel.subscribe(DOMAINS)
            while True:
                message = channel.get_message(timeout=10)
                while message:
                    # The first message, also after a reconnection, confirms the subscription.
                    told = message["data"] if message["type"] == "message" else None
                    changed.append(told)
                    message = channel.get_message()
                if changed:
                    reload()
    except redis.RedisError as error:
        log.warning("not subscribed to Redis, and will try again: %s", error)


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
        change = connection.pipeline()  # a transaction of both commands
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
