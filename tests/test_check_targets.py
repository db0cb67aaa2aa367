"""The command `check`: targets that are nothing to check."""

from __future__ import annotations

import pytest
from check_support import FILTER


def test_file_without_the_middleware_is_wrong_usage(check):
    assert check("a.ini", a_ini="[app:main]\nuse = egg:x\n") == (
        2,
        ["wsgicors: a.ini has no section with use = egg:wsgicors#middleware"],
    )


def test_target_that_is_nothing_is_wrong_usage(check):
    targets = "an ini file, module:attribute of an application, or (to explain) a URL such as http://localhost:8000"
    for target in (
        "shop.py",
        "shop.py:app",
        "shop/wsgi:app",
        "api.example/x",
    ):
        assert check(target, shop_py="app = 1\n") == (2, [f"wsgicors: {target} is not {targets}"])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nothing.ini", "there is no file nothing.ini"),
        (r"C:\shop\nothing.INI", r"there is no file C:\shop\nothing.INI"),
        (".", ". is a directory: name the ini file in it"),
        (
            "api.example:80/x",
            "api.example:80/x is not a URL without its scheme: write http://api.example:80/x or https://api.example:80/x",
        ),
    ],
)
def test_target_that_looks_like_something_says_what_is_wrong_with_it(check, target, message):
    assert check(target) == (2, [f"wsgicors: {message}"])


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("config:shop.ini", "shop.ini"),
        ("shop.ini#main", "shop.ini --section NAME, with the section that uses wsgicors"),
        ("config:shop.ini#main", "shop.ini --section NAME, with the section that uses wsgicors"),
    ],
)
def test_uri_of_pastedeploy_says_what_to_write(check, target, remedy):
    lines = [f"wsgicors: {target} is a URI of PasteDeploy: write {remedy}"]
    assert check(target, shop_ini=FILTER + "origin = *\n") == (2, lines)


def test_only_the_target_is_required(check):
    status, lines = check()
    assert status == 2
    assert lines[-1] == "wsgicors check: error: the following arguments are required: TARGET"
