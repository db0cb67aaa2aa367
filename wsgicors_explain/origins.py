"""The origin of a page, and the detail in which two origins differ."""

from __future__ import annotations

import re
from typing import Final

from .middleware import OPAQUE_SCHEMES, parse_pattern
from .wire import HTTP_PORTS, URL

NOT_ONE_PAGE: Final = (
    "{!r} is not the origin of one page: write one such as 'https://app.example.com'"
)
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")


def page_origin(address: str) -> str:
    """The serialized origin of the page at `address`, which may be an origin already.

    ValueError: no page can have this address; the message says what to write instead.
    """
    # A blob has the origin of the page that made it.
    address = re.sub("(?i)^blob:(?=http)", "", address.strip())
    scheme, colon, rest = address.partition(":")
    if address == "*":
        raise ValueError(NOT_ONE_PAGE.format(address))
    if address == "null" or (colon and scheme.lower() in OPAQUE_SCHEMES):
        return "null"
    if scheme.lower() in HTTP_PORTS and rest.startswith("//"):
        origin = URL.parse(address).origin
    else:
        try:
            # A scheme may have what makes a pattern look like a regular expression.
            plain = re.sub("[.+]", "-", scheme) if rest.startswith("//") else scheme
            parse_pattern(plain + colon + rest)
        except ValueError as error:
            why = str(error).partition(", or '*'")[0]  # which is not what a page has
            raise ValueError(f"{address!r} {why}") from None
        origin = address
    if "*" in origin:
        raise ValueError(NOT_ONE_PAGE.format(address))
    return origin


def before_path(url: str) -> str:
    """The scheme and authority of a URL as they are written; neither is checked."""
    return "/".join(url.split("/")[:3])


def host_and_port(authority: str) -> tuple[str, str]:
    """The two parts of an authority; the port is empty if there is none."""
    host, _, port = authority.rpartition(":")
    return (host, port) if port.isdigit() else (authority, "")


def near_miss(found: str, wanted: str) -> str:
    """The detail in which `found` differs from `wanted`; empty if they differ in more."""
    if re.search(r"[\s,]", found):
        return "one value, sent once"
    if found.strip("\"'") in (wanted, "*"):
        return "quotation marks"
    if "*" in found:
        return "browsers do not support patterns"
    plain = found.lower()
    if plain == wanted:
        return "upper case"
    if plain.startswith(f"{wanted}/"):
        return "a trailing slash" if plain == f"{wanted}/" else "a path"
    scheme, separator, authority = plain.rpartition("://")
    wanted_scheme, _, wanted_authority = wanted.rpartition("://")
    if authority == wanted_authority:
        return f"{scheme} instead of {wanted_scheme}" if separator else "no scheme"
    if scheme != wanted_scheme:
        return ""
    return authority_near_miss(authority, wanted_authority)


def authority_near_miss(found: str, wanted: str) -> str:
    """The same for the part after the scheme."""
    host, port = host_and_port(found)
    wanted_host, wanted_port = host_and_port(wanted)
    if host == wanted_host and port:
        return f"port {port} instead of {wanted_port or 'none'}"
    if host == wanted_host:
        return f"port {wanted_port} is missing"
    if port == wanted_port and host.removeprefix("www.") == wanted_host.removeprefix("www."):
        return "an extra www." if host.startswith("www.") else "www. is missing"
    local = [name for name in LOCAL_NAMES if name in (host, wanted_host)]
    return f"{' and '.join(local)} are different origins" if len(local) == 2 else ""
