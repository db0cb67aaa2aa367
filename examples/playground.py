#!/usr/bin/env python3
"""CORS hands-on: two servers on this machine, a page that sends requests across origins, and what the browser does.

    python3 examples/playground.py            # prints the address to open
    python3 examples/playground.py --open     # also opens it

Nothing has to be installed. Both servers listen on 127.0.0.1 only. They refuse requests for host names that are not the
playground's (a foreign name that resolves to 127.0.0.1, "DNS rebinding"), and only the playground's own page may give
it commands. What is pasted is read in this process, which asks no server about it, and neither keeps nor
logs it. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import configparser
import json
import logging
import mimetypes
import re
import socketserver
import sys
import threading
import traceback
import webbrowser
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from wsgicors import ConfigError, make_middleware  # noqa: E402  # the line above finds them
from wsgicors_explain import Browser  # noqa: E402
from wsgicors_explain.case import Case  # noqa: E402
from wsgicors_explain.commands import make_parser  # noqa: E402
from wsgicors_explain.configuration import Configuration, Line  # noqa: E402
from wsgicors_explain.copied import PasteError  # noqa: E402
from wsgicors_explain.diagnosis import diagnose  # noqa: E402
from wsgicors_explain.notes import all_notes  # noqa: E402
from wsgicors_explain.offline import judge  # noqa: E402
from wsgicors_explain.pasted import mask, read_pasted  # noqa: E402
from wsgicors_explain.question import complete, understood  # noqa: E402
from wsgicors_explain.targets import UsageError, Visit  # noqa: E402
from wsgicors_explain.terminal import printable  # noqa: E402
from wsgicors_explain.wire import Exchange, wsgi_environ  # noqa: E402

MAX_BODY = 20_000  # bytes that the page may send to its server
MAX_PASTE = 4_000_000  # bytes of a paste, such as a HAR file; page.js has it as well
MAX_TRIES = 200  # configurations that are kept; the oldest is forgotten
HEADERS_SENT = "playground.headers"  # a request's headers as they came, in its environ
NEW_LINE = "a new line"  # where an option could be written that is not

Headers = Iterable["tuple[str, str]"]

# For a name that leads here by other means, such as a tunnel or an entry in /etc/hosts.
FOREIGN_HOST = """\
The playground does not answer to this host name. Open the address that it printed when it started,
in a browser on the same machine.
"""


# ---------------------------------------------------------------------------------------------------------------------
# Who is who
# ---------------------------------------------------------------------------------------------------------------------


class Site(NamedTuple):
    """The names of one cast: where the playground's page is opened, which pages may ask, and where the API is."""

    top: str
    pages: tuple[tuple[str, str], ...]
    api: str

    @property
    def hosts(self) -> set[str]:
        """The hosts of its pages."""
        return {self.top, *(page for page, _ in self.pages if page != "null")}


def sites(page_port: int, api_port: int) -> tuple[Site, ...]:
    """The usual cast; and one for browsers that do not resolve ``*.localhost``."""
    return (
        Site(
            f"shop.localhost:{page_port}",
            (
                (f"shop.localhost:{page_port}", "the shop"),
                (f"admin.shop.localhost:{page_port}", "a subdomain of it"),
                (f"evil.localhost:{page_port}", "another site"),
                ("null", "a sandboxed frame"),
            ),
            f"api.shop.localhost:{api_port}",
        ),
        Site(
            f"localhost:{page_port}",
            (
                (f"localhost:{page_port}", "the shop"),
                (f"127.0.0.1:{page_port}", "another site"),
                ("null", "a sandboxed frame"),
            ),
            f"localhost:{api_port}",
        ),
    )


# ---------------------------------------------------------------------------------------------------------------------
# The API
# ---------------------------------------------------------------------------------------------------------------------

PRODUCTS = [
    {"name": "Kettle", "price": 39},
    {"name": "Teapot", "price": 24},
    {"name": "Cup", "price": 6},
]


def shop(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """An API that knows nothing of CORS."""
    path = environ["PATH_INFO"]
    environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), MAX_BODY))
    if path == "/crash":
        raise RuntimeError("the shop has a defect")
    if path == "/moved":
        start_response(
            "307 Temporary Redirect", [("Location", f"/products?{environ['QUERY_STRING']}")]
        )
        return []
    answer: Any = (
        PRODUCTS if path == "/products" else {"method": environ["REQUEST_METHOD"], "path": path}
    )
    if "visitor=Ada" in environ.get("HTTP_COOKIE", ""):
        answer = {"hello": "Ada", "answer": answer}
    body = json.dumps(answer).encode()
    start_response(
        "200 OK",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Total-Count", str(len(PRODUCTS))),
            ("Set-Cookie", "visitor=Ada; HttpOnly; SameSite=Lax"),
        ],
    )
    return [body]


def answering_500(app: Callable[..., Any]) -> Callable[..., Any]:
    """What every server does when its application raises; done here, as `Browser` calls without a server."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            return app(environ, start_response)
        except RuntimeError:
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"Internal Server Error\n"]

    return guarded


class Refused(Exception):
    """A configuration that is not used. problems: the line (0: none), key and message of each."""

    def __init__(self, *problems: tuple[int, str, str]) -> None:
        self.problems = problems


def read_section(text: str) -> dict[str, Line]:
    """The options in an ini section, whose header may be left out. Refused: it is not one."""
    parser = configparser.RawConfigParser(delimiters=("=",), strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    has_header = re.search(r"^\s*\[", text, re.MULTILINE)
    try:
        parser.read_string(text if has_header else "[filter:cors]\n" + text)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next(iter(getattr(error, "errors", [(0, "")])))[0]
        message = f"this is not an ini section: {error.message.splitlines()[0]}. Write lines such as origin = *"
        raise Refused((line if has_header else line - 1, "", message)) from error
    if len(parser.sections()) != 1:
        raise Refused((0, "", f"one section is needed, and there are {len(parser.sections())}"))
    options = {
        key: Line(value, line_of(text, key)) for key, value in parser.items(parser.sections()[0])
    }
    use = options.pop("use", "egg:wsgicors#middleware")
    if use not in ("egg:wsgicors", "egg:wsgicors#main", "egg:wsgicors#middleware"):
        raise Refused(
            (number(use), "use", f"the playground has only egg:wsgicors#middleware, not {use!r}")
        )
    # `call:` can run any Python code on this machine, so a web page must not use it.
    calls = [
        key for key, value in options.items() if re.search(r"(^|[\s,])call:", value, re.IGNORECASE)
    ]
    if calls:
        message = "call: loads any Python object, so the playground does not allow it: write the value itself"
        raise Refused(*((number(options[key]), key, message) for key in calls))
    return options


def line_of(text: str, key: str) -> str:
    found = re.search(rf"^[ \t]*{re.escape(key)}\s*=", text, re.MULTILINE)
    return f"line {text.count(chr(10), 0, found.start()) + 1}" if found else NEW_LINE


def number(value: object) -> int:
    """The line of a value from `read_section`, 0 if it has none."""
    found = re.search("[0-9]+", getattr(value, "place", ""))
    return int(found[0]) if found else 0


class Try:
    """One configuration of the API; what went over the wire, and the browser that predicts what will."""

    def __init__(self, text: str | None) -> None:
        """text: an ini section, or None for the API without the middleware. Refused: it is wrong."""
        self.configuration = Configuration("cors", NEW_LINE)
        self.wire: list[dict[str, Any]] = []
        self.browsers: dict[str, Browser] = {}
        app: Any = shop
        if text is not None:
            options = read_section(text)
            try:
                app = make_middleware(shop, {}, **options)
            except ConfigError as error:
                raise Refused(
                    *((number(options.get(p.key)), p.key, p.message) for p in error.problems)
                ) from error
            self.configuration = Configuration("cors", NEW_LINE, dict(options), app)
        self.app = answering_500(app)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Serve the API, and keep what was sent and received."""
        preflight = (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        )
        line = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"

        def respond(status: str, headers: Headers, exc_info: Any = None) -> Any:
            sent, received = environ[HEADERS_SENT], list(headers)
            exchange = {
                "preflight": preflight,
                "line": line,
                "sent": sent,
                "status": status,
                "received": received,
            }
            self.wire = [*self.wire[-19:], exchange]
            return start_response(status, headers, *[exc_info] * bool(exc_info))

        return self.app(environ, respond)

    def predict(self, origin: str, url: str, request: dict[str, Any]) -> dict[str, Any]:
        """What `Browser` says of the request. One browser for each origin, so that its preflight cache is used."""
        browser = self.browsers.setdefault(origin, Browser(self.app, origin))
        verdict = browser.fetch(url, request["method"], request["headers"], request["credentials"])
        include = request["credentials"] == "include"
        case = Case(verdict, origin, request["method"], request["headers"], include)
        return {
            "allowed": verdict.allowed,
            "preflights": sum(map(is_preflight, case.exchanges)),
            "steps": [{"ok": step.ok, "text": step.text} for step in verdict.steps],
            # The options would make it say that no application was loaded, as if they were from a file.
            "notes": list(all_notes(replace(self.configuration, options={}), case)),
            "reason": verdict.reason,
            "advice": self.advise(case),
        }

    def advise(self, case: Case) -> str:
        """What to change so that the request is allowed; empty if it is, or if the configuration cannot help."""
        if case.verdict.allowed or not case.exchanges:
            return ""
        if self.configuration.cors is None:
            return "Put the API behind the middleware."
        last = case.last
        environ = wsgi_environ(last.method, last.url, last.headers, last.body)
        asked = [Visit(self.configuration.cors, environ)]
        diagnosis = diagnose(self.configuration, replace(case, visits=asked))
        cause = diagnosis.cause and f"{diagnosis.cause[0].upper()}{diagnosis.cause[1:]}. "
        return cause + (f"To allow it: {diagnosis.fix}." if diagnosis.fix else "")


def is_preflight(exchange: Exchange) -> bool:
    """Whether this is a preflight: no page can set this header itself."""
    return any(name.lower() == "access-control-request-method" for name, _ in exchange.headers)


# ---------------------------------------------------------------------------------------------------------------------
# The two servers
# ---------------------------------------------------------------------------------------------------------------------


class Playground:
    """Both WSGI applications, and what they share: the tries, by number."""

    def __init__(self, page_port: int, api_port: int) -> None:
        self.sites = sites(page_port, api_port)
        self.lock = threading.Lock()
        self.tries: OrderedDict[int, Try] = OrderedDict()
        self.known: dict[tuple[str, str | None], int] = {}
        self.last = 0

    # The API's server

    def api(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """The API. The query tells which configuration is asked, so that each has preflight caches of its own."""
        if environ.get("HTTP_HOST") not in {site.api for site in self.sites}:
            return reply(start_response, "403 Forbidden", FOREIGN_HOST)
        found = re.search(r"(?:^|&)try=([0-9]{1,9})(?:&|$)", environ["QUERY_STRING"])
        chosen = self.tries.get(int(found[1])) if found else None
        if chosen is None:
            return reply(
                start_response, "404 Not Found", "No such try: reload the playground's page.\n"
            )
        return chosen(environ, start_response)

    # The pages' server

    def pages(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """The playground's page, the frames that ask from their origins, and the two commands of the page."""
        host, path, method = (
            environ.get("HTTP_HOST"),
            environ["PATH_INFO"],
            environ["REQUEST_METHOD"],
        )
        site = next((site for site in self.sites if host in site.hosts), None)
        if site is None:
            return reply(start_response, "403 Forbidden", FOREIGN_HOST)
        if method == "POST":
            return self.command(site, path, environ, start_response)
        if method not in ("GET", "HEAD"):
            return reply(start_response, "405 Method Not Allowed", "Not here.\n")
        tops = " ".join(f"http://{each.top}" for each in self.sites)
        if path == "/frame.html":
            policy = (
                f"script-src http://{host}; connect-src http://{site.api}; frame-ancestors {tops}"
            )
            return self.asset("frame.html", policy, start_response)
        if path == "/frame.js":
            return self.asset("frame.js", "", start_response)
        names = {"/": "page.html", "/page.css": "page.css", "/page.js": "page.js"}
        if host != site.top or path not in names:
            return reply(start_response, "404 Not Found", "Not here.\n")
        frames = " ".join(f"http://{each}" for each in sorted(site.hosts))
        policy = (
            f"script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' http://{site.api};"
            f" frame-src {frames}; frame-ancestors 'none'"
        )
        return self.asset(names[path], policy, start_response)

    def asset(self, name: str, policy: str, start_response: Callable[..., Any]) -> list[bytes]:
        body = (HERE / "playground" / name).read_bytes()
        kind = mimetypes.types_map[Path(name).suffix]
        headers = [("Cache-Control", "no-cache")]
        if policy:
            content = f"default-src 'none'; base-uri 'none'; form-action 'none'; {policy}"
            headers.append(("Content-Security-Policy", content))
        return reply(start_response, "200 OK", body, f"{kind}; charset=utf-8", headers)

    def command(
        self, site: Site, path: str, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> list[bytes]:
        """What the page asks its server to do; a page of any other origin is refused."""
        ours = (
            environ.get("HTTP_ORIGIN") == f"http://{site.top}" and environ["HTTP_HOST"] == site.top
        )
        if not ours or environ.get("HTTP_SEC_FETCH_SITE", "same-origin") != "same-origin":
            return reply(
                start_response, "403 Forbidden", "Only the playground's own page may do this.\n"
            )
        length = environ.get("CONTENT_LENGTH") or "0"
        limit = MAX_PASTE if path == "/explain" else MAX_BODY
        if not length.isdigit() or int(length) > limit:
            return reply(start_response, "413 Content Too Large", f"At most {limit} bytes.\n")
        commands = {
            "/site": self.describe,
            "/prepare": self.prepare,
            "/wire": self.take_wire,
            "/explain": self.explain,
        }
        try:
            asked = json.loads(environ["wsgi.input"].read(int(length)))
            answer = commands[path](site, asked)
        except Refused as error:
            answer = {
                "problems": [
                    {"line": line, "key": key, "message": text}
                    for line, key, text in error.problems
                ]
            }
        except (KeyError, TypeError):
            traceback.print_exc()  # it may be a mistake of this program
            return reply(
                start_response,
                "400 Bad Request",
                "This is not a command of the playground's page.\n",
            )
        except ValueError as error:
            return reply(start_response, "400 Bad Request", f"{error}\n")
        return reply(start_response, "200 OK", json.dumps(answer), "application/json")

    def describe(self, site: Site, asked: dict[str, Any]) -> dict[str, Any]:
        """The names that the page needs."""
        pages = [
            {"origin": page if page == "null" else f"http://{page}", "what": what}
            for page, what in site.pages
        ]
        return {"api": f"http://{site.api}", "pages": pages}

    def prepare(self, site: Site, asked: dict[str, Any]) -> dict[str, Any]:
        """Make the API ready for a request, and predict it. The same configuration of the same page is the same try."""
        key = (str(asked["session"]), None if asked["ini"] is None else str(asked["ini"]))
        with self.lock:
            at = self.known.get(key)
            if at is None:
                made = Try(key[1])
                self.last = at = self.last + 1
                self.tries[at], self.known[key] = made, at
                if len(self.tries) > MAX_TRIES:
                    self.tries.popitem(last=False)
                    self.known = {
                        known: each for known, each in self.known.items() if each in self.tries
                    }
        chosen = self.tries[at]
        if not str(asked["path"]).startswith("/"):
            raise ValueError("a path starts with /")
        chosen.wire = []
        url = f"http://{site.api}{asked['path']}?try={at}"
        return {
            "try": at,
            "url": url,
            "prediction": chosen.predict(str(asked["origin"]), url, asked),
        }

    def take_wire(self, site: Site, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """What the API has sent and received since the try was prepared."""
        return self.tries[int(asked["try"])].wire

    def explain(self, site: Site, asked: dict[str, Any]) -> dict[str, Any]:
        """What ``explain --offline`` says of a paste: its lines, or what is wrong with the paste."""
        try:
            lines = explain_offline(str(asked["text"]), str(asked["origin"]).strip())
        except (PasteError, UsageError) as error:
            message = str(error).replace(
                "give it with --origin", "write it in the field below the paste"
            )
            return {"error": printable(mask(message))}
        # The page shows the answer first, and a terminal last.
        lines[-1] = lines[-1].replace("the headers above", "the headers below")
        return {"lines": [printable(line) for line in lines]}


def explain_offline(text: str, origin: str) -> list[str]:
    """The lines about a paste, the last of which is the answer. PasteError, UsageError: there are none."""
    options = [f"--origin={origin}"] if origin else []
    args = make_parser().parse_args(["explain", "-", "--offline", *options])
    pasted = read_pasted(text)
    return [*understood(pasted), *complete(args, pasted), *judge(args, pasted)]


def reply(
    start_response: Callable[..., Any],
    status: str,
    body: str | bytes,
    kind: str = "text/plain; charset=utf-8",
    headers: Headers = (),
) -> list[bytes]:
    content = body.encode() if isinstance(body, str) else body
    lengths = [
        ("Content-Type", kind),
        ("Content-Length", str(len(content))),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start_response(status, [*lengths, *headers])
    return [content]


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """wsgiref's server, one thread a request."""

    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:
        # http.server looks up the name of the host here, which takes seconds on some machines.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()


class Handler(WSGIRequestHandler):
    """Keeps the headers as they came, and the terminal free of a line per request."""

    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), HEADERS_SENT: self.headers.items()}

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="See what browsers do with CORS: a page and an API on this machine."
    )
    parser.add_argument("--open", action="store_true", help="open the page in the default browser")
    parser.add_argument(
        "--port",
        type=int,
        default=8000,
        help="the page's port; the API has the next one (default 8000; 0: any two)",
    )
    args = parser.parse_args(argv)
    # The page shows what matters; without a handler, Python would write warnings and errors between the addresses.
    logging.getLogger("wsgicors").addHandler(logging.NullHandler())
    servers = []
    try:
        for port in (args.port, args.port and args.port + 1):
            servers.append(Server(("127.0.0.1", port), Handler))
    except (OSError, OverflowError) as error:
        for server in servers:
            server.server_close()
        print(
            f"port {port} cannot be used ({error}): choose others with --port N, 0 for any two",
            file=sys.stderr,
        )
        return 1
    pages, api = servers
    playground = Playground(pages.server_port, api.server_port)
    pages.set_app(playground.pages)
    api.set_app(playground.api)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    address, plain = (f"http://{site.top}/" for site in playground.sites)
    try:
        print(f"Open {address}  (or {plain} if your browser does not find that)")
        print("Ctrl-C ends it.", flush=True)
        if args.open:
            webbrowser.open(address)
        threading.Event().wait()
    except KeyboardInterrupt:
        print()
    for server in servers:
        server.shutdown()
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
