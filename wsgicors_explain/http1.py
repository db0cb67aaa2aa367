"""HTTP/1.1 over a socket: one request, and its response as browsers read it."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import ssl
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from .headers import Headers, header_values
from .middleware import TOKEN, show
from .wire import BODY_BYTES, URL, Response, Unreachable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# How engines read a response was measured, with the table in tests/raw_responses.py. They agree on
# most of it. Where they differ, the strictest is followed here, except for what only WebKitGTK
# refuses and servers do send: more than 64 KiB of headers, a Content-Length that is not a number,
# an unknown Transfer-Encoding.
HEADER_BYTES: Final = 256 * 1024  # Chromium's limit; Firefox's is 384 KiB
INTERIM_RESPONSES: Final = 100  # no engine has a limit
EMPTY_LINES: Final = 2  # before the status line
STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] +([1-9][0-9][0-9])(?: .*)?", re.DOTALL)
SWITCHING_PROTOCOLS: Final = 101
WITHOUT_BODY: Final = frozenset({204, 304})
CHUNK_SIZE: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\n")
CHUNK_LINE: Final = 4096  # bytes
BODY_SECONDS: Final = 1.0  # a stream may never end
SENT_AT_ONCE: Final = 65536  # bytes
LINE_END: Final = re.compile(rb"\r?\n\Z")
FOLDING: Final = "\t "  # what begins a continuation line, and is stripped from values
TLS_ALERT: Final = b"\x15\x03"

# What versions of OpenSSL say when the peer does not speak TLS.
NOT_TLS: Final = (
    "http request",
    "packet length too long",
    "record layer failure",
    "unknown protocol",
    "wrong version number",
)
# How OpenSSL's messages end, and what they mean.
TLS_FAILURES: Final = {
    "handshake failure": "no common version and cipher, or a client certificate is required",
    "unrecognized name": "the server has no certificate for this host name",
    "certificate required": "the server requires a client certificate",
    "no application protocol": "the server does not speak HTTP/1.1, the only version used here",
    "unsupported protocol": "the server speaks only old versions of TLS, which browsers refuse",
    "protocol version": "the server speaks other versions of TLS than browsers",
    "internal error": "the server failed, often as it has no certificate for this host name",
}
AROUND_TLS_ERROR: Final = re.compile(r"^\[.*?\] | \(_ssl\.c:[0-9]+\)$")


class BadResponse(Exception):
    """Browsers do not accept this as a response; the text says what the server did."""


class Incoming(io.RawIOBase):
    """What comes in over a socket until a deadline, to be read through a buffer."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock = sock
        self.deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self.sock.settimeout(seconds_until(self.deadline))
        return self.sock.recv_into(buffer)


class Head(NamedTuple):
    """A response without its body; `ignored` are the header lines that browsers ignore."""

    status: int
    headers: Headers
    ignored: tuple[str, ...]


def call_http(timeout: float, method: str, url: URL, headers: Headers, body: bytes) -> Response:
    """Send the request to the server of `url` and read its response.

    Unreachable: none came within `timeout` seconds, counted from before the connection. Only the
    look-up of the host name may take longer: the system has its own limit for that.
    """
    deadline = time.monotonic() + timeout
    lines = [f"{method} {url.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    request = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1") + body
    try:
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(connect(url, deadline))
            if url.scheme == "https":
                sock = stack.enter_context(start_tls(sock, url, deadline))
            send(sock, request, deadline)
            return read_response(Incoming(sock, deadline), method)
    except (OSError, BadResponse) as error:
        raise Unreachable(why_unreachable(url, timeout, error)) from error


def seconds_until(deadline: float) -> float:
    """The seconds until the deadline. socket.timeout: it has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise socket.timeout
    return seconds


def host_of(url: URL) -> str:
    """The host name or address, as the system takes it."""
    return url.host.strip("[]")


def connect(url: URL, deadline: float) -> socket.socket:
    """A connection to the first address of the server that accepts one; all share the time."""
    infos = socket.getaddrinfo(host_of(url), url.port, type=socket.SOCK_STREAM)
    problem = OSError()
    for index, (family, kind, protocol, _, address) in enumerate(infos):
        with contextlib.ExitStack() as stack:
            try:
                sock = stack.enter_context(socket.socket(family, kind, protocol))
                sock.settimeout(seconds_until(deadline) / (len(infos) - index))
                sock.connect(address)
            except OSError as error:
                problem = error
            else:
                stack.pop_all()  # it stays open
                return sock
    raise problem


def start_tls(sock: socket.socket, url: URL, deadline: float) -> ssl.SSLSocket:
    """The connection with TLS on it, whose certificate is valid for the host name."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # as browsers; Python 3.9 would take less
    context.set_alpn_protocols(["http/1.1"])
    sock.settimeout(seconds_until(deadline))
    return context.wrap_socket(sock, server_hostname=host_of(url))


def send(sock: socket.socket, data: bytes, deadline: float) -> None:
    """Send it all, or less if the server responds before the end of the body."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
        for start in range(0, len(data), SENT_AT_ONCE):
            sock.settimeout(seconds_until(deadline))
            sock.sendall(data[start : start + SENT_AT_ONCE])


def read_response(incoming: Incoming, method: str) -> Response:
    """The response to a request of that method.

    Of its body, only what comes within a second is read, and at most 64 KiB.
    """
    stream = io.BufferedReader(incoming, SENT_AT_ONCE)
    head = read_head(stream)
    interim = 0
    while head.status < 200:
        interim += 1
        if head.status == SWITCHING_PROTOCOLS:
            raise BadResponse("it switched to another protocol (101) without being asked")
        if interim > INTERIM_RESPONSES:
            raise BadResponse(f"it sent more than {INTERIM_RESPONSES} interim responses (1xx)")
        head = read_head(stream)
    body = bytearray()
    if method != "HEAD" and head.status not in WITHOUT_BODY:
        incoming.deadline = min(incoming.deadline, time.monotonic() + BODY_SECONDS)
        with contextlib.suppress(OSError):  # what came by then is the body
            for piece in body_pieces(stream, head.headers):
                body += piece
                if len(body) >= BODY_BYTES:
                    break
    return Response(head.status, head.headers, bytes(body[:BODY_BYTES]), head.ignored)


def read_head(stream: io.BufferedReader[Incoming]) -> Head:
    """The status line and the headers of the next response, interim ones included."""
    lines = bounded_lines(stream)
    status = read_status(lines)
    headers: Headers = []
    ignored = []
    for line in unfold(takewhile(bool, lines)):
        name, colon, value = line.partition(":")
        if colon and TOKEN.fullmatch(name) and "\r" not in value:
            headers.append((name, value.strip(FOLDING)))
        else:
            ignored.append(line)
    return Head(status, headers, tuple(ignored))


def bounded_lines(stream: io.BufferedReader[Incoming]) -> Iterator[bytes]:
    """The lines that come, without their ends, which may be bare line feeds."""
    left = HEADER_BYTES
    while line := stream.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise BadResponse(f"it sent more than {HEADER_BYTES // 1024} KiB of headers")
        text = LINE_END.sub(b"", line)
        if text == line:
            hint = ", which is TLS: is it https://?" if line.startswith(TLS_ALERT) else ""
            raise BadResponse(f"it ended in the middle of a line, with {shown(line)}{hint}")
        if b"\0" in text:
            raise BadResponse(f"there is a NUL byte in the line {shown(text)}")
        yield text


def read_status(lines: Iterator[bytes]) -> int:
    """The code in the status line, which is the first one that is not empty."""
    line = None
    for line in islice(lines, EMPTY_LINES + 1):
        if line:
            break
    match = STATUS_LINE.fullmatch(line or b"")
    if match:
        return int(match[1])
    raise BadResponse(
        "it closed the connection" if line is None else f"it began with {shown(line)}"
    )


def unfold(lines: Iterable[bytes]) -> list[str]:
    """Header lines, each with the lines that continue it: white space begins those."""
    parts: list[list[str]] = []
    for line in lines:
        text = line.decode("latin-1")
        if parts and text[0] in FOLDING:
            parts[-1].append(text.strip(FOLDING))
        else:
            parts.append([text])
    return list(map(" ".join, parts))


def body_pieces(stream: io.BufferedReader[Incoming], headers: Headers) -> Iterator[bytes]:
    """The body without its framing, up to the first invalid part of that."""
    codings = ",".join(header_values(headers, "transfer-encoding")).lower().split(",")
    if "chunked" in (coding.strip("\t ") for coding in codings):
        while match := CHUNK_SIZE.fullmatch(stream.readline(CHUNK_LINE)):
            size = int(match[1], 16)
            if not size:
                return
            yield from pieces(stream, size)
            stream.readline(CHUNK_LINE)
    else:
        lengths = header_values(headers, "content-length")
        known = lengths and re.fullmatch("[0-9]{1,18}", lengths[0])
        yield from pieces(stream, int(lengths[0]) if known else sys.maxsize)


def pieces(stream: io.BufferedReader[Incoming], size: int) -> Iterator[bytes]:
    """The next `size` bytes in pieces, or fewer if the stream ends."""
    while size and (piece := stream.read1(min(size, BODY_BYTES))):
        size -= len(piece)
        yield piece


def shown(line: bytes) -> str:
    return show(line.decode("latin-1"))


def why_unreachable(url: URL, timeout: float, error: Exception) -> str:
    """What an error says about the server, in one line."""
    server = url.authority
    if isinstance(error, ssl.SSLError):
        return why_no_tls(server, error)
    if isinstance(error, socket.gaierror):
        return f"the host name {url.host} does not resolve: {error.strerror}"
    if isinstance(error, socket.timeout):
        return f"{server} did not respond within {timeout:g} seconds"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens on {url.host} port {url.port}: the connection was refused"
    if isinstance(error, ConnectionResetError):
        return f"{server} sent no response: it reset the connection"
    if isinstance(error, BadResponse):
        return f"{server} sent no HTTP response that browsers accept: {error}"
    return f"{server} cannot be reached: {getattr(error, 'strerror', None) or error}"


def why_no_tls(server: str, error: ssl.SSLError) -> str:
    """What OpenSSL says, and what that means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {server} is not valid: {error.verify_message}"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return f"TLS with {server} failed: it closed the connection during the handshake"
    said = AROUND_TLS_ERROR.sub("", str(error.strerror or error))
    if said in NOT_TLS:
        return f"{server} does not speak TLS: is it http://{server}?"
    meanings = [meaning for end, meaning in TLS_FAILURES.items() if said.endswith(end)]
    return f"TLS with {server} failed: " + ": ".join([f"OpenSSL says {said!r}", *meanings])
