"""A preflight that is refused, redirected or taken for the page's request."""

from __future__ import annotations

import re
from typing import Final

from .case import Case, Diagnosis
from .evidence import (
    Finding,
    asks_for_login,
    describe,
    leads_to_login,
    meaning,
    own_refusal,
    start_of_body,
)
from .headers import REQUEST_METHOD, get_header
from .middleware import (
    AMBIGUOUS_PATH,
    DENIED,
    NOT_ALLOWED,
    UNSAFE_HEADERS,
    VERB_NOT_ALLOWED,
)
from .reasons import REDIRECT_STATUSES
from .redirects import AT_HOME, leads_home, login_fix, redirect_fix, target_of
from .signs import known_words
from .wire import Response

LOGIN_IN_PREFLIGHT: Final = Finding(
    "the server requires a login, which a preflight never carries",
    "let OPTIONS pass without a login: handle CORS before authentication",
)
NO_OPTIONS: Final = Finding(
    "the server does not handle OPTIONS at this URL",
    "answer OPTIONS there with a status from 200 to 299 and the headers above",
)
NOT_FOUND: Final = Finding(
    "the server has nothing at this URL, or does not handle OPTIONS there",
    "check the URL; if it is right, answer OPTIONS there with 200 and the headers above",
)
REFUSED: Final = Finding(
    "the server, or something in front of it, refuses the preflight",
    "look for a CORS filter that does not allow {origin} or a firewall that blocks OPTIONS",
)
TAKEN_FOR_REQUEST: Final = Finding(
    "the server takes the preflight for the page's request, but a preflight has no body and"
    " no Content-Type",
    "answer OPTIONS there with 200 and the headers above, before the server's limits, validation"
    " and handler",
)
BAD: Final = Finding(
    "the server refuses the preflight as bad: its CORS filter may not allow the origin, the method"
    " or a header, or it misses the body of the page's request, which a preflight does not have",
    "allow {origin}, {method} and {headers} in its CORS configuration; if it has none, answer"
    " OPTIONS there with 200 and the headers that browsers need, before validation and handler",
)
ABOUT_BODY: Final = re.compile(r"(?i)json|body|field|required|content.type|input|pars(?:e|ing)")
LIMITED: Final = Finding(
    "the server limits the number of requests, and counts preflights as well",
    "answer OPTIONS there with 200 and the headers above, before the server counts",
)
PREFLIGHT_MEANINGS: Final = {
    **dict.fromkeys((406, 409, 411, 412, 413, 415, 417, 422, 428), TAKEN_FOR_REQUEST),
    400: BAD,
    403: REFUSED,
    404: NOT_FOUND,
    405: NO_OPTIONS,
    429: LIMITED,
    501: NO_OPTIONS,
}

# The option of the server's wsgicors to change, by the reason in its response.
OWN_FIXES: Final = {
    NOT_ALLOWED: "add {origin} to the option origin of the policy for this path",
    VERB_NOT_ALLOWED: "add {method} to the option methods of the policy that allows {origin}",
    DENIED: "list a policy that allows {origin} for this path before deny",
    AMBIGUOUS_PATH: "request the path without empty and dot segments",
    UNSAFE_HEADERS: "send fewer request headers, or list those that are needed in the option"
    " headers",
}


def of_preflight_status(case: Case) -> Diagnosis:
    """The preflight returned a status that is not ok."""
    response = case.response
    if response.status in REDIRECT_STATUSES and get_header(response.headers, "location"):
        return of_preflight_redirect(case)
    asked = f"the preflight to {case.last.url} returned {describe(response)}"
    reason = own_refusal(response)
    if reason:
        fix = case.fill(Finding("", OWN_FIXES.get(reason, ""))).fix
        # A server's text is never a template.
        return Diagnosis(f"{asked}: wsgicors on the server refuses it: {reason}", fix)
    found = case.fill(known_words(response, preflight=True) or preflight_meaning(response))
    method, taken = asked_method(case), taken_methods(response)
    if response.status == 405 and taken and method not in taken.split(", "):
        cause = f"{asked}: {found.cause}, nor {method} (Allow: {taken})"
        return Diagnosis(cause, f"{found.fix}; and let it take {method}")
    return Diagnosis(f"{asked}: {found.cause}", found.fix)


def asked_method(case: Case) -> str:
    """The method that the preflight asks about."""
    return get_header(case.last.headers, REQUEST_METHOD) or ""


def taken_methods(response: Response) -> str:
    """The methods that the resource takes, as Allow says."""
    names = (get_header(response.headers, "allow") or "").split(",")
    return ", ".join(name.strip() for name in names)


def preflight_meaning(response: Response) -> Finding:
    """What the status of a preflight's response means."""
    if asks_for_login(response):
        return LOGIN_IN_PREFLIGHT
    if response.status == 400 and ABOUT_BODY.search(start_of_body(response)):
        return TAKEN_FOR_REQUEST
    return PREFLIGHT_MEANINGS.get(response.status) or meaning(response)


def of_preflight_redirect(case: Case) -> Diagnosis:
    """The preflight was redirected, which browsers do not follow."""
    url, response = case.last.url, case.response
    target = target_of(case.last)
    cause = (
        f"the preflight to {url} was redirected ({response.status}) to {target},"
        " which browsers do not follow"
    )
    if leads_to_login(target):
        fix = login_fix(str(url), target, LOGIN_IN_PREFLIGHT.fix)
        return Diagnosis(f"{cause}; that looks like a login", fix)
    if leads_home(url, target):
        return Diagnosis(f"{cause}{AT_HOME}", f"{NOT_FOUND.fix}, before a login is required")
    return Diagnosis(cause, redirect_fix(url, target))
