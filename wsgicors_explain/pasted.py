"""What people paste: a message of the console, curl, fetch(...), a HAR file, a dump of headers.

None of it is ever executed.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace
from typing import Final

from .code import CALL, read_code
from .console import CHROMIUM_STATUS, QUOTED, Message, Said, is_message, read_console
from .copied import MAX_OTHERS, Copied, PasteError, read_fetch, read_har, stand_in
from .curl import CURL, read_curl
from .dumps import read_dump
from .headers import Headers, get_header, is_forbidden_request_header
from .origins import before_path

MAX_PASTE: Final = 64 * 1024 * 1024  # characters; HAR files are large
MAX_TEXT: Final = 1024 * 1024  # of anything else, the start is enough
BROWSERS_OWN: Final = frozenset(
    "user-agent priority pragma cache-control upgrade-insecure-requests :authority".split()
)
# Browsers send these on every request, with values that need no preflight.
DEFAULTS: Final = frozenset(("accept", "accept-language"))
SECRETS: Final = (
    r"[\w-]*(?:cookie|auth(?!enticate|ority)|token|secret|key|session|passw|csrf|signature|jwt"
    r"|credential)[\w-]*"
)
SECRET_HEADER: Final = re.compile(rf"(?i)(^|\bheader )({SECRETS}): .*", re.DOTALL)
SECRET_IN_URL: Final = re.compile(rf"(?i)(?<=[?&;])({SECRETS}|sig|code|otp)=[^&\s']*")
USER_IN_URL: Final = re.compile(r"(?<=://)[^/@\s]+@")
URL: Final = re.compile(r"(?i)https?://\S+")
UNQUOTED: Final = re.compile(r"(?m)^[ \t]*[^>\s]")  # a line that is not from another's e-mail
CURL_COMMAND: Final = "a curl command"
FETCH: Final = re.compile(r"(?m)^(?:[^\n]{0,100}\s)?fetch\(")
# Escape sequences that set colours or move the cursor.
TERMINAL: Final = re.compile(
    r"\x1b(?:\[[0-?]{0,40}[ -/]{0,9}[@-~]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\))"
)
POWERSHELL: Final = re.compile(r"(?i)\binvoke-(?:webrequest|restmethod)\b")
# wget and HTTPie; what may stand before the command is a prompt.
OTHER_TOOL: Final = re.compile(
    r"(?m)^(?:[^\n]{0,100}[$%#] ?)?(?P<tool>wget|https?|xhs?)[ ]+"
    r"(?=-|[A-Z]{3,7} |https?://|:\d|[\w-]{1,63}\.[\w-])"
)
# The errors that the code of a page gets, which do not say why.
PAGE_ERROR: Final = re.compile(
    "Failed to fetch|NetworkError when attempting|Load failed|Network Error|ERR_NETWORK"
    "|net::ERR_FAILED|Http failure response for|error loading dynamically imported module"
)
# The start of a line with a message, which is not within quotation marks.
MESSAGE_LINE: Final = re.compile(
    r"(?m)^[^\n'\"]{0,100}\b(?:Access to [\w ]{1,40} at '|Cross-Origin Request Blocked: )"
)
MESSAGE: Final = re.compile(
    r"Access to [\w ]{1,40} at '|Cross-Origin Request|due to access control checks"
    r"|blocked by CORS policy|not allowed by Access-Control|cannot load http|net::ERR_"
    r"|Fetch API cannot load|Cross-origin script load denied|Access-Control-Allow-|preflight"
)


@dataclass(frozen=True)
class Pasted:
    """The request in a paste, its response, and what the browser said about it.

    headers: those that the page sets. dropped: names of those that browsers set themselves.
    credentials, preflight: None if the paste does not say. cookies: by name.
    sent_origin: the header Origin of a copied request. by_curl: whether curl sent it.
    preflight_response: its status and headers, if the paste also has the request itself.
    """

    url: str | None = None
    method: str | None = None
    origin: str | None = None
    headers: Headers = field(default_factory=list)
    dropped: tuple[str, ...] = ()
    credentials: bool | None = None
    body_size: int | None = None
    response_status: int | None = None
    response_headers: Headers | None = None
    preflight: bool | None = None
    said: Said | None = None
    others: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()
    cookies: dict[str, str] = field(default_factory=dict)
    preflight_response: tuple[int, Headers | None] | None = None
    sent_origin: str | None = None
    by_curl: bool = False


def looks_pasted(text: str) -> bool:
    """Whether a TARGET is itself a paste, not a file, a module or a URL."""
    return len(text.split(None, 1)) > 1 and bool(
        MESSAGE.search(text)
        or is_message(text)
        or PAGE_ERROR.search(text)
        or CURL.match(text)
        or "fetch(" in text
        or ("://" in text and not text.lower().startswith("http"))
        or POWERSHELL.search(text)
        or OTHER_TOOL.match(text)
        or "\n" in text.strip()
    )


def mask(text: str) -> str:
    """The text without the values of cookies, tokens and passwords."""
    text = SECRET_HEADER.sub(r"\1\2: ...", text)
    return USER_IN_URL.sub("...@", SECRET_IN_URL.sub(r"\1=...", text))


def read_pasted(text: str) -> Pasted:
    """The first request in a text. PasteError: there is none that can be read."""
    text = text.lstrip("\ufeff").strip()
    if not text:
        raise PasteError("nothing was pasted")
    if len(text) > MAX_PASTE:
        raise PasteError(f"this paste has more than {MAX_PASTE} characters: keep one request")
    if text.startswith("{"):
        first, *rest = read_har(text)
        first.others = [each.url or "" for each in rest[:MAX_OTHERS]]
        return from_copied(first, "a HAR file")
    return read_lines(TERMINAL.sub("", text[:MAX_TEXT]))


def read_lines(text: str) -> Pasted:
    """The first request in a paste that is not a HAR file; a message precedes code below it."""
    if not UNQUOTED.search(text):
        text = QUOTED.sub("", text).strip()
    text = unescaped(text)
    if POWERSHELL.search(text):
        raise PasteError("this is PowerShell, which is not read: use 'Copy as cURL (bash)'")
    if URL.fullmatch(text):
        return from_copied(Copied(text), "a URL")
    code, console = "", text
    if CURL.match(text) or FETCH.match(text):  # what it sends may look like a message
        below = MESSAGE_LINE.search(text)
        end = below.start() if below else len(text)
        code, console = text[:end], text[end:]
    messages = read_console(console)
    if messages:
        pasted = with_headers(from_messages(messages), read_dump(console))
        return with_code(pasted, code or text)
    return read_code_or_headers(text)


def read_code_or_headers(text: str) -> Pasted:
    """The first request in a paste without a message."""
    if CURL.search(text):
        return from_copied(read_curl(text), CURL_COMMAND)
    if FETCH.search(text) or CALL.search(text):
        return from_call(text)
    return from_dump(text)


def with_code(pasted: Pasted, text: str) -> Pasted:
    """A message, with what the page sends if the code or the command is pasted as well."""
    if not (CURL.search(text) or CALL.search(text)):
        return pasted
    try:
        sent = read_code_or_headers(text)
    except PasteError:
        return pasted
    if sent.url != pasted.url:
        return pasted
    known = {name.lower() for name, _ in pasted.headers}
    credentials = sent.credentials if pasted.credentials is None else pasted.credentials
    return replace(
        pasted,
        method=pasted.method or sent.method,
        headers=[*pasted.headers, *(pair for pair in sent.headers if pair[0].lower() not in known)],
        credentials=credentials,
    )


def unescaped(text: str) -> str:
    """The text, if it was copied from a page's source, as the page shows it."""
    is_code = CURL.match(text) or FETCH.match(text)
    if is_code and re.search("[\"']", text):  # in a page's source, these would be escaped as well
        return text
    return html.unescape(text) if re.search("&#39;|&quot;", text) else text


def from_dump(text: str) -> Pasted:
    """Headers, the summary of a request, or Chromium's line about one that was not blocked."""
    copied = read_dump(text)
    loaded = CHROMIUM_STATUS.search(text)
    if loaded and not copied.url:
        method, url, status = loaded.groups()
        return from_copied(Copied(url, method, status=int(status)), "a line of Chromium's console")
    # "TypeError: Failed to fetch" looks like a header.
    is_error = PAGE_ERROR.search(text) and not copied.url
    has_headers = copied.headers or copied.response_headers
    if not is_error and (has_headers or (copied.url and copied.method)):
        return from_copied(copied, "a dump of headers")
    raise unreadable(text)


def from_call(text: str) -> Pasted:
    """A call of fetch, as developer tools copy it, or else as it is written in code."""
    code = read_code(text)
    if not FETCH.search(text) and code is None:
        raise unreadable(text)
    try:
        return from_copied(read_fetch(text), "a call of fetch")
    except PasteError:
        if code is None:
            raise
    return from_copied(code, "code, of which only literal text is read")


def unreadable(text: str) -> PasteError:
    """Why nothing could be read in a text."""
    if PAGE_ERROR.search(text):
        return PasteError(
            "this is the error that the page's code gets, which never says why: paste the message "
            "above or below it in the browser's console, which contains a URL"
        )
    tool = OTHER_TOOL.search(text)
    if tool:
        return PasteError(
            f"this is a command for {tool['tool']}, which is not read: write it as a curl command, "
            "or copy the request in the browser with 'Copy as cURL'"
        )
    return PasteError(
        "no request was found in this paste: paste the console's message, a curl command, "
        "fetch(...), a HAR file or the request's and the response's headers"
    )


def from_messages(messages: list[Message]) -> Pasted:
    """What the first message says, and the URLs of messages about other requests."""
    first = messages[0]
    same = [each for each in messages if each.url == first.url]
    others = dict.fromkeys(
        mask(each.url) for each in messages if each.url and each.url != first.url
    )
    said = first.said
    credentials = said.kind in ("wildcard-with-credentials", "allow-credentials") or None
    return Pasted(
        first.url,
        first.method,
        first.origin,
        named_headers(same),
        credentials=credentials,
        response_status=next((each.status for each in same if each.status), None),
        preflight=said.preflight,
        said=said,
        others=tuple(others),
        understood=(f"this is a message of {said.engine}: {mask(said.text)}",),
    )


def named_headers(messages: list[Message]) -> Headers:
    """The request headers that messages mention, with values that need a preflight."""
    names = [each.said.details.get("header") for each in messages if each.said.kind == "header"]
    return [(name, stand_in(name)) for name in names if name]


def with_headers(pasted: Pasted, copied: Copied) -> Pasted:
    """A message, with what the headers say that were pasted with it."""
    if copied.url not in (None, pasted.url):
        return pasted
    known = replace(
        pasted,
        origin=pasted.origin or origin_of(copied),
        method=pasted.method or copied.settle().method,
    )
    if known.preflight and not copied.preflight:  # the response may be to another request
        return known
    return replace(
        known,
        response_status=known.response_status or copied.status,
        response_headers=copied.response_headers,
    )


def origin_of(copied: Copied) -> str | None:
    """The page's origin, by the headers Origin or Referer."""
    origin = get_header(copied.headers, "origin")
    referrer = copied.referrer or get_header(copied.headers, "referer")
    if origin is None and referrer and re.match("(?i)https?://", referrer):
        origin = before_path(referrer)
    return origin


def from_copied(copied: Copied, what: str) -> Pasted:
    """The page's part of a request as it was sent."""
    origin = origin_of(copied)
    cookies = cookies_in(get_header(copied.headers, "cookie") or "")
    # A copied fetch says "include" for a cookie, and for Authorization alone.
    doubtful = get_header(copied.headers, "authorization") is not None
    credentials = True if cookies else None if doubtful else copied.credentials
    copied.settle()
    # A preflight names only headers that the page sets, whatever browsers send by default.
    is_theirs = is_forbidden_request_header if copied.preflight else is_set_by_browser
    kept = [pair for pair in copied.headers if not is_theirs(*pair)]
    dropped = dict.fromkeys(name for name, value in copied.headers if is_theirs(name, value))
    return Pasted(
        copied.url,
        copied.method,
        origin,
        kept,
        tuple(dropped),
        credentials,
        copied.body_size,
        copied.status,
        copied.response_headers,
        copied.preflight,
        others=tuple(dict.fromkeys(map(mask, copied.others))),
        understood=(f"this is {what}",),
        cookies=cookies,
        preflight_response=copied.preflight_response,
        sent_origin=get_header(copied.headers, "origin"),
        by_curl=what == CURL_COMMAND,
        said=Said("", "no-cors", {}, "", None) if copied.no_cors else None,
    )


def cookies_in(text: str) -> dict[str, str]:
    """The cookies in the value of a header Cookie."""
    pairs = [pair.strip().partition("=") for pair in text.split(";") if pair.strip()]
    return {name: value for name, _, value in pairs}


def is_set_by_browser(name: str, value: str) -> bool:
    """Whether the browser set this header, not the page."""
    lower = name.lower()
    return (
        is_forbidden_request_header(name, value)
        or lower in BROWSERS_OWN
        or lower in DEFAULTS
        or lower.startswith(":")
    )
