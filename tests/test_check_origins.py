"""check_origins: what a form or an import shows its user."""

from __future__ import annotations

import inspect
import re

import pytest

from wsgicors import ConfigError, check_origins

GOOD = "https://shop.example.com"
IN_FULL = "write an origin in full, such as 'https://app.example.com'"
NETWORK = "http is not authenticated, so anyone who controls a user's network can be this origin"

FINE = {
    "nothing": ("", {}),
    "text": (f"{GOOD}, https://other.example.com", {"credentials": True, "patterns": False}),
    "list": ([GOOD], {"patterns": False}),
    "generator": ((origin for origin in [GOOD]), {}),
    "patterns": (["https://*.example.com", "null", re.compile(r"https://a\.example\.com")], {}),
    "risk without credentials": (["http://shop.example.com"], {}),
    "accepted risk": (
        ["http://shop.example.com"],
        {"credentials": True, "accept_risk": "insecure-origin"},
    ),
}


@pytest.mark.parametrize(("origins", "options"), FINE.values(), ids=FINE.keys())
def test_good_origins_have_no_problems(origins, options):
    assert check_origins(origins, **options) == ()


BAD = {
    "slash": (f"{GOOD}/", {}, f"is not what browsers send (a trailing slash): write '{GOOD}'"),
    "no scheme": (
        "shop.example.com",
        {"patterns": False},
        f"is not what browsers send (no scheme): write '{GOOD}'",
    ),
    "two in one field": (
        f"{GOOD} https://b.example.com",
        {"patterns": False},
        "contains more than one word: write each origin as a separate entry",
    ),
    "wildcard": (
        "https://*.example.com",
        {"patterns": False},
        f"is not an exact origin: {IN_FULL}",
    ),
    "null": ("null", {"patterns": False}, f"is not an exact origin: {IN_FULL}"),
    "quoted null": ("`null`", {"patterns": False}, f"is not an exact origin: {IN_FULL}"),
    "quoted copy": ("\u201ccopy\u201d", {"patterns": False}, f"is not an exact origin: {IN_FULL}"),
    "page without an origin": (
        "data:text/html",
        {"patterns": False},
        f"is never sent, because pages of data: URLs have the origin null: {IN_FULL}",
    ),
    "word, patterns": (
        "shop",
        {},
        "is not an origin: write scheme://host such as 'https://app.example.com'",
    ),
    "word": ("shop", {"patterns": False}, f"is not an origin: {IN_FULL}"),
    "port": ("https://a.example:0", {"patterns": False}, f"has an invalid port: {IN_FULL}"),
    "risk": (
        "http://shop.example.com",
        {"credentials": True},
        f"with credentials is prohibited (insecure-origin): {NETWORK}; write https",
    ),
}


@pytest.mark.parametrize(("origin", "options", "message"), BAD.values(), ids=BAD.keys())
def test_problem_is_one_that_the_user_of_a_form_can_mend(origin, options, message):
    (problem,) = check_origins([origin], **options)
    assert (problem.key, problem.value) == ("origins", origin)
    assert problem.message == f"{origin!r} {message}"


def test_slow_expression_is_a_problem_also_without_credentials():
    slow = re.compile(r"https://([a-z]+\.?)+\.example\.com")
    (problem,) = check_origins([slow])
    assert problem.value is slow
    assert "is prohibited (slow-expression)" in problem.message
    assert check_origins([slow], accept_risk="slow-expression") == ()


@pytest.mark.parametrize("patterns", [True, False])
def test_risk_without_patterns_has_its_code_as_well(patterns):
    problems = check_origins(["http://a.example.com"], credentials=True, patterns=patterns)
    assert [problem.code for problem in problems] == ["insecure-origin"]
    assert "accept_risk" not in problems[0].message
    assert check_origins(["http://a.example.com"], patterns=patterns) == ()


def test_patterns_are_fine_by_default():
    assert check_origins(["https://*.example.com", "http://*.example.com"]) == ()


def test_all_problems_are_found():
    problems = check_origins(f"shop.example.com {GOOD} http://a.example.com", credentials=True)
    assert [problem.value for problem in problems] == ["shop.example.com", "http://a.example.com"]


WRONG = {
    "credentials": (
        {"credentials": "yes"},
        "credentials: 'yes' is not a boolean: write True or False",
    ),
    "patterns": ({"patterns": None}, "patterns: None is not a boolean: write True or False"),
}


@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_are_errors_of_the_program(wrong, message):
    with pytest.raises(ConfigError) as caught:
        check_origins([GOOD], **wrong)
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_unknown_risk_is_an_error_of_the_program():
    with pytest.raises(ConfigError) as caught:
        check_origins([GOOD], accept_risk="insecure")
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == ("accept_risk", "insecure")


def test_without_further_words_patterns_are_fine_and_credentials_are_not_sent():
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(check_origins).parameters.items()
    }
    assert defaults == {
        "origins": inspect.Parameter.empty,
        "credentials": False,
        "accept_risk": (),
        "patterns": True,
    }


@pytest.mark.parametrize("origins", ["NULL", "'null'"])
def test_risk_of_the_corrected_origin_is_found_at_once(origins):
    found = [problem.code for problem in check_origins(origins, credentials=True)]
    assert found == ["invalid", "null-origin"]


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_bytes_are_one_problem(kind):
    (problem,) = check_origins(kind(b"https://app.example.com"))
    assert problem.value == b"https://app.example.com"
