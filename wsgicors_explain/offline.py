"""The diagnosis from a paste alone, without sending anything."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import Final

from .browser import Browser, NetworkError, Request
from .case import Case, Diagnosis
from .causes import but
from .console import ALONE, CURES, OF_PREFLIGHTS, OTHERS, Said
from .diagnosis import conclude
from .evidence import Finding, describe, leads_to_login, meaning, status_text
from .headers import (
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_METHODS,
    Headers,
    get_header,
    is_answer,
)
from .middleware import ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, is_local
from .origins import before_path, host_and_port, near_miss, page_origin
from .pasted import Pasted, mask
from .preflights import preflight_meaning
from .question import doubt, is_doubtful
from .redirects import AT_LOGIN, LOGIN_PAGE, log_in, redirect_fix
from .signs import known_words, where_to_set
from .targets import UsageError
from .terminal import BAD, GOOD, say
from .wire import URL, Response


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
    """Print the diagnosis; 0 if the page may read the response, else 1."""
    *before, last = judge(args, pasted)
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


def and_mistaken(headers: Headers) -> str:
    """What is wrong in the page whatever the response is: response headers in its request."""
    names = ", ".join(name for name, _ in headers if is_answer(name))
    if not names:
        return ""
    return f"; and remove {names} from the page's request: only a server sends it"


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
    return [f"ALLOWED: {what}, according to the pasted response{but(case)}"]


def answer(args: argparse.Namespace, pasted: Pasted, said: Said) -> str:
    """The last line for a message of the console."""
    response = Response(pasted.response_status or 0, pasted.response_headers or [])
    found = meaning_of(said, response)
    values = {
        "method": "the method" if args.method == "GET" and not pasted.method else args.method,
        "header": "the header",
        "headers": "the request headers",
        "directive": "the directive for what it loads, such as connect-src",
        "space": "local",
        "status": status_text(response),
        "meaning": found.cause,
        "remedy": found.fix,
        "url": args.target,
        "host": host_of(args.target),
        "where": where_to_set(ends_of(args, said)[0], origin=said.kind not in OF_PREFLIGHTS),
        **said.details,
        "origin": args.origin or "the origin of the page",
    }
    line = template(args, response, said, values)
    # The line may also contain a URL, whose braces are its own.
    return re.sub(r"\{(\w+)\}", lambda match: str(values.get(match[1], match[0])), line)


def meaning_of(said: Said, response: Response) -> Finding:
    """What a response with the status of an error means."""
    preflight = bool(said.preflight)
    known = known_words(response, preflight=preflight)
    return known or (preflight_meaning(response) if preflight else meaning(response))


def host_of(address: str) -> str:
    """The host of a URL or an origin; empty if it has none."""
    return host_and_port(before_path(address).rpartition("/")[2])[0]


def template(
    args: argparse.Namespace, response: Response, said: Said, values: dict[str, str]
) -> str:
    """The last line, with the names of the values in it."""
    if said.kind in OTHERS:
        return f"UNKNOWN: {OTHERS[said.kind]}"
    login = of_login(args, said)
    if login:
        return f"BLOCKED: {login.cause}. To fix it, {login.fix}"
    cause, fix = cure(args, said)
    value = said.details.get("value", "")
    values["value"] = repr(value)
    if said.kind in ("allow-origin-differs", "allow-origin-invalid"):
        cause += instead_of(value, args.origin, said)
    if "{origin}" in fix:
        fix = with_an_origin(args, said, fix)
    if said.preflight and said.kind not in OF_PREFLIGHTS:
        what, semicolon, why = cause.partition(";")
        cause = f"{what} in the response to the preflight, an OPTIONS request{semicolon}{why}"
    if response.status >= 400 and said.kind not in ALONE:
        found = meaning_of(said, response)
        cause = f"the response is {describe(response)}: {found.cause}; and {cause}"
        fix = after_error(said, response, fix)
    return f"BLOCKED: {cause}. To fix it, {completed(args, said, response, fix)}"


def completed(args: argparse.Namespace, said: Said, response: Response, fix: str) -> str:
    """The fix, with what else to look at."""
    if said.kind == "status" and not response.status:
        fix = f"{LOOK_AT_STATUS}, and {fix}"
    if is_image(args, said) and response.status < 400:
        fix = f"{fix}; {STORED_IMAGE}"
    elif may_be_an_error(args, said, response):
        fix = f"{fix}; {ERROR_FIRST.format('OPTIONS' if said.preflight else 'it')}"
    if said.kind not in ALONE and "from the page's request" not in fix:
        fix = f"{fix}{and_mistaken(args.header)}"
    return at_home(args, said, fix)


LOOK_AT_STATUS: Final = (
    "look at the status of OPTIONS in the network panel"
    " (404: correct the URL; 401 or 403: let OPTIONS pass without a login;"
    " 5xx: read the server's log)"
)


def may_be_an_error(args: argparse.Namespace, said: Said, response: Response) -> bool:
    """Whether the header is missing, perhaps because the server failed, which it does not say."""
    source, target = ends_of(args, said)
    is_missing = said.kind in ("allow-origin-missing", "allow-origin-refused")
    return is_missing and not response.status and source == target and args.origin != "null"


ERROR_FIRST: Final = (
    "if the network panel shows an error status for {}, fix that first,"
    " as errors often lack the header"
)
STORED_IMAGE: Final = (
    "if the header is there as soon as the browser's cache is switched off,"
    " the browser has stored the response to an img element without crossorigin:"
    " send Vary: Origin also without Origin"
)


def is_image(args: argparse.Namespace, said: Said) -> bool:
    """Whether an image lacks the header, which browsers also request without Origin."""
    is_file = re.search(r"(?i)\.(?:png|jpe?g|gif|webp|svg)(?:\?|$)", args.target)
    is_element = said.details.get("what", "").lower() == "image"
    return said.kind == "allow-origin-missing" and bool(is_file or is_element)


def ends_of(args: argparse.Namespace, said: Said) -> tuple[str, str]:
    """What the page requested, and where that redirected; the same if there was no redirect."""
    if said.kind == "redirected":
        return args.target, said.details["target"]
    target: str = args.target
    return said.details.get("redirected", target), target


OPEN_LOGIN: Final = "open it as a page, with a link or location.href, instead of requesting it"
MANIFEST_FIX: Final = (
    'set crossorigin="use-credentials" on the link element of the manifest,'
    " which the browser requests without cookies otherwise"
)


def of_login(args: argparse.Namespace, said: Said) -> Diagnosis | None:
    """The cause and the fix, if the page requests a login, or was redirected to one."""
    if said.kind not in ("allow-origin-missing", "allow-origin-refused", "redirected"):
        return None
    source, target = ends_of(args, said)
    moved = source != target and leads_to_login(target) and not leads_to_login(source)
    if not moved and not LOGIN_PAGE.search(target):
        return None
    start, end = (url.partition("?")[0] for url in (source, target))
    if source == target:
        return Diagnosis(f"{end} is a login for people, which no script may read", OPEN_LOGIN)
    is_manifest = said.details.get("what") == "manifest"
    fix = MANIFEST_FIX if is_manifest else log_in(source, target)
    return Diagnosis(f"{start} redirects to {end}{AT_LOGIN}", fix)


# A request to this machine, which is another one for each user of the page.
AT_HOME: Final = ("refused", "local-network", "local-network-header", "local-permission")


def at_home(args: argparse.Namespace, said: Said, fix: str) -> str:
    """The fix, if a page of another host requests what runs on the user's own machine."""
    host, page = host_of(args.target), host_of(args.origin or "")
    if said.kind not in AT_HOME or not is_local(host) or not page or is_local(page):
        return fix
    if said.kind == "local-permission":  # such a page usually means that computer
        return (
            f"{fix}; or, if the server does not run on the computer of whoever opens the page,"
            f" which {host} is, request it by its own host name"
        )
    return (
        "request the server by its own host name,"
        f" as {host} is the computer of whoever opens the page;"
        f" or, if it runs there, {fix}"
    )


def instead_of(value: str, page: str | None, said: Said) -> str:
    """What the value should be, and the detail in which it differs from that."""
    # The server may have got another origin.
    if page in (None, "null") or "redirected" in said.details:
        return ""
    detail = near_miss(value, page or "")
    return "; it should be {origin}" + (f" ({detail})" if detail else "")


def after_error(said: Said, response: Response, fix: str) -> str:
    """What to do about the status of an error, and then about the headers."""
    remedy = meaning_of(said, response).fix
    if not said.preflight:
        return f"{remedy}; then {fix}"
    if said.kind != "status":
        fix = f"answer OPTIONS with 200, and {fix}"
    if response.status == 404:
        return f"check the URL; if it is right, {fix}"
    return fix if "the headers above" in remedy else f"{remedy}; then {fix}"


def cure(args: argparse.Namespace, said: Said) -> tuple[str, str]:
    """What is wrong, and what to do; where only the page can put it right, that."""
    if said.kind == "scheme":
        return of_scheme(args.target, args.origin or "")
    if said.kind == "allow-origin-multiple":
        return of_values(said.details.get("value", ""))
    cause, fix = CURES[said.kind]
    method = args.method
    if said.kind == "preflight-redirect" and EMPTY_SEGMENT.search(args.target):
        fix = (
            f"request {EMPTY_SEGMENT.sub('/', args.target)}, without the empty segment; else {fix}"
        )
    if said.kind == "header" and is_answer(said.details.get("header", "")):
        fix = "remove {header}, a response header, from the page's request"
    if said.kind == "method" and method.upper() == "PATCH" != method:
        fix = fix.replace("{method}", "PATCH")
        fix = f"write PATCH instead of {method} in the page, and {fix}"
    if said.kind == "method" and method in SAFELISTED_METHODS:  # which need not be named
        cause = f"{ALLOW_METHODS} does not name the request's method"
        fix = f"add it to {ALLOW_METHODS}, in upper case"
    return cause, fix


EMPTY_SEGMENT: Final = re.compile(r"(?<=[^:/])//+")
OWN_NAME: Final = frozenset(
    """
    allow-origin-missing allow-origin-refused allow-origin-differs wildcard-with-credentials
    """.split()
)


def by_own_name(url: str, page: str, kind: str) -> str:
    """That the URL may be the page's own server under another name, to be read after a fix."""
    origin = before_path(url)
    if kind not in OWN_NAME or not (page.startswith("http") and url.startswith("http")):
        return ""
    detail = near_miss(origin, page)
    same = host_and_port(origin)[1] == host_and_port(page)[1]  # another port is another server
    if not detail or not same:
        return ""
    return f"; or, if it is the page's own server, request it as {page} ({detail})"


AS_A_FILE: Final = (
    "serve the page and what it loads with a web server, such as python3 -m http.server,"
    " and open it by http://localhost instead of as a file"
)


def of_scheme(url: str, page: str) -> tuple[str, str]:
    """The URL does not begin as one of a server does."""
    cause, fix = CURES["scheme"]
    if re.match(r"[\w.-]+:\d+(?:/|$)", url):  # the part before the colon is taken for the scheme
        return f"the URL {url} has no scheme", f"write http://{url} in the page"
    return cause, AS_A_FILE if page == "null" or url.startswith("file:") else fix


def of_values(value: str) -> tuple[str, str]:
    """Access-Control-Allow-Origin has several values: from several senders, or a list."""
    cause, fix = CURES["allow-origin-multiple"]
    if len({*re.split(r"[,\s]+", value)} - {"*", ""}) < 2:
        return cause, fix
    return f"{ALLOW_ORIGIN} is {{value}}, and browsers do not pick one from a list", PICK_ONE


PICK_ONE: Final = (
    "let the server compare the request's Origin with its list,"
    " and send back the one that matches: {origin}"
)


def with_an_origin(args: argparse.Namespace, said: Said, fix: str) -> str:
    """The fix, if it depends on the Origin that the server gets."""
    if args.origin == "null":
        return (
            "serve the page over http or https,"
            " not from a file or in a sandboxed frame;"
            " if the request was redirected to another origin,"
            " request the final URL directly"
        )
    source, target = ends_of(args, said)
    if source == target:
        return f"{fix}{by_own_name(target, args.origin or '', said.kind)}"
    try:
        instead = redirect_fix(URL.parse(source), target)
    except ValueError:
        instead = f"request {target} directly"
    return f"{instead}, and let its server {fix}"
