"""Browser obeys the Fetch standard: what it sends, what it lets the page read, why it blocks."""

from __future__ import annotations

from wsgiref.validate import validator

import pytest

from wsgicors_explain import Browser, Step

PAGE = "https://page.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


class Server:
    """A WSGI application that answers with given headers, validated, and keeps what it was asked."""

    def __init__(
        self, preflight=(), response=(), status="200 OK", preflight_status="204 No Content"
    ):
        self.preflight, self.response = list(preflight), list(response)
        self.status, self.preflight_status = status, preflight_status
        self.requests = []
        self.app = validator(self._answer)

    def _answer(self, environ, start_response):
        self.requests.append({k: v for k, v in environ.items() if isinstance(v, str)})
        if (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            typed = (
                []
                if self.preflight_status[:3] in ("204", "304")
                else [("Content-Type", "text/plain")]
            )
            start_response(self.preflight_status, [*typed, *self.preflight])
            return [b""]
        start_response(self.status, [("Content-Type", "text/plain"), *self.response])
        return [b"", b"body"]

    @property
    def methods(self):
        return [request["REQUEST_METHOD"] for request in self.requests]


def allow(*extra, origin=PAGE):
    return [("Access-Control-Allow-Origin", origin), *extra]


CREDENTIALS = ("Access-Control-Allow-Credentials", "true")


def methods(value):
    return ("Access-Control-Allow-Methods", value)


def headers(value):
    return ("Access-Control-Allow-Headers", value)


def fetch(server, *args, origin=PAGE, **kwargs):
    return Browser(server.app, origin).fetch(*args, **kwargs)


# --- what the application is asked ---


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


# --- same origin, cross origin, never sent ---


def test_same_origin_is_not_cors():
    server = Server(response=[("X-A", "1"), ("Set-Cookie", "a=b")])
    verdict = fetch(server, "/x", "PUT", {"X-T": "1"}, origin="http://localhost")
    assert (verdict.allowed, verdict.preflight) == (True, None)
    assert verdict.readable_headers == {"content-type": "text/plain", "x-a": "1"}
    assert [(r["REQUEST_METHOD"], r["HTTP_ORIGIN"]) for r in server.requests] == [
        ("PUT", "http://localhost")
    ]
    assert "CORS does not apply" in verdict.steps[0].text


def test_same_origin_get_has_no_origin_header():
    server = Server()
    assert fetch(server, "/x", origin="http://localhost")
    assert "HTTP_ORIGIN" not in server.requests[0]


def test_null_is_never_the_same_origin():
    assert fetch(Server(response=allow(origin="null")), "/", origin="null")
    assert not fetch(Server(), "/", origin="null")


def test_another_port_is_another_origin():
    assert not fetch(Server(), "/", origin="http://localhost:3000")


def test_mixed_content_is_blocked():
    server = Server(response=allow())
    verdict = fetch(server, "http://api.example/")
    assert (verdict.allowed, server.requests) == (False, [])
    assert (
        verdict.reason
        == "mixed content: the page is on https, so http://api.example must be https as well"
    )


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "[::1]"])
def test_loopback_is_not_mixed_content(host):
    assert fetch(Server(response=allow()), f"http://{host}/")


def test_bad_port_is_blocked():
    verdict = fetch(Server(response=allow()), "http://localhost:6000/")
    assert (verdict.allowed, verdict.reason) == (
        False,
        "browsers block port 6000",
    )


@pytest.mark.parametrize("method", ["CONNECT", "trace", "Track"])
def test_forbidden_method_is_blocked(method):
    server = Server(response=allow())
    verdict = fetch(server, "/", method)
    assert (verdict.allowed, verdict.response, server.requests) == (False, None, [])
    assert verdict.reason == f"{method} is a forbidden method: no page may send it"


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("Cookie", "a=b", False),
        ("HOST", "x", False),
        ("Sec-Fetch-Mode", "cors", False),
        ("Proxy-X", "1", False),
        ("X-HTTP-Method-Override", "PUT, trace", False),
        ("X-HTTP-Method-Override", "PUT", True),
        ("X-Requested-With", "XMLHttpRequest", True),
        ("User-Agent", "mine", True),
    ],
)
def test_forbidden_headers_are_dropped(name, value, sent):
    server = Server(allow(headers("*")), allow())
    verdict = fetch(server, "/", headers={name: value})
    assert verdict
    key = "HTTP_" + name.upper().replace("-", "_")
    assert (server.requests[-1].get(key) == value) is sent
    assert (
        f"the request header {name} is dropped: no page may set it"
        in [s.text for s in verdict.steps]
    ) is not sent


# --- which requests need a preflight ---

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


# --- the CORS check, of both responses ---

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
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


# --- what the preflight must allow ---

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


# --- what the page can read ---


def exposed(value):
    return ("Access-Control-Expose-Headers", value)


@pytest.mark.parametrize(
    ("sent", "credentials", "names"),
    [
        ([], "omit", ["content-type"]),
        ([exposed("x-a")], "omit", ["content-type", "x-a"]),
        ([exposed("X-A, x-c"), exposed("X-B")], "omit", ["content-type", "x-a", "x-b"]),
        ([exposed("*")], "omit", ["access-control-allow-credentials", ALLOW_ORIGIN.lower(), exposed("")[0].lower()]
         + ["content-type", "x-a", "x-b"]),
        ([exposed("*")], "include", ["content-type"]),
        ([exposed("Set-Cookie, X-A")], "omit", ["content-type", "x-a"]),
        ([exposed("x-a x-b")], "omit", ["content-type"]),
    ],
    ids=["safelisted", "one", "several", "any", "any_with_credentials", "never_cookies", "broken"],
)  # fmt: skip
def test_readable_headers(sent, credentials, names):
    own = [("X-A", "1"), ("x-a", " 2"), ("X-B", "3"), ("Set-Cookie", "a=b"), *sent]
    verdict = fetch(Server(response=allow(CREDENTIALS, *own)), "/", credentials=credentials)
    assert sorted(verdict.readable_headers) == names
    if "x-a" in names:
        assert verdict.readable_headers["x-a"] == "1, 2"


# --- the CORS-preflight cache ---


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


# --- redirects ---


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


# --- the application's own faults ---


def test_exception_of_the_application_propagates():
    def app(environ, start_response):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        Browser(app, PAGE).fetch("/")


def test_exception_of_the_iterable_propagates_and_it_is_closed():
    class Body:
        closed = False

        def __iter__(self):
            raise LookupError("mine")

        def close(self):
            Body.closed = True

    def app(environ, start_response):
        start_response("200 OK", allow())
        return Body()

    with pytest.raises(LookupError, match="mine"):
        Browser(app, PAGE).fetch("/")
    assert Body.closed


def test_endless_stream_is_read_only_until_its_first_bytes():
    closed = []

    def app(environ, start_response):
        start_response("200 OK", allow())
        try:
            yield b""
            while True:
                yield b"data: x\n\n"
        finally:
            closed.append(True)

    assert Browser(app, PAGE).fetch("/events")
    assert closed == [True]


def test_second_start_response_with_exc_info_replaces_the_first():
    import sys

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise LookupError("mine")
        except LookupError:
            start_response("500 Oops", allow(), sys.exc_info())
        return [b""]

    verdict = Browser(app, PAGE).fetch("/")
    assert (verdict.allowed, verdict.response.status) == (True, 500)


def test_second_start_response_after_write_raises_the_exception():
    import sys

    def app(environ, start_response):
        start_response("200 OK", allow())(b"written")
        try:
            raise LookupError("mine")
        except LookupError:
            start_response("500 Oops", [], sys.exc_info())
        return [b""]

    with pytest.raises(LookupError, match="mine"):
        Browser(app, PAGE).fetch("/")


def test_breaches_of_pep_3333_are_errors():
    def twice(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    with pytest.raises(RuntimeError, match="called start_response twice without exc_info"):
        Browser(twice, PAGE).fetch("/")
    with pytest.raises(RuntimeError, match="did not call start_response"):
        Browser(lambda environ, start_response: [], PAGE).fetch("/")


def test_repr_of_a_verdict_is_short_enough_for_a_failing_assert():
    verdict = fetch(Server(), "/")
    assert repr(verdict) == f"Verdict(allowed=False, status=200, reason={verdict.reason!r})"
