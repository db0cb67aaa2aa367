"""nginx and Varnish in front of the middleware: no page gets what was meant for another one.

The application runs on a real server and says that its responses may be stored. Each request that reaches it is
counted, so that a test sees what the cache answered by itself. Debian: apt-get install nginx varnish.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import pytest
from support import ORIGIN, OTHER, assert_cors, need

from wsgicors import CORS

pytestmark = pytest.mark.once

SECONDS = 60  # for anything that takes milliseconds on a machine that is not busy
STRANGER = "https://stranger.example.org"

CONFIGURATION = {
    "policy": "public, api",
    "public_path": "/public/*",
    "public_origin": "*",
    "api_origin": f"{ORIGIN}, {OTHER}",
    "api_methods": "PUT",
    "api_credentials": "true",
    "api_expose_headers": "*",
    "api_maxage": "600",
}

NGINX = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log stderr notice;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/temp;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    proxy_cache_path {directory}/cache keys_zone=pages:1m;
    server {{
        listen unix:{directory}/front;
        location / {{
            proxy_pass http://127.0.0.1:{port};
            proxy_set_header Host $host;
            proxy_cache pages;
            {more}
        }}
    }}
}}
"""

VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{port}"; }}
{more}
"""

# What the README says about caches that do not look at Vary, and about too many variants.
NGINX_WITHOUT_VARY = "proxy_ignore_headers Vary;"
NGINX_KEY = 'proxy_cache_key "$scheme$host$request_uri $http_origin";'
VARNISH_FEW_VARIANTS = """
sub vcl_recv {
    if (req.method == "GET" && req.http.Origin !~ "^https://(app\\.example\\.com|other\\.example\\.net)$") {
        unset req.http.Origin;
    }
}
"""


class Site:
    """The application behind the middleware, on a server of its own; ``calls`` holds each request that reached it."""

    def __init__(self):
        self.calls = []

    def __call__(self, environ, start_response):
        self.calls.append((environ["REQUEST_METHOD"], environ.get("HTTP_ORIGIN")))
        start_response(
            "200 OK",
            [
                ("Content-Type", "text/plain"),
                ("Content-Length", "2"),
                ("Cache-Control", "public, max-age=600"),
                ("ETag", '"v1"'),
                ("X-App", "1"),
            ],
        )
        return [b"ok"]

    @contextlib.contextmanager
    def running(self):
        """The port where it is served."""
        wsgi = pytest.importorskip("cheroot.wsgi")
        server = wsgi.Server(("127.0.0.1", 0), CORS(self, CONFIGURATION))
        server.prepare()
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server.bind_addr[1]
        finally:
            server.stop()
            thread.join()


def nginx(directory, port, more):
    path = need(
        shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"),
        "nginx",
        "apt-get install nginx",
    )
    Path(directory, "conf").write_text(NGINX.format(directory=directory, port=port, more=more))
    return [path, "-p", directory, "-c", f"{directory}/conf", "-e", "stderr"], r"nginx/[0-9.]+"


def varnish(directory, port, more):
    path = need(
        shutil.which("varnishd", path="/usr/sbin:/usr/bin:/usr/local/bin"),
        "varnishd",
        "apt-get install varnish",
    )
    Path(directory, "vcl").write_text(VARNISH.format(port=port, more=more))
    where = ["-n", f"{directory}/work", "-f", f"{directory}/vcl", "-a", f"{directory}/front"]
    return [path, "-F", "-j", "none", "-T", "none", *where, "-s", "malloc,16m"], "Child launched OK"


@contextlib.contextmanager
def running(command, started):
    """Run a command until the end of the block; it has started once a line of its output matches.

    Gives the process and the match.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines, ready = [], Future()

        def watch():
            for line in process.stdout:
                lines.append(line)
                found = re.search(started, line)
                if found and not ready.done():
                    ready.set_result(found)
            if not ready.done():
                ready.set_exception(ChildProcessError("".join(lines)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield process, ready.result(SECONDS)
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            finally:
                process.kill()
                watcher.join()


class Front:
    """A client of the cache, which listens on a Unix socket."""

    def __init__(self, path):
        self.path = path

    def connect(self, client):
        """Varnish says that it has started shortly before it listens."""
        deadline = time.monotonic() + SECONDS
        while client.connect_ex(self.path) != 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def request(self, path, origin=None, method="GET", **headers):
        connection = http.client.HTTPConnection("localhost", timeout=SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.closing(connection):
            connection.sock.settimeout(SECONDS)
            self.connect(connection.sock)
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if origin is not None:
                sent["Origin"] = origin
            connection.request(method, path, headers=sent)
            response = connection.getresponse()
            response.read()
            response.headerlist = response.getheaders()
            return response


@contextlib.contextmanager
def cached(cache, more=""):
    """The application and a client of the cache in front of it."""
    site = Site()
    with tempfile.TemporaryDirectory(prefix="cors") as directory, site.running() as port:
        command, started = cache(directory, port, more)
        with running(command, started):
            yield site, Front(f"{directory}/front")


def allowed(origin):
    return {
        **{"allow_origin": origin, "allow_credentials": "true", "vary": "Origin"},
        "expose_headers": "ETag, X-App, Vary",
    }


ALL = {
    ORIGIN: allowed(ORIGIN),
    None: {"vary": "Origin"},
    OTHER: allowed(OTHER),
    STRANGER: {"vary": "Origin"},
}

RIGHT = [
    pytest.param(nginx, "", id="nginx"),
    pytest.param(nginx, NGINX_WITHOUT_VARY + NGINX_KEY, id="nginx-by-key"),
    pytest.param(varnish, "", id="varnish"),
    pytest.param(varnish, VARNISH_FEW_VARIANTS, id="varnish-few-variants"),
]


@pytest.mark.parametrize(("cache", "more"), RIGHT)
def test_pages_never_get_the_headers_of_one_another(cache, more):
    with cached(cache, more) as (site, front):
        for round_ in range(3):
            for origin, expected in ALL.items():
                assert_cors(front.request("/page", origin), **expected)
                fresh = front.request("/page", origin, If_None_Match='"v1"')
                assert fresh.status == 304
                assert_cors(fresh, **expected)
            if round_ == 0:
                stored = len(site.calls)
        assert len(site.calls) == stored <= len(ALL)  # what came later came from the cache


@pytest.mark.parametrize(("cache", "more"), [RIGHT[0], RIGHT[2]])
def test_one_static_response_serves_everybody(cache, more):
    with cached(cache, more) as (site, front):
        for origin in (ORIGIN, None, OTHER, STRANGER, "malformed", ORIGIN):
            assert_cors(front.request("/public/page", origin), allow_origin="*")
        assert len(site.calls) == 1


@pytest.mark.parametrize(("cache", "more"), [RIGHT[0], RIGHT[2]])
def test_preflights_are_answered_by_the_middleware_each_time(cache, more):
    with cached(cache, more) as (site, front):
        for origin in (ORIGIN, OTHER, ORIGIN):
            response = front.request(
                "/page", origin, "OPTIONS", Access_Control_Request_Method="PUT"
            )
            assert response.status == 200
            expected = {"allow_origin": origin, "allow_credentials": "true", "vary": "Origin"}
            assert_cors(response, **expected, allow_methods="PUT", max_age="600")
        assert (
            front.request("/page", STRANGER, "OPTIONS", Access_Control_Request_Method="PUT").status
            == 403
        )
        assert site.calls == []


def test_strangers_share_one_entry_where_their_origin_is_taken_away():
    with cached(varnish, VARNISH_FEW_VARIANTS) as (site, front):
        for number in range(20):
            assert_cors(
                front.request("/page", f"https://stranger-{number}.example.org"), vary="Origin"
            )
        assert site.calls == [("GET", None)]


def test_a_cache_that_ignores_vary_does_mix_them_up():
    """What the tests above would see if Vary did not matter."""
    with cached(nginx, NGINX_WITHOUT_VARY) as (_, front):
        assert_cors(front.request("/page", ORIGIN), **allowed(ORIGIN))
        assert_cors(front.request("/page", OTHER), **allowed(ORIGIN))
