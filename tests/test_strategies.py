"""The option matchstrategy: which policy of a group answers."""

from __future__ import annotations

import logging
import re

import pytest
from response_support import (
    CHOSEN,
    DENY,
    NOT_GOVERNED,
    REFUSED,
    STAR_LAST,
    THIRD,
    VERBS,
    allowed,
    at,
    exposing,
)
from support import (
    ENVIRON,
    ORIGIN,
    OTHER,
    assert_cors,
    client,
    ignore,
    plain_app,
    preflight,
    request,
)

from wsgicors import CORS

TWO = {"policy": "a, b", "a_origin": [ORIGIN, THIRD], "b_origin": [OTHER, THIRD]}
STAR_FIRST = {"policy": "a, b", "a_origin": "*", "b_origin": ORIGIN}

DENY_BESIDE_PATHS = {"policy": "a, deny", "a_origin": ORIGIN, "a_path": "/a/*"}
DENY_ALONE = {"policy": "deny"}
DENY_LAST = {"policy": "a, deny", "a_origin": "*"}

FIRSTMATCH = [
    ("two", TWO, "/", ORIGIN, allowed("a")),
    ("two", TWO, "/", OTHER, allowed("b", OTHER)),
    ("two", TWO, "/", THIRD, allowed("a", THIRD)),
    ("two", TWO, "/", "https://fourth.example", REFUSED),
    ("two", TWO, "/", None, REFUSED),
    ("star-first", STAR_FIRST, "/", ORIGIN, {"allow_origin": "*", "expose_headers": "X-a"}),
    ("star-first", STAR_FIRST, "/", None, {"allow_origin": "*", "expose_headers": "X-a"}),
    ("star-first", STAR_FIRST, "/", "malformed", {"allow_origin": "*", "expose_headers": "X-a"}),
    ("star-last", STAR_LAST, "/", ORIGIN, allowed("a")),
    ("star-last", STAR_LAST, "/", OTHER, allowed("b", OTHER)),
    ("star-last", STAR_LAST, "/", "null", allowed("b", "null")),
    ("star-last", STAR_LAST, "/", "malformed", REFUSED),
    ("star-last", STAR_LAST, "/", None, REFUSED),
    ("deny", DENY, "/", ORIGIN, allowed("a")),
    ("deny", DENY, "/", OTHER, REFUSED),
    ("deny", DENY, "/", None, REFUSED),
    ("deny-beside-paths", DENY_BESIDE_PATHS, "/a/x", ORIGIN, allowed("a")),
    ("deny-beside-paths", DENY_BESIDE_PATHS, "/a/x", OTHER, REFUSED),
    ("deny-beside-paths", DENY_BESIDE_PATHS, "/b", ORIGIN, REFUSED),
    ("deny-alone", DENY_ALONE, "/", ORIGIN, REFUSED),
    ("deny-alone", DENY_ALONE, "/", None, REFUSED),
    ("deny-last", DENY_LAST, "/", OTHER, {"allow_origin": "*", "expose_headers": "X-a"}),
]


@pytest.mark.parametrize(
    ("cfg", "path", "origin", "expected"),
    [pytest.param(*row[1:], id=f"{row[0]} {row[3]}") for row in FIRSTMATCH],
)
def test_first_policy_that_allows_the_origin(cfg, path, origin, expected):
    response = at(client(exposing(cfg)), path, origin)
    assert (response.status_int, response.text) == (200, "ok")
    assert_cors(response, **expected)


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize(
    ("verb", "origin", "expected"),
    [
        pytest.param(*row, id=f"{row[0]} {row[1]}")
        for row in [
            ("GET", ORIGIN, "read"),
            ("GET", OTHER, "read"),
            ("GET", "null", "read"),
            ("GET", "malformed", None),
            ("PUT", ORIGIN, "write"),
            ("PUT", OTHER, None),
            ("PATCH", ORIGIN, "write"),
            ("patch", ORIGIN, None),
            ("POST", ORIGIN, None),
            ("POST", THIRD, "any"),
            ("GET", THIRD, "read"),
            ("PROPFIND", THIRD, "any"),
        ]
    ],
)
def test_verbmatch_takes_the_first_policy_whose_methods_include_the_verb(verb, origin, expected):
    both = client(exposing(VERBS))
    assert_cors(request(both, origin, verb), **(allowed(expected, origin) if expected else REFUSED))
    response = preflight(both, origin, verb)
    methods = {"read": "GET, HEAD", "write": "PUT, PATCH", "any": "*, PUT, PATCH, DELETE"}
    if expected:
        assert response.status_int == 200
        assert_cors(
            response,
            allow_origin=origin,
            max_age="600",
            allow_methods=methods[expected],
            vary="Origin",
        )
    else:
        assert response.status_int == 403
        assert_cors(response, vary="Origin")


def test_options_that_is_no_preflight_is_a_verb_of_its_own():
    both = client(origin=ORIGIN, methods="GET", matchstrategy="verbmatch")
    assert_cors(request(both, ORIGIN, "OPTIONS"), vary="Origin")
    both = client(origin=ORIGIN, methods="OPTIONS", matchstrategy="verbmatch")
    assert_cors(request(both, ORIGIN, "OPTIONS"), allow_origin=ORIGIN, vary="Origin")


def by_header(environ):
    return environ.get("HTTP_X_POLICY")


def by_header_or_fail(environ):
    return {"list": ["a"], "number": 1, "class": CORS, "empty": "", "last": "b"}[
        environ["HTTP_X_POLICY"]
    ]


async def asynchronous(environ):
    return "a"


@pytest.mark.parametrize(
    ("strategy", "chosen", "origin", "expected", "errors"),
    [
        pytest.param(by_header, "a", ORIGIN, allowed("a"), 0, id="named"),
        pytest.param(by_header, "a", OTHER, REFUSED, 0, id="its-origin-still-decides"),
        pytest.param(by_header, "a", None, REFUSED, 0, id="no-origin"),
        pytest.param(by_header, "b", OTHER, allowed("b", OTHER), 0, id="star-is-reflected"),
        pytest.param(by_header, "b", None, REFUSED, 0, id="star-without-origin"),
        pytest.param(by_header, "deny", ORIGIN, REFUSED, 0, id="deny"),
        pytest.param(by_header, None, ORIGIN, NOT_GOVERNED, 0, id="None-leaves-it-alone"),
        pytest.param(by_header, "c", ORIGIN, REFUSED, 1, id="behind-deny"),
        pytest.param(by_header, "A", ORIGIN, REFUSED, 1, id="unknown"),
        pytest.param(by_header, "direct", ORIGIN, REFUSED, 1, id="direct"),
        pytest.param(by_header_or_fail, "nowhere", ORIGIN, REFUSED, 1, id="raises"),
        pytest.param(by_header_or_fail, "list", ORIGIN, REFUSED, 1, id="list"),
        pytest.param(by_header_or_fail, "number", ORIGIN, REFUSED, 1, id="number"),
        pytest.param(by_header_or_fail, "class", ORIGIN, REFUSED, 1, id="class"),
        pytest.param(by_header_or_fail, "empty", ORIGIN, REFUSED, 1, id="empty"),
        pytest.param(asynchronous, "a", ORIGIN, REFUSED, 1, id="coroutine"),
    ],
)
def test_function_names_the_policy_and_what_is_no_name_refuses(
    strategy, chosen, origin, expected, errors, caplog
):
    both = client(exposing(CHOSEN), matchstrategy=strategy)
    named = {} if chosen is None else {"HTTP_X_POLICY": chosen}
    response = at(both, "/", origin, **named)
    assert (response.status_int, response.text) == (200, "ok")
    assert_cors(response, **expected)
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == errors
    if origin is not None:
        asked = at(both, "/", origin, "OPTIONS", HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT", **named)
        assert asked.status_int == (
            200 if expected is NOT_GOVERNED else 403 if expected is REFUSED else 200
        )


def test_function_names_a_direct_policy_direct():
    assert_cors(
        request(client(origin=ORIGIN, matchstrategy=lambda environ: "direct"), ORIGIN),
        allow_origin=ORIGIN,
        vary="Origin",
    )


def test_strategy_that_raises_is_logged_with_its_traceback(caplog):
    request(client(exposing(CHOSEN), matchstrategy=by_header_or_fail), ORIGIN)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (record.name, record.exc_info[0]) == ("wsgicors", KeyError)


def test_verbmatch_holds_for_policies_with_a_path():
    paths = {
        "a_path": "/api/*",
        "a_origin": ORIGIN,
        "a_methods": "GET",
        "policy": "a",
        "matchstrategy": "verbmatch",
    }
    cors, answers = CORS(plain_app, paths), []
    for method in ("GET", "PUT"):
        environ = {"REQUEST_METHOD": method, "PATH_INFO": "/api/x", "HTTP_ORIGIN": ORIGIN}
        cors(
            environ,
            lambda status, headers: answers.append("Access-Control-Allow-Origin" in dict(headers)),
        )
    assert answers == [True, False]


def fails(environ):
    """A strategy that fails."""
    raise RuntimeError


def names_nothing(environ):
    """A strategy that names no policy."""
    return "nowhere"


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (fails, "the matchstrategy fails (test_strategies.py:{}) failed"),
        (
            names_nothing,
            "the matchstrategy names_nothing (test_strategies.py:{}) returned 'nowhere', which names no policy",
        ),
    ],
)
def test_log_says_which_strategy_failed_and_how(caplog, strategy, message):
    CORS(plain_app, policy="a", a_origin="*", matchstrategy=strategy)(
        {**ENVIRON, "HTTP_ORIGIN": ORIGIN}, ignore
    )
    ((name, level, text),) = caplog.record_tuples
    assert (name, level) == ("wsgicors", logging.ERROR)
    assert re.sub(r":\d+\)", ":{})", text) == message
