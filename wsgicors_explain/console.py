"""What Chromium, Firefox and WebKit write into the console when they block a request."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple

from .middleware import ALLOW_CREDENTIALS as AC
from .middleware import ALLOW_ORIGIN as AO
from .neighbours import NEIGHBOURS
from .neighbours import PATTERNS as OF_NEIGHBOURS
from .origins import before_path

# Each search below is bounded, so that a long text takes linear time.
CHROMIUM: Final = re.compile(
    r"Access to (?P<what>[\w ]{1,40}) at '(?P<url>\S+|[^']{1,2000})' "
    r"(?:\(redirected from '(?P<redirected>\S+)'\) ?)?from origin '(?P<origin>[^']{0,300})' "
    r"has been blocked by CORS policy:? ?"
)
CHROMIUM_2017: Final = re.compile(
    r"(?:(?:XMLHttpRequest|Fetch API) cannot load|Failed to load) "
    r"(?P<url>(?:https?|file):\S+)[.:] (?=[A-Z])"
)
CHROMIUM_2014: Final = re.compile(
    r"\b(?P<what>[A-Z][a-z]{1,20}) from origin '(?P<url>\S{1,300})' has been blocked from loading "
    "by Cross-Origin Resource Sharing policy: "
)
CHROMIUM_LOAD: Final = re.compile(
    r"(?:\b(?P<method>[A-Za-z]{1,20}) (?P<url>https?://\S+)|Failed to load resource:) "
    r"net::(?P<error>ERR_\w{1,60})(?:\.\w{1,60})?(?: (?P<status>\d{3})\b)?"
)
# The same line without an error, as for a page that handles the status itself.
CHROMIUM_STATUS: Final = re.compile(r"\b([A-Z]{1,20}|patch) (https?://\S+) ([1-5]\d\d)\b")
# The same without a method; Chromium writes the place before it, and WebKit behind it.
STATUS_OF_PLACE: Final = re.compile(
    r"(?:(?<!\S)(?P<place>\S{1,2000}?):\d{1,6} )?Failed to load resource: the server "
    r"responded with a status of (?P<status>\d{3})(?: \([^()]{0,60}\))?"
    r"(?: \((?P<file>[^(),]{1,200}), line \d+\))?"
)
THEREFORE: Final = re.compile(r"Origin '(?P<origin>\S{1,300})' is therefore not allowed access")
FROM_ORIGIN: Final = re.compile(r"\bfrom origin '(?P<origin>\S{1,300})' has been blocked by")
OLD_STATUS: Final = re.compile(r"(?:had|[Ii]nvalid) HTTP status code (?P<status>\d{3})\b")
PREFLIGHT: Final = re.compile("Response to preflight request doesn't pass access control check: ")
FIREFOX: Final = re.compile(
    r"Cross-Origin Request (?:Blocked|Warning): The Same Origin Policy (?:will )?disallows? "
    r"reading the remote resource at [‘“]?(?P<url>\S+?)[’”]?\.?(?: soon\.)? "
    r"\(Reason: (?P<reason>.{1,400}?)\)(?:\.|(?= |$))"
    r"(?: Status code: (?P<status>\d{3}|\(null\)))?"
)
WEBKIT_LOAD: Final = re.compile(
    r"[Cc]annot load (?:[a-z]{1,20} )?(?P<url>https?://\S+?)"
    r"(?: due to access control checks|\.(?= |$)(?! Request mode is| No '))"
)
ANY_URL: Final = re.compile(r"https?://[^\s'\"()（）<>]+")
ANY_HEADER: Final = re.compile("Access-Control-Allow-(?:Origin|Methods|Headers|Credentials)")
ANY_STATUS: Final = re.compile(r"[:：] ?(\d{3})[.。]?(?: |$)")
ANY_REASON: Final = re.compile(r"[(（][^()（）]{0,200}CORS|\(null\)")
STRAIGHT: Final = str.maketrans("‘’“”", "''\"\"")  # of word processors and chats
QUOTED: Final = re.compile(r"(?m)^[ \t]*(?:>[ \t]*)+")  # in the answer to an e-mail
MARKDOWN: Final = re.compile(r"\[(https?://[^][\s]{1,2000})\]\(https?://[^)(\s]{1,2000}\)")
QUOTE: Final = "['‘’\"“”`]"


def templates(table: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {
        kind: re.compile(text.replace("Q", QUOTE), re.IGNORECASE) for kind, text in table.items()
    }


CHROMIUM_REASONS: Final = templates(
    {
        "allow-origin-missing": f"No '{AO}' header is present",
        "allow-origin-multiple": f"The '{AO}' header contains multiple values '(?P<value>[^']*)'",
        "allow-origin-invalid": f"The '{AO}' header contains the invalid value '(?P<value>[^']*)'",
        "allow-origin-differs": f"The '{AO}' header has a value '(?P<value>[^']*)'",
        "wildcard-with-credentials": f"The value of the '{AO}' header in the response must not"
        f"|A wildcard '.' cannot be used in the '{AO}' header",
        "allow-credentials": f"The value of the '{AC}' header [a-z ]+ '[^']*'"
        f"|Credentials flag is 'true', but the '{AC}' header is",
        "status": "It does not have HTTP ok status"
        r"|(?:Response for preflight has )?invalid HTTP status code(?: \d{3})?",
        "preflight-redirect": "Redirect is not allowed for a preflight"
        r"|Response for preflight is invalid \(redirect\)",
        "redirected": r"Redirect from '(?P<source>\S+)' to '(?P<target>\S+)' has been blocked"
        r"|The request was redirected to '(?P<target2>\S+)', which is disallowed",
        "invalid-list": "Cannot parse (?P<header>Access-Control-Allow-(?:Methods|Headers))",
        "method": r"Method (?P<method>\S{1,99}) is not allowed by Access-Control-Allow-Methods",
        "header": r"Request header field (?P<header>\S{1,99}) is not allowed by Access-Control",
        "redirect-password": r"Redirect location '\S*' contains a username",
        "scheme": "Cross origin requests are only supported for",
        "same-origin-mode": "Cross origin requests are not allowed by request mode",
        "local-permission": "Permission was denied for this request(?: to access the "
        "Q(?P<space>[a-z]{1,20})Q)?",
        "local-network-header": "(?:No|The) '?Access-Control-Allow-Private-Network",
        "local-network": "The request client is not a secure context|Request had |Unable to ask"
        "|No 'Private-",
    }
)
FIREFOX_REASONS: Final = templates(
    {
        "allow-origin-missing": f"CORS header Q{AO}Q missing",
        "allow-origin-multiple": f"Multiple CORS header Q{AO}Q not allowed",
        "allow-origin-differs": f"CORS header Q{AO}Q does not match Q(?P<value>[^’']*)Q",
        "wildcard-with-credentials": "Credential is not supported if the CORS header",
        "allow-credentials": f"expected QtrueQ in CORS header Q{AC}Q",
        "status": "CORS preflight (?:response|channel) did not succeed",
        "network": "CORS request did not succeed",
        "method": "Did not find method in CORS header",
        "header": r"header Q(?P<header>[^\s’']+)Q is not allowed according"
        r"|missing token Q(?P<header2>[^\s’']+)Q",
        "invalid-list": "invalid token Q[^’']*Q in CORS header Q(?P<header>[-A-Za-z]+)Q",
        "authorization-wildcard": "When the Q?Access-Control-Allow-HeadersQ? is",
        "redirect": "CORS request external redirect not allowed",
        "scheme": "CORS request not http",
        "disabled": "CORS disabled|CORS header QOriginQ cannot be added",
    }
)
WEBKIT_REASONS: Final = templates(
    {
        "allow-origin-refused": r"Origin (?P<origin>\S{1,300}) is not allowed by "
        rf"{AO}\.(?: Status code: (?P<status>\d{{3}}))?",
        "wildcard-with-credentials": f"Cannot use wildcard in {AO} when cred",
        "allow-origin-multiple": f"{AO} cannot contain more than one origin",
        "allow-credentials": f"Credentials flag is true, but {AC} is not",
        "status": r"Preflight response is not successful\.(?: Status code: (?P<status>\d{3}))?",
        "method": r"Method (?P<method>\S{1,99}) is not allowed by Access-Control-Allow-Methods\.",
        "header": r"Request header field (?P<header>\S{1,99}) is not allowed by "
        r"Access-Control-Allow-Headers\.",
        "invalid-list": r"Header (?P<header>Access-Control-Allow-\w{1,9}) has an invalid value",
        "redirect-password": r"redirection URL \S+ has credentials",
        "scheme": "Cross origin requests are only supported for HTTP",
        "same-origin-mode": "Cross origin requests are not allowed when using same-origin",
        "redirects": "Load cannot follow more than 20 redirections",
        "script": "Cross-origin script load denied by Cross-Origin",
    }
)
# Messages that one pattern describes completely; the page may be given as a whole URL.
WHOLE: Final = (
    (
        "Chromium",
        "same-origin-mode",
        r"Fetch API cannot load (?P<url>\S+)\. Request mode is .same-origin. but the URL's origin "
        r"is not same as the request origin (?P<origin>[a-z][^\s\"]*[^\s\".])",
    ),
    (
        "Chromium",
        "scheme",
        r"Fetch API cannot load (?P<url>\S+)\. URL scheme .\S{1,40}. is not supported",
    ),
    ("Chromium", "scheme", r"Not allowed to load local resource: (?P<url>file:\S+)"),
    ("Chromium", "no-cors", r"\b(?P<method>[A-Z]{1,20})\W{1,2} is unsupported in no-cors mode"),
    ("WebKit", "no-cors", "Method must be GET, POST or HEAD in no-cors mode"),
    (
        "Firefox",  # until 2014, which does not say what is wrong
        "allow-origin-refused",
        r"reading the remote resource at (?P<url>\S{1,2000}?)\.? This can be fixed by moving",
    ),
    (
        "Firefox",
        "scheme",
        r"Security Error: Content at (?P<page>\S+) may not "
        r"(?:load or link to|load data from(?! http)) (?P<url>\S+?)\.(?=\W|$)",
    ),
)
PATTERNS: Final = [
    *((engine, kind, re.compile(pattern)) for engine, kind, pattern in WHOLE),
    *OF_NEIGHBOURS,
]
# What the errors in a line such as "GET URL net::ERR_FAILED" mean, by how they begin; any other: no
# response came.
NET_ERRORS: Final = {
    "ERR_NAME_": "name",
    "ERR_CONNECTION_REFUSED": "refused",
    "ERR_ADDRESS_UNREACHABLE": "refused",
    "ERR_CERT_": "certificate",
    "ERR_SSL_": "tls",
    "ERR_TIMED_OUT": "timeout",
    "ERR_CONNECTION_TIMED_OUT": "timeout",
    "ERR_UNSAFE_PORT": "port",
    "ERR_FAILED": "unnamed",
    "ERR_TOO_MANY_REDIRECTS": "redirects",
    "ERR_BLOCKED_BY_CLIENT": "blocker",
    "ERR_BLOCKED_BY_RESPONSE": "resource-policy",
    "ERR_BLOCKED_BY_ORB": "opaque-response",
    "ERR_BLOCKED_BY_CSP": "security-policy",
    "ERR_BLOCKED_BY_LOCAL_NETWORK": "local-network",
    "ERR_BLOCKED_BY_PRIVATE_NETWORK": "local-network",
}
# What a translated message of Firefox is about, by the header that it names.
BY_HEADER: Final = {
    AO: "allow-origin-refused",
    AC: "allow-credentials",
    "Access-Control-Allow-Methods": "method",
    "Access-Control-Allow-Headers": "header",
}
# Among several messages, these are not the cause; the higher the number, the less one says.
SYMPTOMS: Final = {
    "redirect": 1,
    "script": 1,
    "unnamed": 2,
    "no-status": 2,
    "network": 2,
    "untranslated": 2,
    "unknown": 2,
    **{each.kind: each.rank for each in NEIGHBOURS if each.rank},
}
MAX_BESIDE: Final = 100  # lines, and URLs in messages, that may belong together
BESIDE_CORS: Final = frozenset(each.kind for each in NEIGHBOURS)
OF_PREFLIGHTS: Final = frozenset(
    ("status", "preflight-redirect", "invalid-list", "method", "header", "local-network-header")
)
# Faults of a response, so the server sent one.
OF_RESPONSES: Final = OF_PREFLIGHTS.union(
    """
    allow-origin-missing allow-origin-multiple allow-origin-invalid allow-origin-differs
    allow-origin-refused wildcard-with-credentials allow-credentials redirected redirect
    redirect-password redirects
    """.split()
)


@dataclass(frozen=True)
class Said:
    """What a browser said: the fault as a stable word, the values in the message, its text.

    preflight: whether it was about a preflight; None if the text does not say.
    """

    engine: str
    kind: str
    details: dict[str, str]
    text: str
    preflight: bool | None


@dataclass(frozen=True)
class Message:
    """One message of the console, and what it says about the request."""

    said: Said
    url: str | None
    origin: str | None = None
    method: str | None = None
    status: int | None = None


def read_console(text: str) -> list[Message]:
    """The messages in a text, in their order; those that name only a symptom come last."""
    text = " ".join(MARKDOWN.sub(r"\1", QUOTED.sub("", text)).split())
    found = [*chromium(text.translate(STRAIGHT)), *firefox(text), *whole(text)]
    if all(each.said.kind in {*SYMPTOMS, *BESIDE_CORS} for each in found):
        found = [*(webkit(text) or without_start(text)), *found]
    if all(each.said.kind in SYMPTOMS for each in found):
        found += load_lines(text) or translated(text)
    lines = statuses(text, found)
    found = [with_status(each, lines) for each in found]
    return sorted(found, key=lambda each: SYMPTOMS.get(each.said.kind, 0))


class StatusLine(NamedTuple):
    """A line that only tells the status of a response.

    method: empty if it does not tell it.
    """

    method: str
    url: str
    status: int


def statuses(text: str, found: list[Message]) -> list[StatusLine]:
    """The lines that tell the status of the responses which messages are about."""
    urls = dict.fromkeys(each.url for each in found[:MAX_BESIDE] if each.url)
    lines = [
        StatusLine(match[1], match[2], int(match[3]))
        for match in islice(CHROMIUM_STATUS.finditer(text), MAX_BESIDE)
        if match[2] in urls
    ]
    places = list(islice(STATUS_OF_PLACE.finditer(text), MAX_BESIDE))
    for match in places:
        place = match["place"] or match["file"]
        # Without a place, it is the only request that failed, as far as the paste goes.
        is_only = not place and len(urls) == len(places) == 1
        status = int(match["status"])
        lines += [StatusLine("", url, status) for url in urls if is_only or is_place(place, url)]
    return lines


def is_place(place: str | None, url: str) -> bool:
    """Whether this is the end of a URL, which may lack its query."""
    end = f"/{(place or '').strip('/')}"
    without_query = url.partition("?")[0].rstrip("/")
    return end != "/" and (url.endswith(end) or without_query.endswith(end))


def with_status(message: Message, lines: list[StatusLine]) -> Message:
    """A message, with the status that another line tells of the same response."""
    if message.status is not None or message.said.kind in {*SYMPTOMS, *BESIDE_CORS}:
        return message
    for line in lines:
        # Until 2020, Chromium writes such a line about preflights as well.
        asked = line.method == "OPTIONS"
        if line.url == message.url and (message.said.preflight or not asked):
            method = message.method or (None if asked else line.method or None)
            return replace(message, status=line.status, method=method)
    return message


def reason(
    engine: str, kinds: dict[str, re.Pattern[str]], text: str, preflight: bool | None
) -> Said:
    """What the reason at the start of `text` means."""
    for kind, pattern in kinds.items():
        match = pattern.match(text)
        if match:
            details = {name.rstrip("2"): v for name, v in match.groupdict().items() if v}
            kind = "allow-origin-multiple" if is_list(kind, details) else kind
            return Said(engine, kind, details, match[0], preflight or kind in OF_PREFLIGHTS or None)
    return Said(engine, "unknown", {}, text[:200], preflight or None)


def is_list(kind: str, details: dict[str, str]) -> bool:
    """Whether Firefox joined several headers and compared the result with the origin."""
    return kind == "allow-origin-differs" and "," in details["value"]


def redirected(said: Said, status: int | None) -> Said:
    """What was said; if a preflight had the status of a redirect, as Chromium reports it."""
    is_redirect = said.kind == "status" and status is not None and 300 <= status <= 399
    return replace(said, kind="preflight-redirect") if is_redirect else said


def whole(text: str) -> list[Message]:
    """Messages that one pattern describes; most are not about CORS, but are mistaken for it."""
    found = []
    for engine, kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            named = values_of(match)
            origin = named.pop("origin", None) or before_path(named.pop("page", "")) or None
            url, method, status = (named.pop(name, None) for name in ("url", "method", "status"))
            said = Said(engine, kind, named, match[0], None)
            found.append(Message(said, url, origin, method, int(status) if status else None))
    return found


def is_message(text: str) -> bool:
    """Whether a text has a message that one pattern describes."""
    return any(pattern.search(text) for *_, pattern in PATTERNS)


def load_lines(text: str) -> list[Message]:
    """The line that Chromium writes below its messages, if it was pasted alone."""
    found = []
    for match in CHROMIUM_LOAD.finditer(text):
        error = match["error"]
        kinds = (kind for start, kind in NET_ERRORS.items() if error.startswith(start))
        kind = next(kinds, "network")
        said = Said("Chromium", kind, {}, match[0], None)
        status = int(match["status"]) if match["status"] else None
        found.append(Message(said, match["url"], None, match["method"], status))
    return found


def chromium(text: str) -> list[Message]:
    loads = {match["url"]: match for match in CHROMIUM_LOAD.finditer(text)}
    found = []
    starts = (CHROMIUM, CHROMIUM_2017, CHROMIUM_2014)
    for match in [match for start in starts for match in start.finditer(text)]:
        rest = text[match.end() : match.end() + 1500]
        preflight = PREFLIGHT.match(rest)
        start = preflight.end() if preflight else 0
        said = reason("Chromium", CHROMIUM_REASONS, rest[start:], preflight is not None)
        begun = values_of(match)
        said.details.update({key: begun[key] for key in ("redirected", "what") if key in begun})
        named = {
            **values_of(OLD_STATUS.search(rest)),
            **values_of(loads.get(match["url"])),
            **begun,
            **said.details,
            **values_of(THEREFORE.search(rest)),  # older versions name the URL's origin before
        }
        if said.kind == "redirected" and named.get("origin") == "null":
            del named["origin"]  # which it became by the redirect
        status = named.get("status")
        found.append(
            Message(
                said,
                match["url"],
                named.get("origin"),
                named.get("method"),
                int(status) if status else None,
            )
        )
    return found


def without_start(text: str) -> list[Message]:
    """A message of Chromium whose start, with the URL, is missing."""
    text = text.translate(STRAIGHT)
    preflight = PREFLIGHT.search(text) is not None
    for pattern in CHROMIUM_REASONS.values():
        match = pattern.search(text)
        if match:
            said = reason("Chromium", CHROMIUM_REASONS, text[match.start() :], preflight)
            page = FROM_ORIGIN.search(text) or THEREFORE.search(text)
            named = {
                **values_of(OLD_STATUS.search(text)),
                **values_of(CHROMIUM_LOAD.search(text)),
                **values_of(page),
            }
            url, origin, method = (named.get(name) for name in ("url", "origin", "method"))
            status = int(named["status"]) if "status" in named else None
            return [Message(said, url, origin, method, status)]
    return []


def values_of(match: re.Match[str] | None) -> dict[str, str]:
    """What the groups of a match hold."""
    return {name: value for name, value in match.groupdict().items() if value} if match else {}


def firefox(text: str) -> list[Message]:
    found = []
    for match in FIREFOX.finditer(text):
        said = reason("Firefox", FIREFOX_REASONS, match["reason"], None)
        status = match["status"] or ""
        number = int(status) if status.isdecimal() else None
        if said.kind == "status" and status == "(null)":
            said = replace(said, kind="no-status")
        found.append(Message(redirected(said, number), match["url"], status=number))
    return found


def webkit(text: str) -> list[Message]:
    load = WEBKIT_LOAD.search(text)
    url = load["url"] if load else None
    for kind, pattern in WEBKIT_REASONS.items():
        match = pattern.search(text)
        if match:
            said = reason("WebKit", {kind: pattern}, match[0], None)
            details = said.details
            status = int(details["status"]) if "status" in details else None
            return [
                Message(
                    redirected(said, status),
                    url,
                    details.get("origin"),
                    details.get("method"),
                    status,
                )
            ]
    said = Said("WebKit", "unknown", {}, load[0] if load else "", None)
    return [Message(said, url)] if load else []


def translated(text: str) -> list[Message]:
    """A message of Firefox in another language: its URL, header and status can be read."""
    url = ANY_URL.search(text)
    header, status = ANY_HEADER.search(text), ANY_STATUS.search(text)
    if not url or "CORS" not in text or not (header or status or ANY_REASON.search(text)):
        return []
    kind = BY_HEADER[header[0]] if header else "status" if status else "untranslated"
    kind = "network" if kind == "untranslated" and "(null)" in text else kind
    said = Said("Firefox", kind, {}, text[:200], kind in OF_PREFLIGHTS or None)
    return [Message(said, url[0].rstrip(".。"), status=int(status[1]) if status else None)]
