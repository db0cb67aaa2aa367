"""The command `check`: variables of an ini file, as pserve takes them."""

from __future__ import annotations

import pytest
from check_support import FILTER
from paste.deploy import loadapp

VARIABLES = """
    [DEFAULT]
    scheme = https
    [pipeline:main]
    pipeline = cors inner
    [filter:cors]
    use = egg:wsgicors
    policy = api
    api_origin = %(scheme)s://app.example.com:%(http_port)s
    [app:inner]
    paste.app_factory = check_support:inner_app
    """


def test_variables_are_those_of_pserve(check, tmp_path):
    """A variable fills in what the file lacks; for the keys of a policy it precedes [DEFAULT]."""
    given = {"http_port": "8080", "scheme": "http", "api_maxage": "5"}
    arguments = [f"{name}={value}" for name, value in given.items()]
    status, lines = check("a.ini", *arguments, a_ini=VARIABLES)
    app = loadapp(f"config:{tmp_path}/a.ini", global_conf=given)
    (policy,) = app.policies.values()
    assert (policy.origin, policy.maxage) == (("https://app.example.com:8080",), 5)
    assert (status, lines[0]) == (0, "filter:cors (a.ini:5)")
    assert lines[
        2
    ].split() == "api every path https://app.example.com:8080 GET, HEAD, POST".split() + [
        *("-", "-", "-", "5")
    ]


def test_variable_that_is_not_given_is_a_problem(check):
    status, lines = check("a.ini", a_ini=VARIABLES)
    assert (status, lines[-1]) == (1, "1 problem")
    assert lines[0].startswith("a.ini:8: api_origin: Bad value substitution: option 'api_origin'")
    assert lines[0].endswith(
        " (add http_port=VALUE to the command, or write %% for a percent sign)"
    )


@pytest.mark.parametrize("arguments", [["a=b", "--section", "cors"], ["--section", "cors", "a=b"]])
def test_variables_come_before_or_after_the_options(arguments, check):
    ini = FILTER + "origin = https://%(a)s.example\n"
    status, lines = check("a.ini", *arguments, a_ini=ini)
    assert (status, lines[-1]) == (0, "no problems")
    assert "https://b.example" in lines[2]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["x"], "argument NAME=VALUE: 'x' is not a variable: write NAME=VALUE"),
        (
            ["--section", "cors", "x"],
            "argument NAME=VALUE: 'x' is not a variable: write NAME=VALUE",
        ),
        (["=x"], "argument NAME=VALUE: '=x' is not a variable: write NAME=VALUE"),
        (
            ["--section", "cors", "=x"],
            "argument NAME=VALUE: '=x' is not a variable: write NAME=VALUE",
        ),
        (["--nothing=x"], "unrecognized arguments: --nothing=x"),
    ],
)
def test_what_is_not_a_variable_is_wrong_usage(arguments, error, check):
    status, lines = check("a.ini", *arguments, a_ini=FILTER + "origin = *\n")
    assert (status, lines[-1].partition("error: ")[2]) == (2, error)
