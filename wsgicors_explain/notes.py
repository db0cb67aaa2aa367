"""What CORS does not decide, but browsers do: cookies, and requests into a local network."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from .causes import Case
from .middleware import is_local
from .wire import URL


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


def on_local_network(case: Case) -> Iterable[str]:
    """A page of the internet, and a server that is not on it."""
    if not case.exchanges or "://" not in case.origin:
        return
    page, host = URL.parse(case.origin).host, case.last.url.host
    if is_inside(host) and not is_inside(page):
        yield (
            f"{host} is an address of a local network or of this machine: for a page on {page},"
            " Chromium asks the user for a permission"
        )


def on_cookies(case: Case) -> Iterable[str]:
    """Cookies of the response that browsers do not keep, and so do not send later."""
    if not case.include or not case.exchanges or "://" not in case.origin:
        return
    page, url = URL.parse(case.origin), case.last.url
    for name, value in case.response.headers:
        if name.lower() == "set-cookie":
            cookie = Cookie.parse(value)
            why = why_not_kept(cookie, page, url)
            if why:
                yield f"the cookie {cookie.name} is not kept: {why}"


def why_not_kept(cookie: Cookie, page: URL, url: URL) -> str:
    """Why browsers do not keep the cookie; empty if no reason is known."""
    if cookie.same_site == "none" and not cookie.secure:
        return "SameSite=None needs Secure as well"
    if cookie.secure and url.scheme == "http" and not is_local(url.host):
        return "Secure needs https"
    if cookie.same_site != "none" and not may_be_one_site(page, url):
        given = f"SameSite={cookie.same_site}" if cookie.same_site else "no SameSite, which is Lax"
        return f"it has {given}, and {page.host} is another site: send SameSite=None; Secure"
    return ""


def may_be_one_site(page: URL, url: URL) -> bool:
    """Whether the two share scheme and host, or the end of the host that a site has at least."""
    same_end = page.host.split(".")[-2:] == url.host.split(".")[-2:]
    return page.scheme == url.scheme and (page.host == url.host or same_end)


def is_inside(host: str) -> bool:
    """Whether the host is this machine, or has a private address."""
    if is_local(host):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_private
    except ValueError:
        return False
