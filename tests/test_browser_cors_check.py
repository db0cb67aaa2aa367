"""Browser: the CORS check of both responses, and near misses by their names."""

from __future__ import annotations

import pytest
from browser_support import ALLOW_ORIGIN, CREDENTIALS, PAGE, Server, allow, fetch, methods

from wsgicors_explain import Step

ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"

CORS_CHECK = {
    "exact": ([(ALLOW_ORIGIN, PAGE)], "omit", ""),
    "any": ([(ALLOW_ORIGIN, "*")], "omit", ""),
    "white_space": ([(ALLOW_ORIGIN, f"  {PAGE} ")], "omit", ""),
    "name_in_any_case": ([("access-control-ALLOW-origin", "*")], "omit", ""),
    "missing": ([], "omit", f"{ALLOW_ORIGIN} is missing; it should be {PAGE} or *"),
    "missing_with_credentials": ([], "include", f"{ALLOW_ORIGIN} is missing; it should be {PAGE}"),
    "null": ([(ALLOW_ORIGIN, "null")], "omit", f"{ALLOW_ORIGIN} is 'null'; it should be {PAGE}"),
    "empty": ([(ALLOW_ORIGIN, "")], "omit", f"{ALLOW_ORIGIN} is ''; it should be {PAGE}"),
    "twice": (
        [(ALLOW_ORIGIN, PAGE), (ALLOW_ORIGIN, PAGE)],
        "omit",
        f"{ALLOW_ORIGIN} is '{PAGE}, {PAGE}'; it should be {PAGE} (one value, sent once)",
    ),
    "star_twice": (
        [(ALLOW_ORIGIN, "*"), (ALLOW_ORIGIN, "*")],
        "omit",
        f"{ALLOW_ORIGIN} is '*, *'; it should be {PAGE} (one value, sent once)",
    ),
    "list": (
        [(ALLOW_ORIGIN, f"https://a.example {PAGE}")],
        "omit",
        f"{ALLOW_ORIGIN} is 'https://a.example {PAGE}'; it should be {PAGE} (one value, sent once)",
    ),
    "pattern": (
        [(ALLOW_ORIGIN, "https://*.example")],
        "omit",
        f"{ALLOW_ORIGIN} is 'https://*.example'; it should be {PAGE} (browsers do not support patterns)",
    ),
    "slash": (
        [(ALLOW_ORIGIN, PAGE + "/")],
        "omit",
        f"{ALLOW_ORIGIN} is '{PAGE}/'; it should be {PAGE} (a trailing slash)",
    ),
    "case": (
        [(ALLOW_ORIGIN, "https://Page.example")],
        "omit",
        f"{ALLOW_ORIGIN} is 'https://Page.example'; it should be {PAGE} (upper case)",
    ),
    "scheme": (
        [(ALLOW_ORIGIN, "http://page.example")],
        "omit",
        f"{ALLOW_ORIGIN} is 'http://page.example'; it should be {PAGE} (http instead of https)",
    ),
    "no_scheme": (
        [(ALLOW_ORIGIN, "page.example")],
        "omit",
        f"{ALLOW_ORIGIN} is 'page.example'; it should be {PAGE} (no scheme)",
    ),
    "port": (
        [(ALLOW_ORIGIN, PAGE + ":8443")],
        "omit",
        f"{ALLOW_ORIGIN} is '{PAGE}:8443'; it should be {PAGE} (port 8443 instead of none)",
    ),
    "www": (
        [(ALLOW_ORIGIN, "https://www.page.example")],
        "omit",
        f"{ALLOW_ORIGIN} is 'https://www.page.example'; it should be {PAGE} (an extra www.)",
    ),
    "another": (
        [(ALLOW_ORIGIN, "https://b.example")],
        "omit",
        f"{ALLOW_ORIGIN} is 'https://b.example'; it should be {PAGE}",
    ),
    "another_scheme_too": (
        [(ALLOW_ORIGIN, "ws://b.example")],
        "omit",
        f"{ALLOW_ORIGIN} is 'ws://b.example'; it should be {PAGE}",
    ),
    "credentials": ([(ALLOW_ORIGIN, PAGE), CREDENTIALS], "include", ""),
    "any_with_credentials": (
        [(ALLOW_ORIGIN, "*"), CREDENTIALS],
        "include",
        f"{ALLOW_ORIGIN} is *, which browsers refuse with credentials; it should be {PAGE}",
    ),
    "credentials_missing": (
        [(ALLOW_ORIGIN, PAGE)],
        "include",
        f"{ALLOW_CREDENTIALS} is missing; it should be true because the request has credentials",
    ),
    "credentials_in_upper_case": (
        [(ALLOW_ORIGIN, PAGE), (ALLOW_CREDENTIALS, "True")],
        "include",
        f"{ALLOW_CREDENTIALS} is 'True'; it should be true, in lower case and sent once",
    ),
    "credentials_twice": (
        [(ALLOW_ORIGIN, PAGE), CREDENTIALS, CREDENTIALS],
        "include",
        f"{ALLOW_CREDENTIALS} is 'true, true'; it should be true, in lower case and sent once",
    ),
}


@pytest.mark.parametrize(("sent", "credentials", "problem"), CORS_CHECK.values(), ids=CORS_CHECK)
def test_cors_check_of_the_response(sent, credentials, problem):
    server = Server(response=sent)
    verdict = fetch(server, "/", credentials=credentials)
    assert verdict.allowed is (not problem)
    if problem:
        assert verdict.reason == f"the response to GET: {problem}"
        assert verdict.readable_headers == {}
        assert verdict.steps[-1] == Step(False, verdict.reason)
    assert verdict.response.status == 200
    assert all(step.ok for step in verdict.steps[:-1])


@pytest.mark.parametrize(("sent", "credentials", "problem"), CORS_CHECK.values(), ids=CORS_CHECK)
def test_cors_check_of_the_preflight(sent, credentials, problem):
    server = Server([*sent, methods("PUT")], allow(CREDENTIALS))
    verdict = fetch(server, "/", "PUT", credentials=credentials)
    assert server.methods == ["OPTIONS"] if problem else ["OPTIONS", "PUT"]
    if problem:
        assert (verdict.allowed, verdict.response) == (False, None)
        assert verdict.reason == f"the response to the preflight: {problem}"
    else:
        assert verdict.allowed


@pytest.mark.parametrize(
    ("found", "page", "detail"),
    [
        (
            "http://127.0.0.1:3000",
            "http://localhost:3000",
            " (localhost and 127.0.0.1 are different origins)",
        ),
        (
            "http://localhost:3000",
            "http://[::1]:3000",
            " (localhost and [::1] are different origins)",
        ),
        ("http://[::1]:3000", "http://[::1]", " (port 3000 instead of none)"),
        ("http://[::1]", "http://[::1]:3000", " (port 3000 is missing)"),
        ("http://[::2]:3000", "http://[::1]:3000", ""),
        ("https://page.example/app", PAGE, " (a path)"),
        ("'https://page.example'", PAGE, " (quotation marks)"),
        ('"*"', PAGE, " (quotation marks)"),
        ("", PAGE, ""),
    ],
)
def test_near_miss_is_named(found, page, detail):
    verdict = fetch(Server(response=allow(origin=found)), "/", origin=page)
    assert verdict.reason.endswith(f"{ALLOW_ORIGIN} is {found!r}; it should be {page}{detail}")


@pytest.mark.parametrize(
    ("preflight", "credentials", "missing", "sent"),
    [
        (
            [("Access-control-allow-origins", "*")],
            "omit",
            "Allow-Origin",
            "Access-control-allow-origins",
        ),
        (
            [*allow(), ("Access-Control-Credentials", "true")],
            "include",
            "Allow-Credentials",
            "Access-Control-Credentials",
        ),
        (
            [*allow(), ("Access-Control-Allow-Method", "PUT")],
            "omit",
            "Allow-Methods",
            "Access-Control-Allow-Method",
        ),
        (
            [*allow(), methods("PUT"), ("Access-Control-Header", "X-A")],
            "omit",
            "Allow-Headers",
            "Access-Control-Header",
        ),
    ],
)
def test_misspelled_header_is_named(preflight, credentials, missing, sent):
    verdict = fetch(Server(preflight), "/", "PUT", {"X-A": "1"}, credentials)
    assert f"Access-Control-{missing} " in verdict.reason
    assert f" is missing ({sent} is unknown to browsers); it " in verdict.reason


def test_what_the_origin_null_is_is_explained():
    verdict = fetch(Server(), "/", origin="file:///home/me/index.html")
    assert (
        "it should be null or *: pages from files and in sandboxed frames have the origin null"
        in verdict.reason
    )


def test_redirect_that_the_page_may_not_see_is_named():
    location = ("Location", "https://login.example/")
    verdict = fetch(Server(response=[location], status="302 Found"), "/")
    assert verdict.reason.endswith(
        "It redirects to https://login.example/: a login page, or the URL to request"
    )
    verdict = fetch(Server(response=[], status="302 Found"), "/")
    assert "redirects" not in verdict.reason


def test_port_is_near_miss():
    verdict = fetch(
        Server(response=allow(origin="http://localhost")), "/", origin="http://localhost:3000"
    )
    assert verdict.reason.endswith("it should be http://localhost:3000 (port 3000 is missing)")


def test_www_is_near_miss():
    verdict = fetch(Server(response=allow()), "/", origin="https://www.page.example")
    assert verdict.reason.endswith("it should be https://www.page.example (www. is missing)")
