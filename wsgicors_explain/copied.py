"""Requests as the developer tools copy them: fetch and HAR files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from .headers import (
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_REQUEST_HEADERS,
    Headers,
    get_header,
)
from .middleware import ALLOW_ORIGIN

MAX_OTHERS: Final = 20  # requests that are listed besides the first
# Text in quotation marks, which is kept, or a comma that JSON does not allow.
TRAILING_COMMA: Final = re.compile(r"""("(?:\\.|[^"\\])*")|,(?=\s*\})""")


class PasteError(ValueError):
    """The text could not be read; the message says what was understood."""


def stand_in(name: str) -> str:
    """A value that needs a preflight, for a header whose value is unknown."""
    if name.lower() == "content-type":
        return "application/json"
    return '"x"' if name.lower() in SAFELISTED_REQUEST_HEADERS else "x"


@dataclass
class Copied:
    """One request, and its response if that was copied too."""

    url: str | None = None
    method: str | None = None
    headers: Headers = field(default_factory=list)
    credentials: bool | None = None
    body_size: int | None = None
    referrer: str | None = None
    status: int | None = None
    response_headers: Headers | None = None
    preflight: bool | None = None
    others: list[str] = field(default_factory=list)
    preflight_response: tuple[int, Headers | None] | None = None
    no_cors: bool = False  # the page asks so

    def settle(self) -> Copied:
        """Turn a preflight into the request that it asks about."""
        method = get_header(self.headers, REQUEST_METHOD)
        if self.method == "OPTIONS" and method:
            asked = (get_header(self.headers, REQUEST_HEADERS) or "").split(",")
            self.method = method
            self.headers = [
                pair for pair in self.headers if pair[0].lower() in ("origin", "referer")
            ] + [(name.strip(), stand_in(name.strip())) for name in asked if name.strip()]
            self.preflight = True
        return self


def read_fetch(text: str) -> Copied:
    """A call of fetch, as Chromium and Firefox copy it."""
    rest = text.partition("fetch(")[2].lstrip()
    rest = re.sub(r"(?m)^[ \t]*//.*$", "", rest)
    decoder = json.JSONDecoder()
    options: Any = {}
    try:
        url, end = decoder.raw_decode(rest)
        rest = TRAILING_COMMA.sub(r"\1", rest[end:].lstrip())
        if rest.startswith(","):
            options, _ = decoder.raw_decode(rest[1:].lstrip())
    except (ValueError, RecursionError):
        raise PasteError(
            "the arguments of fetch( cannot be read: copy it with 'Copy as fetch'"
        ) from None
    headers = options.get("headers", {}) if isinstance(options, dict) else None
    if not isinstance(url, str) or not isinstance(headers, dict):
        raise PasteError("the arguments of fetch( cannot be read: they are not text")
    body = options.get("body")
    include = options.get("credentials")
    later = re.findall(r"""(?m)^(?:await )?fetch\("(https?://[^\s"]+)""", text)
    return Copied(
        url,
        str(options.get("method", "GET")),
        [(str(name), str(value)) for name, value in headers.items()],
        None if include is None else include == "include",
        len(body.encode(errors="replace")) if isinstance(body, str) else None,
        options.get("referrer") if isinstance(options.get("referrer"), str) else None,
        others=later[1 : 1 + MAX_OTHERS],
        no_cors=options.get("mode") == "no-cors",
    )


def with_preflights(found: list[Copied]) -> list[Copied]:
    """The requests in their order, each with the response to its preflight, if there is one."""
    waiting = {}
    for each in found:
        method = get_header(each.headers, REQUEST_METHOD)
        if each.method == "OPTIONS" and method is not None and each.status is not None:
            waiting[each.url, method] = each
    used = set()
    for each in found:
        preflight = waiting.pop((each.url, each.method or ""), None)
        if preflight is not None and preflight.status is not None:
            each.preflight_response = preflight.status, preflight.response_headers
            used.add(id(preflight))
    return [each for each in found if id(each) not in used]


def read_har(text: str) -> list[Copied]:
    """The requests of a HAR file, those of pages on other origins first."""
    try:
        read = json.loads(text)
    except (RecursionError, ValueError):
        raise PasteError(
            "this begins like a HAR file and is not JSON: paste, or save, all of it"
        ) from None
    try:
        entries = read["log"]["entries"]
        found = [har_entry(entry) for entry in entries]
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise PasteError("this is JSON but not a HAR file: it needs log.entries") from None
    cors = [each for each in found if get_header(each.headers, "origin") is not None]
    if not found:
        raise PasteError("this HAR file has no requests in it")
    return sorted(with_preflights(cors or found), key=may_be_read)  # the one in trouble first


def may_be_read(copied: Copied) -> bool:
    """Whether the response looks as if the page got it."""
    origin = get_header(copied.headers, "origin")
    named = get_header(copied.response_headers or [], ALLOW_ORIGIN)
    return named in ("*", origin) and (copied.status or 0) < 400


def har_entry(entry: Any) -> Copied:
    request, response = entry["request"], entry.get("response") or {}
    status = int(response.get("status") or 0)
    size = request.get("bodySize")
    return Copied(
        str(request["url"]),
        str(request["method"]),
        [(str(each["name"]), str(each["value"])) for each in request.get("headers", [])],
        None,
        size if isinstance(size, int) and size > 0 else None,
        None,
        status or None,
        [(str(each["name"]), str(each["value"])) for each in response.get("headers", [])]
        if status
        else None,
    )
