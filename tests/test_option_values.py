"""Every option in all the forms of its value, and its default."""

from __future__ import annotations

import datetime
import re
from collections import OrderedDict
from types import MappingProxyType

import pytest
from support import ORIGIN, OTHER, client, plain_app, preflight, problems

from wsgicors import CORS, OriginList


def predicate(origin, environ):
    return False


EXPRESSION = re.compile(r"https://app\.example\.com")
SOURCE = OriginList(lambda: [ORIGIN])

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


@pytest.mark.parametrize("value", ["firstmatch", "verbmatch", lambda environ: None, None, ""])
def test_strategy_in_every_form(value):
    assert list(CORS(plain_app, origin="*", matchstrategy=value).policies) == ["direct"]


def test_a_set_of_several_types_is_read_to_its_end():
    assert [
        message.split(" is ")[0] for _, _, message in problems(origin="*", methods={"B@", 1, None})
    ] == [
        "1",
        "'B@'",
        "None",
    ]


def test_number_of_a_subclass_is_sent_as_a_number():
    class Named(int):
        def __str__(self):
            return "a name"

    response = preflight(client(origin="*", maxage=Named(60)))
    assert response.headers["Access-Control-Max-Age"] == "60"
