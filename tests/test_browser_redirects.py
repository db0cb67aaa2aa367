"""Browser: redirects."""

from __future__ import annotations

from wsgiref.validate import validator

import pytest
from browser_support import ALLOW_ORIGIN, PAGE, headers, methods

from wsgicors_explain import Browser


class Redirects:
    """Answers from a table: URL -> (status, Location); anything else 200. Allows the origins in `allowed`."""

    def __init__(self, table, allowed=("*",)):
        self.table, self.allowed, self.requests = table, list(allowed), []
        self.app = validator(self._answer)

    def _answer(self, environ, start_response):
        url = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['PATH_INFO']}"
        self.requests.append((environ["REQUEST_METHOD"], url, environ.get("HTTP_ORIGIN")))
        self.last = dict(environ)
        sent = [(ALLOW_ORIGIN, origin) for origin in self.allowed[:1]]
        sent += [methods("*"), headers("*, authorization")]
        if environ["REQUEST_METHOD"] == "OPTIONS":
            start_response("200 OK", [("Content-Type", "text/plain"), *sent])
            return [b""]
        status, location = self.table.get(url, ("200 OK", None))
        if location is not None:
            sent.append(("Location", location))
        start_response(status, [("Content-Type", "text/plain"), *sent])
        return [b""]


A, B = "https://a.example", "https://b.example"


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        ("301 Moved", "POST", "GET"),
        ("302 Found", "POST", "GET"),
        ("302 Found", "PUT", "PUT"),
        ("303 See Other", "PUT", "GET"),
        ("303 See Other", "HEAD", "HEAD"),
        ("307 Temporary", "POST", "POST"),
        ("308 Permanent", "PUT", "PUT"),
    ],
)
def test_redirect_changes_the_method_as_browsers_do(status, method, then):
    server = Redirects({f"{A}/x": (status, "/y")})
    body = b"" if method == "HEAD" else b"hello"
    verdict = Browser(server.app, PAGE).fetch(
        f"{A}/x", method, {"Content-Type": "text/plain"}, body=body
    )
    assert verdict
    assert server.requests[-1] == (then, f"{A}/y", PAGE)
    changed = method != then
    assert server.last.get("CONTENT_TYPE") == (None if changed else "text/plain")
    assert server.last.get("CONTENT_LENGTH") == (None if changed or not body else "5")


def test_redirected_put_is_preflighted_again():
    server = Redirects({f"{A}/x": ("307 Temporary", "/y")})
    assert Browser(server.app, PAGE).fetch(f"{A}/x", "PUT")
    assert [request[:2] for request in server.requests] == [
        ("OPTIONS", f"{A}/x"),
        ("PUT", f"{A}/x"),
        ("OPTIONS", f"{A}/y"),
        ("PUT", f"{A}/y"),
    ]


def test_origin_is_null_after_a_redirect_from_one_foreign_origin_to_another():
    server = Redirects({f"{A}/x": ("302 Found", f"{B}/y"), f"{B}/y": ("302 Found", "/z")})
    verdict = Browser(server.app, PAGE).fetch(f"{A}/x")
    assert verdict
    assert server.requests == [
        ("GET", f"{A}/x", PAGE),
        ("GET", f"{B}/y", "null"),
        ("GET", f"{B}/z", "null"),
    ]
    assert "the request's origin is now null" in " ".join(step.text for step in verdict.steps)


def test_null_origin_after_redirect_must_be_allowed():
    server = Redirects({f"{A}/x": ("302 Found", f"{B}/y")}, allowed=[PAGE])
    verdict = Browser(server.app, PAGE).fetch(f"{A}/x")
    assert verdict.reason == f"the response to GET: {ALLOW_ORIGIN} is '{PAGE}'; it should be null"


def test_redirect_back_to_the_own_origin_is_still_cors():
    server = Redirects({f"{A}/x": ("302 Found", f"{PAGE}/y")}, allowed=[PAGE])
    verdict = Browser(server.app, PAGE).fetch(f"{A}/x")
    assert not verdict
    assert server.requests[-1] == ("GET", f"{PAGE}/y", "null")


def test_redirect_from_the_own_origin_keeps_it():
    server = Redirects({f"{PAGE}/x": ("302 Found", f"{A}/y")})
    assert Browser(server.app, PAGE).fetch(f"{PAGE}/x")
    assert server.requests == [("GET", f"{PAGE}/x", None), ("GET", f"{A}/y", PAGE)]


def test_redirect_itself_must_pass_the_cors_check():
    server = Redirects({f"{A}/x": ("302 Found", "/y")}, allowed=[])
    verdict = Browser(server.app, PAGE).fetch(f"{A}/x")
    assert (verdict.allowed, len(server.requests), verdict.response.status) == (False, 1, 302)


def test_authorization_is_dropped_by_a_redirect_to_another_origin():
    server = Redirects({f"{A}/x": ("302 Found", f"{B}/y")})
    assert Browser(server.app, PAGE).fetch(
        f"{A}/x", headers={"Authorization": "x", "Accept": "text/html"}
    )
    assert "HTTP_AUTHORIZATION" not in server.last
    assert server.last["HTTP_ACCEPT"] == "text/html"
    server = Redirects({f"{A}/x": ("302 Found", "/y")})
    assert Browser(server.app, PAGE).fetch(f"{A}/x", headers={"Authorization": "x"})
    assert server.last["HTTP_AUTHORIZATION"] == "x"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("ftp://a.example/", "does not lead to an http:// or https:// URL"),
        ("data:text/plain,x", "does not lead to an http:// or https:// URL"),
        ("https://user:password@a.example/", "has a user name or password in its URL"),
        ("http://a.example/", "mixed content"),
    ],
)
def test_redirect_to_what_browsers_do_not_follow(location, reason):
    verdict = Browser(Redirects({f"{A}/x": ("302 Found", location)}).app, PAGE).fetch(f"{A}/x")
    assert not verdict
    assert reason in verdict.reason


def test_twenty_redirects_are_followed_and_no_more():
    table = {f"{A}/{n}": ("302 Found", f"/{n + 1}") for n in range(21)}
    assert Browser(Redirects(table).app, PAGE).fetch(f"{A}/1")
    verdict = Browser(Redirects(table).app, PAGE).fetch(f"{A}/0")
    assert (verdict.allowed, verdict.reason) == (False, "more than 20 redirects")


def test_redirect_without_location_is_the_response():
    verdict = Browser(Redirects({f"{A}/x": ("302 Found", None)}).app, PAGE).fetch(f"{A}/x")
    assert (verdict.allowed, verdict.response.status) == (True, 302)
