"""The browser's side of CORS: the Fetch standard's algorithm, in its numbered steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn

from .headers import (
    FORBIDDEN_METHODS,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_METHODS,
    Headers,
    checked_headers,
    combined,
    extract_list,
    extract_max_age,
    get_header,
    header_values,
    is_forbidden_request_header,
    unsafe_names,
)
from .http1 import call_http
from .middleware import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    NORMALIZED_METHODS,
    SAFELISTED_RESPONSE_HEADERS,
    TOKEN,
)
from .origins import near_miss, page_origin
from .reasons import (
    REDIRECT_STATUSES,
    missing_names,
    misspelled,
    what_status_means,
    which_ignored,
    why_blocked,
    why_not_covered,
    why_preflight,
    why_refused,
)
from .wire import URL, Exchange, Response, Unreachable, call_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


MAX_REDIRECTS: Final = 20
REQUEST_BODY_HEADERS: Final = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type"}
)

USER_AGENT: Final = "Mozilla/5.0 (compatible; wsgicors-explain)"


@dataclass(frozen=True)
class Step:
    """One decision of the browser.

    ok: whether the request continues after it.
    text: one sentence that can be read without the other steps.
    exchange: the request and response just before this step, or None.
    unreachable: why there was no response, or None.
    """

    ok: bool
    text: str
    exchange: Exchange | None = field(default=None, repr=False, compare=False)
    unreachable: Unreachable | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Verdict:
    """The outcome of a request. It is true if the page may read the response, whatever its status.

        >>> assert verdict, verdict.reason
        >>> assert verdict.response.status == 200

    allowed: bool, whether the page may read the response.
    reason: one sentence that says why, the text of the last step.
    steps: tuple of Step, in the order of the standard. If the request is blocked, the last
        one is not ok.
    preflight: the last Response to a preflight, or None.
    response: the last Response to the request itself, or None. It may be there even if
        the page may not read it.
    readable_headers: dict of the response headers that the page may read, names in lower
        case. Empty if the request is blocked.
    """

    allowed: bool
    reason: str
    steps: tuple[Step, ...] = field(repr=False)
    preflight: Response | None = field(repr=False)
    response: Response | None = field(repr=False)
    readable_headers: dict[str, str] = field(repr=False)

    def __bool__(self) -> bool:
        return self.allowed

    def __repr__(self) -> str:
        status = self.response.status if self.response else None
        return f"Verdict(allowed={self.allowed}, status={status}, reason={self.reason!r})"


class NetworkError(Exception):
    """The standard's "network error"; the last step says why."""


@dataclass
class Request:
    """The standard's "request" (section 2.2.5), as fetch() makes it.

    Its mode is "cors", and its unsafe-request flag is set.
    """

    origin: str
    method: str
    headers: Headers
    body: bytes
    include: bool
    urls: list[URL]
    use_preflight: bool = False  # the use-CORS-preflight flag
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
        """The Origin header: null after a redirect from one foreign origin to another."""
        for last, url in zip(self.urls, self.urls[1:]):
            if last.origin not in (url.origin, self.origin):
                return "null"
        return self.origin

    def drop(self, names: frozenset[str]) -> None:
        """Remove the headers with these names, which are in lower case."""
        self.headers = [pair for pair in self.headers if pair[0].lower() not in names]

    def ok(self, text: str, exchange: Exchange | None = None) -> None:
        """Note that something was found to be in order."""
        self.steps.append(Step(True, text, exchange))

    def fail(self, text: str, unreachable: Unreachable | None = None) -> NoReturn:
        """Note why the request is blocked, and end it with a network error."""
        self.steps.append(Step(False, text, unreachable=unreachable))
        raise NetworkError(text)


NULL_ORIGIN: Final = (
    "pages from files and in sandboxed frames have the origin null, "
    "and so do requests redirected between origins"
)


def cors_check(request: Request, response: Response) -> str:
    """Section 4.10, "CORS check": what is wrong with the response; empty if it passes."""
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
        return (
            f"{ALLOW_CREDENTIALS} is missing{misspelled(response)}; "
            "it should be true because the request has credentials"
        )
    return (
        f"{ALLOW_CREDENTIALS} is {allow_credentials!r}; "
        "it should be true, in lower case and sent once"
    )


def read_as_browsers_do(request: Request, response: Response) -> None:
    """Section 4.7, "HTTP-network fetch": note ignored header lines; fail if browsers refuse it."""
    ignored = which_ignored(response)
    if ignored:
        request.ok(ignored)
    refused = why_refused(response)
    if refused:
        request.fail(refused)


class Browser:
    """A browser with one open page, for tests. It follows https://fetch.spec.whatwg.org/.

        >>> browser = Browser(application, "https://app.example.com")
        >>> verdict = browser.fetch("/basket", method="PUT")
        >>> assert verdict, verdict.reason
        >>> assert verdict.response.status == 200

    target: a WSGI application, which is called in process for every host name; or an
        http(s) URL.
    origin: the page's origin, or its URL, or "null".
    base_url: the URL that paths are relative to, if the application checks the host, as
        Django does. Default: "http://localhost", or `target` if that is a URL.
    cookies: a mapping of names to values. Sent only with credentials="include".
    timeout: seconds that a server may take to respond. Default: 10.
    clock: a function that returns seconds. The preflight cache uses it to expire; each
        object has its own cache.

    Raises ValueError if `target`, `origin`, `base_url` or a cookie is invalid.
    """

    def __init__(
        self,
        target: WSGIApplication | str,
        origin: str,
        *,
        base_url: str | None = None,
        cookies: Mapping[str, str] | None = None,
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
        if base_url is not None:
            self._base = base_url
        cookie = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
        self._cookies = checked_headers([("Cookie", cookie)] if cookie else [])
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
        *,
        preflight: bool = False,
    ) -> Verdict:
        """Send a request as ``fetch()`` in the page does, with its preflight and redirects.

        url_or_path: a URL, or a path relative to `base_url`.
        method, headers, body: the arguments of the page. `headers` is a mapping or pairs.
        credentials: "include" or "omit", the credentials mode.
        preflight: bool, whether to send a preflight even before a simple request, as browsers
            do for an XMLHttpRequest with an upload listener.

        Raises ValueError for an argument with which ``fetch()`` throws a TypeError; a forbidden
        method is blocked instead. An exception of an application in process propagates.
        """
        if credentials not in ("omit", "include"):
            raise ValueError(f"credentials={credentials!r}: write 'omit' or 'include'")
        if not TOKEN.fullmatch(method):
            raise ValueError(f"method={method!r} is not the name of a method")
        if body and method.upper() in ("GET", "HEAD"):
            raise ValueError(f"{method} cannot have a body")
        url = self.url(url_or_path)
        include = credentials == "include"
        request = Request(self.origin, method, [], body, include, [url], preflight)
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
        """The URL that `fetch` requests. ValueError: ``fetch()`` would not accept it."""
        url = URL.parse(url_or_path, self._base)
        if url.has_credentials:
            raise ValueError(
                f"a page cannot fetch a URL with a user name or password in it: write {url}"
            )
        return url

    def _construct(self, request: Request, headers: Headers) -> None:
        """The constructor of the Request class, section 5.4: its steps for method and headers."""
        # 25. method: forbidden ones throw, some are normalized
        if request.method.upper() in FORBIDDEN_METHODS:
            request.fail(f"{request.method} is a forbidden method: no page may send it")
        if request.method.upper() in NORMALIZED_METHODS:
            request.method = request.method.upper()
        elif request.method != request.method.upper():
            names = ", ".join(sorted(NORMALIZED_METHODS))
            request.ok(
                f"{request.method} stays as it is: browsers convert only {names} to upper case"
            )
        # 33. headers: forbidden ones are dropped silently
        for name, value in headers:
            if name.lower().startswith("access-control-allow-"):
                request.ok(f"{name} is a response header: it has no effect in a request")
            if is_forbidden_request_header(name, value):
                request.ok(f"the request header {name} is dropped: no page may set it")
            else:
                request.headers.append((name, value))

    def _main_fetch(self, request: Request) -> dict[str, str]:
        """Section 4.1, "main fetch": the headers of the response that the page may read."""
        # 7. mixed content and bad ports are blocked
        url = request.url
        blocked = why_blocked(request.origin, url)
        if blocked:
            request.fail(blocked)
        # 12. origin, method and headers decide how to continue
        if url.origin == request.origin and not request.cors:
            request.ok(f"{url.origin} is the page's own origin: CORS does not apply")
            return self._http_fetch(request, make_preflight=False)
        request.cors = True
        reasons = why_preflight(request.method, request.headers, asked_for=request.use_preflight)
        if not reasons:
            request.ok(
                f"no preflight is needed: {request.method} is safelisted, "
                "and so are the request headers"
            )
            return self._http_fetch(request, make_preflight=False)
        request.ok("a preflight is needed: " + "; ".join(reasons))
        try:
            return self._http_fetch(request, make_preflight=True)
        except NetworkError:
            self._forget(request)
            raise

    def _http_fetch(self, request: Request, *, make_preflight: bool) -> dict[str, str]:
        """Section 4.4, "HTTP fetch"."""
        # 4.1 a preflight, unless the cache makes it unnecessary
        if make_preflight:
            if self._is_cached(request):
                request.ok("an earlier preflight, still in the cache, allowed this")
            else:
                self._preflight_fetch(request)
        # 4.3 the request itself
        exchange = self._network_fetch(request, request.method, request.headers, request.body)
        response = request.response = exchange.response
        request.ok(f"{request.method} {request.url} returned {response.status}", exchange)
        read_as_browsers_do(request, response)
        # 4.4 the CORS check, of redirects too
        if request.cors:
            problem = cors_check(request, response)
            if problem:
                target = get_header(response.headers, "location")
                if response.status in REDIRECT_STATUSES and target is not None:
                    problem += f". It redirects to {target}: a login page, or the URL to request"
                if response.status >= 400:
                    problem += (
                        f". Its status is {response.status}: fix that first, "
                        "because errors often bypass CORS code"
                    )
                request.fail(f"the response to {request.method}: {problem}")
            request.ok(f"{ALLOW_ORIGIN} fits: {get_header(response.headers, ALLOW_ORIGIN)}")
        # 6. redirects
        location = get_header(response.headers, "location")
        if response.status in REDIRECT_STATUSES and location is not None:
            return self._redirect_fetch(request, response.status, location)
        return self._filter(request, response)

    def _redirect_fetch(self, request: Request, status: int, location: str) -> dict[str, str]:
        """Section 4.5, "HTTP-redirect fetch"."""
        url = self._redirect_target(request, location)
        # 12. POST becomes GET
        rewritten = (
            request.method == "POST"
            if status in (301, 302)
            else request.method not in ("GET", "HEAD")
        )
        if rewritten and status in (301, 302, 303):
            request.ok(f"the {status} turns {request.method} into GET without a body")
            request.method, request.body = "GET", b""
            request.drop(REQUEST_BODY_HEADERS)
        # 13. Authorization stays with its origin
        if (
            url.origin != request.url.origin
            and get_header(request.headers, "authorization") is not None
        ):
            request.ok(
                f"the request header Authorization is dropped: {url.origin} is another origin"
            )
            request.drop(frozenset({"authorization"}))
        # 18., 22. start over with the new URL
        request.urls.append(url)
        request.ok(
            f"the {status} redirects to {url}; "
            f"the request's origin is now {request.serialized_origin}"
        )
        return self._main_fetch(request)

    def _redirect_target(self, request: Request, location: str) -> URL:
        """Steps 5 to 10 of "HTTP-redirect fetch": the URL to which it redirects."""
        # 5., 6. the target
        if request.response and len(header_values(request.response.headers, "location")) > 1:
            request.fail(f"the response has more than one Location header: {location}; send one")
        try:
            url = URL.parse(location, str(request.url))
        except ValueError:
            request.fail(f"the redirect to {location} does not lead to an http:// or https:// URL")
        # 7. the count
        if len(request.urls) > MAX_REDIRECTS:
            request.fail(f"more than {MAX_REDIRECTS} redirects")
        # 9., 10. user names and passwords in the URL
        if url.has_credentials and (request.cors or url.origin != request.origin):
            request.fail(f"the redirect to {location} has a user name or password in its URL")
        return url

    def _preflight_fetch(self, request: Request) -> None:
        """Section 4.8, "CORS-preflight fetch"."""
        # 1. to 6. the question. It never carries credentials
        unsafe = unsafe_names(request.headers)
        headers = [("Accept", "*/*"), (REQUEST_METHOD, request.method)]
        if unsafe:
            headers.append((REQUEST_HEADERS, ",".join(unsafe)))
        exchange = self._network_fetch(request, "OPTIONS", headers, b"", preflight=True)
        response = request.preflight = exchange.response
        request.ok(f"the preflight returned {response.status}", exchange)
        read_as_browsers_do(request, response)
        # 7., 8. the CORS check and an ok status
        problem = cors_check(request, response)
        if not 200 <= response.status <= 299:
            if problem:
                request.steps.append(Step(False, f"the response to the preflight: {problem}"))
            request.fail(f"the preflight returned {response.status}; {what_status_means(response)}")
        if problem:
            request.fail(f"the response to the preflight: {problem}")
        request.ok(
            f"{ALLOW_ORIGIN} in the preflight response fits: "
            f"{get_header(response.headers, ALLOW_ORIGIN)}"
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
        # 7.4 what else the cache learns
        if methods is None and request.use_preflight:
            methods = [request.method]
        # 7.8 to 7.15 the cache
        self._remember(request, extract_max_age(response.headers), methods or [], names or [])

    def _extract(self, request: Request, response: Response, name: str) -> list[str] | None:
        """`extract_list`, with its failure as the end of the request."""
        try:
            return extract_list(response.headers, name)
        except ValueError as error:
            request.fail(
                f"{name} in the preflight response is not a comma-separated list of names: {error}"
            )

    def _require(
        self,
        request: Request,
        response: Response,
        header: str,
        found: list[str] | None,
        needed: list[str],
    ) -> None:
        """Fail unless the header in the preflight's response lists everything needed."""
        named = found or []
        wildcard = not request.include
        missing = missing_names(header, named, needed, wildcard=wildcard)
        if not missing:
            request.ok(f"{header} in the preflight response fits: {', '.join(named)}")
            return
        if found is None:
            state = f"is missing{misspelled(response)}"
        else:
            state = f"is {', '.join(named)!r}{why_not_covered(named, missing, wildcard=wildcard)}"
        names = ", ".join(missing)
        request.fail(f"{header} in the preflight response {state}; it must include {names}")

    def _network_fetch(
        self,
        request: Request,
        method: str,
        headers: Headers,
        body: bytes,
        *,
        preflight: bool = False,
    ) -> Exchange:
        """Section 4.6, "HTTP-network-or-cache fetch", without a cache.

        It adds the headers that browsers add, then sends the request.
        """
        url = request.url
        sent = [("Host", url.authority), *headers]
        if request.cors or method not in ("GET", "HEAD"):
            sent.append(("Origin", request.serialized_origin))
        # No preflight carries credentials, and no other host gets the cookies of the first one.
        if request.include and not preflight and url.host == request.urls[0].host:
            sent += self._cookies
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
            request.fail(str(error), error)

    def _filter(self, request: Request, response: Response) -> dict[str, str]:
        """Steps 14.1 and 14.2 of "main fetch": the basic or the CORS filtered response."""
        present = {name.lower() for name, _ in response.headers} - FORBIDDEN_RESPONSE_HEADERS
        if request.cors:
            try:
                exposed = extract_list(response.headers, EXPOSE_HEADERS) or []
            except ValueError as error:
                request.ok(
                    f"{EXPOSE_HEADERS} is ignored because it is not a comma-separated list "
                    f"of names: {error}"
                )
                exposed = []
            if "*" not in exposed or request.include:
                present &= SAFELISTED_RESPONSE_HEADERS.union(name.lower() for name in exposed)
        names = ", ".join(sorted(present)) or "none"
        request.ok(f"the page may read the response; of its headers: {names}")
        return combined(response.headers, present)

    # The CORS-preflight cache, section 4.9. The standard's entries are the keys of a dict;
    # the values are the times at which they expire.

    def _is_cached(self, request: Request) -> bool:
        """Whether no preflight has to be sent: step 4.1 of "HTTP fetch"."""
        simple = request.method in SAFELISTED_METHODS and not request.use_preflight
        return (simple or bool(self._matches(request, "method", request.method))) and all(
            self._matches(request, "header", n) for n in unsafe_names(request.headers)
        )

    def _matches(
        self, request: Request, kind: str, name: str
    ) -> list[tuple[str, str, bool, str, str]]:
        """The keys of live entries that match: "method cache entry match" and "header-name ..."."""
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
