"""`explain` asks past the caches: which stored response a page got, and what the server says itself."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import tempfile
import threading

import pytest
from support import served
from test_browser_http import serving
from test_caches import Front, running, varnish

from wsgicors_explain import main

pytestmark = pytest.mark.once

PAGE = "https://app.example.com"
OTHER = "https://b.example"
ALLOW = "Access-Control-Allow-Origin"


class Site:
    """A server that allows two pages; whether it sends Vary, and always, is its flaw.

    vary: "always", "with Origin" or "never". allowed: the pages. extra: more headers.
    """

    def __init__(self, vary, allowed=(PAGE, OTHER), extra=()):
        self.vary, self.allowed, self.extra = vary, allowed, extra
        self.asked = []

    def __call__(self, environ, start_response):
        origin = environ.get("HTTP_ORIGIN")
        self.asked.append((origin, re.sub("=.*", "=", environ["QUERY_STRING"])))
        headers = [("Content-Type", "text/plain"), *self.extra]
        if origin in self.allowed:
            headers.append((ALLOW, origin))
        if self.vary == "always" or (origin and self.vary == "with Origin"):
            headers.append(("Vary", "Origin"))
        start_response("200 OK", headers)
        return [b"ok"]


def explain(capsys, url, *arguments, origin=PAGE):
    """The exit status, and the lines of the output with the URL and the cache's numbers replaced."""
    status = main(["explain", url, "--origin", origin, *arguments])
    text = capsys.readouterr().out.replace(url, "URL")
    return status, re.sub("x-varnish: [0-9 ]+(, age: [0-9]+)?", "MARKS", text).splitlines()


def pump(source, sink):
    """Pass on bytes until the source ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def on_a_port(front):
    """The Unix socket of a cache, as a port on loopback."""

    class Relay(socketserver.BaseRequestHandler):
        def handle(self):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as cache:
                front.connect(cache)
                request = threading.Thread(target=pump, args=(self.request, cache))
                request.start()
                pump(cache, self.request)
                request.join()

    with served(socketserver.TCPServer(("127.0.0.1", 0), Relay)) as port:
        yield port


@contextlib.contextmanager
def behind_varnish(site, more=""):
    """The site's URL behind a Varnish."""
    with tempfile.TemporaryDirectory(prefix="cors") as directory, serving(site) as port:
        command, started = varnish(directory, port, more)
        front = Front(f"{directory}/front")
        with running(command, started), on_a_port(front) as cached:
            yield f"http://127.0.0.1:{cached}/", front


MISSING = (
    "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
    " https://app.example.com or *"
)
SEND_VARY = "send Vary: Origin with every response of this URL, also without Origin"
HEED = "let the cache heed Vary: Origin, or add Origin to its key; then purge it"
IGNORE_VARY = "sub vcl_backend_response { unset beresp.http.Vary; }"
QUERIES = [(None, "wsgicors-explain="), (PAGE, "wsgicors-explain=")]


@pytest.mark.parametrize(
    ("vary", "first", "stored"),
    [
        ("with Origin", None, "a request without Origin"),
        ("never", None, "a request without Origin"),
        ("never", OTHER, f"a page on {OTHER}"),
    ],
)
def test_stored_response_for_another_is_told_with_the_server_s_flaw(vary, first, stored, capsys):
    site = Site(vary)
    with behind_varnish(site) as (url, front):
        front.request("/", first, Host=url[7:-1])
        status, lines = explain(capsys, url)
    missing = MISSING
    if first:
        missing = (
            "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'https://b.example'; it"
            " should be https://app.example.com"
        )
    assert (status, lines[-1]) == (
        1,
        f"{missing}; it came from a cache (MARKS), which stored it for {stored}: past the cache, the server"
        f" allows {PAGE}. To fix it, {SEND_VARY}, where it is missing now; then"
        " purge the cache",
    )
    assert site.asked == [(first, ""), *QUERIES]
    asked = "--  a cache may have stored this URL, so it is requested again with a new query"
    assert lines.count(asked) == 1


def test_cache_that_does_not_heed_vary_is_told(capsys):
    with behind_varnish(Site("always"), IGNORE_VARY) as (url, front):
        front.request("/", None, Host=url[7:-1])
        status, lines = explain(capsys, url)
    assert (status, lines[-1]) == (
        1,
        f"{MISSING}; it came from a cache (MARKS), which stored it for a request without Origin: past the cache, the server"
        f" allows {PAGE}. To fix it, {SEND_VARY}, where it is"
        " missing now; then purge the cache",
    )


def test_server_that_does_not_allow_it_either_is_told(capsys):
    with behind_varnish(Site("always", allowed=())) as (url, front):
        front.request("/", PAGE, Host=url[7:-1])
        status, lines = explain(capsys, url)
    assert (status, lines[-1]) == (
        1,
        f"{MISSING}; it came from a cache (MARKS), but past the cache the server does not allow it"
        f" either. To fix it, {SEND_VARY}, purge the cache, and let the server send the headers"
        " above",
    )


HIT = ("X-Cache", "HIT")
PUBLIC = ("Cache-Control", "public, max-age=60")
OURS, STAR, VARY = (ALLOW, PAGE), (ALLOW, "*"), ("Vary", "Origin")
LACKS = f"{MISSING}; it came from a cache"
STORED = f"which stored it for a request without Origin: past the cache, the server allows {PAGE}"
# name: (what the cache has stored; what the server says to the page; and without Origin; the last line)
STORED_RESPONSES = {
    "cache_does_not_heed_vary": (
        [HIT], [OURS, VARY], [VARY], f"{LACKS} (x-cache: HIT), {STORED}. To fix it, {HEED}"),
    "cache_without_a_name": (
        [PUBLIC], [OURS, PUBLIC, VARY], [PUBLIC, VARY],
        f"{LACKS} that does not name itself, {STORED}. To fix it, {HEED}"),
    "server_allows_everybody_now": (
        [HIT], [STAR], [STAR],
        f"{LACKS} (x-cache: HIT), {STORED}. To fix it, purge the cache: the server now allows every page"),
    "cache_looks_at_no_query": (
        [HIT], [HIT], [HIT],
        f"{LACKS} (x-cache: HIT), perhaps as it was sent to another page. To fix it, {SEND_VARY},"
        " purge the cache, and let the server send the headers above"),
    "server_takes_no_other_query": (
        [HIT], None, None,
        f"{LACKS} (x-cache: HIT), perhaps as it was sent to another page. To fix it, {SEND_VARY},"
        " purge the cache, and let the server send the headers above"),
    "server_does_not_allow_it": (
        [PUBLIC], [PUBLIC], [PUBLIC], f"{MISSING}. To fix it, let the server send the headers above"),
}  # fmt: skip


def cache_with(stored, as_page, alone):
    """A cache with one stored response, and a server that answers other queries."""

    def app(environ, start_response):
        sent = (
            (as_page if "HTTP_ORIGIN" in environ else alone) if environ["QUERY_STRING"] else stored
        )
        status = "403 Forbidden" if sent is None else "200 OK"
        start_response(status, [("Content-Type", "text/plain"), *(sent or [])])
        return [b""]

    return app


@pytest.mark.parametrize("name", STORED_RESPONSES)
def test_cache_or_server_is_told(name, capsys):
    *responses, last = STORED_RESPONSES[name]
    with serving(cache_with(*responses)) as port:
        status, lines = explain(capsys, f"http://127.0.0.1:{port}/x")
    assert (status, lines[-1]) == (1, last)


IMAGE = "--  without Origin, as for <img>, this URL returns neither Access-Control-Allow-Origin nor Vary: Origin: Chromium blocks a page that first shows the image and then fetches it"
DATED = ("Last-Modified", "Tue, 01 Jan 2030 00:00:00 GMT")


@pytest.mark.parametrize(
    ("as_page", "alone", "notes"),
    [
        ([STAR, DATED], [DATED], [IMAGE]),
        ([OURS, VARY, DATED], [DATED], [IMAGE]),
        ([STAR, DATED], [STAR, DATED], []),
        ([OURS, VARY, DATED], [VARY, DATED], []),
        ([STAR], [], []),
        ([STAR, DATED, ("Cache-Control", "no-store")], [], []),
    ],
)
def test_response_that_an_image_leaves_in_the_cache_is_told(as_page, alone, notes, capsys):
    with serving(cache_with(as_page, as_page, alone)) as port:
        status, lines = explain(capsys, f"http://127.0.0.1:{port}/x?v=1")
    assert (status, lines[-1]) == (0, f"ALLOWED: GET URL for a page on {PAGE}")
    assert [line for line in lines if "<img>" in line] == notes


def test_nothing_is_asked_again_where_it_could_change_something(capsys):
    site = Site("never", allowed=(), extra=[HIT])
    with serving(site) as port:
        status, lines = explain(capsys, f"http://127.0.0.1:{port}/x", "-X", "POST", "--send")
    assert (status, site.asked) == (1, [(PAGE, "")])
    assert "perhaps as it was sent to another page" in lines[-1]


def test_cache_that_a_redirect_leads_to_is_not_asked_for_the_page(capsys):
    """What is asked there has the Origin null, which no new request of the page would have."""
    site = Site("never", allowed=("null",), extra=[HIT])

    def redirect(environ, start_response):
        to = ("Location", f"http://127.0.0.1:{target}/x")
        start_response("302 Found", [("Content-Type", "text/plain"), (ALLOW, PAGE), to])
        return [b""]

    with serving(site) as target, serving(redirect) as port:
        status, lines = explain(capsys, f"http://127.0.0.1:{port}/x")
    assert (status, lines[-1]) == (0, f"ALLOWED: GET URL for a page on {PAGE}")
    assert site.asked == [("null", "")]


def test_wrong_credentials_are_not_blamed_on_a_cache(capsys):
    site = Site("always", extra=[HIT])
    with serving(site) as port:
        status, lines = explain(capsys, f"http://127.0.0.1:{port}/x", "--credentials")
    assert (status, site.asked) == (1, [(PAGE, "")])
    assert lines[-1] == (
        "BLOCKED: the response to GET: Access-Control-Allow-Credentials is missing; it should be true"
        " because the request has credentials. To fix it, let the server send the headers above"
    )
