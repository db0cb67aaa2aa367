"""Header lists as browsers read them, and which request headers are safelisted or forbidden."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .middleware import MAX_AGE, POLICY_HEADERS, TOKEN

Headers = list[tuple[str, str]]

# https://fetch.spec.whatwg.org/#methods
FORBIDDEN_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
SAFELISTED_METHODS: Final = frozenset({"GET", "HEAD", "POST"})

# https://fetch.spec.whatwg.org/#forbidden-request-header
FORBIDDEN_REQUEST_HEADERS: Final = frozenset(
    """
    accept-charset accept-encoding
    access-control-request-headers access-control-request-method
    connection content-length cookie cookie2 date dnt expect host
    keep-alive origin referer set-cookie te trailer transfer-encoding
    upgrade via
    """.split()
)
METHOD_OVERRIDE_HEADERS: Final = frozenset(
    {"x-http-method", "x-http-method-override", "x-method-override"}
)

# https://fetch.spec.whatwg.org/#cors-safelisted-request-header
SAFELISTED_REQUEST_HEADERS: Final = frozenset(
    {"accept", "accept-language", "content-language", "content-type", "range"}
)
SAFELISTED_MIME_TYPES: Final = (
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
)
SAFELISTED_VALUE_BYTES: Final = 128
SAFELISTED_VALUES_BYTES: Final = 1024
DEFAULT_MAX_AGE: Final = 5  # seconds
MAX_AGE_LIMIT: Final = 7200  # seconds, Chromium's; WebKit's is 600
MAX_AGE_EVER: Final = 86400  # seconds, Firefox's, the highest
CORS_RESPONSE_HEADERS: Final = frozenset(name.lower() for name in POLICY_HEADERS)
REQUEST_METHOD: Final = "Access-Control-Request-Method"
REQUEST_HEADERS: Final = "Access-Control-Request-Headers"
MIME_TYPE: Final = re.compile(rf"({TOKEN.pattern}/{TOKEN.pattern})[\t\n\r ]*(?:;.*)?", re.DOTALL)
RANGE: Final = re.compile(r"bytes=([0-9]+)-([0-9]*)")
UNSAFE_BYTE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\"():<>?@\[\\\]{}\x7f]")
NOT_IN_LANGUAGES: Final = re.compile(r"[^0-9A-Za-z *,\-.;=]")
WHITE_SPACE: Final = "\t\n\r "


def header_values(headers: Headers, name: str) -> list[str]:
    """The values of all headers `name`, without the white space around them."""
    return [value.strip(WHITE_SPACE) for header, value in headers if header.lower() == name.lower()]


def get_header(headers: Headers, name: str) -> str | None:
    """All values of `name` joined by ", ", or None if there is none: "get" of section 2.2.2."""
    values = header_values(headers, name)
    return ", ".join(values) if values else None


def combined(headers: Headers, names: Iterable[str]) -> dict[str, str]:
    """What `get_header` finds for names in lower case, in one pass."""
    found: dict[str, list[str]] = {name: [] for name in sorted(names)}
    for name, value in headers:
        if name.lower() in found:
            found[name.lower()].append(value.strip(WHITE_SPACE))
    return {name: ", ".join(values) for name, values in found.items()}


def extract_list(headers: Headers, name: str) -> list[str] | None:
    """The tokens in all headers `name`, or None if there is none.

    This is "extract header list values" of section 2.2.2. ValueError: that is not a
    comma-separated list of tokens; its text is the header's value.
    """
    text = get_header(headers, name)
    if text is None:
        return None
    elements = [element.strip("\t ") for element in text.split(",")]
    tokens = [element for element in elements if element]  # the standard's "#token"
    if not all(map(TOKEN.fullmatch, tokens)):
        raise ValueError(text)
    return tokens


def extract_max_age(headers: Headers) -> int:
    """Seconds for which a preflight's response may be cached.

    These are steps 7.8 to 7.10 of "CORS-preflight fetch".
    """
    values = header_values(headers, MAX_AGE)
    if len(values) != 1 or not re.fullmatch("[0-9]+", values[0]):
        return DEFAULT_MAX_AGE
    digits = values[0].lstrip("0")
    return MAX_AGE_LIMIT if len(digits) > 9 else min(int(digits or "0"), MAX_AGE_LIMIT)


def is_forbidden_request_header(name: str, value: str) -> bool:
    """Whether this is a "forbidden request-header" (section 2.2.2), which no page can set."""
    name = name.lower()
    if name in METHOD_OVERRIDE_HEADERS:
        return any(method.strip("\t ").upper() in FORBIDDEN_METHODS for method in value.split(","))
    return name in FORBIDDEN_REQUEST_HEADERS or name.startswith(("proxy-", "sec-"))


def is_response_header(name: str) -> bool:
    """Whether only a server can send this header.

    People set it in the page's request as well.
    """
    return name.lower().startswith("access-control-")


def why_unsafe(name: str, value: str) -> str:
    """Why this is not a "CORS-safelisted request-header" (section 2.2.2); empty if it is.

    To be read after the header's name.
    """
    name = name.lower()
    if name not in SAFELISTED_REQUEST_HEADERS:
        return "is not a safelisted request header"
    if len(value) > SAFELISTED_VALUE_BYTES:
        return f"has more than {SAFELISTED_VALUE_BYTES} bytes"
    if name == "range":
        match = RANGE.fullmatch(value)
        safe = match is not None and (not match[2] or int(match[1]) <= int(match[2]))
        return "" if safe else "is not a single range with a start, as in bytes=0-99"
    unsafe = (NOT_IN_LANGUAGES if name.endswith("language") else UNSAFE_BYTE).search(value)
    if unsafe:
        return f"contains {unsafe[0]!r}, which is not safelisted there"
    if name == "content-type":
        mime_type = MIME_TYPE.fullmatch(value)
        if mime_type is None or mime_type[1].lower() not in SAFELISTED_MIME_TYPES:
            return f"is {value}, not one of {', '.join(SAFELISTED_MIME_TYPES)}"
    return ""


def unsafe_names(headers: Headers) -> dict[str, str]:
    """The "CORS-unsafe request-header names" of section 2.2.2, sorted, each with the reason."""
    reasons: dict[str, str] = {}
    safelisted: Headers = []
    for name, value in headers:
        why = why_unsafe(name, value)
        if why:
            reasons[name.lower()] = why
        else:
            safelisted.append((name.lower(), value))
    if sum(len(value) for _, value in safelisted) > SAFELISTED_VALUES_BYTES:
        for name, _ in safelisted:
            reasons.setdefault(
                name,
                f"shares more than {SAFELISTED_VALUES_BYTES} bytes with other safelisted headers",
            )
    return dict(sorted(reasons.items()))


def checked_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    """The headers as a list of pairs, values normalized.

    ValueError: a name is not a token, or a value contains a character not allowed in HTTP.
    """
    pairs: Any = headers.items() if isinstance(headers, Mapping) else headers
    result: Headers = [(name, value.strip(WHITE_SPACE)) for name, value in pairs]
    for name, value in result:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header")
        if re.search("[\0\r\n]|[^\0-\xff]", value):
            raise ValueError(f"header {name}: {value!r} contains a character not allowed in HTTP")
    return result
