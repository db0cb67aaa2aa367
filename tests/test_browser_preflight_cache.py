"""Browser: the CORS-preflight cache."""

from __future__ import annotations

import pytest
from browser_support import CREDENTIALS, PAGE, Server, allow, headers, methods

from wsgicors_explain import Browser


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self):
        return self.now


def max_age(value):
    return ("Access-Control-Max-Age", value)


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ([], 5),
        ([max_age("600")], 600),
        ([max_age(" 600 ")], 600),
        ([max_age("0")], 0),
        ([max_age("-1")], 5),
        ([max_age("10 minutes")], 5),
        ([max_age("600"), max_age("600")], 5),
        ([max_age("999999")], 7200),
        ([max_age("9" * 5000)], 7200),
        ([max_age("0" * 5000 + "600")], 600),
    ],
    ids=[
        "default",
        "given",
        "white_space",
        "zero",
        "negative",
        "text",
        "twice",
        "limited",
        "huge",
        "zeros",
    ],
)
def test_preflight_is_cached_for_max_age(sent, seconds):
    clock, server = Clock(), Server(allow(methods("PUT"), headers("x-t"), *sent), allow())
    browser = Browser(server.app, PAGE, clock=clock)
    for elapsed in (0, max(0, seconds - 0.5), seconds):
        clock.now = Clock.now + elapsed
        assert browser.fetch("/x", "PUT", {"X-T": "1"})
    assert server.methods.count("OPTIONS") == (2 if seconds else 3)


def test_cached_preflight_is_a_step():
    browser = Browser(Server(allow(methods("PUT")), allow()).app, PAGE)
    browser.fetch("/x", "PUT")
    verdict = browser.fetch("/x", "PUT")
    assert (verdict.allowed, verdict.preflight) == (True, None)
    assert verdict.steps[1].text == "an earlier preflight, still in the cache, allowed this"


@pytest.mark.parametrize(
    ("first", "second", "cached"),
    [
        ({}, {}, True),
        ({}, {"url_or_path": "/y"}, False),
        ({}, {"url_or_path": "/x?q"}, False),
        ({}, {"method": "DELETE"}, True),
        ({}, {"method": "PATCH"}, False),
        ({}, {"method": "POST", "headers": {"X-U": "1"}}, True),
        ({}, {"headers": {"X-U": "1", "X-W": "1"}}, False),
        ({}, {"credentials": "include"}, False),
        ({"credentials": "include"}, {}, True),
        ({"credentials": "include"}, {"credentials": "include"}, True),
    ],
    ids="same path query method other_method header other_header more less as_much".split(),
)
def test_cache_is_keyed_by_url_credentials_method_and_header(first, second, cached):
    server = Server(
        allow(CREDENTIALS, methods("PUT, DELETE"), headers("x-t, x-u")), allow(CREDENTIALS)
    )
    browser = Browser(server.app, PAGE)
    arguments = {"url_or_path": "/x", "method": "PUT", "headers": {"X-T": "1"}}
    browser.fetch(**{**arguments, **first})
    browser.fetch(**{**arguments, **second})
    assert server.methods.count("OPTIONS") == (1 if cached else 2)


@pytest.mark.parametrize(
    ("named", "cached"),
    [([], True), ([methods("POST")], True), ([methods("PUT")], False), ([methods("*")], True)],
    ids=["none", "it", "another", "any"],
)
def test_cache_must_know_even_a_safelisted_method_where_a_preflight_is_asked_for(named, cached):
    server = Server(allow(*named), allow())
    browser = Browser(server.app, PAGE)
    for _ in range(2):
        assert browser.fetch("/x", "POST", preflight=True)
    assert server.methods.count("OPTIONS") == (1 if cached else 2)


def test_wildcards_in_the_cache_cover_everything_but_authorization():
    server = Server(allow(methods("*"), headers("*")), allow())
    browser = Browser(server.app, PAGE)
    assert browser.fetch("/x", "PUT", {"X-T": "1"})
    assert browser.fetch("/x", "DELETE", {"X-U": "1"})
    assert server.methods == ["OPTIONS", "PUT", "DELETE"]
    assert not browser.fetch("/x", "PUT", {"Authorization": "x"})


def test_failed_request_clears_the_cache_of_its_url():
    server = Server(allow(methods("PUT")), allow())
    browser = Browser(server.app, PAGE)
    assert browser.fetch("/x", "PUT")
    assert browser.fetch("/y", "PUT")
    server.response = []
    assert not browser.fetch("/x", "PUT")
    server.response = allow()
    assert browser.fetch("/x", "PUT")
    assert browser.fetch("/y", "PUT")
    assert server.methods == ["OPTIONS", "PUT", "OPTIONS", "PUT", "PUT", "OPTIONS", "PUT", "PUT"]


def test_new_preflight_renews_what_was_cached():
    clock, server = (
        Clock(),
        Server(allow(methods("PUT"), headers("x-t, x-u"), max_age("10")), allow()),
    )
    browser = Browser(server.app, PAGE, clock=clock)
    assert browser.fetch("/x", "PUT", {"X-T": "1"})
    server.preflight = allow(methods("PUT"), headers("x-t, x-v"), max_age("600"))
    clock.now += 9
    assert browser.fetch("/x", "PUT", {"X-V": "1"})
    clock.now += 9
    assert browser.fetch("/x", "PUT", {"X-T": "1"})
    assert server.methods.count("OPTIONS") == 2
