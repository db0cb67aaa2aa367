"""Lists of origins in every form: anyone, nobody, sets and lists."""

from __future__ import annotations

import re

import pytest
from support import ORIGIN, assert_cors, client, preflight, request


def test_star_admits_anyone_by_the_wildcard():
    for origin in (ORIGIN, "null", "HTTP://x", "", None):
        assert_cors(request(client(origin="*"), origin), allow_origin="*")


def test_copy_reflects_anyone():
    assert_cors(request(client(origin="copy"), ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(client(origin="copy"), "null"), allow_origin="null", vary="Origin")
    assert_cors(request(client(origin="copy")), vary="Origin")


@pytest.mark.parametrize("nobody", ["", "  ", [], (), set(), frozenset()], ids=repr)
def test_empty_origin_allows_nobody(nobody):
    both = client(origin=nobody)
    assert_cors(request(both, ORIGIN), vary="Origin")
    assert_cors(request(both), vary="Origin")
    assert preflight(both).status_int == 403


@pytest.mark.parametrize(
    "several",
    [
        "https://a.example,https://b.example",
        "https://a.example https://b.example",
        "https://a.example, https://b.example",
        "\n  https://a.example\n  https://b.example\n",
        ["https://a.example", "https://b.example"],
        ("https://a.example", "https://b.example"),
        {"https://a.example", "https://b.example"},
        frozenset(("https://a.example", "https://b.example")),
    ],
    ids=repr,
)
def test_list_of_origins_in_every_form(several):
    both = client(origin=several)
    for origin in ("https://a.example", "https://b.example"):
        assert_cors(request(both, origin), allow_origin=origin, vary="Origin")
    assert_cors(request(both, "https://c.example"), vary="Origin")


def test_set_may_hold_patterns_expressions_and_predicates_at_once():
    both = client(
        origin={
            "https://a.example",
            re.compile("https://b.*"),
            lambda origin, environ: "c" in origin,
        }
    )
    for origin in ("https://a.example", "https://b.example", "https://c.example"):
        assert_cors(request(both, origin), allow_origin=origin, vary="Origin")
    assert_cors(request(both, "https://d"), vary="Origin")
