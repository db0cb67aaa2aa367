"""Real engines agree: Chromium, Firefox and WebKit do what the configuration means and what `Browser` predicts.

One page run per engine. The page opens a frame on each page origin, each frame runs its cases against an API behind the
middleware on another origin, and reports what it could do; the API counts what reached it. Every case has three
answers, which must be equal:

1. what the configuration means, worked out by `meaning` below from the case itself, without any header of the protocol;
2. what `wsgicors_explain.Browser` predicts;
3. what the engine does.

The generated cases come from a seed that every failure names; ``WSGICORS_ENGINES_SEED=n`` repeats it. The named cases
below them are those that users meet. What an engine does otherwise is a row of `DEVIATIONS`, explained in ENGINES.rst.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple
from wsgiref.validate import validator

import pytest
from engines import ENGINES, Engine, serve, visit

from wsgicors import CORS, OriginList
from wsgicors_explain import Browser

SEED = int(os.environ.get("WSGICORS_ENGINES_SEED") or random.SystemRandom().randrange(10**9))
GENERATED_CASES = 1000

# wsgiref.validate knows the methods of RFC 2616 only; pages may send any.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Unknown REQUEST_METHOD:wsgiref.validate.WSGIWarning"
)

Headers = Sequence[tuple[str, str]]


# ---------------------------------------------------------------------------------------------------------------------
# Cases
# ---------------------------------------------------------------------------------------------------------------------


class Ports(NamedTuple):
    """Where the servers of one run listen: two that serve pages, two that serve the API."""

    page: int
    page2: int
    api: int
    api2: int


class Fetch(NamedTuple):
    """One call of fetch() in a page. ``path`` is relative to the case's own address at the API.

    With ``upload``, it is an XMLHttpRequest whose upload has a listener.
    """

    method: str = "GET"
    headers: Headers = ()
    credentials: str = "omit"
    body: bool = False
    path: str = "/"
    upload: bool = False


class Answer(NamedTuple):
    """A response that fetch() resolved to: its status, and which of `APP_HEADERS` the page could read."""

    status: int
    readable: frozenset[str]


class Outcome(NamedTuple):
    """What became of a case: an answer for each fetch, None if it rejected; and what the API saw of it all."""

    answers: tuple[Answer | None, ...]
    preflights: int
    requests: int


class Case(NamedTuple):
    """Fetches from one page, one after the other, against one API; and what must come of them."""

    name: str
    page: str
    app: Callable[..., Any]
    fetches: Sequence[Fetch]
    expected: Outcome
    host: str = "api.localhost"


# What the page knows of its own origins; the last is a sandboxed frame, whose origin is opaque.
PAGES = ("app", "b.app", "app, other port", "b.app, other port", "null")


def page_origin(page: str, ports: Ports) -> str:
    if page == "null":
        return "null"
    host, _, other = page.partition(", ")
    return f"http://{host}.localhost:{ports.page2 if other else ports.page}"


# ---------------------------------------------------------------------------------------------------------------------
# The API
# ---------------------------------------------------------------------------------------------------------------------

SAFELISTED_APP_HEADERS = frozenset({"cache-control", "content-length", "content-type"})
APP_HEADERS = SAFELISTED_APP_HEADERS | {"etag", "set-cookie", "x-one", "x-two"}


def application(status: int = 200, headers: Headers = ()) -> Callable[..., Any]:
    """A WSGI application that answers everything alike, with the request's cookies as its body.

    Two paths differ: ``/redirect/TARGET`` goes there, ``@`` standing for ``/``; and ``/raise`` raises.
    """

    def app(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        # A connection closed with unread bytes is reset, and the client may lose the response.
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ["PATH_INFO"]
        if path == "/raise":
            raise RuntimeError("a defect of the application")
        if path.startswith("/redirect/"):
            target = path[len("/redirect/") :].replace("@", "/")
            start_response(
                "307 Temporary Redirect", [("Location", target), ("Content-Length", "0")]
            )
            return [b""]
        body = environ.get("HTTP_COOKIE", "no cookie").encode()
        start_response(
            f"{status} Status",
            [
                ("Content-Type", "text/plain"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("ETag", '"1"'),
                ("Set-Cookie", "kind=lax; SameSite=Lax"),
                ("X-One", "1"),
                ("X-Two", "2"),
                *headers,
            ],
        )
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    return app


class Api:
    """All cases behind one WSGI application: ``/3/a`` is ``/a`` of the case 3. It counts what reaches each."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.apps = [case.app for case in cases]
        self.preflights: Counter[int] = Counter()
        self.requests: Counter[int] = Counter()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        _, number, path = environ["PATH_INFO"].split("/", 2)
        preflight = (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        )
        (self.preflights if preflight else self.requests)[int(number)] += 1
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = f"/{number}", f"/{path}"
        return self.apps[int(number)](environ, start_response)


# ---------------------------------------------------------------------------------------------------------------------
# Generated cases, and what they mean
# ---------------------------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """An entry of ``origin`` and the pages that it admits."""

    value: Any
    pages: frozenset[str]


class Rule(NamedTuple):
    """A policy as the case's author sees it."""

    path: str | None
    entries: Sequence[Entry]
    methods: Sequence[str] | str | None
    headers: Sequence[str] | str | None
    expose_headers: Sequence[str] | str | None
    credentials: bool
    preflight_continue: bool
    options: Mapping[str, Any]  # those without influence on the outcome

    def admits(self, page: str) -> bool:
        return any(page in entry.pages for entry in self.entries)

    def has_method(self, method: str) -> bool:
        return self.methods == "*" or method in (self.methods or ("GET", "HEAD", "POST"))

    def has_header(self, name: str) -> bool:
        return self.headers == "*" or name.lower() in map(str.lower, self.headers or ())

    def configuration(self) -> dict[str, Any]:
        values = [entry.value for entry in self.entries]
        options = {
            "path": self.path,
            "origin": values[0] if len(values) == 1 else values,
            "methods": self.methods,
            "headers": self.headers,
            "expose_headers": self.expose_headers,
            "credentials": self.credentials,
            "preflight_continue": self.preflight_continue,
            **self.options,
        }
        return {key: value for key, value in options.items() if value is not None}


class RequestHeader(NamedTuple):
    """A header that a page may try to set, and whether the API must allow it (not if browsers drop it)."""

    name: str
    value: str
    unsafe: bool = True


REQUEST_HEADERS = (
    RequestHeader("X-Token", "1"),
    RequestHeader("x-other", "a, b"),
    RequestHeader("X-Token", ""),
    RequestHeader("Authorization", "Bearer token"),
    RequestHeader("Content-Type", "application/json"),
    RequestHeader("Content-Type", "text/plain; charset=utf-8", unsafe=False),
    RequestHeader("Content-Type", "TEXT/PLAIN", unsafe=False),
    RequestHeader("Content-Type", "text/plain; a=" + 128 * "b"),
    RequestHeader("Accept", "application/json", unsafe=False),
    RequestHeader("Accept", 'text/html; q="1"'),
    RequestHeader("Accept", "text/" + 123 * "a", unsafe=False),
    RequestHeader("Accept", "text/" + 124 * "a"),
    RequestHeader("Accept-Language", "de, en;q=0.5", unsafe=False),
    RequestHeader("Accept-Language", "de_DE"),
    RequestHeader("Content-Language", "de", unsafe=False),
    RequestHeader("Content-Language", "[de]"),
    RequestHeader("Range", "bytes=0-99", unsafe=False),
    RequestHeader("Range", "bytes=-5"),
    RequestHeader("X-HTTP-Method-Override", "PUT"),
    RequestHeader("X-HTTP-Method-Override", "TRACE", unsafe=False),
    RequestHeader("Cookie", "a=b", unsafe=False),
    RequestHeader("Sec-Token", "1", unsafe=False),
    RequestHeader("Proxy-Token", "1", unsafe=False),
    RequestHeader("Access-Control-Request-Method", "PUT", unsafe=False),
)
CONFIGURED_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PURGE", "Query")
METHODS = (
    *CONFIGURED_METHODS,
    "GET",
    "POST",
    "get",
    "post",
    "put",
    "Delete",
    "patch",
    "TRACE",
    "connect",
)
CONFIGURED_HEADERS = (
    "X-Token",
    "X-Other",
    "Authorization",
    "Content-Type",
    "Accept",
    "accept-language",
    "Range",
)
PATHS = (None, None, "/a/*", "/a/b")


def entries(ports: Ports) -> list[Entry]:
    """Every kind of entry that may stand in a list."""
    exact = [Entry(page_origin(page, ports), frozenset({page})) for page in PAGES]
    return [
        *exact,
        Entry(f"http://*.localhost:{ports.page}", frozenset({"app", "b.app"})),
        Entry(f"http://*.app.localhost:{ports.page}", frozenset({"b.app"})),
        Entry(f"http://a*.localhost:{ports.page}", frozenset({"app"})),
        Entry("http://app.localhost:*", frozenset({"app", "app, other port"})),
        Entry("http://*.localhost:*", frozenset(PAGES) - {"null"}),
        Entry("http://b*.app.localhost:*", frozenset()),
        Entry("http://app.localhost", frozenset()),
        Entry(f"https://app.localhost:{ports.page}", frozenset()),
        Entry(
            re.compile(r"http://b\.app\.localhost:[0-9]+"),
            frozenset({"b.app", "b.app, other port"}),
        ),
        Entry(re.compile(r"null|http://app"), frozenset()),
        Entry(
            lambda origin, environ: origin.endswith(f":{ports.page2}"),
            frozenset({"app, other port", "b.app, other port"}),
        ),
        Entry(
            OriginList(lambda: [page_origin("b.app", ports), "null"]), frozenset({"b.app", "null"})
        ),
    ]


def generate_rule(rng: random.Random, ports: Ports) -> Rule:
    def some(names: Sequence[str]) -> Sequence[str] | str | None:
        kind = rng.random()
        return (
            None
            if kind < 0.1
            else "*"
            if kind < 0.4
            else rng.sample(names, rng.randint(len(names) // 2, len(names)))
        )

    credentials = rng.random() < 0.5
    risks = ["any-origin", "insecure-origin", "public-suffix", "null-origin"]
    kind = rng.random()
    if kind < 0.15 and not credentials:
        chosen = [Entry("*", frozenset(PAGES))]
    elif kind < 0.3:
        pages = frozenset(PAGES)
        if credentials and rng.random() < 0.5:
            # A reflected null takes a risk of its own.
            risks.remove("null-origin")
            pages -= {"null"}
        chosen = [Entry("copy", pages)]
    elif kind < 0.35:
        chosen = [Entry("", frozenset())]
    else:
        chosen = rng.sample(entries(ports), rng.randint(1, 8))
    return Rule(
        path=rng.choice(PATHS),
        entries=chosen,
        methods=some(CONFIGURED_METHODS),
        headers=some(CONFIGURED_HEADERS),
        expose_headers=some(["X-One", "x-two", "ETag", "X-Missing"]),
        credentials=credentials,
        preflight_continue=rng.random() < 0.15,
        options={
            "maxage": rng.choice([None, 0, 600]),
            "timing": rng.random() < 0.3,
            "preflight_status": rng.choice([None, 200, 299]),
            "accept_risk": risks if credentials else None,
        },
    )


def generate_case(rng: random.Random, number: int, ports: Ports) -> Case:
    rules = [generate_rule(rng, ports) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    deny = rng.random() < 0.2
    strategy = rng.choice(["firstmatch", "firstmatch", "verbmatch"])
    status = rng.choice([200, 200, 201, 404, 500])
    own_cors = rng.random() < 0.3
    method = rng.choice(METHODS)
    headers = {
        header.name: header.value
        for header in rng.sample(REQUEST_HEADERS, rng.choice([0, 0, 1, 1, 2, 3]))
    }
    fetch = Fetch(
        method,
        [*headers.items()],
        rng.choice(["omit", "omit", "include"]),
        body=method.upper() not in ("GET", "HEAD") and rng.random() < 0.5,
        path=rng.choice(["/", "/a", "/a/b", "/ab"]),
    )
    page = rng.choice(PAGES)

    own_headers = (
        (("access-control-allow-origin", "*"), ("Access-Control-Expose-Headers", "X-Two"))
        if own_cors
        else ()
    )
    options: dict[str, Any] = {"matchstrategy": strategy}
    if len(rules) == 1 and not deny:
        options.update(rules[0].configuration())
    else:
        options["policies"] = {f"p{at}": rule.configuration() for at, rule in enumerate(rules)}
        options["policy"] = [*options["policies"], *["deny"] * deny]
    return Case(
        f"generated-{number}: {fetch} from {page}, application {status} {own_headers}, {options}",
        page,
        validator(CORS(validator(application(status, own_headers)), **options)),
        [fetch],
        meaning(rules, deny, strategy, page, fetch, status, own_cors),
    )


def meaning(
    rules: Sequence[Rule],
    deny: bool,
    strategy: str,
    page: str,
    fetch: Fetch,
    status: int,
    own_cors: bool,
) -> Outcome:
    """What the case means to its author: the test's own oracle."""
    nothing = Outcome((None,), 0, 0)
    method = fetch.method
    if method.upper() in ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"):
        method = method.upper()
    if method.upper() in ("CONNECT", "TRACE"):
        return nothing

    by_name = {(header.name, header.value): header for header in REQUEST_HEADERS}
    unsafe = {name.lower() for name, value in fetch.headers if by_name[name, value].unsafe}
    preflights = int(method not in ("GET", "HEAD", "POST") or bool(unsafe))
    blocked = Outcome((None,), preflights, 0 if preflights else 1)

    def reads(exposed: Sequence[str] | str | None) -> Outcome:
        names = (
            APP_HEADERS
            if exposed == "*"
            else SAFELISTED_APP_HEADERS | {name.lower() for name in exposed or ()}
        )
        return Outcome((Answer(status, (names & APP_HEADERS) - {"set-cookie"}),), preflights, 1)

    group = governing_group(rules, fetch.path)
    if group is None and not deny:
        # Nobody but the application answers, and its own headers allow simple requests only.
        return (
            reads(["X-Two"])
            if own_cors and not preflights and fetch.credentials == "omit"
            else blocked
        )
    for rule in group or ():
        if rule.admits(page) and (strategy == "firstmatch" or rule.has_method(method)):
            break
    else:
        return blocked
    if fetch.credentials == "include" and not rule.credentials:
        return blocked
    if preflights:
        if not (method in ("GET", "HEAD", "POST") or rule.has_method(method)) or not all(
            map(rule.has_header, unsafe)
        ):
            return blocked
        if rule.preflight_continue and status >= 300:
            return blocked
    return reads(rule.expose_headers)


def governing_group(rules: Sequence[Rule], path: str) -> list[Rule] | None:
    paths = [*dict.fromkeys(rule.path for rule in rules if rule.path is not None), None]
    for candidate in paths:
        prefix = (candidate or "/*")[:-2]
        if candidate == path or (
            (candidate or "/*").endswith("/*") and f"{path}/".startswith(f"{prefix}/")
        ):
            group = [rule for rule in rules if rule.path == candidate]
            return group or None
    return None


# ---------------------------------------------------------------------------------------------------------------------
# Named cases
# ---------------------------------------------------------------------------------------------------------------------

READ = Answer(200, SAFELISTED_APP_HEADERS)
BLOCKED = None


def named_cases(ports: Ports) -> Iterator[Case]:
    """What users meet, one after the other."""
    app = page_origin("app", ports)
    plain = application()

    def case(
        name: str, cors: Any, fetches: Sequence[Fetch], answers: Sequence[Any], **expected: Any
    ) -> Case:
        page, host = expected.pop("page", "app"), expected.pop("host", "api.localhost")
        return Case(name, page, cors, fetches, Outcome(tuple(answers), **expected), host)

    token, other, authorization = (
        [("X-Token", "1")],
        [("X-Other", "1")],
        [("Authorization", "Bearer token")],
    )

    # The preflight cache
    listed = CORS(plain, origin=app, methods="PUT, DELETE", headers="X-Token, X-Other", maxage=600)
    several = [
        Fetch("PUT", token),
        Fetch("DELETE", other),
        Fetch("PUT", token + other),
        Fetch("GET", other),
    ]
    yield case(
        "one preflight serves what is listed", listed, several, [READ] * 4, preflights=1, requests=4
    )

    anything = CORS(plain, origin="*", methods="*", headers="*", maxage=600)
    several = [
        Fetch("PUT", token),
        Fetch("PATCH", other),
        Fetch("PURGE", authorization),
        Fetch("PUT", token),
    ]
    yield case("one preflight serves *", anything, several, [READ] * 4, preflights=1, requests=4)

    echoed = CORS(plain, origin=app, methods="*", headers="*", credentials=True, maxage=600)
    several = [Fetch(method, token, "include") for method in ("PUT", "PATCH", "DELETE")]
    yield case(
        "one preflight serves * with credentials",
        echoed,
        several,
        [READ] * 3,
        preflights=1,
        requests=3,
    )

    unstored = CORS(plain, origin=app, methods="PUT", maxage=0)
    yield case(
        "maxage = 0 asks every time",
        unstored,
        [Fetch("PUT")] * 3,
        [READ] * 3,
        preflights=3,
        requests=3,
    )

    default = CORS(plain, origin=app, methods="PUT")
    yield case(
        "without maxage: some seconds",
        default,
        [Fetch("PUT")] * 2,
        [READ] * 2,
        preflights=1,
        requests=2,
    )

    modes = [Fetch("PUT"), Fetch("PUT", credentials="include"), Fetch("PUT")]
    both = CORS(plain, origin=app, methods="PUT", credentials=True, maxage=600)
    yield case(
        "a preflight for each credentials mode", both, modes, [READ] * 3, preflights=2, requests=3
    )

    # Uploads whose progress is shown
    sent = [Fetch("POST", body=True), Fetch("POST", body=True, upload=True)]
    yield case(
        "an upload listener asks for a preflight",
        default,
        sent,
        [READ] * 2,
        preflights=1,
        requests=2,
    )
    empty = [Fetch(upload=True)]
    yield case(
        "an upload listener on a GET asks for one", default, empty, [READ], preflights=1, requests=1
    )
    elsewhere = CORS(plain, origin="https://elsewhere.example")
    yield case(
        "a preflight for an upload may be refused",
        elsewhere,
        sent[1:],
        [BLOCKED],
        preflights=1,
        requests=0,
    )
    for methods, preflights in ((None, 1), ("POST", 1), ("*", 1), ("PUT", 2)):
        allowed = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Max-Age", "600")]
        if methods:
            allowed.append(("Access-Control-Allow-Methods", methods))
        yield case(
            f"a preflight for an upload may allow {methods}",
            application(headers=allowed),
            sent[1:] * 2,
            [READ] * 2,
            preflights=preflights,
            requests=2,
        )

    # Request headers
    secret = [Fetch(headers=authorization)]
    covered = CORS(plain, origin="*", headers="*")
    yield case(
        "headers = * covers Authorization", covered, secret, [READ], preflights=1, requests=1
    )

    wildcards = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*")]
    bare = application(headers=wildcards)
    yield case(
        "a bare * does not cover Authorization", bare, secret, [BLOCKED], preflights=1, requests=0
    )

    strict = CORS(plain, origin=app)
    for name in ("User-Agent", "Save-Data"):
        yield case(
            f"{name} is unsafe",
            strict,
            [Fetch(headers=[(name, "on")])],
            [BLOCKED],
            preflights=1,
            requests=0,
        )

    short = ("Accept", "text/" + 100 * "a")
    yield case(
        "values are judged one by one",
        strict,
        [Fetch(headers=[short] * 2)],
        [READ],
        preflights=0,
        requests=1,
    )

    conditional = [Fetch(headers=[("If-None-Match", '"1"')])]
    unchanged = CORS(application(304), origin=app, headers="If-None-Match")
    not_modified = Answer(304, SAFELISTED_APP_HEADERS)
    yield case(
        "a 304 has the headers too",
        unchanged,
        conditional,
        [not_modified],
        preflights=1,
        requests=1,
    )

    # Methods, origins
    upper = CORS(plain, origin=app, methods="PATCH")
    yield case("patch is not PATCH", upper, [Fetch("patch")], [BLOCKED], preflights=1, requests=0)

    for allowed, answer in (("null", READ), ("*", READ), ("copy", READ), (app, BLOCKED)):
        yield case(
            f"a sandboxed frame and origin = {'its address' if allowed == app else allowed}",
            CORS(plain, origin=allowed),
            [Fetch()],
            [answer],
            page="null",
            preflights=0,
            requests=1,
        )

    # Redirects; in a path, @ stands for / and CASE for the case's number
    here = Fetch(path="/redirect/..@target")
    there = Fetch(path=f"/redirect/http:@@api.localhost:{ports.api2}@CASE@target")
    yield case("a redirect within the API", strict, [here], [READ], preflights=0, requests=2)
    for allowed, answer in ((app, BLOCKED), (f"{app}, null", READ), ("*", READ)):
        name = f"a redirect to a third origin, origin = {allowed.replace(app, 'the page')}"
        yield case(name, CORS(plain, origin=allowed), [there], [answer], preflights=0, requests=2)

    put = CORS(plain, origin=app, methods="PUT")
    yield case(
        "a redirected PUT", put, [here._replace(method="PUT")], [READ], preflights=2, requests=2
    )
    redirecting = CORS(plain, origin=app, methods="PUT", preflight_continue=True)
    moved = [here._replace(method="PUT")]
    yield case("a redirected preflight", redirecting, moved, [BLOCKED], preflights=1, requests=0)

    # Defects of the application
    defect = [Fetch(path="/raise")]
    failure = Answer(500, frozenset({"content-length", "content-type"}))
    caught = CORS(plain, origin=app, catch_errors=True)
    yield case("catch_errors shows the 500", caught, defect, [failure], preflights=0, requests=1)
    yield case(
        "an exception is blocked without it", strict, defect, [BLOCKED], preflights=0, requests=1
    )


# Cookies depend on more than CORS: on SameSite, and on what an engine takes to be the same site. The first fetch sets
# one, the second may carry it.
COOKIE_HOSTS = {
    "same host": "app.localhost",
    "same site": "api.app.localhost",
    "another site": "api.localhost",
}


def cookie_cases(ports: Ports) -> Iterator[Case]:
    cors = CORS(application(), origin=page_origin("app", ports), credentials=True)
    for relation, host in COOKIE_HOSTS.items():
        for credentials in ("include", "omit"):
            fetches = [Fetch(credentials="include"), Fetch(credentials=credentials)]
            yield Case(
                f"cookie: {relation}, {credentials}",
                "app",
                cors,
                fetches,
                Outcome((READ, READ), 0, 2),
                host,
            )


def timing_cases(ports: Ports) -> Iterator[Case]:
    for timing in (True, False):
        cors = CORS(application(), origin=page_origin("app", ports), timing=timing)
        yield Case(f"timing = {timing}", "app", cors, [Fetch()], Outcome((READ,), 0, 1))


# ---------------------------------------------------------------------------------------------------------------------
# Where engines differ from the standard: ENGINES.rst has the evidence
# ---------------------------------------------------------------------------------------------------------------------

DEVIATIONS = {
    # No engine takes Authorization out of the wildcard yet.
    ("chromium", "a bare * does not cover Authorization"): Outcome((READ,), 1, 1),
    ("firefox", "a bare * does not cover Authorization"): Outcome((READ,), 1, 1),
    ("webkit", "a bare * does not cover Authorization"): Outcome((READ,), 1, 1),
    # Its preflight cache holds names only: what a wildcard allowed is asked again.
    ("firefox", "one preflight serves *"): Outcome((READ,) * 4, 3, 4),
    # Chromium lets pages send these as if they were safelisted.
    ("chromium", "User-Agent is unsafe"): Outcome((READ,), 0, 1),
    ("chromium", "Save-Data is unsafe"): Outcome((READ,), 0, 1),
    # It asks before an upload only, even if others have a listener.
    ("chromium", "an upload listener on a GET asks for one"): Outcome((READ,), 0, 1),
    # No engine looks in its preflight cache for the method, if that is safelisted.
    ("chromium", "a preflight for an upload may allow PUT"): Outcome((READ,) * 2, 1, 2),
    ("firefox", "a preflight for an upload may allow PUT"): Outcome((READ,) * 2, 1, 2),
    ("webkit", "a preflight for an upload may allow PUT"): Outcome((READ,) * 2, 1, 2),
    # Chromium and WebKit join the values of one name first.
    ("chromium", "values are judged one by one"): Outcome((BLOCKED,), 1, 0),
    ("webkit", "values are judged one by one"): Outcome((BLOCKED,), 1, 0),
}

# The relations in which the second request carried the SameSite=Lax cookie of the first. The standards say the first
# two; WebKitGTK takes every name under localhost for a site of its own.
COOKIES_SENT = {
    "chromium": {"same host", "same site"},
    "firefox": {"same host", "same site"},
    "webkit": {"same host"},
}


# ---------------------------------------------------------------------------------------------------------------------
# The page
# ---------------------------------------------------------------------------------------------------------------------

# The top page: a frame for each page origin, then one report of what all of them saw.
TOP_PAGE = """<!doctype html><meta charset="utf-8"><title>wsgicors</title><script>
(async () => {
  const frames = await (await fetch("/frames")).json(), report = {};
  let open = frames.length;
  for (const {page, origin, cases} of frames) {
    const frame = document.createElement("iframe");
    if (page === "null") frame.sandbox = "allow-scripts";
    frame.src = (page === "null" ? location.origin : origin) + "/frame";
    addEventListener("message", ({source, data}) => {
      if (source !== frame.contentWindow) return;
      if (data === "ready") return source.postMessage(cases, "*");
      Object.assign(report, data);
      if (!--open) fetch("/report", {method: "POST", body: JSON.stringify(report)});
    });
    document.documentElement.append(frame);
  }
})();
</script>"""

# A frame: takes cases, runs each one's fetches in order and several cases at a time, and hands back what it saw.
FRAME_PAGE = """<!doctype html><meta charset="utf-8"><title>frame</title><script>
performance.setResourceTimingBufferSize(10000);
function upload(url, {method, headers, credentials, body}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of headers) request.setRequestHeader(name, value);
    request.withCredentials = credentials === "include";
    request.upload.onprogress = () => {};
    request.onerror = () => reject(new Error("upload"));
    request.onload = () => {
      const lines = request.getAllResponseHeaders().trim().split(/\\r?\\n/).map((line) => line.split(": "));
      resolve(new Response(request.responseText, {status: request.status, headers: lines}));
    };
    request.send(body);
  });
}
async function run({url, upload: uploads, ...options}) {
  try {
    options.body = options.body ? new Uint8Array([120]) : undefined;
    const response = await (uploads ? upload : fetch)(url, options);
    const text = await response.text();
    const entry = performance.getEntriesByName(url).pop();
    return {status: response.status, headers: [...response.headers.keys()], text, timed: entry?.requestStart > 0};
  } catch (error) {
    return {error: String(error)};
  }
}
addEventListener("message", async ({data: cases}) => {
  const report = {}, queue = cases.values();
  await Promise.all(Array.from({length: 4}, async () => {
    for (const {number, fetches} of queue) {
      report[number] = [];
      for (const fetch of fetches) report[number].push(await run(fetch));
    }
  }));
  parent.postMessage(report, "*");
});
parent.postMessage("ready", "*");
</script>"""


class PageServer:
    """Serves the top page, the frames, and their cases; takes the report."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.report: Future[dict[str, Any]] = Future()

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., Any]
    ) -> list[bytes]:
        path, kind, body = environ["PATH_INFO"], "text/html; charset=utf-8", ""
        if path == "/report":
            sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.report.set_result(json.loads(sent))
        elif path == "/frames":
            kind, body = "application/json", json.dumps(self.frames)
        elif path in ("/", "/frame"):
            body = TOP_PAGE if path == "/" else FRAME_PAGE
        else:  # an icon that the engine asks for by itself
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        start_response(
            "200 OK", [("Content-Type", kind), ("Content-Length", str(len(body.encode())))]
        )
        return [body.encode()]


# ---------------------------------------------------------------------------------------------------------------------
# One run per engine
# ---------------------------------------------------------------------------------------------------------------------


class Seen(NamedTuple):
    """What an engine did with a case: the page's own report of each fetch, and the outcome."""

    fetches: Sequence[Mapping[str, Any]]
    outcome: Outcome


class Prediction(NamedTuple):
    """What `Browser` says of a case: the outcome, and every header that the page may read in the last response."""

    outcome: Outcome
    names: frozenset[str]


class Run(NamedTuple):
    """One run of one engine: the cases by name, what it did with each, and what was predicted."""

    cases: Mapping[str, Case]
    seen: Mapping[str, Seen]
    predicted: Mapping[str, Prediction]


def case_url(number: int, case: Case, fetch: Fetch, ports: Ports) -> str:
    return f"http://{case.host}:{ports.api}/{number}{fetch.path}".replace("CASE", str(number))


def answer(status: int | None, names: Iterable[str]) -> Answer | None:
    return None if status is None else Answer(status, APP_HEADERS.intersection(names))


def predict(cases: Sequence[Case], ports: Ports) -> Iterator[Prediction]:
    """Ask `Browser`, with the same applications in process."""
    api = Api(cases)
    for number, case in enumerate(cases):
        browser = Browser(answering_500(api), page_origin(case.page, ports))
        answers = []
        for fetch in case.fetches:
            url, body = case_url(number, case, fetch, ports), b"x" * fetch.body
            verdict = browser.fetch(
                *(url, fetch.method, fetch.headers, fetch.credentials, body), preflight=fetch.upload
            )
            status = verdict.response.status if verdict.allowed and verdict.response else None
            answers.append(answer(status, verdict.readable_headers))
        outcome = Outcome(tuple(answers), api.preflights[number], api.requests[number])
        yield Prediction(outcome, frozenset(verdict.readable_headers))


def answering_500(app: Callable[..., Any]) -> Callable[..., Any]:
    """What every server does with an exception of its application; in process it would propagate."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            return app(environ, start_response)
        except RuntimeError:
            start_response("500 Internal Server Error", [])
            return []

    return guarded


def frame(page: str, cases: Sequence[Case], ports: Ports) -> dict[str, Any]:
    """What the top page needs to know to run one page's cases."""
    jobs = [
        {
            "number": number,
            "fetches": [
                {**fetch._asdict(), "url": case_url(number, case, fetch, ports)}
                for fetch in case.fetches
            ],
        }
        for number, case in enumerate(cases)
        if case.page == page
    ]
    return {"page": page, "origin": page_origin(page, ports), "cases": jobs}


@pytest.fixture(scope="module", params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.param
    chosen.require()
    return chosen


@pytest.fixture(scope="module")
def run(engine: Engine) -> Run:
    print(f"WSGICORS_ENGINES_SEED={SEED}")
    rng, pages, apis = random.Random(SEED), PageServer(), []

    def api_server(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return apis[0](environ, start_response)  # made once the ports are known

    with (
        serve(pages) as page,
        serve(pages) as page2,
        serve(api_server) as port,
        serve(api_server) as port2,
    ):
        ports = Ports(page, page2, port, port2)
        # First, so that what they say of the preflight cache does not depend on when it is full.
        cases = [*named_cases(ports), *cookie_cases(ports), *timing_cases(ports)]
        cases += [generate_case(rng, number, ports) for number in range(GENERATED_CASES)]
        apis.append(Api(cases))
        pages.frames.extend(frame(page, cases, ports) for page in PAGES)
        report = visit(engine, f"{page_origin('app', ports)}/", pages.report)

    seen = []
    for number in range(len(cases)):
        fetches = report[str(number)]
        answers = tuple(answer(fetch.get("status"), fetch.get("headers", ())) for fetch in fetches)
        seen.append(
            Seen(fetches, Outcome(answers, apis[0].preflights[number], apis[0].requests[number]))
        )
    names = [case.name for case in cases]
    return Run(
        dict(zip(names, cases)), dict(zip(names, seen)), dict(zip(names, predict(cases, ports)))
    )


# ---------------------------------------------------------------------------------------------------------------------
# The tests
# ---------------------------------------------------------------------------------------------------------------------

# The names do not depend on where the servers listen.
ANY_PORTS = Ports(8001, 8002, 8003, 8004)
NAMED_CASES = [case.name for case in named_cases(ANY_PORTS)]

# Response headers that the server adds and not the application: `Browser` called that in process.
SERVER_HEADERS = {"date", "server"}


def generated(run: Run) -> list[Case]:
    return [case for name, case in run.cases.items() if name.startswith("generated")]


def test_generated_cases_mean_what_browser_predicts_and_the_engine_does(run: Run) -> None:
    wrong = [
        f"{case.name}\n  meant     {case.expected}\n  predicted {run.predicted[case.name].outcome}"
        f"\n  observed  {run.seen[case.name].outcome} {run.seen[case.name].fetches[0].get('error', '')}"
        for case in generated(run)
        if not case.expected == run.predicted[case.name].outcome == run.seen[case.name].outcome
    ]
    assert not wrong, f"WSGICORS_ENGINES_SEED={SEED}: {len(wrong)} cases differ\n" + "\n".join(
        wrong[:5]
    )


def test_generated_cases_have_every_kind_of_outcome(run: Run) -> None:
    kinds = Counter(
        (case.expected.answers[0] is not None, *case.expected[1:]) for case in generated(run)
    )
    # (read?, preflights, requests)
    assert (
        min(
            kinds[True, 1, 1],
            kinds[True, 0, 1],
            kinds[False, 1, 0],
            kinds[False, 0, 1],
            kinds[False, 0, 0],
        )
        > 10
    )


def test_pages_read_exactly_the_headers_predicted(run: Run) -> None:
    read = {
        name: set(seen.fetches[0]["headers"]) - SERVER_HEADERS
        for name, seen in run.seen.items()
        if name.startswith("generated") and "headers" in seen.fetches[0]
    }
    assert read == {name: run.predicted[name].names for name in read}


@pytest.mark.parametrize("name", NAMED_CASES)
def test_named_case(run: Run, engine: Engine, name: str) -> None:
    expected = run.cases[name].expected
    assert run.predicted[name].outcome == expected
    assert run.seen[name].outcome == DEVIATIONS.get((engine.name, name), expected)


def test_deviations_are_of_named_cases_and_differ_from_the_standard() -> None:
    expected = {case.name: case.expected for case in named_cases(ANY_PORTS)}
    assert [
        (engine, name)
        for (engine, name), outcome in DEVIATIONS.items()
        if outcome == expected[name]
    ] == []


@pytest.mark.parametrize("relation", COOKIE_HOSTS)
def test_cookie_goes_with_credentials_and_never_without(
    run: Run, engine: Engine, relation: str
) -> None:
    bodies = {
        mode: run.seen[f"cookie: {relation}, {mode}"].fetches[1]["text"]
        for mode in ("include", "omit")
    }
    sent = "kind=lax" if relation in COOKIES_SENT[engine.name] else "no cookie"
    assert bodies == {"include": sent, "omit": "no cookie"}


@pytest.mark.parametrize("timing", [True, False])
def test_timing_shows_the_page_when_the_request_started(run: Run, timing: bool) -> None:
    (fetch,) = run.seen[f"timing = {timing}"].fetches
    assert fetch["timed"] is timing
