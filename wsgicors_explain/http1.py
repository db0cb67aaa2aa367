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
from .sockets import (
    FAILURES,
    FRAMES,
    HTTP_1_1,
    HTTPS_SPOKEN,
    RESPOND,
    OtherProtocol,
    connect,
    connect_with_tls,
    in_time,
    seconds_until,
)
from .unreachable import BadResponse, Closed, look_closer, why_unreachable
from .wire import BODY_BYTES, URL, Response

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
# How a server begins that speaks another protocol: with an alert of TLS, or with the header of one
# of HTTP/2's frames, SETTINGS or GOAWAY (RFC 9113, sections 4.1 and 3.4).
OTHER_STARTS: Final = {
    HTTPS_SPOKEN: re.compile(rb"\x15\x03"),
    FRAMES: re.compile(rb"\0[\0-\xff]{2}[\x04\x07]\0{5}"),
}
FRAME_HEADER: Final = 9  # bytes


class Incoming(io.RawIOBase):
    """What comes in over a socket until a deadline, to be read through a buffer.

    OtherProtocol: it is not HTTP/1.1.
    """

    start = b""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock = sock
        self.deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self.sock.settimeout(seconds_until(self.deadline))
        size = self.sock.recv_into(buffer)
        if len(self.start) < FRAME_HEADER:
            self.start += bytes(memoryview(buffer)[:size])
            for protocol, pattern in OTHER_STARTS.items():
                if pattern.match(self.start):
                    raise OtherProtocol(protocol)
        return size


class Head(NamedTuple):
    """A response without its body; `ignored` are the header lines that browsers ignore."""

    status: int
    headers: Headers
    ignored: tuple[str, ...]


def call_http(timeout: float, method: str, url: URL, headers: Headers, body: bytes) -> Response:
    """Send the request to the server of `url` and read its response.

    Unreachable: none came within `timeout` seconds, counted from before the look-up of the host.
    """
    deadline = time.monotonic() + timeout
    lines = [f"{method} {url.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    request = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1") + body
    agreed = None
    with contextlib.ExitStack() as stack:
        try:
            sock: socket.socket
            if url.scheme == "https":
                sock = tls = stack.enter_context(connect_with_tls(url, deadline))
                agreed = tls.selected_alpn_protocol()
            else:
                sock = stack.enter_context(connect(url, deadline))
            with in_time(RESPOND):
                send(sock, request, deadline)
                return read_response(Incoming(sock, deadline), method)
        except (*FAILURES, BadResponse) as error:
            problem = error
    found = problem if agreed == HTTP_1_1 else look_closer(url, deadline, problem)
    raise why_unreachable(url, timeout, deadline, found) from problem


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
            raise BadResponse(f"it ended in the middle of a line, with {shown(line)}")
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
    raise Closed if line is None else BadResponse(f"it began with {shown(line)}")


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
