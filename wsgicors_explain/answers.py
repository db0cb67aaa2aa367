"""Answers to messages of the console: what is wrong, and what to change."""

from __future__ import annotations

import argparse
import re
from typing import Final

from .case import Diagnosis
from .causes import PICK_ONE
from .console import BESIDE_CORS, OF_PREFLIGHTS, Said
from .evidence import Finding, describe, leads_to_login, meaning, status_text
from .headers import SAFELISTED_METHODS, Headers, is_response_header
from .middleware import ALLOW_CREDENTIALS as AC
from .middleware import ALLOW_METHODS, is_local
from .middleware import ALLOW_ORIGIN as AO
from .neighbours import NEIGHBOURS
from .origins import before_path, host_and_port, near_miss
from .pasted import Pasted
from .preflights import preflight_meaning
from .redirects import AT_LOGIN, FINAL_URL, LOGIN_PAGE, login_fix, redirect_fix
from .signs import known_words, where_to_set
from .wire import URL, Response

OR_WITHOUT_COOKIES: Final = (
    "or, if the page needs no cookies there, take credentials: 'include' or withCredentials out of"
    " its request"
)
# What is wrong, and what to change; `answer` fills in the names in braces.
CURES: Final = {
    "allow-origin-missing": (f"{AO} is missing", f"send {AO}: {{origin}}{{where}}"),
    "allow-origin-multiple": (
        f"{AO} was sent more than once; usually by the application and by a proxy in front of it",
        f"let only one of them send {AO}: {{origin}}",
    ),
    "allow-origin-invalid": (f"{AO} is {{value}}", f"send {AO}: {{origin}}{{where}}"),
    "allow-origin-differs": (f"{AO} is {{value}}", f"send {AO}: {{origin}}{{where}}"),
    "allow-origin-refused": (
        f"{AO} is missing or does not fit",
        f"send {AO}: {{origin}}{{where}}",
    ),
    "script": (
        f"a script is loaded with CORS, and {AO} is missing or does not fit",
        f"let the server of the script send {AO}: {{origin}}",
    ),
    "wildcard-with-credentials": (
        f"{AO} is *; browsers refuse that with credentials",
        f"send {AO}: {{origin}} and {AC}: true{{where}}, {OR_WITHOUT_COOKIES}",
    ),
    "allow-credentials": (
        f"{AC} is not true; the page sends its request with credentials",
        f"send {AC}: true{{where}}, {OR_WITHOUT_COOKIES}",
    ),
    "status": (
        "the preflight did not return a status from 200 to 299",
        f"answer OPTIONS with 200 and the headers {AO}, Access-Control-Allow-Methods and "
        "Access-Control-Allow-Headers{where}",
    ),
    "preflight-redirect": (
        "the preflight was redirected",
        "request the URL that it redirects to (see Location in the network panel: often https, or "
        "another slash at the end), or answer OPTIONS without a redirect, before any login",
    ),
    "invalid-list": (
        "{header} in the preflight response is not a list of names",
        "send names separated by commas",
    ),
    "method": (
        "Access-Control-Allow-Methods does not include the method {method}",
        "add {method} to Access-Control-Allow-Methods{where}",
    ),
    "header": (
        "Access-Control-Allow-Headers does not include {header}",
        "add {header} to Access-Control-Allow-Headers{where}",
    ),
    "redirect-password": (
        "the redirect leads to a URL with a user name or password",
        "redirect to a URL without them",
    ),
    "redirect": ("the request was redirected", FINAL_URL),
    "redirected": (
        "the request was redirected, and the browser did not let the page follow",
        f"send {AO}: {{origin}}",
    ),
    "redirects": (
        "there were more than 20 redirects, one after the other",
        "end the redirect loop on the server",
    ),
    "name": (
        "the name of the URL's host was not found, so no response came",
        "correct the host in the page's URL, or the name's entry in the DNS",
    ),
    "refused": (
        "nothing listens at the URL's host and port, so no response came",
        "start the server, or correct the host and the port in the page's URL",
    ),
    "certificate": (
        "the browser does not trust the server's certificate, so it sent no request",
        "open the URL in a tab to see what is wrong with the certificate, and renew it",
    ),
    "tls": (
        "the browser and the server could not agree on TLS, so no request was sent",
        "check that the server speaks https at this port, and which versions of TLS it takes",
    ),
    "timeout": (
        "no response came in time",
        "look at whether the server is up, and whether a firewall drops the request",
    ),
    "port": ("browsers block the URL's port", "serve the API on another port"),
    "scheme": ("the URL or the page is not on http(s)", "serve both over http(s)"),
    "same-origin-mode": (
        "the page sends the request with mode: 'same-origin'",
        "remove that mode from the page's code",
    ),
    "no-cors": (
        "the page asks with mode: 'no-cors', with which no page may read the response",
        "take that mode out of the page's code, and explain the request again without it",
    ),
    "local-permission": (
        "the page has no permission to access {space} addresses: the user or a policy denied it",
        "allow it in the site settings of the page (the icon before its URL), and reload; a page "
        'in a frame also needs allow="local-network-access" there',
    ),
    "local-network-header": (
        "the browser protects addresses of the local network, and the preflight response lacks "
        "Access-Control-Allow-Private-Network: true",
        "let the server send that header in response to OPTIONS; newer versions of Chromium ask "
        "the user for a permission instead",
    ),
    "local-network": (
        "the browser protects addresses of the local network",
        "serve the page over https, and let the user grant the permission",
    ),
    **{each.kind: (each.diagnosis, each.fix) for each in NEIGHBOURS if each.fix},
}
# Messages that block nothing by themselves, or do not state a cause.
WITHOUT_CAUSE: Final = {
    "authorization-wildcard": (
        "this is a warning, and nothing is blocked yet: Access-Control-Allow-Headers is *, which "
        "will not cover Authorization. To be safe, add Authorization to it as well"
    ),
    "network": (
        "no response came, and the message does not say why: open the URL in a tab (is the server "
        "up, does its name resolve, is its certificate trusted?), and look for an extension that "
        "blocks it"
    ),
    "untranslated": "of this message, only the URL can be read: look at the status of its request, "
    "and of the OPTIONS before it, in the network panel, and paste the headers of both",
    "disabled": "CORS is switched off in this Firefox, or an extension sets Origin",
    "unnamed": "this line does not say why: paste the line above it in the console as well",
    "no-status": (
        "the preflight got no status, and this line does not say why: paste the line above it in "
        "the console as well"
    ),
    "unknown": "this message, as far as it was pasted, does not name a cause that the server can "
    "fix: paste all of it, or the headers of the request and of its response",
    **{each.kind: each.diagnosis for each in NEIGHBOURS if not each.fix},
}
# Messages whose fix names the origin of the page; a redirect is worth telling without it.
OF_ORIGINS: Final = frozenset(kind for kind, (_, fix) in CURES.items() if "{origin}" in fix) - {
    "redirected"
}
# Messages whose answer no response of the server would change.
SAY_IT_ALL: Final = frozenset(("no-cors", "same-origin-mode", *BESIDE_CORS))


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
        "host": host_in(args.target),
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


def host_in(address: str) -> str:
    """The host of a URL or an origin; empty if it has none."""
    return host_and_port(before_path(address).rpartition("/")[2])[0]


def template(
    args: argparse.Namespace, response: Response, said: Said, values: dict[str, str]
) -> str:
    """The last line, with names in braces.

    values: what the names stand for; that of {value} is added.
    """
    if said.kind in WITHOUT_CAUSE:
        return f"UNKNOWN: {WITHOUT_CAUSE[said.kind]}"
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
    if response.status >= 400 and said.kind not in SAY_IT_ALL:
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
    if said.kind not in SAY_IT_ALL and "from the page's request" not in fix:
        fix = f"{fix}{and_mistaken(args.header)}"
    return on_own_machine(args, said, fix)


def and_mistaken(headers: Headers) -> str:
    """What is wrong in the page whatever the response is: response headers in its request."""
    names = ", ".join(name for name, _ in headers if is_response_header(name))
    if not names:
        return ""
    return f"; and remove {names} from the page's request: only a server sends it"


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
    fix = MANIFEST_FIX if is_manifest else login_fix(source, target)
    return Diagnosis(f"{start} redirects to {end}{AT_LOGIN}", fix)


# What is said of requests to the user's own machine,
# which is another one for each user of the page.
ON_OWN_MACHINE: Final = ("refused", "local-network", "local-network-header", "local-permission")


def on_own_machine(args: argparse.Namespace, said: Said, fix: str) -> str:
    """The fix, if a page of another host requests what runs on the user's own machine."""
    host, page = host_in(args.target), host_in(args.origin or "")
    if said.kind not in ON_OWN_MACHINE or not is_local(host) or not page or is_local(page):
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
    if said.kind == "header" and is_response_header(said.details.get("header", "")):
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
    """Access-Control-Allow-Origin was sent several times, or it has a list of values."""
    cause, fix = CURES["allow-origin-multiple"]
    if len({*re.split(r"[,\s]+", value)} - {"*", ""}) < 2:
        return cause, fix
    return f"{AO} is {{value}}, and browsers do not pick one from a list", PICK_ONE


def with_an_origin(args: argparse.Namespace, said: Said, fix: str) -> str:
    """The fix, if it depends on the Origin that the server gets."""
    if args.origin == "null":
        return (
            "serve the page over http or https,"
            " not from a file or in a sandboxed frame;"
            f" if the request was redirected to another origin, {FINAL_URL}"
        )
    source, target = ends_of(args, said)
    if source == target:
        return f"{fix}{by_own_name(target, args.origin or '', said.kind)}"
    try:
        instead = redirect_fix(URL.parse(source), target)
    except ValueError:
        instead = f"request {target} directly"
    return f"{instead}, and let its server {fix}"
