"""A request and its response, and how a WSGI application is called in process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from .headers import WHITE_SPACE, Headers, get_header
from .middleware import DEFAULT_PORTS, parse_host

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    Write = Callable[[bytes], object]


HTTP_PORTS: Final = {scheme: int(DEFAULT_PORTS[scheme]) for scheme in ("http", "https")}


class URL(NamedTuple):
    """An http(s) URL as a browser parses it: in canonical form, without a fragment."""

    scheme: str
    host: str
    port: int
    target: str
    has_credentials: bool = False

    @property
    def authority(self) -> str:
        """The Host header: ``host``, or ``host:port`` if the port is not the scheme's default."""
        return self.host if self.port == HTTP_PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The serialized origin."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.target

    @classmethod
    def parse(cls, text: str, base: str = "") -> URL:
        """Parse `text` relative to `base`.

        ValueError: it is not an http(s) URL. Of the URL standard, only what can matter to CORS is
        done: case, default ports, punycode, dot segments, backslashes and percent-encoding.
        """
        path, mark, query = text.strip(WHITE_SPACE).partition("#")[0].partition("?")
        try:
            parts = urlsplit(urljoin(base, path.replace("\\", "/") + mark + query))
            if parts.scheme not in HTTP_PORTS or not parts.hostname:
                raise ValueError("is not an http:// or https:// URL")
            name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            if name[0] == "[" and "%" in name:
                raise ValueError("has a zone in its address, which browsers do not accept")
            host = parse_host(name, parts.scheme, [])
            port = HTTP_PORTS[parts.scheme] if parts.port is None else parts.port
        except ValueError as error:
            raise ValueError(f"{text or base!r} {error}") from None
        target = quote(without_dots(parts.path), safe="/%:@!$&'()*+,;=-._~|^[]")
        if parts.query:
            target += "?" + quote(parts.query, safe="/%:@!$&()*+,;=-._~|^[]?`{}\\")
        return cls(parts.scheme, host, port, target, bool(parts.username or parts.password))


def without_dots(path: str) -> str:
    """The path with its ``.`` and ``..`` segments resolved, percent-encoded ones as well."""
    segments: list[str] = []
    dots = ""
    for segment in path.split("/")[1:]:
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            del segments[-1:]
        elif dots != ".":
            segments.append(segment)
    return "/" + "/".join(segments) + ("/" if dots in (".", "..") and segments else "")


BODY_BYTES: Final = 65536
# An application may yield some before its body; more than these end the reading.
EMPTY_CHUNKS: Final = 100


class Response(NamedTuple):
    """The response of a server.

    status: int.
    headers: list of (name, value), as received.
    body: bytes, the first 64 KiB.
    ignored: tuple of str, the header lines that browsers ignore because their name is
        missing or invalid.
    """

    status: int
    headers: Headers
    body: bytes = b""
    ignored: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Response {self.status}: {len(self.headers)} headers, body {self.body[:60]!r}>"


@dataclass(frozen=True)
class Exchange:
    """One request as it was sent, and its response."""

    method: str
    url: URL
    headers: Headers
    body: bytes
    response: Response


class Unreachable(Exception):
    """There was no HTTP response; the text says why in one line.

    fix: what to change, as a clause. browsers_may: whether a browser may get a response anyway.
    nowhere: whether the URL does not lead to any server.
    """

    def __init__(
        self, reason: str, fix: str, *, browsers_may: bool = False, nowhere: bool = False
    ) -> None:
        super().__init__(reason)
        self.fix = fix
        self.browsers_may = browsers_may
        self.nowhere = nowhere


def wsgi_environ(method: str, url: URL, headers: Headers, body: bytes) -> WSGIEnvironment:
    """The complete environ of a request, PEP 3333."""
    path, _, query = url.target.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": url.host,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        environ[key] = f"{environ[key]}, {value}" if key in environ else value
    return environ


def call_wsgi(
    app: WSGIApplication, method: str, url: URL, headers: Headers, body: bytes
) -> Response:
    """Call the WSGI application `app` in process, and read up to 64 KiB of the response's body.

    Of text/event-stream, which may never end, only the first event is read. Exceptions of `app`
    propagate.
    """
    environ = wsgi_environ(method, url, headers, body)
    started: list[Response] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: Headers, exc_info: OptExcInfo | None = None, /
    ) -> Write:
        if exc_info and exc_info[1] and written:
            raise exc_info[1].with_traceback(exc_info[2])
        if started and not exc_info:
            raise RuntimeError(
                "the application called start_response twice without exc_info (PEP 3333)"
            )
        started[:] = [Response(int(status[:3]), list(headers))]
        return written.append

    iterable = app(environ, start_response)
    try:
        read_chunks(iterable, started, written)
    finally:
        close = getattr(iterable, "close", None)
        if close is not None:
            close()
    if not started:
        raise RuntimeError("the application did not call start_response (PEP 3333)")
    return started[0]._replace(body=b"".join(written)[:BODY_BYTES])


def read_chunks(iterable: Iterable[bytes], started: list[Response], written: list[bytes]) -> None:
    """Append the chunks of a WSGI response to `written`, up to the limits of a body."""
    empty = 0
    size = sum(map(len, written))
    for chunk in iterable:
        written += [chunk] if chunk else []
        size += len(chunk)
        empty = 0 if chunk else empty + 1
        if not started:
            continue
        content_type = get_header(started[0].headers, "content-type") or ""
        endless = chunk and content_type.lower().startswith("text/event-stream")
        if endless or size >= BODY_BYTES or empty >= EMPTY_CHUNKS:
            break
