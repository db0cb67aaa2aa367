"""Vary: where it names Origin, and how it is merged with the application's."""

from __future__ import annotations

import pytest
from support import ORIGIN, OTHER, app_sending, assert_cors, client, cors_headers, request


# wsgicors 0.7.0
def test_reflection_varies():
    assert_cors(request(client(origin="copy"), ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(client(origin="copy")), vary="Origin")


def test_response_without_origin_varies_so_that_no_cache_poisons_the_page():
    for options in (
        {"origin": ORIGIN},
        {"origin": "copy"},
        {"origin": []},
        {"origin": lambda origin, environ: True},
    ):
        assert_cors(request(client(**options)), vary="Origin")


VARIES = [
    # the application's own, and what is sent
    ("none", [], "Origin"),
    ("other", ["Accept"], "Accept, Origin"),
    ("several", ["Accept, Cookie"], "Accept, Cookie, Origin"),
    ("two-lines", ["Accept", "Cookie"], "Accept, Cookie, Origin"),
    ("there-already", ["Origin"], "Origin"),
    ("in-another-case", ["origin"], "origin"),
    ("in-the-middle", ["Accept, ORIGIN, Cookie"], "Accept, ORIGIN, Cookie"),
    ("part-of-a-name", ["X-Origin"], "X-Origin, Origin"),
    ("star", ["*"], "*"),
    ("star-among-others", ["Accept, *"], "*"),
    ("star-in-a-line", ["Accept", "*"], "*"),
    ("doubled", ["Accept, accept", "Accept"], "Accept, Origin"),
    ("empty", [""], "Origin"),
    ("commas", [" ,Accept,, "], "Accept, Origin"),
]


@pytest.mark.parametrize("origin", [ORIGIN, OTHER, None])
@pytest.mark.parametrize("name", ["Vary", "vary", "VARY"])
@pytest.mark.parametrize(("own", "sent"), [pytest.param(*row[1:], id=row[0]) for row in VARIES])
def test_vary_is_merged_into_one_line(own, sent, name, origin):
    app = app_sending(*((name, value) for value in own))
    expected = {"allow_origin": ORIGIN} if origin == ORIGIN else {}
    for _ in range(2):
        response = request(client(origin=ORIGIN, app=app), origin)
        found = {**cors_headers(response)}
        assert {part.strip().lower() for part in found.pop("vary").split(",")} == set(
            sent.lower().split(", ")
        )
        assert found == {
            f"access-control-{key.replace('_', '-')}": value for key, value in expected.items()
        }


@pytest.mark.parametrize("value", ["Accept", "*", "Origin"])
def test_vary_of_the_application_stays_where_nothing_varies(value):
    assert_cors(
        request(client(origin="*", app=app_sending(("Vary", value)))), allow_origin="*", vary=value
    )


# Play Framework, 2017
def test_vary_of_the_application_survives():
    both = client(origin=ORIGIN, app=app_sending(("Vary", "Accept")))
    for origin in (ORIGIN, OTHER, None):
        assert request(both, origin).headers.getall("Vary") == ["Accept, Origin"]
