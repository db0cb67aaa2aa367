"""Configuration: every option in all its forms, every shape, precedence, and every error whole."""

from __future__ import annotations

import ast
import datetime
import pickle
import re
from collections import OrderedDict
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ORIGIN, OTHER, assert_cors, client, plain_app, preflight, problems, request

import wsgicors
from wsgicors import CORS, ConfigError, OriginList, Problem, make_middleware


def direct(**options):
    return CORS(plain_app, **{"origin": "*", **options}).policies["direct"]


# --- options and the forms of their values ---


def predicate(origin, environ):
    return False


EXPRESSION = re.compile(r"https://app\.example\.com")
SOURCE = OriginList(lambda: [ORIGIN])
SECOND = datetime.timedelta(seconds=1)

FORMS = [
    # option, value as given, value in force
    ("origin", "*", ("*",)),
    ("origin", ["*"], ("*",)),
    ("origin", "copy", ("copy",)),
    ("origin", " * ", ("*",)),
    ("origin", "", ()),
    ("origin", " \n ", ()),
    ("origin", [], ()),
    ("origin", (), ()),
    ("origin", set(), ()),
    ("origin", ORIGIN, (ORIGIN,)),
    ("origin", f"{ORIGIN},{OTHER}", (ORIGIN, OTHER)),
    ("origin", f"{ORIGIN} {OTHER}", (ORIGIN, OTHER)),
    ("origin", f"\n{ORIGIN} ,\n\t{OTHER},\n", (ORIGIN, OTHER)),
    ("origin", [ORIGIN, OTHER], (ORIGIN, OTHER)),
    ("origin", (ORIGIN, OTHER), (ORIGIN, OTHER)),
    ("origin", {ORIGIN}, (ORIGIN,)),
    ("origin", frozenset((ORIGIN,)), (ORIGIN,)),
    ("origin", EXPRESSION, (EXPRESSION,)),
    ("origin", [EXPRESSION, ORIGIN], (EXPRESSION, ORIGIN)),
    ("origin", predicate, (predicate,)),
    ("origin", [ORIGIN, predicate], (ORIGIN, predicate)),
    ("origin", SOURCE, (SOURCE,)),
    ("origin", [SOURCE, ORIGIN], (SOURCE, ORIGIN)),
    ("origin", "null", ("null",)),
    ("path", None, ()),
    ("path", "", ()),
    ("path", "/", ("/",)),
    ("path", "/*", ("/*",)),
    ("path", "/api", ("/api",)),
    ("path", "/api/*", ("/api/*",)),
    ("path", "/api/", ("/api/",)),
    ("path", "/a /b/*, /c", ("/a", "/b/*", "/c")),
    ("path", ["/a b", "/c,d"], ("/a b", "/c,d")),
    ("path", ("/a", "/b"), ("/a", "/b")),
    ("path", ["/a", "/a"], ("/a",)),
    ("path", "/café", ("/café",)),
    ("path", "/a+b/%2e", ("/a+b/%2e",)),
    ("methods", None, ("GET", "HEAD", "POST")),
    ("methods", "", ("GET", "HEAD", "POST")),
    ("methods", [], ()),
    ("methods", "*", ("*",)),
    ("methods", ["*"], ("*",)),
    ("methods", "GET,POST,OPTIONS", ("GET", "POST", "OPTIONS")),
    ("methods", "GET, PUT", ("GET", "PUT")),
    ("methods", "GET PUT", ("GET", "PUT")),
    ("methods", ["GET", "PUT"], ("GET", "PUT")),
    (
        "methods",
        "get Put dElEtE head options post",
        ("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "POST"),
    ),
    ("methods", "PATCH", ("PATCH",)),
    ("methods", "propfind PROPFIND", ("propfind", "PROPFIND")),
    ("methods", "GET, get, GET", ("GET",)),
    ("headers", None, ()),
    ("headers", "", ()),
    ("headers", [], ()),
    ("headers", "*", ("*",)),
    ("headers", "X-A, x-b", ("X-A", "x-b")),
    ("headers", "X-A x-b,X-C", ("X-A", "x-b", "X-C")),
    ("headers", ["X-A"], ("X-A",)),
    ("headers", ("X-A", "X-B"), ("X-A", "X-B")),
    ("headers", {"X-B", "X-A", "X-C"}, ("X-A", "X-B", "X-C")),
    ("headers", "X-A, x-a, X-A", ("X-A",)),
    ("headers", "!#$%&'+-.^_`~a", ("!#$%&'+-.^_`~a",)),
    ("expose_headers", None, ()),
    ("expose_headers", "*", ("*",)),
    ("expose_headers", "X-A, ETag", ("X-A", "ETag")),
    ("expose_headers", {"X-A"}, ("X-A",)),
    *(
        ("timing", value, True)
        for value in (True, "true", "True", "TRUE", "yes", "Yes", "on", "ON", "1", " true ")
    ),
    *(
        ("timing", value, False)
        for value in (False, "false", "False", "no", "NO", "off", "oFF", "0", None, "", " ")
    ),
    ("credentials", None, False),
    ("credentials", "off", False),
    ("preflight_continue", "on", True),
    ("preflight_continue", None, False),
    ("maxage", None, 600),
    ("maxage", "", 600),
    ("maxage", 0, 0),
    ("maxage", "0", 0),
    ("maxage", 600, 600),
    ("maxage", "180", 180),
    ("maxage", " 86400 ", 86400),
    ("maxage", "0600", 600),
    ("maxage", datetime.timedelta(hours=1), 3600),
    ("maxage", datetime.timedelta(0), 0),
    ("maxage", 2**31, 2**31),
    ("preflight_status", None, 200),
    ("preflight_status", 200, 200),
    ("preflight_status", "200", 200),
    ("preflight_status", 299, 299),
    ("accept_risk", None, frozenset()),
    ("accept_risk", "", frozenset()),
    ("accept_risk", "any-origin", {"any-origin"}),
    ("accept_risk", "any-origin, null-origin", {"any-origin", "null-origin"}),
    ("accept_risk", ["public-suffix", "insecure-origin"], {"public-suffix", "insecure-origin"}),
]


@pytest.mark.parametrize(
    ("option", "value", "in_force"),
    [pytest.param(*row, id=f"{row[0]}={row[1]!r}"[:60]) for row in FORMS],
)
def test_option_means_the_same_in_every_shape(option, value, in_force):
    alone = {"origin": "*", option: value}
    prefixed = {"policy": "api", "api_origin": "*", f"api_{option}": value}
    for policies in (
        CORS(plain_app, **alone).policies,
        CORS(plain_app, alone).policies,
        CORS(plain_app, MappingProxyType(alone)).policies,
        CORS(plain_app, **prefixed).policies,
        CORS(plain_app, prefixed).policies,
        CORS(plain_app, policies={"api": alone}).policies,
        CORS(plain_app, {"policies": OrderedDict(api=MappingProxyType(alone))}).policies,
    ):
        (policy,) = policies.values()
        found = getattr(policy, option)
        assert found == in_force
        assert type(found) is (frozenset if option == "accept_risk" else type(in_force))


def test_credentials_in_every_form():
    for value in (True, "true", "YES", "on", "1"):
        assert (
            CORS(plain_app, origin=ORIGIN, credentials=value).policies["direct"].credentials is True
        )


def test_defaults():
    policy = CORS(plain_app, origin=ORIGIN).policies["direct"]
    assert (policy.name, policy.origin, policy.path, policy.methods) == (
        "direct",
        (ORIGIN,),
        (),
        ("GET", "HEAD", "POST"),
    )
    assert (policy.headers, policy.expose_headers, policy.credentials, policy.maxage) == (
        (),
        (),
        False,
        600,
    )
    assert (
        policy.timing,
        policy.preflight_status,
        policy.preflight_continue,
        policy.accept_risk,
    ) == (
        False,
        200,
        False,
        frozenset(),
    )


# --- wrong values: whole messages ---

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
A_PATH = "is a path, not the name of a policy: choose a name, and set its option path"
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


@pytest.mark.parametrize("value", ["firstmatch", "verbmatch", lambda environ: None, None, ""])
def test_strategy_in_every_form(value):
    assert list(CORS(plain_app, origin="*", matchstrategy=value).policies) == ["direct"]


def test_patch_in_lower_case_is_an_error_that_says_so():
    assert problems(origin="*", methods="get, patch") == [
        (
            "methods",
            "patch",
            "'patch' is not PATCH, because browsers do not change its case: write 'PATCH'",
        )
    ]


def test_a_set_of_several_types_is_read_to_its_end():
    assert [
        message.split(" is ")[0] for _, _, message in problems(origin="*", methods={"B@", 1, None})
    ] == [
        "1",
        "'B@'",
        "None",
    ]


@pytest.mark.parametrize(
    ("text", "seconds"), [("2147483648", 2147483648), (" 600 ", 600), ("0000000600", 600)]
)
def test_seconds_have_ten_digits_at_most(text, seconds):
    assert CORS(plain_app, origin="*", maxage=text).policies["direct"].maxage == seconds
    for other in ("2147483649", f"{text.strip()}0".rjust(11, "0"), "00000000600"):
        ((_, _, message),) = problems(origin="*", maxage=other)
        assert message.endswith("write a whole number from 0 to 2147483648")


# --- shapes ---


@pytest.mark.parametrize(
    "policy",
    [
        "api, public",
        "api,public",
        "api public",
        "\n api\n public\n",
        ["api", "public"],
        ("api", "public"),
    ],
    ids=repr,
)
def test_several_policies_in_order(policy):
    options = {"api_path": "/api/*", "api_origin": ORIGIN, "public_origin": "*"}
    for middleware in (
        CORS(plain_app, {"policy": policy, **options}),
        CORS(plain_app, options, policy=policy),
        CORS(plain_app, policy=policy, **options),
    ):
        assert [(name, policy.name) for name, policy in middleware.policies.items()] == [
            ("api", "api"),
            ("public", "public"),
        ]
        assert middleware.policies["api"].path == ("/api/*",)
        assert middleware.policies["public"].origin == ("*",)


NESTED = {"b": {"origin": "*"}, "a": {"origin": ORIGIN, "maxage": 5}}


def test_nested_policies_are_in_the_order_of_the_mapping():
    assert list(CORS(plain_app, policies=NESTED).policies) == ["b", "a"]
    assert list(CORS(plain_app, {"policies": NESTED}).policies) == ["b", "a"]


def test_policy_beside_nested_policies_gives_the_order_and_which_are_active():
    assert list(CORS(plain_app, policies=NESTED, policy="a, b").policies) == ["a", "b"]
    assert list(CORS(plain_app, policies=NESTED, policy="a").policies) == ["a"]
    with_deny = CORS(plain_app, policies=NESTED, policy="a, deny")
    assert list(with_deny.policies) == ["a"]


def test_nested_and_flat_keys_of_one_policy_add_up():
    policy = CORS(plain_app, policies={"api": {"origin": ORIGIN}}, api_maxage=5).policies["api"]
    assert (policy.origin, policy.maxage) == ((ORIGIN,), 5)


def test_policy_may_be_called_direct_or_anything():
    for name in ("direct", "api-v2", "a.b", "allow", "a_b", "origin", "policy", "é"):
        assert list(CORS(plain_app, {"policy": name, f"{name}_origin": "*"}).policies) == [name]
        assert list(CORS(plain_app, policies={name: {"origin": "*"}}).policies) == [name]


def test_deny_ends_the_list_and_needs_no_options():
    for policy in ("deny", "a, deny", "deny, a", "a, deny, b"):
        middleware = CORS(plain_app, policy=policy, a_origin=ORIGIN)
        assert list(middleware.policies) == ([] if policy.startswith("deny") else ["a"])


def test_policies_are_read_only_and_a_policy_is_immutable():
    policies = CORS(plain_app, origin="*").policies
    with pytest.raises(TypeError):
        policies["other"] = policies["direct"]
    with pytest.raises(TypeError):
        del policies["direct"]
    policy = policies["direct"]
    for change in (
        lambda: setattr(policy, "origin", ("copy",)),
        lambda: setattr(policy, "other", 1),
        lambda: delattr(policy, "origin"),
    ):
        with pytest.raises(AttributeError):
            change()
    assert policy.origin == ("*",)
    assert repr(policy).startswith("Policy(name='direct', origin=('*',)")


def test_configuration_is_copied():
    origins, methods = [ORIGIN], ["GET"]
    nested = {"api": {"origin": origins, "methods": methods}}
    cfg = {"policies": nested}
    middleware = CORS(plain_app, cfg)
    origins.append(OTHER)
    methods.append("PUT")
    nested["api"]["maxage"] = 5
    nested.clear()
    cfg.clear()
    policy = middleware.policies["api"]
    assert (policy.origin, policy.methods, policy.maxage) == ((ORIGIN,), ("GET",), 600)


def test_configuration_is_never_changed():
    cfg = {
        "policy": "api",
        "api_origin": [ORIGIN, OTHER],
        "api_headers": "",
        "old_origin": None,
        "api_maxage": "5",
    }
    before = {key: list(value) if isinstance(value, list) else value for key, value in cfg.items()}
    CORS(plain_app, cfg, api_timing=True)
    assert cfg == before


def test_everything_for_everyone():
    both = client(headers="*", methods="*", maxage="180", origin="*")
    assert_cors(request(both), allow_origin="*")
    assert_cors(
        preflight(both),
        allow_origin="*",
        allow_methods="*, PUT, PATCH, DELETE",
        allow_headers="*, Authorization, Content-Type",
        max_age="180",
        vary="Access-Control-Request-Headers",
    )


def test_methods_without_spaces():
    both = client(headers="*", methods="GET,POST,OPTIONS", origin="*")
    assert_cors(
        preflight(both),
        allow_origin="*",
        allow_methods="GET, POST, OPTIONS",
        allow_headers="*, Authorization, Content-Type",
        max_age="600",
        vary="Access-Control-Request-Headers",
    )


def test_open_policy():
    both = client(
        {
            "policy": "open",
            "open_origin": "*",
            "open_headers": "*",
            "open_methods": "*",
            "open_maxage": "86400",
        }
    )
    assert_cors(
        preflight(both),
        allow_origin="*",
        allow_methods="*, PUT, PATCH, DELETE",
        allow_headers="*, Authorization, Content-Type",
        max_age="86400",
        vary="Access-Control-Request-Headers",
    )


def test_empty_list_of_origins_joined_to_an_empty_text_is_nobody():
    assert_cors(request(client(origin=",".join([])), ORIGIN), vary="Origin")


def test_number_and_names_joined_by_comma_and_space():
    both = client(
        origin=ORIGIN,
        maxage=180,
        methods=", ".join(["GET", "PUT"]),
        headers=", ".join(["X-A", "X-B"]),
    )
    assert_cors(
        preflight(both),
        allow_origin=ORIGIN,
        allow_methods="GET, PUT",
        allow_headers="X-A, X-B",
        max_age="180",
        vary="Origin",
    )


def test_nested_policies_of_a_section_are_policies_of_its_own():
    cors = make_middleware(
        plain_app, {"policy": "shared", "shared_origin": "*"}, policies={"own": {"origin": "*"}}
    )
    assert list(cors.policies) == ["own"]


# --- precedence ---


def test_keywords_override_cfg():
    policy = CORS(
        plain_app, {"origin": "*", "maxage": 5, "timing": True}, origin=ORIGIN, maxage=0
    ).policies["direct"]
    assert (policy.origin, policy.maxage, policy.timing) == ((ORIGIN,), 0, True)
    middleware = CORS(plain_app, {"policy": "a", "a_origin": "*", "b_origin": "*"}, policy="b")
    assert list(middleware.policies) == ["b"]


def test_keyword_that_is_none_or_empty_text_overrides_nothing():
    cfg = {"origin": "*", "maxage": 5, "methods": "PUT"}
    policy = CORS(plain_app, cfg, origin=None, maxage=None, methods="").policies["direct"]
    assert (policy.origin, policy.maxage, policy.methods) == (("*",), 5, ("PUT",))


def test_keyword_with_an_empty_origin_overrides():
    assert CORS(plain_app, {"origin": "*"}, origin="").policies["direct"].origin == ()
    assert CORS(plain_app, {"policy": "a", "a_origin": "*"}, a_origin=[]).policies["a"].origin == ()


def test_faulty_value_that_is_overridden_does_not_count():
    assert CORS(plain_app, {"origin": "nonsense/"}, origin="*").policies["direct"].origin == ("*",)


@pytest.mark.parametrize("cfg", [None, {}])
def test_no_cfg(cfg):
    assert CORS(plain_app, cfg, origin="*").policies["direct"].origin == ("*",)


# --- keys ---


def unknown(key, value, end):
    return (key, value, f"{value!r} is given to an unknown option{end}")


def meant(key):
    return f"; did you mean {key!r}?"


FOREIGN = {
    "origin": (
        "origins allow_origin allow_origins allowed_origins allow_origin_regex CORS_ALLOWED_ORIGINS"
        " CORS_ORIGIN_WHITELIST Access-Control-Allow-Origin orign Origin"
    ),
    "methods": "method allow_methods allowed_methods CORS_ALLOW_METHODS access_control_allow_methods methdos Methods",
    "headers": "header allow_headers allowed_headers CORS_ALLOW_HEADERS access-control-allow-headers haeders",
    "expose_headers": "exposed_headers expose_header CORS_EXPOSE_HEADERS exposeHeaders access_control_expose_headers",
    "credentials": "credential supports_credentials support_credentials allow_credentials CORS_ALLOW_CREDENTIALS"
    " CORS_SUPPORTS_CREDENTIALS withCredentials credentails",
    "maxage": "max_age maxAge MAX_AGE max-age CORS_PREFLIGHT_MAX_AGE preflight_max_age maxages",
    "timing": "timing_allow_origin Timing-Allow-Origin timming",
    "preflight_status": "optionsSuccessStatus options_success_status preflight_statu",
    "preflight_continue": "preflightContinue options_passthrough preflight_continues",
    "accept_risk": "accept_risks accepted_risks acceptrisk",
    "path": "paths resources urls_regex pth",
}
FOREIGN = [
    pytest.param(key, option, id=key) for option, keys in FOREIGN.items() for key in keys.split()
]


VALID = {
    "origin": ORIGIN,
    "path": "/x",
    "methods": "GET",
    "headers": "X-A",
    "expose_headers": "X-A",
    "credentials": "true",
    "maxage": "5",
    "timing": "true",
    "preflight_status": "200",
    "preflight_continue": "true",
    "accept_risk": "any-origin",
}


@pytest.mark.parametrize(("key", "option"), FOREIGN)
def test_unknown_key_is_an_error_that_names_the_one_that_is_meant(key, option):
    value = VALID[option]
    others = {} if option == "origin" else {"origin": ORIGIN}
    assert problems({**others, key: value}) == [unknown(key, value, meant(option))]
    prefixed = {f"api_{name}": given for name, given in others.items()}
    assert problems({"policy": "api", **prefixed, f"api_{key}": value}) == [
        unknown(f"api_{key}", value, meant(f"api_{option}"))
    ]
    assert problems(policies={"api": {**others, key: value}}) == [
        unknown(f"policies.api.{key}", value, meant(option))
    ]


def spare(known):
    return f": remove it, because {known!r} is set as well"


@pytest.mark.parametrize(
    ("key", "value", "end"),
    [
        pytest.param("api_orign", "*", spare("api_origin"), id="spelling"),
        pytest.param("aip_methods", "PUT", meant("api_methods"), id="spelling-of-the-name"),
        pytest.param("api-path", "/x", meant("api_path"), id="hyphen"),
        pytest.param("api_max_age", "5", meant("api_maxage"), id="underscore"),
        pytest.param("max_age", "5", meant("api_maxage"), id="without-the-name"),
        pytest.param("policys", "api", spare("policy"), id="policy"),
        pytest.param("match_strategy", "verbmatch", meant("matchstrategy"), id="matchstrategy"),
        pytest.param("catcherrors", "yes", meant("catch_errors"), id="catch_errors"),
    ],
)
def test_nearest_known_key_is_offered(key, value, end):
    assert problems({"policy": "api", "api_origin": "*", key: value}) == [unknown(key, value, end)]


def test_without_a_near_key_all_are_listed():
    options = (
        "origin, path, methods, headers, expose_headers, credentials, maxage, timing, preflight_status,"
        " preflight_continue, accept_risk"
    )
    assert problems(origin="*", zzzz=1) == [unknown("zzzz", 1, f": write one of {options}")]


def test_unknown_key_that_is_none_is_not_given():
    assert CORS(plain_app, origin="*", zzzz=None).policies


def test_keys_of_an_inactive_policy_are_fine():
    inactive = {
        "old_origin": "http://x/",
        "old_methods": b"?",
        "old_whatever": 1,
        "older_origin": "*",
    }
    assert list(CORS(plain_app, policy="api", api_origin="*", **inactive).policies) == ["api"]
    assert list(CORS(plain_app, origin="*", **inactive).policies) == ["direct"]
    nested = {"api": {"origin": "*"}, "old": {"origin": "http://x/", "methods": b"?"}}
    assert list(CORS(plain_app, policies=nested, policy="api").policies) == ["api"]


def test_keys_of_a_policy_without_origin_that_is_not_active_are_unknown():
    assert problems(policy="api", api_origin="*", old_methods="GET") == [
        unknown("old_methods", "GET", meant("api_methods"))
    ]


@pytest.mark.parametrize(
    "key",
    [
        "allow_origin",
        "expose_origin",
        "allowed_origin",
        "cors_allow_origin",
        "access_control_allow_origin",
    ],
)
def test_name_of_another_library_is_no_inactive_policy(key):
    assert problems({key: "*"}) == [unknown(key, "*", meant("origin"))]
    assert problems({"policy": "api", f"api_{key}": "*"}) == [
        unknown(f"api_{key}", "*", meant("api_origin"))
    ]


@pytest.mark.parametrize("key", [1, None, b"origin", ("origin",)], ids=repr)
def test_key_that_is_no_text_is_an_error(key):
    assert problems({"origin": "*", key: 2}) == [
        (repr(key), 2, "2 has a key that is not a string: write the name of an option")
    ]


def test_typing_error_in_the_name_of_an_option_is_an_error():
    assert problems(origin=ORIGIN, orign="x", supports_credentials=True) == [
        (
            "orign",
            "x",
            "'x' is given to an unknown option:"
            " add its values to 'origin', which is one list of all of them",
        ),
        (
            "orign",
            "x",
            "'x' is not an origin: write scheme://host such as 'https://app.example.com',"
            " or '*' for anyone",
        ),
        (
            "supports_credentials",
            True,
            "True is given to an unknown option; did you mean 'credentials'?",
        ),
    ]


@pytest.mark.parametrize(
    "key",
    [
        "allow_dev_origin",
        "allowed_dev_origin",
        "expose_dev_origin",
        "exposed_dev_origin",
        "dev_dev_xyz",
    ],
)
def test_key_that_only_looks_like_one_of_an_inactive_policy_is_unknown(key):
    found = problems({"policy": "api", "api_origin": "*", key: "x"})
    assert [found_key for found_key, _, _ in found] == [key]
    assert found[0][2].startswith("'x' is given to an unknown option")


def test_only_keys_of_an_origin_name_an_inactive_policy():
    options = {"dev_origin": "*", "dev_methods": "GET", "x_y": "1"}
    missing = [message for key, _, message in problems(options) if key == "policy"]
    assert missing == ["is missing, so no policy is active: write policy = dev"]


def test_what_is_not_shown_gets_no_suggestion():
    messages = [
        message
        for _, _, message in problems({"origin": "*", **{f"orgin{n}": "x" for n in range(60)}})
    ]
    assert all(
        message.endswith(": remove it, because 'origin' is set as well")
        for message in messages[:50]
    )
    assert set(messages[50:]) == {"'x' is given to an unknown option"}


# --- what does not fit together ---

FORMS_OF_ORIGIN = "or '*' for anyone, or an empty value for nobody"
EVERY_OPTION = "is missing, and so is every other option of {!r} (names are case-sensitive)"

MISFITS = [
    (
        "nothing",
        {},
        [
            (
                "origin",
                None,
                f"is missing: write origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-origin",
        {"maxage": 5},
        [
            (
                "origin",
                None,
                f"is missing: write origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-origin-prefixed",
        {"policy": "api", "api_maxage": 5},
        [
            (
                "api_origin",
                None,
                f"is missing: write api_origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-origin-nested",
        {"policies": {"api": {"maxage": 5}}},
        [
            (
                "policies.api.origin",
                None,
                f"is missing: write policies.api.origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-key-of-a-policy",
        {"policy": "api"},
        [
            (
                "api_origin",
                None,
                f"{EVERY_OPTION.format('api')}: write api_origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-key-of-a-policy-called-direct",
        {"policy": "direct"},
        [
            (
                "direct_origin",
                None,
                f"{EVERY_OPTION.format('direct')}: write direct_origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "case-of-a-name",
        {"policy": "API", "api_origin": "*"},
        [
            (
                "policy",
                "API",
                "'API' has no options; did you mean 'api'? (names are case-sensitive)",
            )
        ],
    ),
    (
        "policy-forgotten",
        {"api_origin": "*", "public_origin": "*"},
        [("policy", None, "is missing, so no policy is active: write policy = api, public")],
    ),
    (
        "direct-beside-policy",
        {"policy": "api, rest", "api_origin": "*", "rest_origin": "*", "maxage": 5, "origin": "*"},
        [
            (
                "maxage",
                5,
                "5 is set beside the policies api, rest, but not for one of them: write 'api_maxage',"
                " or remove the list of policies",
            ),
            (
                "origin",
                "*",
                "'*' is set beside the policies api, rest, but not for one of them: leave it out",
            ),
        ],
    ),
    (
        "direct-beside-policies",
        {"policies": {"api": {"origin": "*"}}, "maxage": 5},
        [
            (
                "maxage",
                5,
                "5 is set beside the policies api, but not for one of them: write 'api_maxage', or remove the list of policies",
            )
        ],
    ),
    (
        "policy-twice",
        {"policy": "a, b, a", "a_origin": "*", "b_origin": "*"},
        [
            (
                "policy",
                "a",
                "'a' is listed twice: list each policy once",
            )
        ],
    ),
    (
        "policy-is-bytes",
        {"policy": b"a", "a_origin": "*"},
        [("policy", b"a", "b'a' has the type bytes: write a string, or a list of strings")],
    ),
    (
        "policy-name-is-no-text",
        {"policy": ["a", 1], "a_origin": "*"},
        [("policy", 1, "1 is not the name of a policy: write a string")],
    ),
    (
        "policy-names-are-no-text",
        {"policy": [1, 2], "a_origin": "*"},
        [
            ("policy", 1, "1 is not the name of a policy: write a string"),
            ("policy", 2, "2 is not the name of a policy: write a string"),
        ],
    ),
    (
        "nested-names-are-no-text",
        {"policies": {1: {"origin": "*"}, 2: {"origin": "*"}}},
        [
            ("policies", 1, "1 is not the name of a policy: write a string"),
            ("policies", 2, "2 is not the name of a policy: write a string"),
        ],
    ),
    (
        "nested-name-is-no-text",
        {"policies": {"a": {"origin": "*"}, 1: {"origin": "*"}}},
        [("policies", 1, "1 is not the name of a policy: write a string")],
    ),
    (
        "nested-name-is-empty",
        {"policies": {"a": {"origin": "*"}, "": {"origin": "*"}}},
        [("policies", "", "'' is not the name of a policy: write a string")],
    ),
    (
        "policy-name-is-a-path",
        {"policy": "/api", "/api_origin": "*"},
        [("policy", "/api", f"'/api' {A_PATH}")],
    ),
    (
        "nested-name-is-a-path",
        {"policies": {"/api/*": {"origin": "*", "maxage": "x"}}},
        [
            ("policies", "/api/*", f"'/api/*' {A_PATH}"),
            ("policies./api/*.maxage", "x", f"'x' {SECONDS}"),
        ],
    ),
    (
        "policy-with-a-prefix",
        {"cors_policy": "a", "a_origin": "*"},
        [("cors_policy", "a", "'a' is given to an unknown option; did you mean 'policy'?")],
    ),
    (
        "resources-of-flask-cors",
        {"resources": {"/api/*": {"origins": "*"}}},
        [
            (
                "resources",
                {"/api/*": {"origins": "*"}},
                "{'/api/*': {'origins': '*'}} is given to an unknown option; did you mean 'policies'?",
            ),
            ("policies", "/api/*", f"'/api/*' {A_PATH}"),
            (
                "policies./api/*.origins",
                "*",
                "'*' is given to an unknown option; did you mean 'origin'?",
            ),
        ],
    ),
    (
        "nested-key-is-no-text",
        {"policies": {"a": {"origin": "*", 1: "x"}}},
        [
            (
                "policies.a.1",
                "x",
                "'x' is given to an unknown option: write one of origin, path, methods, headers, expose_headers,"
                " credentials, maxage, timing, preflight_status, preflight_continue, accept_risk",
            )
        ],
    ),
    (
        "policies-is-text",
        {"policies": "api"},
        [("policies", "api", "'api' is not a mapping: write {'name': {'origin': ...}}")],
    ),
    (
        "a-policy-is-no-mapping",
        {"policies": {"a": 5, "b": {"origin": "*"}}},
        [("policies", 5, "5 is not a mapping of options: write {'a': {'origin': ...}}")],
    ),
    (
        "given-twice",
        {"policies": {"api": {"origin": "*", "maxage": 1}}, "api_maxage": 2},
        [("api_maxage", 2, "2 is set as policies.api.maxage as well: keep one of the two")],
    ),
    (
        "options-of-deny",
        {"policy": "deny", "deny_origin": "*"},
        [
            (
                "deny_origin",
                "*",
                "'*' has no effect, because the policy deny is built in: rename the policy",
            )
        ],
    ),
    (
        "options-of-nested-deny",
        {"policies": {"deny": {"origin": "*"}}},
        [
            (
                "policies.deny.origin",
                "*",
                "'*' has no effect, because the policy deny is built in: rename the policy",
            )
        ],
    ),
    (
        "two-owners",
        {"policy": "a, a_expose", "a_origin": "*", "a_expose_origin": "*", "a_expose_headers": "X"},
        [
            (
                "a_expose_headers",
                "X",
                "'X' may belong to the policy 'a' or to 'a_expose': rename one, or nest the options",
            )
        ],
    ),
]


@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(*row[1:], id=row[0]) for row in MISFITS]
)
def test_what_does_not_fit_together_is_an_error(options, expected):
    assert problems(options) == expected
    assert problems(**options) == expected


def test_path_beside_a_callable_strategy_is_an_error():
    def strategy(environ):
        return None

    message = "'/x' has no effect beside a callable matchstrategy: leave it out"
    assert problems(origin="*", path="/x", matchstrategy=strategy) == [("path", "/x", message)]
    assert problems(policies={"a": {"origin": "*", "path": "/x"}}, matchstrategy=strategy) == [
        ("policies.a.path", "/x", message)
    ]


@pytest.mark.parametrize("cfg", ["origin", ["origin"], 7, [("origin", "*")]], ids=repr)
def test_cfg_that_is_no_mapping_is_an_error(cfg):
    message = f"{cfg!r} is not a mapping: write CORS(app, origin=...), or give a dict"
    assert problems(cfg, origin="*") == [("cfg", cfg, message)]


@pytest.mark.parametrize(
    ("app", "shown"),
    [(None, "None"), ("app", "'app'"), ([], "[]"), ({"HTTP_COOKIE": "secret"}, "<dict>")],
    ids=["none", "text", "list", "an environ, if a server calls the class itself"],
)
def test_application_that_cannot_be_called_is_an_error(app, shown):
    with pytest.raises(ConfigError) as caught:
        CORS(app, origin="*")
    message = f"{shown} is not a WSGI application: write CORS(application, ...)"
    assert [tuple(problem)[:3] for problem in caught.value.problems] == [("app", app, message)]


def test_call_is_text_here():
    (found,) = problems(origin="call:module:name")
    assert found[:2] == ("origin", "call:module:name")


# --- the error ---


def test_every_problem_is_listed_with_its_key():
    found = problems(
        {
            "policy": "api, pub, pub",
            "matchstrategy": "first",
            "catch_errors": "x",
            "api_origin": "example.com, https://a.example/",
            "api_methods": "patch",
            "api_headers": "a:b",
            "api_maxage": "1h",
            "pub_credentials": "si",
            "pub_path": "pub",
            "zzz_methods": "GET",
        }
    )
    assert {key for key, _, _ in found} == {
        "policy",
        "matchstrategy",
        "catch_errors",
        "api_origin",
        "api_methods",
        "api_headers",
        "api_maxage",
        "pub_credentials",
        "pub_path",
        "pub_origin",
        "zzz_methods",
    }
    assert len(found) == 12


def test_one_faulty_policy_hides_no_other():
    assert [key for key, _, _ in problems(policies={"a": 5, "b": {"origin": "nope/"}})] == [
        "policies",
        "policies.b.origin",
    ]


def test_text_of_the_error_shows_each_problem_on_a_line():
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, origin="app.example.com", max_age=5)
    assert str(caught.value) == (
        "2 problems in the CORS configuration:\n"
        "  max_age: 5 is given to an unknown option; did you mean 'maxage'?\n"
        "  origin: 'app.example.com' is not what browsers send (no scheme): write 'https://app.example.com'"
    )
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, origin="*", maxage="1h")
    assert str(caught.value) == (
        "1 problem in the CORS configuration:\n"
        "  maxage: '1h' is not a number of seconds: write a whole number from 0 to 2147483648"
    )


@pytest.mark.parametrize(("count", "shown"), [(49, 49), (50, 50), (51, 50), (1000, 50)])
def test_text_of_the_error_shows_the_first_50_and_problems_has_all(count, shown):
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, origin=[f"host{number}.example" for number in range(count)])
    assert len(caught.value.problems) == count
    head, *lines = str(caught.value).split("\n")
    assert head == f"{count} problems in the CORS configuration:"
    assert [line[:10] for line in lines[:shown]] == ["  origin: "] * shown
    assert lines[shown:] == ([f"  ... and {count - shown} more"] if count > shown else [])


@pytest.mark.parametrize(
    "value",
    ["a" * 100_000, "https://a\r\nb/", "\x1b[31m", ["x" * 300], "https://" + "ü" * 1000],
    ids=lambda v: repr(v)[:9],
)
def test_foreign_text_in_a_message_stays_on_its_line_and_is_cut_short(value):
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, origin="*", maxage=value)
    head, line = str(caught.value).split("\n")
    assert line.isprintable()
    assert len(line) < 400
    assert caught.value.problems[0].value == value


class Verbose:
    def __repr__(self):
        return "first line\nsecond line\x1b[31m"


@pytest.mark.parametrize(
    "options",
    [{"maxage": Verbose()}, {"max\nage": 1}, {"policy": ["a\nb"]}],
    ids=["value", "key", "name"],
)
def test_every_problem_is_one_line(options):
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, {"origin": "*", **options})
    head, *lines = str(caught.value).split("\n")
    assert len(lines) == len(caught.value.problems)
    assert all(line.isprintable() for line in lines)


class Unspeakable:
    def __repr__(self):
        raise RuntimeError("no")


def test_value_that_cannot_be_shown_is_an_error_all_the_same():
    value = Unspeakable()
    assert problems(origin="*", maxage=value) == [
        (
            "maxage",
            value,
            "<Unspeakable> is not a number of seconds: write a whole number from 0 to 2147483648",
        )
    ]


@pytest.mark.parametrize("option", [*wsgicors.OPTIONS, *wsgicors.GLOBAL_OPTIONS])
@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: [x], lambda x: {x, "X-A"}, lambda x: {x: x}]
)
def test_no_value_of_an_option_raises_anything_else(option, wrap):
    options = {"origin": "https://app.example.com", option: wrap(Unspeakable())}
    with pytest.raises(ConfigError, match="<(Unspeakable|dict|list|set)>"):
        CORS(plain_app, options)


def test_key_that_cannot_be_shown_is_an_error_all_the_same():
    key = Unspeakable()
    found = problems({key: 1, "policies": {"shop": {"origin": "*", key: 2}, key: {}}})
    assert [problem[0] for problem in found] == [
        "<Unspeakable>",
        "policies",
        "policies.shop.<Unspeakable>",
    ]


def test_error_is_a_value_error_and_survives_pickling():
    with pytest.raises(ValueError, match="1 problem") as caught:
        CORS(plain_app, origin="*", maxage="1h")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.problems, str(again)) == (
        ConfigError,
        caught.value.problems,
        str(caught.value),
    )


def test_nothing_is_printed(capfd):
    CORS(plain_app, origin="*")
    problems(origin="x", zzz=1)
    assert capfd.readouterr() == ("", "")


def test_a_problem_with_control_characters_is_printed_escaped():
    assert str(Problem("a\nb", None, "is \x1b[2J")) == "a\\nb: is \\x1b[2J"
    assert str(Problem("é", None, "is 'ü'")) == "é: is 'ü'"


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        pytest.param(197, "'" + "a" * 197 + "'", id="just-short-enough"),
        pytest.param(198, "'" + "a" * 198 + "'", id="as-long-as-may-be"),
        pytest.param(199, "'" + "a" * 196 + "...", id="one-too-long"),
        pytest.param(10**6, "'" + "a" * 196 + "...", id="huge"),
    ],
)
def test_a_long_value_is_cut_to_200_characters(length, shown):
    ((_, _, message),) = problems(origin=[ORIGIN], credentials="a" * length)
    assert message == f"{shown} is not a boolean: write true or false"


def test_a_long_value_of_another_type_is_cut_as_well():
    ((_, _, message),) = problems(origin=[ORIGIN], credentials=["a" * 300])
    assert message == "['" + "a" * 195 + "... is not a boolean: write true or false"


def test_a_global_option_among_those_of_a_policy_is_named_with_its_value():
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, policies={"api": {"origin": "*", "catch_errors": "true"}})
    assert caught.value.problems == (
        Problem(
            "policies.api.catch_errors",
            "true",
            "'true' belongs to the whole configuration and not to a policy: write catch_errors beside policies",
            "conflict",
        ),
    )


# --- configure ---


def test_configure_with_a_bad_configuration_raises_and_changes_nothing():
    both = client(origin=ORIGIN, maxage=5)
    middleware = CORS(plain_app, origin=ORIGIN, maxage=5)
    before = middleware.policies
    for cfg, options in (
        ({}, {}),
        ({"origin": "x/"}, {}),
        (None, {"origin": "*", "zzz": 1}),
        ("x", {}),
    ):
        with pytest.raises(ConfigError):
            middleware.configure(cfg, **options)
        assert middleware.policies == before
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, vary="Origin")


def test_configure_forgets_what_was_before():
    middleware = CORS(plain_app, origin=ORIGIN, maxage=5, catch_errors=True)
    assert middleware.configure({"policy": "a"}, a_origin="*") is None
    assert list(middleware.policies) == ["a"]
    assert middleware.policies["a"].maxage == 600


def test_public_names():
    assert {"CORS", "ConfigError", "OriginList", "Policy", "make_middleware", "__version__"} <= set(
        wsgicors.__all__
    )
    assert all(hasattr(wsgicors, name) for name in wsgicors.__all__)
    assert type(CORS(plain_app, origin="*").policies["direct"]) is wsgicors.Policy
    assert re.fullmatch(r"1\.\d+\.\d+", wsgicors.__version__)


def test_typing_error_of_an_active_policy_is_not_taken_for_a_key_of_an_inactive_one():
    with pytest.raises(ConfigError) as caught:
        CORS(
            plain_app,
            policy="api_v2",
            api_v2_origin=ORIGIN,
            api_v2_paths="/api/*",
            api_origin="*",
            api_maxage="5",
        )
    assert [problem.key for problem in caught.value.problems] == ["api_v2_paths"]


def test_number_of_a_subclass_is_sent_as_a_number():
    class Named(int):
        def __str__(self):
            return "a name"

    response = preflight(client(origin="*", maxage=Named(60)))
    assert response.headers["Access-Control-Max-Age"] == "60"


def test_key_named_as_a_parameter_is_an_unknown_option_of_a_section():
    with pytest.raises(ConfigError) as caught:
        make_middleware(plain_app, {}, origin="*", app="shop", cfg="shop.ini")
    assert [problem.key for problem in caught.value.problems] == ["app", "cfg"]


def test_global_conf_may_be_given_by_keyword():
    assert make_middleware(plain_app, cfg={"policy": "open", "open_origin": "*"}).policies[
        "open"
    ].origin == ("*",)


def test_global_option_inside_a_policy_is_shown_its_place():
    with pytest.raises(ConfigError, match="write catch_errors beside policies"):
        CORS(plain_app, policies={"api": {"origin": "*", "catch_errors": True}})


def test_only_the_problems_that_the_text_shows_have_suggestions():
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, origin="*", **{f"maxag{number}": 1 for number in range(60)})
    suggested = ["'maxag" in problem.message for problem in caught.value.problems]
    assert suggested == [True] * 50 + [False] * 10


def test_a_policy_says_what_to_use_instead_of_changing_it():
    policy = CORS(plain_app, origin="*").policies["direct"]
    for change in (lambda: setattr(policy, "maxage", 1), lambda: delattr(policy, "maxage")):
        with pytest.raises(AttributeError) as caught:
            change()
        assert str(caught.value) == "a Policy is immutable: use CORS.configure"
