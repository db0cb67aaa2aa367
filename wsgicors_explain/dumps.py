"""Request and response headers, as the Network panel, ``curl -v`` and ``curl -i`` show them."""

from __future__ import annotations

import re
from typing import Final

from .copied import MAX_OTHERS, Copied, with_preflights
from .headers import get_header

REQUEST_LINE: Final = re.compile(r"([A-Za-z]{1,20}) (\S+) HTTP/[\d.]+")
STATUS_LINE: Final = re.compile(r"HTTP/[\d.]+ (\d{3})\b.*")
INTERIM_LINE: Final = re.compile(r"(?i)HTTP/[\d.]+ (?:1\d\d\b|200 connection established)")
HEADER_LINE: Final = re.compile(r":?([-!#$%&*+.^_`|~0-9A-Za-z]+):[ \t]*(.*)")
PSEUDO_LINE: Final = re.compile(r":(method|scheme|authority|path|status):[ \t]*(\S*)")
# A line of the summary at the top of the Network panel.
OVERVIEW: Final = re.compile(
    r"(?i)(?:request )?(?:(url):\s*(https?://\S+)|(method):\s*([a-z]{1,20}))$"
    r"|status(?: code)?:\s*(?:\S{1,9} )?(\d{3})\b"
)
TITLE: Final = re.compile(r"(?i)(request|response)(?: headers\b.*)?")
# Newer developer tools put a name and its value in two lines.
PAIRS: Final = re.compile(r"(?im)^request url:?[ \t]*\r?$")
PAIR_NAME: Final = re.compile(
    r"(?i)(request url|request method|status code|remote address|referrer policy|:?[\w-]{1,99}):?"
)
# Titles and links of the panel.
NOISE: Final = re.compile(
    r"(?i)general|summary|raw|parsed|view (?:source|parsed)|provisional headers are shown"
    r"|learn more"
)
# Lines that only look like headers.
NO_HEADER: Final = re.compile(
    r"(?i)(?:remote address|referrer policy|source|address|[a-z]{0,40}(?:error|exception)): "
)
# Headers that only requests, or only responses, have: they show which of the two a line is in.
OF_REQUESTS: Final = re.compile(
    "(?i)origin|referer|host|user-agent|accept|accept-language|accept-encoding|cookie|authorization"
    "|sec-.*|access-control-request-.*|upgrade-insecure-requests"
)
OF_RESPONSES: Final = re.compile(
    "(?i)access-control-(?:allow|expose|max).*|server|date|vary|set-cookie|content-encoding|etag"
    "|location|x-powered-by|alt-svc|last-modified|strict-transport-security|transfer-encoding"
)


def read_dump(text: str) -> Copied:
    """The first request in a dump of headers, and the URLs of the others."""
    blocks = exchanges(lines_of(text)) or [[]]
    copied, *others = with_preflights([read_exchange(each) for each in blocks[: 1 + MAX_OTHERS]])
    copied.others = [each.url for each in others if each.url]
    return copied


def lines_of(text: str) -> list[str]:
    """The lines that can hold a header; in a transcript of curl, the marked ones."""
    lines = [line.strip() for line in text.splitlines()]
    marked = [line[2:] for line in lines if line[:2] in ("> ", "< ")]
    if marked:
        return marked
    lines = [line for line in lines if line and not NOISE.fullmatch(line)]
    lines = in_pairs(lines) if PAIRS.search(text) else lines
    return [line for line in lines if not NO_HEADER.match(line)]


def in_pairs(lines: list[str]) -> list[str]:
    """The lines, with each name and the value in the line below it joined."""
    joined = []
    rest = iter(lines)
    for line in rest:
        if TITLE.fullmatch(line) or not PAIR_NAME.fullmatch(line):
            joined.append(line)
        else:
            joined.append(f"{line.rstrip(':')}: {next(rest, '')}")
    return joined


def exchanges(lines: list[str]) -> list[list[str]]:
    """The lines of each request with its response."""
    titled = any(map(TITLE.fullmatch, lines))
    found: list[list[str]] = []
    answered = True
    for line in lines:
        is_status = STATUS_LINE.match(line) is not None and not INTERIM_LINE.match(line)
        starts = line.lower().startswith("request url:")
        if not titled:
            starts = starts or is_status or REQUEST_LINE.fullmatch(line) is not None
        if not found or (starts and answered):
            found.append([])
            answered = False
        answered = answered or is_status or line.lower().startswith("status code:")
        found[-1].append(line)
    return found


def read_exchange(lines: list[str]) -> Copied:
    """One request, and its response."""
    copied = Copied()
    pseudo = {"scheme": "https"}
    response = False
    for line in lines:
        if match := TITLE.fullmatch(line):
            response = match[1].lower() == "response"
        elif INTERIM_LINE.match(line):
            response = True
        elif match := STATUS_LINE.match(line):
            response, copied.status = True, int(match[1])
        elif match := REQUEST_LINE.fullmatch(line):
            response, copied.method, pseudo["path"] = False, match[1], match[2]
        elif match := OVERVIEW.match(line):
            read_overview(copied, match)
            response = response or match[5] is not None  # its headers are below the summary
        elif match := PSEUDO_LINE.fullmatch(line):
            pseudo[match[1]] = match[2]
            response = match[1] == "status"
        elif match := HEADER_LINE.fullmatch(line):
            response = add_header(copied, match[1], match[2], response)
    if pseudo.get("status", "").isdecimal():
        copied.status = int(pseudo["status"])
    copied.method = pseudo.get("method", copied.method)
    copied.url = copied.url or url_of(copied, pseudo)
    return copied


def url_of(copied: Copied, pseudo: dict[str, str]) -> str | None:
    """The URL that the lines of a dump make up."""
    path = pseudo.get("path", "")
    host = pseudo.get("authority") or get_header(copied.headers, "host")
    if path.startswith("http"):
        return path
    return f"{pseudo['scheme']}://{host}{path}" if host and path else None


def read_overview(copied: Copied, match: re.Match[str]) -> None:
    """Note a line of the summary at the top of the Network panel."""
    if match[1]:
        copied.url = match[2]
    elif match[3]:
        copied.method = match[4]
    else:
        copied.status = int(match[5])


def add_header(copied: Copied, name: str, value: str, response: bool) -> bool:
    """Note a header of a dump; return whether the response's headers have begun."""
    if OF_RESPONSES.fullmatch(name):
        response = True
    elif OF_REQUESTS.fullmatch(name):
        response = False
    if response:
        copied.response_headers = copied.response_headers or []
        copied.response_headers.append((name, value))
    else:
        copied.headers.append((name, value))
    return response
