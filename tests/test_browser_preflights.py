"""Browser: which requests need a preflight, and what the preflight must allow."""

from __future__ import annotations

import pytest
from browser_support import ALLOW_ORIGIN, CREDENTIALS, PAGE, Server, allow, fetch, headers, methods

LONG = "x" * 129

PREFLIGHT = {
    "get": ("GET", {}, False),
    "head": ("HEAD", {}, False),
    "post": ("POST", {}, False),
    "lower_case_post": ("post", {}, False),
    "put": ("PUT", {}, True),
    "options": ("OPTIONS", {}, True),
    "json": ("POST", {"Content-Type": "application/json"}, True),
    "plain": ("POST", {"Content-Type": "Text/Plain ; charset=UTF-8"}, False),
    "form": ("POST", {"Content-Type": "application/x-www-form-urlencoded"}, False),
    "multipart": ("POST", {"content-type": "multipart/form-data; boundary=x"}, False),
    "no_mime_type": ("POST", {"Content-Type": "text"}, True),
    "unsafe_byte_in_mime_type": ("POST", {"Content-Type": "text/plain; a=(b)"}, True),
    "json_behind_plain": ("POST", {"Content-Type": "text/plain, application/json"}, True),
    "accept": ("GET", {"Accept": "text/html;q=0.9"}, False),
    "tab": ("GET", {"Accept": "a\tb"}, False),
    "128_bytes": ("GET", {"Accept": LONG[1:]}, False),
    "129_bytes": ("GET", {"Accept": LONG}, True),
    "unsafe_byte": ("GET", {"Accept": '"'}, True),
    "language": ("GET", {"Accept-Language": "de-DE, *;q=0.5"}, False),
    "language_with_underscore": ("GET", {"Content-Language": "de_DE"}, True),
    "range": ("GET", {"Range": "bytes=0-99"}, False),
    "open_range": ("GET", {"Range": "bytes=100-"}, False),
    "suffix_range": ("GET", {"Range": "bytes=-100"}, True),
    "ranges": ("GET", {"Range": "bytes=0-1,5-6"}, True),
    "backward_range": ("GET", {"Range": "bytes=9-1"}, True),
    "range_in_other_unit": ("GET", {"Range": "lines=0-1"}, True),
    "x_header": ("GET", {"X-Requested-With": "XMLHttpRequest"}, True),
    "authorization": ("GET", {"Authorization": "Bearer x"}, True),
    "1024_bytes_together": ("GET", [("Accept", LONG[1:])] * 8, False),
    "1025_bytes_together": ("GET", [*[("Accept", LONG[1:])] * 8, ("Accept-Language", "a")], True),
    "unsafe_once_of_two": ("GET", [("Accept", "ok"), ("Accept", LONG)], True),
}


@pytest.mark.parametrize(("method", "pairs", "needed"), PREFLIGHT.values(), ids=PREFLIGHT)
def test_preflight_is_sent_only_where_needed(method, pairs, needed):
    server = Server(allow(methods("*"), headers("*, Authorization")), allow())
    verdict = fetch(server, "/", method, pairs)
    assert verdict
    assert server.methods == ["OPTIONS"] * needed + [method.upper()]
    assert (verdict.preflight is not None) is needed


def test_preflight_can_be_asked_for_as_upload_listeners_do():
    server = Server(allow(), allow())
    verdict = fetch(server, "/", "POST", body=b"x", preflight=True)
    assert verdict
    assert server.methods == ["OPTIONS", "POST"]
    assert server.requests[0]["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] == "POST"
    assert verdict.steps[0].text == (
        "a preflight is needed: it is forced, as by an upload listener in the page"
    )


def test_preflight_that_is_asked_for_is_not_sent_to_the_own_origin():
    server = Server([], [])
    assert fetch(server, "/", origin="http://localhost", preflight=True)
    assert server.methods == ["GET"]


def test_headers_too_long_together_are_all_asked_for():
    server = Server(allow(headers("*")), allow())
    pairs = [*[("Accept", LONG[1:])] * 8, ("Accept-Language", "a"), ("X-T", "1")]
    assert fetch(server, "/", headers=pairs)
    assert server.requests[0]["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"] == "accept,accept-language,x-t"


METHODS, HEADERS = (
    "Access-Control-Allow-Methods in the preflight response",
    "Access-Control-Allow-Headers in the preflight response",
)

ALLOWED_BY_PREFLIGHT = {
    "method": ("PUT", {}, "omit", [methods("GET, PUT")], ""),
    "method_list_in_two_headers": ("PUT", {}, "omit", [methods("GET"), methods("PUT")], ""),
    "empty_elements": ("PUT", {}, "omit", [methods(" ,GET,, PUT ,")], ""),
    "any_method": ("PUT", {}, "omit", [methods("*")], ""),
    "safelisted_method": ("POST", {"X-T": "1"}, "omit", [methods("PUT"), headers("x-t")], ""),
    "no_method": ("PUT", {}, "omit", [], f"{METHODS} is missing; it must include PUT"),
    "another_method": (
        "PUT",
        {},
        "omit",
        [methods("GET, POST")],
        f"{METHODS} is 'GET, POST'; it must include PUT",
    ),
    "method_in_another_case": (
        "patch",
        {},
        "omit",
        [methods("PATCH")],
        f"{METHODS} is 'PATCH', and method names are case-sensitive; it must include patch",
    ),
    "any_method_with_credentials": (
        "PUT",
        {},
        "include",
        [methods("*")],
        f"{METHODS} is '*', and * is not a wildcard with credentials; it must include PUT",
    ),
    "broken_methods": (
        "PUT",
        {},
        "omit",
        [methods("GET; PUT")],
        f"{METHODS} is not a comma-separated list of names: GET; PUT",
    ),
    "headers": ("GET", {"X-T": "1"}, "omit", [headers("X-A, X-T")], ""),
    "any_header": ("GET", {"X-T": "1"}, "omit", [headers("*")], ""),
    "no_header": ("GET", {"X-T": "1"}, "omit", [], f"{HEADERS} is missing; it must include x-t"),
    "empty_headers": (
        "GET",
        {"X-T": "1"},
        "omit",
        [headers("")],
        f"{HEADERS} is ''; it must include x-t",
    ),
    "another_header": (
        "GET",
        {"X-T": "1", "X-U": "1", "X-A": "1"},
        "omit",
        [headers("X-A")],
        f"{HEADERS} is 'X-A'; it must include x-t, x-u",
    ),
    "any_header_with_credentials": (
        "GET",
        {"X-T": "1"},
        "include",
        [headers("*")],
        f"{HEADERS} is '*', and * is not a wildcard with credentials; it must include x-t",
    ),
    "authorization": ("GET", {"Authorization": "x"}, "omit", [headers("authorization")], ""),
    "any_header_is_not_authorization": (
        "GET",
        {"Authorization": "x", "X-T": "1"},
        "omit",
        [headers("*")],
        f"{HEADERS} is '*', and * never covers authorization; it must include authorization",
    ),
    "any_header_and_authorization": (
        "GET",
        {"Authorization": "x", "X-T": "1"},
        "omit",
        [headers("*, Authorization")],
        "",
    ),
    "broken_headers": (
        "GET",
        {"X-T": "1"},
        "omit",
        [headers("x-t x-u")],
        f"{HEADERS} is not a comma-separated list of names: x-t x-u",
    ),
}


@pytest.mark.parametrize(
    ("method", "pairs", "credentials", "sent", "problem"),
    ALLOWED_BY_PREFLIGHT.values(),
    ids=ALLOWED_BY_PREFLIGHT,
)
def test_preflight_allows_method_and_headers(method, pairs, credentials, sent, problem):
    server = Server(allow(CREDENTIALS, *sent), allow(CREDENTIALS))
    verdict = fetch(server, "/", method, pairs, credentials)
    assert server.methods == (["OPTIONS"] if problem else ["OPTIONS", method])
    assert verdict.allowed is (not problem)
    if problem:
        assert verdict.reason == problem


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("301 Moved Permanently", "browsers do not follow redirects of a preflight"),
        ("401 Unauthorized", "before it requires a login"),
        ("403 Forbidden", "it must return a status from 200 to 299"),
        ("404 Not Found", "does not handle OPTIONS"),
        ("405 Method Not Allowed", "does not handle OPTIONS"),
        ("304 Not Modified", "it must return a status from 200 to 299"),
        ("500 Internal Server Error", "it must return a status from 200 to 299"),
    ],
)
def test_preflight_needs_an_ok_status(status, meaning):
    server = Server(allow(methods("PUT"), ("Location", "/y")), allow(), preflight_status=status)
    verdict = fetch(server, "/x", "PUT")
    assert (verdict.allowed, server.methods, verdict.preflight.status) == (
        False,
        ["OPTIONS"],
        int(status[:3]),
    )
    assert verdict.reason.startswith(f"the preflight returned {status[:3]}; ")
    assert meaning in verdict.reason


def test_preflight_that_fails_both_ways_shows_both():
    verdict = fetch(Server(preflight_status="401 Unauthorized"), "/x", "PUT")
    missing, status = (step.text for step in verdict.steps if not step.ok)
    assert (
        missing
        == f"the response to the preflight: {ALLOW_ORIGIN} is missing; it should be {PAGE} or *"
    )
    assert status == verdict.reason


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "299 Fine"])
def test_any_ok_status_will_do(status):
    assert fetch(Server(allow(methods("PUT")), allow(), preflight_status=status), "/x", "PUT")


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")  # of wsgiref.validate, and it is right
def test_method_kept_in_lower_case_is_noted():
    verdict = fetch(Server(allow(methods("patch")), allow()), "/", "patch")
    assert verdict
    assert verdict.steps[0].text.startswith(
        "patch stays as it is: browsers convert only DELETE, GET, HEAD, OPTIONS, POST, PUT"
    )
