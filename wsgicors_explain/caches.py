"""Caches, which may answer with what they stored for another request.

A request with a query that no cache knows shows whether one did.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from .browser import Browser, Verdict
from .case import Case, Diagnosis, Uncached
from .evidence import cache_marks
from .headers import Headers, get_header
from .middleware import ALLOW_ORIGIN


def names_origin(headers: Headers) -> bool:
    """Whether Vary tells caches that the response depends on Origin."""
    vary = (get_header(headers, "vary") or "").lower()
    return bool({"origin", "*"} & {name.strip() for name in vary.split(",")})


def may_be_stored(headers: Headers) -> bool:
    """Whether a cache may keep the response, or a proxy names itself."""
    control = get_header(headers, "cache-control") or ""
    if re.search("(?i)no-store|no-cache|max-age=0|private", control):
        return False
    signs = {"cache-control", "expires", "last-modified", "via"}
    return not signs.isdisjoint(name.lower() for name, _ in headers)


def is_worth_asking(case: Case) -> bool:
    """Whether a cache may matter, and asking again changes nothing."""
    if not case.exchanges or case.is_preflight or case.origin == "null":
        return False
    if case.method not in ("GET", "HEAD") or case.sent_origin != case.origin:
        return False
    response = case.response
    if not 200 <= response.status <= 299:
        return False
    if not cache_marks(response) and not may_be_stored(response.headers):
        return False
    return case.verdict.allowed or not names_page(case)


def names_page(case: Case) -> bool:
    """Whether the origin in the response is right; if it is blocked, another header is wrong."""
    named = get_header(case.response.headers, ALLOW_ORIGIN)
    return named in ("*", case.sent_origin)


def ask_past_caches(case: Case, timeout: float) -> Uncached | None:
    """What the server returns for new queries; None if its status is a different one."""
    url = case.last.url
    mode = "include" if case.include else "omit"

    def ask(origin: str) -> Verdict:
        mark = "&" if "?" in url.target else "?"
        fresh = f"{url}{mark}wsgicors-explain={secrets.token_hex(8)}"
        browser = Browser(str(url), origin, timeout=timeout)
        return browser.fetch(fresh, case.method, case.headers, mode)

    alone = ask(url.origin).response
    as_page = None if case.verdict.allowed else ask(case.origin)
    if alone is None or alone.status != case.response.status:
        return None
    return Uncached(as_page, alone)


SEND_VARY: Final = (
    "send Vary: Origin with every response of this URL,"
    " also without Origin"
)  # fmt: skip


def of_cache(case: Case) -> Diagnosis | None:
    """The cause, if a cache returned what it stored for another page."""
    if names_page(case):
        return None
    marks, past = cache_marks(case.response), case.uncached
    named = f" ({marks})" if marks else " that does not name itself"
    cause = f"{case.verdict.reason}; it came from a cache{named}"
    asked = past.as_page if past else None
    known = asked is None or known_to_cache(asked)
    if past and asked and asked.allowed and not known:
        value = get_header(case.response.headers, ALLOW_ORIGIN)
        cause += ", which stored it for "
        cause += f"a page on {value}" if value else "a request without Origin"
        cause += f": past the cache, the server allows {case.origin}"
        return Diagnosis(cause, fix_of(past.alone.headers))
    if not marks:
        return None
    if known:
        cause += ", perhaps as it was sent to another page"
    else:
        cause += ", but past the cache the server does not allow it either"
    fix = f"{SEND_VARY}, purge the cache"
    return Diagnosis(cause, f"{fix}, and let the server send the headers above")


def known_to_cache(verdict: Verdict) -> bool:
    """Whether a cache responded although the query was new."""
    response = verdict.response
    return response is not None and bool(cache_marks(response))


def fix_of(headers: Headers) -> str:
    """How to keep a cache from mixing up pages, according to the response without Origin."""
    if get_header(headers, ALLOW_ORIGIN) == "*":
        return "purge the cache: the server now allows every page"
    if not names_origin(headers):
        return f"{SEND_VARY}, where it is missing now; then purge the cache"
    return "let the cache heed Vary: Origin, or add Origin to its key; then purge it"
