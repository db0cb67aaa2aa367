"""Other CORS middleware in the stacks that they are made for.

Each framework serves one route that answers a GET with the body `ok`, three times: alone, with its own middleware, and
wrapped in ours. All are configured alike, as far as their options go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import django
import falcon
import flask
import flask_cors
import starlette.applications
import starlette.middleware
import starlette.middleware.cors
import starlette.requests
import starlette.responses
import starlette.routing
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

ORIGIN = "https://app.example.com"


def flask_app(own: bool) -> Any:
    """Return a Flask application, with flask-cors where `own`."""
    app = flask.Flask("benchmarked")
    app.add_url_rule("/", "hello", lambda: flask.Response("ok", mimetype="text/plain"))
    if own:
        flask_cors.CORS(
            app,
            origins=[ORIGIN],
            methods=["GET", "PUT"],
            allow_headers=["X-Token"],
            supports_credentials=True,
            max_age=600,
        )
    return app


def _django_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("", _django_view)
]  # Django finds it by its name, as this module is the ROOT_URLCONF


def django_app(own: bool) -> Any:
    """Return a Django application without other middleware, with django-cors-headers where `own`."""
    if not settings.configured:
        settings.configure(
            SECRET_KEY="measured",
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF=__name__,
            MIDDLEWARE=[],
            INSTALLED_APPS=["corsheaders"],
            LOGGING_CONFIG=None,
            CORS_ALLOWED_ORIGINS=[ORIGIN],
            CORS_ALLOW_METHODS=["GET", "PUT"],
            CORS_ALLOW_HEADERS=["x-token"],
            CORS_ALLOW_CREDENTIALS=True,
            CORS_PREFLIGHT_MAX_AGE=600,
        )
        django.setup()
    with override_settings(MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"] if own else []):
        return WSGIHandler()


def falcon_app(own: bool) -> Any:
    """Return a Falcon application, with falcon.CORSMiddleware where `own`."""

    class Hello:
        def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
            response.content_type = "text/plain"
            response.text = "ok"

        def on_put(self, request: falcon.Request, response: falcon.Response) -> None:
            response.text = "ok"

    middleware = (
        [falcon.CORSMiddleware(allow_origins=[ORIGIN], allow_credentials=[ORIGIN])] if own else []
    )
    app = falcon.App(middleware=middleware)
    app.add_route("/", Hello())
    return app


WSGI = {
    "Flask, flask-cors": flask_app,
    "Django, django-cors-headers": django_app,
    "Falcon, CORSMiddleware": falcon_app,
}
ASGI = "Starlette, CORSMiddleware"


def starlette_app(own: bool) -> Any:
    """Return a Starlette application (ASGI, so ours does not apply), with its CORSMiddleware where `own`."""

    async def hello(request: starlette.requests.Request) -> starlette.responses.Response:
        return starlette.responses.PlainTextResponse("ok")

    middleware = starlette.middleware.Middleware(
        starlette.middleware.cors.CORSMiddleware,
        allow_origins=[ORIGIN],
        allow_methods=["GET", "PUT"],
        allow_headers=["X-Token"],
        allow_credentials=True,
        max_age=600,
    )
    route = starlette.routing.Route("/", hello)
    return starlette.applications.Starlette(routes=[route], middleware=[middleware] if own else [])


def asgi_sample(
    app: Any, environ: dict[str, Any], number: int, has_cors: bool
) -> Callable[[], float]:
    """Return the sample that awaits the ASGI application `app` `number` times within a running event loop.

    Raises AssertionError where `has_cors` and a response allows the request's origin disagree.
    """
    headers = [
        (name[5:].replace("_", "-").lower().encode(), value.encode())
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]

    def scope() -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": environ["REQUEST_METHOD"],
            "scheme": "https",
            "path": environ["PATH_INFO"],
            "raw_path": environ["PATH_INFO"].encode(),
            "query_string": b"",
            "root_path": "",
            "headers": list(headers),
            "client": ("127.0.0.1", 50000),
            "server": ("api.example.com", 443),
        }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        last[message["type"]] = message

    last: dict[str, dict[str, Any]] = {}

    async def batch() -> float:
        scopes = [scope() for _ in range(number)]
        start = perf_counter_ns()
        for each in scopes:
            await app(each, receive, send)
        return (perf_counter_ns() - start) / number

    loop = asyncio.new_event_loop()
    loop.run_until_complete(batch())
    found = dict(last["http.response.start"]["headers"]).get(b"access-control-allow-origin")
    if found != (ORIGIN.encode() if has_cors else None):
        raise AssertionError(f"the measured ASGI application allows {found!r}")
    return lambda: loop.run_until_complete(batch())
