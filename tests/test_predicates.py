"""Functions as origins: when they are asked, and what their answer does."""

from __future__ import annotations

import itertools

import pytest
from response_support import REFUSED, Recorder, allowed, call
from support import ORIGIN, OTHER, assert_cors, client, cors_headers, plain_app, request

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
