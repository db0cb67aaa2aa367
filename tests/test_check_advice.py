"""The command `check`: advice on what loads but is probably not meant."""

from __future__ import annotations

import sys

import pytest
from check_support import FILTER

FIRST = "a, which comes first for the same path, allows all of its origins"

ADVICE = {
    "maxage_0": (
        "origin = *\nheaders = X-A\nmaxage = 0",
        "a.ini:5: maxage: makes browsers repeat the preflight before every request: remove it to use 600 seconds",
    ),
    "maxage_below_a_minute": (
        "origin = *\nmethods = PUT\nmaxage = 59",
        "a.ini:5: maxage: makes browsers repeat the preflight after 59 seconds: remove it to use 600 seconds",
    ),
    "maxage_too_long": (
        "origin = *\nmaxage = 99999999",
        "a.ini:4: maxage: no browser honours more than 86400 seconds (Chromium 7200, WebKit 600)",
    ),
    "empty_origin": ("origin =", "a.ini:3: origin: is empty, so no page is allowed"),
    "forbidden_method": (
        "origin = *\nmethods = GET, TRACE",
        "a.ini:4: methods: TRACE has no effect: no page may send it",
    ),
    "forbidden_header": (
        "origin = *\nheaders = X-A, Cookie",
        "a.ini:4: headers: Cookie has no effect: no page may set it, the browser does",
    ),
    "safelisted_response_header": (
        "origin = *\nexpose_headers = Content-Type",
        "a.ini:4: expose_headers: Content-Type has no effect: every page may read it",
    ),
    "forbidden_response_header": (
        "origin = *\nexpose_headers = Set-Cookie",
        "a.ini:4: expose_headers: Set-Cookie has no effect: no page may ever read it",
    ),
    "risk_without_credentials": (
        "origin = *\naccept_risk = any-origin",
        "a.ini:4: accept_risk: any-origin is not a risk of this policy: remove it",
    ),
    "risk_that_is_not_there": (
        "origin = https://a.example\ncredentials = yes\naccept_risk = null-origin",
        "a.ini:5: accept_risk: null-origin is not a risk of this policy: remove it",
    ),
    "after_deny": (
        "policy = a, deny, b\na_origin = *\nb_origin = *",
        "a.ini:3: policy: b comes after deny, so it is never used",
    ),
    "inactive": (
        "policy = a\na_origin = *\nold_origin = *",
        "a.ini:5: old_origin: old is not listed in policy, so it is not active",
    ),
    "inactive_beside_a_direct_one": (
        "origin = *\nold_origin = *",
        "a.ini:4: old_origin: old is not listed in policy, so it is not active",
    ),
    "after_anyone": (
        "policy = a, b\na_origin = *\nb_origin = https://b.example",
        "a.ini:5: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "after_copy_that_admits_null": (
        "policy = a, b\na_origin = copy\nb_origin = null",
        "a.ini:5: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "pattern_after_anyone": (
        "policy = a, b\na_origin = *\nb_origin = https://*.b.example",
        "a.ini:5: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "after_the_same_pattern": (
        "policy = a, b\na_origin = https://*.b.example\nb_origin = https://*.b.example https://x.b.example",
        "a.ini:5: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "after_the_same_verbs": (
        "matchstrategy = verbmatch\npolicy = a, b\na_origin = *\nb_origin = *\nb_methods = GET",
        "a.ini:6: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "path_in_the_shadow": (
        "policy = a, b\na_origin = *\na_path = /api/*\nb_origin = https://b.example\nb_path = /api/v1/* /api",
        "a.ini:6: b_origin: no request can reach the policy b: policies that come first govern all of its paths",
    ),
    "every_path_in_the_shadow": (
        "policy = a, b\na_origin = *\na_path = /*\nb_origin = https://b.example",
        "a.ini:6: b_origin: no request can reach the policy b: policies that come first govern all of its paths",
    ),
    "every_path_in_the_shadow_of_a_later_one": (
        "policy = b, a\na_origin = *\na_path = /*\nb_origin = https://b.example",
        "a.ini:6: b_origin: no request can reach the policy b: policies that come first govern all of its paths",
    ),
}  # fmt: skip

NO_ADVICE = {
    "plain": "origin = https://a.example",
    "not_after_another_origin": "policy = a, b\na_origin = https://a.example\nb_origin = https://b.example",
    "not_after_copy_that_refuses_null": (
        "policy = a, b\na_origin = copy\na_credentials = on\na_accept_risk = any-origin\nb_origin = null"
    ),
    "not_after_a_wildcard": "policy = a, b\na_origin = https://a.example\nb_origin = https://*.example",
    "not_after_fewer_verbs": (
        "matchstrategy = verbmatch\npolicy = a, b\na_origin = *\na_methods = GET\nb_origin = *\nb_methods = POST"
    ),
    "not_after_another_path": "policy = a, b\na_origin = *\na_path = /a\nb_origin = *\nb_path = /a/*",
    "not_for_an_empty_one": "policy = a\na_origin = *",
    "risk_that_is_there": "origin = http://a.example\ncredentials = on\naccept_risk = insecure-origin",
    "null_with_copy": "origin = copy\ncredentials = on\naccept_risk = any-origin null-origin",
    "any_risk_for_a_strategy": "matchstrategy = call:check_support:strategy\npolicy = a, b\na_origin = *\nb_origin = *",
    "port_wildcard": "origin = http://localhost:*\ncredentials = on",
    "active_by_an_object": "policy = call:check_support:POLICIES\na_origin = *",
    "predicate": "policy = a, b\na_origin = call:check_support:allow\nb_origin = https://b.example",
}


@pytest.mark.parametrize(("options", "line"), ADVICE.values(), ids=ADVICE)
def test_advice_is_given_with_exit_status_0(options, line, check):
    status, lines = check("a.ini", a_ini=FILTER + options + "\n")
    assert status == 0
    assert line in lines
    assert lines[-1] == "no problems, 1 piece of advice"


@pytest.mark.parametrize("options", NO_ADVICE.values(), ids=NO_ADVICE)
def test_no_advice_where_all_is_well(options, check):
    status, lines = check("a.ini", a_ini=FILTER + options + "\n")
    assert (status, lines[-1]) == (0, "no problems")


def test_wildcard_with_credentials_asks_for_the_whole_public_suffix_list(check, monkeypatch):
    ini = FILTER + "origin = https://*.example.com\ncredentials = true\n"
    assert check("a.ini", a_ini=ini)[1][-1] == "no problems"
    monkeypatch.setattr("wsgicors_explain.advice.public_suffix_list", lambda: None)
    status, lines = check("a.ini", a_ini=ini)
    assert status == 0
    assert lines[-2].startswith(
        "a.ini:3: origin: https://*.example.com is used with credentials, and only a short table was searched"
    )
    assert lines[-2].endswith("install wsgicors[psl]")


def test_key_of_a_direct_policy_that_default_hides_is_a_problem(check):
    ini = (
        "[DEFAULT]\norigin = *\nmethods = GET\n"
        + FILTER
        + "origin = https://a.example\nmethods = GET\n"
    )
    status, lines = check("a.ini", a_ini=ini)
    assert status == 1
    hidden = "a.ini:6: origin: has no effect, because [DEFAULT] has it too"
    assert f"{hidden}: name the policy, as in policy = api and api_origin = ..." in lines
    assert lines[-1] == "1 problem"


def test_key_of_a_named_policy_that_default_hides_is_pointed_out(check):
    ini = "[DEFAULT]\na_origin = *\n" + FILTER + "policy = a\na_origin = https://a.example\n"
    status, lines = check("a.ini", a_ini=ini)
    assert status == 0
    assert lines[-2:] == [
        "a.ini:6: a_origin: has no effect, because [DEFAULT] has it too: write 'set a_origin = ...'",
        "no problems, 1 piece of advice",
    ]


def test_filter_that_nothing_uses_is_pointed_out(check):
    status, lines = check("a.ini", a_ini="[app:main]\nuse = egg:x\n" + FILTER + "origin = *\n")
    assert lines[-2:] == [
        "a.ini:3: filter:cors: has no effect, because no pipeline or filter-with refers to it",
        "no problems, 1 piece of advice",
    ]


@pytest.mark.parametrize(
    ("risk", "advice"),
    [
        ("slow-expression", []),
        (
            "any-origin",
            ["listed.py:3: accept_risk: any-origin is not a risk of this policy: remove it"],
        ),
    ],
    ids=["counts_without_credentials", "counts_with_credentials_only"],
)
def test_risk_that_a_list_may_bring_is_not_called_absent(risk, advice, check):
    code = f"""
        from wsgicors import CORS, OriginList
        def inner(environ, start_response): ...
        app = CORS(inner, origin=OriginList(lambda: ["https://b.example"]), accept_risk="{risk}")
        """
    try:
        status, lines = check("listed:app", listed_py=code)
    finally:
        sys.modules.pop("listed", None)
    assert lines[3] == "  direct: <lambda>() (listed.py:3): 1 origin, loaded 0 s ago"
    assert (status, lines[4:-1]) == (0, advice)
