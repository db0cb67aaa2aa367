"""OriginList: its arguments, and what its source may return."""

from __future__ import annotations

import inspect
import re

import pytest
from origin_list_support import Source, allowed
from support import ORIGIN, OTHER, assert_cors, client, plain_app, preflight, request

from wsgicors import CORS, ConfigError, OriginList

pytestmark = pytest.mark.usefixtures("no_reload_outlives_its_test")


def accepts_app(origin, environ):
    return origin == ORIGIN


GIVEN = {
    "list": [ORIGIN],
    "tuple": (ORIGIN,),
    "set": {ORIGIN},
    "keys of a mapping": {ORIGIN: 1}.keys(),
    "generator": lambda: (origin for origin in [ORIGIN]),
    "text": ORIGIN,
    "text with commas": f"{ORIGIN}, https://third.example.com",
    "text with lines": f"\n{ORIGIN}\r\nhttps://third.example.com\n",
    "wildcard": ["https://*.example.com"],
    "part of a label": ["https://a*.example.com"],
    "any port": [f"{ORIGIN}:*"],
    "regular expression": [re.compile(r"https://[a-z]+\.example\.com")],
    "predicate": [accepts_app],
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN.keys())
def test_load_returns_what_a_list_of_origins_may_hold(given):
    source = Source()
    source.gives = given
    test_client = client(origin=OriginList(source), expose_headers="X-Total")
    assert_cors(
        request(test_client, ORIGIN), allow_origin=ORIGIN, expose_headers="X-Total", vary="Origin"
    )
    assert_cors(request(test_client, OTHER), vary="Origin")
    assert_cors(request(test_client), vary="Origin")
    assert_cors(
        preflight(test_client),
        allow_origin=ORIGIN,
        max_age="600",
        allow_methods="GET, HEAD, POST",
        vary="Origin",
    )
    assert preflight(test_client, OTHER).status_int == 403


def test_null_comes_from_a_list_too():
    test_client = client(origin=OriginList(Source("null")))
    assert allowed(test_client, "null")
    assert not allowed(test_client, ORIGIN)


def test_a_list_stands_beside_other_origins():
    test_client = client(
        origin=[OriginList(Source(ORIGIN)), "https://third.example.com", OriginList(Source(OTHER))]
    )
    assert [
        allowed(test_client, origin) for origin in (ORIGIN, OTHER, "https://third.example.com")
    ] == [True] * 3
    assert not allowed(test_client, "https://fourth.example.com")


def test_a_predicate_of_a_list_that_fails_refuses_the_request(caplog):
    def fails(origin, environ):
        raise LookupError("down")

    test_client = client(origin=OriginList(Source(fails, "https://*.example.com")))
    assert_cors(request(test_client, OTHER), vary="Origin")
    assert [record.exc_info[0] for record in caplog.records] == [LookupError]


# Construction


SECONDS = "is not a number of seconds above 0 and at most 2**31: write 60"
WRONG = {
    "load": ({"load": [ORIGIN]}, "load: ['https://app.example.com'] is not a function: write one without arguments that"
             " returns the origins"),
    "every, zero": ({"every": 0}, f"every: 0 {SECONDS}"),
    "every, negative": ({"every": -1.5}, f"every: -1.5 {SECONDS}"),
    "every, text": ({"every": "60"}, f"every: '60' {SECONDS}"),
    "every, boolean": ({"every": True}, f"every: True {SECONDS}"),
    "every, infinite": ({"every": float("inf")}, f"every: inf {SECONDS}"),
    "every, not a number": ({"every": float("nan")}, f"every: nan {SECONDS}"),
    "every, too large": ({"every": 2**31 + 1},
             f"every: 2147483649 {SECONDS}"),
    "allow_empty": ({"allow_empty": "no"}, "allow_empty: 'no' is not a boolean: write True or False"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ConfigError) as caught:
        OriginList(**{"load": lambda: ORIGIN, **wrong})
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_greatest_interval_is_accepted():
    assert list(OriginList(lambda: ORIGIN, every=2**31)) == [ORIGIN]


def test_all_wrong_arguments_are_named_at_once():
    with pytest.raises(ConfigError) as caught:
        OriginList(None, None, None)
    assert [problem.key for problem in caught.value.problems] == ["load", "every", "allow_empty"]


BAD = {
    "empty list": (
        [],
        ["load: source returned no origins: write allow_empty=True to accept an empty list"],
    ),
    "empty text": (
        "",
        ["load: source returned no origins: write allow_empty=True to accept an empty list"],
    ),
    "nothing valid": (
        ["app.example.com", 7],
        [
            "load: 'app.example.com' is not what browsers send (no scheme): write 'https://app.example.com'",
            "load: 7 has the type int: write 'scheme://host', 'null', a compiled regular expression,"
            " or a function f(origin, environ)",
        ],
    ),
    "bytes": (
        b"https://app.example.com",
        [
            "load: b'https://app.example.com' has the type bytes: write 'scheme://host', 'null', a compiled regular"
            " expression, or a function f(origin, environ)",
        ],
    ),
    "nothing iterable": (
        lambda: None,
        ["load: source failed: TypeError: 'NoneType' object is not iterable"],
    ),
    "an exception": (OSError("down"), ["load: source failed: OSError: down"]),
}


@pytest.mark.parametrize(("gives", "messages"), BAD.values(), ids=BAD.keys())
def test_a_source_that_is_bad_at_the_start_is_an_error(gives, messages):
    source = Source()
    source.gives = gives
    with pytest.raises(ConfigError) as caught:
        OriginList(source)
    assert [str(problem) for problem in caught.value.problems] == messages
    assert source.asked == 1


def test_the_cause_of_the_error_is_chained():
    source = Source()
    source.gives = OSError("down")
    with pytest.raises(ConfigError) as caught:
        OriginList(source)
    assert caught.value.__cause__ is source.gives


def test_an_interruption_at_the_start_is_not_swallowed():
    source = Source()
    source.gives = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        OriginList(source)


@pytest.mark.parametrize(
    "good",
    ["https://*.example.com", re.compile("https://a"), lambda origin, environ: True, ORIGIN],
    ids=["pattern", "regex", "call", "name"],
)
def test_one_good_entry_is_enough_for_a_list(good, caplog):
    policy = CORS(plain_app, origin=OriginList(lambda: [7, good])).policies["direct"]
    assert len(policy.origin) == 1
    assert "7 has the type int" in caplog.text


def test_log_of_a_list_says_how_to_accept_a_risk(caplog):
    CORS(plain_app, origin=OriginList(lambda: [ORIGIN, "null"]), credentials=True)
    assert caplog.messages[0].endswith("or accept it with accept_risk = null-origin")


def test_defaults_of_a_list():
    with pytest.raises(ConfigError) as caught:
        OriginList(list)
    assert (
        str(caught.value.problems[0])
        == f"load: {list!r} returned no origins: write allow_empty=True to accept an empty list"
    )
    assert inspect.signature(OriginList).parameters["every"].default == 60.0


def test_problem_of_a_source_holds_the_source():
    def fails():
        raise OSError

    with pytest.raises(ConfigError) as caught:
        OriginList(fails)
    assert [(problem.key, problem.value) for problem in caught.value.problems] == [("load", fails)]
