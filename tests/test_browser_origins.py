"""Browser: the same origin and another one, and what is never sent."""

from __future__ import annotations

import pytest
from browser_support import Server, allow, fetch, headers


def test_same_origin_is_not_cors():
    server = Server(response=[("X-A", "1"), ("Set-Cookie", "a=b")])
    verdict = fetch(server, "/x", "PUT", {"X-T": "1"}, origin="http://localhost")
    assert (verdict.allowed, verdict.preflight) == (True, None)
    assert verdict.readable_headers == {"content-type": "text/plain", "x-a": "1"}
    assert [(r["REQUEST_METHOD"], r["HTTP_ORIGIN"]) for r in server.requests] == [
        ("PUT", "http://localhost")
    ]
    assert "CORS does not apply" in verdict.steps[0].text


def test_same_origin_get_has_no_origin_header():
    server = Server()
    assert fetch(server, "/x", origin="http://localhost")
    assert "HTTP_ORIGIN" not in server.requests[0]


def test_null_is_never_the_same_origin():
    assert fetch(Server(response=allow(origin="null")), "/", origin="null")
    assert not fetch(Server(), "/", origin="null")


def test_another_port_is_another_origin():
    assert not fetch(Server(), "/", origin="http://localhost:3000")


def test_mixed_content_is_blocked():
    server = Server(response=allow())
    verdict = fetch(server, "http://api.example/")
    assert (verdict.allowed, server.requests) == (False, [])
    assert (
        verdict.reason
        == "mixed content: the page is on https, so http://api.example must be https as well"
    )


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "[::1]"])
def test_loopback_is_not_mixed_content(host):
    assert fetch(Server(response=allow()), f"http://{host}/")


def test_bad_port_is_blocked():
    verdict = fetch(Server(response=allow()), "http://localhost:6000/")
    assert (verdict.allowed, verdict.reason) == (
        False,
        "browsers block port 6000",
    )


@pytest.mark.parametrize("method", ["CONNECT", "trace", "Track"])
def test_forbidden_method_is_blocked(method):
    server = Server(response=allow())
    verdict = fetch(server, "/", method)
    assert (verdict.allowed, verdict.response, server.requests) == (False, None, [])
    assert verdict.reason == f"{method} is a forbidden method: no page may send it"


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("Cookie", "a=b", False),
        ("HOST", "x", False),
        ("Sec-Fetch-Mode", "cors", False),
        ("Proxy-X", "1", False),
        ("X-HTTP-Method-Override", "PUT, trace", False),
        ("X-HTTP-Method-Override", "PUT", True),
        ("X-Requested-With", "XMLHttpRequest", True),
        ("User-Agent", "mine", True),
    ],
)
def test_forbidden_headers_are_dropped(name, value, sent):
    server = Server(allow(headers("*")), allow())
    verdict = fetch(server, "/", headers={name: value})
    assert verdict
    key = "HTTP_" + name.upper().replace("-", "_")
    assert (server.requests[-1].get(key) == value) is sent
    assert (
        f"the request header {name} is dropped: no page may set it"
        in [s.text for s in verdict.steps]
    ) is not sent
