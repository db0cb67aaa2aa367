"""What `explain` notes of what browsers do besides CORS."""

from __future__ import annotations

import dataclasses

import pytest

from wsgicors import CORS
from wsgicors_explain.browser import Browser
from wsgicors_explain.causes import Case
from wsgicors_explain.configuration import empty_app as empty
from wsgicors_explain.notes import on_cookies, on_local_network, on_replaced_headers, on_star
from wsgicors_explain.targets import visits

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


def replaced(origin, *headers, path="/api/x", method="GET", **options):
    """What is noted of the headers that an application behind our policy sends by itself."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [b""]

    cors = CORS(app, origin=PAGE, path="/api/*", **options)
    plain = cors.app
    with visits() as met:
        verdict = Browser(cors, origin).fetch(path, method)
    assert cors.app is plain
    return [*on_replaced_headers(Case(verdict, origin, method, [], False, met))]


STAR = ("Access-Control-Allow-Origin", "*")
EXPOSE = ("access-control-expose-headers", "X-Total")


def test_headers_that_the_policy_replaced_or_removed_are_told():
    assert replaced(PAGE, STAR, STAR, EXPOSE, ("X-Total", "3")) == [
        f"the application sent Access-Control-Allow-Origin: *, *; the policy replaced it with {PAGE}",
        "the application sent access-control-expose-headers: X-Total; the policy removed it, because only the policy decides"
        "",
    ]


def test_headers_of_a_request_that_no_policy_allows_are_told():
    assert replaced("https://b.example", STAR) == [
        "the application sent Access-Control-Allow-Origin: *; it was removed, because no policy allows"
        " this request"
    ]


def test_same_headers_and_those_of_an_ungoverned_path_are_not_told():
    assert replaced(PAGE, ("Access-Control-Allow-Origin", PAGE), ("X-Other", "1")) == []
    assert replaced("https://b.example", STAR, path="/other") == []


def test_application_behind_a_preflight_sends_nothing_that_could_be_removed():
    assert replaced("https://b.example", STAR, method="PUT") == []


def test_response_that_never_came_is_not_compared():
    """The application raised: what was last received is the response to the preflight."""
    with visits() as met:
        verdict = Browser(CORS(empty, origin=PAGE, methods="PUT"), PAGE).fetch("/", "PUT")
    asked = [dataclasses.replace(visit, received=[STAR]) for visit in met if visit.received]
    preflight = [step for step in verdict.steps if step.exchange][:1]
    broken = dataclasses.replace(verdict, steps=tuple(preflight))
    assert [*on_replaced_headers(Case(broken, PAGE, "PUT", [], False, asked))] == []


@pytest.mark.parametrize(
    ("headers", "credentials", "count"),
    [
        ([STAR, ("Access-Control-Allow-Credentials", "true")], "include", 1),
        ([STAR, ("Access-Control-Allow-Credentials", "true")], "omit", 0),
        ([STAR], "include", 0),
    ],
)
def test_star_that_a_cookie_may_change_is_told(headers, credentials, count):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [b""]

    verdict = Browser(app, PAGE).fetch("/", credentials=credentials)
    told = [*on_star(Case(verdict, PAGE, "GET", [], credentials == "include"))]
    note = "no cookie was sent: some servers, such as older versions of Starlette, send the origin instead of * as soon as there is one"
    assert told == [note] * count
