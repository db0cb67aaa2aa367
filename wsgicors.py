"""Cross-Origin Resource Sharing (CORS) for any WSGI application, in one file.

Browsers let a page read a response from another origin only if the server allows it
with the headers of the CORS protocol (https://fetch.spec.whatwg.org/#http-cors-protocol).
This middleware implements the server's side of the protocol::

    from wsgicors import CORS

    application = CORS(application, origin="https://app.example.com", methods="GET, PUT",
                       headers="X-Token", credentials=True, maxage=600)

In an ini file for PasteDeploy, with two policies::

    [filter:cors]
    use = egg:wsgicors#middleware
    policy = api, public
    api_path = /api/*
    api_origin = https://app.example.com https://*.example.org
    api_credentials = true
    public_origin = *

The contract:

1. A wrong or insecure configuration raises ConfigError, which lists every problem and its fix.
2. The path picks a group of policies, and the origin picks one policy of that group.
3. If no policy governs the path, the middleware does not change the request or the response.
4. The middleware responds to preflights itself, unless preflight_continue is set.
5. Any other request reaches the application. CORS only decides what a page may read.
6. The policy is the only authority: Access-Control headers of the application are replaced or
   removed.
7. If headers depend on the request's Origin, Vary says so, also without an Origin.
8. The middleware echoes only what it has checked against a grammar and a limit.
9. If a predicate or a strategy fails, the request is refused.
10. CORS is not access control: it protects the users of browsers, not the server.

docs/options.rst explains every option. ``python -m wsgicors explain`` says why a browser blocks
a request.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import threading
import time
from collections import deque, namedtuple
from collections.abc import Mapping
from types import CoroutineType, FunctionType, MappingProxyType
from weakref import WeakValueDictionary

# Importing typing would cost each start-up milliseconds that no request needs; type
# checkers know this name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import Any, Final

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Steps = Iterator[tuple[str, "State"]]  # of a proof: a character, what is known then
    Predicate = Callable[[str, WSGIEnvironment], bool]
    Header = tuple[str, str]
    # The response to a preflight: status, headers, body. The status is empty if the
    # application responds.
    PreflightResponse = tuple[str, list[Header], Iterable[bytes]]
    Complain = Callable[..., None]  # value, message, code="invalid"
    Pace = Callable[[Iterable[Any]], Iterable[Any]]
    AcceptedRisks = frozenset[str]
    # One policy as written: option -> key, value; None if unset.
    Section = dict[str, tuple[str, Any]]

__all__ = [
    "CORS",
    "ConfigError",
    "OriginList",
    "Policy",
    "Problem",
    "__version__",
    "check_origins",
    "make_middleware",
]
__version__ = "1.0.0"

# wsgicors_explain also uses the header names and sets of the vocabulary, OPTIONS and TOKEN,
# the reasons of refusals, Call, is_local, normal_path, parse_host, parse_pattern,
# public_suffix_list and show; tests/test_rooms.py has the list.


# ----------------------------------------------------------------------
# Vocabulary: the names and limits of the Fetch standard, and ours.
# ----------------------------------------------------------------------

# What a preflight asks for, as the keys of its environ.
# https://fetch.spec.whatwg.org/#http-requests
ASKED_METHOD: Final = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"
ASKED_HEADERS: Final = "HTTP_ACCESS_CONTROL_REQUEST_HEADERS"
# https://fetch.spec.whatwg.org/#http-responses
ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS: Final = "Access-Control-Allow-Credentials"
ALLOW_METHODS: Final = "Access-Control-Allow-Methods"
ALLOW_HEADERS: Final = "Access-Control-Allow-Headers"
MAX_AGE: Final = "Access-Control-Max-Age"
EXPOSE_HEADERS: Final = "Access-Control-Expose-Headers"
# https://w3c.github.io/resource-timing/#sec-timing-allow-origin
TIMING_ALLOW_ORIGIN: Final = "Timing-Allow-Origin"

# The headers of which only the policy decides, not the application.
POLICY_HEADERS: Final = frozenset(
    name.lower()
    for name in (
        ALLOW_ORIGIN,
        ALLOW_CREDENTIALS,
        ALLOW_METHODS,
        ALLOW_HEADERS,
        MAX_AGE,
        EXPOSE_HEADERS,
    )
)

# https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name: readable without
# being exposed.
SAFELISTED_RESPONSE_HEADERS: Final = frozenset(
    (
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    )
)
# https://fetch.spec.whatwg.org/#forbidden-response-header-name: never readable.
FORBIDDEN_RESPONSE_HEADERS: Final = frozenset(("set-cookie", "set-cookie2"))

# https://fetch.spec.whatwg.org/#concept-method-normalize
NORMALIZED_METHODS: Final = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"))
# Where `*` cannot be sent, these stand for "any", so that a cached preflight serves
# them all (RFC 9110, RFC 5789).
STANDARD_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Named in addition to `*`: each name that a browser caches saves a preflight, and `*`
# does not cover Authorization:
# https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
NAMED_METHODS: Final = ("PUT", "PATCH", "DELETE")
NAMED_HEADERS: Final = ("Authorization", "Content-Type")

# The port that a URL leaves out: https://url.spec.whatwg.org/#default-port
DEFAULT_PORTS: Final = {"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}
WEB_SCHEMES: Final = ("http", "https")
# https://html.spec.whatwg.org/#concept-origin-opaque: pages of these are sent as `null`.
OPAQUE_SCHEMES: Final = frozenset(("about", "blob", "data", "file", "javascript"))

# Domains directly under which anyone can register a host. The package `publicsuffixlist`
# has the whole list. This is the part of it to which people deploy, and some domains that
# it lacks. `*` is one label, most often a region.
PUBLIC_SUFFIXES: Final = frozenset(
    """
    ltd.uk me.uk nhs.uk plc.uk sch.uk asn.au id.au geek.nz
    school.nz law.za web.za ad.jp ed.jp go.jp gr.jp lg.jp
    ne.jp or.jp go.kr ne.kr or.kr pe.kr re.kr firm.in gen.in
    ind.in biz.id my.id or.id web.id go.th in.th or.th
    club.tw game.tw idv.tw idv.hk name.my bel.tr gen.tr
    web.tr gob.ar int.ar gob.mx adv.br app.br art.br blog.br
    dev.br eco.br eti.br ind.br in.ua kiev.ua lviv.ua nom.es
    gv.at or.at muni.il br.com cn.com de.com eu.com eu.org
    gb.net in.net jp.net jpn.com ru.com sa.com se.net uk.com
    uk.net us.com za.com co.com

    amplifyapp.com awsapprunner.com cloudfront.net
    elasticbeanstalk.com elb.amazonaws.com on.aws
    s3.amazonaws.com s3-website-us-east-1.amazonaws.com
    azure-api.net azurecontainer.io azurecontainerapps.io
    azurefd.net azurestaticapps.net azurewebsites.net
    blob.core.windows.net cloudapp.azure.com cloudapp.net
    devtunnels.ms powerappsportals.com sharepoint.com
    trafficmanager.net web.core.windows.net a.run.app
    appspot.com blogspot.com cdn.ampproject.org
    cloudfunctions.net cloudworkstations.dev firebaseapp.com
    firebaseio.com firebasestorage.app hosted.app run.app
    translate.goog usercontent.goog web.app withgoogle.com
    *.awsapprunner.com *.elasticbeanstalk.com
    *.elb.amazonaws.com elb.*.amazonaws.com
    compute.amazonaws.com *.compute.amazonaws.com
    compute-1.amazonaws.com *.compute-1.amazonaws.com
    execute-api.*.amazonaws.com s3.*.amazonaws.com
    s3-website.*.amazonaws.com lambda-url.*.on.aws
    cs.amazonlightsail.com *.cs.amazonlightsail.com
    s3-website-us-west-1.amazonaws.com
    s3-website-us-west-2.amazonaws.com
    s3-website-eu-west-1.amazonaws.com
    s3-website-ap-southeast-1.amazonaws.com
    s3-website-ap-southeast-2.amazonaws.com
    s3-website-ap-northeast-1.amazonaws.com
    s3-website-sa-east-1.amazonaws.com *.azurecontainer.io
    *.azurecontainerapps.io *.azurefd.net
    *.azurestaticapps.net *.azurewebsites.net
    centralus.*.azurestaticapps.net
    eastasia.*.azurestaticapps.net
    eastus2.*.azurestaticapps.net
    westeurope.*.azurestaticapps.net
    westus2.*.azurestaticapps.net *.cloudapp.azure.com
    *.devtunnels.ms *.web.core.windows.net r.appspot.com
    *.r.appspot.com *.run.app firebasedatabase.app
    *.firebasedatabase.app

    app.github.dev github.dev github.io githubpreview.dev
    githubusercontent.com preview.app.github.dev
    bitbucket.io codeberg.page gitbook.io gitlab.io
    gitpod.io readthedocs-hosted.com readthedocs.io
    sourcehut.page srht.site code.run csb.app deno.dev
    encr.app fly.dev glitch.me hf.space gradio.app
    gradio.live modal.run herokuapp.com herokussl.com
    koyeb.app netlify.app northflank.app now.sh onrender.com
    pages.dev platformsh.site pythonanywhere.com r2.dev
    railway.app repl.co repl.run replit.app replit.dev
    streamlit.app streamlitapp.com surge.sh up.railway.app
    upsun.app val.run vercel.app vercel.dev webcontainer.io
    workers.dev zeabur.app appwrite.global appwrite.network
    b-cdn.net backblazeb2.com cleverapps.io convex.site
    digitaloceanspaces.com linodeobjects.com nhost.app
    nhost.run ondigitalocean.app pantheonsite.io scw.cloud
    supabase.co vultrobjects.com expo.app *.platformsh.site
    *.replit.dev *.upsun.app *.webcontainer.io
    staticblitz.com w-corp.staticblitz.com *.gitpod.io
    *.digitaloceanspaces.com *.cdn.digitaloceanspaces.com
    *.linodeobjects.com *.vultrobjects.com
    s3.*.backblazeb2.com s3.*.scw.cloud
    functions.fnc.*.scw.cloud containers.*.scw.cloud
    functions.supabase.co r2.cloudflarestorage.com

    base44.app bolt.host bubbleapps.io carrd.co
    flutterflow.app framer.app framer.website
    godaddysites.com jimdosite.com kinsta.app kinsta.cloud
    kinsta.page lovable.app lovableproject.com my.site.com
    myshopify.com neocities.org notion.site
    shopifypreview.com softr.app square.site squarespace.com
    substack.com tilda.ws tumblr.com vusercontent.net
    webflow.io weebly.com weeblysite.com wixsite.com
    wixstudio.com wordpress.com wpcomstaging.com
    wpengine.com wpenginepowered.com zendesk.com

    beeceptor.com bore.pub lhr.life loca.lt localtunnel.me
    ngrok-free.app ngrok-free.dev ngrok.app ngrok.dev
    ngrok.io ngrok.pizza pinggy.link pstmn.io serveo.net
    trycloudflare.com ts.net webhook.site zrok.io
    chickenkiller.com ddns.net duckdns.org dynu.net
    freeddns.org hopto.org mooo.com myftp.org nip.io
    no-ip.org sslip.io sytes.net traefik.me xip.io zapto.org
    ap.ngrok.io au.ngrok.io eu.ngrok.io in.ngrok.io
    jp.ngrok.io sa.ngrok.io us.ngrok.io a.pinggy.link
    free.pinggy.link a.free.pinggy.link share.zrok.io
    """.split()
)
STARRED_DOMAINS: Final = frozenset(
    [".".join(suffix.split(".")[-2:]) for suffix in PUBLIC_SUFFIXES if "*" in suffix]
)
# Most country registries register names under these: example.co.uk, example.com.au.
UNDER_COUNTRIES: Final = frozenset(("ac", "co", "com", "edu", "gov", "net", "org"))

# The risks of credentials (docs/origins.rst): what could happen, and what to write instead.
RISKS: Final = {
    "any-origin": ("every web site could act as the logged-in user", "the origins that you trust"),
    "insecure-origin": (
        "http is not authenticated, so anyone who controls a user's network can be this origin",
        "https",
    ),
    "public-suffix": (
        "anyone can get a name under {!r} ({}), and act from it as the logged-in user",
        "the hosts in full",
    ),
    "null-origin": (
        "any page can obtain the origin null with a sandboxed frame, and act as the logged-in user",
        "the origin of a page that is not sandboxed",
    ),
    "slow-expression": (
        "it can match the same text in millions of ways, so that one request could keep the"
        " server busy, in the worst case for hours",
        "it without nested or adjacent repeats that match the same characters",
    ),
}
ALL_RISKS: Final = frozenset(RISKS)
CREDENTIAL_RISKS: Final = ALL_RISKS - {"slow-expression"}  # not risks without credentials

# Bytes; a longer Origin is refused or, if the policy is static, ignored. It is not remembered,
# and it is cut before it is looked up, because hashing takes time.
MAX_ORIGIN: Final = 512
MAX_HOST: Final = 253  # bytes of a host name
MAX_METHOD: Final = 64  # bytes of an Access-Control-Request-Method that is echoed
MAX_HEADERS: Final = 4096  # bytes of an Access-Control-Request-Headers that is echoed
MAX_SECONDS: Final = 2**31  # https://www.rfc-editor.org/rfc/rfc9111#section-1.2.2
MAX_SHOWN: Final = 200  # characters of foreign text in a message or a log line
# Problems in the text of a ConfigError, and skipped entries that one load of a list logs.
MAX_PROBLEMS: Final = 50

# Our options by their names in other libraries, without "_", "-", case, and "cors" or
# "allow" in front.
FOREIGN_NAMES: Final = {
    "origin": "origin.*",
    "path": "paths?|routes?|urls?regex|resources",
    "methods": "methods?",
    "headers": "(request)?headers?",
    "expose_headers": "exposed?headers?",
    "credentials": "(supports?|with)?credentials?",
    "maxage": "(preflight|cache)?maxage(seconds)?",
    "timing": "timing(alloworigin)?",
    "preflight_status": "(options|preflight)(success|response)?status",
    "preflight_continue": "(options|preflight)?(passthrough|continue)",
    "accept_risk": "(accept(ed)?)?risks?",
}

# Options of other libraries that do not exist here on purpose, by their endings in the
# same form, and the reason.
ABSENT: Final = {
    "privatenetwork": "Access-Control-Allow-Private-Network is never sent",
    "privatenetworkaccess": "Access-Control-Allow-Private-Network is never sent",
    "varyheader": "Vary is always right",
    "alwayssend": "a response without Origin needs no CORS headers, and Vary is always right",
    "sendwildcard": "a policy with origin = '*' sends * if it can",
    "automaticoptions": "the middleware always responds to preflights",
    "anyorigin": "origin = '*' allows everyone",
    "allorigins": "origin = '*' allows everyone",
    "originallowall": "origin = '*' allows everyone",
}


# ----------------------------------------------------------------------
# Errors
# ----------------------------------------------------------------------


def on_one_line(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


# The codes by which a program can tell problems apart. The code of a risk is its name.
INVALID: Final = "invalid"
MISSING: Final = "missing"
CONFLICT: Final = "conflict"
UNKNOWN: Final = "unknown-option"
CANNOT_LOAD: Final = "cannot-load"


class Problem(namedtuple("Problem", "key value message code", defaults=(INVALID,))):
    """One problem of a configuration, a named tuple.

    key: the option as it was written, such as "api_origin" or "policies.api.origin".
    value: the wrong value, or the wrong entry of a list. None if the option is unset.
    message: a sentence with the value, the rule that it breaks, and what to write
        instead. It may change between releases.
    code: one of these words, which do not change between releases:

    ==================  =============================================================
    ``invalid``         the value breaks the rule of its option
    ``missing``         a policy lacks an origin, ``policy`` names no policies, or a
                        source returned no origins
    ``conflict``        the option contradicts another one
    ``unknown-option``  this option does not exist
    ``cannot-load``     a ``call:`` object or the function of an OriginList failed
    the name of a risk  accept_risk does not name it, such as ``any-origin``
    ==================  =============================================================
    """

    __slots__ = ()
    if TYPE_CHECKING:  # a namedtuple does not know the types of its fields
        key: str
        value: Any
        message: str
        code: str

    def __str__(self) -> str:
        return on_one_line(f"{self.key}: {self.message}")


class ConfigError(ValueError):
    """A wrong or insecure configuration.

    problems: a tuple of every Problem, in order. The text of the error shows the first 50.

        >>> try:
        ...     application = CORS(application, origin="example.com")
        ... except ConfigError as error:
        ...     for problem in error.problems:
        ...         print(problem.key, problem.code, problem.message)
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        lines = [f"{count} problem{'s' if count > 1 else ''} in the CORS configuration:"]
        lines += [f"  {problem}" for problem in self.problems[:MAX_PROBLEMS]]
        if count > MAX_PROBLEMS:
            lines.append(f"  ... and {count - MAX_PROBLEMS} more")
        return "\n".join(lines)


class Unquoted(str):
    """Text that ``repr`` leaves as it is."""

    __slots__ = ()
    __repr__ = str.__str__


def named(value: object) -> object:
    """The name of a function and its file and line; any other value unchanged."""
    function = getattr(value, "__func__", value)  # of a method
    if not isinstance(function, FunctionType):
        return value
    code = function.__code__
    place = f"{os.path.basename(code.co_filename)}:{code.co_firstlineno}"
    return Unquoted(f"{function.__qualname__} ({place})")


def show(value: object) -> str:
    """A foreign value as one short line of plain characters, safe in a log or a message."""
    try:
        if isinstance(value, str):
            value = value[:MAX_SHOWN]
        elif type(value) in (list, tuple):
            value = type(value)(map(named, value[:MAX_SHOWN]))  # type: ignore
        text = on_one_line(repr(named(value)))
    except Exception:  # the object's own fault; the message about it is still needed
        text = f"<{type(value).__name__}>"
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def text_of(value: object) -> str:
    """The text itself, or another foreign value as `show` has it."""
    return value if isinstance(value, str) else show(value)


def closest(word: str, known: Iterable[str]) -> str:
    """The known word with nearly the same spelling, ignoring case; or an empty string."""
    from difflib import get_close_matches

    spellings = {right.lower(): right for right in reversed(list(known))}
    found = get_close_matches(word.lower(), list(spellings), 1)
    return spellings[found[0]] if found else ""


def cause(error: BaseException) -> str:
    """The message of an exception of foreign code, as one short line."""
    try:
        return f"{type(error).__name__}: {on_one_line(str(error)[:MAX_SHOWN])}"
    except Exception:  # likewise
        return type(error).__name__


@functools.cache
def logger() -> Any:
    """The logger ``wsgicors``.

    A good configuration and an allowed request log nothing, so they import nothing.
    """
    import logging

    return logging.getLogger("wsgicors")


# ----------------------------------------------------------------------
# Grammar
# ----------------------------------------------------------------------

WORD: Final = re.compile(r"[^,\s]+")  # an entry of a list that is written as text
# Other notations of a list. One pair of brackets alone may be of an IPv6 address or an
# expression.
LITERAL: Final = re.compile(
    r"""\s* (
    \[ [^\[\]]* [,'"] .* \] | \( [^()]* [,'"] .* \) | \{ [^{}]* [,'"] .* \}
    | \[\s*\] | \(\s*\)
    ) \s*""",
    re.VERBOSE | re.DOTALL,
)
QUOTED: Final = re.compile(r"([\"'])(.*?)\1")
SEMICOLON: Final = re.compile(r";($|/|[A-Za-z][A-Za-z0-9+.-]*://)")

# token = 1*tchar                                    https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
TOKEN: Final[re.Pattern[str]] = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# field-names = token *( *SP "," *SP token )        https://fetch.spec.whatwg.org/#http-access-control-request-headers
# A tab, which HTTP allows beside a comma, may not be in a header of PEP 3333.
FIELD_NAMES: Final = re.compile(rf"{TOKEN.pattern}(?: *, *{TOKEN.pattern})*")

# origin = scheme "://" host [ ":" port ]            https://fetch.spec.whatwg.org/#origin-header
# in the characters that browsers send; `null` is compared elsewhere. A host has at most 253
# bytes. In Electron, pages can have the host `.`, as in app://. `(?=(...))\1` is an atomic
# group, which a malformed end cannot make Python try again.
ORIGIN: Final = re.compile(
    r"""
    https?://                       # a web page, whose host the URL standard parses:
    (?! [a-z0-9_.-]{254} )          # a name in lower case, or an IPv4 address
    (?=( [a-z0-9_-]+ (?:\.[a-z0-9_-]+)* \.? )) \1
    (?::[1-9][0-9]{0,4})?
    |
    (?: https?://(?=\[)             # a web page on an IPv6 address,
    | (?!https?:|file:) [a-z][a-z0-9+.-]*:// )  # or a scheme whose host is kept as it is
    (?! [A-Za-z0-9_.-]{254} )
    (?=( \[[0-9a-f:]+\] | [A-Za-z0-9_-]+ (?:\.[A-Za-z0-9_-]+)* \.? | \. )) \2
    (?::[1-9][0-9]{0,4})?
    """,
    re.VERBOSE,
)


# The form of nearly all patterns: scheme, host, wildcard. A pattern that matches is valid;
# any other is parsed in full. A last label that starts with a letter cannot be an IPv4
# address.
USUAL_PATTERN: Final = re.compile(
    r"(https?)://  ( (\*\.)?  (?: [a-z0-9_-]{1,63}\. )*  [a-z][a-z0-9_-]{0,62} )", re.VERBOSE
)
MAX_USUAL_PATTERN: Final = 253  # characters; a name that may be too long for DNS is parsed in full


# ----------------------------------------------------------------------
# Parse: written values -> typed values, and every problem.
# A reader takes a written value and a function to complain to, and returns the typed value.
# ----------------------------------------------------------------------


class Call(str):
    """An ini value ``call:package.module:name``, which stands for that Python object."""

    __slots__ = ()

    def load(self) -> Any:
        from importlib import import_module

        path = self[len("call:") :].strip()
        if re.search(r"[,\s]", path):
            raise ValueError(
                "it stands for the whole value: write call:package.module:name alone,"
                " and let the object be a list with the other entries as well"
            )
        module, colon, name = path.partition(":")
        if not (module and colon and name):
            raise ValueError("does not name an object: write call:package.module:name")
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found


def is_given(key: str, value: object) -> bool:
    """None and an empty string mean "unset", but an empty origin means "nobody".

    A maxage of "None" is the str() of a setting that is unset.
    """
    if not isinstance(value, str):
        return value is not None
    word = value.strip()
    if not word:
        return key == "origin" or key.endswith("_origin")
    return word != "None" or not (key == "maxage" or key.endswith("_maxage"))


def fits(function: Any, count: int) -> bool:
    """Whether the function can be called with this number of arguments; True if that is unknown."""
    from inspect import signature

    try:
        found = signature(function, follow_wrapped=False)
    except Exception:  # some callables written in C, or a broken __signature__
        return True
    try:
        found.bind(*range(count))
    except TypeError:
        return False
    return True


def read_boolean(value: Any, complain: Complain) -> bool:
    word = str(value).strip().lower() if isinstance(value, (str, bool)) else None
    if word not in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        complain(value, "is not a boolean: write true or false")
    return word in ("true", "yes", "on", "1")


def read_number(value: Any, complain: Complain, what: str, low: int, high: int) -> int | None:
    """A whole number from low to high, written as an ``int`` or as digits."""
    digits = value.strip() if isinstance(value, str) else ""
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else value
    if isinstance(number, int) and not isinstance(number, bool) and low <= number <= high:
        return int(number)  # of a subclass the text may be anything
    complain(value, f"is not {what}: write a whole number from {low} to {high}")
    return None


def read_seconds(value: Any, complain: Complain) -> int | None:
    seconds = value
    if not isinstance(value, (int, str)):
        from datetime import timedelta

        if isinstance(value, timedelta) and not value.microseconds:
            seconds = value // timedelta(seconds=1)

    def complain_as_written(_: object, message: str) -> None:
        complain(value, message)

    return read_number(seconds, complain_as_written, "a number of seconds", 0, MAX_SECONDS)


def read_status(value: Any, complain: Complain) -> int | None:
    return read_number(value, complain, "a status that browsers accept for a preflight", 200, 299)


def read_list(value: Any, complain: Complain) -> list[Any]:
    """The entries of a list: text with commas or white space, or a list, tuple or set."""
    if isinstance(value, str):
        return read_words(value, complain)
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=text_of)  # the same headers in every process
    complain(value, f"has the type {type(value).__name__}: write a string, or a list of strings")
    return []


def read_words(text: str, complain: Complain) -> list[str]:
    """The entries of a list in a string, also if it is in another notation."""
    fault = ""
    words: list[str] = WORD.findall(text)
    if LITERAL.fullmatch(text):
        fault = "is a list in the notation of JSON or Python"
        quoted = [found[1] for found in QUOTED.findall(text)]
        words = quoted or WORD.findall(text.strip()[1:-1])
    elif ";" in text and any(SEMICOLON.search(word) or is_tokens(word) for word in words):
        fault = "is separated by ';'"
        words = [part for word in words for part in word.split(";") if part]
    if fault:
        complain(text, f"{fault}: write {show(', '.join(words))}")
    return words


def is_tokens(word: str) -> bool:
    """Whether a word consists of tokens with semicolons between them."""
    return ";" in word and all(map(TOKEN.fullmatch, word.split(";")))


# A name as nearly all are written. Other tokens may have a mark that is not meant as a part.
USUAL_NAME: Final = re.compile(r"(?!(?i:all|any|none)$)[0-9A-Za-z_-]+|\*")
AROUND_NAME: Final = "\"'` \t\r\n"


class NameKind(namedtuple("NameKind", "noun example everything")):
    """What the names in a list are, for messages. everything: what ``*`` means."""

    __slots__ = ()


METHOD: Final = NameKind("method", "GET", "any method")
REQUEST_HEADER: Final = NameKind("header name", "X-Token", "any name, including Authorization")
RESPONSE_HEADER: Final = NameKind("header name", "X-Token", "any header of the response")


def read_tokens(value: Any, complain: Complain, kind: NameKind) -> Iterator[str]:
    """The tokens in a list; ``*`` only if it is the only entry."""
    entries = read_list(value, complain)
    for entry in entries:
        usual = isinstance(entry, str) and USUAL_NAME.fullmatch(entry)
        fault = "" if usual else fault_of_name(entry, kind)
        if fault:
            complain(entry, fault)
        elif entry == "*" and len(entries) > 1:
            complain(entry, f"means {kind.everything}: write it alone, or remove it")
        else:
            yield entry


def fault_of_name(entry: object, kind: NameKind) -> str:
    """What is wrong with a name and what to write; empty if nothing is."""
    invalid = f"is not a {kind.noun}: write names such as {kind.example}, separated by commas"
    if not isinstance(entry, str):
        return invalid
    word = entry.strip(AROUND_NAME).lower()
    if word == "none":
        return f"is not a {kind.noun}: remove it"
    if word in ("all", "any"):
        return f"is not a {kind.noun}: write '*' alone, for {kind.everything}"
    return fault_of_marks(entry, kind, invalid)


def fault_of_marks(entry: str, kind: NameKind, invalid: str) -> str:
    """The same for an entry with other characters: a token may contain ``'``, ``|`` and ``*``."""
    names = [likely_name(part) for part in entry.strip(AROUND_NAME + "|").split("|")]
    if "none" in map(str.lower, names) or not all(map(TOKEN.fullmatch, names)):
        return invalid
    right = "*" if "*" in names else ", ".join(names)
    if "*" in right and right != "*":
        return f"contains '*', and a {kind.noun} has no wildcard: write each name, or '*' alone"
    if right == entry:
        return ""
    if len(right) >= MAX_SHOWN:
        return invalid
    fault = "is separated by '|'" if "|" in entry else "has quotes or white space around it"
    return f"{fault}: write {right!r}"


def likely_name(word: str) -> str:
    name = word.strip(AROUND_NAME)
    if name.lower() in ("all", "any"):
        return "*"
    return "PATCH" if name.upper() == "PATCH" else name


def read_names(value: Any, complain: Complain, kind: NameKind = REQUEST_HEADER) -> tuple[str, ...]:
    """Header names without duplicates, or only ``*``."""
    names: dict[str, str] = {}
    for name in read_tokens(value, complain, kind):
        names.setdefault(name.lower(), name)
    return tuple(names.values())


def read_exposed_names(value: Any, complain: Complain) -> tuple[str, ...]:
    return read_names(value, complain, RESPONSE_HEADER)


def read_methods(value: Any, complain: Complain) -> tuple[str, ...]:
    """Methods without duplicates, as browsers send them.

    https://fetch.spec.whatwg.org/#concept-method-normalize
    """
    methods: dict[str, None] = {}
    for method in read_tokens(value, complain, METHOD):
        upper = method.upper()
        if upper == "PATCH" != method:
            complain(method, "is not PATCH, because browsers do not change its case: write 'PATCH'")
        else:
            methods[upper if upper in NORMALIZED_METHODS else method] = None
    return tuple(methods)


def read_paths(value: Any, complain: Complain) -> tuple[str, ...]:
    paths: dict[str, None] = {}
    entries = read_list(value, complain)
    if not entries and isinstance(value, (str, list, tuple, set, frozenset)):
        complain(value, "does not contain a path: remove the option to govern every path")
    for entry in entries:
        fault = fault_of_path(entry)
        if fault:
            complain(entry, f"{fault}: write {instead_of_path(entry, fault)}")
        else:
            paths[entry] = None
    return tuple(paths)


# A path as nearly all are written; any other is looked at in full.
USUAL_PATH: Final = re.compile(r"(?:/[0-9A-Za-z_-][0-9A-Za-z_.-]*)+(?:/\*?)?")
PATH_FORMS: Final = "/exact, or /prefix/* for everything under it"
A_ROUTE: Final = "is a route of a framework"
SEPARATED_PATHS: Final = "is separated by '|'"
# Verbose expressions for faulty paths, which a good configuration need not compile.
FULL_URL: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"
# A parameter is a whole segment: braces and colons are allowed in URLs.
PARAMETER: Final = r"""
    (?: ^ | (?<=/) ) (?:
    \{ (?: \[\^/\] | [^/] )* \} | < (?: \[\^/\] | [^/] )* >  # of Flask, Django, Falcon
    | :[A-Za-z_]\w* (?: \([^/]*\) )? [?*+]? | \*\w+        # of Express, Bottle, Rails
    ) (?= / | $ )
    """
PATH_EXPRESSION: Final = r"""
    ^(?: \^ | \\A ) | (?: \$ | \\[Zz] )$      # anchors
    | \.\* | \.\+ (?= [/)?$] | $ )            # any text
    | \\[dwsDWS] (?![A-Za-z]) | \\[./-]      # classes, and a dot that is meant
    | \] [*+?{] | /\?$ | \(\? | \( [^/()]* \|  # repeats, choices
    """
# The faults of a path, the most telling first.
PATH_FAULTS: Final = (
    (FULL_URL, "is a full URL"),
    (r"^[^()]*\|\^?/ | ^[^/(][^(]*\|", SEPARATED_PATHS),
    (PARAMETER, A_ROUTE),
    (PATH_EXPRESSION, "is a regular expression"),
    ("^(?!/)", "is not a path"),
    ("[*?#\r\n\ud800-\udfff]", "is not a plain path"),
)
# Where the plain beginning of a path ends; and what may follow a whole segment.
SPECIAL: Final = rf"{PARAMETER} | {PATH_EXPRESSION} | [*?|^$()\[\]{{}}]"
AFTER_SEGMENT: Final = r"\* | \((?:\?:)?/ | /?\?$"
NOT_OF_PATH: Final = rf"{FULL_URL} | \?(?:$|\w+=).* | \#.* | ^(?:\^|\\A) | (?:\$|\\[Zz])$"


def fault_of_path(entry: object) -> str:
    """What is wrong with a path; empty if nothing is."""
    if not isinstance(entry, str):
        return "is not a path"
    if USUAL_PATH.fullmatch(entry):
        return ""
    stem, star = (entry[:-1], "*") if entry.endswith("/*") else (entry, "")
    for form, fault in PATH_FAULTS:
        if re.search(form, stem, re.VERBOSE):
            return fault
    is_normal = normal_path(stem) + star == entry
    return "" if is_normal else "is not a normalized path (see its dots and slashes)"


def instead_of_path(entry: object, fault: str) -> str:
    """The paths that are probably meant, or else the forms of a path."""
    if not isinstance(entry, str) or not entry.strip():
        return PATH_FORMS
    parts = entry.split("|") if fault == SEPARATED_PATHS else [entry]
    paths = [likely_path(part) for part in parts]
    shown = ", ".join(paths)
    if any(map(fault_of_path, paths)) or len(repr(shown)) > MAX_SHOWN:
        return PATH_FORMS
    also = ", which also governs a path of exactly this spelling" if fault == A_ROUTE else ""
    return show(shown) + also


def likely_path(text: str) -> str:
    """The path that is nearest to a faulty one, or the prefix that its plain beginning is."""
    path = re.sub(r"\\([./-])", r"\1", re.sub(NOT_OF_PATH, "", text, flags=re.VERBOSE))
    is_open = text.startswith(("^", "\\A")) and not text.endswith(("$", "\\Z", "\\z"))
    plain, star = path.removesuffix("/*"), "/*" if is_open or path.endswith("/*") else ""
    special = re.search(SPECIAL, plain, re.VERBOSE)
    if special:
        plain, rest = plain[: special.start()], plain[special.start() :]
        if not re.match(AFTER_SEGMENT, rest, re.VERBOSE):
            plain = plain.rpartition("/")[0]
        star = "/*"
    if star and not plain.strip("/."):  # do not advise every path
        return text
    return normal_path(plain + star[:1]) + star[1:]


def read_risks(value: Any, complain: Complain) -> frozenset[str]:
    risks = read_list(value, complain)
    for risk in risks:
        if not isinstance(risk, str) or risk not in RISKS:
            right = closest(text_of(risk), RISKS)
            hint = f"; did you mean {right!r}?" if right else ""
            complain(risk, f"is not a risk: write one or more of {', '.join(RISKS)}{hint}")
    return frozenset(risk for risk in risks if isinstance(risk, str))


def read_origins(value: Any, complain: Complain) -> tuple[Any, ...]:
    """The entries of ``origin``, unparsed: which of them are allowed depends on credentials."""
    if isinstance(value, (re.Pattern, OriginList)) or callable(value):
        return (value,)
    if isinstance(value, (set, frozenset)):
        return tuple(value)  # unsorted, which takes less time if they are many
    return tuple(read_list(value, complain))


def read_policy_names(value: Any, complain: Complain) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for name in read_list(value, complain):
        if not is_policy_name(name, complain):
            continue
        if name in names:
            complain(name, "is listed twice: list each policy once", CONFLICT)
        else:
            names[name] = None
    return tuple(names)


def is_policy_name(name: object, complain: Complain) -> bool:
    """Whether options can belong to this name; complain if a policy may not have it."""
    if not isinstance(name, str) or not name:
        complain(name, "is not the name of a policy: write a string")
        return False
    if name.startswith("/"):
        # A policy takes no path from its name: it would govern every path.
        complain(
            name, "is a path, not the name of a policy: choose a name, and set its option path"
        )
    return True


def read_sections(value: Any, complain: Complain) -> dict[str, Mapping[str, Any]]:
    """The nested form of several policies: name -> options."""
    if not isinstance(value, Mapping):
        complain(value, "is not a mapping: write {'name': {'origin': ...}}")
        return {}
    sections: dict[str, Mapping[str, Any]] = {}
    for name, options in value.items():
        if not is_policy_name(name, complain):
            continue
        if isinstance(options, Mapping) or options is None:
            sections[name] = options or {}
        else:
            complain(options, f"is not a mapping of options: write {{{name!r}: {{'origin': ...}}}}")
            sections[name] = {}
    return sections


def read_strategy(value: Any, complain: Complain) -> Any:
    if value not in ("firstmatch", "verbmatch") and not callable(value):
        complain(
            value, "is not a strategy: write firstmatch or verbmatch, or a function f(environ)"
        )
    elif callable(value) and not fits(value, 1):
        complain(value, "cannot be called with one argument: write a function f(environ)")
    return value


def normal_path(path: str) -> str:
    """The path without empty, ``.`` and ``..`` segments and backslashes; a trailing slash is kept.

    https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4, which also leaves a slash where a last
    dot segment was.
    """
    given = path.replace("\\", "/").split("/")
    segments: list[str] = []
    for segment in given:
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments) + ("/" if segments and given[-1] in ("", ".", "..") else "")


# Every option of a policy: its reader and its default.
# A new option is a row here, a line in Policy, and its one use under "compile".
OPTIONS: Final[dict[str, tuple[Callable[[Any, Complain], Any], Any]]] = {
    "origin": (read_origins, ()),
    "path": (read_paths, ()),
    "methods": (read_methods, ("GET", "HEAD", "POST")),
    "headers": (read_names, ()),
    "expose_headers": (read_exposed_names, ()),
    "credentials": (read_boolean, False),
    "maxage": (read_seconds, 600),
    "timing": (read_boolean, False),
    "preflight_status": (read_status, 200),
    "preflight_continue": (read_boolean, False),
    "accept_risk": (read_risks, frozenset()),
}
GLOBAL_OPTIONS: Final[dict[str, tuple[Callable[[Any, Complain], Any], Any]]] = {
    "policy": (read_policy_names, ()),
    "policies": (read_sections, {}),
    "matchstrategy": (read_strategy, "firstmatch"),
    "catch_errors": (read_boolean, False),
}


def about(key: str, problems: list[Problem]) -> Complain:
    """The function with which a reader of the option ``key`` reports a problem.

    A message ends in ``: write`` and the remedy, which compile_entries may replace.
    """

    def complain(value: object, message: str, code: str = INVALID) -> None:
        problems.append(Problem(key, value, f"{show(value)} {message}", code))

    return complain


def read(key: str, value: object, option: str, problems: list[Problem]) -> Any:
    """The typed value of an option.

    For a wrong value, it is as much as could be read, so that a problem does not hide others.
    """
    reader, default = OPTIONS.get(option) or GLOBAL_OPTIONS[option]
    if value is None:
        return default
    if isinstance(value, Call):
        try:
            value = value.load()
        except Exception as error:
            about(key, problems)(value, f"cannot be loaded: {cause(error)}", CANNOT_LOAD)
            return default
    if isinstance(value, str) and value.startswith("call:"):
        about(key, problems)(value, "is for ini files only: pass the Python object itself")
        return default
    return reader(value, about(key, problems))


def gather(cfg: Any, options: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """All keys that are set, with their values as written. Keywords override ``cfg``."""
    given: dict[str, Any] = {}
    if cfg and not isinstance(cfg, Mapping):
        about("cfg", problems)(cfg, "is not a mapping: write CORS(app, origin=...), or give a dict")
        cfg = None
    for key, value in (*cfg.items(), *options.items()) if cfg else options.items():
        if not isinstance(key, str):
            about(show(key), problems)(
                value, "has a key that is not a string: write the name of an option", UNKNOWN
            )
        elif is_given(key, value):
            given[key] = value
    return given


# Without named policies, each option belongs to the direct policy, and any other key does
# not belong to a policy.
DIRECT_SECTION: Final[Section] = {option: (option, None) for option in OPTIONS}
DIRECT_OWNERS: Final = {option: [("direct", option)] for option in OPTIONS}


def sort_keys(given: dict[str, Any], problems: list[Problem]) -> tuple[dict[str, Section], bool]:
    """The section of each active policy, in order; and whether ``deny`` ends the list."""
    given = mend_policy_key(given, problems)
    nested = read("policies", given.get("policies"), "policies", problems)
    names = tuple(nested)
    if "policy" in given:
        names = read("policy", given["policy"], "policy", problems)
        names = mend_names(names, given, nested, problems)
    keys = Keys(given, names, nested, problems)
    for name, options in nested.items():
        keys.sort_nested(name, options)
    keys.sort_flat()
    keys.fill_misnamed()
    sections = keys.sections
    if "deny" not in sections:
        return sections, False
    for key, value in written(sections["deny"]).values():
        rule = "has no effect, because the policy deny is built in: rename the policy"
        about(key, problems)(value, rule, CONFLICT)
    ahead = list(sections)[: list(sections).index("deny")]
    return {name: sections[name] for name in ahead}, True


def mend_policy_key(given: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """The keys with a misspelled ``policy`` or ``policies`` corrected: all others depend on it."""
    if "policy" in given or "policies" in given or given.keys() <= OPTIONS.keys():
        return given
    for key, value in given.items():
        nested, word = isinstance(value, Mapping), bare(key).removeprefix("cors")
        is_meant = word.startswith("pol") and closest(word, ("policy", "policies"))
        if is_meant or (nested and word == "resources"):  # of flask-cors
            right = "policies" if nested else "policy"
            message = f"is given to an unknown option; did you mean {right!r}?"
            about(key, problems)(value, message, UNKNOWN)
            others = {name: given[name] for name in given if name != key}
            return {**others, right: value}
    return given


def mend_names(
    names: tuple[str, ...],
    given: Mapping[str, Any],
    nested: Mapping[str, Any],
    problems: list[Problem],
) -> tuple[str, ...]:
    """The names, in which near misses of a name in ``policies`` and of ``deny`` are corrected."""
    spare = [name for name in (*nested, "deny") if name not in names]
    mended = []
    for name in names:
        known = name == "deny" or name in nested
        right = "" if known or has_options(name, given) else closest(name, spare)
        if right:
            complain_of_name(name, right, problems)
            spare.remove(right)
        mended.append(right or name)
    return tuple(mended)


def has_options(name: str, given: Iterable[str]) -> bool:
    return any(key.startswith(f"{name}_") for key in given)


def complain_of_name(name: str, right: str, problems: list[Problem]) -> None:
    message = f"has no options; did you mean {right!r}? (names are case-sensitive)"
    about("policy", problems)(name, message, MISSING)


class Keys:
    """The keys of a configuration while they are sorted.

    sections: the section of each active policy. owners: key -> the policies and options to
    which it may belong.
    """

    def __init__(
        self,
        given: dict[str, Any],
        names: tuple[str, ...],
        nested: Mapping[str, Any],
        problems: list[Problem],
    ) -> None:
        self.given, self.names, self.problems = given, names, problems
        self.sections: dict[str, Section] = {} if names else {"direct": DIRECT_SECTION.copy()}
        self.owners: dict[str, list[tuple[str, str]]] = {} if names else DIRECT_OWNERS
        for name in names:
            prefix = f"policies.{name}." if name in nested else f"{name}_"
            self.sections[name] = {option: (prefix + option, None) for option in OPTIONS}
            for option in OPTIONS:
                self.owners.setdefault(f"{name}_{option}", []).append((name, option))

    def sort_nested(self, name: str, options: Mapping[str, Any]) -> None:
        section, unknown = self.sections.get(name, {}), []
        for option, value in options.items():
            key = f"policies.{name}.{text_of(option)}"
            if option in GLOBAL_OPTIONS:
                rule = "belongs to the whole configuration and not to a policy"
                rule += f": write {option} beside policies"
                about(key, self.problems)(value, rule, CONFLICT)
                read(key, value, option, self.problems)
            elif option not in OPTIONS:
                unknown.append((key, text_of(option), value))
            elif section and is_given(option, value):
                section[option] = (key, value)
        known = {option: (name, option) for option in OPTIONS}
        for key, option, value in unknown:
            self.complain_of_unknown(key, option, value, known)

    def sort_flat(self) -> None:
        misfits = {}
        for key, value in self.given.items():
            owners = self.owners.get(key, ())
            if len(owners) == 1:
                name, option = owners[0]
                if self.sections[name][option][1] is None:
                    self.sections[name][option] = (key, value)
                    continue
            if key not in GLOBAL_OPTIONS:
                misfits[key] = value
        if misfits:
            self.sort_misfits(misfits)

    def sort_misfits(self, misfits: Mapping[str, Any]) -> None:
        """Complain of the keys that do not belong to one option of an active policy."""
        inactive = inactive_names(self.given, self.owners, self.sections)
        known = {key: owners[0] for key, owners in self.owners.items()}
        for key, value in misfits.items():
            if key in self.owners:
                self.complain_of_clash(key, value)
            elif self.names and key in OPTIONS:
                self.take_direct_key(key, value)
            elif not is_of_inactive(key, inactive, self.sections):
                self.complain_of_unknown(key, key, value, known)

    def complain_of_clash(self, key: str, value: object) -> None:
        """Complain of a key that has several owners, or that is also set in another form."""
        (name, option), *others = self.owners[key]
        rule = f"is set as {self.sections[name][option][0]} as well: keep one of the two"
        if others:
            rule = f"may belong to the policy {name!r} or to {others[0][0]!r}"
            rule += ": rename one, or nest the options"
        about(key, self.problems)(value, rule, CONFLICT)

    def take_direct_key(self, key: str, value: object) -> None:
        """Complain of a direct key beside policies, and use it for the first that lacks it."""
        lacking = [name for name in self.names if self.sections[name][key][1] is None]
        remedy = "leave it out"
        if lacking:
            remedy = f"write {f'{lacking[0]}_{key}'!r}, or remove the list of policies"
            self.store(lacking[0], key, key, value)
        rule = (
            f"is set beside the policies {', '.join(self.names)}, but not for one of them: {remedy}"
        )
        about(key, self.problems)(value, rule, CONFLICT)

    def complain_of_unknown(
        self, key: str, word: str, value: object, known: Mapping[str, tuple[str, str]]
    ) -> None:
        """Complain of an unknown key, and check its value as that of the option that is meant."""

        def complain(end: str) -> None:
            about(key, self.problems)(value, f"is given to an unknown option{end}", UNKNOWN)

        if len(self.problems) >= MAX_PROBLEMS:  # of which the text shows no more
            return complain("")
        reason = why_absent(word)
        if reason:
            return complain(f", which does not exist on purpose: remove it, because {reason}")
        right = meant(word, known)
        if not right:
            return complain(f": write one of {', '.join(known)}")
        name, option = known.get(right, ("", right))
        section = self.sections.get(name)
        if section is None:  # an option of the whole configuration, or of an inactive policy
            if right in self.given:
                return complain(f": remove it, because {right!r} is set as well")
            complain(f"; did you mean {right!r}?")
            if name == "":
                read(key, value, option, self.problems)
        elif section[option][1] is None:
            complain(f"; did you mean {right!r}?")
            self.store(name, option, key, value)
        else:
            # The key that was written, which may be unknown, too.
            beside = section[option][0].removeprefix(key[: -len(word)])
            first = read(beside, section[option][1], option, [])
            self.complain_of_second(key, value, option, beside, first)
        return None

    def complain_of_second(
        self, key: str, value: object, option: str, beside: str, first: object
    ) -> None:
        """Complain of a second key for an option; of a list, it checks the value as well."""
        complain = about(key, self.problems)
        faults: list[Problem] = []
        entries = read(key, value, option, faults)
        both = entries, first
        is_list = isinstance(entries, tuple) and first and (entries or faults)
        if not is_list or ("*",) in both or ("copy",) in both:
            remedy = f"remove it, because {beside!r} is set as well"
            complain(value, f"is given to an unknown option: {remedy}", UNKNOWN)
            return
        remedy = f"add its values to {beside!r}, which is one list of all of them"
        complain(value, f"is given to an unknown option: {remedy}", UNKNOWN)
        self.problems += faults
        if option == "origin":
            compile_origins(entries, ALL_RISKS, complain)

    def store(self, name: str, option: str, key: str, value: object) -> None:
        """Use a value for an option, although it was written under another key."""
        if is_given(option, value):
            section = self.sections[name]
            # Messages advise to write the key of accept_risk, so it must be the right one.
            section[option] = (section[option][0] if option == "accept_risk" else key, value)

    def fill_misnamed(self) -> None:
        """Use the options of a policy with a similar name, if a policy has none."""
        empty = [name for name in self.names if name != "deny" and not written(self.sections[name])]
        if not empty:
            return
        inactive = inactive_names(self.given, self.owners, self.sections)
        for name in empty:
            right = closest(name, inactive)
            if right:
                complain_of_name(name, right, self.problems)
            for option in OPTIONS if right else ():
                key = f"{right}_{option}"
                if key in self.given:
                    self.sections[name][option] = (key, self.given[key])


def written(section: Section) -> Section:
    return {option: (key, value) for option, (key, value) in section.items() if value is not None}


def longest_prefix(key: str, names: Collection[str]) -> int:
    """The length of the longest name that the key starts with, followed by an underscore."""
    ends = [at for at, character in enumerate(key) if character == "_"]
    return next((at for at in reversed(ends) if key[:at] in names), 0)


def is_of_inactive(key: str, inactive: Collection[str], active: Collection[str]) -> bool:
    """Whether the longest name of a policy with which the key starts is that of an inactive one."""
    return longest_prefix(key, inactive) > longest_prefix(key, active)


NOT_A_NAME: Final = ("allow_", "allowed_", "expose_", "exposed_")


def inactive_names(
    given: Iterable[str], known: Collection[str], active: Collection[str]
) -> dict[str, None]:
    """The policies that have an origin but are not in ``policy``.

    Keys such as ``allow_origin`` look like it, but are options of other libraries.
    """
    names: dict[str, None] = {}
    for key in given:
        if key.endswith("_origin") and key not in known:
            prefix = longest_prefix(key, active)
            option = key[prefix + 1 :] if prefix else key
            if not option.startswith(NOT_A_NAME) and not foreign_option(option):
                names[key[: -len("_origin")]] = None
    return names


@functools.lru_cache(maxsize=1024)
def foreign_option(key: str) -> str:
    """The option that has this name in other libraries, or an empty string."""
    word = bare(key)
    for option, names in FOREIGN_NAMES.items():
        if re.fullmatch(f"(cors|accesscontrol)*(allow(ed)?)?({names})", word):
            return option
    return ""


def bare(key: str) -> str:
    return re.sub("[_-]", "", key.lower())


def meant(word: str, known: Mapping[str, tuple[str, str]]) -> str:
    """The known key (key -> policy, option) that is nearest in meaning, or else in spelling."""
    for right, (_, option) in known.items():
        if foreign_option(word.removeprefix(right[: -len(option)])) == option:
            return right
    if bare(word).endswith("interceptexceptions"):
        return "catch_errors"
    return closest(word, [*known, *GLOBAL_OPTIONS])


def why_absent(word: str) -> str:
    """Why an option of other libraries does not exist here, or an empty string."""
    ends = (reason for end, reason in ABSENT.items() if bare(word).endswith(end))
    return next(ends, "")


def missing_origin(name: str, section: Section, given: Mapping[str, Any]) -> Problem:
    """Why a policy has no origin, and what to write."""
    key, empty = section["origin"][0], not written(section)
    inactive = inactive_names(given, (), ()) if empty and key == "origin" else {}
    if inactive:
        message = f"is missing, so no policy is active: write policy = {', '.join(inactive)}"
        return Problem("policy", None, message, MISSING)
    others = ""
    if empty and key != "origin":
        others = f", and so is every other option of {name!r} (names are case-sensitive)"
    values = "https://app.example.com, or '*' for anyone, or an empty value for nobody"
    return Problem(key, None, f"is missing{others}: write {key} = {values}", MISSING)


# ----------------------------------------------------------------------
# Origins: patterns -> matchers; and what is wrong or risky about a pattern.
# ----------------------------------------------------------------------


class Misspelled(ValueError):
    """A pattern with a spelling that browsers never send.

    mended: the pattern without its faults.
    """

    def __init__(self, mended: str, faults: Iterable[str]) -> None:
        reasons = ", ".join(dict.fromkeys(faults))
        super().__init__(f"is not what browsers send ({reasons}): write {mended!r}")
        self.mended = mended


def parse_pattern(text: str) -> tuple[str, str, str]:
    """Scheme, host and port (``*`` for any, empty for none) of an origin pattern.

    Raises ValueError for a pattern that cannot match what browsers send. If possible, it shows
    the form that they do send, with all faults corrected:
    https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin
    """
    usual = USUAL_PATTERN.fullmatch(text) if len(text) < MAX_USUAL_PATTERN else None
    if usual:
        return usual[1], usual[2], ""
    if text == "null":
        return "", text, ""
    faults: list[str] = []
    word = unwrap(text, faults)
    refuse_words(text, word)
    scheme, rest = split_scheme(word, faults)
    host, port = split_authority(rest, scheme, faults)
    mended = f"{scheme}://{host}{port and ':' + port}"
    if mended != text:
        raise Misspelled(mended, faults)
    return scheme, host, port


SPACE_OR_QUOTE: Final = "[\\s\"'`\u201c\u201d\u2018\u2019\ufeff]+"
AROUND: Final = re.compile(f"^{SPACE_OR_QUOTE}|{SPACE_OR_QUOTE}$")


def unwrap(text: str, faults: list[str]) -> str:
    """The text without what editors, chats and shells put around an address."""
    # U+FEFF, the byte order mark of a file, is a space without width.
    word = mend(text, AROUND.sub("", text), "quotes or white space around it", faults)
    word = mend(word, AROUND.sub("", word.strip("<>")), "angle brackets around it", faults)
    inner = re.sub("^(?:blob|view-source):(?=https?://)", "", word, flags=re.IGNORECASE)
    return mend(word, inner, "a scheme before the scheme", faults)


# What occurs in regular expressions, and not in patterns.
EXPRESSION: Final = re.compile(
    r"""
    ^/*\^ | \$/?$ | ^/https?:.*/[a-z]*$  # anchors, slashes around it
    | \\[.dwWSsbZA/-]            # a dot that is meant
    | (^|[/(:])\.\* | \.\+       # any text
    | [*+]\? | [)\]][*+?{]      # repeats
    | \(.*\) | \| | https\?:    # choices
    """,
    re.VERBOSE,
)
# What people write in an expression for one or more labels.
SOME_LABELS: Final = re.compile(r"\(?(?:\?:)?(?:\.[*+]\??|\[[^\]]+\][*+]|\\[wS][*+])\)?(?=\\\.)")
# The same for any port.
SOME_PORT: Final = re.compile(
    r"""
    (?: \((?:\?:)? )? : \(?
    (?: \\d | \[0-9\] | \. ) (?: [+*] | \{[0-9,]+\} ) \)? \)? \?? $
    """,
    re.VERBOSE,
)


def refuse_words(text: str, word: str) -> None:
    """Raise ValueError for an entry that is not meant as scheme://host."""
    if EXPRESSION.search(word) and not NO_HOST.match(word):
        raise ValueError(
            f"is a regular expression in a string: write {instead_of_expression(word)}"
        )
    if re.search(r"[\s,;]", word):
        raise ValueError("contains more than one word: write each origin as a separate entry")
    if text.startswith("call:"):
        raise ValueError(
            "is not an origin: call: stands for the whole value of an option in an ini file,"
            " and in Python you pass the object itself: write call: in front of all entries,"
            " or pass a list"
        )
    if text in ("*", "copy"):
        raise ValueError(
            "allows everyone, so it cannot be part of a list: write it alone, or list origins"
        )
    if word.lower() == "null":
        raise Misspelled("null", ["another spelling of null"])
    if word.lower() in ("copy", "*"):
        raise ValueError(f"is misspelled: write {word.lower()!r}")


def instead_of_expression(text: str) -> str:
    """The equivalent pattern, or else how to write a regular expression."""
    bare = re.sub(r"^/(.*)/[a-z]*$", r"\1", text).strip("/^$")
    local = re.match(r"https\?:[\\/]+(localhost|127\b)", bare)
    bare = bare.replace("https?:", "http:" if local else "https:", 1)
    word = SOME_LABELS.sub("*", SOME_PORT.sub(":*", bare))
    word = re.sub(r"\\([][./-])", r"\1", word)
    try:
        if not EXPRESSION.search(word):
            parse_pattern(word)
            return repr(word)
    except ValueError:
        pass
    given = "re.compile(...), in an ini file as call:package.module:name"
    return f"a pattern such as 'https://*.example.com', or {given}"


WEB_SCHEME: Final = re.compile(r"([Hh][Tt][Tt][Pp][Ss]?)(?::/*|//)")
ANY_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# Those two, a misspelled one, or that of a WebSocket to the same host.
NEARLY_WEB_SCHEME: Final = re.compile("(?:ws|h+t+p*|h*tt+p+|h+x+p+)(s*)")
# URLs without a host, if a port does not follow the colon: of pages, and of others.
NO_HOST: Final = re.compile(r"(about|blob|data|file|javascript):(?![0-9*]+(/|$)|$)", re.IGNORECASE)
NO_PAGE: Final = re.compile(r"(mailto|sms|tel|urn):(?![0-9*]+(/|$)|$)", re.IGNORECASE)


def split_scheme(word: str, faults: list[str]) -> tuple[str, str]:
    """The scheme, and the text after its slashes.

    Without a scheme, the likely one is used.
    """
    found = WEB_SCHEME.match(word) or ANY_SCHEME.match(word) or NO_HOST.match(word)
    if found:
        mend(found[0], f"{found[1]}://", "not exactly two slashes after the scheme", faults)
        scheme = mend(found[1], found[1].lower(), "upper case", faults)
        nearly = NEARLY_WEB_SCHEME.fullmatch(scheme)
        right = ("https" if nearly[1] else "http") if nearly else scheme
        scheme = mend(scheme, right, "not the scheme of a page", faults)
        rest = word[found.end() :]
    elif (
        "://" in word
        or NO_PAGE.match(word)
        or not re.search(r"[.:]|^localhost", word, re.IGNORECASE)
    ):
        remedy = "write scheme://host such as 'https://app.example.com', or '*' for anyone"
        raise ValueError(f"is not an origin: {remedy}")
    else:
        rest = word.lstrip("/")
        scheme = "http" if is_local(re.split(r"[:/]", rest)[0].lower()) else "https"
        faults.append("no scheme")
    if scheme == "file":
        raise ValueError(
            "is what Electron and Cordova send for any local file, and is never allowed:"
            " load the app's pages from a scheme of its own, such as 'app://shop'"
        )
    if scheme in OPAQUE_SCHEMES:
        raise ValueError(
            f"is never sent, because pages of {scheme}: URLs have the origin null: write 'null'"
        )
    return scheme, rest


def split_authority(rest: str, scheme: str, faults: list[str]) -> tuple[str, str]:
    """Host and port: https://www.rfc-editor.org/rfc/rfc3986#section-3.2"""
    authority = re.split(r"[/\\#]", rest, maxsplit=1)[0]
    mend(rest, authority, "a trailing slash" if rest == authority + "/" else "a path", faults)
    if "?" in authority:
        raise ValueError(
            "contains '?', which is not a wildcard: write the name in full, or '*' in its leftmost"
            " label"
        )
    authority = mend(authority, authority.rpartition("@")[2], "a user name", faults)
    parts = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(:[^:]*)?", authority)
    if not parts:
        raise ValueError(
            "has misplaced brackets or colons: '[a-z]' is not a wildcard, and only an IPv6"
            " address is written in brackets, such as 'http://[::1]:8080'"
        )
    whole = parts[1] == "." and scheme not in WEB_SCHEMES  # see ORIGIN
    host = "." if whole else parse_host(parts[1], scheme, faults)
    return host, parse_port(parts[2] or "", scheme, faults)


def mend(given: str, right: str, fault: str, faults: list[str]) -> str:
    """``right``. If it is not what was written, add the fault."""
    if given != right:
        faults.append(fault)
    return right


def parse_host(host: str, scheme: str, faults: list[str]) -> str:
    """The host of a pattern in the form that browsers send; corrections are added to ``faults``."""
    if host.startswith("["):
        zoneless = host.partition("%")[0].rstrip("]") + "]"
        address = mend(host, zoneless, "a zone in the address", faults)
        shortest = canonical_ipv6(address[1:-1])
        return mend(address, shortest, "an IPv6 address that is not in its shortest form", faults)
    # The URL standard parses the hosts of these; others it leaves as they are.
    web = scheme in WEB_SCHEMES
    if web:
        host = mend(host, to_ascii(host), "Unicode", faults)
        host = mend(host, host.lower(), "upper case", faults)
    first, _, others = host.partition(".")
    if "*" in others or first.count("*") > 1:
        raise ValueError(
            "has a misplaced '*': only the leftmost label may contain one, as in 'https://*.example.com'"
        )
    if not re.fullmatch(r"[A-Za-z0-9_*-]+(\.[A-Za-z0-9_-]+)*\.?", host) or host == "*.":
        raise ValueError(
            "has an invalid host: write labels of letters, digits, '-' and '_',"
            " separated by single dots"
        )
    if len(host) > MAX_HOST or max(map(len, host.split("."))) > 63:
        raise ValueError(
            "has a host too long for DNS: write labels of at most 63 characters, 253 in all"
        )
    # https://url.spec.whatwg.org/#ends-in-a-number-checker
    if web and re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rstrip(".").rpartition(".")[2]):
        plain_numbers = canonical_ipv4(host)
        return mend(host, plain_numbers, "an IPv4 address that is not four plain numbers", faults)
    return host


def parse_port(port: str, scheme: str, faults: list[str]) -> str:
    """The port of a pattern, given with its colon; corrections are added to ``faults``."""
    if port in ("", ":*"):
        return port[1:]
    if port == ":":
        return mend(port, "", "an empty port", faults)
    if not re.fullmatch(":[0-9]{1,20}", port) or not 0 < int(port[1:]) < 65536:
        raise ValueError(
            "has an invalid port: write a number from 1 to 65535, or ':*' for any port"
        )
    digits = mend(port[1:], str(int(port[1:])), "zeros before the port", faults)
    if digits == DEFAULT_PORTS.get(scheme):
        return mend(digits, "", "a default port", faults)
    return digits


def to_ascii(host: str) -> str:
    """https://url.spec.whatwg.org/#concept-domain-to-ascii

    Python's codec "idna" is older: it maps ß.
    """
    if host.isascii() or re.search("[\ud800-\udfff]", host):  # half a character cannot be encoded
        return host
    from unicodedata import normalize

    visible = re.sub("[\u00ad\u200b\u2060\ufe00-\ufe0f\ufeff]", "", host)
    labels = normalize("NFKC", normalize("NFKC", visible).lower()).replace("。", ".").split(".")
    if any("*" in label and not label.isascii() for label in labels):
        raise ValueError(
            "mixes '*' and Unicode in one label: write the label in Punycode, or '*' alone"
        )
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels
    )


def canonical_ipv4(host: str) -> str:
    """https://url.spec.whatwg.org/#concept-ipv4-parser

    Like browsers, this also takes fewer than four numbers, and octal and hexadecimal ones.
    """
    import socket

    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except OSError:
        raise ValueError(
            "ends in a number but is not an IPv4 address: write four numbers from 0 to 255"
        ) from None


def canonical_ipv6(address: str) -> str:
    """https://url.spec.whatwg.org/#concept-ipv6-serializer

    Newer Pythons write the end of a mapped IPv4 address with dots; browsers do not.
    """
    from ipaddress import IPv6Address

    try:
        found = IPv6Address(address)
    except ValueError:
        raise ValueError(
            "is not an IPv6 address in brackets ('[a-z]' is not a wildcard): write one such as 'http://[::1]'"
        ) from None
    mapped = found.ipv4_mapped
    return f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]" if mapped else f"[{found}]"


def is_local(host: str) -> bool:
    """Whether the host is the user's own computer.

    https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
    """
    return bool(re.fullmatch(r"(.*\.)?localhost|\[::1\]|127(\.[0-9]{1,3}){3}", host))


class Matcher:
    """A compiled list of origins; its cost does not grow with their number.

    A wildcard pattern is one text in a set, so an origin is looked up as each of the few texts
    that could admit it: itself with ``*`` for its leftmost labels, or for a part of the first one.
    """

    def __init__(self) -> None:
        self.exact: set[str] = set()
        self.wildcards: set[str] = set()
        # What the texts to look up are made of: the lengths of the parents in
        # "*.example.com", and those of the text before and after the "*" of a label
        # such as "pr-*".
        self.parents: dict[bool, set[int]] = {False: set(), True: set()}  # True: with ":*"
        self.partial_labels: set[tuple[int, int]] = set()
        self.any_port = False  # some pattern ends in ":*"
        self.regexes: list[re.Pattern[str]] = []
        self.predicates: list[Predicate] = []
        # Lists that are reloaded, each with the risks that its origins may have.
        self.lists: list[tuple[OriginList, AcceptedRisks]] = []

    def __bool__(self) -> bool:
        return bool(self.exact or self.wildcards or self.regexes or self.predicates)

    def add(self, entry: Any, host: str, port: str) -> None:
        """Add a predicate, a regular expression, or a pattern, whose host and port are given."""
        if isinstance(entry, re.Pattern):
            self.regexes.append(entry)
        elif not isinstance(entry, str):
            self.predicates.append(entry)
        elif port != "*" and "*" not in host:
            self.exact.add(entry)
        else:
            self.add_wildcard(entry, host, port)

    def add_wildcard(self, entry: str, host: str, port: str) -> None:
        self.wildcards.add(entry)
        self.any_port = self.any_port or port == "*"
        before, star, after = host.partition(".")[0].partition("*")
        if before or after:
            if star:
                self.partial_labels.add((len(before), len(after)))
        elif len(host) > 1:
            self.parents[port == "*"].add(len(host) - 1)

    def admits(self, origin: str) -> bool:
        """Whether an origin of at most 512 bytes is listed, or matches a pattern or expression.

        A list that is reloaded is asked as it is now.
        """
        if origin in self.exact:
            return True
        if self.wildcards and self.has_wildcard_for(origin):
            return is_well_formed(origin)
        if self.regexes and is_well_formed(origin) and self.has_regex_for(origin):
            return True
        for origins, accepted in self.lists:  # noqa: SIM110 - any() costs more than the look-up
            if origins.matcher(accepted).admits(origin):
                return True
        return False

    def has_regex_for(self, origin: str) -> bool:
        return any(regex.fullmatch(origin) for regex in self.regexes)

    def all_predicates(self) -> list[Predicate]:
        """Its own, and those of its lists as they are now."""
        found = [*self.predicates]
        for origins, accepted in self.lists:
            found += origins.matcher(accepted).predicates
        return found

    def has_wildcard_for(self, origin: str) -> bool:
        """Whether a pattern with a wildcard could admit the origin, which may be malformed."""
        start = origin.find("://") + 3
        dot = origin.find(".", start)
        # Most often "*" stands for one label.
        if dot > start and f"{origin[:start]}*{origin[dot:]}" in self.wildcards:
            return True
        end, port = len(origin), ""
        colon = origin.rfind(":", start)
        if colon > 0 and origin[colon + 1 :].isdigit():
            end, port = colon, origin[colon:]
        scheme, host = origin[:start], origin[start:end]
        if self.has_wildcard_host(scheme, host, port):
            return True
        return self.any_port and (
            f"{scheme}{host}:*" in self.wildcards or self.has_wildcard_host(scheme, host, ":*")
        )

    def has_wildcard_host(self, scheme: str, host: str, port: str) -> bool:
        wildcards = self.wildcards
        # An address has no labels; what is longer than a name can be is not looked up at all.
        if not 0 < len(host) <= MAX_HOST or host[0] == "[":
            return False
        for length in self.parents[port == ":*"]:
            starts = length < len(host) and host[-length] == "."
            if starts and f"{scheme}*{host[-length:]}{port}" in wildcards:
                return True
        if f"{scheme}*{port}" in wildcards:
            return True
        label = host.partition(".")[0]
        for before, after in self.partial_labels:
            if before + after < len(label):
                rest = host[len(label) - after :]
                if f"{scheme}{host[:before]}*{rest}{port}" in wildcards:
                    return True
        return False


def ask(predicate: Predicate, origin: str, environ: WSGIEnvironment) -> bool | None:
    """The result of the predicate; None, and a log line, if it fails or is not True or False."""
    try:
        answer = predicate(origin, environ)
    except Exception:
        logger().exception("the predicate %s failed for origin %s", show(predicate), show(origin))
        return None
    if answer is True or answer is False:
        return answer
    texts = (show(predicate), show(answer), show(origin))
    logger().error(
        "the predicate %s returned %s for origin %s: write one that returns True or False", *texts
    )
    if isinstance(answer, CoroutineType):  # of an `async def`; prevents a warning of Python
        answer.close()
    return None


@functools.cache
def public_suffix_list() -> Any:
    """The whole public suffix list, or None if the extra ``psl`` is not installed."""
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        return None
    return PublicSuffixList()


@functools.cache
def names_above_suffixes() -> frozenset[str]:
    """The names that have a public suffix below them."""
    rules: set[str] = set(PUBLIC_SUFFIXES)
    if public_suffix_list():
        from publicsuffixlist import PSLFILE

        with open(PSLFILE, encoding="utf-8") as lines:
            rules.update(line.strip() for line in lines if line[0] not in "/!\n")
    return frozenset([rule[dot.end() :] for rule in rules for dot in re.finditer(r"\.", rule)])


def with_star(name: str) -> list[str]:
    """The name, and the same with ``*`` for each of its labels if a table may have that."""
    if name[name.rfind(".", 0, name.rfind(".")) + 1 :] not in STARRED_DOMAINS:
        return [name]
    labels = name.split(".")
    starred = [".".join([*labels[:at], "*", *labels[at + 1 :]]) for at in range(len(labels))]
    return [name, *starred]


def public_suffix_source(name: str, below: bool = False) -> str:
    """Why anyone can get a host directly under this name, or ``below`` it; or an empty string."""
    name = name.rstrip(".")
    if name == "localhost":
        return ""
    first, dot, parent = name.partition(".")
    if not dot:
        return "it is a top-level domain"
    whole = public_suffix_list()
    if whole and whole.is_public(name):
        return "according to the public suffix list"
    by_rule = not whole and first in UNDER_COUNTRIES and len(parent) == 2
    names = with_star(name)
    if by_rule or not PUBLIC_SUFFIXES.isdisjoint(names):
        hint = "" if whole else "; wsgicors[psl] has the whole list"
        return f"according to a short built-in table{hint}"
    if below and not names_above_suffixes().isdisjoint(names):
        return "names below it are public suffixes"
    return ""


class Risk(namedtuple("Risk", "name sentence remedy", defaults=("", ""))):
    """A risk of an entry: its name, what could happen, and what to write instead.

    An empty sentence or remedy is the one in RISKS.
    """

    __slots__ = ()


def prohibited(accept_key: str, risk: Risk) -> str:
    """The message about a risk that is not accepted."""
    name, sentence = risk.name, risk.sentence or RISKS[risk.name][0]
    remedy = risk.remedy or RISKS[name][1]
    where = "with credentials " if name in CREDENTIAL_RISKS else ""
    accept = f", or accept it with {accept_key} = {name}" if accept_key else ""
    return f"{where}is prohibited ({name}): {sentence}; write {remedy}{accept}"


def who_could_act(scheme: str | None) -> str:
    """The sentence about a wildcard for the whole host."""
    if scheme is None or scheme in WEB_SCHEMES:
        return RISKS["any-origin"][0]
    if scheme.endswith("-extension"):
        return "any extension that a user installs could act as that user"
    return f"any page with the scheme {scheme} could act as the logged-in user"


def public_suffix_risk(name: str, source: str) -> Risk:
    return Risk("public-suffix", RISKS["public-suffix"][0].format(name, source))


def pattern_risks(scheme: str, host: str) -> Iterator[Risk]:
    """The risks of a pattern with credentials."""
    label, _, parent = host.partition(".")
    if host == "null":
        yield Risk("null-origin")
    elif "*" in label and not parent:
        yield Risk("any-origin", who_could_act(scheme))
    elif "*" in label:
        source = public_suffix_source(parent, below=label == "*")
        if source:
            yield public_suffix_risk(parent, source)
    if scheme == "http" and not is_local(host):
        yield Risk("insecure-origin")


# ----------------------------------------------------------------------
# Regular expressions: proved, never run.
#
# Facts
#
#   An expression is matched only against an Origin of the form that browsers send:
#
#       origin = scheme "://" host [ ":" port ]
#       scheme = letter *( letter / digit / "+" / "-" / "." )      in lower case
#       host   = name / "[" IPv6 address "]" / "."                 web pages never have "."
#       name   = label *( "." label ) [ "." ]                      an IPv4 address ends in a number
#       label  = 1*( letter / digit / "-" / "_" )
#       port   = 1*digit
#
#   The right end of a host says who owns it: a public suffix, under which anyone can register
#   a name, and one more label. Therefore an expression is read from the right.
#
# To be proved for every origin that an expression can match
#
#   1. Its scheme is https, or http if the host is local, or another scheme that is spelled out.
#   2. Its host is spelled out in full, or at least its public suffix and one more label.
#
#   "Spelled out" means written in letters, outside any endless repeat. A class of a few
#   characters is an abbreviation of alternatives; a larger class is open.
#
# The proof
#
#   1. Python's own parser turns the expression into a tree.
#   2. The tree becomes an automaton, each place of which takes one character of an origin. If
#      a construct cannot be followed (look-around, anchors, back-references, large counts),
#      the automaton admits more than Python does, never less.
#   3. The automaton is walked from the right end of an origin, together with the grammar above.
#      The walk is breadth-first. So the first origin that it finds and that 1 or 2 do not
#      hold for, a stranger, is short.
#   4. The same automaton shows the time that Python may need. It is exponential if, in a repeat,
#      two ways lead through the same characters to the same place. Without that, the ways are
#      counted in which one character, repeated, can be read.
#
# The steps are counted. An expression that needs more than MAX_STEPS is refused.
# ----------------------------------------------------------------------

DIGITS: Final = frozenset("0123456789")
IN_LABEL: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
IN_SCHEME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")
IN_IPV6: Final = frozenset("0123456789abcdef:")
UPPER: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
ALPHABET: Final = frozenset("/[]") | IN_LABEL | IN_SCHEME | IN_IPV6 | UPPER
WORD_CHARACTERS: Final = IN_LABEL - {"-"} | UPPER

CATEGORIES: Final = {
    "CATEGORY_DIGIT": DIGITS,
    "CATEGORY_NOT_DIGIT": ALPHABET - DIGITS,
    "CATEGORY_SPACE": frozenset(""),
    "CATEGORY_NOT_SPACE": ALPHABET,
    "CATEGORY_WORD": WORD_CHARACTERS,
    "CATEGORY_NOT_WORD": ALPHABET - WORD_CHARACTERS,
}

# What else matches a letter where case is ignored: dotted and dotless i, the Kelvin
# sign, long s.
FOLDED: Final = {"\u0130": "iI", "\u0131": "iI", "\u212a": "kK", "\u017f": "sS"}

MAX_STEPS: Final = 100_000  # of one expression's proof
MAX_CHOICES: Final = 4  # names that classes such as [ae] may spell
MAX_COPIES: Final = 4  # a larger count is followed as an endless repeat
# The same for a count of one character, such as [0-9a-f]{12}, or of what may be empty.
MAX_SINGLE_COPIES: Final = 64
MANY: Final = 2  # ways from one place to another: more than one
MAX_WAYS: Final = 4_000_000  # to read one text: Python needs a tenth of a second for them, or more


class NotProved(Exception):
    """A reason why a proof fails, as the end of a sentence."""


# Step 1: the tree.


PARSER: Final = "re._parser" if sys.version_info >= (3, 11) else "sre_parse"


def parse_regex(regex: re.Pattern[str]) -> Any:
    """The tree of an expression, from Python's own parser, which is private."""
    from importlib import import_module

    try:
        parser = import_module(PARSER)
        return parser.parse(regex.pattern, regex.flags & ~re.DEBUG)
    except RecursionError:
        raise
    except Exception as error:
        raise NotProved(f"this Python's parser of expressions fails ({cause(error)})") from None


# Step 2: the automaton.


class Part(namedtuple("Part", "empty first last")):
    """A part of an expression, in the automaton.

    empty: the number of ways in which it matches the empty text. first, last: the places at
    which it can begin and end, each with its number of ways. More than one way is MANY.
    """

    __slots__ = ()


NOTHING: Final = Part(1, {}, {})
NEVER: Final = Part(0, {}, {})


class Automaton:
    """The places of an expression, each of which takes one character.

    characters[p]: the characters that place p takes; folded[p]: the same in lower case.
    after[p]: the places that may follow it, each with its number of ways. before[p]: the places
    that it may follow. loops[p]: the number of the outermost endless repeat around it, or 0.
    asides: the automata of look-arounds.
    """

    def __init__(
        self,
        tree: Any,
        flags: int,
        spend: Callable[[int], None],
        groups: dict[int, tuple[Any, int]] | None = None,
    ) -> None:
        self.spend = spend
        self.characters: list[frozenset[str]] = []
        self.folded: list[frozenset[str]] = []
        self.after: list[dict[int, int]] = []
        self.before: list[list[int]] = []
        self.loops: list[int] = []
        self.asides: list[Automaton] = []
        self.groups = {} if groups is None else groups
        self.whole = self.sequence(tree, flags)

    def sequence(self, tree: Any, flags: int) -> Part:
        whole = NOTHING
        for code, value in tree:
            build = BUILDERS.get(code.name)
            if build is None:
                raise NotProved(f"{code.name} is a construct that is not known here")
            self.spend(4)
            whole = self.join(whole, build(self, code.name, value, flags))
        return whole

    def join(self, left: Part, right: Part) -> Part:
        """One part, followed by another."""
        self.connect(left.last, right.first)
        return Part(
            min(left.empty * right.empty, MANY),
            self.either(left.first, right.first, left.empty),
            self.either(right.last, left.last, right.empty),
        )

    def connect(self, ends: dict[int, int], starts: dict[int, int]) -> None:
        self.spend(len(ends) * len(starts))
        for end, ways in ends.items():
            after = self.after[end]
            for start, more in starts.items():
                if start not in after:
                    self.before[start].append(end)
                after[start] = min(after.get(start, 0) + ways * more, MANY)

    def either(self, places: dict[int, int], others: dict[int, int], ways: int) -> dict[int, int]:
        """The union of both; the number of ways to the others is multiplied by ``ways``."""
        if not (ways and others):
            return places
        union = places.copy()
        self.spend(len(places))
        self.add(union, others, ways)
        return union

    def add(self, places: dict[int, int], others: dict[int, int], ways: int) -> None:
        self.spend(len(others))
        for place, more in others.items():
            places[place] = min(places.get(place, 0) + ways * more, MANY)

    def branch(self, parts: Iterable[Part]) -> Part:
        empty = 0
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for part in parts:
            empty = min(empty + part.empty, MANY)
            self.add(first, part.first, 1)
            self.add(last, part.last, 1)
        return Part(empty, first, last)

    def endless(self, tree: Any, flags: int) -> Part:
        """Any number of repetitions.

        Python tries the empty match of the body once, at the end.
        """
        start = len(self.characters)
        body = self.sequence(tree, flags)
        self.connect(body.last, body.first)
        self.spend(len(self.characters) - start)
        for place in range(start, len(self.characters)):
            self.loops[place] = start + 1
        return Part(min(1 + body.empty, MANY), body.first, body.last)

    # The builders, one for each kind of node. ``value`` is the content of the node.

    def character(self, code: str, value: Any, flags: int) -> Part:
        self.spend(10 * len(value) if code == "IN" else 2)
        place = len(self.characters)
        characters = taken(code, value, flags)
        if not characters:
            return NEVER
        self.characters.append(characters)
        self.folded.append(frozenset(map(str.lower, characters)))
        self.after.append({})
        self.before.append([])
        self.loops.append(0)
        return Part(0, {place: 1}, {place: 1})

    def alternatives(self, code: str, value: Any, flags: int) -> Part:
        return self.branch(self.sequence(tree, flags) for tree in value[1])

    def group(self, code: str, value: Any, flags: int) -> Part:
        number, added, removed, tree = value
        flags = (flags | added) & ~removed
        self.groups[number] = tree, flags
        return self.sequence(tree, flags)

    def reference(self, code: str, value: Any, flags: int) -> Part:
        """The text that a group has matched: the group can match it again."""
        return self.sequence(*self.groups[value])

    def condition(self, code: str, value: Any, flags: int) -> Part:
        return self.branch(self.sequence(tree or (), flags) for tree in value[1:])

    def repeat(self, code: str, value: Any, flags: int) -> Part:
        least, most, tree = value
        single = len(tree) == 1 and BUILDERS.get(tree[0][0].name) is Automaton.character
        limit = MAX_SINGLE_COPIES if single else MAX_COPIES
        whole, copies = NOTHING, 0
        while copies < min(least, limit):
            body = self.sequence(tree, flags)
            whole, copies = self.join(whole, body), copies + 1
            if body.empty:  # Python tries every choice of the rounds that are empty
                limit = MAX_SINGLE_COPIES
        if copies < least or most - least > MAX_COPIES:
            return self.join(whole, self.endless(tree, flags))
        rest = NOTHING
        for _ in range(most - least):
            once = self.join(self.sequence(tree, flags), rest)
            rest = self.branch((once, NOTHING))
        return self.join(whole, rest)

    def atomic(self, code: str, value: Any, flags: int) -> Part:
        return self.sequence(value, flags)

    def look_around(self, code: str, value: Any, flags: int) -> Part:
        """It does not take a character, but its time is checked as well."""
        self.asides.append(Automaton(value[1], flags, self.spend, self.groups))
        return NOTHING

    def anchor(self, code: str, value: Any, flags: int) -> Part:
        return NOTHING

    def rounds(self) -> list[dict[int, int]]:
        """``after``, restricted to places in the same endless repeat."""
        return [
            {here: ways for here, ways in after.items() if loop and self.loops[here] == loop}
            for after, loop in zip(self.after, self.loops)
        ]

    def takes(self, text: str) -> bool:
        """Whether the automaton takes the whole text, ignoring case."""
        places: Iterable[int] = self.whole.first
        reached: set[int] = set()
        for character in text:
            reached = {place for place in places if character in self.folded[place]}
            self.spend(1 + len(reached))
            places = {follower for place in reached for follower in self.after[place]}
        return not reached.isdisjoint(self.whole.last)


BUILDERS: Final[dict[str, Callable[[Automaton, str, Any, int], Part]]] = {
    "LITERAL": Automaton.character,
    "NOT_LITERAL": Automaton.character,
    "ANY": Automaton.character,
    "IN": Automaton.character,
    "BRANCH": Automaton.alternatives,
    "SUBPATTERN": Automaton.group,
    "GROUPREF": Automaton.reference,
    "GROUPREF_EXISTS": Automaton.condition,
    "MAX_REPEAT": Automaton.repeat,
    "MIN_REPEAT": Automaton.repeat,
    "POSSESSIVE_REPEAT": Automaton.repeat,
    "ATOMIC_GROUP": Automaton.atomic,
    "ASSERT": Automaton.look_around,
    "ASSERT_NOT": Automaton.look_around,
    "AT": Automaton.anchor,
    "FAILURE": Automaton.anchor,
}


def taken(code: str, value: Any, flags: int) -> frozenset[str]:
    """The characters of an origin that a class, a dot or a single character takes."""
    if code == "ANY":
        return ALPHABET
    negated = code == "NOT_LITERAL"
    if code == "IN":
        negated = value[0][0].name == "NEGATE"
        entries = value[1:] if negated else value
        found = set().union(*[members(kind.name, member) for kind, member in entries])
    else:
        found = {chr(value)}
    if flags & re.IGNORECASE:
        found |= {c.swapcase() for c in found if c.isascii()}
        if not negated:  # a negated class may take more than Python's, which is safe
            found.update(*[FOLDED.get(c, "") for c in found])
    return ALPHABET - found if negated else ALPHABET & found


def members(kind: str, value: Any) -> Iterable[str]:
    """The characters that one entry of a class takes."""
    if kind == "LITERAL":
        return chr(value)
    if kind == "RANGE":
        low, high = map(chr, value)
        return [c for c in (*ALPHABET, *FOLDED) if low <= c <= high]
    if kind == "CATEGORY" and value.name in CATEGORIES:
        return CATEGORIES[value.name]
    name = getattr(value, "name", kind)
    raise NotProved(f"{name} is a class of characters that is not known here")


# Step 3: the walk.


class State(namedtuple("State", "part text risk local choices", defaults=(None, False, 1))):
    """The knowledge about an origin whose right end has been read.

    part: the part of it that is being read. text: the spelled-out text of that part, or None.
    risk: the risk of the host, or None. local: whether the host is local. choices: the number of
    texts that its classes allow.
    """

    __slots__ = ()


class Stranger(namedtuple("Stranger", "risk origin scheme")):
    """An origin that an expression may admit, and its risk.

    scheme: None if it is open.
    """

    __slots__ = ()


START: Final = (State("port", ""), State("host", ""))
ANY_ORIGIN: Final = Risk("any-origin")


# The grammar, a function for each part. Each takes a state, the characters that a place
# takes, and whether that place is in an endless repeat; it yields characters, each with
# the state after it.


@functools.lru_cache(maxsize=256)
def pick(characters: Iterable[str]) -> str:
    """One of equivalent characters: preferably a letter, then a digit."""
    return min(characters, key=lambda c: (not c.isalpha(), c == "0", not c.isdigit(), c))


def in_port(state: State, found: frozenset[str], loop: int) -> Steps:
    if found & DIGITS:
        yield pick(found & DIGITS), state._replace(text="1")
    if ":" in found and state.text:
        yield ":", START[1]


def in_host(state: State, found: frozenset[str], loop: int) -> Steps:
    """A host that is spelled out so far. Its labels come from the right, each with its dot."""
    text, labels = state.text, found & IN_LABEL
    choices = state.choices * len(labels)
    if choices > MAX_CHOICES or loop:
        yield from open_host(state, labels)
    else:
        for character in sorted(labels):
            yield character, state._replace(text=character + (text or ""), choices=choices)
    if text:
        yield from left_of_label(state, found)
        return
    if "]" in found:
        yield "]", state._replace(part="ipv6", text="]")
    if "." in found:
        yield ".", state._replace(text=".")


def left_of_label(state: State, found: frozenset[str]) -> Steps:
    """The dot before a label, or the end of a host that is spelled out."""
    if state.text == ".":  # the whole host, which web pages never have: see ORIGIN
        if "/" in found:
            yield "/", State("slashes", "/:", local=True)
    elif state.text[0] != ".":
        if "." in found:
            yield ".", end_label(state)
        if "/" in found:
            yield "/", State("slashes", "/:", local=is_local(state.text))


def end_label(state: State) -> State:
    """The state after the dot before a label. Under a name with an owner, anything is safe."""
    name = state.text
    if is_number(name) or public_suffix_source(name, below=True):
        return state._replace(text="." + name)
    return State("owned", ".", local=is_local(name))


def is_number(host: str) -> bool:
    """Whether it is an IPv4 address: https://url.spec.whatwg.org/#ends-in-a-number-checker"""
    return host.rstrip(".").rpartition(".")[2].isdigit()


def open_host(state: State, labels: frozenset[str]) -> Steps:
    """The rest of the host is open. The risk depends on the name to its right."""
    _, _, name = state.text.partition(".")
    number = is_number(state.text or "0")  # without a text yet, it may become an address
    if number:
        name = ""
    letters = labels - DIGITS if number else labels
    if letters and not name:
        yield pick(letters), State("open", None, ANY_ORIGIN)
    elif letters:
        risk = public_suffix_risk(name, public_suffix_source(name, below=True))
        # If the name is only above a public suffix, one more label may have an owner.
        part = "open" if public_suffix_source(name) else "label"
        yield pick(letters), State(part, None, risk)
    if number and labels & DIGITS:
        yield pick(labels & DIGITS), state._replace(part="ipv4", text=None)


def in_open_host(state: State, found: frozenset[str], loop: int) -> Steps:
    if found & IN_LABEL:
        yield pick(found & IN_LABEL), state._replace(text=None)
    if "." in found and state.text != ".":
        yield ".", state._replace(part="open" if state.part == "label" else state.part, text=".")
    if "/" in found and state.text != ".":
        risk = None if state.part == "label" else state.risk
        yield "/", State("slashes", "/:", risk, state.local)


def in_ipv4(state: State, found: frozenset[str], loop: int) -> Steps:
    """An IPv4 address that is not spelled out. It is local if its left end is 127."""
    digits, letters, text = found & DIGITS, found & IN_LABEL - DIGITS, state.text
    if digits:
        spelled = len(digits) == 1 and not loop
        longer = pick(digits) + text if text is not None and spelled else None
        yield pick(digits), state._replace(text=longer)
    if letters:
        yield pick(letters), State("open", None, ANY_ORIGIN)
    if "." in found:
        yield ".", state._replace(text="")
    if "/" in found and text != "":
        yield "/", State("slashes", "/:", ANY_ORIGIN, text == "127")


def in_ipv6(state: State, found: frozenset[str], loop: int) -> Steps:
    inside, text = found & IN_IPV6, state.text
    if inside:
        spelled = len(inside) == 1 and not loop
        longer = pick(inside) + text if text is not None and spelled else None
        yield pick(inside), state._replace(text=longer)
    if "[" in found:
        local = text is not None and is_local("[" + text)
        yield "[", State("slashes", "//:", None if text else ANY_ORIGIN, local)


def in_slashes(state: State, found: frozenset[str], loop: int) -> Steps:
    if state.text[0] in found:
        left = state.text[1:]
        yield state.text[0], state._replace(text=left, part="slashes" if left else "scheme")


def in_scheme(state: State, found: frozenset[str], loop: int) -> Steps:
    text, characters = state.text, found & IN_SCHEME
    choices = state.choices * len(characters)
    spelled: Iterable[str] = ()
    if text is not None and not loop and choices <= MAX_CHOICES:
        spelled = sorted(characters)
    elif text is not None:  # open, but http and https are kept apart from other schemes
        choices = state.choices
        spelled = [c for c in "htps" if c in characters and is_web_end(c + text)]
    for character in spelled:
        yield character, state._replace(text=character + (text or ""), choices=choices)
    if characters.difference(spelled):
        yield pick(characters), state._replace(text=None)


def is_web_end(text: str) -> bool:
    return any(scheme.endswith(text) for scheme in WEB_SCHEMES)


GRAMMAR: Final[dict[str, Callable[[State, frozenset[str], int], Any]]] = {
    "port": in_port,
    "host": in_host,
    "owned": in_open_host,
    "label": in_open_host,
    "open": in_open_host,
    "ipv4": in_ipv4,
    "ipv6": in_ipv6,
    "slashes": in_slashes,
    "scheme": in_scheme,
}


def risks_of_origin(state: State) -> Iterator[Risk]:
    """The risks of an origin that has been read up to its left end."""
    scheme, web = state.text, state.text in WEB_SCHEMES
    if scheme == "" or (scheme and not scheme[0].isalpha()):
        return
    if state.risk and not (web and state.local):
        yield state.risk
    if scheme is None or (scheme == "http" and not state.local):
        yield Risk("insecure-origin")


def walk(automaton: Automaton) -> dict[str, Stranger]:
    """The risks of all origins that the automaton takes, each with its stranger."""
    first, before = automaton.whole.first, automaton.before
    # Visited place and state -> the character there, and the previous step.
    steps: dict[Any, Any] = {}
    queue: deque[Any] = deque()
    found: dict[str, Stranger] = {}

    def go_on(here: Any, state: State, places: Collection[int]) -> None:
        automaton.spend(4 * len(places))
        for place in places:
            takes, loop = automaton.folded[place], automaton.loops[place]
            for character, further in GRAMMAR[state.part](state, takes, loop):
                there = place, further
                if there not in steps:
                    steps[there] = character, here
                    queue.append(there)

    for state in START:
        go_on(None, state, automaton.whole.last)
    while queue:
        place, state = here = queue.popleft()
        if place in first and state.part == "scheme":
            for risk in risks_of_origin(state):
                known = found.get(risk.name)
                if known is None or rank(state.text) < rank(known.scheme):
                    origin = origin_at(here, steps, automaton)
                    found[risk.name] = Stranger(risk, origin, state.text)
        go_on(here, state, before[place])
    return found


def rank(scheme: str | None) -> int:
    """The position of a scheme; the most convincing one comes first."""
    return ("https", "http", scheme).index(scheme)


def origin_at(here: Any, steps: Any, automaton: Automaton) -> str:
    """The origin that the walk has read, with a readable word in the open part of its host."""
    text = mask = ""
    while here:
        place, state = here
        character, here = steps[here]
        text += character
        is_open = automaton.loops[place] or len(automaton.folded[place] & IN_LABEL) > MAX_CHOICES
        in_name = character in IN_LABEL and GRAMMAR[state.part] is in_open_host
        mask += "?" if is_open and in_name else character
    last = re.fullmatch(r"(.*[^?])([?]+)[^?]*", mask)
    if last:
        left, right = text[: last.end(1)], text[last.end(2) :]
        for word in readable(left[-1], right[:1]):
            if automaton.takes(left + word + right):
                return left + word + right
    return text


def readable(left: str, right: str) -> list[str]:
    """Words that fit between these characters, the most convincing first."""
    before = "-" if left.isalnum() else ""
    after = "-" if right.isalnum() else ""
    words = [f"{before}unrelated{after}", "unrelated"]
    if before and after:
        words.append("-")
    whole_host = left == "/" and right in ("", ":")
    return ["unrelated.example", *words] if whole_host else words


# Step 4: the time.


def is_slow(automaton: Automaton) -> bool:
    """Whether, in a repeat, two ways lead from one place through the same characters to one place.

    Then there are 2 ** n ways for n rounds, and Python tries all of them before it fails. Two
    readers start at one place, take different ways, and continue while they read the same text.
    """
    rounds = automaton.rounds()
    if MANY in set().union(*[after.values() for after in rounds]):
        return True
    pairs = [(place, place) for place in range(len(rounds))]
    seen = set(pairs)
    while pairs:
        one, other = pairs.pop()
        automaton.spend(1 + len(rounds[one]) * len(rounds[other]))
        for pair in together(automaton, rounds[one], rounds[other]):
            if one != other and pair[0] == pair[1]:
                return True
            if pair not in seen:
                seen.add(pair)
                pairs.append(pair)
    return has_many_ways(automaton) or any(map(is_slow, automaton.asides))


def has_many_ways(automaton: Automaton) -> bool:
    """Whether the longest name of one character, repeated, can be read in too many ways."""
    repeats = {places_in_a_row(automaton, character) for character in IN_LABEL}
    return any(count_ways(automaton, places) > MAX_WAYS for places in repeats)


def places_in_a_row(automaton: Automaton, character: str) -> frozenset[int]:
    """The places that take the character directly before or after another one that does."""
    takers = {place for place, taken in enumerate(automaton.characters) if character in taken}
    automaton.spend(1 + len(takers))
    found: set[int] = set()
    for place in takers:
        followers = takers & automaton.after[place].keys()
        if followers:
            found |= followers
            found.add(place)
    return frozenset(found)


def count_ways(automaton: Automaton, places: frozenset[int]) -> int:
    """The ways to read up to MAX_HOST times what these places take, in all; or too many."""
    before, first = automaton.before, automaton.whole.first
    begun = {place for place in places if place in first or not places.issuperset(before[place])}
    total, ways = 0, dict.fromkeys(begun, 1)
    growth: dict[int, int] = {}
    for left in range(MAX_HOST - 1, -1, -1):
        total += sum(ways.values())
        if total > MAX_WAYS:
            break
        later = read_once_more(automaton, places, ways)
        change = {place: later.get(place, 0) - ways.get(place, 0) for place in places}
        if change == growth:  # so it remains
            total += left * sum(ways.values())
            total += left * (left + 1) // 2 * sum(change.values())
            break
        ways, growth = later, change
    return total


def read_once_more(
    automaton: Automaton, places: frozenset[int], ways: dict[int, int]
) -> dict[int, int]:
    """The number of ways to each of these places, one character later."""
    automaton.spend(len(places))
    later: dict[int, int] = {}
    for place, count in ways.items():
        after = automaton.after[place]
        for follower in after.keys() & places:
            later[follower] = later.get(follower, 0) + count * after[follower]
    return later


def together(
    automaton: Automaton, places: Iterable[int], others: Iterable[int]
) -> list[tuple[int, int]]:
    """The pairs of these places that can take the same character."""
    characters = automaton.characters
    return [
        (min(here, there), max(here, there))
        for here in places
        for there in others
        if not characters[here].isdisjoint(characters[there])
    ]


# The result.

ABOUT_ORIGINS: Final = frozenset(("any-origin", "public-suffix", "insecure-origin"))
INSTEAD: Final = "a pattern such as 'https://*.example.com', or a function f(origin, environ)"


def regex_risks(regex: re.Pattern[str], accepted: frozenset[str]) -> Iterator[Risk]:
    """The risks of a regular expression. Not all accepted ones are included."""
    steps = 0

    def spend(count: int) -> None:
        nonlocal steps
        steps += count
        if steps > MAX_STEPS:
            raise NotProved("it is too large")

    try:
        spend(len(regex.pattern))
        automaton = Automaton(parse_regex(regex), regex.flags, spend)
        strangers = {} if accepted >= ABOUT_ORIGINS else walk(automaton)
        slow = "slow-expression" not in accepted and is_slow(automaton)
    except (NotProved, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        for name in (*sorted(ABOUT_ORIGINS), "slow-expression"):
            sentence = f"it is not known what it admits and how long it takes, because {why}"
            yield Risk(name, sentence, INSTEAD)
        return
    for name in RISKS:
        if name in strangers:
            yield Risk(name, stranger_sentence(strangers[name]), INSTEAD)
    if slow:
        sentence, remedy = RISKS["slow-expression"]
        yield Risk("slow-expression", sentence, f"{remedy}, or {INSTEAD}")


def stranger_sentence(stranger: Stranger) -> str:
    risk, origin, scheme = stranger
    if risk.name == "insecure-origin" and scheme != "http":
        return f"it may admit {origin!r}, whose scheme it does not spell out"
    sentence = risk.sentence or RISKS[risk.name][0]
    if risk.name == "any-origin":
        sentence = who_could_act(scheme)
    return f"it may admit {origin!r}, and {sentence}"


def all_accepted(accept_risk: frozenset[str], credentials: bool) -> AcceptedRisks:
    """The risks that the origins of a policy may have."""
    return accept_risk if credentials else accept_risk | CREDENTIAL_RISKS


def compile_origins(
    entries: Iterable[Any],
    accepted: AcceptedRisks,
    complain: Complain,
    accept_key: str = "accept_risk",
) -> Matcher:
    """The matcher of a list of origins.

    accepted: the risks that the policy accepts (see all_accepted).
    It complains of an invalid or too risky entry, and skips it.
    """
    matcher = Matcher()
    # Nearly all entries are exact, and without a risk.
    exact, match_usual = matcher.exact, USUAL_PATTERN.fullmatch
    accepts_all = accepted >= CREDENTIAL_RISKS
    for entry in entries:
        if isinstance(entry, str) and len(entry) < MAX_USUAL_PATTERN:
            found = match_usual(entry)
            exact_https = found and found[1] == "https" and not found[3]
            if found and (exact_https or accepts_all or is_safe(found)):
                if found[3]:
                    matcher.add_wildcard(entry, found[2], "")
                else:
                    exact.add(entry)
                continue
        add_entry(matcher, entry, accepted, complain, accept_key)
    return matcher


def is_safe(usual: re.Match[str]) -> bool:
    """Whether a usual pattern with a wildcard has no risk: https, below a name with an owner."""
    return usual[1] == "https" and not public_suffix_source(usual[2][2:], below=True)


def add_entry(
    matcher: Matcher, entry: Any, accepted: AcceptedRisks, complain: Complain, accept_key: str
) -> None:
    """Add an entry of any kind to the matcher, or complain of it."""
    try:
        host, port, risks = inspect_entry(entry, accepted)
    except ValueError as error:
        complain(entry, str(error))
        if isinstance(error, Misspelled):  # what it says to write may be too risky
            add_entry(Matcher(), error.mended, accepted, complain, accept_key)
        return
    refused = [risk for risk in risks if risk.name not in accepted]
    for risk in refused:
        complain(entry, prohibited(accept_key, risk), risk.name)
    if not refused:
        matcher.add(entry, host, port)


def inspect_entry(entry: Any, accepted: AcceptedRisks) -> tuple[str, str, Iterable[Risk]]:
    """Host, port and risks of an entry of ``origin``. Raises ValueError if it is invalid."""
    if isinstance(entry, str):
        scheme, host, port = parse_pattern(entry)
        return host, port, pattern_risks(scheme, host)
    if isinstance(entry, re.Pattern) and isinstance(entry.pattern, str):
        return "", "", regex_risks(entry, accepted)
    if not callable(entry):
        raise ValueError(
            f"has the type {type(entry).__name__}: write 'scheme://host', 'null', a compiled"
            " regular expression, a function f(origin, environ), or an OriginList"
        )
    if not fits(entry, 2):
        raise ValueError("cannot be called with two arguments: write a function f(origin, environ)")
    return "", "", ()


# ----------------------------------------------------------------------
# Compile: typed values -> immutable policies. Everything that does not depend on a
# request is decided here.
# ----------------------------------------------------------------------


class Policy:
    """One compiled, immutable policy, as in ``CORS.policies``.

    Its attributes are its name and its options, with their defaults filled in:

    name: str, as in the option ``policy``; "direct" if the options have no prefix.
    origin: tuple of the entries as written; ("*",) or ("copy",) for every origin.
    path: tuple of patterns; () for every path.
    methods, headers, expose_headers: tuples of names; ("*",) for any.
    credentials, timing, preflight_continue: bool.
    maxage: int, seconds.
    preflight_status: int, from 200 to 299.
    accept_risk: frozenset of names.

    docs/options.rst explains each option. The other attributes and methods, except
    ``allows``, are for the middleware itself and may change.
    """

    name: str
    origin: tuple[Any, ...]
    path: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    credentials: bool
    maxage: int
    timing: bool
    preflight_status: int
    preflight_continue: bool
    accept_risk: frozenset[str]
    # For the middleware's own use:
    static: bool  # what it sends does not depend on the request's Origin
    anyone: bool  # every well-formed origin is admitted
    matcher: Matcher
    # The options whose `*` browsers would take literally: what was asked for is sent instead.
    echoes: frozenset[str]
    status_line: str  # of a preflight; "" leaves it to the application
    response: tuple[Header, ...]  # what an actual response gets beside the origin
    preflight: tuple[Header, ...]  # what a preflight gets beside the origin and what is echoed

    def __init__(self, attributes: dict[str, Any]) -> None:
        object.__setattr__(self, "__dict__", attributes)  # they cannot be assigned one by one

    def _refuse(self, *_: object) -> None:
        raise AttributeError("a Policy is immutable: use CORS.configure")

    __setattr__ = __delattr__ = _refuse

    def __repr__(self) -> str:
        options = [f"{name}={show(getattr(self, name))}" for name in ("name", *OPTIONS)]
        return f"Policy({', '.join(options)})"

    def allows(self, origin: str, environ: WSGIEnvironment) -> bool:
        """Whether this policy alone allows the origin; predicates are called with ``environ``."""
        request = Request(origin, environ, environ, preflight=False)
        return self.static or (
            len(origin) <= MAX_ORIGIN and self.refusal(request, verbmatch=False) is None
        )

    def refusal(self, request: Request, verbmatch: bool) -> str | None:
        """Why the policy does not allow the request; None if it does."""
        if not self.matcher.admits(request.origin):
            refusal = self.refusal_of_unlisted(request)
            if refusal is not None:
                return refusal
        if verbmatch and self.methods != ("*",) and request.verb() not in self.methods:
            return VERB_NOT_ALLOWED
        return self.refusal_of_echo(request) if request.preflight else None

    def refusal_of_unlisted(self, request: Request) -> str | None:
        """Why an origin that no pattern admits is not allowed; None if it is."""
        if self.anyone:
            return None if is_well_formed(request.origin) else NOT_ALLOWED
        predicates = self.matcher.all_predicates()
        if not predicates or not is_well_formed(request.origin):
            return NOT_ALLOWED
        return refusal_of_predicates(predicates, request)

    def refusal_of_echo(self, request: Request) -> str | None:
        """Why the method or names that a preflight requests cannot be echoed; None if they can."""
        method, names = asked_method(request.received), asked_headers(request.received)
        if "methods" in self.echoes and not is_safe_method(method):
            return UNSAFE_METHOD
        echoes_names = self.credentials and "headers" in self.echoes
        if echoes_names and names and not is_list_of_names(names):
            return UNSAFE_HEADERS
        return None

    def response_headers(self, origin: str) -> list[Header]:
        if self.timing:
            return [(ALLOW_ORIGIN, origin), (TIMING_ALLOW_ORIGIN, origin), *self.response]
        return [(ALLOW_ORIGIN, origin), *self.response]

    def preflight_headers(self, origin: str, received: WSGIEnvironment) -> list[Header]:
        headers = [(ALLOW_ORIGIN, "*" if self.static else origin), *self.preflight]
        if not self.echoes:
            return headers
        if "methods" in self.echoes:
            methods = dict.fromkeys((*STANDARD_METHODS, asked_method(received)))
            headers.append((ALLOW_METHODS, ", ".join(methods)))
        if "headers" in self.echoes:
            known = NAMED_HEADERS if self.credentials else ("*", *NAMED_HEADERS)
            headers.append((ALLOW_HEADERS, name_headers(known, asked_headers(received))))
        return headers


def refusal_of_predicates(predicates: list[Predicate], request: Request) -> str | None:
    for predicate in predicates:
        answer = ask(predicate, request.origin, request.for_predicate())
        if answer is not False:
            return None if answer else PREDICATE_FAILED
    return NOT_ALLOWED


def is_safe_method(method: str) -> bool:
    return len(method) <= MAX_METHOD and TOKEN.fullmatch(method) is not None


def is_list_of_names(names: str) -> bool:
    return len(names) <= MAX_HEADERS and FIELD_NAMES.fullmatch(names) is not None


def name_headers(known: Iterable[str], asked: str) -> str:
    """The known names and the requested ones, each once in any case. An invalid list is ignored."""
    names = {name.lower(): name for name in known}
    if is_list_of_names(asked):
        for name in asked.split(","):
            names.setdefault(name.strip().lower(), name.strip())
    return ", ".join(names.values())


# Why a request is refused: lines of ours, with nothing of the request in them.
NOT_ALLOWED: Final = "no policy for this path allows the origin"
MALFORMED: Final = "the Origin header is not what browsers send"
VERB_NOT_ALLOWED: Final = (
    "no policy for this path allows the method to the origin (matchstrategy = verbmatch)"
)
PREDICATE_FAILED: Final = "a predicate of the configuration failed; see the server's log"
STRATEGY_FAILED: Final = "the matchstrategy of the configuration failed; see the server's log"
DENIED: Final = "the policy deny refuses what no policy before it allows"
AMBIGUOUS_PATH: Final = "the path and its normal form are governed by different policies"
UNSAFE_METHOD: Final = "Access-Control-Request-Method is not a token of at most 64 bytes"
UNSAFE_HEADERS: Final = (
    "Access-Control-Request-Headers is not a list of names of at most 4096 bytes"
)
# With these, no later policy of the group is asked.
FINAL_REFUSALS: Final = frozenset((PREDICATE_FAILED, UNSAFE_METHOD, UNSAFE_HEADERS))
REFUSED_PREFLIGHT: Final = "CORS preflight refused: "  # how the body of a refusal begins

NOT_GOVERNED: Final = "no policy governs it"

VARY_ORIGIN: Final[Header] = ("Vary", "Origin")
MAX_REMEMBERED: Final = 8192  # origins whose answers a group remembers


class Group:
    """Policies with the same ``path``: the first group whose path matches is the only one asked.

    responses, preflights: headers, and whole PreflightResponses, that were sent before and depend
    on nothing but the Origin, which is the key. They are replaced when a list changes, so a
    request that still uses the old list can only store into the old mappings.
    """

    def __init__(
        self,
        paths: Iterable[str],
        policies: Iterable[Policy],
        refusal: str = NOT_ALLOWED,
        verbmatch: bool = False,
    ) -> None:
        self.exact, self.prefixes = exact_and_prefixes(paths)
        self.policies = tuple(policies)
        self.verbmatch = verbmatch
        self.refusal = refusal  # where no policy of the group allows a well-formed origin
        self.static = bool(self.policies) and self.policies[0].static
        self.lists: list[OriginList] = []
        self.without_origin: list[Header] = (
            self.policies[0].response_headers("*") if self.static else [VARY_ORIGIN]
        )
        for policy in self.policies:
            for origins, accepted in policy.matcher.lists:
                self.lists.append(origins)
                origins.watch(self)
                origins.matcher(accepted)  # compiled now, not by the first request
        self.forget()

    def forget(self) -> None:
        """Start with empty mappings, because a list has changed."""
        self.responses: dict[str, list[Header]] = {}
        self.preflights: dict[str, PreflightResponse] = {}


def as_path_info(path: str) -> str:
    """Its bytes, each as one character (PEP 3333, "Unicode Issues")."""
    return path.encode("utf-8").decode("latin-1")


def exact_and_prefixes(paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a PATH_INFO is compared with. The empty path stands for every path."""
    exact, prefixes = [], []
    for path in paths:
        latin = as_path_info(path)
        if not latin or latin.endswith("/*"):
            prefixes.append(latin[:-1])
        if latin:
            exact.append(latin.removesuffix("/*"))
    return tuple(exact), tuple(prefixes)


# Groups that are not in the configuration, for requests that are refused.
DENY_GROUP: Final = Group((), (), DENIED)
AMBIGUOUS_GROUP: Final = Group((), (), AMBIGUOUS_PATH)
FAILED_GROUP: Final = Group((), (), STRATEGY_FAILED)


class Rules:
    """A whole configuration, compiled.

    policies: by name, in order. strategy: "firstmatch", "verbmatch" or a function. by_name:
    the groups that a function names; None where the path picks. groups: those that a path picks, in
    order; the one without a path is the prefix ``""``, and comes last. copies: whether a request is
    answered from a copy of its environ. everywhere: the group of every request, if it is known
    without a look at the environ; else None.
    """

    __slots__ = (
        "by_name",
        "catch_errors",
        "copies",
        "everywhere",
        "groups",
        "policies",
        "strategy",
    )

    def __init__(
        self, policies: dict[str, Policy], strategy: Any, catch_errors: bool, denies: bool
    ) -> None:
        self.policies: Mapping[str, Policy] = MappingProxyType(policies)
        self.strategy, self.catch_errors = strategy, catch_errors
        self.by_name: dict[str, Group] | None = None
        self.groups: tuple[Group, ...] = ()
        if callable(strategy):
            groups = {name: Group((), [policy]) for name, policy in policies.items()}
            self.by_name = {**groups, "deny": DENY_GROUP}
        else:
            self.groups = group_by_path(policies.values(), strategy == "verbmatch", denies)
        # What a strategy changes there changes nothing of what is checked and sent; and an error is
        # answered after the predicates and the application may have changed it.
        self.copies = self.by_name is not None or catch_errors
        first = self.groups[0] if self.groups else None
        known = first and "" in first.prefixes and not self.copies
        self.everywhere = first if known else None


def group_by_path(policies: Iterable[Policy], verbmatch: bool, denies: bool) -> tuple[Group, ...]:
    by_path: dict[frozenset[str], list[Policy]] = {}
    for policy in policies:
        by_path.setdefault(frozenset(policy.path), []).append(policy)
    pathless = by_path.pop(frozenset(), [])
    groups = [Group(path, members, NOT_ALLOWED, verbmatch) for path, members in by_path.items()]
    if pathless or denies:
        groups.append(Group(("",), pathless, DENIED if denies else NOT_ALLOWED, verbmatch))
    return tuple(groups)


NAME_LISTS: Final = ("methods", "headers", "expose_headers")
# What a preflight asks for: the option, and the headers of the response and of the request.
REQUESTED: Final = (
    ("methods", ALLOW_METHODS, "Access-Control-Request-Method"),
    ("headers", ALLOW_HEADERS, "Access-Control-Request-Headers"),
)


def compile_policy(
    name: str,
    values: dict[str, Any],
    static: bool,
    complain: Complain,
    accept_key: str,
) -> Policy:
    """A policy of values that were read.

    static: see Policy; it depends on the policies around this one. complain: about its origin.
    """
    origin, credentials = values["origin"], values["credentials"]
    anyone = "*" in origin or "copy" in origin
    if anyone:
        check_anyone(values, complain, accept_key)
    accepted = all_accepted(values["accept_risk"], credentials)
    patterns = [] if anyone else [entry for entry in origin if not isinstance(entry, OriginList)]
    matcher = compile_origins(patterns, accepted, complain, accept_key)
    matcher.lists = [(entry, accepted) for entry in origin if isinstance(entry, OriginList)]
    if anyone and "null-origin" in accepted:
        matcher.exact.add("null")
    echoes = echoed_options(values)
    status = status_line(values)
    attributes = {
        "name": name,
        "static": static,
        "anyone": anyone,
        "matcher": matcher,
        "echoes": echoes,
        "status_line": status,
        "response": compile_response(values, static, echoes),
        "preflight": compile_preflight(values, static, echoes, status),
    }
    return Policy({**values, **attributes})


def echoed_options(values: Mapping[str, Any]) -> frozenset[str]:
    """The options whose `*` is sent as names: those that a preflight requests, or a response has.

    With credentials, browsers take `*` literally. Without, Firefox caches names only:
    https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
    """
    anything = [option for option in NAME_LISTS if values[option] == ("*",)]
    return frozenset([name for name in anything if values["credentials"] or name == "headers"])


def check_anyone(values: Mapping[str, Any], complain: Complain, accept_key: str) -> None:
    """Complain of `*` or `copy` beside other origins, or with credentials."""
    origin, (sentence, remedy) = values["origin"], RISKS["any-origin"]
    if len(origin) > 1:
        rule = "lists origins beside '*' or 'copy', which allow every origin"
        complain(origin, f"{rule}: write one or the other", CONFLICT)
    elif values["credentials"] and origin[0] == "*":
        rule = "with credentials is forbidden by the standard, and browsers reject it"
        remedy += f", or 'copy' and {accept_key} = any-origin ({sentence})"
        complain("*", f"{rule}: write {remedy}", CONFLICT)
    elif values["credentials"] and "any-origin" not in values["accept_risk"]:
        complain("copy", prohibited(accept_key, Risk("any-origin")), "any-origin")


def compile_response(
    values: Mapping[str, Any], static: bool, echoes: frozenset[str]
) -> tuple[Header, ...]:
    """The headers of a response, less those that depend on the request."""
    headers = [(ALLOW_CREDENTIALS, "true")] if values["credentials"] else []
    if values["expose_headers"] and "expose_headers" not in echoes:
        headers.append((EXPOSE_HEADERS, ", ".join(values["expose_headers"])))
    if not static:
        headers.append(VARY_ORIGIN)
    return tuple(headers)


def compile_preflight(
    values: Mapping[str, Any],
    static: bool,
    echoes: frozenset[str],
    status: str,
) -> tuple[Header, ...]:
    """The headers of an allowed preflight, less those that depend on the request."""
    headers = [(ALLOW_CREDENTIALS, "true")] if values["credentials"] else []
    varies = [] if static else ["Origin"]
    for option, allow, requested in REQUESTED:
        names = values[option]
        if option in echoes:
            varies.append(requested)
        elif names == ("*",):  # a method: of "*" alone, Firefox caches nothing
            headers.append((allow, ", ".join(("*", *NAMED_METHODS))))
        elif names:
            headers.append((allow, ", ".join(names)))
    headers.append((MAX_AGE, str(values["maxage"])))
    if varies:
        headers.append(("Vary", ", ".join(varies)))
    if status[:3] not in ("", "204"):  # which have no entity headers of ours
        headers += entity_headers(b"")
    return tuple(headers)


def status_line(values: Mapping[str, Any]) -> str:
    """The status line of an allowed preflight; empty if the application responds."""
    if values["preflight_continue"]:
        return ""
    status: int = values["preflight_status"]
    return "204 No Content" if status == 204 else f"{status} OK"


def compile_rules(cfg: Any, options: Mapping[str, Any]) -> Rules:
    """Compile what a user wrote. There is no other way to get rules.

    ConfigError lists every problem.
    """
    problems: list[Problem] = []
    given = gather(cfg, options, problems)
    sections, denies = sort_keys(given, problems)
    strategy = read("matchstrategy", given.get("matchstrategy"), "matchstrategy", problems)
    catch_errors = read("catch_errors", given.get("catch_errors"), "catch_errors", problems)
    policies: dict[str, Policy] = {}
    seen_paths: set[frozenset[str]] = set()
    for name, section in sections.items():
        values = read_section(name, section, given, problems)
        key, value = section["path"]
        if value is not None and callable(strategy):
            rule = "has no effect beside a callable matchstrategy: leave it out"
            about(key, problems)(value, rule, CONFLICT)
        paths = frozenset(values["path"])
        first_of_group = paths not in seen_paths
        seen_paths.add(paths)
        public = values["origin"] == ("*",) and not values["credentials"]
        static = public and first_of_group and strategy == "firstmatch"
        complain = about(section["origin"][0], problems)
        accept_key = section["accept_risk"][0]
        policies[name] = compile_policy(name, values, static, complain, accept_key)
    if problems:
        raise ConfigError(problems)
    return Rules(policies, strategy, catch_errors, denies)


def read_section(
    name: str, section: Section, given: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    """The values of a policy's options."""
    values = {
        option: OPTIONS[option][1] if value is None else read(key, value, option, problems)
        for option, (key, value) in section.items()
    }
    if section["origin"][1] is None:
        unreadable = any(problem.key in ("policy", "policies") for problem in problems)
        if written(section) or not unreadable:
            problems.append(missing_origin(name, section, given))
    return values


# ----------------------------------------------------------------------
# Decide: request -> the policy that allows it, or why none does. Nothing here knows of
# responses.
# ----------------------------------------------------------------------


class Request:
    """What a decision may depend on.

    origin: its Origin. environ: what predicates get, and may change. received: the same as it
    came; a copy, once a predicate may have changed the other.
    """

    __slots__ = ("asked_predicate", "environ", "origin", "preflight", "received")

    def __init__(
        self, origin: str, received: WSGIEnvironment, environ: WSGIEnvironment, preflight: bool
    ) -> None:
        self.origin, self.preflight = origin, preflight
        self.received, self.environ = received, environ
        self.asked_predicate = False  # if so, more than the origin has decided

    def for_predicate(self) -> WSGIEnvironment:
        """The environ itself. Changes that a predicate makes there do not affect what we send."""
        if self.received is self.environ:
            self.received = self.environ.copy()
        self.asked_predicate = True
        return self.environ

    def verb(self) -> str | None:
        """The method that ``verbmatch`` compares."""
        received = self.received
        return asked_method(received) if self.preflight else received.get("REQUEST_METHOD")


def asked_method(preflight: WSGIEnvironment) -> str:
    method: str = preflight[ASKED_METHOD]
    return method


def asked_headers(preflight: WSGIEnvironment) -> str:
    names: str = preflight.get(ASKED_HEADERS, "")
    return names


class Decision(namedtuple("Decision", "policy reason group")):
    """The outcome for a request: the Policy that allows it, or None and the reason, a line of text.

    group: the policies that were asked, in order.
    """

    __slots__ = ()
    policy: Policy | None
    reason: str
    group: tuple[Policy, ...]


def is_preflight(environ: WSGIEnvironment) -> bool:
    """https://fetch.spec.whatwg.org/#cors-preflight-request: OPTIONS with both headers, no more.

    CORS.__call__ has the same condition, without the cost of a call.
    """
    return (
        environ.get("REQUEST_METHOD") == "OPTIONS"
        and "HTTP_ORIGIN" in environ
        and ASKED_METHOD in environ
    )


CONTROLS: Final = re.compile("[\x00-\x1f\x7f]")


def pick_group(rules: Rules, environ: WSGIEnvironment) -> Group | None:
    """The group that the strategy's function names, else the one that the path picks.

    None: the request is not governed.
    """
    if rules.by_name is not None:
        return group_by_name(rules.strategy, rules.by_name, environ)
    path = environ.get("PATH_INFO") or "/"
    group = group_of(rules.groups, path)
    if has_one_reading(path):
        return group
    # Bottle leaves out bytes that are not UTF-8; Pyramid also leaves out control
    # characters.
    text = path.encode("latin-1", "ignore").decode("utf-8", "ignore")
    visible = CONTROLS.sub("", text)
    for reading in (text, visible, normal_path(text), normal_path(visible)):
        if group_of(rules.groups, as_path_info(reading) or "/") is not group:
            return AMBIGUOUS_GROUP
    return group


def has_one_reading(path: str) -> bool:
    """Whether every server and framework takes the path as it is."""
    plain = path.isascii() and path.isprintable() and path[0] == "/"
    return plain and not ("//" in path or "/." in path or "\\" in path)


def group_of(groups: tuple[Group, ...], path: str) -> Group | None:
    for group in groups:
        if path in group.exact or path.startswith(group.prefixes):
            return group
    return None


def group_by_name(
    strategy: Any, groups: dict[str, Group], environ: WSGIEnvironment
) -> Group | None:
    try:
        name = strategy(environ)
    except Exception:
        logger().exception("the matchstrategy %s failed", show(strategy))
        return FAILED_GROUP
    if name is None:
        return None
    if isinstance(name, str) and name in groups:
        return groups[name]
    text = "the matchstrategy %s returned %s, which names no policy"
    logger().error(text, show(strategy), show(name))
    if isinstance(name, CoroutineType):
        name.close()
    return FAILED_GROUP


def decide(group: Group, request: Request) -> Policy | str:
    """The policy of the group that allows the request, or the reason of the refusal."""
    if group.static:
        return group.policies[0]
    if len(request.origin) > MAX_ORIGIN:
        return MALFORMED
    reason = group.refusal
    for policy in group.policies:
        refusal = policy.refusal(request, group.verbmatch)
        if refusal is None:
            return policy
        if refusal in FINAL_REFUSALS:
            return refusal
        if refusal == VERB_NOT_ALLOWED:
            reason = refusal
    return reason if is_origin(request.origin) else MALFORMED


def is_origin(origin: str) -> bool:
    """Whether browsers send such a text as Origin."""
    return origin == "null" or is_well_formed(origin)


def is_well_formed(origin: str) -> bool:
    return ORIGIN.fullmatch(origin) is not None


# ----------------------------------------------------------------------
# Act: the only part that touches WSGI (PEP 3333).
# ----------------------------------------------------------------------

# Spellings of header names that no policy sets, so that a response costs one look-up a
# header.
PLAIN_NAMES: set[str] = set()
MAX_PLAIN_NAMES: Final = 1024

# Attributes of frameworks' applications that people look for on the middleware.
OF_APPLICATIONS: Final = """
    add_url_rule after_request app_context before_request blueprints cli config errorhandler get
    jinja_env post register_blueprint registry route router run test_client test_request_context
    url_map view_functions wsgi wsgi_app
    """.split()


class OfApplication:
    """An attribute that people look for on the middleware, but that the application has."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: Any) -> Any:
        kind = f"{owner.__name__!r} object"
        if instance is None:
            instance, kind = owner, f"type object {owner.__name__!r}"
        try:  # a class may inherit from CORS and from another class that has it
            return getattr(super(NotTheApplication, instance), self.name)
        except AttributeError:
            raise AttributeError(
                f"{kind} has no attribute {self.name!r}, which is the application's:"
                f" write app.wsgi_app = CORS(app.wsgi_app, ...) and keep using app.{self.name};"
                " or, where it has no wsgi_app, application = CORS(app, ...)"
            ) from None


class NotTheApplication:
    """Explains the attributes that the middleware does not have, but its application may have.

    Before CPython 3.12, a ``__getattr__`` would make each attribute of the middleware slower.
    """

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in OF_APPLICATIONS]


for _name in OF_APPLICATIONS:
    setattr(NotTheApplication, _name, OfApplication(_name))


# inspect.signature(CORS) shows app=<required>.
NO_APPLICATION: Any = type("Required", (), {"__repr__": lambda _: "<required>"})()


class CORS(NotTheApplication):
    """A WSGI middleware that adds Cross-Origin Resource Sharing to an application.

        >>> application = CORS(application, origin="https://app.example.com",
        ...                    methods="GET, PUT", headers="Content-Type")

    The middleware responds to preflights itself. To other responses it adds the
    headers of the CORS protocol (``Access-Control-*``, ``Vary`` and, if ``timing``
    is set, ``Timing-Allow-Origin``), and replaces those that the application sets.
    The protocol: https://fetch.spec.whatwg.org/#http-cors-protocol

    Security: CORS only decides which pages may *read* a response. Requests of other
    pages still reach the application. It needs its own authentication, and its own
    protection against cross-site request forgery.

    app: the WSGI application.
    cfg: a mapping of options, or None.
    options: the same options as keywords. A keyword overrides ``cfg``.

    A list is a string with commas or spaces between its entries, or a Python list,
    tuple or set. The options of a policy (docs/options.rst explains each):

    origin: a list of origins such as "https://app.example.com" and patterns such as
        "https://*.example.com"; also regular expressions, functions
        ``f(origin, environ) -> bool``, OriginLists, or "*". Required.
    path: a list of "/exact" and "/prefix/*". Default: every path.
    methods: a list of methods, or "*". Default: "GET, HEAD, POST".
    headers: a list of request headers, or "*". Default: only safelisted ones.
    expose_headers: a list of response headers, or "*". Default: only safelisted ones.
    credentials: bool, whether to allow cookies and HTTP authentication. Default: False.
    maxage: seconds that a browser may cache a preflight. Default: 600.
    timing: bool, whether to send Timing-Allow-Origin. Default: False.
    preflight_status: the status of an allowed preflight, 200 to 299. Default: 200.
    preflight_continue: bool, whether the application gets preflights. Default: False.
    accept_risk: a list of risks that you accept. Default: unset.

    The options of the whole configuration:

    policy: the names of several policies, in order. The options of each are then
        prefixed with its name: ``policy="api", api_origin=..., api_path=...``.
    policies: the same nested, a mapping of names to mappings of options.
    matchstrategy: "firstmatch", "verbmatch", or a function ``f(environ)`` that
        returns the name of a policy. Default: "firstmatch".
    catch_errors: bool, whether to turn an exception of the application into a 500
        response that the page can read. Default: False.

    Raises ConfigError, which lists every problem and its fix.
    """

    if TYPE_CHECKING:  # app is required
        app: WSGIApplication

        def __init__(
            self,
            app: WSGIApplication,
            cfg: Mapping[str, Any] | None = None,
            **options: Any,
        ) -> None: ...

    else:

        def __init__(self, app=NO_APPLICATION, cfg=None, **options):
            if app is NO_APPLICATION:
                name = ", not application" if "application" in options else ""
                raise TypeError(f"CORS() takes the application as app{name}: write CORS(app, ...)")
            if not callable(app):
                # A dict may be an environ, with cookies, if a server calls the class itself.
                shown = "<dict>" if isinstance(app, dict) else show(app)
                message = f"{shown} is not a WSGI application: write CORS(application, ...)"
                raise ConfigError([Problem("app", app, message)])
            self.app = app
            self.configure(cfg, **options)

    def configure(self, cfg: Mapping[str, Any] | None = None, **options: Any) -> None:
        """Replace the whole configuration, also while requests are served.

        Each request is decided by the old configuration or by the new one.

        cfg, options: as for the class.

        Raises ConfigError, which lists every problem. The old configuration then stays.
        """
        self._rules = compile_rules(cfg, options)

    @property
    def policies(self) -> Mapping[str, Policy]:
        """A read-only mapping of names to the active policies, in order."""
        return self._rules.policies

    @property
    def matchstrategy(self) -> str | Callable[[WSGIEnvironment], str | None]:
        """The option ``matchstrategy``: "firstmatch", "verbmatch" or a function."""
        strategy: str | Callable[[WSGIEnvironment], str | None] = self._rules.strategy
        return strategy

    def decide(self, environ: WSGIEnvironment) -> Decision | None:
        """The decision for a request, or None if no policy governs it.

        The strategy and the predicates are called, and nothing is sent.
        """
        received = environ.copy()
        group = pick_group(self._rules, environ)
        if group is None:
            return None
        origin = str(received.get("HTTP_ORIGIN", ""))
        found = decide(group, Request(origin, received, environ, is_preflight(received)))
        if isinstance(found, Policy):
            return Decision(found, "", group.policies)
        return Decision(None, found, group.policies)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        rules = self._rules
        group, received = rules.everywhere, environ
        if group is None:
            group, received = find_group(rules, environ)
            if group is None:
                return self.app(environ, start_response)
        if group.lists:
            refresh(group.lists)
        origin = received.get("HTTP_ORIGIN")
        if origin is None:
            ours: list[Header] | None = group.without_origin
        else:
            key = origin if len(origin) <= MAX_ORIGIN else origin[: MAX_ORIGIN + 1]
            if ASKED_METHOD in received and received["REQUEST_METHOD"] == "OPTIONS":
                answer = group.preflights.get(key)
                status, ours, body = answer or answer_preflight(group, received, environ)
                if status:
                    start_response(status, [*ours])
                    return body
            else:
                ours = group.responses.get(key)
                if ours is None:
                    ours, start_response = answer_request(group, received, environ, start_response)

        # Closures and annotations would be built for every request; defaults cost less.
        def respond(status, headers, exc_info=None, start_response=start_response, ours=ours):  # type: ignore[no-untyped-def]
            for header in headers:
                if header[0] not in PLAIN_NAMES:
                    headers = merge_headers(headers, ours)
                    break
            else:  # a tuple of headers cannot be added to a list
                headers = headers + ours if type(headers) is list else merge_headers(headers, ours)
            if exc_info is None:  # an outer start_response may take two arguments only
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        if rules.catch_errors:
            return call_and_catch(self.app, environ, respond, received)
        return self.app(environ, respond)


def find_group(rules: Rules, environ: WSGIEnvironment) -> tuple[Group | None, WSGIEnvironment]:
    """The group that governs the request, or None; and the environ as it came."""
    received = environ.copy() if rules.copies else environ
    group = pick_group(rules, environ)
    if group is None and is_preflight(received):
        log("not governed: %s %s from %s: %s", received, NOT_GOVERNED)
    return group, received


def refresh(lists: list[OriginList]) -> None:
    """Start the reloads that are due."""
    now = time.monotonic()
    for origins in lists:
        if now >= origins.due:
            origins.refresh()


def remember(answers: dict[str, Any], origin: str, answer: Any) -> None:
    if len(origin) > MAX_ORIGIN:
        return
    if len(answers) >= MAX_REMEMBERED:
        answers.clear()
    answers[origin] = answer


def answer_request(
    group: Group, received: WSGIEnvironment, environ: WSGIEnvironment, start_response: StartResponse
) -> tuple[list[Header], StartResponse]:
    """The headers for the response to a request with an Origin, and the start_response to call.

    With ``expose_headers = *`` this adds a header that names those of the response.
    """
    responses = group.responses  # taken before a look at any list: see Group
    origin = str(received["HTTP_ORIGIN"])
    policy, by_origin = policy_by_pattern(group, origin), True
    if policy is None:
        found, _, by_origin = decide_and_log(group, origin, received, environ, False)
        if isinstance(found, str):
            return group.without_origin, start_response
        policy = found
    ours = policy.response_headers("*" if policy.static else origin)
    if "expose_headers" in policy.echoes:
        return ours, expose_all(start_response)
    if by_origin:
        remember(responses, origin, ours)
    return ours, start_response


def answer_preflight(
    group: Group, received: WSGIEnvironment, environ: WSGIEnvironment
) -> PreflightResponse:
    """https://fetch.spec.whatwg.org/#cors-preflight-fetch: any ok status will do."""
    preflights = group.preflights  # taken before a look at any list: see Group
    origin = str(received["HTTP_ORIGIN"])
    policy, by_origin = policy_by_pattern(group, origin), True
    if policy is None or policy.echoes:
        found, received, by_origin = decide_and_log(group, origin, received, environ, True)
        if isinstance(found, str):
            body = f"{REFUSED_PREFLIGHT}{found}.\n".encode("ascii")
            return "403 Forbidden", [*entity_headers(body), VARY_ORIGIN], [body]
        policy = found
    answer = policy.status_line, policy.preflight_headers(origin, received), ()
    if by_origin and not policy.echoes:
        remember(preflights, origin, answer)
    return answer


def decide_and_log(
    group: Group, origin: str, received: WSGIEnvironment, environ: WSGIEnvironment, preflight: bool
) -> tuple[Policy | str, WSGIEnvironment, bool]:
    """The policy or the reason of the refusal, as `decide` returns them.

    Also the environ as it came, without the changes of predicates; and whether the result depends
    on nothing but the origin and can be remembered. A refusal is logged.
    """
    request = Request(origin, received, environ, preflight)
    found = decide(group, request)
    if isinstance(found, str):
        log_refusal(found, request)
    return found, request.received, not (group.verbmatch or request.asked_predicate)


def policy_by_pattern(group: Group, origin: str) -> Policy | None:
    """The policy that `decide` returns, if it is known from the origin and the patterns alone.

    None: only `decide` can tell. A request that gets its policy here costs less.
    """
    if group.verbmatch or len(origin) > MAX_ORIGIN:
        return None
    for policy in group.policies:
        matcher = policy.matcher
        if matcher.admits(origin):
            return policy
        if policy.anyone or matcher.lists or matcher.predicates:
            return None
    return None


def expose_all(start_response: StartResponse) -> StartResponse:
    """A start_response that exposes every header of the response that browsers would hide.

    Not of a 304: a cache would put its shorter list in the place of the stored one
    (RFC 9111, section 3.2).
    """

    def respond(
        status: str, headers: list[Header], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if not status.startswith("304"):
            hidden = SAFELISTED_RESPONSE_HEADERS | FORBIDDEN_RESPONSE_HEADERS
            names = {name.lower(): name for name, _ in headers if TOKEN.fullmatch(name)}
            exposed = [
                name
                for low, name in names.items()
                if low not in hidden and not low.startswith("access-control-")
            ]
            headers = [*headers, (EXPOSE_HEADERS, ", ".join(exposed))]
        if exc_info is None:
            return start_response(status, headers)
        return start_response(status, headers, exc_info)

    return respond


def merge_headers(headers: list[Header], ours: list[Header]) -> list[Header]:
    """The application's headers less those that a policy sets, then ours, with its Vary merged."""
    if not isinstance(headers, (list, tuple)):  # an iterator would lose what has been looked at
        raise TypeError(
            f"start_response takes a list of headers (PEP 3333), not {type(headers).__name__}"
        )
    our_names = {name.lower() for name, _ in ours}
    merged: list[Header] = []
    vary: list[str] = []
    for header in headers:
        name = header[0].lower()
        if name in POLICY_HEADERS:
            continue
        if name not in ("vary", "timing-allow-origin"):
            merged.append(header)
            if len(name) <= 64:
                # An application that makes up names must not keep out those of the others.
                if len(PLAIN_NAMES) >= MAX_PLAIN_NAMES:
                    PLAIN_NAMES.clear()
                PLAIN_NAMES.add(header[0])
        elif name not in our_names:
            merged.append(header)
        elif name == "vary":
            vary.append(header[1])
    for name, value in ours:
        merged.append((name, merge_vary(vary, value)) if name == "Vary" else (name, value))
    return merged


def merge_vary(values: list[str], ours: str) -> str:
    """One line of names; ``*`` includes every name.

    https://www.rfc-editor.org/rfc/rfc9110#name-vary
    """
    names = [name.strip() for name in ",".join([*values, ours]).split(",")]
    if "*" in names:
        return "*"
    first = {name.lower(): name for name in reversed(names) if name}
    return ", ".join(reversed(first.values()))


def entity_headers(body: bytes) -> list[Header]:
    return [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]


class HeldResponse:
    """The start_response of an application, held back until the application returns or writes.

    After a second one, gunicorn and cheroot would send the headers of both, and uWSGI no body.
    """

    __slots__ = ("announced", "passed_on", "respond", "server_write")

    def __init__(self, respond: StartResponse) -> None:
        self.respond = respond
        self.announced: tuple[str, list[Header], OptExcInfo | None] | None = None
        self.server_write: Any = None
        self.passed_on = False  # from then on nothing is held

    def start_response(
        self, status: str, headers: list[Header], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if self.passed_on:
            return self.respond(status, headers, exc_info)
        if self.announced and exc_info is None:
            rule = "start_response was called a second time without exc_info (PEP 3333)"
            raise AssertionError(rule)
        # The application may go on using its list.
        copied = headers[:] if isinstance(headers, list) else headers
        self.announced = (status, copied, exc_info)
        return self.write

    def pass_on(self) -> None:
        if not self.passed_on:
            self.passed_on = True
            if self.announced:
                self.server_write = self.respond(*self.announced)

    def write(self, data: bytes) -> object:
        self.pass_on()
        return self.server_write(data)


def call_and_catch(
    app: WSGIApplication,
    environ: WSGIEnvironment,
    respond: StartResponse,
    received: WSGIEnvironment,
) -> Iterable[bytes]:
    """The application's response; if it raises, a plain 500 with the CORS headers.

    received: the environ as it came, a copy.
    """
    held = HeldResponse(respond)
    answer: Iterable[bytes] = ()
    method, path = received.get("REQUEST_METHOD"), received.get("PATH_INFO")
    try:
        answer = app(environ, held.start_response)
        held.pass_on()
        return answer
    except Exception:
        logger().exception("the application failed at %s %s", show(method), show(path))
        close_unsent(answer)
        body = b"Internal Server Error\n"
        headers = entity_headers(body)
        # If headers have been sent, exc_info makes the server raise. In a variable it would
        # make a circle with this frame (PEP 3333, "The start_response() Callable").
        respond("500 Internal Server Error", headers, sys.exc_info() if held.passed_on else None)
        return [] if method == "HEAD" else [body]


def close_unsent(response: Iterable[bytes]) -> None:
    """Close a response that will not be sent. If that fails as well, the 500 is sent anyway."""
    close = getattr(response, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:
        logger().exception("closing the response of the application failed")


def log_refusal(reason: str, request: Request) -> None:
    environ = request.received
    host = environ.get("HTTP_HOST")
    # Behind a proxy that ends TLS, the server's own scheme is http.
    same = host and request.origin in (
        f"{environ.get('wsgi.url_scheme')}://{host}",
        f"https://{host}",
    )
    log("refused %s %s from %s: %s", environ, "same origin" if same else reason)


def log(text: str, environ: WSGIEnvironment, reason: str) -> None:
    """One line; the same facts are attributes of the record, for a handler that counts."""
    if logger().isEnabledFor(10):  # logging.DEBUG
        keys = ("REQUEST_METHOD", "PATH_INFO", "HTTP_ORIGIN")
        facts = [environ.get(key) for key in keys]
        names = ("cors_method", "cors_path", "cors_origin")
        extra = {**dict(zip(names, map(plain, facts))), "cors_reason": reason}
        logger().debug(text, *map(show, facts), reason, extra=extra)


def plain(value: object) -> str:
    """A foreign text as one short line, without quotes."""
    text = value[:MAX_SHOWN] if isinstance(value, str) else show(value)
    return on_one_line(text)[:MAX_SHOWN]


# ----------------------------------------------------------------------
# Sources: origins from elsewhere, which change while the server runs.
# ----------------------------------------------------------------------

RETRY: Final = 5.0  # seconds until the next load, if one that was waited for has failed
EXACT: Final = "write an origin in full, such as 'https://app.example.com'"


# What messages about an entry of `origin` say, and what is said of an entry of a list.
OF_POLICY: Final = (
    (", or '*' for anyone", ""),
    ("cannot be part of a list: write it alone, or list origins", "cannot be loaded: list origins"),
    ("a function f(origin, environ), or an OriginList", "or a function f(origin, environ)"),
)


def compile_entries(
    entries: Iterable[Any],
    accepted: AcceptedRisks,
    patterns: bool,
    complain: Complain,
    accept_key: str = "accept_risk",
) -> Matcher:
    """The matcher of the entries of a list; without ``patterns``, of exact origins only."""

    def complain_of_entry(value: object, message: str, code: str = INVALID) -> None:
        """Complain without advice that only helps where a policy is written."""
        for of_policy, of_entry in OF_POLICY:
            message = message.replace(of_policy, of_entry)
        complain(value, message, code)

    if patterns:
        return compile_origins(entries, accepted, complain_of_entry, accept_key)

    def shorten(value: object, message: str, code: str = INVALID) -> None:
        """Complain without advice to write a pattern or null."""
        fault, _, remedy = message.rpartition(": write ")
        pattern = "*" in remedy or remedy == "'null'"
        complain(value, f"{fault}: {EXACT}" if pattern else message, code)

    exact = exact_only(entries, complain)
    return compile_origins(exact, accepted, shorten, accept_key)


def exact_only(entries: Iterable[Any], complain: Complain) -> Iterator[str]:
    """The entries without those that match more than one origin."""
    for entry in entries:
        # Anything but a text may match several origins, as "*" does.
        word = AROUND.sub("", entry).lower() if isinstance(entry, str) else "*"
        if "*" in word or word in ("copy", "null"):
            complain(entry, f"is not an exact origin: {EXACT}")
        else:
            yield entry


def check_origins(
    origins: Iterable[Any],
    credentials: bool = False,
    accept_risk: Iterable[str] = (),
    patterns: bool = True,
) -> tuple[Problem, ...]:
    """Check origins before they are stored, for a form or an import.

        >>> for problem in check_origins([text], credentials=True, patterns=False):
        ...     print(problem.message)

    origins: an iterable of entries, or a string, which is split at spaces and commas.
        Pass the text of one field as ``[text]``.
    credentials: bool, as in the policy for which the origins are. Default: False.
    accept_risk: the risks that this policy accepts. Default: ().
    patterns: bool; False accepts exact origins only. Default: True.

    Returns a tuple of Problem, which is empty if every origin is fine.
    Raises ConfigError if another argument than ``origins`` is wrong.
    """
    wrong: list[Problem] = []
    risks = read_risks(accept_risk, about("accept_risk", wrong))
    for key, value in (("credentials", credentials), ("patterns", patterns)):
        check_boolean(key, value, wrong)
    if wrong:
        raise ConfigError(wrong)
    problems: list[Problem] = []
    complain = about("origins", problems)
    accepted = all_accepted(risks, credentials)
    # The user of a form cannot accept a risk, so the message does not say how.
    compile_entries(entries_of(origins), accepted, patterns, complain, accept_key="")
    return tuple(problems)


def entries_of(origins: Iterable[Any]) -> Iterable[Any]:
    if isinstance(origins, (bytes, bytearray)):
        return [origins]  # one entry of a wrong type, and not as many as it has bytes
    return WORD.findall(origins) if isinstance(origins, str) else origins


def check_boolean(key: str, value: object, problems: list[Problem]) -> None:
    if not isinstance(value, bool):
        about(key, problems)(value, "is not a boolean: write True or False")


def check_seconds(key: str, value: object, problems: list[Problem], usual: int) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < value <= MAX_SECONDS:  # type: ignore[operator]
        rule = "is not a number of seconds above 0 and at most 2**31"
        about(key, problems)(value, f"{rule}: write {usual}")


class Loaded:
    """The result of one load, which is replaced as a whole.

    matchers, problems: the Matcher, and the problems of the entries that it skips, for each set
    of accepted risks in use. begun: when the load began, by the monotonic clock. time: the same
    as a POSIX timestamp, None for ``initial``.
    """

    __slots__ = ("begun", "entries", "matchers", "problems", "time")

    def __init__(self, entries: tuple[Any, ...], begun: float, time: float | None) -> None:
        self.entries, self.begun, self.time = entries, begun, time
        self.matchers: dict[AcceptedRisks, Matcher] = {}
        self.problems: dict[AcceptedRisks, tuple[Problem, ...]] = {}


class Turn:
    """The loads of one process, of which only one runs at a time.

    No code waits for the lock: a fork may copy it while it is held, and a greenlet that waits
    for a thread's lock blocks all others.
    """

    __slots__ = ("busy", "thread", "waiting")

    def __init__(self) -> None:
        self.busy = threading.Lock()  # held while a load runs
        self.thread: int | None = None  # where it runs
        self.waiting: deque[Waiting] = deque()  # for the next load

    def take_waiting(self) -> list[Waiting]:
        return [self.waiting.popleft() for _ in range(len(self.waiting))]


class Waiting:
    """A call of reload() that waits for a load to end."""

    __slots__ = ("ended", "failure")

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.failure: BaseException | None = None


class OriginList:
    """Allowed origins from a data source, as an entry of ``origin``.

        >>> origins = OriginList(Path("/etc/shop/origins.txt").read_text, every=10)
        >>> application = CORS(application, origin=origins)

    load: a function without arguments. It returns a string, which is split at spaces
        and commas, or an iterable of entries that ``origin`` accepts.
    every: seconds after which the next request starts a reload in a background thread.
        No request waits for it. Default: 60.
    allow_empty: bool, whether to accept an empty list. Default: False, which keeps the
        last good list.
    initial: the origins to use if the first load fails, such as ``[]``. A request
        after at most five seconds starts another load. Default: None.
    patterns: bool; False accepts exact origins only. Default: True.

    ``load`` is called when the list is created. If it raises an exception or does not
    return a valid origin, and ``initial`` is unset, this raises ConfigError. Later
    failures are logged, and the last good list stays. An invalid entry, or one that is
    too risky for a policy, is skipped and logged. Several policies may share a list.

    ``len()`` and iteration give the entries in use, as written. ``source`` is ``load``.
    See docs/origins-from-data.rst.
    """

    def __init__(
        self,
        load: Callable[[], Iterable[Any]],
        every: float = 60.0,
        allow_empty: bool = False,
        initial: Iterable[Any] | None = None,
        patterns: bool = True,
    ) -> None:
        wrong: list[Problem] = []
        remedy = "write one without arguments that returns the origins"
        if not callable(load):
            about("load", wrong)(load, f"is not a function: {remedy}")
        elif not fits(load, 0):
            about("load", wrong)(load, f"cannot be called without arguments: {remedy}")
        check_seconds("every", every, wrong, usual=60)
        check_boolean("allow_empty", allow_empty, wrong)
        check_boolean("patterns", patterns, wrong)
        complain = about("initial", wrong)
        first = read_origins([] if initial is None else initial, complain)
        compile_entries(first, ALL_RISKS, patterns is True, complain)
        if wrong:
            raise ConfigError(wrong)
        self.source, self._every, self._allow_empty = load, every, allow_empty
        self._patterns = patterns
        self._turns: dict[int, Turn] = {}  # by process
        self._accepted: set[AcceptedRisks] = set()  # of the policies that use the list
        # The groups whose policies use the list, by their ids.
        self._groups: WeakValueDictionary[int, Group] = WeakValueDictionary()
        self._error: str | None = None
        begun = time.monotonic()
        self.due = begun + every  # as time.monotonic(): see refresh
        self._late = float("inf")  # when to complain of the load that is running
        self._now = Loaded(first, begun, None)
        try:
            self._now = self._read_all(iter)
        except Exception as error:
            if initial is None:
                raise self._as_config_error(error) from error
            self._report(error, "the first load of %s failed; the origins of initial are used")
            self.due = begun + min(every, RETRY)

    # For an administrator: immediate changes, and the state of the list.

    def reload(self, timeout: float = 30.0) -> None:
        """Load now. On return, the new list applies to every later request of this process.

        A call waits for a load that begins after the call. Calls that arrive while a load is
        running share the next one. Do not call it in a signal handler: start a thread there.

        timeout: seconds to wait.

        Raises ConfigError if the load fails, if it takes longer than ``timeout``, or if
        ``load`` itself calls ``reload``. The last good list then stays.
        """
        wrong: list[Problem] = []
        check_seconds("timeout", timeout, wrong, usual=30)
        turn = self._turn()
        complain = about("load", wrong)
        if turn.thread == threading.get_ident():
            complain(self.source, "calls reload, which would wait for itself: remove this call")
        if wrong:
            raise ConfigError(wrong)
        call = Waiting()
        turn.waiting.append(call)
        self._start(turn)
        if not call.ended.wait(min(timeout, threading.TIMEOUT_MAX)):
            rule = f"has not ended within {timeout} seconds; the last good list stays"
            complain(self.source, rule)
            raise ConfigError(wrong)
        if call.failure is not None:
            raise self._as_config_error(call.failure) from call.failure

    @property
    def loaded(self) -> float | None:
        """When the last good load began, as ``time.time()``; None while ``initial`` is used."""
        return self._now.time

    @property
    def error(self) -> str | None:
        """One line that says why the last load failed; None if it succeeded."""
        return self._error

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of entries that at least one policy skips, each once."""
        found = (problem for problems in self._left_out(self._now) for problem in problems)
        return tuple({problem.message: problem for problem in found}.values())

    def __iter__(self) -> Iterator[Any]:
        """The entries that a policy uses; all valid ones while no policy uses the list."""
        now = self._now
        left_out = [{id(problem.value) for problem in found} for found in self._left_out(now)]
        nowhere = set.intersection(*left_out)
        return iter([entry for entry in now.entries if id(entry) not in nowhere])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True  # even if it is empty: ``origin=origins or "*"`` must not allow everyone

    def __repr__(self) -> str:
        stamp = "%Y-%m-%dT%H:%M:%SZ"
        loaded = None if self.loaded is None else time.strftime(stamp, time.gmtime(self.loaded))
        return (
            f"OriginList({show(self.source)}, every={self._every}, origins={len(self)},"
            f" loaded={loaded}, error={self.error!r}, problems={len(self.problems)})"
        )

    def _left_out(self, now: Loaded) -> list[tuple[Problem, ...]]:
        """The problems of the entries that are skipped, for each set of accepted risks."""
        if now.problems:
            return list(now.problems.values())
        problems: list[Problem] = []
        compile_entries(now.entries, ALL_RISKS, self._patterns, about("load", problems))
        return [tuple(problems)]

    # For the middleware.

    def watch(self, group: Group) -> None:
        """Have the group forget its answers each time a new list is published.

        Called before the group's first request. The list holds the group weakly.
        """
        self._groups[id(group)] = group

    def refresh(self) -> None:
        """Start a reload, which is due."""
        self._start(self._turn())

    def matcher(self, accepted: AcceptedRisks) -> Matcher:
        """The current list without the entries whose risk is not accepted."""
        while True:
            now = self._now
            if accepted in now.matchers:
                return now.matchers[accepted]
            # Not during a request: a group does this when it is created. The set comes
            # first, for a reload that ends in the meantime.
            self._accepted.add(accepted)
            self._compile(now, accepted, iter)

    # A load.

    def _read_all(self, pace: Pace) -> Loaded:
        """Call the source, and compile the result for every set of accepted risks."""
        begun, moment = time.monotonic(), time.time()
        loaded = Loaded(self._read(pace), begun, moment)
        while missing := self._accepted - loaded.matchers.keys():  # configure may have added one
            self._compile(loaded, missing.pop(), pace)
        return loaded

    def _read(self, pace: Pace) -> tuple[Any, ...]:
        """Call the source. Raises ConfigError if no entry is valid."""
        entries = tuple(pace(entries_of(self.source())))
        problems: list[Problem] = []
        complain = about("load", problems)
        if not entries and not self._allow_empty:
            remedy = "write allow_empty=True to accept an empty list"
            complain(self.source, f"returned no origins: {remedy}", MISSING)
        elif entries and any(
            compile_entries([entry], ALL_RISKS, self._patterns, complain) for entry in pace(entries)
        ):
            problems.clear()  # the other entries are checked by _compile
        if problems:
            raise ConfigError(problems)
        return entries

    def _compile(self, loaded: Loaded, accepted: AcceptedRisks, pace: Pace) -> None:
        """Add the matcher for these risks, and log the entries that only it skips."""
        found: list[Problem] = []
        entries = pace(loaded.entries)
        matcher = compile_entries(entries, accepted, self._patterns, about("load", found))
        before = [*self._now.problems.values(), *loaded.problems.values()]
        known = {problem.message for problems in before for problem in problems}
        new = [problem.message for problem in found if problem.message not in known]
        for message in new[:MAX_PROBLEMS]:
            logger().warning("an origin from %s is skipped: %s", show(self.source), message)
        if len(new) > MAX_PROBLEMS:
            more = len(new) - MAX_PROBLEMS
            logger().warning("%d more origins from %s are skipped", more, show(self.source))
        loaded.problems[accepted] = tuple(found)
        loaded.matchers[accepted] = matcher

    def _turn(self) -> Turn:
        return self._turns.setdefault(os.getpid(), Turn())

    def _start(self, turn: Turn) -> None:
        """Start the background thread; or log a warning if one has been running for too long."""
        now = time.monotonic()
        if not turn.busy.acquire(blocking=False):
            if now >= self._late:
                self._late = now + self._every
                text = "the reload of %s has not ended yet; the last good list stays"
                logger().warning(text, show(self.source))
            return
        # Due now: a process that is forked before the load ends has to start its own.
        self.due, self._late = now, now + self._every
        name = "wsgicors.OriginList"
        try:
            threading.Thread(target=self._run, args=(turn, now), name=name, daemon=True).start()
        except Exception as error:  # no memory, no more threads, or the interpreter is about to end
            self._report(error, "the reload of %s cannot start; the last good list stays")
            self._end(turn, now, turn.take_waiting(), error)

    def _run(self, turn: Turn, begun: float) -> None:
        turn.thread = threading.get_ident()
        calls = turn.take_waiting()  # later calls wait for the next load
        failure: BaseException | None = None
        try:
            self._publish(self._read_all(in_pieces))
        except BaseException as error:  # such as gevent.Timeout; the thread ends here in any case
            failure = error
            self._report(error, "the reload of %s failed; the last good list stays")
        finally:
            self._end(turn, begun, calls, failure)
            del failure  # whose traceback holds this frame

    def _publish(self, loaded: Loaded) -> None:
        """Replace the list first, and then what the groups remember.

        A request takes its group's mapping before it uses the list. So it stores what it finds
        in an old list into a mapping that later requests do not use.
        """
        # Free the old entries after their matchers: for a million of them, two short pauses
        # instead of a long one.
        entries = self._now.entries
        # The later one, because a forked process under gevent continues a load that its
        # parent has begun.
        self._now = max(loaded, self._now, key=lambda one: one.begun)
        for group in filter(None, [reference() for reference in self._groups.valuerefs()]):
            group.forget()
        del entries
        if self._error is not None:
            self._error = None
            text = "the reload of %s has succeeded again, with %d entries"
            logger().info(text, show(self.source), len(self))

    def _as_config_error(self, error: BaseException) -> ConfigError:
        if isinstance(error, ConfigError) and error.problems:
            return ConfigError(error.problems)
        message = f"{show(self.source)} failed: {cause(error)}"
        return ConfigError([Problem("load", self.source, message, CANNOT_LOAD)])

    def _report(self, error: BaseException, text: str) -> None:
        first, *others = self._as_config_error(error).problems
        self._error = first.message + (f" (and {len(others)} more)" if others else "")
        logger().error(text, show(self.source), exc_info=error)

    def _end(
        self, turn: Turn, begun: float, calls: list[Waiting], failure: BaseException | None
    ) -> None:
        """Allow the next load, and wake the calls that have waited for this one."""
        retry_soon = failure is not None and (calls or self._now.time is None)
        pause = min(self._every, RETRY) if retry_soon else self._every
        turn.thread = None
        self.due, self._late = begun + pause, float("inf")
        turn.busy.release()
        for call in calls:
            call.failure = failure
            call.ended.set()
        if turn.waiting:
            self._start(turn)


def in_pieces(entries: Iterable[Any]) -> Iterator[Any]:
    """The entries, with short pauses in which the server can handle requests."""
    for at, entry in enumerate(entries):
        if at % 250 == 0:
            time.sleep(0.00001)  # seconds; with 0, gevent would not handle new requests
        yield entry


# ----------------------------------------------------------------------
# PasteDeploy
# ----------------------------------------------------------------------


def make_middleware(
    app: WSGIApplication, cfg: Mapping[str, Any] | None = None, /, **local: Any
) -> CORS:
    """Create the middleware from an ini section: PasteDeploy's ``paste.filter_app_factory``.

    app: the WSGI application.
    cfg: PasteDeploy's global_conf, which contains ``[DEFAULT]``. It is used for
        ``policy`` and ``matchstrategy``, if the section does not have a policy of its
        own, and for the keys of active named policies. A direct policy takes all its
        options from the section or, if the section does not have any, from global_conf.
    local: the section's own options. A value ``call:package.module:name`` stands for
        that Python object.

    Raises ConfigError, which lists every problem and its fix.
    """
    # Passed by keyword. A string would be an unknown option of the section.
    if cfg is None and isinstance(local.get("cfg"), Mapping):
        cfg = local.pop("cfg")
    shared, given = ini_values(cfg or {}), ini_values(local)
    problems: list[Problem] = []
    wanted = wanted_of_shared(shared, given, problems)
    given = {**{key: shared[key] for key in wanted if key in shared}, **given}
    names = read("policy", given.get("policy"), "policy", [])
    try:
        middleware = CORS(app, {**shared_of_policies(shared, names), **given})
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from error
    if problems:
        raise ConfigError(problems)
    return middleware


def shared_of_policies(shared: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The keys of these policies in global_conf, also misspelled ones, which are errors."""
    keys = {f"{name}_{option}" for name in names for option in OPTIONS}
    inactive = inactive_names(shared, keys, names)
    found = {}
    for key, value in shared.items():
        prefix = longest_prefix(key, names)
        word = key[prefix + 1 :] if prefix and not is_of_inactive(key, inactive, names) else ""
        # Other keys, such as api_key, are the application's.
        if key in keys or (word and (foreign_option(word) or closest(word, OPTIONS))):
            found[key] = value
    return found


def wanted_of_shared(
    shared: Mapping[str, Any], given: Mapping[str, Any], problems: list[Problem]
) -> Collection[str]:
    """The keys to use from global_conf, in addition to those of named policies."""
    if given.keys() & {"policy", "policies"}:
        return ()
    if given.keys() & OPTIONS.keys():
        return leave_shared(shared, given, problems)
    if "policy" in shared:
        return ("policy", "matchstrategy")
    inactive = inactive_names(given, (), ())
    if inactive and "origin" not in shared:
        return ("matchstrategy",)  # the message says to write the missing policy
    known = {option: ("direct", option) for option in OPTIONS}
    if any(meant(key, known) in OPTIONS for key in given if not is_of_inactive(key, inactive, ())):
        return leave_shared(shared, given, problems)
    return ("matchstrategy", *OPTIONS)


def leave_shared(
    shared: Mapping[str, Any], given: Mapping[str, Any], problems: list[Problem]
) -> Collection[str]:
    """Ignore the options of a direct policy in global_conf, or report a problem if that is unsafe.

    PasteDeploy hides a section's own key if [DEFAULT] has it, too. Without its path, the policy
    would govern every path. Returns the keys with a problem, whose values are checked as well.
    """
    found = [option for option in OPTIONS if option in shared]
    unsafe = [key for key in found if key == "path" or (key == "origin" and key not in given)]
    for key in unsafe:
        rule = "is in global_conf ([DEFAULT]), but other options are in the section"
        remedy = f"name the policy, as in policy = api, api_origin = ... and api_{key} = ..."
        if key == "origin":
            remedy = "name the policy, as in policy = api and api_origin = ..."
        about(key, problems)(shared[key], f"{rule}: {remedy}", CONFLICT)
    if found and not unsafe:
        text = "%s in global_conf ([DEFAULT]) is ignored, as this section has options of its own"
        logger().warning(f"{text}: name the policy to share them", ", ".join(found))
    return unsafe


def ini_values(section: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that are set in a section; a string ``call:...`` becomes a Call."""
    given = {key: value for key, value in section.items() if is_given(key, value)}
    calls = {
        key: Call(value)
        for key, value in given.items()
        if isinstance(value, str) and value.startswith("call:")
    }
    return {**given, **calls}


if __name__ == "__main__":
    # The command line imports this file again, under its own name. A vendored copy of
    # wsgicors_explain takes precedence.
    from importlib import import_module
    from importlib.util import find_spec

    beside = f"{__package__ or ''}.wsgicors_explain".lstrip(".")
    for package in (beside, "wsgicors_explain"):
        if find_spec(package):
            try:
                main = import_module(package).main
            except ImportError as error:  # it does not fit this file, for example
                sys.exit(str(error))
            sys.exit(main())
    sys.exit(
        "the command line is the package wsgicors_explain:"
        " pip install wsgicors, or put it beside this file"
    )
