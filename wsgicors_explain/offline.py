"""The diagnosis from a paste alone, without sending anything."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import Final

from .answers import and_mistaken, answer
from .browser import Browser, NetworkError, Request
from .case import Case
from .causes import reservations
from .diagnosis import conclude
from .evidence import status_text
from .headers import REQUEST_HEADERS, REQUEST_METHOD, Headers, get_header
from .middleware import ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN
from .origins import page_origin
from .pasted import Pasted, mask
from .question import doubt, is_doubtful
from .targets import UsageError
from .terminal import BAD, GOOD, say
from .wire import Response


class Reader(Browser):
    """A browser that takes responses from the paste instead of a server.

    of_preflight, recorded: the responses in the paste.
    missing: what the verdict needs, but the paste lacks.
    """

    of_preflight: Response | None = None
    recorded: Response | None = None
    missing = ""

    def _send(self, request: Request, method: str, headers: Headers, body: bytes) -> Response:
        is_preflight = get_header(headers, REQUEST_METHOD) is not None
        found = self.of_preflight if is_preflight else self.recorded
        if request.urls[1:]:
            self.missing = f"the response after the redirect to {request.url} is"
        elif found is not None:
            return found
        elif is_preflight:
            self.missing = "the pasted response passes, but the response to its preflight is"
            return passing(request, headers)
        else:
            self.missing = "the pasted preflight passes, but the response to the request itself is"
        raise NetworkError("not in the paste")


def passing(request: Request, headers: Headers) -> Response:
    """A response with which the preflight passes."""
    asked = [(ALLOW_METHODS, REQUEST_METHOD), (ALLOW_HEADERS, REQUEST_HEADERS)]
    lists = [(name, get_header(headers, question) or "") for name, question in asked]
    always = [(ALLOW_ORIGIN, request.serialized_origin), (ALLOW_CREDENTIALS, "true")]
    return Response(204, [*always, *lists])


def explain_offline(args: argparse.Namespace, pasted: Pasted) -> int:
    """Print the diagnosis from the paste; 0 if the page may read the response, else 1."""
    return say_judgement(judge(args, pasted))


def say_judgement(lines: list[str]) -> int:
    """Print a diagnosis; 0 if the page may read the response, else 1."""
    *before, last = lines
    for line in before:
        say(line)
    allowed = last.startswith("ALLOWED: ")
    say(last, GOOD if allowed else BAD)
    return 0 if allowed else 1


def judge(args: argparse.Namespace, pasted: Pasted) -> list[str]:
    """The diagnosis from the paste, without its secrets; the last line is the verdict."""
    try:
        args.origin = args.origin and page_origin(args.origin)
    except ValueError as error:
        if args.origin != pasted.origin:  # what a browser wrote is valid, at least to that browser
            raise UsageError(mask(str(error))) from error
    responses = responses_in(pasted)
    if pasted.said:
        lines = [answer(args, pasted, pasted.said)]
    elif not any(responses):
        lines = [
            f"UNKNOWN: {args.method} {args.target} for a page on {args.origin}: "
            f"{without_headers(pasted.response_status)}{and_mistaken(args.header)}"
        ]
    else:
        lines = judge_responses(args, pasted, responses)
    return [mask(line) for line in lines]


def judge_responses(
    args: argparse.Namespace,
    pasted: Pasted,
    responses: tuple[Response | None, Response | None],
) -> list[str]:
    """The diagnosis from the responses in the paste, in each credentials mode that may be meant."""
    doubtful = is_doubtful(args, pasted)
    unlike = unlike_the_page(args, pasted)
    lines = replay(args, responses, unlike, include=args.credentials or doubtful)
    if pasted.by_curl and lines[-1].startswith("BLOCKED: mixed content"):
        lines = past_mixed_content(args, responses, lines)
    if doubtful and lines[-1].startswith("BLOCKED: "):
        *_, without = replay(args, responses, unlike, include=False)
        if not without.startswith("BLOCKED: "):
            lines[-1] = doubt(lines[-1])
    return lines


def past_mixed_content(
    args: argparse.Namespace,
    responses: tuple[Response | None, Response | None],
    lines: list[str],
) -> list[str]:
    """What else is wrong with a response to curl, which knows no mixed content.

    lines: the diagnosis if there is nothing else.
    """
    by_https = argparse.Namespace(**vars(args))
    by_https.target = re.sub("(?i)^http:", "https:", args.target)
    *before, last = replay(by_https, responses, "", include=args.credentials)
    if not last.startswith("BLOCKED: "):
        return lines
    return [*before, f"{last}; and serve the API over https, as the page is on https"]


def without_headers(status: int | None) -> str:
    """What a paste lacks if it has no response that can be judged."""
    if status is None:
        return "the paste contains no response, and nothing is sent"
    return (
        f"the response is {status_text(Response(status, []))},"
        " and its headers are not in the paste:"
        " paste them, or the line above it in the console, as well"
    )


def responses_in(pasted: Pasted) -> tuple[Response | None, Response | None]:
    """The responses in the paste: to the preflight, and to the request itself."""
    last = pasted.response_status, pasted.response_headers
    if pasted.preflight:
        return response_to_preflight(*last), None
    first = response_to_preflight(*(pasted.preflight_response or (None, None)))
    status, headers = last
    return first, None if status is None or headers is None else Response(status, headers)


def response_to_preflight(status: int | None, headers: Headers | None) -> Response | None:
    """A response to a preflight; if it failed, the status is enough."""
    if status is None or (headers is None and 200 <= status <= 299):
        return None
    return Response(status, headers or [])


def unlike_the_page(args: argparse.Namespace, pasted: Pasted) -> str:
    """Why a server may respond otherwise to the page than it did in the paste; empty if not."""
    sent, page = pasted.sent_origin, args.origin
    repeat = f"repeat it with curl -i -H 'Origin: {page}'"
    if sent not in (None, page):
        return f"the response is to the origin {sent}, and says nothing of {page}: {repeat}"
    by_curl = unlike_by_curl(args, pasted) if pasted.by_curl else ""
    if by_curl:
        return by_curl.replace("{repeat}", repeat)
    return NOT_MODIFIED if pasted.response_status == 304 else ""


def unlike_by_curl(args: argparse.Namespace, pasted: Pasted) -> str:
    """In what the request of curl differs from the page's; {repeat} is how to repeat it."""
    status = pasted.response_status or 0
    returned = f"returned {status_text(Response(status, []))}"
    not_handled = status in (405, 501)
    if args.method == "OPTIONS" and not pasted.preflight:
        alone = ", so it does not handle OPTIONS by itself" if not_handled else ""
        return (
            f"without {REQUEST_METHOD}, this OPTIONS is not a preflight;"
            f" the server {returned}{alone}:"
            f" {{repeat}} -H '{REQUEST_METHOD}: ...',"
            " with the method of the page's request"
        )
    if pasted.sent_origin is None:
        asked = f"the server, which {returned}, was not asked about {args.origin}"
        return f"curl sent no Origin, so {asked}: {{repeat}}"
    if args.method == "HEAD" and not_handled:
        other = "the page would send GET: {repeat}"
        return f"curl -I sent HEAD, and the server {returned}; {other}"
    return ""


NOT_MODIFIED: Final = (
    "a 304 leaves out headers, and the browser takes them from the response in its cache,"
    " which is not in the paste:"
    " switch the cache off in the developer tools, and copy it again"
)


def replay(
    args: argparse.Namespace,
    responses: tuple[Response | None, Response | None],
    unlike: str,
    *,
    include: bool,
) -> list[str]:
    """What a browser makes of the responses in the paste.

    unlike: why the server may respond otherwise to the page, or empty.
    """
    try:
        browser = Reader(args.target, args.origin)
        browser.of_preflight, browser.recorded = responses
        verdict = browser.fetch("", args.method, args.header, "include" if include else "omit")
    except ValueError as error:
        raise UsageError(mask(str(error))) from error
    # The one that makes up for a preflight that is not in the paste was not seen to pass.
    verdict = replace(verdict, preflight=verdict.preflight and browser.of_preflight)
    case = Case(verdict, browser.origin, args.method, args.header, include)
    what = f"{args.method} {args.target} for a page on {browser.origin}"
    is_open = not verdict.allowed or (args.method == "OPTIONS" and browser.missing)
    if unlike and case.exchanges and is_open:
        return [f"UNKNOWN: {what}: {unlike}"]
    if not verdict.allowed:
        return conclude(None, case)
    if browser.missing:
        return [f"UNKNOWN: {what}: {browser.missing} not in the paste"]
    return [f"ALLOWED: {what}, according to the pasted response{reservations(case)}"]
