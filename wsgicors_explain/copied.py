"""Requests as the developer tools copy them: curl, fetch, HAR, and dumps of headers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from .headers import REQUEST_HEADERS, REQUEST_METHOD, Headers, get_header

PIECE: Final = re.compile(
    r"""(?P<space>\s+|\\\r?\n)|'(?P<plain>[^']*)'|\$'(?P<ansi>(?:\\.|[^'\\])*)'"""
    r"""|"(?P<double>(?:\\.|[^"\\])*)"|\\(?P<escaped>.)|(?P<bare>[^\s'"\\$]+|\$)""",
    re.DOTALL,
)
ANSI_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.DOTALL
)
ANSI: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
DATA: Final = frozenset("-d --data --data-raw --data-binary --data-ascii --data-urlencode".split())
FLAGS: Final = frozenset(
    """--compressed --insecure --location --globoff --http2 --http1.1 --verbose --silent --include
    -k -L -g -v -s -i""".split()
)
REQUEST_LINE: Final = re.compile(r"([A-Za-z]{1,20}) (\S+) HTTP/[\d.]+")
STATUS_LINE: Final = re.compile(r"HTTP/[\d.]+ (\d{3})\b.*")
HEADER_LINE: Final = re.compile(r":?([-!#$%&*+.^_`|~0-9A-Za-z]+):[ \t]*(.*)")
PSEUDO_LINE: Final = re.compile(r":(method|scheme|authority|path|status):[ \t]*(\S*)")
OVERVIEW: Final = re.compile(r"(?i)request (url|method):?\s*(\S+)|status code:?\s*(\d{3})")
TITLE: Final = re.compile(r"(?i)(request|response) headers\b")
SHELL_PROMPTS: Final = "$>%# "


class PasteError(ValueError):
    """The text could not be read; the message says what was understood."""


def stand_in(name: str) -> str:
    """A value that needs a preflight, for a header of which only the name is known."""
    return "application/json" if name.lower() == "content-type" else "x"


@dataclass
class Copied:
    """One request, and its response where that was copied too."""

    url: str | None = None
    method: str | None = None
    headers: Headers = field(default_factory=list)
    credentials: bool | None = None
    body_size: int | None = None
    referrer: str | None = None
    status: int | None = None
    response_headers: Headers | None = None
    preflight: bool | None = None

    def settle(self) -> Copied:
        """A preflight stands for the request that it asks about."""
        method = get_header(self.headers, REQUEST_METHOD)
        if self.method == "OPTIONS" and method:
            asked = (get_header(self.headers, REQUEST_HEADERS) or "").split(",")
            self.method = method
            self.headers = [
                pair for pair in self.headers if pair[0].lower() in ("origin", "referer")
            ] + [(name.strip(), stand_in(name.strip())) for name in asked if name.strip()]
            self.preflight = True
        return self


def shell_words(text: str) -> list[str]:
    """The words of one command, as bash splits them; nothing is expanded."""
    words: list[list[str]] = []
    end, inside = 0, False
    for match in PIECE.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        if match["space"] is not None:
            inside = False
            continue
        piece = (
            ansi(match["ansi"])
            if match["ansi"] is not None
            else re.sub(r'\\([$`"\\\n])', r"\1", match["double"])
            if match["double"] is not None
            else match["plain"] or match["escaped"] or match["bare"] or ""
        )
        if not inside:
            words.append([])
        words[-1].append(piece)
        inside = True
    if end != len(text):
        raise PasteError("the curl command ends within quotation marks: paste all of it")
    return ["".join(pieces) for pieces in words]


def ansi(text: str) -> str:
    """The text in bash's $'...'."""

    def char(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code:
            return chr(int(code, 16))
        return chr(int(match[3], 8)) if match[3] else ANSI.get(match[4], match[4])

    return ANSI_ESCAPE.sub(char, text)


# The first argument tells: only in cmd is it, or the end of its line, escaped with ^.
CMD: Final = re.compile(r"""[$>%#\s]{0,9}curl\S{0,4}\s+(?:--url\s+)?(?:\^"|"[^"]*"\s+\^\r?\n)""")


def cmd_to_bash(text: str) -> str:
    """The cmd form of a command, in which ^ escapes, with bash's quotation marks."""
    text = re.sub(r"\^\r?\n", " ", text)
    return re.sub(r"\^(.)", r"\1", text, flags=re.DOTALL)


def read_curl(text: str) -> Copied:
    """A curl command, as Chromium and Firefox copy it."""
    if CMD.match(text):
        text = cmd_to_bash(text)
    copied = Copied()
    words = iter(shell_words(text.strip().lstrip(SHELL_PROMPTS))[1:])
    for word in words:
        if word in FLAGS:
            continue
        if not word.startswith("-"):
            copied.url = copied.url or word
            continue
        value = next(words, None)
        if value is None:
            raise PasteError(f"curl's option {word!r} lacks its value: paste all of the command")
        curl_option(copied, word, value)
    if copied.url is None:
        raise PasteError("the curl command names no URL: paste all of it")
    if "://" not in copied.url:
        copied.url = f"http://{copied.url}"
    if copied.method is None and copied.body_size is not None:
        copied.method = "POST"
    return copied


def curl_option(copied: Copied, option: str, value: str) -> None:
    if option in ("-X", "--request"):
        copied.method = value
    elif option == "--url":
        copied.url = value
    elif option in ("-H", "--header"):
        name, colon, rest = value.partition(":")
        copied.headers.append((name.rstrip("; ") if not colon else name.strip(), rest.strip()))
    elif option in ("-b", "--cookie"):
        copied.headers.append(("Cookie", value))
    elif option in DATA:
        copied.body_size = (copied.body_size or 0) + len(value.encode(errors="replace"))
    elif option in ("-e", "--referer"):
        copied.referrer = value


def read_fetch(text: str) -> Copied:
    """A call of fetch, as Chromium and Firefox copy it."""
    rest = text[text.index("fetch(") + 6 :].lstrip()
    rest = re.sub(r"(?m)^[ \t]*//.*$", "", rest)
    decoder = json.JSONDecoder()
    options: Any = {}
    try:
        url, end = decoder.raw_decode(rest)
        rest = re.sub(r",(?=\s*\})", "", rest[end:].lstrip())
        if rest.startswith(","):
            options, _ = decoder.raw_decode(rest[1:].lstrip())
    except (ValueError, RecursionError):
        raise PasteError(
            "fetch( was understood, its arguments were not: copy it with 'Copy as fetch'"
        ) from None
    headers = options.get("headers", {}) if isinstance(options, dict) else None
    if not isinstance(url, str) or not isinstance(headers, dict):
        raise PasteError("fetch( was understood, its arguments were not: they are not text")
    body = options.get("body")
    include = options.get("credentials")
    return Copied(
        url,
        str(options.get("method", "GET")),
        [(str(name), str(value)) for name, value in headers.items()],
        None if include is None else include == "include",
        len(body.encode(errors="replace")) if isinstance(body, str) else None,
        options.get("referrer") if isinstance(options.get("referrer"), str) else None,
    )


def read_har(text: str) -> list[Copied]:
    """The requests of a HAR file, those of pages on other origins first."""
    try:
        entries = json.loads(text)["log"]["entries"]
        found = [har_entry(entry) for entry in entries]
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise PasteError("this is JSON but not a HAR file: it needs log.entries") from None
    cors = [each for each in found if get_header(each.headers, "origin") is not None]
    if not found:
        raise PasteError("this HAR file has no requests in it")
    return cors or found


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


def read_dump(text: str) -> Copied:
    """Request and response headers, as the Network panel or ``curl -v`` shows them."""
    copied = Copied()
    pseudo = {"scheme": "https"}
    response = False
    for line in text.splitlines():
        line = re.sub(r"^[<>*] ?", "", line.strip())
        if match := TITLE.match(line):
            response = match[1].lower() == "response"
        elif match := STATUS_LINE.match(line):
            response, copied.status = True, int(match[1])
        elif match := REQUEST_LINE.fullmatch(line):
            response, copied.method, pseudo["path"] = False, match[1], match[2]
        elif match := OVERVIEW.match(line):
            dump_overview(copied, match)
        elif match := PSEUDO_LINE.fullmatch(line):
            pseudo[match[1]] = match[2]
        elif match := HEADER_LINE.fullmatch(line):
            response = add_header(copied, match[1], match[2], response)
    copied.method = pseudo.get("method", copied.method)
    copied.url = copied.url or dump_url(copied, pseudo)
    return copied


def dump_url(copied: Copied, pseudo: dict[str, str]) -> str | None:
    """The URL that the lines of a dump give together."""
    path = pseudo.get("path", "")
    host = pseudo.get("authority") or get_header(copied.headers, "host")
    if path.startswith("http"):
        return path
    return f"{pseudo['scheme']}://{host}{path}" if host and path else None


def dump_overview(copied: Copied, match: re.Match[str]) -> None:
    if match[3]:
        copied.status = int(match[3])
    elif match[1].lower() == "url":
        copied.url = match[2]
    else:
        copied.method = match[2]


def add_header(copied: Copied, name: str, value: str, response: bool) -> bool:
    """Note a header of a dump; gives whether those of the response have begun."""
    lower = name.lower()
    if lower.startswith(("access-control-allow", "access-control-expose", "access-control-max")):
        response = True
    elif lower in ("origin", "referer", "host", "user-agent"):
        response = False
    if response:
        copied.response_headers = copied.response_headers or []
        copied.response_headers.append((name, value))
    else:
        copied.headers.append((name, value))
    return response
