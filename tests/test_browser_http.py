"""Browser against servers on loopback: what comes over the wire, and what happens when nothing does."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest
from certificates import (
    issue,
    tls_only_old,
    tls_with_alert,
    tls_with_an_unusual_cipher,
    tls_with_client_certificates,
)
from support import served

from wsgicors_explain import Browser

PAGE = "http://page.example"


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        """Leave the test's output alone."""


@contextlib.contextmanager
def serving(app, context=None):
    """A real server on loopback; gives its port."""
    server = make_server("127.0.0.1", 0, validator(app), handler_class=QuietHandler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with served(server) as port:
        yield port


@contextlib.contextmanager
def accepting(serve, times=1):
    """A server that hands so many connections to `serve`, with an event that is set at the end, and is gone then.

    Gives its port.
    """
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def accept():
            with listener:
                for _ in range(times):
                    try:
                        connection, _ = listener.accept()
                    except OSError:  # shut down at the end of the block
                        return
                    with connection:
                        serve(connection, done)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield port
        finally:
            done.set()
            with contextlib.suppress(OSError):  # it is closed after the last connection
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def answering(data, times=1):
    """A server that answers so many connections with these bytes; with None it never answers. Gives its port."""

    def serve(connection, done):
        connection.recv(65536)
        if data is None:
            done.wait()
        else:
            connection.sendall(data)

    return accepting(serve, times)


def app(environ, start_response):
    if environ["REQUEST_METHOD"] == "OPTIONS":
        start_response(
            "204 No Content",
            [("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Methods", "PUT")],
        )
        return [b""]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = [
        ("Content-Type", "text/plain"),
        ("Access-Control-Allow-Origin", PAGE),
        ("X-Body", body.decode()),
    ]
    headers += [
        ("X-Asked", f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"),
        ("X-Asked", environ["HTTP_HOST"]),
    ]
    start_response("200 OK", [*headers, ("Access-Control-Expose-Headers", "X-Body, X-Asked")])
    return [b"body"]


def test_preflight_and_request_over_the_wire():
    with serving(app) as port:
        browser = Browser(f"http://127.0.0.1:{port}/base/x", PAGE)
        verdict = browser.fetch("y?q=1", "PUT", body=b"hello")
        assert verdict
        assert (verdict.preflight.status, verdict.response.status) == (204, 200)
        assert verdict.readable_headers["x-asked"] == f"/base/y?q=1, 127.0.0.1:{port}"
        assert verdict.readable_headers["x-body"] == "hello"
        assert browser.fetch("").readable_headers["x-asked"] == f"/base/x?, 127.0.0.1:{port}"


def test_blocked_over_the_wire():
    with serving(app) as port:
        verdict = Browser(f"http://localhost:{port}", "http://other.example").fetch("/", "PUT")
    assert (verdict.allowed, verdict.response) == (False, None)
    assert verdict.reason.endswith(
        f"Access-Control-Allow-Origin is {PAGE!r}; it should be http://other.example"
    )


def test_refused_connection_is_a_network_failure():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/")
    assert (verdict.allowed, verdict.response) == (False, None)
    assert verdict.reason == f"nothing listens on 127.0.0.1 port {port}: the connection was refused"


def test_unknown_host_is_a_network_failure(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")  # whatever the machine has
    verdict = Browser("http://nowhere.invalid", PAGE).fetch("/")
    assert verdict.reason.startswith("the host name nowhere.invalid does not resolve: ")


def test_silence_is_a_network_failure():
    with answering(None) as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE, timeout=1).fetch("/")
    assert verdict.reason == f"127.0.0.1:{port} did not respond within 1 second"


def test_closed_connection_is_a_network_failure():
    with answering(b"") as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/")
    assert verdict.reason == f"127.0.0.1:{port} sent no response: it closed the connection"


def test_time_limit_is_for_the_whole_exchange():
    """A byte now and then does not prolong it."""

    def drip(connection, done):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        with contextlib.suppress(OSError):  # once the browser is gone
            while not done.wait(0.01):
                connection.sendall(b"x")

    started = time.monotonic()
    with accepting(drip) as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE, timeout=1).fetch("/")
    assert verdict.reason == f"127.0.0.1:{port} did not respond within 1 second"
    assert time.monotonic() - started < 10


def test_time_limit_is_for_the_connection_and_tls_as_well():
    with answering(None) as port:
        verdict = Browser(f"https://127.0.0.1:{port}", PAGE, timeout=1).fetch("/")
    assert verdict.reason == f"127.0.0.1:{port} did not complete the TLS handshake within 1 second"
    verdict = Browser("http://127.0.0.1:9000", PAGE, timeout=0).fetch("/")
    assert verdict.reason == "the host name 127.0.0.1 did not resolve within 0 seconds"


def test_time_limit_is_for_the_look_up_of_the_name_as_well(monkeypatch):
    """A resolver that never answers would need another /etc/resolv.conf, so its function is replaced here."""
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: ended.wait())
    monkeypatch.setenv("no_proxy", "*")  # whatever the machine has
    started = time.monotonic()
    verdict = Browser("https://api.example.com", PAGE, timeout=0.05).fetch("/")
    ended.set()
    assert (verdict.allowed, verdict.response) == (False, None)
    assert verdict.reason == "the host name api.example.com did not resolve within 0.05 seconds"
    assert time.monotonic() - started < 2


@pytest.mark.skipif(sys.platform != "linux", reason="only there, a full queue gives no answer")
def test_time_limit_is_shared_by_the_addresses_of_a_host():
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        contextlib.ExitStack() as stack,
    ):
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        server = f"localhost:{listener.getsockname()[1]}"
        verdict = Browser(f"http://{server}", PAGE, timeout=1).fetch("/")
    assert verdict.reason == f"{server} did not accept a connection within 1 second"


def test_time_limit_is_for_a_body_that_nobody_reads():
    with accepting(lambda connection, done: done.wait()) as port:
        browser = Browser(f"http://127.0.0.1:{port}", PAGE, timeout=1)
        verdict = browser.fetch("/", "POST", body=bytes(20_000_000))
    assert verdict.reason == f"127.0.0.1:{port} did not respond within 1 second"


def test_body_is_what_came_in_time():
    def drip(connection, done):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n")
        with contextlib.suppress(OSError):  # once the browser is gone
            while not done.wait(0.01):
                connection.sendall(b"x")

    with accepting(drip) as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE, timeout=1).fetch("/")
    assert verdict
    assert 0 < len(verdict.response.body) < 150
    assert set(verdict.response.body) == set(b"x")


def test_reset_connection_is_a_network_failure():
    def reset(connection, done):
        connection.recv(1)
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with accepting(reset) as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/")
    assert verdict.reason == f"127.0.0.1:{port} sent no response: it reset the connection"


def test_unreachable_address_is_a_network_failure(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")  # whatever the machine has
    verdict = Browser("http://255.255.255.255", PAGE).fetch("/")
    assert re.fullmatch("255.255.255.255 cannot be reached: [A-Z][a-z ]+", verdict.reason)


def test_tls_where_http_is_asked_for_is_a_network_failure():
    with answering(b"\x15\x03\x01\x00\x02\x02\x16") as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/")
    assert verdict.reason == (
        f"127.0.0.1:{port} speaks TLS: perhaps the URL is https://127.0.0.1:{port}"
    )


def test_header_lines_that_browsers_ignore_are_a_step():
    allow = b"Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: PUT\r\n\r\n"
    odd = [b"", b"X Foo bar\r\n", b"a\r\nb : c\r\n", b"a\r\nb\r\nc\r\nd\r\ne\r\n"]
    with contextlib.ExitStack() as stack:
        texts = []
        for line in odd:
            data = b"HTTP/1.1 204 No Content\r\n" + line + allow
            port = stack.enter_context(answering(data, times=2))
            verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/", "PUT")
            assert verdict
            texts.append([step.text for step in verdict.steps if "ignore" in step.text])
    one = "the server sent a header line that browsers ignore: 'X Foo bar'"
    two = "the server sent 2 header lines that browsers ignore: 'a', 'b : c'"
    many = "the server sent 5 header lines that browsers ignore: 'a', 'b', 'c' and 2 more"
    assert texts == [[], [one] * 2, [two] * 2, [many] * 2]


def test_interim_responses_are_passed_over():
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    with answering(
        hints + b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nX-A: 1\r\n\r\n"
    ) as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/")
    assert verdict
    assert verdict.response[:2] == (200, [("Access-Control-Allow-Origin", "*"), ("X-A", "1")])


def test_answer_before_the_end_of_the_body_is_read():
    with answering(
        b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    ) as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch(
            "/", "POST", body=bytes(20_000_000)
        )
    assert "Its status is 413: fix that first" in verdict.reason


def test_other_protocol_is_a_network_failure():
    with answering(b"SSH-2.0-OpenSSH\r\n") as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/")
    assert (
        verdict.reason
        == f"127.0.0.1:{port} sent no HTTP response that browsers accept: it began with 'SSH-2.0-OpenSSH'"
    )


def test_http_where_https_is_asked_for_is_a_network_failure():
    with serving(app) as port:
        verdict = Browser(f"https://127.0.0.1:{port}", PAGE).fetch("/")
    assert verdict.reason == (
        f"127.0.0.1:{port} does not speak TLS: perhaps the URL is http://127.0.0.1:{port}"
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    return issue(tmp_path_factory.mktemp("tls") / "server.pem", "127.0.0.1").path


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(certificate))
    return context


# How the server is prepared, the host to ask, which is named to the server unless it is an address, and what OpenSSL says.
TLS_FAILURES = {
    "old versions": (
        tls_only_old,
        "127.0.0.1",
        "'tlsv1 alert protocol version': the server speaks other versions of TLS than browsers",
    ),
    "another cipher": (
        tls_with_an_unusual_cipher,
        "127.0.0.1",
        "'sslv3 alert handshake failure': no common version and cipher, or a client certificate is required",
    ),
    "unknown name": (
        tls_with_alert(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME),
        "localhost",
        "'tlsv1 unrecognized name': the server has no certificate for this host name",
    ),
    "failure": (
        tls_with_alert(ssl.ALERT_DESCRIPTION_INTERNAL_ERROR),
        "localhost",
        "'tlsv1 alert internal error': the server failed, often as it has no certificate for this host name",
    ),
    "client certificate": (
        tls_with_client_certificates,
        "127.0.0.1",
        "'tlsv13 alert certificate required': the server requires a client certificate, which browsers send only "
        "with credentials, and never with a preflight",
    ),
    "access denied": (
        tls_with_alert(ssl.ALERT_DESCRIPTION_ACCESS_DENIED),
        "localhost",
        "'tlsv1 alert access denied'",
    ),
}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("name", TLS_FAILURES)
def test_tls_failure_is_told_in_openssls_words(tls, certificate, monkeypatch, name):
    prepare, host, said = TLS_FAILURES[name]
    prepare(tls)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def serve(connection, done):
        with contextlib.suppress(ssl.SSLError), tls.wrap_socket(connection, server_side=True):
            pass

    with accepting(serve) as port:
        verdict = Browser(f"https://{host}:{port}", PAGE).fetch("/")
    reason = verdict.reason.replace("'ssl/tls alert", "'sslv3 alert")  # so since OpenSSL 3.2
    assert reason == f"TLS with {host}:{port} failed: OpenSSL says {said}"


# ServerHello, TLS 1.0, ECDHE-RSA-AES256-SHA
OLD_HELLO = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" + bytes(33) + b"\xc0\x14\x00"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (
            b"\x15\x03\x03\x00\x02\x02\x78",
            "'tlsv1 alert no application protocol': the server refuses HTTP/1.1, and HTTP/2 did not start either",
        ),
        (
            OLD_HELLO,
            "'unsupported protocol': the server speaks only old versions of TLS, which browsers refuse",
        ),
    ],
    ids=["neither HTTP/1.1 nor HTTP/2", "TLS 1.0 only"],
)
def test_tls_that_no_server_here_speaks_is_told_in_openssls_words(sent, said):
    with answering(sent) as port:
        verdict = Browser(f"https://127.0.0.1:{port}", PAGE).fetch("/")
    assert verdict.reason == f"TLS with 127.0.0.1:{port} failed: OpenSSL says {said}"


def test_certificate_of_another_host_is_a_network_failure(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(app, tls) as port:
        verdict = Browser(f"https://localhost:{port}", PAGE).fetch("/")
    assert verdict.reason.startswith(
        f"the certificate of localhost:{port} is not valid: Hostname mismatch"
    )


def test_connection_closed_during_the_handshake_is_a_network_failure():
    with answering(b"") as port:
        verdict = Browser(f"https://127.0.0.1:{port}", PAGE).fetch("/")
    assert (
        verdict.reason
        == f"TLS with 127.0.0.1:{port} failed: it closed the connection during the handshake"
    )


def test_certificate_of_nobody_is_a_network_failure(tls):
    with serving(app, tls) as port:
        verdict = Browser(f"https://127.0.0.1:{port}", PAGE).fetch("/")
    assert verdict.reason.startswith(f"the certificate of 127.0.0.1:{port} is not valid: self")


def test_https_with_a_trusted_certificate(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(app, tls) as port:
        verdict = Browser(f"https://127.0.0.1:{port}", PAGE).fetch("/")
    assert (verdict.allowed, verdict.response.status) == (True, 200)
