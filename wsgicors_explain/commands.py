"""The commands check and explain, and their arguments."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from .advice import advise
from .browser import Browser, NetworkError, Request, Verdict, cors_check
from .causes import Case, but
from .configuration import Configuration, key_of
from .console import CURES, Said
from .copied import PasteError
from .diagnosis import conclude, origin_lists
from .evidence import status_text
from .headers import REQUEST_METHOD, SAFELISTED_METHODS, Headers, get_header, unsafe_names
from .middleware import (
    ALLOW_ORIGIN,
    CORS,
    EXPOSE_HEADERS,
    __version__,
    show,
)
from .notes import on_cookies, on_local_network
from .origins import page_origin
from .pasted import MAX_PASTE, Pasted, looks_pasted, mask, read_pasted
from .targets import UsageError, Visit, load, visits
from .wire import URL, Exchange, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


# Response headers that a page has no use for, so that it is not news that it cannot read them.
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
    text = printable(text)
    encoding = sys.stdout.encoding or "utf-8"
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    if style and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        text = f"\033[{style}m{text}\033[0m"
    print(text)


def printable(text: str) -> str:
    """The text with escapes in place of what could control a terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


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
    try:
        pasted = take_paste(args)
    except PasteError as error:
        raise UsageError(mask(str(error))) from error
    target: WSGIApplication | str = args.target
    configuration = None
    if pasted and args.offline:
        return explain_offline(args, pasted)
    if not is_url(args.target):
        configuration = one_configuration(args)
        if configuration.app is None:
            return say_broken(configuration)
        target = configuration.app
    try:
        browser = Prober(target, args.origin, timeout=args.timeout)
        browser.careful = configuration is None and not args.send
        verdict = browser.fetch(
            args.path, args.method, args.header, "include" if args.credentials else "omit"
        )
    except ValueError as error:
        raise UsageError(mask(str(error)) if pasted else str(error)) from error
    print_steps(verdict, hide=pasted is not None)
    asked = (browser.origin, args.method, args.header, args.credentials)
    case = Case(verdict, *asked, browser.visits)
    shown = mask if pasted else str
    for note in all_notes(configuration, case):
        say(shown(f"--  {note}"))
    what = f"{args.method} {browser.url(args.path)} for a page on {browser.origin}"
    return say_verdict(pasted, configuration, case, shown(what))


def all_notes(configuration: Configuration | None, case: Case) -> Iterable[str]:
    if configuration is None:
        yield from on_local_network(case)
    yield from on_cookies(case)
    yield from notes(configuration, case.verdict)


def one_configuration(args: argparse.Namespace) -> Configuration:
    """The only use of the middleware in the target. UsageError: there are several."""
    configuration, *others = load(args.target, args.section)
    if others:
        names = ", ".join(each.name for each in (configuration, *others))
        raise UsageError(f"{args.target} has several, choose with --section: {names}")
    return configuration


def say_broken(configuration: Configuration) -> int:
    """The answer where the configuration does not load."""
    first, *more = configuration.problems
    for line in configuration.problems:
        say(line)
    count = f" and {len(more)} more" if more else ""
    say(f"BLOCKED: this configuration does not load: {first}{count}", BAD)
    return 1


def print_steps(verdict: Verdict, *, hide: bool) -> None:
    """What was sent and seen; where it comes from a paste, without its secrets."""
    for step in verdict.steps:
        if step.exchange:
            print_exchange(step.exchange, hide=hide)
        text = mask(step.text) if hide else step.text
        say(f"{'ok' if step.ok else 'NO'}  {text}", "" if step.ok else BAD)


def say_verdict(
    pasted: Pasted | None, configuration: Configuration | None, case: Case, what: str
) -> int:
    """The last line, and the exit status."""
    if case.verdict.allowed:
        return say_allowed(pasted, case, what)
    *before, last = conclude(configuration, case)
    shown = mask if pasted else str
    for line in before:
        say(shown(line))
    say(shown(last), BAD)
    return 1


def say_allowed(pasted: Pasted | None, case: Case, what: str) -> int:
    """The last line where nothing that was seen blocks the request."""
    verdict = case.verdict
    if pasted and pasted.said:
        unknown = f"{what} is allowed now, and the browser blocked it: {elsewhere(pasted)}"
    elif verdict.response is None and verdict.preflight is None:
        unknown = f"{what} needs no preflight, and without --send it is not sent"
    elif verdict.response is None:
        unknown = f"the preflight allows {what}; the request itself is sent with --send only"
    else:
        say(f"ALLOWED: {what}{but(case)}", GOOD)
        return 0
    say(f"UNKNOWN: {unknown}", BAD)
    return 1


def elsewhere(pasted: Pasted) -> str:
    """Why a browser may have blocked what is allowed now, most likely first."""
    causes = [
        "a header that a library adds to the page's request",
        "a preflight or response in the browser's cache",
        "an extension, a service worker or a proxy",
        "another deployment since",
    ]
    status = pasted.response_status
    if not pasted.preflight:
        failed = f"with {status}" if status and status >= 400 else "with 413, 500 or 504, say"
        causes.insert(0, f"the request really sent failed {failed}, without CORS headers")
    return "it can be " + "; or ".join(causes)


def take_paste(args: argparse.Namespace) -> Pasted | None:
    """The paste, if there is one; what it says fills the arguments that were not given."""
    text = paste_text(args)
    pasted = read_pasted(text) if text is not None else None
    if pasted:
        say_understood(pasted)
        take_target(args, pasted)
        take_request(args, pasted)
    elif args.offline:
        raise UsageError("--offline judges a paste, and none is given")
    args.method = args.method or "GET"
    if not args.origin:
        known = f"{pasted.understood[0]}; " if pasted else ""
        raise UsageError(f"{known}the page's origin is not known: give it with --origin")
    return pasted


def take_request(args: argparse.Namespace, pasted: Pasted) -> None:
    args.origin = args.origin or pasted.origin
    args.method = args.method or pasted.method
    given = {name.lower() for name, _ in args.header}
    args.header += [pair for pair in pasted.headers if pair[0].lower() not in given]
    args.credentials = args.credentials or bool(pasted.credentials)
    if pasted.credentials is None and get_header(args.header, "authorization") is not None:
        say("--  the paste does not tell the credentials mode: --credentials plays it with them")
    assume_preflight(args, pasted)


def assume_preflight(args: argparse.Namespace, pasted: Pasted) -> None:
    """A message on a preflight is played as one, even if it names no method or header."""
    if pasted.preflight and args.method in (None, *SAFELISTED_METHODS) and not args.header:
        say("--  what made the preflight necessary is not known: Content-Type: application/json")
        args.header.append(("Content-Type", "application/json"))


def take_target(args: argparse.Namespace, pasted: Pasted) -> None:
    """The URL in the paste, as TARGET; with --pasted, as the path that is asked of TARGET."""
    url = pasted.url or ""
    if args.pasted is not None:
        if not is_url(args.target):
            args.path, args.offline = args.path or url, False  # it is played in process
        return
    args.target = url or "a URL that the paste does not name"
    if pasted.said and url and not is_url(url):
        args.offline = True  # the message says all that there is to say
    if not args.offline and not is_url(url):
        found = f"the URL {mask(url)!r} is not absolute" if url else "it names no URL"
        raise PasteError(f"{pasted.understood[0]}; {found}: name it with TARGET --pasted FILE")


def is_url(text: str) -> bool:
    return re.match("(?i)https?://", text) is not None


def paste_text(args: argparse.Namespace) -> str | None:
    """What was pasted: the target itself, standard input, or a file."""
    if args.pasted is not None:
        return read_text(args.pasted)
    if args.target == "-" or args.target.lower().endswith(".har"):
        return read_text(args.target)
    return args.target if looks_pasted(args.target) else None


def read_text(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_PASTE + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(MAX_PASTE + 1)
    except OSError as error:
        raise PasteError(f"{name} cannot be read: {error.strerror}") from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return data.decode(encoding, "replace")


def say_understood(pasted: Pasted) -> None:
    """What was taken from the paste, and what was not."""
    for sentence in pasted.understood:
        say(f"--  {sentence}")
    if pasted.dropped:
        names = ", ".join(pasted.dropped)
        say(f"--  not taken from the paste, as browsers set them: {names}")
    if pasted.others:
        others = ", ".join(pasted.others)
        say(f"--  only the first request is explained; the paste has also {others}")


def explain_offline(args: argparse.Namespace, pasted: Pasted) -> int:
    """The diagnosis from the paste alone; nothing is sent."""
    what = mask(f"{args.method} {args.target} for a page on {args.origin}")
    if pasted.said:
        return say_said(args, pasted, pasted.said)
    if pasted.response_headers is None or pasted.response_status is None:
        say(f"UNKNOWN: {what}: the paste has no response to judge, and nothing is sent", BAD)
        return 1
    sent = Response(pasted.response_status, pasted.response_headers)
    try:
        request = Request(
            page_origin(args.origin),
            args.method,
            args.header,
            b"",
            args.credentials,
            [URL.parse(args.target)],
        )
    except ValueError as error:
        raise UsageError(mask(str(error))) from error
    problem = cors_check(request, sent)
    if pasted.preflight and not 200 <= sent.status <= 299:
        problem = f"the preflight was answered {sent.status}, not with a status from 200 to 299"
    if problem:
        say(mask(f"BLOCKED: {problem}"), BAD)
        return 1
    if not pasted.preflight and (
        args.method not in SAFELISTED_METHODS or unsafe_names(args.header)
    ):
        say(f"UNKNOWN: {what}: the pasted response passes, its preflight is not in the paste", BAD)
        return 1
    if pasted.preflight:
        say(f"UNKNOWN: {what}: the origin passes in the pasted preflight, no more was checked", BAD)
        return 1
    say(f"ALLOWED: {what}, says the pasted response", GOOD)
    return 0


def say_said(args: argparse.Namespace, pasted: Pasted, said: Said) -> int:
    """The last line for a message of the console."""
    cause, fix = CURES.get(said.kind, ("", ""))
    values = {"method": args.method, "header": "the header", **said.details, "origin": args.origin}
    status = pasted.response_status
    if not cause:
        say(f"UNKNOWN: {said.engine} names no cause that a server can mend", BAD)
        return 1
    error = f", and the status is {status}: look into that first" if (status or 0) >= 400 else ""
    line = f"BLOCKED: {cause}{error}. To fix it, {fix}"
    say(mask(re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), line)), BAD)
    return 1


def print_exchange(exchange: Exchange, *, hide: bool = False) -> None:
    """A request and its response, as they went over the wire."""
    shown = mask if hide else str
    say(shown(f"> {exchange.method} {exchange.url.target} HTTP/1.1"))
    for name, value in exchange.headers:
        say("> " + shown(f"{name}: {value}"))
    say(f"< {status_text(exchange.response)}")
    for name, value in exchange.response.headers:
        say("< " + shown(f"{name}: {value}"))


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
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time: write seconds, such as 10 or 0.5"
        )
    return float(text)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "wsgicors",
        description=DESCRIPTION,
        epilog=CHECK_EXAMPLE + EXPLAIN_EXAMPLE + EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"wsgicors {__version__}")
    commands = parser.add_subparsers(required=True, metavar="check | explain")
    add_command(
        commands,
        check,
        "print policies, problems and advice",
        CHECK_EXAMPLE,
        "an ini file, or module:attribute of an application",
    )
    added = add_command(
        commands,
        explain,
        "play the browser, and say why a request is blocked",
        EXPLAIN_EXAMPLE,
        "an ini file, module:attribute of a WSGI application, the URL of any server, "
        "or what you have: the console's message, a curl command, fetch(...), "
        "a HAR file; - reads it from standard input",
    )
    add_request_options(added)
    add_paste_options(added)
    return parser


def add_command(
    commands: Any,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    example: str,
    target: str,
) -> Any:
    added = commands.add_parser(
        run.__name__,
        help=summary,
        description=summary,
        epilog=example + EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.add_argument("target", metavar="TARGET", help=target)
    added.add_argument(
        "--section", metavar="NAME", help="the section of the ini file, such as filter:cors"
    )
    added.set_defaults(run=run)
    return added


def add_request_options(added: Any) -> None:
    added.add_argument("--origin", help="the origin of the page that makes the request, or its URL")
    added.add_argument("--path", default="", help="a path, or a URL, relative to TARGET")
    added.add_argument("-X", "--method", help="default: GET")
    added.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        type=header_argument,
        metavar="'NAME: VALUE'",
        help="a request header that the page sets; may be repeated",
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


def add_paste_options(added: Any) -> None:
    added.add_argument(
        "--pasted", metavar="FILE", help="a file with what you have, to be asked of TARGET"
    )
    added.add_argument(
        "--offline", action="store_true", help="judge from the paste alone, and send nothing"
    )


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
        lines = map(printable, f"wsgicors: {error}".split("\n"))
        print("\n".join(lines), file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # of somebody who does not wait for a server
        print("wsgicors: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in: wsgicors explain ... | head -1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
