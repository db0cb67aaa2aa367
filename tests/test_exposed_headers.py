"""The option expose_headers where it is `*`, with credentials."""

from __future__ import annotations

import pytest
from response_support import WITH
from support import ORIGIN, OTHER, app_sending, assert_cors, client, cors_headers, request

EXPOSED = [
    # the application's headers beside Content-Type, and what is exposed beside Vary and Timing-Allow-Origin
    ("none", [], []),
    ("one", [("X-A", "1")], ["X-A"]),
    ("case-is-kept", [("x-a", "1"), ("ETag", '"1"')], ["x-a", "ETag"]),
    ("twice", [("Link", "<a>"), ("Link", "<b>")], ["Link"]),
    (
        "safelisted",
        [
            (name, "1")
            for name in ("Cache-Control", "Content-Language", "Expires", "Last-Modified", "PRAGMA")
        ],
        [],
    ),
    ("content-length", [("content-length", "2")], []),
    ("cookies", [("Set-Cookie", "a=1"), ("set-cookie2", "b=2"), ("X-A", "1")], ["X-A"]),
    ("access-control", [("Access-Control-Mine", "1"), ("X-A", "1")], ["X-A"]),
    ("own-list-is-replaced", [("Access-Control-Expose-Headers", "X-B"), ("X-A", "1")], ["X-A"]),
    ("vary", [("Vary", "Accept"), ("X-A", "1")], ["X-A"]),
    ("timing", [("timing-allow-origin", "*"), ("X-A", "1")], ["X-A"]),
]


@pytest.mark.parametrize(
    ("headers", "exposed"), [pytest.param(*row[1:], id=row[0]) for row in EXPOSED]
)
def test_expose_any_with_credentials_names_what_the_response_has(headers, exposed):
    both = client(
        app=app_sending(*headers), origin=ORIGIN, credentials=True, expose_headers="*", timing=True
    )
    for _ in range(2):
        found = cors_headers(request(both, ORIGIN))
        names = found.pop("access-control-expose-headers").split(", ")
        assert sorted(names, key=str.lower) == sorted(
            [*exposed, "Timing-Allow-Origin", "Vary"], key=str.lower
        )
        vary = "Accept, Origin" if ("Vary", "Accept") in headers else "Origin"
        assert found == {
            "access-control-allow-origin": ORIGIN,
            "access-control-allow-credentials": "true",
            "timing-allow-origin": ORIGIN,
            "vary": vary,
        }


def test_expose_any_with_credentials_where_the_response_has_no_header_of_its_own():
    def app(environ, start_response):
        start_response("204 No Content", [])
        return [b""]

    response = request(client(origin=ORIGIN, credentials=True, expose_headers="*", app=app), ORIGIN)
    assert_cors(response, **WITH, expose_headers="Vary", vary="Origin")


def test_expose_any_says_nothing_on_a_304_whose_shorter_list_a_cache_would_keep():
    def app(environ, start_response):
        start_response("304 Not Modified", [("ETag", '"1"')])
        return [b""]

    response = request(client(origin=ORIGIN, credentials=True, expose_headers="*", app=app), ORIGIN)
    assert_cors(response, **WITH, vary="Origin")


def test_expose_any_exposes_nothing_to_who_is_refused():
    response = request(
        client(origin=ORIGIN, credentials=True, expose_headers="*", app=app_sending(("X-A", "1"))),
        OTHER,
    )
    assert_cors(response, vary="Origin")
