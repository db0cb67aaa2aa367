"""What the browser sends and reads beside CORS: the body, cookies, the base URL, redirects."""

import pytest

from wsgicors_explain import Browser

pytestmark = pytest.mark.once


def answering(*chunks, status="200 OK", headers=()):
    """An application that allows every origin, and records its environs."""

    def app(environ, start_response):
        app.environs.append(environ)
        origin = ("Access-Control-Allow-Origin", environ.get("HTTP_ORIGIN", "*"))
        allow = [
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "PUT"),
        ]
        start_response(status, [origin, *allow, *headers])
        return iter(chunks)

    app.environs = []
    return app


def endless(chunk):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        while True:
            yield chunk

    return app


def test_the_body_is_what_the_application_yields():
    verdict = Browser(answering(b"", b"one, ", b"two"), "https://a.example").fetch("/")
    assert verdict.response.body == b"one, two"


def test_the_body_ends_at_64_kib():
    verdict = Browser(answering(b"x" * 40000, b"y" * 40000), "https://a.example").fetch("/")
    assert verdict.response.body == b"x" * 40000 + b"y" * 25536


@pytest.mark.parametrize("chunk", [b"", b"data: 1\n\n"], ids=["empty", "events"])
def test_an_endless_stream_ends(chunk):
    assert Browser(endless(chunk), "http://localhost").fetch("/").response.body == chunk


def test_empty_chunks_before_the_headers_do_not_end_the_response():
    def app(environ, start_response):
        yield b""
        start_response("200 OK", [])
        yield b"late"

    assert Browser(app, "http://localhost").fetch("/").response.body == b"late"


def test_a_repr_shows_the_status():
    verdict = Browser(answering(b"no", status="400 Bad Request"), "https://a.example").fetch("/")
    assert repr(verdict).startswith("Verdict(allowed=True, status=400, reason='the page may read")
    assert repr(verdict.response) == "<Response 400: 3 headers, body b'no'>"


def test_a_repr_without_a_response_has_no_status():
    verdict = Browser(answering(), "https://a.example").fetch("/", "TRACE")
    assert repr(verdict).startswith("Verdict(allowed=False, status=None, reason='TRACE is")


def test_paths_are_relative_to_the_base_url():
    app = answering()
    Browser(app, "https://a.example", base_url="https://api.example/v1/").fetch("users")
    (environ,) = app.environs
    assert (environ["HTTP_HOST"], environ["PATH_INFO"]) == ("api.example", "/v1/users")


def test_cookies_are_sent_with_credentials_and_never_with_a_preflight():
    app = answering()
    browser = Browser(app, "https://a.example", cookies={"session": "1", "theme": "dark"})
    assert browser.fetch("/", "PUT", credentials="include")
    assert browser.fetch("/")
    sent = [(each["REQUEST_METHOD"], each.get("HTTP_COOKIE")) for each in app.environs]
    assert sent == [("OPTIONS", None), ("PUT", "session=1; theme=dark"), ("GET", None)]


def test_two_location_headers_are_a_network_error():
    headers = [("Location", "/a"), ("Location", "/b")]
    app = answering(status="302 Found", headers=headers)
    verdict = Browser(app, "https://a.example").fetch("/")
    assert not verdict
    assert verdict.reason == "the response has more than one Location header: /a, /b; send one"
