"""Connections stay open: what the middleware answers itself never costs a browser a new connection.

The client is a socket, so that nothing opens a connection again behind the test's back.
"""

from __future__ import annotations

import socket
from email.parser import BytesParser
from typing import NamedTuple

import pytest
from support import ORIGIN, OTHER
from test_servers import SECONDS_TO_ANSWER, gunicorn, program, running, uwsgi


def uwsgi_that_keeps(tmp_path):
    """uWSGI keeps connections on a socket for HTTP/1.1 only."""
    return ["--http11-socket" if part == "--http-socket" else part for part in uwsgi(tmp_path)]


# Those that keep connections: wsgiref speaks HTTP/1.0, and the sync worker of gunicorn closes always.
KEEPERS = {
    "waitress": program("waitress"),
    "cheroot": program("cheroot"),
    "gunicorn-gthread": gunicorn("gthread", "--threads", "2"),
    "gunicorn-gevent": gunicorn("gevent"),
    "uwsgi": uwsgi_that_keeps,
}


@pytest.fixture(scope="module", params=KEEPERS)
def port(request, tmp_path_factory):
    with running(KEEPERS[request.param](tmp_path_factory.mktemp("server"))) as port:
        yield port


class Response(NamedTuple):
    status: int
    connection: str
    body: bytes


class Connection:
    """One connection, which is never opened again."""

    def __init__(self, port):
        address = ("127.0.0.1", port)
        self.socket = socket.create_connection(address, SECONDS_TO_ANSWER)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.file.close()
        self.socket.close()

    def ask(self, method, path, *headers):
        """The response to a request, read to its end as its own headers tell it."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        status = self.file.readline()
        assert status, "the connection is closed"
        lines = iter(self.file.readline, b"\r\n")
        headers = BytesParser().parsebytes(b"".join(lines))
        body = self.file.read(int(headers.get("Content-Length", 0)))
        return Response(int(status.split()[1]), headers.get("Connection", ""), body)


PREFLIGHT = "Access-Control-Request-Method: PUT"
REASON = b"no policy for this path allows the origin"
REFUSAL = b"CORS preflight refused: %b.\n" % REASON
ERROR = b"Internal Server Error\n"

# The request, and the status and the body of its response
ANSWERS = {
    "allowed-preflight": (("OPTIONS", "/kept/ok", f"Origin: {ORIGIN}", PREFLIGHT), 200, b""),
    "allowed-by-default": (("OPTIONS", "/api/ok", f"Origin: {ORIGIN}", PREFLIGHT), 200, b""),
    "refused-preflight": (("OPTIONS", "/kept/ok", f"Origin: {OTHER}", PREFLIGHT), 403, REFUSAL),
    "caught-error": (("GET", "/caught/kept/error", f"Origin: {ORIGIN}"), 500, ERROR),
    "caught-after-start": (("GET", "/caught/kept/half-way", f"Origin: {ORIGIN}"), 500, ERROR),
}


@pytest.mark.parametrize(("asked", "status", "body"), ANSWERS.values(), ids=ANSWERS)
def test_connection_stays_open_after(port, asked, status, body):
    with Connection(port) as connection:
        for _ in range(3):
            response = connection.ask(*asked)
            assert (response.status, response.body) == (status, body)
            assert response.connection.lower() != "close"
        response = connection.ask("GET", "/kept/ok", f"Origin: {ORIGIN}")
        assert (response.status, response.body) == (200, b"GET ok")
