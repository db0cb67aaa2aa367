"""What `explain` notes of what browsers do besides CORS."""

from __future__ import annotations

import pytest

from wsgicors_explain.browser import Browser
from wsgicors_explain.causes import Case
from wsgicors_explain.notes import on_cookies, on_local_network

PAGE = "https://app.example.com"
LAX = "it has no SameSite, which is Lax, and app.example.com is another site"
LOCAL = (
    "is an address of a local network or of this machine: for a page on app.example.com,"
    " Chromium asks the user for a permission"
)


def notes(url, cookie="", credentials="include", origin=PAGE):
    """What is noted where the response sets a cookie."""

    def app(environ, start_response):
        headers = [("Content-Type", "text/plain"), ("Set-Cookie", cookie)]
        start_response("200 OK", headers[: 1 + bool(cookie)])
        return [b""]

    verdict = Browser(app, origin).fetch(url, credentials=credentials)
    case = Case(verdict, origin, "GET", [], credentials == "include")
    return [*on_local_network(case), *on_cookies(case)]


@pytest.mark.parametrize(
    ("url", "cookie", "why"),
    [
        ("https://api.other.example/", "a=1", f"{LAX}: send SameSite=None; Secure"),
        (
            "https://api.other.example/",
            "a=1; samesite=Strict",
            "it has SameSite=strict, and app.example.com is another site:"
            " send SameSite=None; Secure",
        ),
        ("https://api.example.com/", "a=1; SameSite=None", "SameSite=None needs Secure as well"),
    ],
)
def test_cookie_that_is_not_kept_is_told(url, cookie, why):
    assert notes(url, cookie) == [f"the cookie a is not kept: {why}"]


def test_secure_cookie_needs_https():
    told = notes("http://api.example.com/", "a=1; Secure", origin="http://app.example.com")
    assert told == ["the cookie a is not kept: Secure needs https"]


@pytest.mark.parametrize(
    ("url", "cookie"),
    [
        ("https://api.example.com/", "a=1"),
        ("https://api.other.example/", "a=1; SameSite=None; Secure"),
        ("https://api.other.example/", ""),
    ],
)
def test_cookie_that_is_kept_is_not_told(url, cookie):
    assert notes(url, cookie) == []


def test_cookies_do_not_matter_without_credentials():
    assert notes("https://api.other.example/", "a=1", credentials="omit") == []


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]", "192.168.1.2"])
def test_local_network_is_told(host):
    told = notes(f"https://{host}/")
    assert told == [f"{host.removesuffix(':8000')} {LOCAL}"]


def test_page_of_the_local_network_needs_no_permission():
    assert notes("https://192.168.1.2/", origin="https://localhost:3000") == []


def test_page_without_a_host_and_request_that_is_not_sent_are_not_told():
    assert notes("https://localhost/", origin="null") == []
    assert notes("http://api.example.com/") == []
