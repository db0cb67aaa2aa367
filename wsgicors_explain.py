"""The browser's side of CORS: plays the browser, and explains why a request is blocked.

In a test suite, ``Browser`` is a client that obeys CORS::

    from wsgicors_explain import Browser

    def test_the_shop_may_change_the_basket():
        assert Browser(app, "https://shop.example").fetch("/basket", method="PUT")

On the command line, ``check`` reads a configuration and ``explain`` a request::

    python -m wsgicors check production.ini
    python -m wsgicors explain https://api.example/basket --origin https://shop.example -X PUT

Terms and step numbers are those of the Fetch standard, https://fetch.spec.whatwg.org/, as of 2025. What differs from
a browser: there is no HTTP cache, no cookie jar and no service worker; a response counts as received once its headers are
there; of the page's address only the origin matters, so Content Security Policy is not looked at.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from wsgicors import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    MAX_AGE,
    NORMALIZED_METHODS,
    OPAQUE_SCHEMES,
    ORIGIN,
    SAFELISTED_RESPONSE_HEADERS,
    TOKEN,
    is_local,
    parse_host,
    parse_pattern,
)

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

__all__ = ["Browser", "Response", "Step", "Verdict"]

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
METHOD_OVERRIDE_HEADERS: Final = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})

# https://fetch.spec.whatwg.org/#cors-safelisted-request-header
SAFELISTED_MIME_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
SAFELISTED_VALUE_BYTES: Final = 128
SAFELISTED_VALUES_BYTES: Final = 1024

REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS: Final = 20
REQUEST_BODY_HEADERS: Final = frozenset({"content-encoding", "content-language", "content-location", "content-type"})

DEFAULT_MAX_AGE: Final = 5  # seconds
MAX_AGE_LIMIT: Final = 7200  # seconds; Chromium's. Firefox honours 86400, WebKit 600

# https://fetch.spec.whatwg.org/#port-blocking
BAD_PORTS: Final = frozenset(
    map(
        int,
        """
        0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119
        123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989
        990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
        """.split(),
    )
)
HTTP_PORTS: Final = {"http": 80, "https": 443}

USER_AGENT: Final = "Mozilla/5.0 (compatible; wsgicors-explain)"

MIME_TYPE: Final = re.compile(rf"({TOKEN.pattern}/{TOKEN.pattern})[\t\n\r ]*(?:;.*)?", re.DOTALL)
RANGE: Final = re.compile(r"bytes=([0-9]+)-([0-9]*)")
UNSAFE_BYTE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\"():<>?@\[\\\]{}\x7f]")
LANGUAGE: Final = re.compile(r"[0-9A-Za-z *,\-.;=]*")
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

        ValueError: it is not an http(s) URL. Only what CORS can notice of the URL standard is done: case, default ports,
        punycode, dot segments, backslashes, percent-encoding of what may not be sent as it is.
        """
        path, mark, query = text.strip(WHITE_SPACE).partition("#")[0].partition("?")
        parts = urlsplit(urljoin(base, path.replace("\\", "/") + mark + query))
        if parts.scheme not in HTTP_PORTS or not parts.hostname:
            raise ValueError(f"{text!r} is not an http:// or https:// URL")
        path = quote(without_dots(parts.path), safe="/%:@!$&'()*+,;=-._~|^[]")
        query = "?" + quote(parts.query, safe="/%:@!$&()*+,;=-._~|^[]?`{}\\") if parts.query else ""
        port = HTTP_PORTS[parts.scheme] if parts.port is None else parts.port
        host = parse_host(f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname, parts.scheme, [])
        return cls(parts.scheme, host, port, path + query, "@" in parts.netloc)


def without_dots(path: str) -> str:
    """The path with its ``.`` and ``..`` segments resolved, percent-encoded ones as well."""
    segments: list[str] = []
    for segment in path.split("/")[1:] or [""]:
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
    address = address.strip()
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
    if not ORIGIN.fullmatch(origin):
        raise ValueError(f"{address!r} is not the origin of one page: write one such as 'https://app.example.com'")
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


def call_wsgi(app: WSGIApplication, method: str, url: URL, headers: Headers, body: bytes) -> Response:
    """Call the WSGI application `app` in process, up to the first bytes of the response's body.

    An endless stream is therefore no problem. What `app` raises propagates.
    """
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

    started: list[Response] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: Headers, exc_info: OptExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        if exc_info and exc_info[1] and written:
            raise exc_info[1].with_traceback(exc_info[2])
        if started and not exc_info:
            raise RuntimeError("the application called start_response twice without exc_info (PEP 3333)")
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
    connection_type = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connection_type(url.host.strip("[]"), url.port, timeout=timeout)
    try:
        connection.putrequest(method, url.target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Response(response.status, response.getheaders())
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"the certificate of {url.authority} is not valid: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise Unreachable(f"{url.authority} does not speak TLS: is it http://{url.authority}?") from error
    except socket.gaierror as error:
        raise Unreachable(f"the host name {url.host} does not resolve: {error.strerror}") from error
    except socket.timeout as error:
        raise Unreachable(f"{url.authority} did not answer within {timeout:g} seconds") from error
    except ConnectionRefusedError as error:
        raise Unreachable(f"nothing listens on {url.host} port {url.port}: the connection was refused") from error
    except OSError as error:
        raise Unreachable(f"{url.authority} cannot be reached: {error.strerror or error}") from error
    except http.client.HTTPException as error:
        raise Unreachable(f"{url.authority} did not answer in HTTP: {type(error).__name__} {error}".strip()) from error
    finally:
        connection.close()


# ---------------------------------------------------------------------------------------------------------------------
# Headers
# ---------------------------------------------------------------------------------------------------------------------


def header_values(headers: Headers, name: str) -> list[str]:
    """The values of all headers `name` (in lower case), without the white space around them."""
    return [value.strip(WHITE_SPACE) for header, value in headers if header.lower() == name]


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
    tokens = [token for element in text.split(",") if (token := element.strip("\t "))]  # #token: some may be empty
    if not all(map(TOKEN.fullmatch, tokens)):
        raise ValueError(text)
    return tokens


def extract_max_age(headers: Headers) -> int:
    """Seconds for which a preflight's answer may be cached: steps 7.8 to 7.10 of "CORS-preflight fetch"."""
    values = header_values(headers, MAX_AGE.lower())
    if len(values) != 1 or not re.fullmatch("[0-9]+", values[0]):
        return DEFAULT_MAX_AGE
    return min(int(values[0]), MAX_AGE_LIMIT)


def is_forbidden_request_header(name: str, value: str) -> bool:
    """Whether a page may not set this header: "forbidden request-header" of section 2.2.2."""
    name = name.lower()
    if name in METHOD_OVERRIDE_HEADERS:
        return any(method.strip("\t ").upper() in FORBIDDEN_METHODS for method in value.split(","))
    return name in FORBIDDEN_REQUEST_HEADERS or name.startswith(("proxy-", "sec-"))


def why_unsafe(name: str, value: str) -> str:
    """Why this is no "CORS-safelisted request-header" of section 2.2.2, to be read after its name; empty if it is one."""
    name = name.lower()
    if name not in ("accept", "accept-language", "content-language", "content-type", "range"):
        return "is not a safelisted request header"
    if len(value) > SAFELISTED_VALUE_BYTES:
        return f"has more than {SAFELISTED_VALUE_BYTES} bytes"
    if name == "range":
        match = RANGE.fullmatch(value)
        safe = match is not None and (not match[2] or int(match[1]) <= int(match[2]))
        return "" if safe else "is not a single range with a start, as in bytes=0-99"
    if not LANGUAGE.fullmatch(value) if name.endswith("language") else UNSAFE_BYTE.search(value):
        return "has a byte that is not safelisted"
    if name == "content-type":
        mime_type = MIME_TYPE.fullmatch(value)
        if mime_type is None or mime_type[1].lower() not in SAFELISTED_MIME_TYPES:
            return f"is {value}, not one of {', '.join(SAFELISTED_MIME_TYPES)}"
    return ""


def unsafe_names(headers: Headers) -> dict[str, str]:
    """The "CORS-unsafe request-header names" of section 2.2.2, sorted, in lower case, each with the reason."""
    reasons = {name.lower(): why_unsafe(name, value) for name, value in headers}
    # A name may come twice, and one unsafe value is enough.
    reasons.update({name.lower(): why for name, value in headers if (why := why_unsafe(name, value))})
    if sum(len(value) for name, value in headers if not why_unsafe(name, value)) > SAFELISTED_VALUES_BYTES:
        together = f"is one of the safelisted headers that have more than {SAFELISTED_VALUES_BYTES} bytes together"
        reasons = {name: why or together for name, why in reasons.items()}
    return {name: why for name, why in sorted(reasons.items()) if why}


def checked_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    """The headers as a list of pairs, values normalized.

    ValueError: a name is not a token, or a value holds what HTTP cannot carry.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    result = [(name, value.strip(WHITE_SPACE)) for name, value in pairs]
    for name, value in result:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header")
        if re.search("[\0\r\n]|[^\0-\xff]", value):
            raise ValueError(
                f"header {name}: {value!r} has a character that HTTP cannot carry (NUL, CR, LF, or not Latin-1)"
            )
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


def near_miss(found: str, wanted: str) -> str:
    """By what detail the origin `found` is not the one wanted; empty where it is more than a detail."""
    if re.search(r"[\s,]", found):
        return "one value, sent once"
    if "*" in found:
        return "browsers know no patterns"
    plain = found.lower().rstrip("/")
    if plain == wanted:
        return "a trailing slash" if found.endswith("/") else "upper case"
    scheme, separator, authority = plain.rpartition("://")
    wanted_scheme, _, wanted_authority = wanted.rpartition("://")
    if authority == wanted_authority:
        return f"{scheme} instead of {wanted_scheme}" if separator else "no scheme"
    if scheme != wanted_scheme:
        return ""
    host, _, port = authority.partition(":")
    wanted_host, _, wanted_port = wanted_authority.partition(":")
    if host == wanted_host:
        return f"port {port} instead of {wanted_port or 'none'}" if port else f"port {wanted_port} is missing"
    if port == wanted_port and host.removeprefix("www.") == wanted_host.removeprefix("www."):
        return "www. too much" if host.startswith("www.") else "www. is missing"
    return "localhost and 127.0.0.1 are two origins" if {host, wanted_host} == {"localhost", "127.0.0.1"} else ""


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
    allow_origin = get_header(response.headers, ALLOW_ORIGIN.lower())
    allow_credentials = get_header(response.headers, ALLOW_CREDENTIALS.lower())
    if allow_origin is None:
        return f"{ALLOW_ORIGIN} is missing; it should be {wanted}" + ("" if request.include else " or *")
    if allow_origin == "*":
        refused = f"{ALLOW_ORIGIN} is *, which browsers refuse with credentials; it should be {wanted}"
        return refused if request.include else ""
    if allow_origin != wanted:
        detail = near_miss(allow_origin, wanted)
        return f"{ALLOW_ORIGIN} is {allow_origin!r}; it should be {wanted}" + (f" ({detail})" if detail else "")
    if not request.include or allow_credentials == "true":
        return ""
    if allow_credentials is None:
        return f"{ALLOW_CREDENTIALS} is missing; it should be true, as the request has credentials"
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
        self.target = target
        self.origin = page_origin(origin)
        self._base = str(URL.parse(target)) if isinstance(target, str) else "http://localhost/"
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

        ValueError: an argument with which ``fetch()`` throws a TypeError, forbidden methods excepted: these are blocked.
        An exception of an application in process propagates.
        """
        if credentials not in ("omit", "include"):
            raise ValueError(f"credentials={credentials!r}: write 'omit' or 'include'")
        if not TOKEN.fullmatch(method):
            raise ValueError(f"method={method!r} is not the name of a method")
        if body and method.upper() in ("GET", "HEAD"):
            raise ValueError(f"{method} cannot have a body")
        url = URL.parse(url_or_path, self._base)
        if url.has_credentials:
            raise ValueError(f"{url_or_path!r}: a page cannot fetch a URL with a user name or password in it")

        request = Request(self.origin, method, [], body, credentials == "include", [url])
        readable: dict[str, str] = {}
        try:
            self._construct(request, checked_headers(headers))
            readable = self._main_fetch(request)
        except NetworkError:
            pass
        last = request.steps[-1]
        return Verdict(last.ok, last.text, tuple(request.steps), request.preflight, request.response, readable)

    def _construct(self, request: Request, headers: Headers) -> None:
        """The constructor of the API's Request class, section 5.4, as far as methods and headers go."""
        # 25. method: forbidden ones throw, some are normalized
        if request.method.upper() in FORBIDDEN_METHODS:
            request.fail(f"{request.method} is a forbidden method: no page may send it")
        if request.method.upper() in NORMALIZED_METHODS:
            request.method = request.method.upper()
        elif request.method != request.method.upper():
            names = ", ".join(sorted(NORMALIZED_METHODS))
            request.ok(f"{request.method} stays in lower case: only {names} are put in upper case by browsers")
        # 33. headers: forbidden ones are dropped without a word
        for name, value in headers:
            if is_forbidden_request_header(name, value):
                request.ok(f"the request header {name} is dropped: no page may set it")
            else:
                request.headers.append((name, value))

    def _main_fetch(self, request: Request) -> dict[str, str]:
        """Section 4.1, "main fetch": the headers of the response that the page may read."""
        # 7. blocked are mixed content and bad ports
        url = request.url
        if request.origin.startswith("https:") and url.scheme == "http" and not is_local(url.host):
            request.fail(f"mixed content: the page is on https, so {url.origin} must be https as well")
        if url.port in BAD_PORTS:
            request.fail(f"browsers block port {url.port}: serve on another one")
        # 12. the way is chosen by origin, method and headers
        if url.origin == request.origin and not request.cors:
            request.ok(f"{url.origin} is the page's own origin: CORS does not apply")
            return self._http_fetch(request, make_preflight=False)
        request.cors = True
        needs = [] if request.method in SAFELISTED_METHODS else [f"{request.method} is not a safelisted method"]
        needs += [f"{name} {why}" for name, why in unsafe_names(request.headers).items()]
        if not needs:
            request.ok(f"no preflight is needed: {request.method} is safelisted, and so are the request headers")
            return self._http_fetch(request, make_preflight=False)
        request.ok("a preflight is needed: " + "; ".join(needs))
        try:
            return self._http_fetch(request, make_preflight=True)
        except NetworkError:
            self._forget(request)
            raise

    def _http_fetch(self, request: Request, *, make_preflight: bool) -> dict[str, str]:
        """Section 4.3, "HTTP fetch"."""
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
                request.fail(f"the response to {request.method}: {problem}")
            request.ok(f"{ALLOW_ORIGIN} fits: {get_header(response.headers, ALLOW_ORIGIN.lower())}")
        # 6. redirects
        location = get_header(response.headers, "location")
        if response.status in REDIRECT_STATUSES and location is not None:
            return self._redirect_fetch(request, response.status, location)
        return self._filter(request, response)

    def _redirect_fetch(self, request: Request, status: int, location: str) -> dict[str, str]:
        """Section 4.4, "HTTP-redirect fetch"."""
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
        if (status in (301, 302) and request.method == "POST") or (
            status == 303 and request.method not in ("GET", "HEAD")
        ):
            request.ok(f"the {status} turns {request.method} into GET without a body")
            request.method, request.body = "GET", b""
            request.headers = [pair for pair in request.headers if pair[0].lower() not in REQUEST_BODY_HEADERS]
        # 13. Authorization stays with its origin
        if url.origin != request.url.origin and get_header(request.headers, "authorization") is not None:
            request.ok(f"the request header Authorization is dropped: {url.origin} is another origin")
            request.headers = [pair for pair in request.headers if pair[0].lower() != "authorization"]
        # 18., 22. once more
        request.urls.append(url)
        request.ok(f"the {status} redirects to {url}; the request's origin is {request.serialized_origin} now")
        return self._main_fetch(request)

    def _preflight_fetch(self, request: Request) -> None:
        """Section 4.8, "CORS-preflight fetch"."""
        # 1. to 6. the question. It never carries credentials
        unsafe = unsafe_names(request.headers)
        headers = [("Accept", "*/*"), ("Access-Control-Request-Method", request.method)]
        if unsafe:
            headers.append(("Access-Control-Request-Headers", ",".join(unsafe)))
        exchange = self._network_fetch(request, "OPTIONS", headers, b"")
        response = request.preflight = exchange.response
        request.ok(f"the preflight was answered {response.status}", exchange)
        # 7., 8. the CORS check and an ok status
        problem = cors_check(request, response)
        if not 200 <= response.status <= 299:
            if problem:
                request.steps.append(Step(False, f"the response to the preflight: {problem}"))
            request.fail(f"the preflight was answered {response.status}; {what_status_means(response)}")
        if problem:
            request.fail(f"the response to the preflight: {problem}")
        request.ok(f"{ALLOW_ORIGIN} of the preflight fits: {get_header(response.headers, ALLOW_ORIGIN.lower())}")
        # 7.1 to 7.3 what it allows
        methods = self._extract(request, response, ALLOW_METHODS)
        names = self._extract(request, response, ALLOW_HEADERS)
        allowed_names = [name.lower() for name in names or []]
        # 7.5 the method
        if request.method not in SAFELISTED_METHODS:
            any_method = not request.include and "*" in (methods or [])
            missing = [] if any_method or request.method in (methods or []) else [request.method]
            self._require(request, ALLOW_METHODS, methods, missing)
        # 7.6, 7.7 the headers
        if unsafe:
            any_name = not request.include and "*" in allowed_names
            missing = [name for name in unsafe if name not in allowed_names]
            missing = [name for name in missing if not any_name or name == "authorization"]
            self._require(request, ALLOW_HEADERS, names, missing)
        # 7.8 to 7.15 the cache
        self._remember(request, extract_max_age(response.headers), methods or [], allowed_names)

    def _extract(self, request: Request, response: Response, name: str) -> list[str] | None:
        """`extract_list`, with its failure as the end of the request."""
        try:
            return extract_list(response.headers, name.lower())
        except ValueError as error:
            request.fail(f"{name} of the preflight is no comma-separated list of names: {error}")

    def _require(self, request: Request, name: str, found: list[str] | None, missing: list[str]) -> None:
        """Let the request go on only if nothing is missing in the header `name` of the preflight's response."""
        value = ", ".join(found or [])
        if not missing:
            request.ok(f"{name} of the preflight fits: {value}")
            return
        hint = ""
        if "*" in value:
            hint = ", a wildcard only without credentials" if request.include else ", which never covers it"
        elif missing == [request.method] and request.method.upper() in (found or []):
            hint = ", and the case of a method counts"
        state = "is missing" if found is None else f"is {value!r}{hint}"
        request.fail(f"{name} of the preflight {state}; it should have {', '.join(missing)}")

    def _network_fetch(self, request: Request, method: str, headers: Headers, body: bytes) -> Exchange:
        """Section 4.5, "HTTP-network-or-cache fetch", without a cache: the headers that browsers add, then the wire."""
        url = request.url
        sent = [("Host", url.authority), *headers]
        if request.cors or method not in ("GET", "HEAD"):
            sent.append(("Origin", request.serialized_origin))
        if body or method in ("POST", "PUT"):
            sent.append(("Content-Length", str(len(body))))
        for name, value in (("Accept", "*/*"), ("User-Agent", USER_AGENT)):
            if get_header(sent, name.lower()) is None:
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
                exposed = extract_list(response.headers, EXPOSE_HEADERS.lower()) or []
            except ValueError as error:
                request.ok(f"{EXPOSE_HEADERS} is no comma-separated list of names and is ignored: {error}")
                exposed = []
            if "*" not in exposed or request.include:
                present &= SAFELISTED_RESPONSE_HEADERS.union(name.lower() for name in exposed)
        request.ok(
            "the page may read the response" + (f" and its headers {', '.join(sorted(present))}" * bool(present))
        )
        return {name: get_header(response.headers, name) or "" for name in sorted(present)}

    # The CORS-preflight cache, section 4.9. The standard's entries are the keys of a dict, their max-age is its value.

    def _is_cached(self, request: Request) -> bool:
        """Whether no preflight has to be sent: step 4.1 of "HTTP fetch"."""
        method_known = request.method in SAFELISTED_METHODS or self._matches(request, "method", request.method)
        return bool(method_known) and all(self._matches(request, "header", n) for n in unsafe_names(request.headers))

    def _matches(self, request: Request, kind: str, name: str) -> list[tuple[str, str, bool, str, str]]:
        """The keys of live entries that allow this method or header: "method/header-name cache entry match"."""
        keys = [
            (request.serialized_origin, str(request.url), credentials, kind, entry)
            for credentials in ((True,) if request.include else (True, False))
            for entry in ((name,) if name == "authorization" else (name, "*"))
        ]
        return [key for key in keys if self._cache.get(key, 0.0) > self._clock()]

    def _remember(self, request: Request, max_age: int, methods: list[str], names: list[str]) -> None:
        """Steps 7.12 to 7.15 of "CORS-preflight fetch"."""
        for kind, allowed in (("method", methods), ("header", names)):
            for name in allowed:
                new = (request.serialized_origin, str(request.url), request.include, kind, name)
                for key in self._matches(request, kind, name) or [new]:
                    self._cache[key] = self._clock() + max_age

    def _forget(self, request: Request) -> None:
        """ "Clear cache entries"."""
        for key in [key for key in self._cache if key[:2] == (request.serialized_origin, str(request.url))]:
            del self._cache[key]
