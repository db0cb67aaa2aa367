"""What no other test noticed when mutation testing changed it (.ci/mutation); the rest is in MUTANTS.rst."""

from __future__ import annotations

import pytest
from support import ORIGIN, plain_app

from wsgicors import CORS, ConfigError, Problem, make_middleware


def problems(make, *arguments, **options):
    with pytest.raises(ConfigError) as caught:
        make(plain_app, *arguments, **options)
    return [(problem.key, problem.message) for problem in caught.value.problems]


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
    ((_, message),) = problems(CORS, origin=[ORIGIN], credentials="a" * length)
    assert message == f"{shown} is not a boolean: write true or false"


def test_a_long_value_of_another_type_is_cut_as_well():
    ((_, message),) = problems(CORS, origin=[ORIGIN], credentials=["a" * 300])
    assert message == "['" + "a" * 195 + "... is not a boolean: write true or false"


def test_an_object_name_ends_at_the_second_colon():
    ((key, message),) = problems(make_middleware, {}, origin="call:os:path:join")
    assert key == "origin"
    assert message.endswith("cannot be loaded: AttributeError: module 'os' has no attribute 'path:join'")


def test_a_set_of_several_types_is_read_to_its_end():
    assert [message.split(" is ")[0] for _, message in problems(CORS, origin="*", methods={"B@", 1, None})] == [
        "1",
        "'B@'",
        "None",
    ]
