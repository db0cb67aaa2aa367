"""What `explain` notes of what browsers do besides CORS."""

from __future__ import annotations

import contextlib
import dataclasses
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_browser_http import serving

from wsgicors import CORS
from wsgicors_explain import main
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


@pytest.mark.parametrize("origin", ["capacitor://localhost", "tauri://localhost:1430"])
def test_page_of_an_application_is_on_another_site(origin):
    assert notes("https://api.example.com/", "a=1", origin=origin) == [
        "the cookie a is not kept: it has no SameSite, which is Lax, and localhost is another"
        " site: send SameSite=None; Secure"
    ]


def test_sites_of_an_extension_are_unknown():
    origin = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
    assert notes("https://api.example.com/", "a=1", origin=origin) == []
    assert notes("https://localhost/", "a=1", origin=origin) == []


SCHEMES = st.from_regex(r"[a-z][a-z0-9+.-]{0,20}", fullmatch=True)
HOSTS = st.one_of(
    st.just("[::1]"),
    st.ip_addresses(v=4).map(str),
    st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True),
)
PORTS = st.one_of(st.just(""), st.integers(1, 65535).map(":{}".format))


@given(scheme=SCHEMES, host=HOSTS, port=PORTS, method=st.sampled_from(["GET", "PUT"]))
@example(scheme="w.+", host="[::1]", port="", method="GET")
@settings(max_examples=30)  # `explain` looks at every object of the process, which has many here
def test_explain_takes_the_origin_of_any_scheme(scheme, host, port, method):
    origin = f"{scheme}://{host}{port}"
    arguments = ["explain", f"{__name__}:sets_cookies", "--origin", origin, "--credentials"]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = main([*arguments, "-X", method])
    assert status == 1
    assert out.getvalue().splitlines()[-1].startswith("BLOCKED: ")


def sets_cookies(environ, start_response):
    """An application that no CORS middleware surrounds."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1")])
    return [b""]


@pytest.mark.parametrize(
    "origin", ["capacitor://localhost", "chrome-extension://abcdef", "app://x"]
)
def test_server_is_explained_to_the_page_of_an_application(origin, capsys):
    with serving(sets_cookies) as port:
        url = f"http://127.0.0.1:{port}/"
        status = main(["explain", url, "--origin", origin, "--credentials"])
    assert (status, capsys.readouterr().out.splitlines()[-1]) == (
        1,
        f"BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be {origin}."
        " To fix it, let the server send the headers above",
    )
