"""Functions as origins: when they are asked, and what their answer does."""

from __future__ import annotations

import itertools
import logging
import re

import pytest
from response_support import REFUSED, Recorder, allowed, call
from support import (
    ENVIRON,
    ORIGIN,
    OTHER,
    assert_cors,
    client,
    cors_headers,
    ignore,
    never,
    plain_app,
    preflight,
    request,
)

from wsgicors import CORS, OriginList

# What a function may write into the environ of a preflight.
CHANGED = {
    "REQUEST_METHOD": "HEAD",
    "HTTP_ORIGIN": OTHER,
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "a\r\nb",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-changed",
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


def test_predicate_is_not_asked_about_null_nor_about_what_a_pattern_admits():
    assert_cors(request(client(origin=never), "null"), vary="Origin")
    assert_cors(request(client(origin=["null", never]), "null"), allow_origin="null", vary="Origin")
    assert_cors(request(client(origin=[never, ORIGIN]), ORIGIN), allow_origin=ORIGIN, vary="Origin")


def test_predicate_sees_the_environ_of_the_request():
    def same_tenant(origin, environ):
        return origin == f"https://{environ['HTTP_X_TENANT']}.example"

    both = client(origin=same_tenant)
    assert_cors(
        request(both, "https://a.example", X_Tenant="a"),
        allow_origin="https://a.example",
        vary="Origin",
    )
    assert_cors(request(both, "https://a.example", X_Tenant="b"), vary="Origin")


async def asynchronous(origin, environ):
    return True


def raising(origin, environ):
    raise LookupError("no database")


class Truthy:
    def __bool__(self):
        return True


@pytest.mark.parametrize(
    ("predicate", "admitted", "errors"),
    [
        pytest.param(lambda origin, environ: True, True, 0, id="True"),
        pytest.param(lambda origin, environ: False, False, 0, id="False"),
        pytest.param(lambda origin, environ: None, False, 1, id="None"),
        pytest.param(lambda origin, environ: 1, False, 1, id="1"),
        pytest.param(lambda origin, environ: 0, False, 1, id="0"),
        pytest.param(lambda origin, environ: "yes", False, 1, id="text"),
        pytest.param(lambda origin, environ: re.match("h", origin), False, 1, id="match"),
        pytest.param(lambda origin, environ: Truthy(), False, 1, id="truthy"),
        pytest.param(asynchronous, False, 1, id="coroutine"),
        pytest.param(raising, False, 1, id="raises"),
    ],
)
def test_predicate_allows_by_true_alone_and_what_is_not_boolean_is_an_error(
    predicate, admitted, errors, caplog
):
    expected = {"allow_origin": ORIGIN} if admitted else {}
    for form in (predicate, [predicate], ["https://unrelated.example", predicate]):
        caplog.clear()
        response = request(client(origin=form), ORIGIN)
        assert (response.status_int, response.text) == (200, "ok")
        assert_cors(response, **expected, vary="Origin")
        found = [record for record in caplog.records if record.levelname == "ERROR"]
        assert [record.name for record in found] == ["wsgicors"] * errors
        assert preflight(client(origin=form)).status_int == (200 if admitted else 403)


def test_predicate_that_raises_is_logged_with_its_traceback(caplog):
    request(client(origin=raising), ORIGIN)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (record.exc_info[0], str(record.exc_info[1])) == (LookupError, "no database")


def test_failing_predicate_refuses_although_a_later_one_or_policy_would_allow():
    assert_cors(
        request(client(origin=[raising, lambda origin, environ: True]), ORIGIN), vary="Origin"
    )
    both = client(policy="a, b", a_origin=raising, b_origin="copy")
    assert_cors(request(both, ORIGIN), vary="Origin")


def test_next_predicate_is_asked_after_false():
    both = client(origin=[lambda origin, environ: False, lambda origin, environ: origin == ORIGIN])
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(both, OTHER), vary="Origin")


def test_coroutine_of_a_predicate_allows_nobody(caplog):
    async def predicate(origin, environ):
        return True

    assert_cors(request(client(origin=predicate), ORIGIN), vary="Origin")
    assert [record.levelname for record in caplog.records if record.name == "wsgicors"] == ["ERROR"]


BOOLEAN = "write one that returns True or False"


def breaks(origin, environ):
    """A predicate that fails."""
    raise RuntimeError


async def waits(origin, environ):
    """A predicate that gives a coroutine."""


def says_yes(origin, environ):
    """A predicate that gives no boolean."""
    return "yes"


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (
            breaks,
            "the predicate breaks (test_predicates.py:{}) failed for origin '{}'",
        ),
        (
            says_yes,
            "the predicate says_yes (test_predicates.py:{}) returned 'yes' for origin '{}': "
            + BOOLEAN,
        ),
        (
            waits,
            "the predicate waits (test_predicates.py:{}) returned <coroutine object waits at {} for origin '{}': "
            + BOOLEAN,
        ),
    ],
)
def test_log_says_which_predicate_failed_and_how(caplog, predicate, message):
    CORS(plain_app, origin=predicate)({**ENVIRON, "HTTP_ORIGIN": ORIGIN}, ignore)
    ((name, level, text),) = caplog.record_tuples
    assert (name, level) == ("wsgicors", logging.ERROR)
    shown = re.sub(r"0x[0-9a-f]+>", "{}", re.sub(r":\d+\)", ":{})", text))
    assert shown.replace(ORIGIN, "{}") == message
