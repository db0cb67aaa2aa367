"""What a request gets: which policy answers it, and with which headers."""

from __future__ import annotations

import gc
import io
import itertools
import logging
import random
import re
import sys
import weakref
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest
import webtest
from support import (
    CORS_NAMES,
    ENVIRON,
    ORIGIN,
    OTHER,
    app_sending,
    ask,
    assert_cors,
    client,
    cors_headers,
    ignore,
    plain_app,
    preflight,
    request,
)

import wsgicors
from wsgicors import CORS, OriginList

THIRD = "https://third.example.org"


def at(test_client, path, origin=ORIGIN, method="GET", **environ):
    """A request with this PATH_INFO, exactly as a server would hand it over."""
    headers = {} if origin is None else {"Origin": origin}
    asked = webtest.TestRequest.blank(
        "/", method=method, headers=headers, environ={"PATH_INFO": path, **environ}
    )
    return test_client.do_request(asked, expect_errors=True)


def preflight_at(test_client, path, origin=ORIGIN, asked="PUT"):
    return at(test_client, path, origin, "OPTIONS", HTTP_ACCESS_CONTROL_REQUEST_METHOD=asked)


def call(middleware, start_response, method="GET", origin=ORIGIN, **environ):
    """The middleware called as a server calls it, with nothing in between."""
    sent = {} if origin is None else {"HTTP_ORIGIN": origin}
    return ask(middleware, start_response, method, **{**environ, **sent})


# What a function may write into the environ of a preflight.
CHANGED = {
    "REQUEST_METHOD": "HEAD",
    "HTTP_ORIGIN": OTHER,
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "a\r\nb",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-changed",
}


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

# --- the path picks a group ---

API = {"policy": "api, rest", "api_path": "/api/*", "api_origin": ORIGIN, "rest_origin": "copy"}
API_ONLY = {"policy": "api", "api_path": "/api/*", "api_origin": ORIGIN}
EXACT = {
    "policy": "page, rest",
    "page_path": "/page, /dir/",
    "page_origin": ORIGIN,
    "rest_origin": "copy",
}
ORDER = {
    "policy": "wide, deep, wide2",
    "wide_path": "/a/*",
    "wide_origin": ORIGIN,
    "deep_path": "/a/b/*",
    "deep_origin": "copy",
    "wide2_path": "/a/*",
    "wide2_origin": OTHER,
}
NESTED = {
    "policy": "deep, wide, rest",
    "deep_path": "/a/b/*",
    "deep_origin": ORIGIN,
    "wide_path": "/a/*",
    "wide_origin": "copy",
    "rest_origin": "copy",
}
SEVERAL = {"policy": "p, rest", "p_path": "/a /b/*, /c", "p_origin": ORIGIN, "rest_origin": "copy"}
ROOT = {"policy": "root, rest", "root_path": "/", "root_origin": ORIGIN, "rest_origin": "copy"}
ALL = {"policy": "all, rest", "all_path": "/*", "all_origin": ORIGIN, "rest_origin": "copy"}
UNICODE = {"policy": "p, rest", "p_path": "/café/*", "p_origin": ORIGIN, "rest_origin": "copy"}
LATE_REST = {
    "policy": "rest, api",
    "api_path": "/api/*",
    "api_origin": ORIGIN,
    "rest_origin": "copy",
}

PATHS = [
    # configuration, PATH_INFO, origin, the policy that answers, or what is sent
    ("api", API, "/api", ORIGIN, "api"),
    ("api", API, "/api/", ORIGIN, "api"),
    ("api", API, "/api/x", ORIGIN, "api"),
    ("api", API, "/api/x/y/", ORIGIN, "api"),
    ("api", API, "/apix", ORIGIN, "rest"),
    ("api", API, "/API", ORIGIN, "rest"),
    ("api", API, "/Api/x", ORIGIN, "rest"),
    ("api", API, "/ap", ORIGIN, "rest"),
    ("api", API, "/x/api", ORIGIN, "rest"),
    ("api", API, "/", ORIGIN, "rest"),
    ("api", API, "", ORIGIN, "rest"),
    # an origin that the group refuses is not handed on
    ("api", API, "/api", OTHER, REFUSED),
    ("api", API, "/api/x", OTHER, REFUSED),
    ("api", API, "/apix", OTHER, "rest"),
    # never decoded again
    ("api", API, "/%61pi/x", ORIGIN, "rest"),
    ("api", API, "/api%2fx", ORIGIN, "rest"),
    ("api", API, "/api/%2e%2e/x", ORIGIN, "api"),
    ("api", API, "/x/%2e%2e/api", ORIGIN, "rest"),
    ("api", API, "/api+x", ORIGIN, "rest"),
    ("api", API, "/api;v=1", ORIGIN, "rest"),
    ("api", API, "/api?x", ORIGIN, "rest"),
    # the normal form picks another group
    ("api", API, "/api/../x", ORIGIN, REFUSED),
    ("api", API, "/x/../api", ORIGIN, REFUSED),
    ("api", API, "/x/../api/y", ORIGIN, REFUSED),
    ("api", API, "/x/../api/y", OTHER, REFUSED),
    ("api", API, "//api/x", ORIGIN, REFUSED),
    ("api", API, "//api/x", OTHER, REFUSED),
    ("api", API, "/./api", ORIGIN, REFUSED),
    ("api", API, "/\\api", ORIGIN, REFUSED),
    ("api", API, "/x\\..\\api", ORIGIN, REFUSED),
    ("api", API, "/api/..", ORIGIN, REFUSED),
    ("api", API, "/../api", ORIGIN, REFUSED),
    ("api", API, "/api\\x", ORIGIN, REFUSED),
    ("api", API, "///", ORIGIN, "rest"),
    # the normal form picks the same one
    ("api", API, "/api//x", ORIGIN, "api"),
    ("api", API, "/api/./x", ORIGIN, "api"),
    ("api", API, "/api/x/..", ORIGIN, "api"),
    ("api", API, "/api/x/../y", ORIGIN, "api"),
    ("api", API, "/api/a\\b", ORIGIN, "api"),
    ("api", API, "/x//y", ORIGIN, "rest"),
    ("api", API, "/x/..", ORIGIN, "rest"),
    ("api", API, "/..", ORIGIN, "rest"),
    ("api", API, "/.well-known/x", ORIGIN, "rest"),
    ("api", API, "/api/.hidden", ORIGIN, "api"),
    ("api", API, "/api/...", ORIGIN, "api"),
    # no group is left
    ("api-only", API_ONLY, "/api/x", ORIGIN, "api"),
    ("api-only", API_ONLY, "/api/x", OTHER, REFUSED),
    ("api-only", API_ONLY, "/x", ORIGIN, NOT_GOVERNED),
    ("api-only", API_ONLY, "/apix", ORIGIN, NOT_GOVERNED),
    ("api-only", API_ONLY, "/", ORIGIN, NOT_GOVERNED),
    ("api-only", API_ONLY, "/x//y", ORIGIN, NOT_GOVERNED),
    ("api-only", API_ONLY, "/x/../api", ORIGIN, REFUSED),
    ("api-only", API_ONLY, "/api/../x", ORIGIN, REFUSED),
    ("exact", EXACT, "/page", ORIGIN, "page"),
    ("exact", EXACT, "/page/", ORIGIN, "rest"),
    ("exact", EXACT, "/page/x", ORIGIN, "rest"),
    ("exact", EXACT, "/dir/", ORIGIN, "page"),
    ("exact", EXACT, "/dir", ORIGIN, "rest"),
    ("exact", EXACT, "/dir/x", ORIGIN, "rest"),
    # RFC 3986, 5.2.4: what ends in a dot segment ends in a slash
    ("exact", EXACT, "/dir/.", ORIGIN, REFUSED),
    ("exact", EXACT, "/dir/x/..", ORIGIN, REFUSED),
    ("exact", EXACT, "/dir//", ORIGIN, REFUSED),
    ("exact", EXACT, "//page", OTHER, REFUSED),
    # order alone decides, not length
    ("order", ORDER, "/a/b/c", ORIGIN, "wide"),
    ("order", ORDER, "/a/b/c", OTHER, "wide2"),
    ("order", ORDER, "/a/b/c", THIRD, REFUSED),
    ("nested", NESTED, "/a/b/c", ORIGIN, "deep"),
    ("nested", NESTED, "/a/b/c", OTHER, REFUSED),
    ("nested", NESTED, "/a/b", OTHER, REFUSED),
    ("nested", NESTED, "/a/c", OTHER, "wide"),
    ("nested", NESTED, "/a/c/../b", OTHER, REFUSED),
    ("nested", NESTED, "/c", OTHER, "rest"),
    ("several", SEVERAL, "/a", ORIGIN, "p"),
    ("several", SEVERAL, "/a/x", ORIGIN, "rest"),
    ("several", SEVERAL, "/b", ORIGIN, "p"),
    ("several", SEVERAL, "/b/x", ORIGIN, "p"),
    ("several", SEVERAL, "/c", ORIGIN, "p"),
    ("root", ROOT, "/", ORIGIN, "root"),
    ("root", ROOT, "", ORIGIN, "root"),
    ("root", ROOT, "/x", ORIGIN, "rest"),
    ("root", ROOT, "/x/..", ORIGIN, REFUSED),
    ("all", ALL, "/", ORIGIN, "all"),
    ("all", ALL, "", ORIGIN, "all"),
    ("all", ALL, "/x/y", ORIGIN, "all"),
    ("all", ALL, "/x/y", OTHER, REFUSED),
    ("all", ALL, "//x", ORIGIN, "all"),
    ("unicode", UNICODE, "/café/x".encode().decode("latin-1"), ORIGIN, "p"),
    ("unicode", UNICODE, "/café/x", ORIGIN, "rest"),
    ("late-rest", LATE_REST, "/api/x", OTHER, REFUSED),
    ("late-rest", LATE_REST, "/x", OTHER, "rest"),
]
PATHS = [pytest.param(*row[1:], id=f"{row[0]} {row[2]!a} {row[3]}") for row in PATHS]


def exposing(cfg):
    """The configuration, with a response header that tells which policy answered."""
    names = re.split(", ", cfg["policy"])
    return {**cfg, **{f"{name}_expose_headers": f"X-{name}" for name in names if name != "deny"}}


@pytest.mark.parametrize(("cfg", "path", "origin", "expected"), PATHS)
def test_path_picks_the_group_and_the_origin_a_policy_of_it(cfg, path, origin, expected):
    expected = allowed(expected, origin) if isinstance(expected, str) else expected
    response = at(client(exposing(cfg)), path, origin)
    assert (response.status_int, response.text) == (200, "ok")
    assert_cors(response, **expected)


@pytest.mark.parametrize(("cfg", "path", "origin", "expected"), PATHS)
def test_preflight_is_decided_as_the_request_that_follows(cfg, path, origin, expected):
    response = preflight_at(client(cfg), path, origin)
    if isinstance(expected, str):
        assert response.status_int == 200
        assert_cors(
            response,
            allow_origin=origin,
            max_age="600",
            allow_methods="GET, HEAD, POST",
            vary="Origin",
        )
    elif expected is REFUSED:
        assert response.status_int == 403
        assert_cors(response, vary="Origin")
    else:
        assert (response.status_int, response.text) == (200, "ok")
        assert_cors(response)


def test_script_name_does_not_matter():
    assert_cors(at(client(API_ONLY), "/x", SCRIPT_NAME="/api"))
    assert_cors(at(client(exposing(API_ONLY)), "/api", SCRIPT_NAME="/mount"), **allowed("api"))
    assert_cors(at(client(exposing(ROOT)), "", SCRIPT_NAME="/mount"), **allowed("root"))


@pytest.mark.parametrize("path", ["x/y", "api", "*"])
def test_path_without_its_slash_gets_no_laxer_policy(path):
    recorder = Recorder()
    call(
        CORS(plain_app, policy="api, rest", api_path="/*", api_origin=[], rest_origin="*"),
        recorder,
        PATH_INFO=path,
    )
    assert recorder.headers == [
        ("Content-Type", "text/plain"),
        ("Content-Length", "2"),
        ("Vary", "Origin"),
    ]


def test_path_that_is_missing_is_the_root():
    environ = {"HTTP_ORIGIN": ORIGIN}
    setup_testing_defaults(environ)
    del environ["PATH_INFO"]
    recorder = Recorder()
    CORS(plain_app, exposing(ROOT))(environ, recorder)
    assert ("Access-Control-Expose-Headers", "X-root") in recorder.headers


def test_ambiguous_path_is_refused_by_a_static_policy_too():
    both = client(policy="api, rest", api_path="/api/*", api_origin=ORIGIN, rest_origin="*")
    assert_cors(at(both, "/x"), allow_origin="*")
    assert_cors(at(both, "/api/x"), allow_origin=ORIGIN, vary="Origin")
    for origin in (ORIGIN, OTHER, None):
        assert_cors(at(both, "//api/x", origin), vary="Origin")


def test_not_governed_passes_untouched():
    def app(environ, start_response):
        start_response("200 OK", headers)
        return [b"mine"]

    headers = [
        ("Content-Type", "text/plain"),
        ("Access-Control-Allow-Origin", "https://mine.example"),
        ("access-control-max-age", "1"),
        ("Vary", "Accept"),
    ]
    for method in ("GET", "OPTIONS"):
        recorder = Recorder()
        middleware = CORS(app, API_ONLY, catch_errors=True)
        call(middleware, recorder, method, PATH_INFO="/x", HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT")
        assert len(recorder.calls) == 1
        assert recorder.headers is headers


def headers_at(path, origin, **options):
    """The headers of the response to a request for this PATH_INFO, less the application's own."""
    seen = []
    ask(
        CORS(plain_app, **options),
        lambda *args: seen.append(args),
        PATH_INFO=path,
        HTTP_ORIGIN=origin,
    )
    ((_, headers),) = seen
    return [header for header in headers if header[0] not in ("Content-Type", "Content-Length")]


ORIGIN_HEADERS = [("Access-Control-Allow-Origin", ORIGIN), ("Vary", "Origin")]
VARY_HEADER = [("Vary", "Origin")]


# flask-cors, CVE-2024-6839
def test_order_alone_decides_not_the_longest_path():
    options = {
        "short_path": "/a/*",
        "short_origin": ORIGIN,
        "long_path": "/a/much/longer/*",
        "long_origin": OTHER,
    }
    assert headers_at("/a/much/longer/x", ORIGIN, policy="short, long", **options) == ORIGIN_HEADERS
    assert headers_at("/a/much/longer/x", ORIGIN, policy="long, short", **options) == VARY_HEADER


# flask-cors, CVE-2024-6844
@pytest.mark.parametrize(
    ("configured", "asked", "same"),
    [
        ("/a+b", "/a+b", True),
        ("/a+b", "/a b", False),
        ("/a b", "/a+b", False),
        ("/a%2eb", "/a.b", False),
        ("/a.b", "/a%2eb", False),
        ("/a%2eb", "/a%2eb", True),
        ("/a%2Eb", "/a%2eb", False),
        ("/%61", "/a", False),
    ],
)
def test_path_is_not_decoded_again(configured, asked, same):
    assert headers_at(asked, ORIGIN, policy="p", p_path=[configured], p_origin=ORIGIN) == (
        ORIGIN_HEADERS if same else []
    )


# flask-cors, CVE-2024-6866
def test_case_of_a_path_counts():
    options = {
        "policy": "admin, rest",
        "admin_path": "/admin/*",
        "admin_origin": [],
        "rest_origin": ORIGIN,
    }
    assert headers_at("/admin/x", ORIGIN, **options) == VARY_HEADER
    assert headers_at("/Admin/x", ORIGIN, **options) == ORIGIN_HEADERS


# flask-cors and rack-cors
@pytest.mark.parametrize(
    "path",
    [
        "/public/../api",
        "/public/../api/x",
        "//api/x",
        "/./api/x",
        "/public/./../api/x",
        "/x\\..\\api",
        "/api/../public/x",
    ],
)
def test_path_that_means_another_gets_no_laxer_policy(path):
    options = {
        "policy": "api, public",
        "api_path": "/api/*",
        "api_origin": [],
        "public_origin": "copy",
    }
    assert headers_at("/api/x", ORIGIN, **options) == VARY_HEADER
    assert headers_at("/public/x", ORIGIN, **options) == ORIGIN_HEADERS
    assert headers_at(path, ORIGIN, **options) == VARY_HEADER


def test_origin_refused_for_a_path_does_not_fall_through_to_a_later_policy():
    both = client(policy="api, public", api_path="/api/*", api_origin=ORIGIN, public_origin="*")
    assert_cors(request(both, OTHER, path="/api/x"), vary="Origin")
    assert preflight(both, OTHER, path="/api/x").status_int == 403
    assert_cors(request(both, OTHER, path="/x"), allow_origin="*")


def test_different_rules_for_different_paths():
    both = client(
        policy="api, files",
        api_path="/api/*",
        api_origin=ORIGIN,
        api_credentials=True,
        files_path="/files/*",
        files_origin="*",
    )
    assert_cors(
        request(both, ORIGIN, path="/api/x"),
        allow_origin=ORIGIN,
        allow_credentials="true",
        vary="Origin",
    )
    assert_cors(request(both, ORIGIN, path="/files/x"), allow_origin="*")
    assert_cors(request(both, ORIGIN, path="/"))


@pytest.mark.parametrize("path", ["/\u20ac", "/a/\udcff", "/a/../\u20ac", "\u20ac"])
def test_path_of_a_server_that_decodes_it_breaks_nothing(path):
    answers = []
    cors = CORS(plain_app, policy="a, b", a_path="/a/*", a_origin="*", b_origin="*")
    cors(
        {**ENVIRON, "PATH_INFO": path, "HTTP_ORIGIN": ORIGIN},
        lambda status, headers: answers.append(status),
    )
    assert answers == ["200 OK"]


# --- strategies ---

TWO = {"policy": "a, b", "a_origin": [ORIGIN, THIRD], "b_origin": [OTHER, THIRD]}
STAR_FIRST = {"policy": "a, b", "a_origin": "*", "b_origin": ORIGIN}
STAR_LAST = {"policy": "a, b", "a_origin": ORIGIN, "b_origin": "*"}
DENY = {"policy": "a, deny, b", "a_origin": ORIGIN, "b_origin": "*"}
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


CHOSEN = {"policy": "a, b, deny, c", "a_origin": ORIGIN, "b_origin": "*", "c_origin": "*"}


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
        (fails, "the matchstrategy fails (test_responses.py:{}) failed"),
        (
            names_nothing,
            "the matchstrategy names_nothing (test_responses.py:{}) returned 'nowhere', which names no policy",
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


# --- what a preflight is ---


@pytest.mark.parametrize(
    ("method", "origin", "environ", "is_preflight"),
    [
        pytest.param(
            "OPTIONS", ORIGIN, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, True, id="preflight"
        ),
        pytest.param("OPTIONS", ORIGIN, {}, False, id="no-method"),
        pytest.param(
            "OPTIONS", None, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, False, id="no-origin"
        ),
        pytest.param(
            "OPTIONS",
            ORIGIN,
            {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x"},
            False,
            id="headers-alone",
        ),
        pytest.param("OPTIONS", None, {}, False, id="plain"),
        pytest.param("GET", ORIGIN, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, False, id="get"),
        pytest.param(
            "POST", ORIGIN, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, False, id="post"
        ),
    ],
)
@pytest.mark.parametrize("allowed_origin", ["*", ORIGIN, "copy", []], ids=repr)
def test_preflight_is_options_with_origin_and_method_and_nothing_else(
    method, origin, environ, is_preflight, allowed_origin
):
    asked = []

    def app(environ, start_response):
        asked.append(environ["REQUEST_METHOD"])
        return plain_app(environ, start_response)

    response = at(client(origin=allowed_origin, app=app), "/", origin, method, **environ)
    assert asked == ([] if is_preflight else [method])
    assert (response.body == b"ok") is not is_preflight


def test_options_that_is_no_preflight_gets_the_applications_own_answer():
    both = client(origin=ORIGIN, app=app_sending(("Allow", "GET"), body=b"mine"))
    for response in (
        request(both, method="OPTIONS"),
        request(both, ORIGIN, method="OPTIONS"),
        request(both, method="OPTIONS", Access_Control_Request_Method="PUT"),
    ):
        assert (response.text, response.headers["Allow"]) == ("mine", "GET")


@pytest.mark.parametrize(
    "status", ["401 Unauthorized", "302 Found", "405 Method Not Allowed", "500 Oops"]
)
def test_preflight_meets_no_authentication_redirect_or_405(status):
    response = preflight(client(origin=ORIGIN, app=app_sending(status=status)))
    assert response.status_int == 200
    assert_cors(response, allow_origin=ORIGIN, max_age="600", allow_methods=SAFE, vary="Origin")


# --- allowed: the headers, exactly ---

SAFE = "GET, HEAD, POST"
STANDARD = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
ORIGIN_VARY = {"allow_origin": ORIGIN, "vary": "Origin"}
WITH = {"allow_origin": ORIGIN, "allow_credentials": "true"}

ALLOWED = [
    # options, what a preflight for PUT with `x-token` gets, what any other request gets
    (
        "star",
        {"origin": "*"},
        {"allow_origin": "*", "max_age": "600", "allow_methods": SAFE},
        {"allow_origin": "*"},
    ),
    (
        "one",
        {"origin": ORIGIN},
        {**ORIGIN_VARY, "max_age": "600", "allow_methods": SAFE},
        ORIGIN_VARY,
    ),
    (
        "copy",
        {"origin": "copy"},
        {**ORIGIN_VARY, "max_age": "600", "allow_methods": SAFE},
        ORIGIN_VARY,
    ),
    (
        "star-everything",
        {
            "origin": "*",
            "methods": "*",
            "headers": "*",
            "expose_headers": "*",
            "maxage": 600,
            "timing": True,
        },
        {
            "allow_origin": "*",
            "allow_methods": "*, PUT, PATCH, DELETE",
            "allow_headers": "*, Authorization, Content-Type, x-token",
            "max_age": "600",
            "vary": "Access-Control-Request-Headers",
        },
        {"allow_origin": "*", "expose_headers": "*", "timing_allow_origin": "*"},
    ),
    (
        "one-everything",
        {
            "origin": ORIGIN,
            "methods": "*",
            "headers": "*",
            "expose_headers": "*",
            "maxage": 600,
            "timing": True,
        },
        {
            "allow_origin": ORIGIN,
            "vary": "Origin, Access-Control-Request-Headers",
            "allow_methods": "*, PUT, PATCH, DELETE",
            "allow_headers": "*, Authorization, Content-Type, x-token",
            "max_age": "600",
        },
        {**ORIGIN_VARY, "expose_headers": "*", "timing_allow_origin": ORIGIN},
    ),
    (
        "lists",
        {
            "origin": ORIGIN,
            "methods": "GET, put",
            "headers": "X-Token X-B",
            "expose_headers": "X-C,X-D",
        },
        {
            **ORIGIN_VARY,
            "max_age": "600",
            "allow_methods": "GET, PUT",
            "allow_headers": "X-Token, X-B",
        },
        {**ORIGIN_VARY, "expose_headers": "X-C, X-D"},
    ),
    (
        "lists-with-star",
        {
            "origin": "*",
            "methods": "GET, put",
            "headers": "X-Token X-B",
            "expose_headers": "X-C,X-D",
        },
        {
            "allow_origin": "*",
            "max_age": "600",
            "allow_methods": "GET, PUT",
            "allow_headers": "X-Token, X-B",
        },
        {"allow_origin": "*", "expose_headers": "X-C, X-D"},
    ),
    (
        "no-methods",
        {"origin": "*", "methods": []},
        {"allow_origin": "*", "max_age": "600"},
        {"allow_origin": "*"},
    ),
    (
        "maxage-0",
        {"origin": "*", "maxage": 0},
        {"allow_origin": "*", "allow_methods": SAFE, "max_age": "0"},
        {"allow_origin": "*"},
    ),
    (
        "credentials",
        {"origin": ORIGIN, "credentials": True, "timing": True, "maxage": 5},
        {**WITH, "allow_methods": SAFE, "max_age": "5", "vary": "Origin"},
        {**WITH, "timing_allow_origin": ORIGIN, "vary": "Origin"},
    ),
    (
        "credentials-lists",
        {
            "origin": ORIGIN,
            "credentials": True,
            "methods": "PUT",
            "headers": "X-Token",
            "expose_headers": "X-C",
        },
        {
            **WITH,
            "max_age": "600",
            "allow_methods": "PUT",
            "allow_headers": "X-Token",
            "vary": "Origin",
        },
        {**WITH, "expose_headers": "X-C", "vary": "Origin"},
    ),
    (
        "credentials-any-method",
        {"origin": ORIGIN, "credentials": True, "methods": "*"},
        {
            **WITH,
            "max_age": "600",
            "allow_methods": STANDARD,
            "vary": "Origin, Access-Control-Request-Method",
        },
        {**WITH, "vary": "Origin"},
    ),
    (
        "credentials-any-header",
        {"origin": ORIGIN, "credentials": True, "headers": "*"},
        {
            **WITH,
            "max_age": "600",
            "allow_methods": SAFE,
            "allow_headers": "Authorization, Content-Type, x-token",
            "vary": "Origin, Access-Control-Request-Headers",
        },
        {**WITH, "vary": "Origin"},
    ),
    (
        "credentials-anything",
        {
            "origin": ORIGIN,
            "credentials": True,
            "methods": "*",
            "headers": "*",
            "expose_headers": "*",
        },
        {
            **WITH,
            "max_age": "600",
            "allow_methods": STANDARD,
            "allow_headers": "Authorization, Content-Type, x-token",
            "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        },
        {**WITH, "expose_headers": "Vary", "vary": "Origin"},
    ),
]


@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(row[1], row[2], id=row[0]) for row in ALLOWED]
)
def test_allowed_preflight_has_exactly_these_headers_and_no_body(options, expected):
    response = preflight(client(**options), headers="x-token")
    assert (response.status, response.body) == ("200 OK", b"")
    assert_cors(response, **expected)
    entity = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": "0"}
    assert entity.items() <= dict(response.headerlist).items()
    assert len(response.headerlist) == len(cors_headers(response)) + len(entity)


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(row[1], row[3], id=row[0]) for row in ALLOWED]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "PROPFIND"])
def test_allowed_request_has_exactly_these_headers_whatever_its_method(options, expected, method):
    response = request(client(**options), ORIGIN, method)
    assert (response.status, response.body) == ("200 OK", b"ok")
    assert_cors(response, **expected)
    names = [name for name, _ in response.headerlist if name.lower() not in cors_headers(response)]
    assert names == ["Content-Type", "Content-Length"]


@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(row[1], row[3], id=row[0]) for row in ALLOWED]
)
def test_without_origin_static_policies_send_the_same_and_others_vary(options, expected):
    assert_cors(request(client(**options)), **(expected if options["origin"] == "*" else REFUSED))
    assert_cors(
        request(client(**options), "malformed"),
        **(expected if options["origin"] == "*" else REFUSED),
    )


STATUSES = [
    "200 OK",
    "201 Created",
    "204 No Content",
    "206 Partial Content",
    "302 Found",
    "304 Not Modified",
    "401 Unauthorized",
    "404 Not Found",
    "405 Method Not Allowed",
    "500 Internal Server Error",
    "599 Custom",
]


def app_with_status(status):
    def app(environ, start_response):
        headers = [("X-App", "1")]
        if status[:3] not in ("204", "304"):
            headers.append(("Content-Type", "text/plain"))
        start_response(status, headers)
        return [b""]

    return app


@pytest.mark.parametrize("status", STATUSES)
def test_status_changes_nothing(status):
    app = app_with_status(status)
    response = request(client(origin=ORIGIN, credentials=True, app=app), ORIGIN)
    assert (response.status, response.headers["X-App"]) == (status, "1")
    assert_cors(response, **WITH, vary="Origin")
    assert_cors(request(client(origin=ORIGIN, app=app), OTHER), vary="Origin")
    assert_cors(request(client(origin=ORIGIN, app=app)), vary="Origin")
    assert_cors(request(client(origin="*", app=app)), allow_origin="*")


# wsgicors 0.7.0
def test_reflection_varies():
    assert_cors(request(client(origin="copy"), ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(client(origin="copy")), vary="Origin")


def test_response_without_origin_varies_so_that_no_cache_poisons_the_page():
    for options in (
        {"origin": ORIGIN},
        {"origin": "copy"},
        {"origin": []},
        {"origin": lambda origin, environ: True},
    ):
        assert_cors(request(client(**options)), vary="Origin")


def test_any_header_covers_authorization():
    response = preflight(client(origin="*", headers="*"), headers="authorization")
    assert_cors(
        response,
        allow_origin="*",
        allow_methods=SAFE,
        allow_headers="*, Authorization, Content-Type",
        max_age="600",
        vary="Access-Control-Request-Headers",
    )
    response = preflight(
        client(origin=ORIGIN, credentials=True, headers="*"), headers="authorization,x-a"
    )
    assert_cors(
        response,
        allow_origin=ORIGIN,
        allow_credentials="true",
        allow_methods=SAFE,
        allow_headers="Authorization, Content-Type, x-a",
        max_age="600",
        vary="Origin, Access-Control-Request-Headers",
    )


@pytest.mark.parametrize("zero", [0, "0"])
def test_maxage_0_is_sent(zero):
    assert_cors(
        preflight(client(origin="*", maxage=zero)),
        allow_origin="*",
        allow_methods=SAFE,
        max_age="0",
    )


def test_not_modified_has_the_headers():
    def app(environ, start_response):
        start_response("304 Not Modified", [("ETag", '"1"')])
        return [b""]

    response = request(
        client(origin=ORIGIN, credentials=True, expose_headers="ETag", app=app), ORIGIN
    )
    assert_cors(
        response,
        allow_origin=ORIGIN,
        allow_credentials="true",
        expose_headers="ETag",
        vary="Origin",
    )


# --- refused ---

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


def test_path_of_which_nothing_is_utf8_is_the_root_to_some_and_governed_by_nobody():
    app = CORS(plain_app, policy="root, all", root_path="/", root_origin=OTHER, all_origin=ORIGIN)
    decision = app.decide({"REQUEST_METHOD": "GET", "PATH_INFO": "\xff", "HTTP_ORIGIN": ORIGIN})
    assert decision[:2] == (None, "the path and its normal form are governed by different policies")


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


# --- what is echoed, with credentials ---

ANY_METHOD = {"origin": ORIGIN, "credentials": True, "methods": "*"}
ANY_HEADER = {"origin": ORIGIN, "credentials": True, "headers": "*"}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        *(pytest.param(method, STANDARD, id=method) for method in STANDARD.split(", ")),
        pytest.param("PROPFIND", f"{STANDARD}, PROPFIND", id="another"),
        pytest.param("patch", f"{STANDARD}, patch", id="case-is-kept"),
        pytest.param("!#$%&'*+-.^_`|~", f"{STANDARD}, !#$%&'*+-.^_`|~", id="any-token"),
        pytest.param("X" * 64, f"{STANDARD}, {'X' * 64}", id="64-bytes"),
        pytest.param("X" * 65, None, id="65-bytes"),
        pytest.param("X" * 65536, None, id="64-KiB"),
        pytest.param("", None, id="empty"),
        pytest.param("A B", None, id="space"),
        pytest.param("A,B", None, id="comma"),
        pytest.param("A:B", None, id="colon"),
        pytest.param("A/B", None, id="slash"),
        pytest.param('"A"', None, id="quotes"),
        pytest.param("<A>", None, id="markup"),
        pytest.param("\xc4", None, id="not-ascii"),
        pytest.param("A\t", None, id="tab"),
    ],
)
def test_method_that_is_echoed_is_a_token_of_at_most_64_bytes(asked, sent):
    response = preflight(client(**ANY_METHOD), asked=asked)
    if sent is None:
        assert response.status_int == 403
        assert_cors(response, vary="Origin")
    else:
        assert response.status_int == 200
        assert_cors(
            response,
            **WITH,
            max_age="600",
            allow_methods=sent,
            vary="Origin, Access-Control-Request-Method",
        )


NAMES = [
    # what is asked for, and what is named of it; None: it is not valid
    pytest.param("x-a", "x-a", id="one"),
    pytest.param("authorization,content-type,x-a", "x-a", id="as-browsers-send-them"),
    pytest.param("x-a, x-b ,  x-c", "x-a, x-b, x-c", id="spaces"),
    # allowed by RFC 9110, but a WSGI response cannot carry it
    pytest.param("x-a,\tx-b", None, id="tab"),
    pytest.param("X-A", "X-A", id="upper-case"),
    pytest.param("X-A,x-a, x-A", "X-A", id="twice"),
    pytest.param("!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~", id="any-token"),
    pytest.param("*", "*", id="star"),
    pytest.param("x" * 4096, "x" * 4096, id="4096-bytes"),
    pytest.param(",".join(["x"] * 2048), "x", id="2048-names"),
    pytest.param("x" * 4097, None, id="4097-bytes"),
    pytest.param("x," * 32768 + "x", None, id="64-KiB"),
    pytest.param("," * 1_000_000, None, id="1-MB-of-commas"),
    pytest.param("," * 4096, None, id="4096-commas"),
    pytest.param("x-a,", None, id="trailing-comma"),
    pytest.param(",x-a", None, id="leading-comma"),
    pytest.param("x-a,,x-b", None, id="empty-name"),
    pytest.param("x-a x-b", None, id="space"),
    pytest.param("x-a;x-b", None, id="semicolon"),
    pytest.param("x-a: 1", None, id="colon"),
    pytest.param("x-\xe4", None, id="not-ascii"),
    pytest.param("<script>", None, id="markup"),
    pytest.param("x-a, x-b" + " " * 4000 + ";", None, id="spaces-then-a-fault"),
]


@pytest.mark.parametrize(("asked", "named"), NAMES)
def test_headers_that_are_echoed_are_a_valid_list_of_at_most_4096_bytes(asked, named):
    response = preflight(client(**ANY_HEADER), headers=asked)
    if named is None:
        assert response.status_int == 403
        assert_cors(response, vary="Origin")
    else:
        assert response.status_int == 200
        assert_cors(
            response,
            **WITH,
            max_age="600",
            allow_methods=SAFE,
            allow_headers=f"Authorization, Content-Type, {named}",
            vary="Origin, Access-Control-Request-Headers",
        )


@pytest.mark.parametrize(("asked", "named"), NAMES)
@pytest.mark.parametrize(
    ("origin", "vary"),
    [("*", "Access-Control-Request-Headers"), (ORIGIN, "Origin, Access-Control-Request-Headers")],
)
def test_without_credentials_an_invalid_list_of_headers_is_left_out(asked, named, origin, vary):
    response = preflight(client(origin=origin, headers="*"), headers=asked)
    assert response.status_int == 200
    known = "*, Authorization, Content-Type"
    assert_cors(
        response,
        allow_origin=origin,
        max_age="600",
        allow_methods=SAFE,
        allow_headers=known if named in (None, "*") else f"{known}, {named}",
        vary=vary,
    )


def test_no_headers_asked_for_are_no_headers_echoed_but_vary_says_that_it_depends():
    assert_cors(
        preflight(client(**ANY_HEADER)),
        **WITH,
        max_age="600",
        allow_methods=SAFE,
        allow_headers="Authorization, Content-Type",
        vary="Origin, Access-Control-Request-Headers",
    )


@pytest.mark.parametrize("value", ["X" * 65536, "<script>", "A B"])
def test_nothing_is_checked_where_nothing_is_echoed(value):
    for options in (
        {"origin": "*", "methods": "*", "headers": "*"},
        {"origin": ORIGIN, "methods": "PUT"},
    ):
        response = preflight(client(**options), asked=value, headers=value)
        assert response.status_int == 200
        assert value not in str(response.headerlist)


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


@pytest.mark.parametrize(
    "path",
    [
        "/a\xffpi/secret",
        "/\xffapi/secret",
        "/api\xff/secret",
        "/\xc0\xafapi/secret",
        "/\xff../api/x",
        "/\xff/api/x",
        "/a\xffpi/secret/../../x",
    ],
)
def test_bytes_that_are_no_utf_8_lead_to_no_laxer_policy(path):
    options = {
        "policy": "api, rest",
        "api_path": "/api/*",
        "api_origin": OTHER,
        "rest_origin": ORIGIN,
    }
    environ = {"HTTP_ORIGIN": ORIGIN, "PATH_INFO": path, "REQUEST_METHOD": "GET"}
    recorder = Recorder()
    list(CORS(plain_app, **options)(environ, recorder))
    assert [header for header in recorder.headers if header[0].lower() in CORS_NAMES] == [
        ("Vary", "Origin")
    ]


@pytest.mark.parametrize("path", ["/caf\xc3\xa9", "/other/\xff", "/\xe2\x82\xac/\xff\xfe"])
def test_path_of_other_bytes_is_governed_as_any_other(path):
    options = {
        "policy": "api, rest",
        "api_path": "/api/*",
        "api_origin": OTHER,
        "rest_origin": ORIGIN,
    }
    environ = {"HTTP_ORIGIN": ORIGIN, "PATH_INFO": path, "REQUEST_METHOD": "GET"}
    recorder = Recorder()
    list(CORS(plain_app, **options)(environ, recorder))
    assert ("Access-Control-Allow-Origin", ORIGIN) in recorder.headers


@pytest.mark.parametrize("kind", [tuple, list])
def test_header_list_of_any_kind_is_served_each_time_alike(kind):
    def app(environ, start_response):
        start_response("200 OK", kind([("Content-Type", "text/plain"), ("Content-Length", "0")]))
        return []

    middleware, recorder = CORS(app, origin="*"), Recorder()
    for _ in range(3):
        call(middleware, recorder)
    assert {tuple(args[1]) for args in recorder.calls} == {
        (
            ("Content-Type", "text/plain"),
            ("Content-Length", "0"),
            ("Access-Control-Allow-Origin", "*"),
        )
    }


def test_predicate_is_asked_after_all_that_can_be_looked_up():
    def fails(origin, environ):
        raise AssertionError("asked")

    origins = OriginList(lambda: ["https://*.example.com"])
    assert_cors(
        request(client(origin=[fails, origins]), ORIGIN), allow_origin=ORIGIN, vary="Origin"
    )


@pytest.mark.parametrize("change", [dict.clear, lambda environ: environ.update(CHANGED)])
@pytest.mark.parametrize("function", ["predicate", "strategy"])
def test_what_a_function_changes_in_the_environ_changes_nothing_that_is_sent(function, change):
    answers = itertools.cycle([False, True])

    def predicate(origin, environ):
        change(environ)
        return next(answers)

    def strategy(environ):
        change(environ)
        return "p"

    options = {"p_credentials": True, "p_methods": "*", "p_headers": "*", "policy": "p"}
    if function == "predicate":
        options["p_origin"] = [predicate, predicate]  # the second sees what the first has changed
    else:
        options.update(p_origin=ORIGIN, matchstrategy=strategy)
    recorder = Recorder()
    asked = {
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "MOVE",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-a",
    }
    call(CORS(plain_app, options), recorder, "OPTIONS", **asked)
    call(CORS(plain_app, options), recorder, "GET")
    (status, preflighted), (_, response) = recorder.calls
    assert status == "200 OK"
    assert preflighted[0] == response[2] == ("Access-Control-Allow-Origin", ORIGIN)
    assert dict(preflighted)["Access-Control-Allow-Methods"].endswith(", OPTIONS, MOVE")
    assert dict(preflighted)["Access-Control-Allow-Headers"] == "Authorization, Content-Type, x-a"


@pytest.mark.parametrize("in_list", [False, True], ids=["predicate", "list"])
def test_predicate_of_an_earlier_policy_is_asked_before_a_later_policy_that_lists_the_origin(
    in_list,
):
    def predicate(origin, environ):
        return {"yes": True, "no": False}[environ["HTTP_X_MEMBER"]]

    first = OriginList(lambda: [predicate]) if in_list else predicate
    policies = {
        "first": {"origin": first, "expose_headers": "X-first"},
        "second": {"origin": ORIGIN, "expose_headers": "X-second", "maxage": 2},
    }
    both = client(policies=policies)
    answers = {"yes": allowed("first"), "no": allowed("second"), "fails": REFUSED}
    for member in ("no", "yes", "fails", "no", "yes", "fails"):
        assert_cors(request(both, ORIGIN, X_Member=member), **answers[member])
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET", "X-Member": member}
        response = both.options("/", headers=headers, expect_errors=True)
        found = cors_headers(response).get("access-control-max-age")
        assert found == {"yes": "600", "no": "2", "fails": None}[member]


def test_expose_any_exposes_nothing_to_who_is_refused():
    response = request(
        client(origin=ORIGIN, credentials=True, expose_headers="*", app=app_sending(("X-A", "1"))),
        OTHER,
    )
    assert_cors(response, vary="Origin")


# flask-cors, CVE-2024-6221
def test_private_network_access_is_never_granted():
    sent = {
        "Access-Control-Request-Private-Network": "true",
        "Access-Control-Request-Local-Network": "true",
    }
    for options in (
        {"origin": "*", "headers": "*", "methods": "*"},
        {"origin": ORIGIN, "credentials": True},
    ):
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", **sent}
            response = client(**options).request("/", method=method, headers=headers)
            assert "network" not in str(response.headerlist).lower()


# rs/cors, GO-2024-2883
@pytest.mark.parametrize(
    "text", ["," * 1_000_000, "x," * 500_000, " , " * 333_333, "x" * 1_000_000, "x ," * 333_333]
)
def test_a_megabyte_of_header_names_costs_next_to_no_memory(text):
    both = CORS(plain_app, origin=ORIGIN, credentials=True, headers="*", methods="*")
    environ = {"HTTP_ORIGIN": ORIGIN, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    seen = []
    ask(both, lambda *args: seen.append(args), "OPTIONS", **environ)
    tracemalloc = pytest.importorskip("tracemalloc", reason="PyPy does not trace memory")
    tracemalloc.start()
    try:
        ask(
            both,
            lambda *args: seen.append(args),
            "OPTIONS",
            **environ,
            HTTP_ACCESS_CONTROL_REQUEST_HEADERS=text,
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [status for status, _ in seen] == ["200 OK", "403 Forbidden"]
    assert peak < 100_000


# --- the application's own headers ---

OWN = [
    ("Access-Control-Allow-Origin", "https://mine.example"),
    ("Access-Control-Allow-Origin", "*"),
    ("access-control-allow-credentials", "true"),
    ("ACCESS-CONTROL-ALLOW-METHODS", "TRACE"),
    ("Access-control-Allow-headers", "x-mine"),
    ("aCCESS-cONTROL-mAX-aGE", "99"),
    ("Access-Control-Expose-Headers", "X-Mine"),
]


@pytest.mark.parametrize(
    ("options", "origin", "expected"),
    [
        pytest.param({"origin": "*"}, ORIGIN, {"allow_origin": "*"}, id="static"),
        pytest.param(
            {"origin": ORIGIN}, ORIGIN, {"allow_origin": ORIGIN, "vary": "Origin"}, id="allowed"
        ),
        pytest.param({"origin": ORIGIN}, OTHER, {"vary": "Origin"}, id="refused"),
        pytest.param({"origin": ORIGIN}, None, {"vary": "Origin"}, id="no-origin"),
        pytest.param({"origin": []}, ORIGIN, {"vary": "Origin"}, id="nobody"),
        pytest.param({"policy": "deny"}, ORIGIN, {"vary": "Origin"}, id="deny"),
        pytest.param(
            {"origin": ORIGIN, "credentials": True, "expose_headers": "X-Ours"},
            ORIGIN,
            {**WITH, "expose_headers": "X-Ours", "vary": "Origin"},
            id="credentials",
        ),
    ],
)
@pytest.mark.parametrize(
    "own", [OWN, *([header] for header in OWN)], ids=lambda own: own[0][0] if own != OWN else "all"
)
def test_applications_own_headers_are_replaced_or_removed_in_any_case(
    options, origin, expected, own
):
    app = app_sending(("X-Before", "1"), *own, ("X-After", "2"))
    for _ in range(2):
        response = request(client(app=app, **options), origin)
        assert_cors(response, **expected)
        assert (response.headers["X-Before"], response.headers["X-After"]) == ("1", "2")


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"origin": "*"}, ["*"]), ({"origin": []}, [])],
    ids=["star", "nobody"],
)
def test_any_number_of_header_names_of_any_length_is_passed_on(options, expected):
    names = [f"X-{number}" for number in range(3000)] + ["X-" + "a" * 10_000]
    sent = []
    middleware = CORS(
        lambda environ, start_response: start_response("200 OK", sent) and [], **options
    )
    for name in [*names, "access-control-allow-ORIGIN", *names]:
        sent[:] = [(name, "1"), ("Access-Control-allow-Origin", "https://mine.example")]
        recorder = Recorder()
        call(middleware, recorder)
        found = [
            value for key, value in recorder.headers if key.lower() == "access-control-allow-origin"
        ]
        assert found == expected
        assert ((name, "1") in recorder.headers) is (name in names)


def test_headers_that_no_policy_sets_are_the_applications():
    own = [
        ("Access-Control-Allow-Private-Network", "true"),
        ("Timing-Allow-Origin", "https://mine.example"),
    ]
    for options in ({"origin": "*"}, {"origin": ORIGIN}):
        response = request(client(app=app_sending(*own), **options), ORIGIN)
        assert [header for header in response.headerlist if header in own] == own


def test_timing_allow_origin_is_ours_where_timing_is_set():
    own = [("timing-allow-origin", "https://mine.example")]
    assert_cors(
        request(client(app=app_sending(*own), origin="*", timing=True)),
        allow_origin="*",
        timing_allow_origin="*",
    )
    assert_cors(
        request(client(app=app_sending(*own), origin=ORIGIN, timing=True), ORIGIN),
        allow_origin=ORIGIN,
        timing_allow_origin=ORIGIN,
        vary="Origin",
    )


VARIES = [
    # the application's own, and what is sent
    ("none", [], "Origin"),
    ("other", ["Accept"], "Accept, Origin"),
    ("several", ["Accept, Cookie"], "Accept, Cookie, Origin"),
    ("two-lines", ["Accept", "Cookie"], "Accept, Cookie, Origin"),
    ("there-already", ["Origin"], "Origin"),
    ("in-another-case", ["origin"], "origin"),
    ("in-the-middle", ["Accept, ORIGIN, Cookie"], "Accept, ORIGIN, Cookie"),
    ("part-of-a-name", ["X-Origin"], "X-Origin, Origin"),
    ("star", ["*"], "*"),
    ("star-among-others", ["Accept, *"], "*"),
    ("star-in-a-line", ["Accept", "*"], "*"),
    ("doubled", ["Accept, accept", "Accept"], "Accept, Origin"),
    ("empty", [""], "Origin"),
    ("commas", [" ,Accept,, "], "Accept, Origin"),
]


@pytest.mark.parametrize("origin", [ORIGIN, OTHER, None])
@pytest.mark.parametrize("name", ["Vary", "vary", "VARY"])
@pytest.mark.parametrize(("own", "sent"), [pytest.param(*row[1:], id=row[0]) for row in VARIES])
def test_vary_is_merged_into_one_line(own, sent, name, origin):
    app = app_sending(*((name, value) for value in own))
    expected = {"allow_origin": ORIGIN} if origin == ORIGIN else {}
    for _ in range(2):
        response = request(client(origin=ORIGIN, app=app), origin)
        found = {**cors_headers(response)}
        assert {part.strip().lower() for part in found.pop("vary").split(",")} == set(
            sent.lower().split(", ")
        )
        assert found == {
            f"access-control-{key.replace('_', '-')}": value for key, value in expected.items()
        }


@pytest.mark.parametrize("value", ["Accept", "*", "Origin"])
def test_vary_of_the_application_stays_where_nothing_varies(value):
    assert_cors(
        request(client(origin="*", app=app_sending(("Vary", value)))), allow_origin="*", vary=value
    )


def test_nothing_about_private_networks_is_ever_sent():
    for options in (
        {"origin": "*"},
        {"origin": ORIGIN},
        {"origin": ORIGIN, "credentials": True, "headers": "*"},
    ):
        asked = {
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
            "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": "true",
        }
        response = at(client(**options), "/", ORIGIN, "OPTIONS", **asked)
        assert response.status_int == 200
        assert "network" not in str(response.headerlist).lower()


# Play Framework, 2017
def test_vary_of_the_application_survives():
    both = client(origin=ORIGIN, app=app_sending(("Vary", "Accept")))
    for origin in (ORIGIN, OTHER, None):
        assert request(both, origin).headers.getall("Vary") == ["Accept, Origin"]


def test_header_of_the_application_is_not_doubled():
    app = app_sending(("Access-Control-Allow-Origin", "*"), ("access-control-allow-origin", ORIGIN))
    for origin, expected in ((ORIGIN, {"allow_origin": ORIGIN}), (OTHER, {})):
        assert_cors(request(client(origin=ORIGIN, app=app), origin), **expected, vary="Origin")


@pytest.mark.parametrize("name", ["Access-Control-Allow-Origin", "access-control-max-age", "VARY"])
def test_the_only_header_of_an_application_may_be_one_of_ours(name):
    def app(environ, start_response):
        start_response("204 No Content", [(name, "Accept")])
        return []

    answers = []
    CORS(app, origin=ORIGIN)(
        {**ENVIRON, "HTTP_ORIGIN": ORIGIN}, lambda status, headers: answers.append(headers)
    )
    vary = "Accept, Origin" if name == "VARY" else "Origin"
    assert answers == [[("Access-Control-Allow-Origin", ORIGIN), ("Vary", vary)]]


def test_names_that_need_no_look_are_forgotten_where_they_are_too_many(monkeypatch):
    known = set()
    monkeypatch.setattr(wsgicors, "PLAIN_NAMES", known)
    names = ["Content-Type", "X" * 64, "Y" * 65, *(f"X-{number}" for number in range(2000))]

    def app(environ, start_response):
        start_response("204 No Content", [(name, "1") for name in names])
        return []

    CORS(app, origin=ORIGIN)(ENVIRON, ignore)
    # 2,002 short names: the first 1,024 go when the next one comes, and the last 978 stay.
    assert known == {f"X-{number}" for number in range(1022, 2000)}


# --- preflight_status, preflight_continue ---


@pytest.mark.parametrize("status", [200, 201, 204, 205, 299, "200"])
def test_preflight_status_is_sent_without_a_body(status):
    for origin, vary in (("*", {}), (ORIGIN, {"vary": "Origin"})):
        response = preflight(client(origin=origin, preflight_status=status))
        assert (response.status_int, response.body) == (int(status), b"")
        assert response.headers.get("Content-Length") == (None if status == 204 else "0")
        assert_cors(response, allow_origin=origin, max_age="600", allow_methods=SAFE, **vary)


def test_refused_preflight_is_403_whatever_the_preflight_status():
    assert preflight(client(origin=[], preflight_status=200)).status_int == 403


OPTIONS_APP_HEADERS = (
    ("Allow", "GET, PUT"),
    ("Access-Control-Allow-Methods", "TRACE"),
    ("Vary", "Accept"),
)


def test_preflight_continue_lets_the_application_answer_what_is_allowed():
    app = app_sending(*OPTIONS_APP_HEADERS, status="200 Mine", body=b"mine")
    both = client(
        origin=ORIGIN, methods="GET, PUT", headers="X-A", maxage=5, preflight_continue=True, app=app
    )
    response = preflight(both)
    assert (response.status, response.body, response.headers["Allow"]) == (
        "200 Mine",
        b"mine",
        "GET, PUT",
    )
    assert_cors(
        response,
        allow_origin=ORIGIN,
        allow_methods="GET, PUT",
        allow_headers="X-A",
        max_age="5",
        vary="Accept, Origin",
    )


def test_preflight_continue_with_everything_echoed():
    both = client(
        origin=ORIGIN,
        credentials=True,
        methods="*",
        headers="*",
        expose_headers="*",
        timing=True,
        preflight_continue=True,
        app=app_sending(*OPTIONS_APP_HEADERS),
    )
    vary = "Accept, Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert_cors(
        preflight(both, headers="x-a"),
        **WITH,
        max_age="600",
        allow_methods=STANDARD,
        allow_headers="Authorization, Content-Type, x-a",
        vary=vary,
    )


def test_preflight_continue_of_a_static_policy():
    both = client(origin="*", preflight_continue=True, app=app_sending(*OPTIONS_APP_HEADERS))
    assert_cors(preflight(both), allow_origin="*", max_age="600", allow_methods=SAFE, vary="Accept")


def test_preflight_continue_does_not_continue_what_is_refused():
    def app(environ, start_response):
        raise AssertionError("the application was called")

    for origin in ([], OTHER, lambda origin, environ: False):
        assert preflight(client(origin=origin, preflight_continue=True, app=app)).status_int == 403
    both = client(**ANY_HEADER, preflight_continue=True, app=app)
    assert preflight(both, headers="a b").status_int == 403


# --- PEP 3333 ---

KINDS = [
    pytest.param({"origin": "*"}, ORIGIN, id="static"),
    pytest.param({"origin": "*"}, None, id="static-without-origin"),
    pytest.param({"origin": ORIGIN}, ORIGIN, id="allowed"),
    pytest.param({"origin": ORIGIN}, OTHER, id="refused"),
    pytest.param({"origin": ORIGIN}, None, id="no-origin"),
    pytest.param(
        {"origin": ORIGIN, "credentials": True, "expose_headers": "*"}, ORIGIN, id="expose-any"
    ),
    pytest.param(
        {"policy": "api", "api_path": "/api", "api_origin": ORIGIN}, ORIGIN, id="not-governed"
    ),
    pytest.param({"origin": ORIGIN, "catch_errors": True}, ORIGIN, id="catch-errors"),
    pytest.param(
        {"origin": lambda origin, environ: True, "matchstrategy": "verbmatch"},
        ORIGIN,
        id="verbmatch",
    ),
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


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_iterable_of_the_application_is_returned_as_it_is(options, origin):
    for body in (Body(b"a"), [b"a"], (b"a",), iter([b"a"]), FileWrapper(io.BytesIO(b"a"))):

        def app(environ, start_response, body=body):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return body

        assert call(CORS(app, **options), Recorder(), origin=origin) is body
        if isinstance(body, Body):
            assert (body.iterated, body.closed) == (0, 0)


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_file_wrapper_of_the_server_reaches_the_server(options, origin):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"file"))

    found = call(
        CORS(app, **options), Recorder(), origin=origin, **{"wsgi.file_wrapper": FileWrapper}
    )
    assert type(found) is FileWrapper


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_generator_starts_when_it_is_asked_and_is_decorated_then(options, origin):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"a"
        yield b"b"

    recorder, plain = Recorder(), Recorder()
    body = call(CORS(app, **options), recorder, origin=origin)
    assert recorder.calls == []
    assert next(body) == b"a"
    call(CORS(plain_app, **options), plain, origin=origin)
    ours = [
        header for header in plain.headers if header[0] not in ("Content-Type", "Content-Length")
    ]
    assert recorder.headers == [("Content-Type", "text/plain"), *ours]
    body.close()


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_header_list_of_the_application_is_never_changed(options, origin):
    headers = [("Content-Type", "text/plain"), ("Vary", "Accept"), *OWN]
    before = list(headers)

    def app(environ, start_response):
        start_response("200 OK", headers)
        return []

    for _ in range(2):
        call(CORS(app, **options), Recorder(), origin=origin)
        assert headers == before


@pytest.mark.parametrize("preflighted", [False, True], ids=["request", "preflight"])
@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_header_list_of_ours_is_never_shared_between_requests(options, origin, preflighted):
    middleware = CORS(
        lambda environ, start_response: start_response("200 OK", []) and [], **options
    )
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"} if preflighted else {}
    seen = []
    for _ in range(2):
        recorder = Recorder()
        call(middleware, recorder, "OPTIONS" if preflighted else "GET", origin=origin, **asked)
        assert type(recorder.headers) is list
        seen.append(list(recorder.headers))
        recorder.headers[:] = [("X-Mutated", "1")]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("asked", ["PUT", "not a token"], ids=["allowed", "refused"])
@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_body_of_ours_is_never_shared_between_requests(options, origin, asked):
    middleware = CORS(plain_app, **options)
    names = {"HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked}
    environ = {name: value for name, value in names.items() if value is not None}
    seen = []
    for _ in range(3):
        body = ask(middleware, ignore, "OPTIONS", **environ)
        seen.append(list(body))
        if isinstance(body, list):
            body.append(b"of an outer middleware")
    assert seen[0] == seen[1] == seen[2]


class Text(str):
    """What a server's or a middleware's own kind of text may be."""


@pytest.mark.parametrize("asked", [None, "PUT"], ids=["request", "preflight"])
@pytest.mark.parametrize("allowed", [ORIGIN, "https://*.example.com", "copy"])
def test_origin_of_a_subclass_of_str_is_sent_and_remembered_as_a_str(allowed, asked):
    middleware = CORS(plain_app, origin=allowed, timing=True)
    environ = {} if asked is None else {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked}
    for kind in (Text, str):
        recorder = Recorder()
        ask(
            middleware, recorder, "OPTIONS" if asked else "GET", HTTP_ORIGIN=kind(ORIGIN), **environ
        )
        assert ("Access-Control-Allow-Origin", ORIGIN) in recorder.headers
        assert {type(value) for _, value in recorder.headers} == {str}


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_write_callable_is_the_servers(options, origin):
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written")
        return [b"returned"]

    recorder = Recorder()
    assert call(CORS(app, **options), recorder, origin=origin) == [b"returned"]
    assert recorder.written == [b"written"]
    response = request(client(app=app, **options), origin)
    assert response.body == b"writtenreturned"


@pytest.mark.parametrize("none", [(), (None,)], ids=["not-given", "None"])
@pytest.mark.parametrize(
    ("options", "origin"), [parameter for parameter in KINDS if parameter.id != "not-governed"]
)
def test_exc_info_that_is_none_is_left_out(options, origin, none):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")], *none)
        return []

    recorder = Recorder()
    call(CORS(app, **options), recorder, origin=origin)
    assert [len(args) for args in recorder.calls] == [2]


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_second_start_response_is_decorated_too_and_exc_info_is_passed_on(options, origin):
    infos = []

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-First", "1")])
        try:
            raise LookupError("mine")
        except LookupError:
            infos.append(sys.exc_info())
            start_response("500 Oops", [("Content-Type", "text/html"), *OWN[:1]], infos[0])
        return [b"error"]

    recorder, plain = Recorder(), Recorder()
    call(CORS(app, **options), recorder, origin=origin)
    call(CORS(plain_app, **options), plain, origin=origin)
    if "policy" in options:
        assert recorder.headers == [("Content-Type", "text/html"), *OWN[:1]]
    else:
        ours = [
            header
            for header in plain.headers
            if header[0] not in ("Content-Type", "Content-Length")
        ]
        assert recorder.headers == [("Content-Type", "text/html"), *ours]
    if not options.get("catch_errors"):  # which holds the first back
        assert [len(args) for args in recorder.calls] == [2, 3]
        assert recorder.calls[0][0] == "200 OK"
    assert recorder.calls[-1][0] == "500 Oops"
    assert recorder.calls[-1][2] is infos[0]
    assert request(client(app=app, **options), origin).status == "500 Oops"


def test_environ_reaches_the_application_unchanged():
    seen = []

    def app(environ, start_response):
        seen.append(environ)
        return plain_app(environ, start_response)

    environ = {"HTTP_ORIGIN": ORIGIN, "REQUEST_METHOD": "GET"}
    setup_testing_defaults(environ)
    before = dict(environ)
    CORS(app, origin=ORIGIN)(environ, Recorder())
    assert seen[0] is environ
    assert environ == before


def test_subclass_that_constructs_the_middleware_for_every_request():
    class Application:
        def __call__(self, environ, start_response):
            return validator(plain_app)(environ, start_response)

    class WithCORS(Application):
        options = {"headers": "*", "methods": "*", "maxage": "180", "origin": "*"}

        def __call__(self, environ, start_response):
            return CORS(super().__call__, **self.options)(environ, start_response)

    both = webtest.TestApp(validator(WithCORS()), lint=False)
    for _ in range(3):
        assert_cors(request(both, ORIGIN), allow_origin="*")
        assert preflight(both).status_int == 200


def test_outer_start_response_that_takes_two_arguments_only():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")], None)
        return [b"ok"]

    for options in (
        {"origin": "*"},
        {"origin": ORIGIN},
        {"origin": []},
        {"origin": ORIGIN, "catch_errors": True},
    ):
        seen = []

        def start_response(status, headers, seen=seen):
            seen.append((status, headers))

        for method in ("GET", "OPTIONS"):
            environ = {"HTTP_ORIGIN": ORIGIN, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
            ask(CORS(app, **options), start_response, method, **environ)
        assert [status[:3] for status, _ in seen] == [
            "200",
            "403" if options["origin"] == [] else "200",
        ]


def test_headers_must_be_a_list():
    def app(environ, start_response):
        start_response("204 No Content", {"X-New-Here": "1"}.items())

    with pytest.raises(TypeError) as caught:
        CORS(app, origin=ORIGIN)(ENVIRON, ignore)
    assert str(caught.value) == "start_response takes a list of headers (PEP 3333), not dict_items"


# --- catch_errors ---


def raises_at_once(environ, start_response):
    raise LookupError("mine")


def raises_after_start(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("X-App", "1")])
    raise LookupError("mine")


ERROR_ANSWERS = [
    pytest.param({"origin": "*"}, ORIGIN, {"allow_origin": "*"}, id="static"),
    pytest.param({"origin": "*"}, None, {"allow_origin": "*"}, id="static-without-origin"),
    pytest.param(
        {"origin": ORIGIN}, ORIGIN, {"allow_origin": ORIGIN, "vary": "Origin"}, id="allowed"
    ),
    pytest.param({"origin": ORIGIN}, OTHER, {"vary": "Origin"}, id="refused"),
    pytest.param({"origin": ORIGIN}, None, {"vary": "Origin"}, id="no-origin"),
    pytest.param(
        {"origin": ORIGIN, "credentials": True, "expose_headers": "*"},
        ORIGIN,
        {**WITH, "expose_headers": "Vary", "vary": "Origin"},
        id="expose-any",
    ),
]


@pytest.mark.parametrize("app", [raises_at_once, raises_after_start])
@pytest.mark.parametrize(("options", "origin", "expected"), ERROR_ANSWERS)
def test_exception_of_the_application_is_answered_with_a_500_that_the_page_can_see(
    app, options, origin, expected, caplog
):
    response = request(client(app=app, catch_errors=True, **options), origin)
    assert (response.status_int, response.headers["Content-Type"].partition(";")[0]) == (
        500,
        "text/plain",
    )
    assert "X-App" not in response.headers
    assert "mine" not in response.text
    assert len(response.body) == int(response.headers["Content-Length"])
    assert_cors(response, **expected)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (record.name, record.exc_info[0], str(record.exc_info[1])) == (
        "wsgicors",
        LookupError,
        "mine",
    )


@pytest.mark.parametrize("app", [raises_at_once, raises_after_start])
@pytest.mark.parametrize(("options", "origin", "expected"), ERROR_ANSWERS)
def test_exception_of_the_application_propagates_by_default(app, options, origin, expected, caplog):
    with pytest.raises(LookupError, match="mine"):
        request(client(app=app, **options), origin)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_exception_propagates_where_the_request_is_not_governed():
    with pytest.raises(LookupError, match="mine"):
        at(client(API_ONLY, app=raises_at_once, catch_errors=True), "/x")


def test_exception_of_the_iterable_always_propagates():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"a"
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)


@pytest.mark.parametrize("exception", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_is_no_error_of_the_application_propagates(exception):
    def app(environ, start_response):
        raise exception

    with pytest.raises(exception):
        call(CORS(app, origin=ORIGIN, catch_errors=True), Recorder())


def writes_then_raises(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])(b"sent")
    raise LookupError("mine")


@pytest.mark.parametrize(
    ("app", "calls"),
    [
        pytest.param(raises_at_once, ["500 Internal Server Error"], id="at-once"),
        pytest.param(raises_after_start, ["500 Internal Server Error"], id="after-start"),
        pytest.param(writes_then_raises, ["200 OK", "500 Internal Server Error"], id="after-write"),
    ],
)
def test_server_hears_of_one_response_and_of_exc_info_only_where_it_had_begun(app, calls):
    recorder = Recorder()
    call(CORS(app, origin=ORIGIN, catch_errors=True), recorder)
    assert [args[0] for args in recorder.calls] == calls
    assert [len(args) for args in recorder.calls] == ([2] if len(calls) == 1 else [2, 3])


def test_start_response_of_a_generator_goes_straight_through():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"late"

    response = request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)
    assert response.body == b"late"
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")


def test_response_that_the_server_refuses_is_caught_and_its_body_closed():
    class Body(list):
        closed = 0

        def close(self):
            self.closed += 1

    body, heard = Body([b"ok"]), []

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Split", "1\r\nX-Evil: 2")])
        return body

    def start_response(status, headers, exc_info=None):
        heard.append((status, exc_info is not None))
        if any("\n" in value for _, value in headers):
            raise ValueError("a header with a line break")

    assert call(CORS(app, origin=ORIGIN, catch_errors=True), start_response) == [
        b"Internal Server Error\n"
    ]
    assert heard == [("200 OK", False), ("500 Internal Server Error", True)]
    assert body.closed == 1


def test_body_whose_close_fails_as_well_is_still_answered_with_a_500(caplog):
    class Body(list):
        def close(self):
            raise RuntimeError("a bug of close")

    def app(environ, start_response):
        start_response("200 OK", [("X-Split", "1\r\nX-Evil: 2")])
        return Body()

    def start_response(status, headers, exc_info=None):
        heard.append((status, exc_info and exc_info[0]))
        if status == "200 OK":
            raise ValueError("a header with a line break")

    heard = []
    assert call(CORS(app, origin=ORIGIN, catch_errors=True), start_response) == [
        b"Internal Server Error\n"
    ]
    assert heard == [("200 OK", None), ("500 Internal Server Error", ValueError)]
    assert [record.getMessage() for record in caplog.records] == [
        "the application failed at 'GET' '/'",
        "closing the response of the application failed",
    ]


def test_caught_error_is_answered_as_the_request_came_whatever_the_application_made_of_it(caplog):
    def app(environ, start_response):
        environ.update(REQUEST_METHOD="GET", PATH_INFO="/rewritten")
        raise RuntimeError("a bug")

    environ = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN}
    assert CORS(app, origin=ORIGIN, catch_errors=True)(environ, Recorder()) == []
    assert [record.getMessage() for record in caplog.records] == [
        "the application failed at 'HEAD' '/'"
    ]


@pytest.mark.parametrize("option", ["origin", "matchstrategy"])
def test_caught_error_is_answered_as_the_request_came_whatever_a_function_made_of_it(
    option, caplog
):
    """A HEAD with a body would spoil the next response of the connection."""

    def change(environ):
        environ.update(REQUEST_METHOD="GET", PATH_INFO="/rewritten")
        return "p"

    def predicate(origin, environ):
        return change(environ) == "p"

    options = {"policy": "p", "p_origin": predicate}
    if option == "matchstrategy":
        options = {"policy": "p", "p_origin": ORIGIN, "matchstrategy": change}
    environ = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN}
    assert CORS(raises_at_once, catch_errors=True, **options)(environ, Recorder()) == []
    assert [record.getMessage() for record in caplog.records] == [
        "the application failed at 'HEAD' '/'"
    ]


def test_caught_error_of_a_head_request_has_no_body():
    recorder = Recorder()
    environ = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN}
    assert CORS(raises_at_once, origin=ORIGIN, catch_errors=True)(environ, recorder) == []
    assert recorder.calls[0][0] == "500 Internal Server Error"


def test_second_start_response_without_exc_info_is_the_error_that_it_is_without_catch_errors():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        start_response("201 Created", [("Content-Type", "text/plain")])
        return [b"never"]

    recorder = Recorder()
    call(CORS(app, origin=ORIGIN, catch_errors=True), recorder)
    assert [args[0] for args in recorder.calls] == ["500 Internal Server Error"]


@pytest.mark.parametrize("catch_errors", [False, True])
def test_write_within_the_iterable_reaches_the_server(catch_errors):
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        return (write(b"one ") or b"two" for _ in range(1))

    recorder = Recorder()
    assert list(call(CORS(app, origin=ORIGIN, catch_errors=catch_errors), recorder)) == [b"two"]
    assert recorder.written == [b"one "]


def test_headers_that_are_no_list_are_an_error_each_time():
    def app(environ, start_response):
        start_response("200 OK", iter([("Content-Type", "text/plain"), ("Content-Length", "0")]))
        return []

    middleware = CORS(app, origin="*")
    for _ in range(2):
        with pytest.raises(TypeError, match="takes a list of headers"):
            call(middleware, Recorder())


def test_what_an_application_writes_is_not_held_back():
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"one ")
        write(b"two")
        return [b"!"]

    response = request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)
    assert response.body == b"one two!"
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")


def test_exception_after_the_first_bytes_is_the_servers():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])(b"sent")
        raise LookupError("mine")

    def start_response(status, headers, exc_info=None):
        if exc_info:
            raise exc_info[1]
        return lambda data: None

    with pytest.raises(LookupError, match="mine"):
        call(CORS(app, origin=ORIGIN, catch_errors=True), start_response)


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="PyPy frees later")
def test_exception_that_is_too_late_for_a_500_is_freed_without_the_garbage_collector(monkeypatch):
    class Mine(Exception):
        pass

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])(b"sent")
        error = Mine()
        raised.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    monkeypatch.setattr(logging.getLogger("wsgicors"), "disabled", True)  # pytest keeps records
    raised = []
    middleware = CORS(app, origin=ORIGIN, catch_errors=True)
    gc.disable()
    try:
        call(middleware, lambda status, headers, exc_info=None: lambda data: None)
        assert [reference() for reference in raised] == [None]
    finally:
        gc.enable()


def test_exception_while_a_preflight_is_continued():
    both = client(app=raises_at_once, origin=ORIGIN, preflight_continue=True, catch_errors=True)
    response = preflight(both)
    assert response.status_int == 500
    assert_cors(response, allow_origin=ORIGIN, max_age="600", allow_methods=SAFE, vary="Origin")


def test_error_of_the_application_is_seen_by_the_page():
    def app(environ, start_response):
        raise LookupError("mine")

    response = request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)
    assert response.status_int == 500
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")
    response = request(client(app=app_sending(status="500 Oops"), origin=ORIGIN), ORIGIN)
    assert response.status_int == 500
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")


def test_log_says_at_which_request_the_application_failed(caplog):
    def app(environ, start_response):
        raise RuntimeError("a bug")

    CORS(app, origin=ORIGIN, catch_errors=True)({**ENVIRON, "PATH_INFO": "/\n"}, ignore)
    ((_, level, text),) = caplog.record_tuples
    assert (level, text) == (logging.ERROR, "the application failed at 'GET' '/\\n'")


def test_a_second_start_response_without_exc_info_is_the_applications_error(caplog):
    def app(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    answers = []
    CORS(app, origin=ORIGIN, catch_errors=True)(ENVIRON, lambda status, *_: answers.append(status))
    assert answers == ["500 Internal Server Error"]
    assert (
        "AssertionError: start_response was called a second time without exc_info (PEP 3333)"
        in caplog.text
    )


def test_exc_info_of_a_late_start_response_is_passed_on():
    received = []

    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"first"
        try:
            raise RuntimeError("a bug")
        except RuntimeError:
            start_response("500 Late", [], sys.exc_info())

    cors = CORS(app, origin=ORIGIN, catch_errors=True)
    list(
        cors(
            ENVIRON,
            lambda status, headers, exc_info=None: received.append(
                (status, exc_info and exc_info[0])
            ),
        )
    )
    assert received == [("200 OK", None), ("500 Late", RuntimeError)]


# --- logging ---


def lines(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "wsgicors"]


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


@pytest.mark.parametrize(
    ("options", "origin"),
    [
        pytest.param({"origin": "*"}, ORIGIN, id="static"),
        pytest.param({"origin": "*"}, "malformed", id="static-malformed"),
        pytest.param({"origin": ORIGIN}, ORIGIN, id="allowed"),
        pytest.param({"origin": ORIGIN}, None, id="no-origin"),
        pytest.param(API_ONLY, ORIGIN, id="not-governed"),
    ],
)
def test_what_is_not_refused_logs_nothing(options, origin, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    request(client(**options), origin)
    assert lines(caplog) == []


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "same"),
    [
        pytest.param("https", "app.example.com", "https://app.example.com", True, id="same"),
        pytest.param("http", "localhost:8080", "http://localhost:8080", True, id="port"),
        pytest.param("http", "app.example.com", "https://app.example.com", True, id="tls-proxy"),
        pytest.param("https", "app.example.com", "http://app.example.com", False, id="no-tls"),
        pytest.param("http", "", "http://", False, id="no-host"),
        pytest.param(
            "https", "app.example.com", "https://other.example.com", False, id="other-host"
        ),
        pytest.param(
            "https", "app.example.com:8443", "https://app.example.com", False, id="other-port"
        ),
    ],
)
def test_refusal_of_the_servers_own_origin_is_called_so(scheme, host, origin, same, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    middleware = CORS(plain_app, origin="https://nobody.example")
    call(middleware, Recorder(), "POST", origin, **{"wsgi.url_scheme": scheme, "HTTP_HOST": host})
    (line,) = lines(caplog)
    assert line.endswith("same origin") is same


@pytest.mark.parametrize(
    "text",
    [
        "x\r\nforged: line",
        "\n",
        "\x1b[31m",
        "\x00",
        "\u2028",
        "\x85",
        "%s%s%n",
        "a" * 100_000,
        "é",
        "'\"",
    ],
    ids=ascii,
)
def test_request_text_in_the_log_is_quoted_and_cut_short(text, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    middleware = CORS(plain_app, origin=ORIGIN)
    asked = {"PATH_INFO": "/" + text, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": text}
    call(middleware, Recorder(), "OPTIONS", text, **asked)
    call(middleware, Recorder(), "GET" + text, text, **asked)
    first, second = lines(caplog)
    for line in (first, second):
        assert line.isprintable()
        assert len(line) < 1000
    assert ("forged" not in text) or "\\r\\nforged" in first


def test_nothing_is_formatted_where_nobody_listens(caplog):
    class Method(str):
        def __getitem__(self, part):
            formatted.append(part)
            return str(self)[part]

    formatted = []
    middleware = CORS(plain_app, origin=ORIGIN)
    caplog.set_level(logging.INFO, "wsgicors")
    call(middleware, Recorder(), Method("GET"), OTHER)
    assert lines(caplog) == formatted == []
    caplog.set_level(logging.DEBUG, "wsgicors")
    call(middleware, Recorder(), Method("GET"), OTHER)
    assert len(lines(caplog)) == 1
    assert formatted


# flask-cors, CVE-2024-1681
@pytest.mark.parametrize(
    "key",
    [
        "PATH_INFO",
        "HTTP_ORIGIN",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
    ],
)
def test_request_text_does_not_break_a_log_line(key, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    sent = {
        "PATH_INFO": "/",
        "HTTP_ORIGIN": OTHER,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-a",
        key: "/\r\nINFO forged\n",
    }
    options = {"origin": [ORIGIN], "credentials": True, "methods": "*", "headers": "*"}
    for method in ("OPTIONS", "GET"):
        for origins in ([ORIGIN], [OTHER]):
            seen = []
            ask(
                CORS(plain_app, **{**options, "origin": origins}),
                lambda *args, seen=seen: seen.append(args),
                method,
                **sent,
            )
            assert "forged" not in str(seen)
    for record in caplog.records:
        assert record.getMessage().isprintable()
    assert len(caplog.records) >= 2


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("null", "no policy for this path allows the origin"),
        (ORIGIN, "no policy for this path allows the origin"),
        ("NULL", "the Origin header is not what browsers send"),
    ],
)
def test_log_says_why_an_origin_is_refused(caplog, origin, reason):
    caplog.set_level(logging.DEBUG, "wsgicors")
    CORS(plain_app, origin="https://other.example")({**ENVIRON, "HTTP_ORIGIN": origin}, ignore)
    assert [text for _, _, text in caplog.record_tuples] == [
        f"refused 'GET' '/' from {origin!r}: {reason}"
    ]


# --- what was answered before changes nothing ---

REMEMBERED = [
    pytest.param({"origin": "*"}, id="static"),
    pytest.param(
        {"origin": [ORIGIN, OTHER, "null"], "maxage": 5, "expose_headers": "X-A"}, id="list"
    ),
    pytest.param({"origin": "https://*.example.com:*", "timing": True}, id="wildcard"),
    pytest.param({"origin": "copy", "methods": "*", "headers": "*"}, id="copy"),
    pytest.param(
        {"origin": re.compile(r"https://.*\.net"), "matchstrategy": "verbmatch"}, id="verbmatch"
    ),
    pytest.param(
        {"origin": lambda origin, environ: environ["HTTP_X_ALLOW"] == "yes"}, id="predicate"
    ),
    pytest.param(
        {
            "origin": [ORIGIN, OTHER],
            "credentials": True,
            "methods": "*",
            "headers": "*",
            "expose_headers": "*",
        },
        id="echo",
    ),
    pytest.param(
        {**API, "api_credentials": True, "api_headers": "*", "rest_methods": "*"}, id="paths"
    ),
    pytest.param(
        {**CHOSEN, "matchstrategy": lambda environ: environ["HTTP_X_POLICY"] or None}, id="function"
    ),
    pytest.param(VERBS, id="verbs"),
    pytest.param({"origin": [ORIGIN, OTHER], "preflight_status": 200}, id="preflight-status"),
    pytest.param({"origin": "*", "preflight_status": 299}, id="static-preflight-status"),
    pytest.param({"origin": [ORIGIN, OTHER], "preflight_continue": True}, id="preflight-continue"),
    pytest.param({**STAR_LAST, "a_credentials": True, "a_methods": "*"}, id="echo-then-star"),
    pytest.param(
        {"origin": OriginList(lambda: [ORIGIN, "https://*.net"]), "credentials": True},
        id="origin-list",
    ),
    pytest.param({**DENY, "a_expose_headers": "*", "a_credentials": True}, id="deny"),
]

# Method, and what a preflight asks for.
VERBS_ASKED = [
    ("GET", None),
    ("PUT", None),
    ("OPTIONS", None),
    ("OPTIONS", "PUT"),
    ("OPTIONS", "a b"),
]


def many_requests():
    """Every combination of what a decision could depend on."""
    for path in ("/", "/api/x", "//api"):
        for origin in (ORIGIN, OTHER, "null", "malformed/", None):
            for method, asked in VERBS_ASKED:
                for headers in (None, "x-a", "x-a, x-b", "a b") if asked else (None,):
                    for number in range(2):
                        environ = {
                            "HTTP_X_ALLOW": ("yes", "no")[number],
                            "HTTP_X_POLICY": ("a", "")[number],
                            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked,
                            "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": headers,
                        }
                        yield (
                            path,
                            origin,
                            method,
                            {key: value for key, value in environ.items() if value is not None},
                        )


@pytest.mark.parametrize("options", REMEMBERED)
def test_answer_does_not_depend_on_what_was_asked_before(options):
    def answer(middleware, path, origin, method, environ):
        recorder = Recorder()
        body = call(middleware, recorder, method, origin, PATH_INFO=path, **environ)
        return recorder.calls, list(body)

    app = app_sending(("X-App", "1"), ("Vary", "Accept"))
    alone = [(asked, answer(CORS(app, **options), *asked)) for asked in many_requests()]
    together = CORS(app, **options)
    order = random.Random(1)
    for _ in range(5):
        order.shuffle(alone)
        for asked, expected in alone:
            assert answer(together, *asked) == expected


@pytest.mark.parametrize("asked", [None, "PUT"], ids=["request", "preflight"])
def test_remembered_answer_is_what_was_sent_and_is_sent_again(asked):
    middleware = CORS(plain_app, origin=ORIGIN, methods="PUT", expose_headers="X-A")
    group = middleware._rules.everywhere
    environ = {} if asked is None else {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked}
    method = "OPTIONS" if asked else "GET"
    first, again = Recorder(), Recorder()
    call(middleware, first, method, ORIGIN, **environ)
    ours = group.preflights[ORIGIN][1] if asked else group.responses[ORIGIN]
    assert [header for header in first.headers if header in ours] == ours
    ours.append(("X-Remembered", "1"))
    call(middleware, again, method, ORIGIN, **environ)
    assert again.headers == [*first.headers, ("X-Remembered", "1")]


@pytest.mark.parametrize("asked", [None, "PUT"], ids=["request", "preflight"])
def test_long_origin_is_not_remembered_and_what_is_remembered_stays(asked):
    middleware = CORS(plain_app, origin="*")
    environ = {} if asked is None else {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked}
    group = middleware._rules.everywhere
    remembered = group.preflights if asked else group.responses
    origins = [f"https://shop-{number}.example.com" for number in range(8192)]
    for origin in [*origins, "https://" + "a" * 505]:
        call(middleware, Recorder(), "OPTIONS" if asked else "GET", origin, **environ)
    assert [*remembered] == origins


@pytest.mark.parametrize("source", ["written", "list"])
@pytest.mark.parametrize("allows", [True, False])
def test_predicate_of_an_earlier_policy_is_asked_before_a_later_one_that_lists_the_origin(
    allows, source
):
    def says(origin, environ):
        return allows

    first = says if source == "written" else OriginList(lambda: [says])
    policies = {
        "first": {"origin": first, "expose_headers": "X-First"},
        "second": {"origin": ORIGIN, "expose_headers": "X-Second"},
    }
    response = request(client(policies=policies), ORIGIN)
    name = "X-First" if allows else "X-Second"
    assert_cors(response, allow_origin=ORIGIN, expose_headers=name, vary="Origin")


def test_predicates_of_the_policy_and_of_its_lists_are_all_asked():
    def never(origin, environ):
        return False

    def always(origin, environ):
        return True

    for written, listed in ((always, never), (never, always)):
        origins = [written, OriginList(lambda entry=listed: [entry])]
        response = request(client(origin=origins), ORIGIN)
        assert_cors(response, allow_origin=ORIGIN, vary="Origin")


@pytest.mark.parametrize(
    ("status", "line"), [(200, "200 OK"), (204, "204 No Content"), (299, "299 OK")]
)
def test_status_line_of_an_allowed_preflight(status, line):
    recorder = Recorder()
    environ = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    middleware = CORS(plain_app, origin=ORIGIN, preflight_status=status)
    call(middleware, recorder, "OPTIONS", ORIGIN, **environ)
    assert [args[0] for args in recorder.calls] == [line]


# jub0bs/cors 0.13.6
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("origin", [ORIGIN, OTHER, None])
@pytest.mark.parametrize("allowed", ["*", ORIGIN, [ORIGIN, "https://b.example"]])
def test_header_list_that_is_changed_changes_no_later_response(allowed, origin, method):
    middleware = CORS(plain_app, origin=allowed, maxage=5)
    environ = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    if origin is not None:
        environ["HTTP_ORIGIN"] = origin
    seen = []

    def start_response(status, headers, exc_info=None):
        seen.append(list(headers))
        headers.clear()
        headers.append(("X-Changed", "1"))

    for _ in range(3):
        ask(middleware, start_response, method, **environ)
    assert seen[0] == seen[1] == seen[2] != []


def test_caught_or_not_the_headers_are_those_that_the_application_announced():
    def app(environ, start_response):
        headers = [("Content-Type", "text/plain")]
        start_response("200 OK", headers)
        headers.append(("X-Later", "1"))
        return [b"ok"]

    for catch_errors in (False, True):
        recorder = Recorder()
        ask(CORS(app, origin="*", catch_errors=catch_errors), recorder)
        expected = [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", "*")]
        assert recorder.headers == expected


# --- configure, while requests are served ---


def test_configure_replaces_the_whole_configuration():
    middleware = CORS(validator(plain_app), origin=ORIGIN, credentials=True, maxage=5)
    both = webtest.TestApp(validator(middleware), lint=False)
    assert_cors(request(both, ORIGIN), **WITH, vary="Origin")
    middleware.configure(origin="*")
    assert_cors(request(both, ORIGIN), allow_origin="*")
    assert_cors(preflight(both), allow_origin="*", max_age="600", allow_methods=SAFE)
    middleware.configure({"policy": "a", "a_origin": OTHER})
    assert_cors(request(both, ORIGIN), vary="Origin")
    assert_cors(request(both, OTHER), allow_origin=OTHER, vary="Origin")
