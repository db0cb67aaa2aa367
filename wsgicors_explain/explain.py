"""The command explain."""

from __future__ import annotations

import argparse
import contextlib
import logging
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from .browser import Browser, NetworkError, Request, Verdict
from .caches import ask_past_caches, is_worth_asking
from .case import Case
from .causes import reservations
from .configuration import Configuration
from .copied import PasteError
from .diagnosis import conclude
from .evidence import status_text
from .headers import REQUEST_METHOD, Headers, get_header
from .notes import all_notes, chooser_of
from .offline import explain_offline, judge, say_judgement
from .pasted import Pasted, mask
from .question import (
    doubt,
    is_doubtful,
    is_judged_alone,
    is_url,
    take_paste,
    was_answered,
)
from .targets import UsageError, Visit, load_one, mount_at, reject_for_urls, visits
from .terminal import BAD, GOOD, say
from .wire import Exchange, Response

OF_THE_PASTE: Final = (
    "the paste shows that a response came, so what follows is about the paste alone: perhaps the"
    " server has stopped since, or cannot be reached from this machine"
)


class Prober(Browser):
    """The browser of ``explain``.

    careful: whether to send nothing that may change something on the server.
    """

    careful = False
    visits: Sequence[Visit] = ()

    def _send(self, request: Request, method: str, headers: Headers, body: bytes) -> Response:
        if (
            self.careful
            and method not in ("GET", "HEAD")
            and get_header(headers, REQUEST_METHOD) is None
        ):
            # The last step is ok, so the verdict is that of the steps so far.
            raise NetworkError("not sent")
        try:
            with visits() as self.visits:
                return super()._send(request, method, headers, body)
        except NetworkError:
            raise
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            effect = (
                "servers return a 500 without CORS headers for that, unless catch_errors = true"
            )
            if self.visits and self.visits[0].returned:
                effect = "it came from the body, so catch_errors = true does not catch it"
            request.fail(f"the application raised {type(error).__name__}: {error}; {effect}")


def explain(args: argparse.Namespace) -> int:
    """The command ``explain``: 0 if the page may read the response, else 1."""
    try:
        pasted = take_paste(args)
    except PasteError as error:
        raise UsageError(mask(str(error))) from error
    if pasted and is_judged_alone(args, pasted):
        return explain_offline(args, pasted)
    if is_url(args.target):
        reject_for_urls(args.variables, args.script_name)
        return play(args, pasted, None)
    configuration = load_one(args.target, args.section, args.variables)
    if configuration.app is None:
        return say_broken(configuration)
    if configuration.unused and args.section is None:
        return say_unused(configuration)
    mount_at(configuration, args.script_name, args.path)
    return play(args, pasted, configuration)


def play(
    args: argparse.Namespace, pasted: Pasted | None, configuration: Configuration | None
) -> int:
    """Make the request as a browser does, and print the result; return the exit status."""
    doubtful = is_doubtful(args, pasted)
    browser, case = send(args, pasted, configuration, include=args.credentials or doubtful)
    print_steps(case.verdict, hide=pasted is not None)
    lines = blocked_by_paste(args, pasted, case)
    if lines:
        say(f"--  {OF_THE_PASTE}")
        return say_judgement(lines)
    if configuration is None:
        case = with_caches(case, args.timeout)
    shown = mask if pasted else str
    what = f"{args.method} {browser.url(args.path)} for a page on {browser.origin}"
    with unlogged():
        for note in all_notes(configuration, case):
            say(shown(f"--  {note}"))
        # What passes with credentials passes without them.
        if doubtful and not case.verdict.allowed:
            doubtful = ask(browser, args, include=False).allowed
        return say_verdict(pasted, configuration, case, shown(what), doubtful=doubtful)


def send(
    args: argparse.Namespace,
    pasted: Pasted | None,
    configuration: Configuration | None,
    *,
    include: bool,
) -> tuple[Prober, Case]:
    """Make the request as a browser does; include: with credentials."""
    target = configuration.app if configuration and configuration.app else args.target
    try:
        cookies = cookies_of(args, pasted)
        browser = Prober(target, args.origin, cookies=cookies, timeout=args.timeout)
        browser.careful = configuration is None and not args.send
        verdict = ask(browser, args, include=include)
    except ValueError as error:
        raise UsageError(mask(str(error)) if pasted else str(error)) from error
    case = Case(verdict, browser.origin, args.method, args.header, include, browser.visits)
    return browser, case


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Without the middleware's log: what failed when the request was played fails again here."""
    logger = logging.getLogger("wsgicors")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def ask(browser: Browser, args: argparse.Namespace, *, include: bool) -> Verdict:
    """The page's request. UsageError: it has a body, and its method takes none."""
    if args.data_size and args.method.upper() in ("GET", "HEAD"):
        raise UsageError(f"--data-size: {args.method} has no body: choose another method with -X")
    mode = "include" if include else "omit"
    body = b"x" * args.data_size
    return browser.fetch(args.path, args.method, args.header, mode, body, preflight=args.preflight)


def blocked_by_paste(args: argparse.Namespace, pasted: Pasted | None, case: Case) -> list[str]:
    """The diagnosis from the paste, if no response came, but by the paste one did.

    Empty if the page could read that one.
    """
    if pasted is None or not case.unreachable or not was_answered(pasted):
        return []
    lines = judge(args, pasted)
    return [] if lines[-1].startswith("ALLOWED: ") else lines


def with_caches(case: Case, timeout: float) -> Case:
    """The case, with what the server returns past its caches if that may matter."""
    if not is_worth_asking(case):
        return case
    say("--  a cache may have stored this URL, so it is requested again with a new query")
    return replace(case, uncached=ask_past_caches(case, timeout))


def cookies_of(args: argparse.Namespace, pasted: Pasted | None) -> dict[str, str]:
    """The cookies to send: those of the paste, but only with --send."""
    if pasted is None or not pasted.cookies:
        return {}
    if args.send:
        say("--  the cookies in the paste are sent as well")
        return pasted.cookies
    say("--  the cookies in the paste are not sent: --send sends them")
    return {}


def say_broken(configuration: Configuration) -> int:
    """Print the problems of a configuration that does not load; return the exit status."""
    first, *more = configuration.problems
    for line in configuration.problems:
        say(line)
    count = f" and {len(more)} more" if more else ""
    say(f"BLOCKED: this configuration does not load: {first}{count}", BAD)
    return 1


def say_unused(configuration: Configuration) -> int:
    """Print that no application of the ini file uses the middleware; return the exit status."""
    name = configuration.name.partition(":")[2]
    effect = "no pipeline and no filter-with names it, so the application has no CORS middleware"
    fix = f"write filter-with = {name} in the section app:...,"
    fix += f" or add {name} to the pipeline if there is one"
    where = f"{configuration.name} ({configuration.place})"
    say(f"BLOCKED: {where} has no effect: {effect}. To fix it, {fix}", BAD)
    return 1


def print_steps(verdict: Verdict, *, hide: bool) -> None:
    """Print what was sent and received; hide: without the secrets of a paste."""
    for step in verdict.steps:
        if step.exchange:
            print_exchange(step.exchange, hide=hide)
        text = mask(step.text) if hide else step.text
        say(f"{'ok' if step.ok else 'NO'}  {text}", "" if step.ok else BAD)


def print_exchange(exchange: Exchange, *, hide: bool = False) -> None:
    """Print a request and its response, as they were sent."""
    shown = mask if hide else str
    say(shown(f"> {exchange.method} {exchange.url.target} HTTP/1.1"))
    for name, value in exchange.headers:
        say("> " + shown(f"{name}: {value}"))
    say(f"< {status_text(exchange.response)}")
    for name, value in exchange.response.headers:
        say("< " + shown(f"{name}: {value}"))


def say_verdict(
    pasted: Pasted | None,
    configuration: Configuration | None,
    case: Case,
    what: str,
    *,
    doubtful: bool,
) -> int:
    """Print the last line, and return the exit status.

    doubtful: without credentials, the request is allowed.
    """
    if case.verdict.allowed:
        return say_allowed(pasted, configuration, case, what)
    *before, last = conclude(configuration, case)
    shown = mask if pasted else str
    for line in before:
        say(shown(line))
    say(shown(doubt(last) if doubtful else last), BAD)
    return 1


def say_allowed(
    pasted: Pasted | None, configuration: Configuration | None, case: Case, what: str
) -> int:
    """The same if nothing blocks the request, as far as was seen."""
    verdict, chooser = case.verdict, chooser_of(configuration)
    if pasted and pasted.said:
        unknown = f"{what} is allowed now, but the browser blocked it; {elsewhere(pasted)}"
    elif verdict.response is None and verdict.preflight is None:
        unknown = f"{what} needs no preflight, and without --send it is not sent"
    elif verdict.response is None:
        unknown = f"the preflight allows {what}; the request itself is only sent with --send"
    elif chooser:
        unknown = f"{what} is allowed if {chooser} picks the application that was called"
    else:
        say(f"ALLOWED: {what}{reservations(case)}", GOOD)
        return 0
    say(f"UNKNOWN: {unknown}", BAD)
    return 1


def elsewhere(pasted: Pasted) -> str:
    """Why a browser may have blocked what is allowed now, most likely first."""
    causes = [
        "a library adds a header to the page's request",
        "the browser has cached a preflight or a response",
        "an extension, a service worker or a proxy interferes",
        "the server has changed since",
    ]
    status = pasted.response_status
    if not pasted.preflight:
        failed = str(status) if status and status >= 400 else "413, 500 or 504, for example,"
        causes.insert(0, f"the page's own request failed with {failed} and without CORS headers")
    return "possible causes: " + "; ".join(causes)
