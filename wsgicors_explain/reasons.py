"""Why browsers block a request, preflight it, or refuse its response, in words for people."""

from __future__ import annotations

from typing import Final

from .headers import (
    CORS_RESPONSE_HEADERS,
    SAFELISTED_METHODS,
    Headers,
    get_header,
    header_values,
    is_response_header,
    unsafe_names,
)
from .middleware import ALLOW_METHODS, is_local, show
from .wire import URL, Response

REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
# Chromium and Firefox refuse a response with several that differ, whatever its status.
SENT_ONCE: Final = ("Content-Disposition", "Content-Length", "Location")
SHOWN_LINES: Final = 3

# https://fetch.spec.whatwg.org/#port-blocking
BAD_PORTS: Final = frozenset(
    """
    0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79
    87 95 101 102 103 104 109 110 111 113 115 117 119 123 135
    137 139 143 161 179 389 427 465 512 513 514 515 526 530 531
    532 540 548 554 556 563 587 601 636 989 990 993 995 1719
    1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666
    6667 6668 6669 6679 6697 10080
    """.split()
)


def why_blocked(origin: str, url: URL) -> str:
    """Mixed content or a bad port, if either keeps a page from requesting the URL; else empty."""
    if origin.startswith("https:") and url.scheme == "http" and not is_local(url.host):
        return f"mixed content: the page is on https, so {url.origin} must be https as well"
    if str(url.port) in BAD_PORTS:
        return f"browsers block port {url.port}"
    return ""


def why_preflight(method: str, headers: Headers, *, asked_for: bool) -> list[str]:
    """What makes a preflight necessary, if the origin is another one; else empty."""
    reasons = []
    if asked_for:
        reasons.append("it is forced, as by an upload listener in the page")
    if method not in SAFELISTED_METHODS:
        reasons.append(f"{method} is not a safelisted method")
    return reasons + [f"{name} {why}" for name, why in unsafe_names(headers).items()]


def misspelled(response: Response) -> str:
    """A remark on a header or line that was perhaps meant to be a CORS header; or empty."""
    names = [name for name, _ in response.headers if is_response_header(name.replace("_", "-"))]
    unknown = [name for name in names if name.lower() not in CORS_RESPONSE_HEADERS]
    ignored = [line for line in response.ignored if "access-control-" in line.lower()]
    if ignored:
        return f" (browsers ignore the line {show(ignored[0])})"
    return f" ({unknown[0]} is unknown to browsers)" if unknown else ""


def what_status_means(response: Response) -> str:
    """What a preflight's status usually means if it is not ok."""
    status = response.status
    if status in REDIRECT_STATUSES:
        target = get_header(response.headers, "location") or "nowhere"
        return (
            f"browsers do not follow redirects of a preflight, and this one leads to {target}: "
            "request that URL directly"
        )
    if status in (401, 407):
        return (
            "a preflight never carries cookies or Authorization, "
            "so the server must answer it before it requires a login"
        )
    if status in (404, 405, 501):
        return (
            "the server does not handle OPTIONS at this URL, "
            "but must return a status from 200 to 299"
        )
    return "it must return a status from 200 to 299"


def which_ignored(response: Response) -> str:
    """The header lines that browsers ignore, in a sentence; empty if there are none."""
    lines = response.ignored
    shown = ", ".join(map(show, lines[:SHOWN_LINES]))
    if not lines:
        return ""
    if len(lines) == 1:
        return f"the server sent a header line that browsers ignore: {shown}"
    if len(lines) > SHOWN_LINES:
        shown += f" and {len(lines) - SHOWN_LINES} more"
    return f"the server sent {len(lines)} header lines that browsers ignore: {shown}"


def why_refused(response: Response) -> str:
    """What makes browsers refuse the response as HTTP; empty if nothing does."""
    for name in SENT_ONCE:
        values = header_values(response.headers, name)
        if len(set(values)) > 1:
            found = ", ".join(values)
            return f"the response has more than one {name} header: {found}; send one"
    return ""


def missing_names(header: str, named: list[str], needed: list[str], *, wildcard: bool) -> list[str]:
    """What is needed and not in the list of a preflight's response."""
    covers = named if header == ALLOW_METHODS else [name.lower() for name in named]
    wildcard = wildcard and "*" in named
    return [
        name for name in needed if name not in covers and (not wildcard or name == "authorization")
    ]


def why_not_covered(named: list[str], missing: list[str], *, wildcard: bool) -> str:
    """What seems to cover the missing names and does not, as a remark; or empty."""
    if "*" in named and wildcard:
        return ", and * never covers authorization"
    if "*" in named:
        return ", and * is not a wildcard with credentials"
    if any(name.upper() in named for name in missing):
        return ", and method names are case-sensitive"
    return ""
