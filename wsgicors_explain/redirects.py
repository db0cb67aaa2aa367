"""Redirects: both ends, and what to request instead."""

from __future__ import annotations

import re
from typing import Final

from .case import Case, Diagnosis
from .evidence import leads_to_login
from .headers import get_header
from .reasons import REDIRECT_STATUSES
from .wire import HTTP_PORTS, URL, Exchange


def target_of(exchange: Exchange) -> str:
    """Where a response redirects, as a whole URL if it is one."""
    location = get_header(exchange.response.headers, "location") or ""
    try:
        return str(URL.parse(location, str(exchange.url)))
    except ValueError:
        return location


TELL_SCHEME: Final = (
    "and let the server redirect to https: behind a TLS proxy it has to know the scheme,"
    " so let the proxy set X-Forwarded-Proto and the server trust it"
)


def secure(url: URL, target: str) -> URL:
    """The target of a redirect to http, by https."""
    new = URL.parse(target, str(url))
    port = url.port if url.scheme == "https" and url.host == new.host else 443
    return new._replace(scheme="https", port=port)


FINAL_URL: Final = "request the final URL directly"


def redirect_fix(url: URL, target: str) -> str:
    """What to request instead of a URL that redirects, and what is wrong with the redirect."""
    try:
        new = URL.parse(target)
    except ValueError:
        return FINAL_URL
    if url.scheme == "https" and new.scheme == "http" and url.host == new.host:
        return f"request {secure(url, target)}, {TELL_SCHEME}"
    slash = " (with the slash)" if new.target == f"{url.target}/" else ""
    if slash and loses_port(url, new):
        return (
            f"request {new._replace(port=url.port)}{slash}, and let the redirect keep the port:"
            " with a relative Location, as nginx sends it with absolute_redirect off"
        )
    return f"request {new}{slash} directly"


def loses_port(url: URL, new: URL) -> bool:
    """Whether a redirect omits the port, as servers do if their port is mapped to another."""
    same = (url.scheme, url.host) == (new.scheme, new.host)
    return same and new.port == HTTP_PORTS[new.scheme] != url.port


def leads_home(url: URL, target: str) -> bool:
    """Whether a redirect leads to the home page, and not because of a login that succeeded."""
    try:
        new = URL.parse(target)
    except ValueError:
        return False
    elsewhere = url.target.partition("?")[0] != "/" and not leads_to_login(str(url))
    return new.target == "/" and elsewhere


AT_LOGIN: Final = "; that looks like a login, so the request was not authenticated"
LOG_IN: Final = (
    "log in before the request and send the cookie or token with it; let the server"
    " answer 401 to scripts"
)
# Where people log in, but no script can: as a page opens it, with all that it needs in the URL.
LOGIN_PAGE: Final = re.compile(
    r"(?i)/authorize\b|/oauth2/(?:v\d/)?auth\b|/openid-connect/auth\b|/signin/identifier\b"
)
AT_HOME: Final = (
    "; that is the home page, to which servers send requests that they do not know or that are"
    " not logged in"
)
CHECK_URL: Final = "check the URL, and log in before the request if it requires a login"


def login_fix(source: str, target: str, fix: str = LOG_IN) -> str:
    """The fix for a request that was redirected to a login, which may be what the page wants."""
    if not LOGIN_PAGE.search(target):
        return fix
    return (
        f"if this is to log in, open {source.partition('?')[0]} as a page, with a link or"
        f" location.href, since no script may read a login; else {fix}"
    )


def hops(case: Case) -> list[Exchange]:
    """The exchanges that were answered with a redirect which was followed."""
    return [
        exchange
        for exchange in case.exchanges
        if exchange.response.status in REDIRECT_STATUSES and exchange is not case.last
    ]


def after_redirect(case: Case) -> Diagnosis | None:
    """The response was blocked only because redirects made the Origin null."""
    redirects = hops(case)
    if not redirects or case.sent_origin != "null" or case.origin == "null":
        return None
    first, last = redirects[0], case.last
    cause = (
        f"{first.url} redirects to {last.url}, on another origin, so the request's Origin"
        f" became null, which {last.url.authority} does not allow"
    )
    if leads_to_login(str(last.url)):
        fix = (
            f"log in before the request; {first.url.authority} should answer 401"
            " instead of redirecting"
        )
        fix = login_fix(str(first.url), str(last.url), fix)
        return Diagnosis(f"{cause}; it looks like a login page", fix)
    return Diagnosis(cause, f"request {last.url} directly, and allow {case.origin} there")


def at_login(case: Case) -> Diagnosis | None:
    """The request ended at a login, to which it was redirected."""
    redirects = hops(case)
    if not redirects or not leads_to_login(str(case.last.url)):
        return None
    first, last = redirects[0], case.last
    cause = f"{first.url} redirects to {last.url} ({first.response.status}){AT_LOGIN}"
    return Diagnosis(cause, login_fix(str(first.url), str(last.url)))


def redirected_to(case: Case) -> str:
    """Where the last response redirects, if the browser went there."""
    if not case.exchanges:
        return ""
    target, start = target_of(case.last), f"the {case.response.status} redirects to "
    went = [step for step in case.verdict.steps if step.text.startswith(f"{start}{target};")]
    return target if went else ""


def of_lost_redirect(case: Case, target: str, fix: str = "") -> Diagnosis:
    """A redirect to where nothing responds; `fix` is what is known about the server there."""
    url, status = case.last.url, case.response.status
    cause = f"{url} redirects ({status}) to {target}, and there: {case.verdict.reason}"
    if leads_to_login(target):
        return Diagnosis(f"{cause}{AT_LOGIN}", login_fix(str(url), target))
    if loses_port(url, URL.parse(target)):
        return Diagnosis(cause, redirect_fix(url, target))
    redirect = (
        "let the server redirect to an address that the browser reaches: behind a proxy, it has"
        " to know the host that the page requests (X-Forwarded-Host)"
    )
    return Diagnosis(cause, fix or redirect)


def of_loop(case: Case) -> Diagnosis:
    """Redirects without an end."""
    first, target = case.exchanges[0].url, target_of(case.last)
    cause = f"{first} redirects again and again: {case.verdict.reason}, the last one to {target}"
    fix = "look for a login that does not know the page, or for two rules about the slash, the"
    return Diagnosis(cause, f"{fix} scheme or www. that undo each other")


def of_response_redirect(case: Case) -> Diagnosis:
    """A redirect without CORS headers."""
    url, response, target = case.last.url, case.response, target_of(case.last)
    cause = (
        f"{case.last.method} {url} was redirected ({response.status}) to {target},"
        f" and the redirect itself does not allow {case.sent_origin}"
    )
    if leads_to_login(target):
        return Diagnosis(f"{cause}{AT_LOGIN}", login_fix(str(url), target))
    if leads_home(url, target):
        return Diagnosis(f"{cause}{AT_HOME}", CHECK_URL)
    return Diagnosis(cause, redirect_fix(url, target))


def of_mixed_content(case: Case) -> Diagnosis:
    """A page on https, and a URL on http, which may come from a redirect."""
    if not case.exchanges:
        return Diagnosis(
            case.verdict.reason, "serve the API over https and use that URL in the page"
        )
    url, target = case.last.url, target_of(case.last)
    cause = f"{url} was redirected ({case.response.status}) to {target}, which is mixed content"
    cause = f"{cause} for a page on https"
    if leads_to_login(target):
        return Diagnosis(f"{cause}{AT_LOGIN}", login_fix(str(url), target))
    return Diagnosis(cause, f"request {secure(url, target)}, {TELL_SCHEME}")
