"""What the tests of responses share: requests as a server hands them over, policies, and the headers that these send."""

from __future__ import annotations

import re

import webtest
from support import ORIGIN, ask

THIRD = "https://third.example.org"


def at(test_client, path, origin=ORIGIN, method="GET", **environ):
    """A request with this PATH_INFO, exactly as a server would hand it over."""
    headers = {} if origin is None else {"Origin": origin}
    asked = webtest.TestRequest.blank(
        "/", method=method, headers=headers, environ={"PATH_INFO": path, **environ}
    )
    return test_client.do_request(asked, expect_errors=True)


def call(middleware, start_response, method="GET", origin=ORIGIN, **environ):
    """The middleware called as a server calls it, with nothing in between."""
    sent = {} if origin is None else {"HTTP_ORIGIN": origin}
    return ask(middleware, start_response, method, **{**environ, **sent})


class Recorder:
    """A server's start_response: it notes what it is called with."""

    def __init__(self):
        self.calls = []
        self.written = []

    def __call__(self, *args):
        self.calls.append(args)
        return self.written.append

    @property
    def headers(self):
        return self.calls[-1][1]


def allowed(policy, origin=ORIGIN):
    """What an actual response has where each policy exposes the header X- and its name."""
    return {"allow_origin": origin, "expose_headers": f"X-{policy}", "vary": "Origin"}


NOT_GOVERNED = {}
REFUSED = {"vary": "Origin"}

API = {"policy": "api, rest", "api_path": "/api/*", "api_origin": ORIGIN, "rest_origin": "copy"}
API_ONLY = {"policy": "api", "api_path": "/api/*", "api_origin": ORIGIN}


def exposing(cfg):
    """The configuration, with a response header that tells which policy answered."""
    names = re.split(", ", cfg["policy"])
    return {**cfg, **{f"{name}_expose_headers": f"X-{name}" for name in names if name != "deny"}}


STAR_LAST = {"policy": "a, b", "a_origin": ORIGIN, "b_origin": "*"}
DENY = {"policy": "a, deny, b", "a_origin": ORIGIN, "b_origin": "*"}

VERBS = {
    "policy": "read, write, any",
    "matchstrategy": "verbmatch",
    "read_origin": "*",
    "read_methods": "GET, HEAD",
    "write_origin": ORIGIN,
    "write_methods": "PUT, PATCH",
    "any_origin": THIRD,
    "any_methods": "*",
}

CHOSEN = {"policy": "a, b, deny, c", "a_origin": ORIGIN, "b_origin": "*", "c_origin": "*"}

SAFE = "GET, HEAD, POST"
STANDARD = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

WITH = {"allow_origin": ORIGIN, "allow_credentials": "true"}

ANY_HEADER = {"origin": ORIGIN, "credentials": True, "headers": "*"}

OWN = [
    ("Access-Control-Allow-Origin", "https://mine.example"),
    ("Access-Control-Allow-Origin", "*"),
    ("access-control-allow-credentials", "true"),
    ("ACCESS-CONTROL-ALLOW-METHODS", "TRACE"),
    ("Access-control-Allow-headers", "x-mine"),
    ("aCCESS-cONTROL-mAX-aGE", "99"),
    ("Access-Control-Expose-Headers", "X-Mine"),
]


class Body:
    """An iterable that notes how it is used."""

    def __init__(self, *chunks):
        self.chunks, self.iterated, self.closed = chunks, 0, 0

    def __iter__(self):
        self.iterated += 1
        return iter(self.chunks)

    def close(self):
        self.closed += 1
