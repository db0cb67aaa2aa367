"""What runs inside a timed loop.

Every case executes this file anew (see timing.load), so that it has code objects of its own: CPython tunes code in
place for the callees it has seen (PEP 659), and a server process runs one application, not thirty of them.
"""

from __future__ import annotations

from time import perf_counter_ns

HEADERS = [
    ("Content-Type", "text/plain"),
    ("Content-Length", "2"),
    ("Cache-Control", "no-cache"),
    ("ETag", '"1"'),
    ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("Content-Language", "en"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
]


def make_app(count):
    """Return a WSGI application that sends `count` headers, in a list that is new each time."""
    headers = (HEADERS * (count // len(HEADERS) + 1))[:count]

    def app(environ, start_response):
        start_response("200 OK", headers[:])
        return [b"ok"]

    return app


class Floor:
    """The least that a middleware can do and still add headers: copy the application's list, append two constants."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        def decorated(status, headers, exc_info=None):
            headers = list(headers)
            headers.append(("Access-Control-Allow-Origin", "*"))
            headers.append(("Vary", "Origin"))
            return start_response(status, headers, exc_info)

        return self.app(environ, decorated)


def start_response(status, headers, exc_info=None):
    """Stand in for the server's: what becomes of the headers is not the middleware's cost."""
    return print


def elapsed(app, environs):
    """Call `app` once with each environ and return the nanoseconds that took."""
    start = perf_counter_ns()
    for environ in environs:
        app(environ, start_response)
    return perf_counter_ns() - start


def elapsed_serving(app, environs):
    """Like elapsed, with the body read and closed as a server does: frameworks do part of their work there."""
    start = perf_counter_ns()
    for environ in environs:
        body = app(environ, start_response)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
    return perf_counter_ns() - start
