"""What is refused: the response, and the reason that it gives."""

from __future__ import annotations

import logging

import pytest
from support import ORIGIN, OTHER, assert_cors, client, preflight, request

REASONS = [
    # options, what the preflight differs in, the whole text
    (
        "origin",
        {"origin": ORIGIN},
        {"origin": "https://marker.example"},
        "no policy for this path allows the origin",
    ),
    ("nobody", {"origin": []}, {}, "no policy for this path allows the origin"),
    (
        "malformed",
        {"origin": ORIGIN},
        {"origin": "https://marker/"},
        "the Origin header is not what browsers send",
    ),
    ("empty", {"origin": ORIGIN}, {"origin": ""}, "the Origin header is not what browsers send"),
    (
        "long",
        {"origin": "copy"},
        {"origin": "https://" + "marker" * 1000},
        "the Origin header is not what browsers send",
    ),
    (
        "verb",
        {"origin": ORIGIN, "matchstrategy": "verbmatch"},
        {"asked": "MARKER"},
        "no policy for this path allows the method to the origin (matchstrategy = verbmatch)",
    ),
    ("deny", {"policy": "deny"}, {}, "the policy deny refuses what no policy before it allows"),
    (
        "path",
        {"policy": "a, b", "a_path": "/marker", "a_origin": ORIGIN, "b_origin": ORIGIN},
        {"path": "/x/../marker"},
        "the path and its normal form are governed by different policies",
    ),
    (
        "method",
        {"origin": ORIGIN, "credentials": True, "methods": "*"},
        {"asked": "MARKER MARKER"},
        "Access-Control-Request-Method is not a token of at most 64 bytes",
    ),
    (
        "headers",
        {"origin": ORIGIN, "credentials": True, "headers": "*"},
        {"headers": "x-marker x-marker"},
        "Access-Control-Request-Headers is not a list of names of at most 4096 bytes",
    ),
    (
        "predicate",
        {"origin": lambda origin, environ: "marker"},
        {},
        "a predicate of the configuration failed; see the server's log",
    ),
    (
        "strategy",
        {"origin": ORIGIN, "matchstrategy": lambda environ: "marker"},
        {},
        "the matchstrategy of the configuration failed; see the server's log",
    ),
]


@pytest.mark.parametrize(
    ("options", "sent", "reason"), [pytest.param(*row[1:], id=row[0]) for row in REASONS]
)
def test_refused_preflight_is_403_with_one_line_that_says_why_and_nothing_of_the_request(
    options, sent, reason
):
    def app(environ, start_response):
        raise AssertionError("the application was called")

    response = preflight(client(app=app, **options), **sent)
    assert (response.status, response.text) == (
        "403 Forbidden",
        f"CORS preflight refused: {reason}.\n",
    )
    assert response.headerlist == [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(response.body))),
        ("Vary", "Origin"),
    ]
    assert "marker" not in str((response.headerlist, response.text)).lower()


@pytest.mark.parametrize(
    ("options", "sent", "reason"),
    [
        pytest.param(*row[1:], id=row[0])
        for row in REASONS
        if row[0] not in ("verb", "method", "headers")
    ],
)
def test_refused_request_reaches_the_application_and_gets_no_cors_header(options, sent, reason):
    response = request(client(**options), sent.get("origin", ORIGIN), path=sent.get("path", "/"))
    assert (response.status, response.text) == ("200 OK", "ok")
    assert_cors(response, vary="Origin")


def test_method_or_header_that_is_not_listed_is_not_refused_here():
    for origin in ("*", ORIGIN):
        response = preflight(
            client(origin=origin, methods="GET", headers="X-A"), asked="DELETE", headers="x-b"
        )
        assert response.status_int == 200
        assert response.headers["Access-Control-Allow-Methods"] == "GET"
        assert response.headers["Access-Control-Allow-Headers"] == "X-A"


def test_refusal_says_why(caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    response = preflight(client(origin=ORIGIN), OTHER)
    assert response.text == "CORS preflight refused: no policy for this path allows the origin.\n"
    assert [record.getMessage() for record in caplog.records] == [
        f"refused 'OPTIONS' '/' from {OTHER!r}: no policy for this path allows the origin"
    ]


@pytest.mark.parametrize("preflighted", [False, True], ids=["request", "preflight"])
@pytest.mark.parametrize(
    ("options", "sent", "reason"),
    [
        pytest.param(*row[1:], id=row[0])
        for row in REASONS
        if row[0] not in ("verb", "method", "headers")
    ],
)
def test_refusal_is_one_debug_line_with_method_path_origin_and_reason(
    options, sent, reason, preflighted, caplog
):
    caplog.set_level(logging.DEBUG, "wsgicors")
    origin, path = sent.get("origin", ORIGIN), sent.get("path", "/")
    if preflighted:
        preflight(client(**options), origin, path=path)
    else:
        request(client(**options), origin, path=path)
    (record,) = [record for record in caplog.records if record.levelno == logging.DEBUG]
    line = record.getMessage()
    assert record.name == "wsgicors"
    method = "OPTIONS" if preflighted else "GET"
    shown = repr(origin) if len(origin) < 100 else repr(origin)[:100]
    assert line.startswith(f"refused {method!r} {path!r} from {shown}")
    assert line.endswith(reason)
    assert "\n" not in line
    assert len(line) < 600
