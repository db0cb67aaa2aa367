"""The last line of `explain` where no response comes: its cause below HTTP, and what to change.

Each server is a real one on loopback, and each line is judged whole.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from certificates import (
    issue,
    tls_only_old,
    tls_with_alert,
    tls_with_an_unusual_cipher,
    tls_with_client_certificates,
)
from support import need
from test_browser_http import accepting, answering, app, serving
from test_caches import Front, running
from test_caches_explained import on_a_port
from test_frameworks import on_waitress

from wsgicors_explain import Browser, main
from wsgicors_explain.sockets import names_in_certificate, seconds_until
from wsgicors_explain.wire import URL

PAGE = "http://page.example"
NOT_CORS = "; this is not about CORS, even if the browser's console says so. To fix it, "
MORE_TIME = (
    "explain again with a longer --timeout, as browsers wait for minutes; if that does not help, "
)
CLIENT_CERTIFICATE = "the server requires a client certificate, which browsers send only with credentials, and never with a preflight"
OPTIONAL = (
    "let the server ask for a client certificate without requiring it (ssl_verify_client optional in nginx), and let "
    "the application refuse what needs one"
)
READ_LOG = (
    "read the log of the server, and of any proxy in front of it: the application crashed, or a limit ended the "
    "request"
)
ONLY_HTTP_2 = "speaks only HTTP/2, which wsgicors_explain does not, so whether browsers may read the response is unknown"
WITH_HTTP_1_1 = (
    "To find out, explain the application itself, or a server in front of it that speaks HTTP/1.1 as well; or look "
    "at the response headers in the browser's Network tab, and paste them into wsgicors explain - --offline"
)


@pytest.fixture
def last_line(capsys, monkeypatch):
    """What the last line of explain says about a URL; the exit status is always 1."""
    monkeypatch.setenv("no_proxy", "*")  # whatever the machine has

    def ask(url, *arguments):
        assert main(["explain", url, "--origin", PAGE, *arguments]) == 1
        line = capsys.readouterr().out.splitlines()[-1]
        return line.replace("self signed", "self-signed")  # so in OpenSSL 1.1

    return ask


# Without a connection


@pytest.mark.parametrize(
    ("host", "fix"),
    [
        (
            "127.0.0.1",
            "start the server, or correct the port in the page's URL; if the server is in a container, let it listen on "
            "0.0.0.0 and publish the port",
        ),
        (
            "0.0.0.0",
            "start the server, or correct the scheme, the host and the port in the page's URL",
        ),
    ],
    ids=["this machine", "another one"],
)
def test_refused_connection(last_line, host, fix):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert last_line(f"http://{host}:{port}/") == (
        f"BLOCKED: nothing listens on {host} port {port}: the connection was refused{NOT_CORS}{fix}"
    )


@pytest.mark.parametrize(
    ("host", "more"),
    [
        ("nowhere.invalid", ""),
        (
            "wsgicors-nowhere",
            "; a name that only containers know, such as wsgicors-nowhere, is unknown to browsers",
        ),
    ],
)
def test_unknown_host(last_line, host, more):
    line = last_line(f"http://{host}/")
    assert line.startswith(f"BLOCKED: the host name {host} does not resolve: ")
    fix = "correct the host in the page's URL, or its entry in the DNS"
    assert line.endswith(f"{NOT_CORS}{fix}{more}")


def test_address_that_cannot_be_reached(last_line):
    line = last_line("http://255.255.255.255/")
    assert line.startswith("BLOCKED: 255.255.255.255 cannot be reached: ")
    assert line.endswith(
        f"{NOT_CORS}correct the host in the page's URL, or connect to the network or VPN that leads to it"
    )


def test_proxy_of_this_machine_may_lead_browsers_further(last_line, monkeypatch):
    monkeypatch.setenv("no_proxy", "intranet.invalid")
    monkeypatch.setenv("http_proxy", "http://user:secret@127.0.0.1:9")
    direct = last_line("http://intranet.invalid/")
    line = last_line("http://nowhere.invalid/")
    said = line[: line.index("; explain")].removeprefix("UNKNOWN: the host name nowhere")
    assert line == (
        f"UNKNOWN: the host name nowhere{said}; explain connects directly, while browsers may use this machine's proxy. "
        "To find out, open http://nowhere.invalid in a tab: if it responds, look at the response headers in the "
        "browser's Network tab, and paste them into wsgicors explain - --offline; if not, correct the host in the page's "
        "URL, or its entry in the DNS"
    )
    assert direct == (
        f"BLOCKED: the host name intranet{said}{NOT_CORS}correct the host in the page's URL, or its entry in the DNS"
    )


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_no_proxy_leads_to_this_machine(last_line, monkeypatch, host):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert last_line(f"http://{host}:{port}/").startswith("BLOCKED: nothing listens on ")


# Time


def test_time_limit_of_the_look_up(last_line, monkeypatch):
    """A resolver that never answers would need another /etc/resolv.conf, so its function is replaced here."""
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: ended.wait())
    line = last_line("http://api.example.com/", "--timeout", "0.05")
    ended.set()
    assert line == (
        "UNKNOWN: the host name api.example.com did not resolve within 0.05 seconds. To find out, "
        f"{MORE_TIME}check the DNS servers of this machine"
    )


@contextlib.contextmanager
def full():
    """A server that has no room for another connection. Gives its port."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        contextlib.ExitStack() as stack,
    ):
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


FULL_QUEUES = pytest.mark.skipif(
    sys.platform != "linux", reason="only there, a full queue gives no answer"
)
CONNECTION_FIX = (
    "correct the host and the port, start the server, or let firewalls pass the request"
)


@FULL_QUEUES
def test_time_limit_of_the_connection(last_line):
    with full() as port:
        line = last_line(f"http://127.0.0.1:{port}/", "--timeout", "1")
    assert line == (
        f"UNKNOWN: 127.0.0.1:{port} did not accept a connection within 1 second. To find out, "
        f"{MORE_TIME}{CONNECTION_FIX}"
    )


@FULL_QUEUES
@pytest.mark.parametrize("order", [1, -1], ids=["full first", "full last"])
def test_address_that_may_still_accept_decides_among_several(last_line, monkeypatch, order):
    """Which addresses a name has is the resolver's matter, so its function is replaced here."""
    with full() as port, socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
        listener.close()
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", number))
            for number in (port, closed)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: found[::order])
        line = last_line("http://api.example.com/", "--timeout", "1")
    assert line.startswith("UNKNOWN: api.example.com did not accept a connection within 1 second. ")


@FULL_QUEUES
def test_time_limit_of_the_connection_after_a_redirect(last_line):
    with full() as port:
        target = f"http://127.0.0.1:{port}/"
        with serving(redirecting(target)) as first:
            line = last_line(f"http://127.0.0.1:{first}/", "--timeout", "2")
    assert line == (
        f"UNKNOWN: http://127.0.0.1:{first}/ redirects (302) to {target}, and there: 127.0.0.1:{port} did not accept a "
        f"connection within 2 seconds. To find out, {MORE_TIME}{CONNECTION_FIX}, or let the server redirect to an "
        "address that the browser reaches: behind a proxy, it has to know the host that the page requests "
        "(X-Forwarded-Host)"
    )


def redirecting(target):
    """An application that allows every page, and redirects it."""

    def app(environ, start_response):
        headers = [("Location", target), ("Access-Control-Allow-Origin", "*")]
        start_response("302 Found", [*headers, ("Content-Type", "text/plain")])
        return [b""]

    return app


def test_time_limit_of_the_response(last_line):
    with answering(None) as port:
        line = last_line(f"http://127.0.0.1:{port}/", "--timeout", "1")
    assert line == (
        f"UNKNOWN: 127.0.0.1:{port} did not respond within 1 second. To find out, "
        f"{MORE_TIME}read the server's log to find out what it waits for"
    )


def test_deadline_that_has_passed_leaves_no_time():
    now = time.monotonic()
    assert 0 < seconds_until(now + 60) <= 60
    with pytest.raises(socket.timeout):
        seconds_until(now)


def test_time_limit_of_tls(last_line):
    with answering(None) as port:
        line = last_line(f"https://127.0.0.1:{port}/", "--timeout", "2")
    assert line == (
        f"UNKNOWN: 127.0.0.1:{port} did not complete the TLS handshake within 2 seconds. To find out, "
        f"{MORE_TIME}check that the server speaks https at this port"
    )


# Without a response


def test_closed_connection(last_line):
    with answering(b"") as port:
        line = last_line(f"http://127.0.0.1:{port}/")
    assert line == (
        f"BLOCKED: 127.0.0.1:{port} sent no response: it closed the connection{NOT_CORS}{READ_LOG}"
    )


def test_reset_connection(last_line):
    def reset(connection, done):
        connection.recv(1)
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with accepting(reset) as port:
        line = last_line(f"http://127.0.0.1:{port}/")
    assert line == (
        f"BLOCKED: 127.0.0.1:{port} sent no response: it reset the connection{NOT_CORS}{READ_LOG}"
    )


def test_another_service(last_line):
    with answering(b"SSH-2.0-OpenSSH\r\n") as port:
        line = last_line(f"http://127.0.0.1:{port}/")
    assert line == (
        f"BLOCKED: 127.0.0.1:{port} sent no HTTP response that browsers accept: it began with 'SSH-2.0-OpenSSH'"
        f"{NOT_CORS}correct the port in the page's URL if that is another service; else let the server send a valid "
        "response"
    )


# Certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """The certificate of an authority that signs others."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    return issue(path, "Authority", authority=True)


@pytest.fixture
def secure(authority, tmp_path):
    """A server with a certificate for these names, which is valid between these days from now."""

    def start(*names, by=authority, **options):
        issued = issue(tmp_path / "server.pem", *names, by=by, **options)
        return serving(app, context_of(issued.path))

    return start


def context_of(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(path))
    return context


@pytest.fixture
def trusted(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))


@pytest.mark.usefixtures("trusted")
def test_authority_without_what_browsers_do_not_require(secure):
    """Python 3.13 would refuse it: its basic constraints are not critical, and it has no key identifier."""
    with secure("localhost") as port:
        verdict = Browser(f"https://localhost:{port}", PAGE).fetch("/")
    assert verdict, verdict.reason


def test_self_signed_certificate(secure, last_line):
    with secure("localhost", by=None) as port:
        line = last_line(f"https://localhost:{port}/")
    assert line == (
        f"BLOCKED: the certificate of localhost:{port} is not valid: self-signed certificate{NOT_CORS}"
        "get a certificate from an authority such as Let's Encrypt, or from mkcert for development; or, for your own "
        f"browser only, open https://localhost:{port} in a tab and accept the certificate. If you did, set "
        "SSL_CERT_FILE to a file with the certificate and explain again"
    )


def test_certificate_of_an_unknown_authority(secure, last_line):
    with secure("localhost") as port:
        line = last_line(f"https://localhost:{port}/")
    assert line == (
        f"UNKNOWN: the certificate of localhost:{port} cannot be verified: unable to get local issuer certificate, so "
        "the server does not send its whole chain, or Python does not know its authority. To find out, open "
        f"https://localhost:{port} in a tab: if the browser warns, let the server send its whole chain (fullchain.pem), "
        "or get a certificate from an authority that browsers trust; if it does not, set SSL_CERT_FILE to a file with "
        "the authority's certificate and explain again"
    )


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("host", "names", "said"),
    [
        (
            "localhost",
            ("api.example.com",),
            "Hostname mismatch, certificate is not valid for 'localhost', but for api.example.com",
        ),
        (
            "localhost",
            ("a.example", "b.example", "127.0.0.1", "*.c.example", "d.example"),
            "Hostname mismatch, certificate is not valid for 'localhost', but for a.example, b.example, 127.0.0.1 and "
            "2 more",
        ),
        (
            "127.0.0.1",
            ("localhost",),
            "IP address mismatch, certificate is not valid for '127.0.0.1', but for localhost",
        ),
    ],
    ids=["one", "many", "address"],
)
def test_certificate_of_another_host(secure, last_line, host, names, said):
    with secure(*names) as port:
        line = last_line(f"https://{host}:{port}/")
    assert line == (
        f"BLOCKED: the certificate of {host}:{port} is not valid: {said}{NOT_CORS}"
        f"correct the host in the page's URL, or give the server a certificate for {host}"
    )


@pytest.mark.usefixtures("trusted")
def test_certificate_of_another_host_whose_server_is_gone(authority, last_line, tmp_path):
    context = context_of(issue(tmp_path / "server.pem", "api.example.com", by=authority).path)

    def serve(connection, done):
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True):
            pass

    with accepting(serve) as port:
        line = last_line(f"https://localhost:{port}/")
    assert line == (
        f"BLOCKED: the certificate of localhost:{port} is not valid: Hostname mismatch, certificate is not valid for "
        f"'localhost'{NOT_CORS}correct the host in the page's URL, or give the server a certificate for localhost"
    )


def test_connections_that_are_reset_before_tls_are_closed():
    """Else Python warns of an open socket, which fails the test; of 40, about half are reset so early."""
    reset = struct.pack("ii", 1, 0)

    def serve(connection, done):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)

    with accepting(serve, times=40) as port:
        url = URL.parse(f"https://127.0.0.1:{port}/")
        assert not any(names_in_certificate(url, time.monotonic() + 10) for _ in range(40))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("days", "said", "fix"),
    [
        (
            (-2, -1),
            "certificate has expired",
            "renew the certificate, and let the server load the new one",
        ),
        (
            (1, 2),
            "certificate is not yet valid",
            "correct the clock of this machine if it is wrong, or use a certificate that is valid now",
        ),
    ],
    ids=["expired", "not yet valid"],
)
def test_certificate_of_another_time(secure, last_line, days, said, fix):
    with secure("localhost", days=days) as port:
        line = last_line(f"https://localhost:{port}/")
    assert line == (
        f"BLOCKED: the certificate of localhost:{port} is not valid: {said}{NOT_CORS}{fix}"
    )


@pytest.mark.usefixtures("trusted")
def test_certificate_that_is_invalid_in_another_way(authority, secure, last_line, tmp_path):
    client = issue(tmp_path / "client.pem", "localhost", by=authority, client=True)
    with serving(app, context_of(client.path)) as port:
        line = last_line(f"https://localhost:{port}/")
    assert line.replace("unsupported", "unsuitable") == (  # so before OpenSSL 3.0
        f"BLOCKED: the certificate of localhost:{port} is not valid: unsuitable certificate purpose{NOT_CORS}"
        f"open https://localhost:{port} in a tab to see what is wrong with the certificate, and replace it"
    )


@pytest.mark.usefixtures("trusted")
def test_certificate_after_a_redirect(secure, last_line):
    with secure("localhost", days=(-2, -1)) as port:
        target = f"https://localhost:{port}/"
        with serving(redirecting(target)) as first:
            line = last_line(f"http://127.0.0.1:{first}/")
    assert line == (
        f"BLOCKED: http://127.0.0.1:{first}/ redirects (302) to {target}, and there: the certificate of "
        f"localhost:{port} is not valid: certificate has expired. To fix it, renew the certificate, and let the server "
        "load the new one"
    )


# Another scheme


def test_https_where_http_is_spoken(last_line):
    with serving(app) as port:
        line = last_line(f"https://127.0.0.1:{port}/")
        other = last_line(f"https://0.0.0.0:{port}/")
    assert line == (
        f"BLOCKED: 127.0.0.1:{port} does not speak TLS: perhaps the URL is http://127.0.0.1:{port}{NOT_CORS}"
        f"write http://127.0.0.1:{port} in the page's URL, or let the server speak TLS"
    )
    assert other == (
        f"BLOCKED: 0.0.0.0:{port} does not speak TLS: perhaps the URL is http://0.0.0.0:{port}{NOT_CORS}"
        f"let the server speak TLS at this port, or, for a page on http, write http://0.0.0.0:{port}"
    )


def test_https_where_a_server_waits_for_the_end_of_a_request(last_line):
    """To waitress, what TLS begins with is the start of a request."""
    with on_waitress(app) as port:
        line = last_line(f"https://127.0.0.1:{port}/", "--timeout", "1")
    assert line == (
        f"BLOCKED: 127.0.0.1:{port} does not speak TLS: perhaps the URL is http://127.0.0.1:{port}{NOT_CORS}"
        f"write http://127.0.0.1:{port} in the page's URL, or let the server speak TLS"
    )


@pytest.mark.parametrize("known", [False, True], ids=["unknown authority", "known authority"])
def test_http_where_https_is_spoken(authority, secure, last_line, monkeypatch, known):
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with secure("localhost") as port:
        line = last_line(f"http://localhost:{port}/")
    assert line == (
        f"BLOCKED: localhost:{port} speaks TLS: perhaps the URL is https://localhost:{port}{NOT_CORS}"
        f"write https://localhost:{port} in the page's URL"
    )


# TLS


NEWER_TLS = "let the server speak TLS 1.2 and 1.3"
NAMED = "correct the host in the page's URL, or give the server a certificate for localhost"
# How the server is prepared, what OpenSSL says, and what follows that.
TLS_FAILURES = {
    "old versions": (
        tls_only_old,
        "tlsv1 alert protocol version",
        f": the server speaks other versions of TLS than browsers{NOT_CORS}{NEWER_TLS}",
    ),
    "another cipher": (
        tls_with_an_unusual_cipher,
        "sslv3 alert handshake failure",
        f": no common version and cipher, or a client certificate is required{NOT_CORS}{NEWER_TLS} with its usual "
        "ciphers, and not require a client certificate",
    ),
    "client certificate": (
        tls_with_client_certificates,
        "tlsv13 alert certificate required",
        f": {CLIENT_CERTIFICATE}. To find out, {OPTIONAL}",
    ),
    "unknown name": (
        tls_with_alert(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME),
        "tlsv1 unrecognized name",
        f": the server has no certificate for this host name{NOT_CORS}{NAMED}",
    ),
    "failure": (
        tls_with_alert(ssl.ALERT_DESCRIPTION_INTERNAL_ERROR),
        "tlsv1 alert internal error",
        f": the server failed, often as it has no certificate for this host name{NOT_CORS}{NAMED}",
    ),
    "anything else": (
        tls_with_alert(ssl.ALERT_DESCRIPTION_ACCESS_DENIED),
        "tlsv1 alert access denied",
        f"{NOT_CORS}read the server's log, and check its certificate and its TLS configuration",
    ),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("name", TLS_FAILURES)
def test_tls_failure(authority, last_line, tmp_path, name):
    prepare, said, rest = TLS_FAILURES[name]
    context = context_of(issue(tmp_path / "server.pem", "localhost", by=authority).path)
    prepare(context)

    def serve(connection, done):
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True):
            pass

    with accepting(serve) as port:
        line = last_line(f"https://localhost:{port}/")
    verdict = "UNKNOWN" if name == "client certificate" else "BLOCKED"
    assert line.replace("'ssl/tls alert", "'sslv3 alert") == (  # so since OpenSSL 3.2
        f"{verdict}: TLS with localhost:{port} failed: OpenSSL says {said!r}{rest}"
    )


def test_tls_that_ends_during_the_handshake(last_line):
    with answering(b"") as port:
        line = last_line(f"https://127.0.0.1:{port}/")
    assert line == (
        f"BLOCKED: TLS with 127.0.0.1:{port} failed: it closed the connection during the handshake{NOT_CORS}"
        "read the server's log, and check its certificate and its TLS configuration"
    )


@pytest.mark.usefixtures("trusted")
def test_tls_that_starts_late_is_waited_for(authority, tmp_path):
    """It starts once another connection has asked whether this is http, and was closed."""
    context = context_of(issue(tmp_path / "server.pem", "localhost", by=authority).path)
    connections = []

    def serve(connection, done):
        connections.append(connection.dup())
        if len(connections) < 2:
            return
        connection.close()
        connections.pop().close()
        with context.wrap_socket(connections.pop(), server_side=True) as tls:
            tls.recv(65536)
            tls.sendall(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n")

    with accepting(serve, times=2) as port:
        verdict = Browser(f"https://localhost:{port}", PAGE, timeout=2).fetch("/")
    assert verdict, verdict.reason


# HTTP/2

NODE = """
const http2 = require('http2'), fs = require('fs');
const [kind, file] = process.argv.slice(1), pem = file && fs.readFileSync(file);
const answer = (request, response) => {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.end('ok');
};
const server = kind === 'tls'
  ? http2.createSecureServer({key: pem, cert: pem, allowHTTP1: false}, answer)
  : http2.createServer(answer);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


@contextlib.contextmanager
def node(*arguments):
    """Node's server, which speaks only HTTP/2 so. Gives its port."""
    program = need(shutil.which("node"), "node", "apt-get install nodejs")
    command = [program, "-e", NODE, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@pytest.mark.usefixtures("trusted")
def test_server_that_speaks_only_http_2_is_unknown(authority, last_line, tmp_path):
    issued = issue(tmp_path / "server.pem", "localhost", by=authority)
    with node("tls", issued.path) as port:
        line = last_line(f"https://localhost:{port}/")
        verdict = Browser(f"https://localhost:{port}", PAGE).fetch("/", "PUT")
    assert line == f"UNKNOWN: localhost:{port} {ONLY_HTTP_2}. {WITH_HTTP_1_1}"
    assert (verdict.allowed, verdict.preflight, verdict.response) == (False, None, None)
    assert verdict.reason == f"localhost:{port} {ONLY_HTTP_2}"


def test_server_that_speaks_only_http_2_has_a_certificate_that_counts(last_line, tmp_path):
    issued = issue(tmp_path / "server.pem", "localhost")
    with node("tls", issued.path) as port:
        line = last_line(f"https://localhost:{port}/")
    assert line.startswith(
        f"BLOCKED: the certificate of localhost:{port} is not valid: self-signed certificate;"
    )


def test_http_2_without_tls_is_blocked_as_no_browser_speaks_it(last_line):
    with node("plain") as port:
        line = last_line(f"http://localhost:{port}/")
    assert line == (
        f"BLOCKED: localhost:{port} speaks only HTTP/2 without TLS (h2c), which no browser does{NOT_CORS}"
        "serve HTTP/1.1 as well, or HTTP/2 with TLS"
    )


SETTINGS = b"\0\0\0\4\0\0\0\0\0"  # an empty one
GO_AWAY = b"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\1"


# What the server agrees to in TLS, what it sends at once, and whether browsers get a response.
SPEAKING_HTTP_2 = {
    "settings": (["h2"], SETTINGS, True),
    "going away": (["h2"], GO_AWAY, True),
    "nothing": (["h2"], b"", True),
    "without agreement": ([], SETTINGS, False),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", SPEAKING_HTTP_2)
def test_server_that_ignores_what_it_is_asked_for(authority, last_line, tmp_path, name):
    """Python's TLS goes on without a protocol where Node's refuses; so do other servers."""
    protocols, sent, readable = SPEAKING_HTTP_2[name]
    context = context_of(issue(tmp_path / "server.pem", "localhost", by=authority).path)
    if protocols:
        context.set_alpn_protocols(protocols)

    def serve(connection, done):
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
            tls.sendall(sent)
            tls.recv(65536)

    with accepting(serve, times=2) as port:
        line = last_line(f"https://localhost:{port}/")
    if readable:
        assert line == f"UNKNOWN: localhost:{port} {ONLY_HTTP_2}. {WITH_HTTP_1_1}"
    else:
        assert line == (
            f"BLOCKED: localhost:{port} speaks only HTTP/2, but did not agree to it in TLS (ALPN), without which "
            f"browsers do not use HTTP/2{NOT_CORS}serve HTTP/1.1 as well, or put a proxy that does in front of the "
            "server"
        )


@pytest.mark.usefixtures("trusted")
def test_server_that_agrees_to_http_1_1_is_not_asked_again(authority, last_line, tmp_path):
    context = context_of(issue(tmp_path / "server.pem", "localhost", by=authority).path)
    context.set_alpn_protocols(["h2", "http/1.1"])

    def serve(connection, done):
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(65536)

    with accepting(serve) as port:
        line = last_line(f"https://localhost:{port}/")
    assert line == (
        f"BLOCKED: localhost:{port} sent no response: it closed the connection{NOT_CORS}{READ_LOG}"
    )


# Servers that say so in a response

NGINX = """
daemon off; master_process off; pid {0}/pid; error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {0}/body; proxy_temp_path {0}/temp; fastcgi_temp_path {0}/fastcgi;
    uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
    server {{
        listen unix:{0}/front ssl;
        ssl_certificate {1}; ssl_certificate_key {1};
        ssl_client_certificate {1}; ssl_verify_client on;
    }}
}}
"""


@pytest.fixture
def nginx(authority, tmp_path, monkeypatch):
    """The port of an nginx with TLS, which requires a client certificate."""
    path = need(
        shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"),
        "nginx",
        "apt-get install nginx",
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    issued = issue(tmp_path / "server.pem", "localhost", by=authority)
    with tempfile.TemporaryDirectory(prefix="cors") as directory:  # short, for its socket
        Path(directory, "conf").write_text(NGINX.format(directory, issued.path), encoding="utf-8")
        command = [path, "-p", directory, "-c", f"{directory}/conf", "-e", "stderr"]
        front = Front(f"{directory}/front")
        with running(command, r"nginx/[0-9.]+"), on_a_port(front) as port:
            yield port


def test_nginx_says_that_https_is_spoken(nginx, last_line):
    assert last_line(f"http://localhost:{nginx}/") == (
        f"BLOCKED: GET http://localhost:{nginx}/ returned 400 The plain HTTP request was sent to HTTPS port by nginx: "
        "the server speaks https at this port, and the request came by http, and this error lacks "
        "Access-Control-Allow-Origin. To fix it, write https:// instead of http:// in the page's URL"
    )


def test_nginx_says_that_a_client_certificate_is_missing(nginx, last_line):
    url = f"https://localhost:{nginx}/"
    assert last_line(url, "-X", "PUT") == (
        f"BLOCKED: the preflight to {url} returned 400 No required SSL certificate was sent by nginx: "
        f"{CLIENT_CERTIFICATE}. To fix it, {OPTIONAL}"
    )


# What other servers answer to HTTP where they speak https.
OTHER_WORDS = {
    "Apache": b"<title>400 Bad Request</title><p>Reason: You're speaking plain HTTP to an SSL-enabled server port.",
    "Go": b"Client sent an HTTP request to an HTTPS server.\n",
    "Tomcat": b"Bad Request\r\nThis combination of host and port requires TLS.\r\n",
}


@pytest.mark.parametrize("name", OTHER_WORDS)
def test_other_servers_say_that_https_is_spoken(last_line, name):
    with answering(b"HTTP/1.0 400 Bad Request\r\n\r\n" + OTHER_WORDS[name]) as port:
        line = last_line(f"http://localhost:{port}/")
    assert line.endswith(
        ": the server speaks https at this port, and the request came by http, and this error lacks "
        "Access-Control-Allow-Origin. To fix it, write https:// instead of http:// in the page's URL"
    )


# If the paste shows that the browser got a response

REFUSED = "BLOCKED: nothing listens on 127.0.0.1 port PORT: the connection was refused"

REDIRECTED = "Response to preflight request doesn't pass access control check: Redirect is not allowed for a preflight request."
AT_CLOSED_PORT = {
    "Chromium: no header": (
        f"Access to fetch at 'THERE' from origin '{PAGE}' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
        "BLOCKED: Access-Control-Allow-Origin is missing. To fix it, send Access-Control-Allow-Origin: ",
    ),
    "Chromium: a redirect of the preflight": (
        f"Access to fetch at 'THERE' from origin '{PAGE}' has been blocked by CORS policy: {REDIRECTED}",
        "BLOCKED: the preflight was redirected. To fix it, request the URL that it redirects to ",
    ),
    "WebKit: a status": (
        f"[Error] Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 500\n"
        "[Error] Fetch API cannot load THERE due to access control checks.",
        "BLOCKED: the response is 500 Internal Server Error: ",
    ),
    "headers": (
        f"GET /x HTTP/1.1\nHost: HOST\nOrigin: {PAGE}\n\nHTTP/1.1 200 OK\nContent-Type: text/plain\n",
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; ",
    ),
    "a status without headers": (
        f"curl THERE -H 'Origin: {PAGE}'\nHTTP/1.1 404 Not Found",
        f"UNKNOWN: GET THERE for a page on {PAGE}: the response is 404 Not Found, and its headers are not in the paste: ",
    ),
    "headers that pass": (
        f"GET /x HTTP/1.1\nHost: HOST\nOrigin: {PAGE}\n\nHTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *\n",
        REFUSED,
    ),
    "Firefox: no response, perhaps": (
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at THERE. (Reason: CORS request did not succeed). Status code: (null).",
        REFUSED,
    ),
    "Firefox: no response to the preflight, perhaps": (
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at THERE. (Reason: CORS preflight channel did not succeed).",
        REFUSED,
    ),
    "Firefox until 2014: no response, perhaps": (
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at THERE. This can be fixed by moving the resource to the same domain or enabling CORS.",
        REFUSED,
    ),
    "Chromium: no connection": ("GET THERE net::ERR_CONNECTION_REFUSED", REFUSED),
    "Chromium: no reason": ("GET THERE net::ERR_FAILED", REFUSED),
    "a request alone": ("curl THERE", REFUSED),
}


@pytest.mark.parametrize(("paste", "expected"), AT_CLOSED_PORT.values(), ids=AT_CLOSED_PORT)
def test_response_that_the_browser_got_is_explained_although_no_server_responds_now(
    last_line, monkeypatch, paste, expected
):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    def here(text):
        text = text.replace("THERE", f"http://127.0.0.1:{port}/x")
        return text.replace("HOST", f"127.0.0.1:{port}").replace("PORT", str(port))

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(here(paste).encode())))
    assert last_line("-").startswith(here(expected))
