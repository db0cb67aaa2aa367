"""However many different origins, methods, header names and paths arrive, memory does not grow.

By default each case gets 16,384 requests. A million each takes some minutes::

    WSGICORS_MEMORY_REQUESTS=1000000 pytest tests/test_memory.py
"""

from __future__ import annotations

import gc
import logging
import os
import re
import threading

import pytest
from support import plain_app

import wsgicors
from wsgicors import CORS, OriginList

pytestmark = pytest.mark.once
tracemalloc = pytest.importorskip(
    "tracemalloc", reason="only CPython counts the bytes that its objects take"
)

FULL = 8192  # requests after which all that is remembered on purpose, up to a limit, is full
REQUESTS = int(os.environ.get("WSGICORS_MEMORY_REQUESTS", "16384")) // FULL * FULL
ALLOWANCE = 16 * 1024  # bytes; one kept origin per request would be more than forty times as much
LIMIT = 60  # seconds after which a test is stuck

EXACT = [f"https://tenant-{number}.example.com" for number in range(1000)]


def app_with_header(environ, start_response):
    """An application whose response has a header name that no response had before."""
    start_response("200 OK", [("Content-Type", "text/plain"), (f"X-{environ['NUMBER']}", "1")])
    return [b"ok"]


def actual(number, origin):
    return {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin, "NUMBER": number}


def allowed(number):
    return actual(number, f"https://tenant-{number}.example.com")


def refused(number):
    return actual(number, f"https://tenant-{number}.example.net")


def malformed(number):
    return actual(number, f"https://tenant {number}")


def elsewhere(number):
    return {**allowed(number), "PATH_INFO": f"/api/{number}/../{number}"}


def preflight(number):
    asked = {
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": f"M{number}",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": f"x-{number}",
    }
    return {**allowed(number), "REQUEST_METHOD": "OPTIONS", **asked}


ANY = {"methods": "*", "headers": "*", "expose_headers": "*"}
COPY = {"origin": "copy", "credentials": True, "accept_risk": "any-origin", **ANY}
WILDCARD = {"origin": "https://*.example.com", "credentials": True, **ANY}

CASES = {
    "anyone": ({"origin": "*"}, allowed),
    "copy": (COPY, allowed),
    "copy, preflight": (COPY, preflight),
    "copy, new header names": (COPY, allowed, app_with_header),
    "exact, refused": ({"origin": EXACT}, refused),
    "exact, malformed": ({"origin": EXACT}, malformed),
    "wildcard": (WILDCARD, allowed),
    "wildcard, preflight": (WILDCARD, preflight),
    "wildcard, refused preflight": ({"origin": "https://*.example.org"}, preflight),
    "wildcard, new header names": ({"origin": "https://*.example.com"}, allowed, app_with_header),
    "any port": ({"origin": "https://*.example.com:*"}, allowed),
    "part of a label": ({"origin": "https://tenant-*.example.com"}, allowed),
    "regular expression": ({"origin": re.compile(r"https://[a-z0-9-]+\.example\.com")}, allowed),
    "predicate": ({"origin": lambda origin, environ: True}, allowed),
    "list": ({"origin": OriginList(lambda: "https://*.example.com")}, allowed),
    "list, refused": ({"origin": OriginList(lambda: EXACT)}, refused),
    "strategy": (
        {"matchstrategy": lambda environ: "direct", "origin": "https://*.example.com"},
        allowed,
    ),
    "paths": ({"path": ["/api/*", "/other"], "origin": "https://*.example.com"}, elsewhere),
    "methods": ({"matchstrategy": "verbmatch", "origin": "https://*.example.com"}, preflight),
}


def traced_bytes():
    """What the middleware and these tests hold; not what coverage notes of each thread."""
    gc.collect()
    ours = [tracemalloc.Filter(True, wsgicors.__file__), tracemalloc.Filter(True, __file__)]
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(ours).traces)


@pytest.fixture(autouse=True)
def tracing(monkeypatch):
    monkeypatch.setattr(
        logging.getLogger("wsgicors"), "disabled", True
    )  # pytest would keep each record
    tracemalloc.start()
    yield
    tracemalloc.stop()


def start_response(status, headers, exc_info=None):
    """A server that keeps nothing."""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_requests_leave_nothing_behind(case):
    options, environ, app = (*case, plain_app)[:3]
    cors = CORS(app, options)
    numbers = iter(range(REQUESTS))

    def make_requests(count):
        for _ in range(count):
            cors(environ(next(numbers)), start_response)

    make_requests(FULL)
    before = traced_bytes()
    make_requests(REQUESTS - FULL)  # after which it is full once more
    assert traced_bytes() - before < ALLOWANCE


def test_long_origins_are_not_remembered_in_full():
    """A static policy allows an Origin of any length."""
    cors = CORS(plain_app, origin="*")
    before = traced_bytes()
    for number in range(100):
        origin = {"HTTP_ORIGIN": f"https://{number}" + "a" * 100_000}
        cors({**allowed(number), **origin}, start_response)
        cors({**preflight(number), **origin}, start_response)
    assert traced_bytes() - before < 100 * 4096  # in full it would be 25 times as much


def test_reloads_leave_nothing_behind():
    loads = 0

    def load():
        nonlocal loads
        loads += 1
        return [f"https://tenant-{loads}-{number}.example.com" for number in range(1000)]

    cors = CORS(plain_app, origin=OriginList(load, every=0.0001))

    def reload(times):
        """Make requests until the list has been replaced so many times."""
        wanted = loads + times
        while loads < wanted:
            cors(refused(0), start_response)
        for thread in threading.enumerate():
            if thread.name == "wsgicors.OriginList":
                thread.join(LIMIT)

    reload(5)
    before = traced_bytes()
    reload(20)
    assert traced_bytes() - before < ALLOWANCE  # one list is five times as much


def test_configure_leaves_nothing_behind():
    origins = OriginList(lambda: EXACT, every=3600)
    cors = CORS(plain_app, origin="*")

    def configure(times):
        for number in range(times):
            cors.configure(
                origin=[origins, f"https://tenant-{number}.example.net"], credentials=True
            )
            cors(allowed(number), start_response)

    configure(100)
    before = traced_bytes()
    configure(1000)
    assert traced_bytes() - before < ALLOWANCE
