"""Client code in JavaScript, of which literal text is read and nothing is executed."""

from __future__ import annotations

import re
from typing import Final

from .copied import Copied, stand_in
from .headers import Headers, get_header

# Each search below is bounded, so that a long text takes linear time.
CALL: Final = re.compile(
    r"""
    \b(?:fetch|axios)\(
    | [$y]\.(?:ajax|getJSON)\(
    | \.open\(\s*['"](?P<open>\w{1,20})['"]
    | (?P<object>[\w$]{1,40})\.
      (?P<verb>get|head|post|put|patch|delete)
      (?:<\w{1,40}>)?\(
    """,
    re.VERBOSE,
)
# Objects on a server, whose methods get, post and so on define a route.
SERVERS: Final = frozenset("app router server requests session Route".split())
SCOPE: Final = 4000  # characters that may belong to one call
ADDRESS: Final = re.compile(r"""['"`]((?:https?://|/)[^'"`\s]{0,2000})['"`]""")
# A name for an address, such as const API = "https://api.example.com".
CONSTANT: Final = re.compile(
    r"""\b(?:const|let|var)\s+([\w$]{1,40})\s*=\s*
    (['"`])(https?://[^'"`\s$]{1,2000})\2""",
    re.VERBOSE,
)
MAX_NAMES: Final = 20
# What axios and ky put before the addresses of their calls.
BASE: Final = re.compile(
    r"""\b(?:baseURL|prefixUrl)['"]?\s*[:=]\s*
    ['"`](https?://[^'"`\s]{1,2000})['"`]""",
    re.VERBOSE,
)
RELATIVE: Final = re.compile(r"""\(\s*['"`]([^'"`\s:]{0,2000})['"`]""")
# What a template computes: one value is as good as another.
COMPUTED: Final = re.compile(r"\$\{[^{}\n]{0,200}\}")
METHOD: Final = re.compile(
    r"""\b(?:method|type)['"]?\s*:\s*['"](\w{1,20})['"]""",
)
HEADERS: Final = re.compile(
    r"""\bheaders['"]?\s*[:=]\s*
    (?:new\ \w{1,20}\()?\s*
    \{([^{}]{0,2000})\}""",
    re.VERBOSE,
)
PAIR: Final = re.compile(
    r"""['"]?([\w-]{1,100})['"]?\s*:\s*
    (?:'([^'\n]*)' | "([^"\n]*)" | `([^`]*)`)?""",
    re.VERBOSE,
)
SETTER: Final = re.compile(
    r"""\b(?:setRequestHeader|append|set)\(\s*
    ['"]([\w-]{1,100})['"]\s*,\s*
    (?:['"`]([^'"`\n]*)['"`])?""",
    re.VERBOSE,
)
CONTENT_TYPE: Final = re.compile(
    r"""\bcontentType\s*:\s*['"]([^'"\n]{1,100})['"]""",
)
CREDENTIALS: Final = re.compile(
    r"""\bcredentials['"]?\s*:\s*['"]include['"]
    | \bwithCredentials['"]?\s*[:=]\s*true""",
    re.VERBOSE,
)
NO_CORS: Final = re.compile(r"""\bmode['"]?\s*:\s*['"]no-cors['"]""")


def read_code(text: str) -> Copied | None:
    """The first call in a text that sends a request to a literal address."""
    text = COMPUTED.sub("x", with_constants(text))
    bases = set(BASE.findall(text))
    base = bases.pop() if len(bases) == 1 else ""
    calls = [call for call in CALL.finditer(text) if call["object"] not in SERVERS]
    for call, following in zip(calls, [*calls[1:], None]):
        end = min(call.start() + SCOPE, following.start() if following else len(text))
        scope = text[call.start() : end]
        url = address_in(call, scope, base)
        if url:
            return read_call(call, url, scope, bool(CREDENTIALS.search(text)))
    return None


def with_constants(text: str) -> str:
    """The text, with the addresses that have a name in place of it; a name has one address."""
    named: dict[str, str] = {}
    for name, _, value in CONSTANT.findall(text):
        named[name] = value if named.get(name, value) == value else ""
    for name, value in list(named.items())[:MAX_NAMES]:
        quoted = re.escape(name)
        if value:
            text = text.replace(f"${{{name}}}", value)
            text = re.sub(rf"(?<![\w$.]){quoted} ?\+ ?(['\"`])", rf"\g<1>{value}", text)
            text = re.sub(rf"([(:] ?){quoted}(?=\s*[,)}}])", rf'\g<1>"{value}"', text)
    return text


def address_in(call: re.Match[str], scope: str, base: str) -> str:
    """The literal address of a call, after the base of axios or ky if it has one."""
    found = ADDRESS.search(BASE.sub("", scope))
    if call[0] == "axios(" or call["object"] not in (None, "$", "jQuery"):
        relative = RELATIVE.match(scope, len(call[0]) - 1)
        path = relative[1] if relative else found[1] if found else ""
        if base and path and "://" not in path:
            return f"{base.rstrip('/')}/{path.lstrip('/')}"
    return found[1] if found else ""


def read_call(call: re.Match[str], url: str, scope: str, credentials: bool) -> Copied:
    """What a call sends."""
    written = METHOD.search(scope)
    method = call["verb"] or call["open"] or (written[1] if written else "GET")
    if call[0] != "fetch(" and not call["open"]:  # the libraries write methods in upper case
        method = method.upper()
    headers = headers_in(scope)
    # jQuery sends forms; all the others send an object as JSON.
    json = call["object"] not in (None, "$", "jQuery") and method in ("POST", "PUT", "PATCH")
    if json and get_header(headers, "content-type") is None:
        headers.append(("Content-Type", "application/json"))
    return Copied(url, method, headers, credentials, no_cors=bool(NO_CORS.search(scope)))


def headers_in(scope: str) -> Headers:
    """The request headers that a call sets; a computed value is replaced by an example."""
    pairs = [
        (pair[1], pair[2] or pair[3] or pair[4])
        for found in HEADERS.finditer(scope)
        for pair in PAIR.finditer(found[1])
    ]
    pairs += [(pair[1], pair[2]) for pair in SETTER.finditer(scope)]
    pairs += [("Content-Type", found[1]) for found in CONTENT_TYPE.finditer(scope)]
    return [(name, value or stand_in(name)) for name, value in pairs]
