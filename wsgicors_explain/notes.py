"""What the verdict does not say, but the next hour of debugging would."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final, NamedTuple

from .caches import names_origin
from .case import Case
from .configuration import Configuration
from .diagnosis import visit_of
from .headers import CORS_RESPONSE_HEADERS, Headers, get_header, header_values, is_response_header
from .middleware import ALLOW_CREDENTIALS, ALLOW_ORIGIN, EXPOSE_HEADERS, is_local
from .origins import host_and_port
from .wire import HTTP_PORTS, URL

# Response headers that a page does not need, so it does not matter that it cannot read them.
NOT_FOR_PAGES: Final = frozenset(
    """
    connection content-security-policy cross-origin-embedder-policy cross-origin-opener-policy
    cross-origin-resource-policy date keep-alive permissions-policy referrer-policy server
    set-cookie strict-transport-security transfer-encoding vary x-content-type-options
    x-frame-options x-powered-by x-xss-protection
    """.split()
)


def all_notes(configuration: Configuration | None, case: Case) -> Iterable[str]:
    """Every note, a line each; `configuration` is None for the server of a URL."""
    if configuration is None:
        yield from on_local_network(case)
    elif configuration.options:
        file = configuration.place.rpartition(":")[0]
        yield f"{file} was read without loading its application: an empty 200 takes its place"
    chooser = chooser_of(configuration)
    if chooser:
        yield (
            f"which application of {chooser} responds is unknown:"
            " the last one that uses wsgicors was called"
        )
    yield from on_replaced_headers(case)
    yield from on_cookies(case)
    yield from on_star(case)
    if case.exchanges and get_header(case.last.headers, "origin") is not None:
        ours = configuration is not None and configuration.cors is not None
        yield from on_unreadable_headers(case, ours=ours)
        yield from on_vary(case.response.headers)
        yield from on_images(case)


def chooser_of(configuration: Configuration | None) -> str:
    """The section of an ini file that picks the application in an unknown way, if there is one."""
    uses = [configuration, *configuration.others] if configuration else []
    return next((use.chooser for use in uses if use.chooser), "")


def on_unreadable_headers(case: Case, *, ours: bool) -> Iterable[str]:
    """Headers of the response that the page might want, but cannot read."""
    if not (case.verdict.allowed and case.verdict.response):
        return
    sent = {name.lower() for name, _ in case.response.headers}
    hidden = [
        name
        for name in sorted(sent - case.verdict.readable_headers.keys() - NOT_FOR_PAGES)
        if not is_response_header(name)
    ]
    if hidden:
        where = f"{EXPOSE_HEADERS}{', option expose_headers' if ours else ''}"
        them = "it" if len(hidden) == 1 else "them"
        yield f"the page cannot read {', '.join(hidden)}: list {them} in {where}"


def on_replaced_headers(case: Case) -> Iterable[str]:
    """CORS headers of the application that the policy replaced or removed."""
    visit = visit_of(case)
    if visit is None or not case.exchanges:
        return
    if visit.environ["REQUEST_METHOD"] != case.last.method:
        return
    decision = visit.decision
    allowed = decision is not None and decision.policy
    names = {name.lower(): name for name, _ in visit.received}
    for name in names.values():
        own = header_values(visit.received, name)
        sent = header_values(case.response.headers, name)
        if name.lower() not in CORS_RESPONSE_HEADERS or sent == own:
            continue
        what = f"the application sent {name}: {', '.join(own)}"
        if sent:
            yield f"{what}; the policy replaced it with {', '.join(sent)}"
        elif allowed:
            yield f"{what}; the policy removed it, because only the policy decides"
        else:
            yield f"{what}; it was removed, because no policy allows this request"


def on_vary(headers: Headers) -> Iterable[str]:
    """A response for one origin that a cache may give to pages of another."""
    if get_header(headers, ALLOW_ORIGIN) in (None, "*"):
        return
    if not names_origin(headers):
        yield (
            "Vary does not include Origin, so a cache may serve this response,"
            f" with its {ALLOW_ORIGIN}, to pages of other origins"
        )


def on_images(case: Case) -> Iterable[str]:
    """A response without Origin that a browser may have stored, as it does for an image."""
    past = case.uncached
    if not (past and case.verdict.allowed):
        return
    headers = past.alone.headers
    if get_header(headers, ALLOW_ORIGIN) is None and not names_origin(headers):
        yield (
            f"without Origin, as for <img>, this URL returns neither {ALLOW_ORIGIN} nor Vary:"
            " Origin: Chromium blocks a page that first shows the image and then fetches it"
        )


class Cookie(NamedTuple):
    """A Set-Cookie header, as far as it decides whether the cookie is kept."""

    name: str
    same_site: str
    secure: bool

    @classmethod
    def parse(cls, text: str) -> Cookie:
        """Read a header's value; the names of attributes have no case."""
        pair, *attributes = text.split(";")
        found = {}
        for attribute in attributes:
            key, _, value = attribute.partition("=")
            found[key.strip().lower()] = value.strip().lower()
        return cls(pair.partition("=")[0].strip(), found.get("samesite", ""), "secure" in found)


def on_star(case: Case) -> Iterable[str]:
    """A server that may respond differently to a cookie, which is not sent here."""
    if not case.include or not case.exchanges:
        return
    headers = case.response.headers
    star, true = get_header(headers, ALLOW_ORIGIN), get_header(headers, ALLOW_CREDENTIALS)
    cookie = get_header(case.last.headers, "cookie")
    if (star, true, cookie) == ("*", "true", None):
        yield (
            "no cookie was sent: some servers, such as older versions of Starlette, send the"
            " origin instead of * as soon as there is one"
        )


def on_local_network(case: Case) -> Iterable[str]:
    """A page on the internet, and a server on a local network."""
    scheme, page = scheme_and_host(case.origin)
    if not case.exchanges or scheme not in HTTP_PORTS:
        return
    host = case.last.url.host
    if is_inside(host) and not is_inside(page):
        yield (
            f"{host} is an address of a local network or of this machine: for a page on {page},"
            " Chromium asks the user for a permission"
        )


def on_cookies(case: Case) -> Iterable[str]:
    """Cookies of the response that browsers do not keep, and so do not send later."""
    if not case.include or not case.exchanges or "://" not in case.origin:
        return
    for name, value in case.response.headers:
        if name.lower() == "set-cookie":
            cookie = Cookie.parse(value)
            why = why_not_kept(cookie, case.origin, case.last.url)
            if why:
                yield f"the cookie {cookie.name} is not kept: {why}"


def scheme_and_host(origin: str) -> tuple[str, str]:
    """Of the page, which may be one of an application or an extension; null has no host."""
    scheme, _, authority = origin.partition("://")
    return scheme, host_and_port(authority)[0]


def why_not_kept(cookie: Cookie, origin: str, url: URL) -> str:
    """Why browsers do not keep the cookie; empty if no reason is known."""
    if cookie.same_site == "none" and not cookie.secure:
        return "SameSite=None needs Secure as well"
    if cookie.secure and url.scheme == "http" and not is_local(url.host):
        return "Secure needs https"
    if cookie.same_site != "none" and not may_be_one_site(origin, url):
        given = f"SameSite={cookie.same_site}" if cookie.same_site else "no SameSite, which is Lax"
        page = scheme_and_host(origin)[1]
        return f"it has {given}, and {page} is another site: send SameSite=None; Secure"
    return ""


def may_be_one_site(origin: str, url: URL) -> bool:
    """Whether the two share scheme and host, or the end of the host that a site has at least.

    The permissions of an extension may make every host its own site.
    """
    scheme, host = scheme_and_host(origin)
    same_end = host.split(".")[-2:] == url.host.split(".")[-2:]
    return scheme.endswith("-extension") or (
        scheme == url.scheme and (host == url.host or same_end)
    )


def is_inside(host: str) -> bool:
    """Whether the host is this machine, or has a private address."""
    if is_local(host):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_private
    except ValueError:
        return False
