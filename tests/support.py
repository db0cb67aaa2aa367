"""What many tests need: an application, a client, and "exactly these CORS headers and no others"."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import webtest

from wsgicors import CORS

ORIGIN = "https://app.example.com"
OTHER = "https://other.example.net"

# The environ of the simplest request.
ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}

# Every response header that the middleware could send for CORS, in lower case.
CORS_NAMES = frozenset(
    (
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-allow-methods",
        "access-control-allow-headers",
        "access-control-allow-private-network",
        "access-control-max-age",
        "access-control-expose-headers",
        "timing-allow-origin",
        "vary",
    )
)


def plain_app(environ, start_response):
    """The simplest well-behaved application: 200, two headers, one chunk."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def app_sending(*headers, status="200 OK", body=b"ok"):
    """An application that sends these headers besides its Content-Type, and this body."""

    def app(environ, start_response):
        start_response(status, [("Content-Type", "text/plain"), *headers])
        return [body]

    return app


def ignore(status, headers, exc_info=None):
    """A start_response that keeps nothing."""


def never(origin, environ):
    """A predicate that must not be asked."""
    raise AssertionError(f"asked about {origin!r}")


def ask(middleware, start_response, method="GET", **environ):
    """The middleware called as a server calls it, with this environ, however hostile."""
    given = {"REQUEST_METHOD": method, **environ}
    setup_testing_defaults(given)
    return middleware(given, start_response)


def problems_of(make, *args, **options):
    """Every problem that make finds in what it is given, as (key, value, message)."""
    with pytest.raises(ValueError) as caught:
        make(*args, **options)
    assert type(caught.value).__name__ == "ConfigError"
    assert {type(problem).__name__ for problem in caught.value.problems} == {"Problem"}
    return [tuple(problem)[:3] for problem in caught.value.problems]


def problems(cfg=None, **options):
    """Every problem of a configuration, as (key, value, message)."""
    return problems_of(CORS, plain_app, cfg, **options)


def client(cfg=None, app=plain_app, **options):
    """A webtest client of the middleware around an app, with wsgiref.validate on both sides of the middleware."""
    return webtest.TestApp(validator(CORS(validator(app), cfg, **options)), lint=False)


def request(test_client, origin=None, method="GET", path="/", **headers):
    """An actual request, with an Origin if one is given. Header names are written with underscores."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if origin is not None:
        sent["Origin"] = origin
    return test_client.request(path, method=method, headers=sent, expect_errors=True)


def preflight(test_client, origin=ORIGIN, asked="PUT", path="/", headers=None):
    """A CORS-preflight request as a browser sends it."""
    sent = {"Origin": origin, "Access-Control-Request-Method": asked}
    if headers is not None:
        sent["Access-Control-Request-Headers"] = headers
    return test_client.request(path, method="OPTIONS", headers=sent, expect_errors=True)


def cors_headers(response):
    """The CORS headers and Vary of a response, names in lower case; a name sent twice fails."""
    found = [
        (name.lower(), value) for name, value in response.headerlist if name.lower() in CORS_NAMES
    ]
    assert len(found) == len(dict(found)), f"sent twice: {found}"
    return dict(found)


def assert_cors(response, **expected):
    """The response has exactly these CORS headers and no others: names with underscores, `Access-Control-` left out.

    assert_cors(response, allow_origin="*")
    assert_cors(response, vary="Origin")
    """
    wanted = {}
    for name, value in expected.items():
        dashed = name.replace("_", "-")
        wanted[dashed if dashed in CORS_NAMES else f"access-control-{dashed}"] = value
    assert cors_headers(response) == wanted


@contextlib.contextmanager
def served(server):
    """A server of the standard library, which serves in a thread meanwhile; gives its port."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def without_age(output):
    """What a command printed, with lists of origins as if they had been loaded just now."""
    return re.sub(r"loaded \d+ s ago", "loaded 0 s ago", output)


def need(found, what, install):
    """What `found` holds; where it is falsy, a skip that says how to install `what`, or a failure in CI."""
    if found:
        return found
    reason = f"{what} is missing: {install}"
    if os.environ.get("WSGICORS_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)
