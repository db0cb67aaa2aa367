"""The browser's side of CORS: plays the browser, and explains why a request is blocked.

In a test suite, ``Browser`` is a client that obeys CORS::

    from wsgicors_explain import Browser

    def test_the_shop_may_change_the_basket():
        assert Browser(app, "https://shop.example").fetch("/basket", method="PUT")

On the command line, ``check`` reads a configuration and ``explain`` a request::

    python -m wsgicors check production.ini
    python -m wsgicors explain https://api.example/basket --origin https://shop.example -X PUT

Terms, section and step numbers are those of the Fetch standard, https://fetch.spec.whatwg.org/, in its review draft of
December 2025. What differs from a browser: there is no HTTP cache, no cookie jar and no service worker; a response is
received once its headers are there; of the page only the origin is known, so that its Content Security Policy is not
looked at.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import http.client
import inspect
import io
import os
import re
import socket
import ssl
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn
from urllib.parse import quote, unquote, unquote_to_bytes, urljoin, urlsplit

import wsgicors
from wsgicors import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    AMBIGUOUS_PATH,
    CORS,
    DENIED,
    EXPOSE_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    MAX_AGE,
    NORMALIZED_METHODS,
    NOT_ALLOWED,
    OPAQUE_SCHEMES,
    SAFELISTED_RESPONSE_HEADERS,
    TOKEN,
    VERB_NOT_ALLOWED,
    Call,
    ConfigError,
    Group,
    Policy,
    decide,
    is_local,
    make_middleware,
    normal_path,
    parse_host,
    parse_pattern,
    pick_group,
    public_suffix_list,
    show,
)

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Write = Callable[[bytes], object]

__all__ = ["Browser", "Response", "Step", "Verdict", "main"]

Headers = list[tuple[str, str]]

# ---------------------------------------------------------------------------------------------------------------------
# Vocabulary
# ---------------------------------------------------------------------------------------------------------------------

# https://fetch.spec.whatwg.org/#methods
FORBIDDEN_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
SAFELISTED_METHODS: Final = frozenset({"GET", "HEAD", "POST"})

# https://fetch.spec.whatwg.org/#forbidden-request-header
FORBIDDEN_REQUEST_HEADERS: Final = frozenset(
    """
    accept-charset accept-encoding access-control-request-headers access-control-request-method connection
    content-length cookie cookie2 date dnt expect host keep-alive origin referer set-cookie te trailer
    transfer-encoding upgrade via
    """.split()
)
METHOD_OVERRIDE_HEADERS: Final = frozenset(
    {"x-http-method", "x-http-method-override", "x-method-override"}
)

# https://fetch.spec.whatwg.org/#cors-safelisted-request-header
SAFELISTED_MIME_TYPES: Final = (
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
)
SAFELISTED_VALUE_BYTES: Final = 128
SAFELISTED_VALUES_BYTES: Final = 1024

REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS: Final = 20
REQUEST_BODY_HEADERS: Final = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type"}
)

DEFAULT_MAX_AGE: Final = 5  # seconds
MAX_AGE_LIMIT: Final = 7200  # seconds, Chromium's; WebKit's is 600
MAX_AGE_EVER: Final = 86400  # seconds, Firefox's, the highest

# Response headers that are no use to a page, so that it is not news that it cannot read them.
NOT_FOR_PAGES: Final = frozenset(
    "connection date keep-alive server set-cookie transfer-encoding vary".split()
)

# https://fetch.spec.whatwg.org/#port-blocking
BAD_PORTS: Final = frozenset(
    """
    0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119
    123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989
    990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
    """.split()
)
HTTP_PORTS: Final = {"http": 80, "https": 443}

CORS_RESPONSE_HEADERS: Final = frozenset(
    name.lower()
    for name in (
        ALLOW_ORIGIN,
        ALLOW_CREDENTIALS,
        ALLOW_METHODS,
        ALLOW_HEADERS,
        EXPOSE_HEADERS,
        MAX_AGE,
    )
)
REQUEST_METHOD: Final = "Access-Control-Request-Method"
REQUEST_HEADERS: Final = "Access-Control-Request-Headers"
USER_AGENT: Final = "Mozilla/5.0 (compatible; wsgicors-explain)"

MIME_TYPE: Final = re.compile(rf"({TOKEN.pattern}/{TOKEN.pattern})[\t\n\r ]*(?:;.*)?", re.DOTALL)
RANGE: Final = re.compile(r"bytes=([0-9]+)-([0-9]*)")
UNSAFE_BYTE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\"():<>?@\[\\\]{}\x7f]")
NOT_IN_LANGUAGES: Final = re.compile(r"[^0-9A-Za-z *,\-.;=]")
WHITE_SPACE: Final = "\t\n\r "


class URL(NamedTuple):
    """An http(s) URL as a browser takes it apart: everything in canonical form, the fragment gone."""

    scheme: str
    host: str
    port: int
    target: str
    has_credentials: bool = False

    @property
    def authority(self) -> str:
        """``host``, or ``host:port`` where the port is not the scheme's default: what the Host header says."""
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

        ValueError: it is not an http(s) URL. Of the URL standard only what CORS can notice is done: case, default
        ports, punycode, dot segments, backslashes, percent-encoding of what may not be sent as it is.
        """
        path, mark, query = text.strip(WHITE_SPACE).partition("#")[0].partition("?")
        try:
            parts = urlsplit(urljoin(base, path.replace("\\", "/") + mark + query))
            if parts.scheme not in HTTP_PORTS or not parts.hostname:
                raise ValueError("is not an http:// or https:// URL")
            host = parse_host(
                f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname, parts.scheme, []
            )
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


def page_origin(address: str) -> str:
    """The serialized origin of the page at `address`, which may be an origin already.

    ValueError: no browser has a page there; the message says what to write instead.
    """
    address = re.sub(
        "(?i)^blob:(?=http)", "", address.strip()
    )  # its origin is that of the page that made it
    scheme, colon, rest = address.partition(":")
    if address == "null" or (colon and scheme.lower() in OPAQUE_SCHEMES):
        return "null"
    if scheme.lower() in HTTP_PORTS and rest.startswith("//"):
        origin = URL.parse(address).origin
    else:
        try:
            parse_pattern(address)
        except ValueError as error:
            raise ValueError(f"{address!r} {error}") from None
        origin = address
    if "*" in origin:
        raise ValueError(
            f"{address!r} is not the origin of one page: write one such as 'https://app.example.com'"
        )
    return origin


# ---------------------------------------------------------------------------------------------------------------------
# Exchanges: one request on the wire, one response
# ---------------------------------------------------------------------------------------------------------------------


class Response(NamedTuple):
    """What a server answered: the status code and the headers as they came, in order."""

    status: int
    headers: Headers


@dataclass(frozen=True)
class Exchange:
    """One request as it was sent, and its response."""

    method: str
    url: URL
    headers: Headers
    body: bytes
    response: Response


class Unreachable(Exception):
    """No HTTP response was to be had; the text says why in one line."""


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
    """Call the WSGI application `app` in process, up to the first bytes of the response's body.

    An endless stream is therefore no problem. What `app` raises propagates.
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
        next((chunk for chunk in iterable if chunk), b"")
    finally:
        close = getattr(iterable, "close", None)
        if close is not None:
            close()
    if not started:
        raise RuntimeError("the application did not call start_response (PEP 3333)")
    return started[0]


def call_http(timeout: float, method: str, url: URL, headers: Headers, body: bytes) -> Response:
    """Send the request to the server of `url` and read the response's headers.

    Unreachable: there was no response; each wait on the network takes at most `timeout` seconds.
    """
    connection_type = (
        http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    )
    connection = connection_type(url.host.strip("[]"), url.port, timeout=timeout)
    try:
        connection.putrequest(method, url.target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # by who answers before the body's end
            connection.endheaders(body)
        response = connection.getresponse()
        while (
            102 <= response.status <= 199
        ):  # interim responses such as 103 Early Hints; http.client knows 100 only
            response.headers = None  # type: ignore[assignment]
            response.begin()
        return Response(response.status, response.getheaders())
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(
            f"the certificate of {url.authority} is not valid: {error.verify_message}"
        ) from error
    except ssl.SSLError as error:
        raise Unreachable(
            f"{url.authority} does not speak TLS: is it http://{url.authority}?"
        ) from error
    except socket.gaierror as error:
        raise Unreachable(f"the host name {url.host} does not resolve: {error.strerror}") from error
    except socket.timeout as error:
        raise Unreachable(f"{url.authority} did not answer within {timeout:g} seconds") from error
    except ConnectionRefusedError as error:
        raise Unreachable(
            f"nothing listens on {url.host} port {url.port}: the connection was refused"
        ) from error
    except OSError as error:
        raise Unreachable(
            f"{url.authority} cannot be reached: {error.strerror or error}"
        ) from error
    except http.client.HTTPException as error:
        raise Unreachable(
            f"{url.authority} did not answer in HTTP: {type(error).__name__} {error}".strip()
        ) from error
    finally:
        connection.close()


# ---------------------------------------------------------------------------------------------------------------------
# Headers
# ---------------------------------------------------------------------------------------------------------------------


def header_values(headers: Headers, name: str) -> list[str]:
    """The values of all headers `name`, without the white space around them."""
    return [value.strip(WHITE_SPACE) for header, value in headers if header.lower() == name.lower()]


def get_header(headers: Headers, name: str) -> str | None:
    """All values of `name` joined by ", ", or None if there is none: "get" of section 2.2.2."""
    values = header_values(headers, name)
    return ", ".join(values) if values else None


def extract_list(headers: Headers, name: str) -> list[str] | None:
    """The tokens in all headers `name`, or None if there is none: "extract header list values" of section 2.2.2.

    ValueError: that is not a comma-separated list of tokens; the text is what it is.
    """
    text = get_header(headers, name)
    if text is None:
        return None
    tokens = [
        token for element in text.split(",") if (token := element.strip("\t "))
    ]  # #token: some may be empty
    if not all(map(TOKEN.fullmatch, tokens)):
        raise ValueError(text)
    return tokens


def extract_max_age(headers: Headers) -> int:
    """Seconds for which a preflight's answer may be cached: steps 7.8 to 7.10 of "CORS-preflight fetch"."""
    values = header_values(headers, MAX_AGE)
    if len(values) != 1 or not re.fullmatch("[0-9]+", values[0]):
        return DEFAULT_MAX_AGE
    digits = values[0].lstrip("0")
    return MAX_AGE_LIMIT if len(digits) > 9 else min(int(digits or "0"), MAX_AGE_LIMIT)


def is_forbidden_request_header(name: str, value: str) -> bool:
    """Whether a page may not set this header: "forbidden request-header" of section 2.2.2."""
    name = name.lower()
    if name in METHOD_OVERRIDE_HEADERS:
        return any(method.strip("\t ").upper() in FORBIDDEN_METHODS for method in value.split(","))
    return name in FORBIDDEN_REQUEST_HEADERS or name.startswith(("proxy-", "sec-"))


def why_unsafe(name: str, value: str) -> str:
    """Why this is no "CORS-safelisted request-header" (section 2.2.2), to be read after its name; empty if it is."""
    name = name.lower()
    if name not in ("accept", "accept-language", "content-language", "content-type", "range"):
        return "is not a safelisted request header"
    if len(value) > SAFELISTED_VALUE_BYTES:
        return f"has more than {SAFELISTED_VALUE_BYTES} bytes"
    if name == "range":
        match = RANGE.fullmatch(value)
        safe = match is not None and (not match[2] or int(match[1]) <= int(match[2]))
        return "" if safe else "is not a single range with a start, as in bytes=0-99"
    unsafe = (NOT_IN_LANGUAGES if name.endswith("language") else UNSAFE_BYTE).search(value)
    if unsafe:
        return f"contains {unsafe[0]!r}, which is not safelisted there"
    if name == "content-type":
        mime_type = MIME_TYPE.fullmatch(value)
        if mime_type is None or mime_type[1].lower() not in SAFELISTED_MIME_TYPES:
            return f"is {value}, not one of {', '.join(SAFELISTED_MIME_TYPES)}"
    return ""


def unsafe_names(headers: Headers) -> dict[str, str]:
    """The "CORS-unsafe request-header names" of section 2.2.2, sorted, in lower case, each with the reason."""
    reasons: dict[str, str] = {}
    safelisted: Headers = []
    for name, value in headers:
        why = why_unsafe(name, value)
        if why:
            reasons[name.lower()] = why
        else:
            safelisted.append((name.lower(), value))
    if sum(len(value) for _, value in safelisted) > SAFELISTED_VALUES_BYTES:
        for name, _ in safelisted:
            reasons.setdefault(
                name,
                f"shares more than {SAFELISTED_VALUES_BYTES} bytes with other safelisted headers",
            )
    return dict(sorted(reasons.items()))


def checked_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    """The headers as a list of pairs, values normalized.

    ValueError: a name is not a token, or a value holds what HTTP cannot carry.
    """
    pairs: Any = headers.items() if isinstance(headers, Mapping) else headers
    result: Headers = [(name, value.strip(WHITE_SPACE)) for name, value in pairs]
    for name, value in result:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header")
        if re.search("[\0\r\n]|[^\0-\xff]", value):
            raise ValueError(f"header {name}: {value!r} has a character that HTTP cannot carry")
    return result


# ---------------------------------------------------------------------------------------------------------------------
# The algorithm
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One thing that the browser looked at, and how it came out.

    ok: whether the request may go on after it.
    text: one sentence, complete without the others.
    exchange: what was sent and received just before this step, where something was.
    """

    ok: bool
    text: str
    exchange: Exchange | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Verdict:
    """What the page gets; true if it may read the response.

    allowed: whether the page's promise is fulfilled.
    reason: the text of the last step: why.
    steps: everything that was looked at, in the algorithm's order. If blocked, the last one is not ok.
    preflight: the last response to a preflight, or None if none was sent.
    response: the last response to the request itself, also where the page may not see it, or None if there is none.
    readable_headers: the response headers that the page may read, names in lower case; empty if blocked.
    """

    allowed: bool
    reason: str
    steps: tuple[Step, ...] = field(repr=False)
    preflight: Response | None = field(repr=False)
    response: Response | None = field(repr=False)
    readable_headers: dict[str, str] = field(repr=False)

    def __bool__(self) -> bool:
        return self.allowed


class NetworkError(Exception):
    """The standard's "network error"; the last step tells why."""


@dataclass
class Request:
    """The standard's "request" (section 2.2.5) in mode "cors" with the unsafe-request flag, as fetch() makes it."""

    origin: str
    method: str
    headers: Headers
    body: bytes
    include: bool
    urls: list[URL]
    cors: bool = False  # response tainting: "cors", else "basic"
    steps: list[Step] = field(default_factory=list)
    preflight: Response | None = None
    response: Response | None = None

    @property
    def url(self) -> URL:
        """The current URL."""
        return self.urls[-1]

    @property
    def serialized_origin(self) -> str:
        """What the Origin header says: null once a redirect crossed from one foreign origin to another."""
        for last, url in zip(self.urls, self.urls[1:]):
            if last.origin not in (url.origin, self.origin):
                return "null"
        return self.origin

    def ok(self, text: str, exchange: Exchange | None = None) -> None:
        """Note that something was found to be in order."""
        self.steps.append(Step(True, text, exchange))

    def fail(self, text: str) -> NoReturn:
        """Note why the request is blocked, and end it with a network error."""
        self.steps.append(Step(False, text))
        raise NetworkError(text)


LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
NULL_ORIGIN: Final = "pages from files and sandboxed frames have the origin null, and requests redirected between origins"


def host_and_port(authority: str) -> tuple[str, str]:
    """The two parts of an authority; the port is empty where there is none."""
    host, _, port = authority.rpartition(":")
    return (host, port) if port.isdigit() else (authority, "")


def near_miss(found: str, wanted: str) -> str:
    """By what detail the origin `found` is not the one wanted; empty where it is more than a detail."""
    if re.search(r"[\s,]", found):
        return "one value, sent once"
    if found.strip("\"'") in (wanted, "*"):
        return "quotation marks"
    if "*" in found:
        return "browsers know no patterns"
    plain = found.lower()
    if plain == wanted:
        return "upper case"
    if plain.startswith(f"{wanted}/"):
        return "a trailing slash" if plain == f"{wanted}/" else "a path"
    scheme, separator, authority = plain.rpartition("://")
    wanted_scheme, _, wanted_authority = wanted.rpartition("://")
    if authority == wanted_authority:
        return f"{scheme} instead of {wanted_scheme}" if separator else "no scheme"
    if scheme != wanted_scheme:
        return ""
    (host, port), (wanted_host, wanted_port) = (
        host_and_port(authority),
        host_and_port(wanted_authority),
    )
    if host == wanted_host:
        return (
            f"port {port} instead of {wanted_port or 'none'}"
            if port
            else f"port {wanted_port} is missing"
        )
    if port == wanted_port and host.removeprefix("www.") == wanted_host.removeprefix("www."):
        return "www. too much" if host.startswith("www.") else "www. is missing"
    local = [name for name in LOCAL_NAMES if name in (host, wanted_host)]
    return f"{' and '.join(local)} are two origins" if len(local) == 2 else ""


def misspelled(response: Response) -> str:
    """A header of the response that was perhaps meant to be one of CORS, as a remark; empty if there is none."""
    names = [name for name, _ in response.headers if name.lower().startswith("access-control-")]
    unknown = [name for name in names if name.lower() not in CORS_RESPONSE_HEADERS]
    return f" ({unknown[0]} means nothing to browsers)" if unknown else ""


def what_status_means(response: Response) -> str:
    """What usually stands behind a preflight's status that is not ok."""
    status = response.status
    if status in REDIRECT_STATUSES:
        target = get_header(response.headers, "location") or "nowhere"
        return f"a preflight is never redirected, and this one was, to {target}: ask for that URL in the first place"
    if status in (401, 403, 407):
        return "a preflight never carries cookies or Authorization: it must be answered before any login is asked for"
    if status in (404, 405, 501):
        return "the server has no answer to OPTIONS at this URL, and it needs one with a status from 200 to 299"
    return "it must be a status from 200 to 299"


def cors_check(request: Request, response: Response) -> str:
    """Section 4.10, "CORS check": what is wrong with the response and what it should be; empty if all is well."""
    wanted = request.serialized_origin
    allow_origin = get_header(response.headers, ALLOW_ORIGIN)
    allow_credentials = get_header(response.headers, ALLOW_CREDENTIALS)
    if allow_origin is None:
        values = (
            wanted
            + ("" if request.include else " or *")
            + (f": {NULL_ORIGIN}" if wanted == "null" else "")
        )
        return f"{ALLOW_ORIGIN} is missing{misspelled(response)}; it should be {values}"
    if allow_origin == "*":
        refused = (
            f"{ALLOW_ORIGIN} is *, which browsers refuse with credentials; it should be {wanted}"
        )
        return refused if request.include else ""
    if allow_origin != wanted:
        detail = near_miss(allow_origin, wanted)
        return f"{ALLOW_ORIGIN} is {allow_origin!r}; it should be {wanted}" + (
            f" ({detail})" if detail else ""
        )
    if not request.include or allow_credentials == "true":
        return ""
    if allow_credentials is None:
        return f"{ALLOW_CREDENTIALS} is missing{misspelled(response)}; it should be true, as the request has credentials"
    return f"{ALLOW_CREDENTIALS} is {allow_credentials!r}; it should be true, in lower case and sent once"


class Browser:
    """A browser with one open page.

    target: a WSGI application, which is called in process and answers for every host name; or an http(s) URL.
    origin: the page's origin, or its URL, or "null".
    timeout: seconds that a server may take to answer.
    clock: seconds that never run backwards, for the CORS-preflight cache, which lives as long as this object.

    ValueError: `target` or `origin` is not one.
    """

    def __init__(
        self,
        target: WSGIApplication | str,
        origin: str,
        *,
        timeout: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not isinstance(target, str) and not callable(target):
            raise ValueError(
                f"{target!r} is neither a WSGI application nor an http:// or https:// URL"
            )
        self.target = target
        self.origin = page_origin(origin)
        self._base = target if isinstance(target, str) else "http://localhost/"
        self.url("")
        self._timeout = timeout
        self._clock = clock
        # (serialized origin, URL, credentials, "method" or "header", its name) -> when it expires
        self._cache: dict[tuple[str, str, bool, str, str], float] = {}

    def fetch(
        self,
        url_or_path: str,
        method: str = "GET",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        credentials: str = "omit",
        body: bytes = b"",
    ) -> Verdict:
        """Do what ``fetch()`` does in the page, redirects included.

        url_or_path: relative to `target`; for an application in process, to http://localhost/.
        method, headers, body: as the page gives them.
        credentials: "include" or "omit", the credentials mode.

        ValueError: an argument with which ``fetch()`` throws a TypeError; only forbidden methods are blocked instead.
        An exception of an application in process propagates.
        """
        if credentials not in ("omit", "include"):
            raise ValueError(f"credentials={credentials!r}: write 'omit' or 'include'")
        if not TOKEN.fullmatch(method):
            raise ValueError(f"method={method!r} is not the name of a method")
        if body and method.upper() in ("GET", "HEAD"):
            raise ValueError(f"{method} cannot have a body")
        url = self.url(url_or_path)
        request = Request(self.origin, method, [], body, credentials == "include", [url])
        readable: dict[str, str] = {}
        try:
            self._construct(request, checked_headers(headers))
            readable = self._main_fetch(request)
        except NetworkError:
            pass
        last = request.steps[-1]
        return Verdict(
            last.ok, last.text, tuple(request.steps), request.preflight, request.response, readable
        )

    def url(self, url_or_path: str) -> URL:
        """The URL that `fetch` asks for. ValueError: there is none, or ``fetch()`` would not take it."""
        url = URL.parse(url_or_path, self._base)
        if url.has_credentials:
            raise ValueError(
                f"a page cannot fetch a URL with a user name or password in it: write {url}"
            )
        return url

    def _construct(self, request: Request, headers: Headers) -> None:
        """The constructor of the API's Request class, section 5.4, as far as methods and headers go."""
        # 25. method: forbidden ones throw, some are normalized
        if request.method.upper() in FORBIDDEN_METHODS:
            request.fail(f"{request.method} is a forbidden method: no page may send it")
        if request.method.upper() in NORMALIZED_METHODS:
            request.method = request.method.upper()
        elif request.method != request.method.upper():
            names = ", ".join(sorted(NORMALIZED_METHODS))
            request.ok(
                f"{request.method} stays in lower case: only {names} are put in upper case by browsers"
            )
        # 33. headers: forbidden ones are dropped without a word
        for name, value in headers:
            if name.lower().startswith("access-control-allow-"):
                request.ok(
                    f"{name} is a response header, which only the server can send to any effect"
                )
            if is_forbidden_request_header(name, value):
                request.ok(f"the request header {name} is dropped: no page may set it")
            else:
                request.headers.append((name, value))

    def _main_fetch(self, request: Request) -> dict[str, str]:
        """Section 4.1, "main fetch": the headers of the response that the page may read."""
        # 7. blocked are mixed content and bad ports
        url = request.url
        if request.origin.startswith("https:") and url.scheme == "http" and not is_local(url.host):
            request.fail(
                f"mixed content: the page is on https, so {url.origin} must be https as well"
            )
        if str(url.port) in BAD_PORTS:
            request.fail(f"browsers block port {url.port}: serve on another one")
        # 12. the way is chosen by origin, method and headers
        if url.origin == request.origin and not request.cors:
            request.ok(f"{url.origin} is the page's own origin: CORS does not apply")
            return self._http_fetch(request, make_preflight=False)
        request.cors = True
        needs = (
            []
            if request.method in SAFELISTED_METHODS
            else [f"{request.method} is not a safelisted method"]
        )
        needs += [f"{name} {why}" for name, why in unsafe_names(request.headers).items()]
        if not needs:
            request.ok(
                f"no preflight is needed: {request.method} is safelisted, and so are the request headers"
            )
            return self._http_fetch(request, make_preflight=False)
        request.ok("a preflight is needed: " + "; ".join(needs))
        try:
            return self._http_fetch(request, make_preflight=True)
        except NetworkError:
            self._forget(request)
            raise

    def _http_fetch(self, request: Request, *, make_preflight: bool) -> dict[str, str]:
        """Section 4.4, "HTTP fetch"."""
        # 4.1 what the cache does not know is asked for
        if make_preflight:
            if self._is_cached(request):
                request.ok("an earlier preflight, still in the cache, allowed this")
            else:
                self._preflight_fetch(request)
        # 4.3 the request itself
        exchange = self._network_fetch(request, request.method, request.headers, request.body)
        response = request.response = exchange.response
        request.ok(f"{request.method} {request.url} was answered {response.status}", exchange)
        # 4.4 the CORS check, of redirects too
        if request.cors:
            problem = cors_check(request, response)
            if problem:
                if response.status in REDIRECT_STATUSES:
                    target = get_header(response.headers, "location") or "nowhere"
                    problem += f". It redirects to {target}: a login page, or the URL to ask for in the first place"
                if response.status >= 400:
                    problem += f". Its status is {response.status}: look into that first, errors often bypass CORS code"
                request.fail(f"the response to {request.method}: {problem}")
            request.ok(f"{ALLOW_ORIGIN} fits: {get_header(response.headers, ALLOW_ORIGIN)}")
        # 6. redirects
        location = get_header(response.headers, "location")
        if response.status in REDIRECT_STATUSES and location is not None:
            return self._redirect_fetch(request, response.status, location)
        return self._filter(request, response)

    def _redirect_fetch(self, request: Request, status: int, location: str) -> dict[str, str]:
        """Section 4.5, "HTTP-redirect fetch"."""
        # 5., 6. the target
        try:
            url = URL.parse(location, str(request.url))
        except ValueError:
            request.fail(f"the redirect to {location} leads to no http:// or https:// URL")
        # 7. the count
        if len(request.urls) > MAX_REDIRECTS:
            request.fail(f"more than {MAX_REDIRECTS} redirects")
        # 9., 10. user names and passwords in the URL
        if url.has_credentials and (request.cors or url.origin != request.origin):
            request.fail(f"the redirect to {location} has a user name or password in its URL")
        # 12. POST becomes GET
        rewritten = (
            request.method == "POST"
            if status in (301, 302)
            else request.method not in ("GET", "HEAD")
        )
        if rewritten and status in (301, 302, 303):
            request.ok(f"the {status} turns {request.method} into GET without a body")
            request.method, request.body = "GET", b""
            request.headers = [
                pair for pair in request.headers if pair[0].lower() not in REQUEST_BODY_HEADERS
            ]
        # 13. Authorization stays with its origin
        if (
            url.origin != request.url.origin
            and get_header(request.headers, "authorization") is not None
        ):
            request.ok(
                f"the request header Authorization is dropped: {url.origin} is another origin"
            )
            request.headers = [
                pair for pair in request.headers if pair[0].lower() != "authorization"
            ]
        # 18., 22. once more
        request.urls.append(url)
        request.ok(
            f"the {status} redirects to {url}; the request's origin is {request.serialized_origin} now"
        )
        return self._main_fetch(request)

    def _preflight_fetch(self, request: Request) -> None:
        """Section 4.8, "CORS-preflight fetch"."""
        # 1. to 6. the question. It never carries credentials
        unsafe = unsafe_names(request.headers)
        headers = [("Accept", "*/*"), (REQUEST_METHOD, request.method)]
        if unsafe:
            headers.append((REQUEST_HEADERS, ",".join(unsafe)))
        exchange = self._network_fetch(request, "OPTIONS", headers, b"")
        response = request.preflight = exchange.response
        request.ok(f"the preflight was answered {response.status}", exchange)
        # 7., 8. the CORS check and an ok status
        problem = cors_check(request, response)
        if not 200 <= response.status <= 299:
            if problem:
                request.steps.append(Step(False, f"the response to the preflight: {problem}"))
            request.fail(
                f"the preflight was answered {response.status}; {what_status_means(response)}"
            )
        if problem:
            request.fail(f"the response to the preflight: {problem}")
        request.ok(
            f"{ALLOW_ORIGIN} of the preflight fits: {get_header(response.headers, ALLOW_ORIGIN)}"
        )
        # 7.1 to 7.3 what it allows
        methods = self._extract(request, response, ALLOW_METHODS)
        names = self._extract(request, response, ALLOW_HEADERS)
        # 7.5 the method
        if request.method not in SAFELISTED_METHODS:
            self._require(request, response, ALLOW_METHODS, methods, [request.method])
        # 7.6, 7.7 the headers
        if unsafe:
            self._require(request, response, ALLOW_HEADERS, names, list(unsafe))
        # 7.8 to 7.15 the cache
        self._remember(request, extract_max_age(response.headers), methods or [], names or [])

    def _extract(self, request: Request, response: Response, name: str) -> list[str] | None:
        """`extract_list`, with its failure as the end of the request."""
        try:
            return extract_list(response.headers, name)
        except ValueError as error:
            request.fail(f"{name} of the preflight is no comma-separated list of names: {error}")

    def _require(
        self,
        request: Request,
        response: Response,
        header: str,
        found: list[str] | None,
        needed: list[str],
    ) -> None:
        """Let the request go on only if the header of the preflight's response names all that is needed."""
        named = found or []
        covers = named if header == ALLOW_METHODS else [name.lower() for name in named]
        wildcard = "*" in named and not request.include
        missing = [
            name
            for name in needed
            if name not in covers and (not wildcard or name == "authorization")
        ]
        if not missing:
            request.ok(f"{header} of the preflight fits: {', '.join(named)}")
            return
        hint = ""
        if "*" in named:
            hint = (
                ", and * never covers authorization"
                if wildcard
                else ", and * is no wildcard with credentials"
            )
        elif missing == [request.method] and request.method.upper() in named:
            hint = ", and the case of a method counts"
        state = (
            f"is missing{misspelled(response)}"
            if found is None
            else f"is {', '.join(named)!r}{hint}"
        )
        request.fail(f"{header} of the preflight {state}; it must name {', '.join(missing)}")

    def _network_fetch(
        self, request: Request, method: str, headers: Headers, body: bytes
    ) -> Exchange:
        """Section 4.6, "HTTP-network-or-cache fetch", without a cache: the headers that browsers add, then the wire."""
        url = request.url
        sent = [("Host", url.authority), *headers]
        if request.cors or method not in ("GET", "HEAD"):
            sent.append(("Origin", request.serialized_origin))
        if body or method in ("POST", "PUT"):
            sent.append(("Content-Length", str(len(body))))
        for name, value in (("Accept", "*/*"), ("User-Agent", USER_AGENT)):
            if get_header(sent, name) is None:
                sent.append((name, value))
        return Exchange(method, url, sent, body, self._send(request, method, sent, body))

    def _send(self, request: Request, method: str, headers: Headers, body: bytes) -> Response:
        if not isinstance(self.target, str):
            return call_wsgi(self.target, method, request.url, headers, body)
        try:
            return call_http(self._timeout, method, request.url, headers, body)
        except Unreachable as error:
            request.fail(str(error))

    def _filter(self, request: Request, response: Response) -> dict[str, str]:
        """Steps 14.1 and 14.2 of "main fetch": the basic or the CORS filtered response."""
        present = {name.lower() for name, _ in response.headers} - FORBIDDEN_RESPONSE_HEADERS
        if request.cors:
            try:
                exposed = extract_list(response.headers, EXPOSE_HEADERS) or []
            except ValueError as error:
                request.ok(
                    f"{EXPOSE_HEADERS} is no comma-separated list of names and is ignored: {error}"
                )
                exposed = []
            if "*" not in exposed or request.include:
                present &= SAFELISTED_RESPONSE_HEADERS.union(name.lower() for name in exposed)
        request.ok(
            f"the page may read the response; of its headers: {', '.join(sorted(present)) or 'none'}"
        )
        return {name: get_header(response.headers, name) or "" for name in sorted(present)}

    # The CORS-preflight cache, section 4.9. The standard's entries are the keys of a dict, their max-age is its value.

    def _is_cached(self, request: Request) -> bool:
        """Whether no preflight has to be sent: step 4.1 of "HTTP fetch"."""
        method_known = request.method in SAFELISTED_METHODS or self._matches(
            request, "method", request.method
        )
        return bool(method_known) and all(
            self._matches(request, "header", n) for n in unsafe_names(request.headers)
        )

    def _matches(
        self, request: Request, kind: str, name: str
    ) -> list[tuple[str, str, bool, str, str]]:
        """The keys of live entries that allow this method or header: "method/header-name cache entry match"."""
        keys = [
            (request.serialized_origin, str(request.url), credentials, kind, entry)
            for credentials in ((True,) if request.include else (True, False))
            for entry in ((name,) if name == "authorization" else (name, "*"))
        ]
        return [key for key in keys if self._cache.get(key, 0.0) > self._clock()]

    def _remember(
        self, request: Request, max_age: int, methods: list[str], names: list[str]
    ) -> None:
        """Steps 7.12 to 7.15 of "CORS-preflight fetch"."""
        for kind, allowed in (("method", methods), ("header", names)):
            for name in allowed:
                name = name.lower() if kind == "header" else name
                new = (request.serialized_origin, str(request.url), request.include, kind, name)
                for key in self._matches(request, kind, name) or [new]:
                    self._cache[key] = self._clock() + max_age

    def _forget(self, request: Request) -> None:
        """Section 4.9, "clear cache entries"."""
        for key in [
            key for key in self._cache if key[:2] == (request.serialized_origin, str(request.url))
        ]:
            del self._cache[key]


# ---------------------------------------------------------------------------------------------------------------------
# Configurations: what `check` and `explain` find in an ini file or in an application
# ---------------------------------------------------------------------------------------------------------------------


class UsageError(Exception):
    """The command cannot be carried out as it was given; the text says why."""


class IniError(Exception):
    """An ini file that PasteDeploy cannot load either; the text is a line for the user."""


class Line(str):
    """The value of an option in an ini file. ``place``: where it is written, as file:line."""

    place: str

    def __new__(cls, value: str, place: str) -> Line:
        line = super().__new__(cls, value)
        line.place = place
        return line


def allows(policy: Policy, origin: str, environ: WSGIEnvironment) -> bool:
    """Whether the policy, were it the only one, allows the origin."""
    return isinstance(
        decide(Group((), (policy,)), {**environ, "HTTP_ORIGIN": origin}, preflight=False), Policy
    )


def key_of(policy: Policy, option: str) -> str:
    """The key of a policy's option in a flat configuration."""
    return option if policy.name == "direct" else f"{policy.name}_{option}"


@dataclass
class Configuration:
    """One use of the middleware.

    name: the section, or module:attribute. place: where that is, as file:line for a section, else a file.
    options: key -> value as given; empty where only the finished middleware is known.
    cors: the middleware, or None where `problems` prevent it, or where there is none.
    app: the application to explain: the middleware, or what wraps it. Problems and advice are lines for the user.
    """

    name: str
    place: str
    options: dict[str, str] = field(default_factory=dict)
    cors: CORS | None = None
    app: WSGIApplication | None = None
    problems: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def place_of(self, key: str) -> str:
        """Where `key` is written, or else could be."""
        return getattr(self.options.get(key), "place", self.place)

    def about(self, key: str, message: str) -> str:
        """A line on `key` for the user."""
        return f"{self.place_of(key)}: {key}: {message}"

    def named(self, policy: Policy, option: str) -> str:
        """A policy's option by its key and place, in running text."""
        key = key_of(policy, option)
        return f"{key} ({self.place_of(key)})"

    def build(self, make: Callable[[], CORS]) -> None:
        """Make the middleware, or note the problems that prevent it."""
        try:
            self.app = self.cors = make()
        except ConfigError as error:
            self.problems += [
                self.about(problem.key, problem.message) for problem in error.problems
            ]
        except SystemExit as error:
            self.problems.append(
                f"{self.place}: a module that is named after call: ends Python: SystemExit: {error}"
            )


def empty_app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """What stands behind the middleware of an ini file: it answers everything with an empty 200."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []


APP_SECTIONS: Final = ("app", "application", "composite", "composit", "pipeline", "filter-app")
FILTER_SECTIONS: Final = ("filter",)
OUR_FACTORY: Final = re.compile(
    r"egg:(?i:wsgicors)(#main|#middleware)?|([\w.]+\.)?wsgicors:make_middleware"
)


class Context(NamedTuple):
    """What PasteDeploy makes of a section: a factory (a URI, or module:attribute) and the arguments for it.

    ignored: keys that the section has in vain.
    """

    factory: str
    global_conf: dict[str, str]
    local_conf: dict[str, str]
    section: str = ""
    place: str = ""
    ignored: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()  # likewise, where the direct policy is not what it seems


class IniFile:
    """An ini file, read as PasteDeploy reads it, quirks included: https://docs.pylonsproject.org/projects/pastedeploy/

    found: all uses of this middleware, in this file and in those it refers to.
    IniError, OSError, RecursionError: PasteDeploy could not load it either.
    """

    def __init__(self, path: str, global_conf: dict[str, str], found: list[Configuration]) -> None:
        self.path, self.found = path, found
        self.visited: set[str] = set()
        self.parser = configparser.ConfigParser()
        self.parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys are case-sensitive
        with open(path, "rb") as file:
            data = file.read()
        full_path = os.path.abspath(path)
        given = {**global_conf, "here": os.path.dirname(full_path), "__file__": full_path}
        try:
            text = data.decode()
            self.parser.read_string(text, path)
            self.parser.read_dict({"DEFAULT": {**given, **self.parser.defaults()}})
        except UnicodeDecodeError as error:
            number = data.count(b"\n", 0, error.start) + 1
            raise IniError(f"{path}:{number}: is not in UTF-8: {one_line(error)}") from error
        except ValueError as error:  # a "%" in "here"
            raise IniError(f"{path}: {one_line(error)}") from error
        except configparser.Error as error:
            wrong: Any = error
            number = wrong.errors[0][0] if getattr(error, "errors", None) else wrong.lineno
            mark = (
                " (a byte order mark comes before it: save the file without)"
                if data[:1] == b"\xef"
                else ""
            )
            raise IniError(f"{path}:{number}: {one_line(error)}{mark}") from error
        self.lines: dict[tuple[str, str], int] = {}
        section = ""
        for number, line in enumerate(text.splitlines(), 1):
            header, option = (
                re.match(r"\[(.+)\]", line),
                re.match(r"([^\s#;\[][^=:]*?)\s*[=:]", line),
            )
            section = header[1] if header else section
            self.lines.setdefault((section, option[1] if option else ""), number)

    def place(self, section: str, option: str = "") -> str:
        """Where an option, or else its section, is written: file:line."""
        line = self.lines.get((section, option), self.lines.get((section, "")))
        return f"{self.path}:{line}" if line else self.path

    def get(self, section: str, option: str) -> Line:
        written = section if (section, option) in self.lines else "DEFAULT"
        place = self.place(written, option)
        try:
            return Line(self.parser.get(section, option), place)
        except configparser.InterpolationError as error:
            raise IniError(
                f"{place}: {option}: {one_line(error)} (write %% for a percent sign)"
            ) from error

    def take(self, options: dict[str, str], key: str, section: str) -> str:
        """Take an option away, which must be there."""
        if key not in options:
            raise IniError(f"{self.place(section)}: {key}: is missing")
        return options.pop(key)

    def load_all(self) -> None:
        """Load each application that is not a part of another one, then each filter that nothing refers to."""
        sections = self.parser.sections()
        for section in sorted(sections, key=lambda section: not section.endswith(":main")):
            if section.partition(":")[0] in APP_SECTIONS and section not in self.visited:
                self.load_section(section, {})
        has_applications = bool(self.visited)
        for section in sections:
            if section.partition(":")[0] in FILTER_SECTIONS and section not in self.visited:
                configuration = self.use(self.load_section(section, {}))
                if configuration and has_applications:
                    unused = (
                        "no pipeline and no filter-with names this section, so it has no effect"
                    )
                    configuration.advice.append(f"{configuration.place}: {section}: {unused}")

    def load(
        self,
        prefixes: tuple[str, ...],
        name: str,
        global_conf: dict[str, str],
        place: str,
        option: str,
    ) -> Context:
        """Load what `name`, written at `place` as an option, refers to: a URI, or a section of this file."""
        if not re.match("[a-zA-Z]+:", name):
            parts = [
                (section, *section.split(":", 1))
                for section in self.parser.sections()
                if ":" in section
            ]
            found = [
                section
                for section, kind, rest in parts
                if kind in prefixes and rest.strip() == name
            ]
            if len(found) != 1:
                count = f"{len(found)} sections have" if found else "no section has"
                raise IniError(
                    f"{place}: {option}: {count} the name {prefixes[0]}:{name} in {self.path}"
                )
            return self.load_section(found[0], global_conf)
        if not name.lower().startswith("config:"):
            return Context(name, dict(global_conf), {}, section=name, place=place)
        path, _, name = name.partition(":")[2].partition("#")
        path = os.path.join(os.path.dirname(self.path), unquote(path))
        try:
            file = IniFile(path, global_conf, self.found)
        except OSError as error:
            raise IniError(f"{place}: {option}: {path}: {error.strerror}") from error
        return file.load(prefixes, name or "main", global_conf, place, option)

    def load_section(self, section: str, global_conf: dict[str, str]) -> Context:
        """Load a section, and what it refers to."""
        self.visited.add(section)
        kind = section.partition(":")[0]
        prefixes = FILTER_SECTIONS if kind in (*FILTER_SECTIONS, "filter-app") else APP_SECTIONS
        defaults: dict[str, str] = {key: self.get("DEFAULT", key) for key in self.parser.defaults()}
        global_conf = {**defaults, **global_conf}
        local_conf: dict[str, str] = {}
        set_here: dict[str, str] = {}
        get_here: dict[str, str] = {}
        ignored: list[str] = []
        hidden: list[str] = []
        for option in self.parser.options(section):
            value = self.get(section, option)
            verb, _, name = option.partition(" ")
            if name and verb in ("set", "get"):
                (set_here if verb == "set" else get_here)[name.strip()] = value
            elif option not in defaults:
                local_conf[option] = value
            elif value != defaults[option]:
                direct = option in wsgicors.OPTIONS
                remedy = f"write 'set {option} = ...'"
                if direct:
                    remedy = f"name the policy, as in policy = api and api_{option} = ..."
                message = f"has no effect, as [DEFAULT] has it too: {remedy}"
                (hidden if direct else ignored).append(f"{value.place}: {option}: {message}")
        global_conf.update(set_here)
        local_conf.update(
            {name: self.take({**global_conf}, source, section) for name, source in get_here.items()}
        )
        filter_with = local_conf.pop("filter-with", "")

        def follow(prefixes: tuple[str, ...], option: str, name: str) -> Context:
            return self.load(prefixes, name, global_conf, self.place(section, option), option)

        context = Context("", global_conf, local_conf)
        if kind == "pipeline":
            where = self.place(section, "pipeline")
            names = self.take(local_conf, "pipeline", section).split()
            if not names:
                raise IniError(
                    f"{where}: pipeline: is empty: write the filters, then the application"
                )
            *filters, app = names
            for option in local_conf:
                raise IniError(
                    f"{self.place(section, option)}: {option}: a pipeline takes no options of a filter"
                )
            follow(APP_SECTIONS, "pipeline", app)
            for name in filters:
                self.use(follow(FILTER_SECTIONS, "pipeline", name))
        elif kind in ("composite", "composit"):
            # Which of its values are applications, the factory alone knows; those that are a section's name will be.
            for option, name in local_conf.items():
                if any(f"{prefix}:{name}" in self.parser for prefix in APP_SECTIONS):
                    follow(APP_SECTIONS, option, name)
        else:
            if kind == "filter-app":
                follow(APP_SECTIONS, "next", self.take(local_conf, "next", section))
            if "use" in local_conf:
                context = follow(prefixes, "use", local_conf.pop("use"))
                context.global_conf.update(set_here)
                context.local_conf.update(local_conf)
            else:
                context = context._replace(factory=local_conf.pop("paste.filter_app_factory", ""))
        context = context._replace(
            section=section, place=self.place(section), ignored=tuple(ignored), hidden=tuple(hidden)
        )
        if kind == "filter-app":
            self.use(context)
        if filter_with:
            self.use(follow(FILTER_SECTIONS, "filter-with", filter_with))
        return context

    def use(self, context: Context) -> Configuration | None:
        """Note that a filter is used; None where it is not this middleware, or known already."""
        options = {**context.global_conf, **context.local_conf}
        if not OUR_FACTORY.fullmatch(context.factory):
            return None
        if any((other.place, other.options) == (context.place, options) for other in self.found):
            return None
        configuration = Configuration(context.section, context.place, options)
        configuration.build(
            lambda: make_middleware(empty_app, context.global_conf, **context.local_conf)
        )
        active = re.findall(r"[^,\s]+", options.get("policy", ""))
        after_deny = active[active.index("deny") + 1 :] if "deny" in active else []
        unused = [
            ("policy", f"{name} is named after deny, so it is never used") for name in after_deny
        ]
        if configuration.cors:
            # A key that is of no active policy and yet no problem is that of an inactive one.
            names = {
                key[: -len("_origin")]: key for key in context.local_conf if key.endswith("_origin")
            }
            inactive = names.keys() - configuration.cors.policies.keys() - set(active)
            unused += [
                (names[name], f"{name} is not named in policy, so it is not active")
                for name in sorted(inactive)
            ]
        configuration.problems += context.hidden
        configuration.advice += [
            *context.ignored,
            *(configuration.about(key, message) for key, message in unused),
        ]
        self.found.append(configuration)
        return configuration


def read_ini(path: str) -> list[Configuration]:
    """All uses of the middleware in an ini file."""
    found: list[Configuration] = []
    problems = []
    try:
        IniFile(path, {}, found).load_all()
    except IniError as error:
        problems = [str(error)]
    except RecursionError:
        problems = [f"{path}: sections refer to each other in a circle"]
    except OSError as error:
        problems = [f"{path}: {error.strerror}"]
    return [*found, Configuration(path, path, problems=problems)] if problems else found


def one_line(error: Exception) -> str:
    """The text of an exception on one line."""
    return " ".join(str(error).split())


def load_app(target: str) -> Configuration:
    """The WSGI application module:attribute, and the first use of the middleware in it."""
    configuration = Configuration(target, target)
    try:
        app = configuration.app = Call(f"call:{target}").load()
        configuration.place = os.path.relpath(
            sys.modules[target.partition(":")[0]].__file__ or target
        )
    except ConfigError as error:
        frames = traceback.extract_tb(error.__traceback__)
        places = [
            (frame.filename, frame.lineno)
            for frame in frames
            if frame.filename != wsgicors.__file__
        ]
        place = f"{os.path.relpath(places[-1][0])}:{places[-1][1]}"
        configuration.problems += [f"{place}: {problem}" for problem in error.problems]
        return configuration
    except (Exception, SystemExit) as error:
        raise UsageError(f"{target} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(app):
        raise UsageError(f"{target} is no WSGI application: it cannot be called")
    try:
        with contextlib.suppress(ValueError):  # a compiled one does not tell its arguments
            inspect.signature(app).bind({}, None)
    except TypeError as error:
        why = (
            "it does not take environ and start_response; if it is a factory, name what it returns"
        )
        raise UsageError(f"{target} is no WSGI application: {why}") from error
    # Where frameworks and other middlewares keep the application that they wrap.
    layers: list[Any] = [app]
    for layer in layers:
        if isinstance(layer, CORS):
            configuration.cors = layer
            break
        inner = [
            getattr(layer, name, None)
            for name in ("wsgi_app", "app", "application", "_app", "wrapped")
        ]
        layers += [
            found
            for found in inner
            if callable(found) and not any(found is layer for layer in layers)
        ]
    return configuration


def load(target: str, section: str | None) -> list[Configuration]:
    """What the target of a command stands for: an application, or the uses of the middleware in an ini file.

    section: only those in the section of that name. UsageError: there are none.
    """
    if not os.path.isfile(target) or target.endswith(".py"):
        if re.fullmatch(r"[\w.]+(?<!\.py):[^\W\d][\w.]*", target):
            return [load_app(target)]
        targets = "an ini file, module:attribute of an application, or (to explain) a URL such as http://localhost:8000"
        raise UsageError(f"{target} is not {targets}")
    found = read_ini(target)
    if not found:
        raise UsageError(f"{target} has no section with use = egg:wsgicors#middleware")
    chosen = [each for each in found if section in (None, each.name, each.name.partition(":")[2])]
    if not chosen:
        names = ", ".join(each.name for each in found)
        raise UsageError(f"{target} has no section {section} that uses wsgicors, but {names}")
    return chosen


# ---------------------------------------------------------------------------------------------------------------------
# Advice: what loads, but is probably not meant
# ---------------------------------------------------------------------------------------------------------------------


def advise(cors: CORS, policy: Policy) -> Iterable[tuple[str, str]]:
    """(option, message) for what the policy itself shows."""
    if not policy.origin:
        yield "origin", "is empty, so no page is allowed"
    without_effect: tuple[tuple[str, Callable[[str], bool], str], ...] = (
        ("methods", lambda name: name.upper() in FORBIDDEN_METHODS, "no page may send it"),
        (
            "headers",
            lambda name: is_forbidden_request_header(name, ""),
            "no page may set it, the browser does",
        ),
        (
            "expose_headers",
            lambda name: name.lower() in SAFELISTED_RESPONSE_HEADERS,
            "every page may read it",
        ),
        (
            "expose_headers",
            lambda name: name.lower() in FORBIDDEN_RESPONSE_HEADERS,
            "no page may ever read it",
        ),
    )
    for option, is_meant, why in without_effect:
        yield from (
            (option, f"{name} has no effect: {why}")
            for name in getattr(policy, option)
            if is_meant(name)
        )
    if policy.maxage is None and (policy.headers or set(policy.methods) - SAFELISTED_METHODS):
        yield (
            "maxage",
            f"is missing, so browsers ask again after {DEFAULT_MAX_AGE} seconds: write 600, say",
        )
    if policy.maxage is not None and policy.maxage > MAX_AGE_EVER:
        limits = f"Chromium {MAX_AGE_LIMIT}, WebKit 600"
        yield "maxage", f"no browser honours more than {MAX_AGE_EVER} seconds ({limits})"
    for risk in sorted(policy.accept_risk):
        if not has_risk(policy, risk):
            yield "accept_risk", f"{risk} is accepted, but not there: leave it out"
    wildcards = [
        entry
        for entry in policy.origin
        if isinstance(entry, str) and "*" in entry.removesuffix(":*")
    ]
    if policy.credentials and wildcards and public_suffix_list() is None:
        unknown = "whether anyone can register under it was looked up in a short table only: install wsgicors[psl]"
        yield "origin", f"{wildcards[0]} has credentials, and {unknown}"
    reason = why_unreachable(cors, policy)
    if reason:
        yield "origin", f"no request can reach the policy {policy.name}: {reason}"


def has_risk(policy: Policy, risk: str) -> bool:
    """Whether the policy would be refused, or do less, without accepting this risk."""
    counts = policy.credentials or risk == "slow-expression"
    # What a list holds may be another thing tomorrow.
    if counts and (policy.lists or (risk == "null-origin" and policy.origin == ("copy",))):
        return True
    options = {
        option: getattr(policy, option) for option in ("origin", "credentials", "accept_risk")
    }
    try:
        CORS(empty_app, {**options, "accept_risk": policy.accept_risk - {risk}})
    except ConfigError:
        return True
    return False


def why_unreachable(cors: CORS, policy: Policy) -> str:
    """Which policies take every request that this one could get; empty if some are left."""
    rules = cors._rules
    if callable(rules.strategy):
        return ""
    groups = [*rules.groups, *([rules.rest] if rules.rest else [])]
    at = next(at for at, group in enumerate(groups) if policy in group.policies)
    paths = [*groups[at].exact, *groups[at].prefixes] or ["/"]
    if all(
        any(path in group.exact or path.startswith(group.prefixes) for group in groups[:at])
        for path in paths
    ):
        return "policies before it govern all of its paths"
    for earlier in groups[at].policies[: groups[at].policies.index(policy)]:
        any_verb = rules.strategy == "firstmatch" or earlier.methods == ("*",)
        verbs = any_verb or set(policy.methods) <= set(earlier.methods)
        if verbs and policy.origin and all(takes(earlier, entry) for entry in policy.origin):
            return f"{earlier.name}, which comes first for the same path, allows all of its origins"
    return ""


def takes(policy: Policy, entry: object) -> bool:
    """Whether the policy surely admits all origins of this entry of another one."""
    if not isinstance(entry, str) or "*" in entry or entry == "copy" or entry in policy.origin:
        return policy.anyone or entry in policy.origin
    # Advice never calls a predicate, and the middleware asks none about null.
    return (entry == "null" or not policy.matcher.predicates) and allows(policy, entry, {})


# ---------------------------------------------------------------------------------------------------------------------
# Near misses: from a refusal of ours to the key to change
# ---------------------------------------------------------------------------------------------------------------------


class Diagnosis(NamedTuple):
    """Why the configuration refuses, and what to change in it; empty where the browser's word is all there is."""

    cause: str
    fix: str


def diagnose(
    configuration: Configuration, cors: CORS, exchange: Exchange, include: bool
) -> Diagnosis:
    """What the configuration has to do with a request that is blocked at `exchange`."""
    environ = wsgi_environ(exchange.method, exchange.url, exchange.headers, exchange.body)
    origin = environ.get("HTTP_ORIGIN")
    path = (
        environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    )  # as it is written in the configuration
    group = pick_group(cors._rules, environ)
    if origin is None or (
        group is None and get_header(exchange.response.headers, ALLOW_ORIGIN) is not None
    ):
        return Diagnosis("", "")  # no CORS request yet, or an application that does CORS by itself
    if group is None:
        cause, fix = not_governed(configuration, cors, path)
        status = exchange.response.status
        return Diagnosis(
            cause + (f", and the application answers it with {status}" if status >= 300 else ""),
            fix,
        )
    preflight = (
        environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    )
    decision, policies = decide(group, environ, preflight), group.policies
    if isinstance(decision, Policy):
        fixes = shortcomings(configuration, decision, exchange, include)
        for policy in policies if fixes else ():
            if allows(policy, origin, environ) and not shortcomings(
                configuration, policy, exchange, include
            ):
                fixes[-1] += f", or name {policy.name}, which allows this, before {decision.name}"
                break
        return Diagnosis("", " and ".join(fixes))
    if decision is AMBIGUOUS_PATH:
        return Diagnosis(decision.reason, f"ask for {normal_path(path)} instead of {path}")
    if decision is VERB_NOT_ALLOWED:
        verb = get_header(exchange.headers, REQUEST_METHOD) or exchange.method
        keys = [
            configuration.named(policy, "methods")
            for policy in policies
            if allows(policy, origin, environ)
        ]
        return Diagnosis(decision.reason, f"add {verb} to {' or '.join(keys)}")
    if decision not in (NOT_ALLOWED, DENIED):
        return Diagnosis(decision.reason, "")

    cause = f"{decision.reason}: {origin}"
    if origin == "null":
        return Diagnosis(
            cause, f"serve the page over http(s), and ask for the last URL at once: {NULL_ORIGIN}"
        )
    fix = f"add {origin} to " + " or ".join(
        configuration.named(policy, "origin") for policy in policies
    )
    if not policies:
        fix = f"name a policy for this path before deny in policy ({configuration.place_of('policy')})"
    for policy in policies:
        key = key_of(policy, "origin")
        if allows(policy, origin.replace("://", "://a-name-under."), environ):
            return Diagnosis(f"{cause}; {key} allows only names under that host, not itself", fix)
        near = near_origin(policy, origin, environ)
        if near:
            cause += f"; {key} allows {near} ({near_miss(near, origin)})"
            return Diagnosis(cause, f"open the page at {near}, or {fix}")
    for policy in cors.policies.values():
        if policy not in policies and allows(policy, origin, environ):
            cause += f"; {policy.name} would allow it, but is not for this path"
    return Diagnosis(cause, fix)


def shortcomings(
    configuration: Configuration, policy: Policy, exchange: Exchange, include: bool
) -> list[str]:
    """What to change in a policy that allows the origin, so that it allows the rest as well."""
    method = get_header(exchange.headers, REQUEST_METHOD) or "GET"
    names = (get_header(exchange.headers, REQUEST_HEADERS) or "").split(",")
    missing = [
        name
        for name in names
        if name and name not in [allowed.lower() for allowed in policy.headers]
    ]
    mistaken = [name for name in missing if name.startswith("access-control-")]
    fixes = []
    if include and not policy.credentials:
        fixes.append(f"write true in {configuration.named(policy, 'credentials')}")
        if policy.anyone:
            fixes.append(f"the origins that you trust in {configuration.named(policy, 'origin')}")
    if policy.methods != ("*",) and method not in (*SAFELISTED_METHODS, *policy.methods):
        if method.upper() in policy.methods:
            fixes.append(
                f"write {method.upper()} instead of {method} in the page, for the case of a method counts"
            )
        else:
            fixes.append(f"add {method} to {configuration.named(policy, 'methods')}")
    if mistaken:
        fixes.append(f"take the response header {mistaken[0]} out of the page's request")
    elif missing and policy.headers != ("*",):
        fixes.append(f"add {', '.join(missing)} to {configuration.named(policy, 'headers')}")
    return fixes


def not_governed(configuration: Configuration, cors: CORS, path: str) -> Diagnosis:
    """A request that no policy governs, and which path comes near it."""
    if callable(cors._rules.strategy):
        return Diagnosis(
            "the matchstrategy leaves this request alone", "let it return the name of a policy"
        )
    cause = f"no policy governs the path {path}"
    for policy in cors.policies.values():
        key, place = key_of(policy, "path"), configuration.named(policy, "path")
        for pattern in policy.path:
            stem = pattern[:-2] if pattern.endswith("/*") else pattern
            near = f"{cause}; {key} has {pattern}, and"
            if path.rstrip("/") == stem.rstrip("/"):
                return Diagnosis(
                    f"{near} a trailing slash counts",
                    f"ask for {pattern}, or add {path} to {place}",
                )
            if path.startswith(f"{stem}/"):
                return Diagnosis(f"{near} that is one path only", f"write {stem}/* in {place}")
            if f"{path}/".lower().startswith(f"{stem}/".lower()):
                return Diagnosis(f"{near} case counts", f"ask for {stem}{path[len(stem) :]}")
    places = [configuration.named(policy, "path") for policy in cors.policies.values()]
    return Diagnosis(cause, f"add {path} to {' or '.join(places)}")


def near_origin(policy: Policy, origin: str, environ: WSGIEnvironment) -> str:
    """An origin that the policy allows, and that is this one but for scheme, port, ``www.`` or localhost's name."""
    scheme, _, authority = origin.partition("://")
    host, port = host_and_port(authority)
    ports = [
        found[0]
        for entry in policy.origin
        if isinstance(entry, str) and (found := re.search(":[0-9]+$", entry))
    ]
    hosts = (
        LOCAL_NAMES
        if host in LOCAL_NAMES
        else (host[4:] if host.startswith("www.") else f"www.{host}",)
    )
    others = [f"{'http' if scheme == 'https' else 'https'}://{authority}"]
    others += [f"{scheme}://{other_host}{port and ':'}{port}" for other_host in hosts]
    others += [f"{scheme}://{host}{other_port}" for other_port in ("", *ports)]
    return next(
        (other for other in others if other != origin and allows(policy, other, environ)), ""
    )


# ---------------------------------------------------------------------------------------------------------------------
# check
# ---------------------------------------------------------------------------------------------------------------------

GOOD: Final = "32"  # green
BAD: Final = "1;31"  # bold red


def say(text: str, style: str = "") -> None:
    """Print a line without what foreign text could do to a terminal; in a style where it is one."""
    text = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
    encoding = sys.stdout.encoding or "utf-8"
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    if style and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        text = f"\033[{style}m{text}\033[0m"
    print(text)


def check(args: argparse.Namespace) -> int:
    """The command ``check``: 0 if every configuration loads, else 1."""
    problems = advice = 0
    for configuration in load(args.target, args.section):
        if configuration.cors:
            for policy in configuration.cors.policies.values():
                for option, message in advise(configuration.cors, policy):
                    configuration.advice.append(
                        configuration.about(key_of(policy, option), message)
                    )
            say(f"{configuration.name} ({configuration.place})")
            for row in table(configuration.cors):
                say(f"  {row}")
        elif not configuration.problems:
            raise UsageError(f"there is no wsgicors.CORS in {args.target}")
        for line in configuration.problems:
            say(line, BAD)
        for line in configuration.advice:
            say(line)
        problems += len(configuration.problems)
        advice += len(configuration.advice)
    counts = f"{problems or 'no'} problem{'' if problems == 1 else 's'}"
    counts += f", {advice} piece{'' if advice == 1 else 's'} of advice" if advice else ""
    say(counts, BAD if problems else GOOD)
    return 1 if problems else 0


def table(cors: CORS) -> list[str]:
    """The policies in columns, one a line."""
    columns = ("path", "origin", "methods", "headers", "expose_headers", "credentials", "maxage")
    rows = [["policy", *columns]]
    for name, policy in cors.policies.items():
        values = [cell(getattr(policy, column)) for column in columns]
        rows.append([name, *("every path" if not policy.path else values[0], *values[1:])])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows
    ]


def cell(value: object) -> str:
    """An option's value as short text."""
    if isinstance(value, tuple):
        names = [
            entry if isinstance(entry, str) else getattr(entry, "__qualname__", show(entry))
            for entry in value
        ]
        return (
            ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "-"
        )
    if isinstance(value, bool):
        return "yes" if value else "-"
    return "-" if value is None else str(value)


# ---------------------------------------------------------------------------------------------------------------------
# explain
# ---------------------------------------------------------------------------------------------------------------------


class Prober(Browser):
    """The browser of ``explain``. A careful one sends nothing by which a server may change something."""

    careful = False

    def _send(self, request: Request, method: str, headers: Headers, body: bytes) -> Response:
        if (
            self.careful
            and method not in ("GET", "HEAD")
            and get_header(headers, REQUEST_METHOD) is None
        ):
            raise NetworkError(
                "not sent"
            )  # the last step is ok, so the verdict is that of the steps so far
        try:
            return super()._send(request, method, headers, body)
        except NetworkError:
            raise
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            effect = (
                "servers answer that with a 500 without CORS headers, unless catch_errors = true"
            )
            request.fail(f"the application raised {type(error).__name__}: {error}; {effect}")


def explain(args: argparse.Namespace) -> int:
    """The command ``explain``: 0 if the page may read the response, else 1."""
    target: WSGIApplication | str = args.target
    configuration = None
    if not re.match("(?i)https?://", args.target):
        configuration, *others = load(args.target, args.section)
        if others:
            names = ", ".join(each.name for each in (configuration, *others))
            raise UsageError(f"{args.target} has several, choose with --section: {names}")
        if configuration.app is None:
            for line in configuration.problems:
                say(line)
            count = (
                f" and {len(configuration.problems) - 1} more"
                if len(configuration.problems) > 1
                else ""
            )
            say(
                f"BLOCKED: this configuration does not load: {configuration.problems[0]}{count}",
                BAD,
            )
            return 1
        target = configuration.app
    try:
        browser = Prober(target, args.origin, timeout=args.timeout)
        browser.careful = configuration is None and not args.send
        verdict = browser.fetch(
            args.path, args.method, args.header, "include" if args.credentials else "omit"
        )
    except ValueError as error:
        raise UsageError(str(error)) from error

    for step in verdict.steps:
        if step.exchange:
            print_exchange(step.exchange)
        say(f"{'ok' if step.ok else 'NO'}  {step.text}", "" if step.ok else BAD)
    for note in notes(configuration, verdict):
        say(f"--  {note}")
    what = f"{args.method} {browser.url(args.path)} for a page on {browser.origin}"
    if verdict.allowed and verdict.response is None and verdict.preflight is None:
        say(f"UNKNOWN: {what} needs no preflight, and without --send it is not sent", BAD)
        return 1
    if verdict.allowed:
        but = (
            ""
            if verdict.response
            else ", says the preflight; the request itself was not sent (--send does)"
        )
        if verdict.response and verdict.response.status >= 400:
            but = f"; what it may read is an error, {verdict.response.status}"
        say(f"ALLOWED: {what}{but}", GOOD)
        return 0
    exchanges = [step.exchange for step in verdict.steps if step.exchange]
    diagnosis = Diagnosis("", "")
    if configuration and configuration.cors and exchanges:
        diagnosis = diagnose(configuration, configuration.cors, exchanges[-1], args.credentials)
    fix = f". To fix it, {diagnosis.fix}" if diagnosis.fix else ""
    say(f"BLOCKED: {diagnosis.cause or verdict.reason}{fix}", BAD)
    return 1


def print_exchange(exchange: Exchange) -> None:
    """A request and its response, as they went over the wire."""
    say(f"> {exchange.method} {exchange.url.target} HTTP/1.1")
    for name, value in exchange.headers:
        say(f"> {name}: {value}")
    say(
        f"< {exchange.response.status} {http.client.responses.get(exchange.response.status, '')}".rstrip()
    )
    for name, value in exchange.response.headers:
        say(f"< {name}: {value}")


def notes(configuration: Configuration | None, verdict: Verdict) -> Iterable[str]:
    """What the verdict does not say, but the next hour of debugging would."""
    if configuration and configuration.options:
        file = configuration.place.rpartition(":")[0]
        yield f"{file} was read, no application loaded: what stands behind the middleware here is an empty 200"
    exchange = next((step.exchange for step in reversed(verdict.steps) if step.exchange), None)
    if exchange is None or get_header(exchange.headers, "origin") is None:
        return
    response = exchange.response
    hidden = sorted(
        {name.lower() for name, _ in response.headers}
        - verdict.readable_headers.keys()
        - NOT_FOR_PAGES
    )
    hidden = [name for name in hidden if not name.startswith("access-control-")]
    if verdict.allowed and verdict.response and hidden:
        ours = ", option expose_headers" if configuration and configuration.cors else ""
        yield f"the page cannot read {', '.join(hidden)}: to be readable, a header must be in {EXPOSE_HEADERS}{ours}"
    varies = [
        name.strip().lower() for name in (get_header(response.headers, "vary") or "").split(",")
    ]
    if get_header(response.headers, ALLOW_ORIGIN) not in (None, "*") and not {"origin", "*"} & set(
        varies
    ):
        yield f"Vary lacks Origin, so a cache may give this response, with its {ALLOW_ORIGIN}, to other pages"


# ---------------------------------------------------------------------------------------------------------------------
# main
# ---------------------------------------------------------------------------------------------------------------------

DESCRIPTION: Final = (
    "Checks configurations of wsgicors, and explains why a browser blocks a request."
)
CHECK_EXAMPLE: Final = """\
example:
  wsgicors check production.ini
"""
EXPLAIN_EXAMPLE: Final = """\
example:
  wsgicors explain https://api.example.com/basket --origin https://shop.example.com \\
      -X PUT -H 'Content-Type: application/json' --credentials
"""
EXIT_STATUS: Final = (
    "\nexit status: 0 fine, 1 problems (check), blocked or unknown (explain), 2 wrong usage"
)


def header_argument(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not a header: write 'Name: value'")
    return name.strip(), value


def seconds_argument(text: str) -> float:
    if not re.fullmatch(r"[0-9]{0,6}\.?[0-9]+", text) or not float(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write seconds, such as 10 or 0.5")
    return float(text)


def make_parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    epilog = CHECK_EXAMPLE + EXPLAIN_EXAMPLE + EXIT_STATUS
    parser = argparse.ArgumentParser(
        "wsgicors", description=DESCRIPTION, epilog=epilog, formatter_class=raw
    )
    parser.add_argument("--version", action="version", version=f"wsgicors {wsgicors.__version__}")
    commands = parser.add_subparsers(required=True, metavar="check | explain")

    def command(
        run: Callable[[argparse.Namespace], int], summary: str, example: str, target: str
    ) -> Any:
        epilog = example + EXIT_STATUS
        added = commands.add_parser(
            run.__name__, help=summary, description=summary, epilog=epilog, formatter_class=raw
        )
        added.add_argument("target", metavar="TARGET", help=target)
        added.add_argument(
            "--section", metavar="NAME", help="the section of the ini file, such as filter:cors"
        )
        added.set_defaults(run=run)
        return added

    command(
        check,
        "print policies, problems and advice",
        CHECK_EXAMPLE,
        "an ini file, or module:attribute of an application",
    )
    added = command(
        explain,
        "play the browser, and say why a request is blocked",
        EXPLAIN_EXAMPLE,
        "an ini file, module:attribute of a WSGI application, or the URL of any server",
    )
    added.add_argument(
        "--origin", required=True, help="the origin of the page that makes the request, or its URL"
    )
    added.add_argument("--path", default="", help="a path, or a URL, relative to TARGET")
    added.add_argument("-X", "--method", default="GET", help="default: GET")
    header: dict[str, Any] = {
        "action": "append",
        "default": [],
        "type": header_argument,
        "metavar": "'NAME: VALUE'",
    }
    added.add_argument(
        "-H", "--header", **header, help="a request header that the page sets; may be repeated"
    )
    added.add_argument(
        "--credentials", action="store_true", help="as with fetch(..., {credentials: 'include'})"
    )
    added.add_argument(
        "--send", action="store_true", help="send methods other than GET and HEAD to a URL, too"
    )
    added.add_argument(
        "--timeout",
        type=seconds_argument,
        default=10.0,
        metavar="SECONDS",
        help="for a URL; default: 10",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """The command line; the exit status."""
    try:
        args = make_parser().parse_args(argv)
    except SystemExit as done:  # argparse has said all
        return int(done.code or 0)
    sys.path.insert(0, os.getcwd())  # as python -m does; the console script does not
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except UsageError as error:
        print(f"wsgicors: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # of somebody who does not wait for a server
        print("wsgicors: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in: wsgicors explain ... | head -1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
