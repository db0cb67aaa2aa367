"""The command `check`: policies as a table, problems with their file, line and key."""

from __future__ import annotations

import pytest
from check_support import FILTER


def test_policies_are_a_table(check):
    status, lines = check(
        "a.ini",
        a_ini="""
            [filter:cors]
            use = egg:wsgicors#middleware
            policy = api, public
            api_path = /api/* /v1/*
            api_origin = https://a.example, https://b.example, https://c.example, https://d.example, null
            api_methods = GET, PUT
            api_headers = X-Token
            api_maxage = 600
            api_credentials = true
            api_accept_risk = null-origin
            public_origin = *
            public_expose_headers = X-Total
            public_maxage = 600
            """,
    )
    assert (status, lines) == (
        0,
        [
            "filter:cors (a.ini:1)",
            "  policy  path           origin                                                              "
            "methods          headers  expose_headers  credentials  maxage",
            "  api     /api/*, /v1/*  https://a.example, https://b.example, https://c.example and 2 more  "
            "GET, PUT         X-Token  -               yes          600",
            "  public  every path     *                                                                   "
            "GET, HEAD, POST  -        X-Total         -            600",
            "no problems",
        ],
    )


def test_problems_name_file_line_and_key(check):
    status, lines = check(
        "a.ini", a_ini=FILTER + "origin = https://a.example/\n# a comment\ncredentials = maybe\n"
    )
    assert status == 1
    assert sorted(lines) == [
        "2 problems",
        "a.ini:3: origin: 'https://a.example/' is not what browsers send (a trailing slash): write 'https://a.example'",
        "a.ini:5: credentials: 'maybe' is not a boolean: write true or false",
    ]


def test_problem_of_a_key_that_is_not_there_names_the_section(check):
    status, lines = check(
        "a.ini", a_ini="[DEFAULT]\nx = 1\n[filter:cors]\nuse = egg:wsgicors\nmaxage = 5\n"
    )
    assert status == 1
    assert lines[0].startswith(
        "a.ini:3: origin: is missing: write origin = https://app.example.com"
    )
    assert lines[1] == "1 problem"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (60 * "x", 60 * "x"),
        (61 * "x", 57 * "x" + "..."),
        (61 * "x" + ", y", 57 * "x" + "... and 1 more"),
        (f"{29 * 'x'}, {29 * 'y'}", f"{29 * 'x'}, {29 * 'y'}"),
        (f"{29 * 'x'}, {30 * 'y'}", f"{29 * 'x'} and 1 more"),
        ("a, b, c, d", "a, b, c and 1 more"),
    ],
    ids=["fits", "long", "long_of_two", "two_fit", "two_long", "four"],
)
def test_cell_of_the_table_is_short(check, written, shown):
    status, lines = check("a.ini", a_ini=f"{FILTER}origin = *\nheaders = {written}\n")
    assert (status, lines[2].split("GET, HEAD, POST  ")[1].partition("  ")[0]) == (0, shown)


def test_problem_of_a_default_names_its_own_line(check):
    status, lines = check("a.ini", a_ini="[DEFAULT]\norigin = a.example\n" + FILTER)
    assert (
        lines[0]
        == "a.ini:2: origin: 'a.example' is not what browsers send (no scheme): write 'https://a.example'"
    )


def test_long_lists_are_cut_in_the_table(check):
    long = f"https://{'a' * 63}.example"
    ini = FILTER + f"policy = a, b\na_origin = {long}\nb_origin = {long[:-9]}.b {long}\n"
    status, lines = check("a.ini", a_ini=ini)
    cells = [line.split("every path  ")[1].partition("  GET")[0].rstrip() for line in lines[2:4]]
    assert (status, cells) == (0, [f"{long[:57]}...", f"{long[:57]}... and 1 more"])
