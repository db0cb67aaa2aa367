"""Serve one library's CORS middleware for round_trips.py, on a real server, and count preflights.

    round_trips_server.py LIBRARY CONFIGURATION ORIGIN [SECONDS]

It prints its port, and ends when its standard input does. `/counted` gives the preflights of each
path since it was last asked, as JSON. round_trips_server.js is the same for Node.js.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections import Counter
from typing import Any

import environment

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
HEADERS = ["Authorization", "Content-Type", "X-Own"]
COUNTED = "/counted"

Options = dict[str, Any]
preflights: Counter[str] = Counter()


def counted() -> bytes:
    """Return what was counted as JSON, and start again."""
    found = json.dumps(preflights).encode()
    preflights.clear()
    return found


# One function for each library: its application, under `configuration`. A library's own default
# is kept wherever the configuration leaves a choice. Frameworks are imported where they are used,
# as each server needs one only.


def wsgicors(configuration: str, origin: str, seconds: int | None) -> Any:
    """Return a plain WSGI application behind this project's middleware."""
    sys.path.insert(0, str(environment.OURS.parent))
    from wsgicors import CORS

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"ok"]

    options: Options = {
        "defaults": {"origin": "*"},
        "lists": {"origin": origin, "methods": METHODS, "headers": HEADERS},
        "anything": {"origin": "*", "methods": "*", "headers": "*"},
        "anything, credentials": {
            "origin": origin,
            "methods": "*",
            "headers": "*",
            "credentials": True,
        },
    }[configuration]
    return CORS(app, maxage=seconds, **options)


def flask(configuration: str, origin: str, seconds: int | None) -> Any:
    """Return a Flask application with flask-cors."""
    import flask as framework
    import flask_cors

    app = framework.Flask("benchmarked")
    app.add_url_rule("/<name>", "hello", lambda name: "ok", methods=METHODS)
    options: Options = {
        "defaults": {},
        "lists": {"origins": [origin], "methods": METHODS, "allow_headers": HEADERS},
        "anything": {"origins": "*", "methods": METHODS, "allow_headers": "*"},
        "anything, credentials": {
            "origins": "*",
            "methods": METHODS,
            "allow_headers": "*",
            "supports_credentials": True,
        },
    }[configuration]
    flask_cors.CORS(app, max_age=seconds, **options)
    return app


def django(configuration: str, origin: str, seconds: int | None) -> Any:
    """Return a Django application with django-cors-headers, which has no setting for any header."""
    import django as framework
    from corsheaders.defaults import default_headers
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.urls import path

    anything = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_HEADERS": [*default_headers, "*"]}
    options: Options = {
        "defaults": {"CORS_ALLOW_ALL_ORIGINS": True},
        "lists": {
            "CORS_ALLOWED_ORIGINS": [origin],
            "CORS_ALLOW_METHODS": METHODS,
            "CORS_ALLOW_HEADERS": HEADERS,
        },
        "anything": anything,
        "anything, credentials": {**anything, "CORS_ALLOW_CREDENTIALS": True},
    }[configuration]
    if seconds is not None:
        options["CORS_PREFLIGHT_MAX_AGE"] = seconds
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=(path("<name>", lambda request, name: HttpResponse("ok")),),
        MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"],
        INSTALLED_APPS=["corsheaders"],
        LOGGING_CONFIG=None,
        **options,
    )
    framework.setup()
    return WSGIHandler()


def starlette(configuration: str, origin: str, seconds: int | None) -> Any:
    """Return a Starlette application with its CORSMiddleware."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def hello(request: Any) -> Any:
        return PlainTextResponse("ok")

    anything: Options = {"allow_origins": ["*"], "allow_methods": ["*"], "allow_headers": ["*"]}
    options: Options = {
        "defaults": {"allow_origins": ["*"]},
        "lists": {"allow_origins": [origin], "allow_methods": METHODS, "allow_headers": HEADERS},
        "anything": anything,
        "anything, credentials": {**anything, "allow_credentials": True},
    }[configuration]
    if seconds is not None:
        options["max_age"] = seconds
    return Starlette(
        routes=[Route("/{name}", hello, methods=METHODS)],
        middleware=[Middleware(CORSMiddleware, **options)],
    )


def serve_wsgi(app: Any) -> None:
    """Serve a WSGI application with waitress, and count before it is called."""
    import waitress.server

    def counting(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == COUNTED:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [counted()]
        if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            preflights[environ["PATH_INFO"]] += 1
        return app(environ, start_response)

    server = waitress.server.create_server(counting, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    report(server.effective_port)


def serve_asgi(app: Any) -> None:
    """Serve an ASGI application with uvicorn, and count before it is called."""
    import uvicorn

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == COUNTED:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": counted()})
            return
        if any(name == b"access-control-request-method" for name, _ in scope.get("headers", ())):
            preflights[scope["path"]] += 1
        await app(scope, receive, send)

    config = uvicorn.Config(counting, port=0, log_level="warning", lifespan="off")
    listener = config.bind_socket()
    listener.listen()
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=asyncio.run, args=(server.serve(sockets=[listener]),), daemon=True
    )
    thread.start()
    report(listener.getsockname()[1])


def report(port: int) -> None:
    """Print the port, and wait for the end of standard input."""
    print(port, flush=True)
    sys.stdin.read()


SERVERS = {
    "wsgicors": (wsgicors, serve_wsgi),
    "flask-cors": (flask, serve_wsgi),
    "django-cors-headers": (django, serve_wsgi),
    "Starlette": (starlette, serve_asgi),
}

if __name__ == "__main__":
    library, configuration, origin, *seconds = sys.argv[1:]
    make, serve = SERVERS[library]
    serve(make(configuration, origin, int(seconds[0]) if seconds else None))
