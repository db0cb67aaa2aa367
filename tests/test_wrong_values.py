"""Wrong values of options: the whole message of each."""

from __future__ import annotations

import ast
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import plain_app, problems

from wsgicors import CORS, ConfigError


def direct(**options):
    return CORS(plain_app, **{"origin": "*", **options}).policies["direct"]


SECOND = datetime.timedelta(seconds=1)

TOKEN = "is not a header name: write names such as X-Token, separated by commas"
METHOD = "is not a method: write names such as GET, separated by commas"
ANY_NAME = "means any name, including Authorization: write it alone, or remove it"
ANY_RESPONSE_HEADER = "means any header of the response: write it alone, or remove it"
BARS = "is separated by '|': write {!r}"
QUOTES = "has quotes or white space around it: write {!r}"
WILDCARD = "contains '*', and a {} has no wildcard: write each name, or '*' alone"
ALL_METHODS = "is not a method: write '*' alone, for any method"
ALL_NAMES = "is not a header name: write '*' alone, for any name, including Authorization"
ALL_EXPOSED = "is not a header name: write '*' alone, for any header of the response"
ANY_METHOD = "means any method: write it alone, or remove it"
PATCH = "is not PATCH, because browsers do not change its case: write 'PATCH'"
BOOLEAN = "is not a boolean: write true or false"
SECONDS = "is not a number of seconds: write a whole number from 0 to 2147483648"
STATUS = (
    "is not a status that browsers accept for a preflight: write a whole number from 200 to 299"
)
PATHS = "/exact, or /prefix/* for everything under it"
NOT_A_PATH = "is not a path: write {!r}"
PATTERN = f"is not a plain path: write {PATHS}"
PLAIN = "is not a plain path: write {!r}"
PATH_EXPRESSION = "is a regular expression: write {!r}"
ROUTE = "is a route of a framework: write {!r}, which also governs a path of exactly this spelling"
SERVED = "is not a normalized path (see its dots and slashes): write {!r}"

RISK = "is not a risk: write one or more of any-origin, insecure-origin, public-suffix, null-origin, slow-expression"


def typed(value):
    return f"has the type {type(value).__name__}: write a string, or a list of strings"


WRONG = [
    # option, value as given, the faulty values and what is said of each
    ("origin", b"*", [(b"*", typed(b"*"))]),
    ("origin", 1, [(1, typed(1))]),
    ("origin", True, [(True, typed(True))]),
    ("origin", {"a": 1}, [({"a": 1}, typed({}))]),
    ("headers", b"X-A", [(b"X-A", typed(b""))]),
    ("headers", "X A:", [("A:", TOKEN)]),
    ("headers", "X-A; X-B", [("X-A; X-B", "is separated by ';': write 'X-A, X-B'")]),
    (
        "headers",
        ["X A", "X-B", b"X-C", None, ""],
        [("X A", TOKEN), (b"X-C", TOKEN), (None, TOKEN), ("", TOKEN)],
    ),
    ("headers", "Ünicode", [("Ünicode", TOKEN)]),
    ("headers", ["X-A\r\nX-B"], [("X-A\r\nX-B", TOKEN)]),
    ("headers", "*, X-A", [("*", ANY_NAME)]),
    ("headers", "*, Authorization", [("*", ANY_NAME)]),
    ("headers", 7, [(7, typed(7))]),
    ("headers", True, [(True, typed(True))]),
    ("headers", {"X-A": 1}, [({"X-A": 1}, typed({}))]),
    ("expose_headers", "X-A, *", [("*", ANY_RESPONSE_HEADER)]),
    ("expose_headers", "X:A", [("X:A", TOKEN)]),
    ("methods", "GET, patch", [("patch", PATCH)]),
    ("methods", ["Patch"], [("Patch", PATCH)]),
    ("methods", "GET, *", [("*", ANY_METHOD)]),
    ("methods", "GET/POST", [("GET/POST", METHOD)]),
    (
        "methods",
        "GET;POST, PU:T",
        [
            ("GET;POST, PU:T", "is separated by ';': write 'GET, POST, PU:T'"),
            ("PU:T", METHOD),
        ],
    ),
    *(
        ("methods", value, [(value, BARS.format(right))])
        for value, right in [
            ("GET|POST", "GET, POST"),
            ("get|patch|", "get, PATCH"),
            ("GET|*", "*"),
            ("GET|any", "*"),
            ("All|GET", "*"),
            ("'GET'|'PUT'", "GET, PUT"),
        ]
    ),
    ("headers", "X-A|X-B, X-C", [("X-A|X-B", BARS.format("X-A, X-B"))]),
    *(
        ("methods", value, [(value, METHOD)])
        for value in ("|", "GET||PUT", "GET|none", "``", "GET|" * 49)
    ),
    *(("methods", value, [(value, ALL_METHODS)]) for value in ("all", "ANY", "'all'")),
    ("headers", "X-A, all", [("all", ALL_NAMES)]),
    ("expose_headers", "Any", [("Any", ALL_EXPOSED)]),
    ("methods", "None", [("None", "is not a method: remove it")]),
    ("headers", ["X-A", "none"], [("none", "is not a header name: remove it")]),
    (
        "methods",
        "'GET', \"patch\" `PUT`",
        [
            ("'GET'", QUOTES.format("GET")),
            ('"patch"', QUOTES.format("PATCH")),
            ("`PUT`", QUOTES.format("PUT")),
        ],
    ),
    ("methods", "'*'", [("'*'", QUOTES.format("*"))]),
    ("headers", "X-A, 'X-B'", [("'X-B'", QUOTES.format("X-B"))]),
    ("headers", ["X-A "], [("X-A ", QUOTES.format("X-A"))]),
    ("headers", "X-*", [("X-*", WILDCARD.format("header name"))]),
    ("expose_headers", "X-*|Y", [("X-*|Y", WILDCARD.format("header name"))]),
    ("methods", "**", [("**", WILDCARD.format("method"))]),
    ("methods", b"GET", [(b"GET", typed(b""))]),
    ("methods", [b"GET"], [(b"GET", METHOD)]),
    ("methods", 1.5, [(1.5, typed(1.5))]),
    *(
        (option, value, [(value, BOOLEAN)])
        for option in ("credentials", "timing", "preflight_continue")
        for value in ("tru", "y", "2", "enabled", 1, 0, [], b"true")
    ),
    *(
        ("maxage", value, [(value, SECONDS)])
        for value in (
            "10m",
            "-1",
            -1,
            "1.5",
            1.5,
            True,
            2**31 + 1,
            "9" * 30,
            [600],
            b"600",
            "+5",
            "٣",
        )
    ),
    ("maxage", -SECOND, [(-SECOND, SECONDS)]),
    ("maxage", SECOND / 2, [(SECOND / 2, SECONDS)]),
    ("maxage", "2147483649", [("2147483649", SECONDS)]),
    *(
        ("preflight_status", value, [(value, STATUS)])
        for value in (199, 300, "302", 0, True, "ok", 204.0, b"204", "200 OK")
    ),
    ("path", "api", [("api", "is not a path: write '/api'")]),
    ("path", "*", [("*", f"is not a path: write {PATHS}")]),
    ("path", ["/a", 7], [(7, f"is not a path: write {PATHS}")]),
    ("path", [], [([], "does not contain a path: remove the option to govern every path")]),
    ("path", ",", [(",", "does not contain a path: remove the option to govern every path")]),
    ("path", "/*/x", [("/*/x", PATTERN)]),
    ("path", "/api*", [("/api*", PLAIN.format("/api/*"))]),
    ("path", "/api/**", [("/api/**", PLAIN.format("/api/*"))]),
    ("path", "/api?x=1", [("/api?x=1", PLAIN.format("/api"))]),
    ("path", "/api#top", [("/api#top", PLAIN.format("/api"))]),
    ("path", ["/a\nb"], [("/a\nb", PATTERN)]),
    ("path", "/a//b", [("/a//b", SERVED.format("/a/b"))]),
    ("path", "/a/../b/*", [("/a/../b/*", SERVED.format("/b/*"))]),
    ("path", "/a/./b", [("/a/./b", SERVED.format("/a/b"))]),
    ("path", "//", [("//", SERVED.format("/"))]),
    ("path", "/a\\b", [("/a\\b", SERVED.format("/a/b"))]),
    ("path", b"/a", [(b"/a", typed(b""))]),
    ("path", "/a b //c", [("b", "is not a path: write '/b'"), ("//c", SERVED.format("/c"))]),
    ("path", ["", " "], [(value, f"is not a path: write {PATHS}") for value in ("", " ")]),
    ("path", "/api/*/", [("/api/*/", PLAIN.format("/api/*"))]),
    ("path", "/file?.txt", [("/file?.txt", PATTERN)]),
    *(
        ("path", value, [(value, NOT_A_PATH.format(right))])
        for value, right in [
            ("api*", "/api/*"),
            ("api//x/", "/api/x/"),
            ("./api", "/api"),
            ("../api", "/api"),
            ("\\api", "/api"),
        ]
    ),
    *(
        ("path", value, [(value, PATH_EXPRESSION.format(right))])
        for value, right in [
            (r"/api/\d+", "/api/*"),
            ("^/api/.*$", "/api/*"),
            ("/api/.*", "/api/*"),
            ("/api/.+", "/api/*"),
            ("^/api", "/api/*"),
            ("^/api$", "/api"),
            (r"\A/api", "/api/*"),
            (r"\A/api\Z", "/api"),
            (r"^/api\z", "/api"),
            ("/api/[a-z]+/*", "/api/*"),
            ("/api/?$", "/api/*"),
            ("/api(/.*)?$", "/api/*"),
            (r"^\/api\/", "/api/*"),
            (r"/api/[^/]+/items\.json", "/api/*"),
        ]
    ),
    *(
        ("path", value, [(value, f"is a regular expression: write {PATHS}")])
        for value in (".*", "^", "^/(api|auth)/", r"/api-\d+/x", "/[a-z]+/x", "(?i)/api/.*")
    ),
    *(
        ("path", value, [(value, ROUTE.format(right))])
        for value, right in [
            ("/api/{id}", "/api/*"),
            ("/api/{*rest}", "/api/*"),
            ("/api/{id:[^/]+}/items", "/api/*"),
            ("/api/<int:id>", "/api/*"),
            ("api/<int:id>/", "/api/*"),
            ("/api/:id", "/api/*"),
            ("/api/:id?/*", "/api/*"),
            ("/api/*rest", "/api/*"),
        ]
    ),
    ("path", "/{id}", [("/{id}", f"is a route of a framework: write {PATHS}")]),
    *(
        ("path", value, [(value, f"is separated by '|': write {right!r}")])
        for value, right in [
            ("/api|/b", "/api, /b"),
            ("/api/*|/b//c", "/api/*, /b/c"),
            ("api|b", "/api, /b"),
        ]
    ),
    ("path", "/api|/*/x", [("/api|/*/x", f"is separated by '|': write {PATHS}")]),
    *(
        ("path", value, [(value, f"is a full URL: write {right!r}")])
        for value, right in [
            ("https://a.com/x", "/x"),
            ("https://a.com:8443/x?y=1", "/x"),
            ("https://a.com/api/{id}", "/api/*"),
            ("https://a.com", "/"),
        ]
    ),
    ("accept_risk", "any_origin", [("any_origin", f"{RISK}; did you mean 'any-origin'?")]),
    ("accept_risk", "any", [("any", RISK)]),
    ("accept_risk", "all", [("all", RISK)]),
    ("accept_risk", "*", [("*", RISK)]),
    ("accept_risk", True, [(True, typed(True))]),
    ("accept_risk", [["x"]], [(["x"], RISK)]),
]
WRONG = [pytest.param(*row, id=f"{row[0]}={row[1]!r}"[:60]) for row in WRONG]


@pytest.mark.parametrize(("option", "value", "faults"), WRONG)
def test_wrong_value_is_an_error_with_its_key_its_value_and_its_remedy(option, value, faults):
    alone = {"origin": "*", option: value}
    messages = [(fault, f"{fault!r} {message}") for fault, message in faults]
    assert problems(**alone) == [(option, *rest) for rest in messages]
    assert problems(alone) == [(option, *rest) for rest in messages]
    prefixed = {"policy": "api", "api_origin": "*", f"api_{option}": value}
    assert problems(prefixed) == [(f"api_{option}", *rest) for rest in messages]
    assert problems(policies={"api": alone}) == [
        (f"policies.api.{option}", *rest) for rest in messages
    ]


@pytest.mark.parametrize("name", ["foo", "Foo", "x!y", "O'Neil", "a^b#c", "Allow-All", "_"])
def test_token_that_is_not_another_notation_loads_as_it_is(name):
    assert direct(methods=[name]).methods == (name,)
    assert direct(headers=[name]).headers == (name,)
    assert direct(expose_headers=[name]).expose_headers == (name,)


NAME_PIECES = [*"|'\"`* \n:!aX-", "GET", "patch", "any", "none", "é"]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(["methods", "headers", "expose_headers"]),
    st.lists(st.sampled_from(NAME_PIECES), max_size=6).map("".join),
)
def test_names_that_a_message_shows_load(option, text):
    try:
        assert len(getattr(direct(**{option: [text]}), option)) == 1
        return
    except ConfigError as error:
        (problem,) = error.problems
    fault, _, remedy = problem.message.rpartition(": write ")
    if fault.endswith(("by '|'", "around it")):
        assert getattr(direct(**{option: ast.literal_eval(remedy)}), option)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1:batch",
        "/wiki/Foo_(bar)",
        "/users/$count",
        "/a|b",
        "/x/{y}.json",
        "/c++/x",
        "/a.b/...",
        "/v[12]",
        "/:",
        "/a;b=1/~me/@x,y",
    ],
)
def test_characters_that_urls_may_have_do_not_make_a_route_or_an_expression(path):
    for written in (path, f"{path}/*"):
        assert CORS(plain_app, origin="*", path=[written]).policies["direct"].path == (written,)


PIECES = [
    *"/.*\\?#|^$()[]{}<>:+ -ad",
    "api",
    "{id}",
    ":x",
    "\\d",
    "://",
    "https://a.com",
    "\n",
    "é",
]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_path_that_a_message_shows_loads(text):
    try:
        assert CORS(plain_app, origin="*", path=[text]).policies["direct"].path == (text,)
        return
    except ConfigError as error:
        (problem,) = error.problems
    fault, _, remedy = problem.message.removeprefix(repr(text)).partition(": write ")
    assert fault.startswith(" is ")
    if remedy != PATHS:
        shown = ast.literal_eval(remedy.partition(", which ")[0])
        right = shown.split(", ") if fault.endswith("by '|'") else [shown]
        assert CORS(plain_app, origin="*", path=right).policies


@pytest.mark.parametrize(("length", "shown"), [(196, True), (197, False)])
def test_path_that_would_be_cut_short_is_not_shown(length, shown):
    path = f"/{'a' * length}/"
    remedy = repr(path) if shown else PATHS
    ((_, _, message),) = problems(origin="*", path=f"{path}/")
    assert message.partition(": write ")[2] == remedy


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(
            {"matchstrategy": "verbmach"},
            (
                "matchstrategy",
                "verbmach",
                "'verbmach' is not a strategy: write firstmatch or verbmatch, or a function f(environ)",
            ),
            id="matchstrategy",
        ),
        pytest.param(
            {"matchstrategy": 1},
            (
                "matchstrategy",
                1,
                "1 is not a strategy: write firstmatch or verbmatch, or a function f(environ)",
            ),
            id="matchstrategy-number",
        ),
        pytest.param(
            {"catch_errors": "maybe"},
            ("catch_errors", "maybe", f"'maybe' {BOOLEAN}"),
            id="catch_errors",
        ),
    ],
)
def test_wrong_global_option_is_an_error(options, expected):
    assert problems(origin="*", **options) == [expected]


def test_patch_in_lower_case_is_an_error_that_says_so():
    assert problems(origin="*", methods="get, patch") == [
        (
            "methods",
            "patch",
            "'patch' is not PATCH, because browsers do not change its case: write 'PATCH'",
        )
    ]


@pytest.mark.parametrize(
    ("text", "seconds"), [("2147483648", 2147483648), (" 600 ", 600), ("0000000600", 600)]
)
def test_seconds_have_ten_digits_at_most(text, seconds):
    assert CORS(plain_app, origin="*", maxage=text).policies["direct"].maxage == seconds
    for other in ("2147483649", f"{text.strip()}0".rjust(11, "0"), "00000000600"):
        ((_, _, message),) = problems(origin="*", maxage=other)
        assert message.endswith("write a whole number from 0 to 2147483648")
