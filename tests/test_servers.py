"""The middleware under real servers: what a client sees on the wire is what the middleware sends.

Each server runs as a process of its own with tests/server_app.py. The client is http.client, so that every header
arrives as the server sent it.
"""

from __future__ import annotations

import configparser
import contextlib
import http.client
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

import pytest
import server_app
from support import ORIGIN, OTHER, assert_cors, cors_headers, need

import wsgicors

TESTS = Path(__file__).parent
CHECKOUT = TESTS.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
INSTALL = "pip install -e '.[test]'"

# One address in any of their first lines: by then the socket listens, and a client that comes early just waits.
LISTENING = re.compile(
    r"(?:listening on |Listening at: http://|bound to TCP address )127\.0\.0\.1:([0-9]+)"
)
SECONDS_TO_START = 120
SECONDS_TO_ANSWER = 60


def program(server, *arguments):
    def command(tmp_path):
        need(server == "wsgiref" or importlib.util.find_spec(server), server, INSTALL)
        return [sys.executable, str(TESTS / "server_app.py"), server, *arguments]

    return command


def gunicorn(worker_class, *options):
    def command(tmp_path):
        for package in {"gunicorn", *({worker_class} & {"gevent"})}:
            need(importlib.util.find_spec(package), package, INSTALL)
        arguments = ["--bind", "127.0.0.1:0", "--worker-class", worker_class, *options]
        # Its own limit of 8 KiB would keep large headers from the middleware.
        return [
            sys.executable,
            "-m",
            "gunicorn",
            *arguments,
            "--limit-request-field_size",
            "65535",
            "server_app",
        ]

    return command


def uwsgi(tmp_path):
    if sys.implementation.name != "cpython":
        pytest.skip("uWSGI runs applications on CPython only")
    path = need(SCRIPTS / "uwsgi" if (SCRIPTS / "uwsgi").exists() else None, "uWSGI", INSTALL)
    arguments = [
        "--http-socket",
        "127.0.0.1:0",
        "--virtualenv",
        sys.prefix,
        "--module",
        "server_app",
        "--need-app",
    ]
    return [str(path), *arguments, "--die-on-term", "--buffer-size", "65535"]


def waitress_with_ini(tmp_path):
    need(importlib.util.find_spec("paste.deploy"), "PasteDeploy", INSTALL)
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        installed = importlib.metadata.version("wsgicors")
    need(
        installed == wsgicors.__version__,
        f"wsgicors {wsgicors.__version__} as egg:wsgicors",
        INSTALL,
    )
    parser = configparser.ConfigParser()
    parser.read_dict(
        {
            "composite:main": {
                "paste.composite_factory": "server_app:make_site",
                "governed": "governed",
                "caught": "caught",
            },
            "pipeline:governed": {"pipeline": "linted cors linted app"},
            "pipeline:caught": {"pipeline": "linted cors-that-catches linted app"},
            "filter:cors": {"use": "egg:wsgicors#middleware", **server_app.CONFIGURATION},
            "filter:cors-that-catches": {"use": "cors", "catch_errors": "true"},
            "filter:linted": {"paste.filter_app_factory": "server_app:make_linted"},
            "app:app": {"paste.app_factory": "server_app:make_app"},
        }
    )
    with open(tmp_path / "site.ini", "w") as file:
        parser.write(file)
    return program("waitress", str(tmp_path / "site.ini"))(tmp_path)


class Server(NamedTuple):
    """How a server is started, and what it does otherwise than most, with us or without."""

    command: Callable[[Path], list[str]]
    sends_files: bool = False  # by the file descriptor, without reading them
    keeps_replaced_headers: bool = (
        False  # against PEP 3333, those of the first start_response are sent as well
    )
    closes_connections: bool = False  # after each answer, without saying so
    answers_exceptions: bool = True  # or closes the connection without a word
    decodes_path_of_options: bool = True  # or hands it on as it came


SERVERS = {
    "wsgiref": Server(program("wsgiref")),
    "waitress": Server(program("waitress")),
    "waitress-with-ini": Server(waitress_with_ini),
    "cheroot": Server(
        program("cheroot"), keeps_replaced_headers=True, decodes_path_of_options=False
    ),
    "gunicorn-sync": Server(gunicorn("sync"), sends_files=True, keeps_replaced_headers=True),
    "gunicorn-gthread": Server(
        gunicorn("gthread", "--threads", "2"), sends_files=True, keeps_replaced_headers=True
    ),
    "gunicorn-gevent": Server(gunicorn("gevent"), keeps_replaced_headers=True),
    "uwsgi": Server(uwsgi, sends_files=True, closes_connections=True, answers_exceptions=False),
}


@contextlib.contextmanager
def running(command):
    """The port of a server, which is a process of ours until the end of the block."""
    paths = os.pathsep.join(map(str, (CHECKOUT, TESTS)))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        port, output = Future(), []

        def watch():
            for line in process.stdout:
                output.append(line)
                found = LISTENING.search(line)
                if found and not port.done():
                    port.set_result(int(found[1]))
            if not port.done():
                port.set_exception(ChildProcessError("it ended without listening"))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield port.result(SECONDS_TO_START)
        except BaseException:
            print(*command, "\n", *output[-50:])
            raise
        finally:
            process.terminate()
            try:
                process.wait(SECONDS_TO_ANSWER)
            finally:
                process.kill()
                watcher.join()


class Answer(NamedTuple):
    status: int
    headerlist: list
    body: bytes

    def get_all(self, name):
        return [value for key, value in self.headerlist if key.lower() == name]


class Client:
    """A client of one server, each request on a connection of its own unless one is given."""

    def __init__(self, server, port):
        self.server = server
        self.port = port

    def connect(self):
        return contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_TO_ANSWER)
        )

    def request(self, path, origin=None, method="GET", asked=None, **headers):
        with self.connect() as connection:
            return self.request_on(connection, path, origin, method, asked, **headers)

    def request_on(self, connection, path, origin=None, method="GET", asked=None, **headers):
        connection.putrequest(method, path)
        for value in (origin,) if isinstance(origin, (str, bytes)) else origin or ():
            connection.putheader("Origin", value)
        if asked is not None:
            connection.putheader("Access-Control-Request-Method", asked)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())

    def notes(self, closed=0):
        """What the application has noted, once it has noted so many calls of close."""
        return json.loads(self.request(f"/notes?{closed}").body)


@pytest.fixture(scope="module", params=SERVERS)
def client(request, tmp_path_factory):
    server = SERVERS[request.param]
    with running(server.command(tmp_path_factory.mktemp("server"))) as port:
        yield Client(server, port)


API = {
    "allow_origin": ORIGIN,
    "allow_credentials": "true",
    "vary": "Origin",
    "expose_headers": "Vary",
}
REFUSED = {"vary": "Origin"}
PUBLIC = {"allow_origin": "*", "expose_headers": "X-App", "timing_allow_origin": "*"}

# path, origin -> status, body, the CORS headers
ANSWERS = [
    (
        "/api/ok",
        ORIGIN,
        200,
        b"GET ok",
        {**API, "vary": "Accept, Origin", "expose_headers": "X-App, Vary"},
    ),
    ("/api/ok", OTHER, 200, b"GET ok", {"vary": "Accept, Origin"}),
    ("/api/ok", None, 200, b"GET ok", {"vary": "Accept, Origin"}),
    ("/api/missing", ORIGIN, 404, b"missing", API),
    ("/api/missing", OTHER, 404, b"missing", REFUSED),
    ("/api/missing", None, 404, b"missing", REFUSED),
    (
        "/api/fresh",
        ORIGIN,
        304,
        b"",
        {name: value for name, value in API.items() if name != "expose_headers"},
    ),
    ("/api/fresh", OTHER, 304, b"", REFUSED),
    ("/api/fresh", None, 304, b"", REFUSED),
    ("/api/own", ORIGIN, 200, b"own", {**API, "vary": "*"}),
    ("/api/own", OTHER, 200, b"own", {"vary": "*"}),
    ("/api/stream", ORIGIN, 200, b"one two three", API),
    ("/api/write", ORIGIN, 200, b"written, returned", API),
    ("/api/write", OTHER, 200, b"written, returned", REFUSED),
    ("/caught/api/error", ORIGIN, 500, b"Internal Server Error\n", API),
    ("/caught/api/error", OTHER, 500, b"Internal Server Error\n", REFUSED),
    ("/caught/api/half-way", ORIGIN, 500, b"Internal Server Error\n", API),
    ("/caught/public/error", None, 500, b"Internal Server Error\n", PUBLIC),
    ("/public/ok", ORIGIN, 200, b"GET ok", {**PUBLIC, "vary": "Accept"}),
    ("/public/ok", None, 200, b"GET ok", {**PUBLIC, "vary": "Accept"}),
    ("/public/missing", OTHER, 404, b"missing", PUBLIC),
    ("/public/fresh", OTHER, 304, b"", PUBLIC),
    ("/public/own", OTHER, 200, b"own", {**PUBLIC, "vary": "*"}),
    ("/public/ok", "no origin at all", 200, b"GET ok", {**PUBLIC, "vary": "Accept"}),
    ("/elsewhere", ORIGIN, 404, b"missing", {}),
]


@pytest.mark.parametrize(
    ("path", "origin", "status", "body", "expected"),
    [pytest.param(*row, id=f"{row[0]}-{row[1]}") for row in ANSWERS],
)
def test_answer_to_a_request_that_is_no_preflight(client, path, origin, status, body, expected):
    answer = client.request(path, origin)
    assert (answer.status, answer.body) == (status, body)
    assert_cors(answer, **expected)


def test_path_that_is_not_governed_passes_untouched(client):
    answer = client.request("/own", ORIGIN)
    assert cors_headers(answer) == {
        "access-control-allow-origin": "https://wrong.example",
        "access-control-allow-credentials": "true",
        "access-control-max-age": "5",
        "vary": "*",
    }


def test_head_gets_what_get_gets(client):
    answer = client.request("/api/ok", ORIGIN, "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.get_all("content-length") == [str(len(b"HEAD ok"))]
    assert_cors(answer, **{**API, "vary": "Accept, Origin", "expose_headers": "X-App, Vary"})


def test_cookies_of_the_application_stay(client):
    assert client.request("/api/ok", ORIGIN).get_all("set-cookie") == [
        "session=s3cret; Secure; SameSite=None"
    ]


def test_preflight_that_is_allowed_does_not_reach_the_application(client):
    before = client.notes()["calls"]
    answer = client.request(
        "/api/ok",
        ORIGIN,
        "OPTIONS",
        asked="PURGE",
        Access_Control_Request_Headers="authorization,x-token",
    )
    assert (answer.status, answer.body) == (200, b"")
    assert_cors(
        answer,
        allow_origin=ORIGIN,
        allow_credentials="true",
        allow_methods="GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, PURGE",
        allow_headers="Authorization, Content-Type, x-token",
        max_age="600",
        vary="Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    )
    assert answer.get_all("content-type") == ["text/plain; charset=utf-8"]
    assert answer.get_all("content-length") == ["0"]
    assert not answer.get_all("transfer-encoding")
    assert client.notes()["calls"] == before


ANYTHING = {
    "allow_origin": "*",
    "allow_methods": "*, PUT, PATCH, DELETE",
    "allow_headers": "*, Authorization, Content-Type",
    "max_age": "600",
    "vary": "Access-Control-Request-Headers",
}


def test_preflight_of_a_static_policy(client):
    before = client.notes()["calls"]
    answer = client.request("/public/ok", OTHER, "OPTIONS", asked="PUT")
    assert (answer.status, answer.body) == (200, b"")
    assert_cors(answer, **ANYTHING)
    assert client.notes()["calls"] == before


@pytest.mark.parametrize(
    ("path", "origin", "asked", "reason"),
    [
        pytest.param(
            "/api/ok", OTHER, "PUT", b"no policy for this path allows the origin", id="origin"
        ),
        pytest.param(
            "/api/ok", "null", "PUT", b"no policy for this path allows the origin", id="null"
        ),
        pytest.param(
            "/api/ok",
            "nonsense",
            "PUT",
            b"the Origin header is not what browsers send",
            id="malformed",
        ),
        pytest.param(
            "/api/ok",
            b"https://\xfcber.example",
            "PUT",
            b"the Origin header is not what browsers send",
            id="latin-1",
        ),
        pytest.param(
            "/api/ok",
            ORIGIN,
            "P U T",
            b"Access-Control-Request-Method is not a token of at most 64 bytes",
            id="method-that-is-no-token",
        ),
    ],
)
def test_preflight_that_is_refused_says_why_and_does_not_reach_the_application(
    client, path, origin, asked, reason
):
    before = client.notes()["calls"]
    answer = client.request(path, origin, "OPTIONS", asked)
    assert (answer.status, answer.body) == (403, b"CORS preflight refused: %b.\n" % reason)
    assert_cors(answer, **REFUSED)
    assert client.notes()["calls"] == before


@pytest.mark.parametrize(
    ("origin", "asked", "expected"),
    [
        pytest.param(
            ORIGIN, None, {**API, "expose_headers": "X-App, Vary"}, id="no-method-asked-for"
        ),
        pytest.param(None, "PUT", {}, id="no-origin"),
    ],
)
def test_options_that_is_no_preflight_reaches_the_application(client, origin, asked, expected):
    answer = client.request("/api/ok", origin, "OPTIONS", asked)
    assert (answer.status, answer.body) == (200, b"OPTIONS ok")
    assert_cors(answer, **{**expected, "vary": "Accept, Origin"})


def test_preflight_and_answers_without_a_body_leave_a_connection_in_order(client):
    with client.connect() as connection:

        def ask(*arguments):
            if client.server.closes_connections:
                connection.close()
            return client.request_on(connection, *arguments)

        assert ask("/api/ok", ORIGIN, "OPTIONS", "PUT").status == 200
        assert ask("/api/fresh", ORIGIN).status == 304
        assert ask("/api/ok", OTHER, "OPTIONS", "PUT").status == 403
        assert ask("/api/ok", ORIGIN, "HEAD").status == 200
        assert ask("/api/ok", ORIGIN).body == b"GET ok"


def test_two_origins_are_none(client):
    """Servers join them with a comma, or keep the last."""
    assert_cors(client.request("/api/ok", [ORIGIN, OTHER]), vary="Accept, Origin")


@pytest.mark.parametrize(
    "path",
    ["/public/../api/ok", "/public/%2e%2e/api/ok", "//api/ok", "/./api/ok", "/public%5c../api/ok"],
)
def test_path_written_in_another_way_gets_no_laxer_policy(client, path):
    """Some servers resolve such a path or refuse it; where the middleware sees it, it allows nobody."""
    assert "access-control-allow-origin" not in cors_headers(client.request(path, OTHER))
    if client.server.decodes_path_of_options or "%" not in path:
        answer = client.request(path, OTHER, "OPTIONS", "PUT")
        assert answer.status in (200, 400, 403, 404)
        assert "access-control-allow-origin" not in cors_headers(answer)


def test_path_of_a_preflight_is_decoded_by_the_server(client):
    answer = client.request("/%61pi/ok", ORIGIN, "OPTIONS", "PUT")
    assert (answer.body == b"") == client.server.decodes_path_of_options


def test_exception_that_propagates_becomes_the_answer_of_the_server(client):
    if client.server.answers_exceptions:
        answer = client.request("/api/error", ORIGIN)
        assert answer.status == 500
        assert_cors(answer)
    else:
        with pytest.raises(http.client.RemoteDisconnected):
            client.request("/api/error", ORIGIN)


@pytest.mark.parametrize(("origin", "expected"), [(ORIGIN, API), (OTHER, REFUSED)])
def test_answer_that_the_application_replaces_with_exc_info(client, origin, expected):
    bare = client.request("/recovered", origin)
    answer = client.request("/api/recovered", origin)
    assert (answer.status, answer.body) == (bare.status, bare.body)
    assert answer.status == 500
    times = len(bare.get_all("x-app"))
    assert times == (2 if client.server.keeps_replaced_headers else 1)
    assert (
        answer.get_all("access-control-allow-origin")
        == ([ORIGIN] if "allow_origin" in expected else []) * times
    )
    assert answer.get_all("vary") == ["Origin"] * times


@pytest.mark.parametrize("path", ["/api/late", "/caught/api/late"])
def test_exception_after_the_first_chunk_breaks_the_answer_off(client, path):
    with client.connect() as connection:
        connection.request("GET", path, headers={"Origin": ORIGIN})
        response = connection.getresponse()
        assert_cors(Answer(response.status, response.getheaders(), b""), **API)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            response.read()


@pytest.mark.parametrize("route", ["stream", "late"])
def test_close_of_the_iterable_is_called_once(client, route):
    before = client.notes()["closed"]
    with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
        client.request(f"/api/{route}", ORIGIN)
    assert client.notes(closed=before + 1)["closed"] == before + 1


def test_file_wrapper_reaches_the_server(client):
    before = client.notes()
    answer = client.request("/api/file", ORIGIN)
    assert (answer.status, answer.body) == (200, Path(server_app.__file__).read_bytes())
    assert_cors(answer, **API)
    after = client.notes()
    assert after["unchanged"] == before["unchanged"] + 1
    assert (after["reads"] == before["reads"]) == client.server.sends_files

    # The same file as a mere iterable is read, so the counts above tell something.
    client.request("/api/file-iterated", ORIGIN)
    assert client.notes()["reads"] > after["reads"]
    assert client.notes()["unchanged"] == after["unchanged"]


# As large as wsgiref (64 KiB for a line) and uWSGI (65,535 bytes for all headers) let through; the others take more.
LARGE = 65_000
NAMES = ("x" * 49 + ",") * (LARGE // 50) + "x"


def test_large_origin_is_refused(client):
    answer = client.request("/api/ok", "https://" + "a" * LARGE)
    assert (answer.status, answer.body) == (200, b"GET ok")
    assert_cors(answer, vary="Accept, Origin")
    answer = client.request("/api/ok", "https://" + "a." * (LARGE // 2), "OPTIONS", "PUT")
    assert (answer.status, answer.body) == (
        403,
        b"CORS preflight refused: the Origin header is not what browsers send.\n",
    )
    assert_cors(answer, **REFUSED)


@pytest.mark.parametrize(
    "names", [pytest.param(NAMES, id="names"), pytest.param("," * LARGE, id="commas")]
)
def test_large_list_of_headers_is_not_echoed(client, names):
    answer = client.request(
        "/api/ok", ORIGIN, "OPTIONS", "PUT", Access_Control_Request_Headers=names
    )
    assert answer.status == 403
    assert b"at most 4096 bytes" in answer.body
    assert_cors(answer, **REFUSED)
    # Without credentials all of its names are left out.
    answer = client.request(
        "/public/ok", ORIGIN, "OPTIONS", "PUT", Access_Control_Request_Headers=names
    )
    assert answer.status == 200
    assert_cors(answer, **ANYTHING)
