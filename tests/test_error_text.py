"""The text of a ConfigError: each problem on its line, whatever is in the value."""

from __future__ import annotations

import pickle

import pytest
from support import ORIGIN, plain_app, problems

import wsgicors
from wsgicors import CORS, ConfigError, Problem


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


def test_global_option_inside_a_policy_is_shown_its_place():
    with pytest.raises(ConfigError, match="write catch_errors beside policies"):
        CORS(plain_app, policies={"api": {"origin": "*", "catch_errors": True}})


def test_only_the_problems_that_the_text_shows_have_suggestions():
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, origin="*", **{f"maxag{number}": 1 for number in range(60)})
    suggested = ["'maxag" in problem.message for problem in caught.value.problems]
    assert suggested == [True] * 50 + [False] * 10
