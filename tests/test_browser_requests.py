"""Browser: what it asks the application, and the arguments that it refuses."""

from __future__ import annotations

from wsgiref.validate import validator

import pytest
from browser_support import CREDENTIALS, PAGE, Server, allow, fetch, headers, methods

from wsgicors_explain import Browser


def test_environ_of_a_simple_get_is_complete():
    server = Server(response=allow())
    assert fetch(server, "/x?y=1")
    assert server.requests == [
        {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/x",
            "QUERY_STRING": "y=1",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_ORIGIN": PAGE,
            "HTTP_ACCEPT": "*/*",
            "HTTP_USER_AGENT": "Mozilla/5.0 (compatible; wsgicors-explain)",
            "wsgi.url_scheme": "http",
        }
    ]


def test_environ_of_a_post_has_its_body_and_headers():
    seen = {}

    def app(environ, start_response):
        seen.update(environ, body=environ["wsgi.input"].read(5))
        start_response("200 OK", [("Content-Type", "text/plain"), *allow()])
        return [b""]

    pairs = [("Content-Type", "text/plain"), ("Accept", " text/html "), ("accept", "text/xml")]
    assert Browser(validator(app), PAGE).fetch(
        "/caf%C3%A9/ü?q=ä&r=a b#fragment", "POST", pairs, body=b"hello"
    )
    assert seen["PATH_INFO"] == "/café/ü".encode().decode("latin-1")
    assert seen["QUERY_STRING"] == "q=%C3%A4&r=a%20b"
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"], seen["body"]) == (
        "text/plain",
        "5",
        b"hello",
    )
    assert seen["HTTP_ACCEPT"] == "text/html, text/xml"


def test_preflight_asks_for_method_and_sorted_unsafe_headers_without_credentials():
    server = Server(
        allow(CREDENTIALS, methods("PUT"), headers("x-b, authorization, x-a")), allow(CREDENTIALS)
    )
    pairs = {"X-B": "1", "Accept": "text/html", "Authorization": "Basic eDp5", "X-A": "2"}
    assert fetch(server, "/x", "PUT", pairs, credentials="include")
    preflight, request = server.requests
    asked = {k: v for k, v in preflight.items() if k.startswith(("HTTP_", "REQUEST_"))}
    assert asked == {
        "REQUEST_METHOD": "OPTIONS",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization,x-a,x-b",
        "HTTP_ORIGIN": PAGE,
        "HTTP_USER_AGENT": preflight["HTTP_USER_AGENT"],
    }
    assert (
        request["REQUEST_METHOD"],
        request["HTTP_AUTHORIZATION"],
        request["CONTENT_LENGTH"],
    ) == (
        "PUT",
        "Basic eDp5",
        "0",
    )


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("", "localhost", "80", "/"),
        ("x", "localhost", "80", "/x"),
        ("/a/../b/./c/%2E%2e/d/..", "localhost", "80", "/b/"),
        ("/..", "localhost", "80", "/"),
        ("http://localhost/a/../b/./c", "localhost", "80", "/b/c"),
        ("/a\\b?c\\d", "localhost", "80", "/a/b"),
        ("http://api.localhost:8080", "api.localhost:8080", "8080", "/"),
        ("http://LOCALHOST:80//x", "localhost", "80", "//x"),
        ("https://api.example:443/x", "api.example", "443", "/x"),
        ("https://bücher.example/x", "xn--bcher-kva.example", "443", "/x"),
        ("http://[0:0::1]:81/x", "[::1]:81", "81", "/x"),
    ],
)
def test_url_is_made_canonical(url, host, port, path):
    server = Server(response=allow())
    assert fetch(server, url)
    (request,) = server.requests
    assert (request["HTTP_HOST"], request["SERVER_PORT"], request["PATH_INFO"]) == (
        host,
        port,
        path,
    )


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://page.example", "https://page.example"),
        ("HTTPS://Page.Example:443/index.html?x#y", "https://page.example"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("null", "null"),
        ("file:///home/me/index.html", "null"),
        ("blob:https://page.example/0b1c", "https://page.example"),
        ("blob:null/0b1c", "null"),
        ("data:text/html,x", "null"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_origin_may_be_the_address_of_the_page(address, origin):
    assert Browser(Server().app, address).origin == origin


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("app.example.com", "(no scheme): write 'https://app.example.com'"),
        ("localhost:3000/x", "(no scheme, a path): write 'http://localhost:3000'"),
        ("chrome-extension://id/page.html", "write 'chrome-extension://id'"),
        ("*", "write"),
        ("https://*.example.com", "write one such as 'https://app.example.com'"),
        ("https://exa mple.com", "has an invalid host"),
        ("chrome-extension://*", "write one such as 'https://app.example.com'"),
        ("", "write scheme://host"),
    ],
)
def test_bad_origin_is_an_error_that_says_what_to_write(address, advice):
    with pytest.raises(ValueError) as error:
        Browser(Server().app, address)
    assert repr(address) in str(error.value)
    assert advice in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"credentials": "same-origin"}, "credentials='same-origin': write 'omit' or 'include'"),
        ({"method": "GE T"}, "method='GE T' is not the name of a method"),
        ({"body": b"x"}, "GET cannot have a body"),
        ({"headers": {"X Y": "1"}}, "'X Y' is not the name of a header"),
        (
            {"headers": {"X": "a\r\nb"}},
            "header X: 'a\\r\\nb' contains a character not allowed in HTTP",
        ),
        ({"headers": {"X": "€"}}, "header X: '€' contains a character not allowed in HTTP"),
        (
            {"url_or_path": "ftp://localhost/"},
            "'ftp://localhost/' is not an http:// or https:// URL",
        ),
        (
            {"url_or_path": "http://[fe80::1%25lo]/"},
            "'http://[fe80::1%25lo]/' has a zone in its address, which browsers do not accept",
        ),
        (
            {"url_or_path": "http://u:p@localhost/"},
            "cannot fetch a URL with a user name or password in it",
        ),
        ({"url_or_path": "http://localhost:99999/"}, "ort"),
    ],
)
def test_bad_argument_is_an_error(arguments, message):
    server = Server()
    with pytest.raises(ValueError) as error:
        fetch(server, **{"url_or_path": "/", **arguments})
    assert message in str(error.value)
    assert server.requests == []


def test_target_must_be_an_http_url_or_an_application():
    with pytest.raises(ValueError, match="'localhost' is not an http:// or https:// URL"):
        Browser("localhost", PAGE)
    with pytest.raises(
        ValueError, match="a page cannot fetch a URL with a user name .*: write https://a.example/x"
    ):
        Browser("https://user:password@a.example/x", PAGE)
    with pytest.raises(
        ValueError, match="None is neither a WSGI application nor an http:// or https:// URL"
    ):
        Browser(None, PAGE)
