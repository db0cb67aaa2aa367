"""The commands check and explain, and their arguments."""

from __future__ import annotations

import argparse
import http.client
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from .advice import advise
from .browser import Browser, NetworkError, Request, Verdict
from .causes import Case, but
from .configuration import Configuration, key_of
from .diagnosis import conclude, origin_lists
from .headers import REQUEST_METHOD, Headers, get_header
from .middleware import (
    ALLOW_ORIGIN,
    CORS,
    EXPOSE_HEADERS,
    __version__,
    show,
)
from .notes import on_cookies, on_local_network
from .targets import UsageError, Visit, load, visits
from .wire import Exchange, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


# Response headers that are no use to a page, so that it is not news that it cannot read them.
NOT_FOR_PAGES: Final = frozenset(
    """
    connection content-security-policy cross-origin-embedder-policy cross-origin-opener-policy
    cross-origin-resource-policy date keep-alive permissions-policy referrer-policy server
    set-cookie strict-transport-security transfer-encoding vary x-content-type-options
    x-frame-options x-powered-by x-xss-protection
    """.split()
)
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
    found = load(args.target, args.section)
    for configuration in [use for each in found for use in (each, *each.others)]:
        if configuration.cors:
            for policy in configuration.cors.policies.values():
                for option, message in advise(configuration.cors, policy):
                    configuration.advice.append(
                        configuration.about(key_of(policy, option), message)
                    )
            say(f"{configuration.name} ({configuration.place})")
            for row in [*table(configuration.cors), *origin_lists(configuration.cors)]:
                say(f"  {row}")
        elif not configuration.problems and not configuration.others:
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


class Prober(Browser):
    """The browser of ``explain``. A careful one sends nothing by which a server may change something."""

    careful = False
    visits: Sequence[Visit] = ()

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
            with visits() as self.visits:
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
    asked = (browser.origin, args.method, args.header, args.credentials)
    case = Case(verdict, *asked, browser.visits)
    found = [*on_cookies(case), *notes(configuration, verdict)]
    if configuration is None:
        found = [*on_local_network(case), *found]
    for note in found:
        say(f"--  {note}")
    what = f"{args.method} {browser.url(args.path)} for a page on {browser.origin}"
    if verdict.allowed and verdict.response is None and verdict.preflight is None:
        say(f"UNKNOWN: {what} needs no preflight, and without --send it is not sent", BAD)
        return 1
    if verdict.allowed and verdict.response is None:
        say(
            f"UNKNOWN: the preflight allows {what}; the request itself is sent with --send only",
            BAD,
        )
        return 1
    if verdict.allowed:
        say(f"ALLOWED: {what}{but(case)}", GOOD)
        return 0
    *before, last = conclude(configuration, case)
    for line in before:
        say(line)
    say(last, BAD)
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
    parser.add_argument("--version", action="version", version=f"wsgicors {__version__}")
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
