"""What a response says about its sender and its reasons.

A browser's message stops at the missing header. The rest of the response usually says more:
the first line of its body, who sent it, whether a cache kept it, where it redirects. Nothing
here knows the request; `causes` puts the two together.
"""

from __future__ import annotations

import html
import json
import re
from http.client import responses
from typing import Any, Final, NamedTuple

from .headers import get_header
from .middleware import REFUSED_PREFLIGHT
from .wire import Response

# As servers name them: Python 3.13 has the names of RFC 9110, which renamed three.
STATUS_TEXTS: Final = {
    **responses,
    413: "Request Entity Too Large",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
}
MAX_QUOTED: Final = 160  # characters of a body that are quoted
MAX_READ: Final = 4096  # characters of a body that are searched for a message


def status_text(response: Response) -> str:
    """``404 Not Found``; the number alone if HTTP has no name for it."""
    return f"{response.status} {STATUS_TEXTS.get(response.status, '')}".rstrip()


# The body: one line of it

MESSAGE_KEYS: Final = tuple(
    "message error_description detail exception error errors msg title reason".split()
)
XML_CODE: Final = re.compile(r"<Code>([^<]{1,80})</Code>")
XML_MESSAGE: Final = re.compile(r"<Message>([^<]{1,300})")
HTML_START: Final = re.compile(r"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE)
HTML_PRE: Final = re.compile(r"<pre>([^<\n]{1,300})", re.IGNORECASE)  # of Express
HTML_TITLE: Final = re.compile(r"<(title|h1|h2)[^<>]{0,200}>([^<]{1,300})", re.IGNORECASE)


def start_of_body(response: Response) -> str:
    """The part of the body that is searched for a message."""
    return response.body[:MAX_READ].decode("utf-8-sig", "replace")


def first_line(response: Response) -> str:
    """The first line of the body, as plain text; empty if it has no short message."""
    text = start_of_body(response).strip()
    if text.startswith(("{", "[")):
        return shorten(json_message(text))
    if HTML_START.match(text):
        return shorten(html.unescape(html_message(text)))
    if text.startswith("<"):
        parts = [found[1] for pattern in (XML_CODE, XML_MESSAGE) if (found := pattern.search(text))]
        return shorten(html.unescape(": ".join(parts)))
    line = text.partition("\n")[0]
    return "" if "\ufffd" in line else shorten(line)


def is_page(response: Response) -> bool:
    """Whether the body begins as an HTML page does."""
    return HTML_START.match(start_of_body(response)) is not None


def html_message(text: str) -> str:
    """The title of a page, or the text below it if the title is just "Error"."""
    title, pre = HTML_TITLE.search(text), HTML_PRE.search(text)
    if pre and (title is None or title[2] == "Error"):
        return pre[1]
    return title[2] if title else ""


def json_message(text: str) -> str:
    """The message in a JSON document, however deep in the usual places."""
    try:
        found: Any = json.loads(text)
    except (RecursionError, ValueError):
        return ""
    for _ in range(4):
        if isinstance(found, list) and found:
            found = found[0]
        elif isinstance(found, dict):
            keys = {key.lower(): key for key in found}
            found = next((found[keys[key]] for key in MESSAGE_KEYS if key in keys), "")
    return found if isinstance(found, str) else ""


def shorten(text: str) -> str:
    """The text on one line, cut after a number of characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= MAX_QUOTED else line[: MAX_QUOTED - 3] + "..."


# The sender

# A header that only one kind of sender adds, and the sender's name.
MARKS: Final = (
    ("cf-mitigated", "Cloudflare"),
    ("x-amzn-errortype", "Amazon API Gateway"),
    ("x-amz-apigw-id", "Amazon API Gateway"),
    ("x-amz-cf-id", "CloudFront"),
    ("x-amz-request-id", "Amazon S3"),
    ("ngrok-error-code", "ngrok"),
    ("x-vercel-error", "Vercel"),
    ("x-vercel-id", "Vercel"),
    ("x-nf-request-id", "Netlify"),
    ("fly-request-id", "Fly.io"),
    ("x-iinfo", "Imperva"),
    ("x-azure-ref", "Azure Front Door"),
    ("x-ms-middleware-request-id", "Azure App Service authentication"),
    ("x-goog-iap-generated-response", "Google's Identity-Aware Proxy"),
    ("x-envoy-upstream-service-time", "Envoy"),
    ("x-kong-response-latency", "Kong"),
    ("x-rack-cors", "rack-cors"),
    ("cf-ray", "Cloudflare"),
)
# What the Server header contains -> who that is. The first match wins.
SERVERS: Final = (
    ("awselb", "the load balancer of AWS"),
    ("cloudflare", "Cloudflare"),
    ("cloudfront", "CloudFront"),
    ("akamaighost", "Akamai"),
    ("microsoft-iis", "IIS"),
    ("kestrel", "ASP.NET Core"),
    ("uploadserver", "Google Cloud Storage"),
    ("windows-azure", "Azure Storage"),
    ("google frontend", "Google's front end"),
    ("openresty", "OpenResty (nginx)"),
    ("nginx", "nginx"),
    ("apache-coyote", "Tomcat"),
    ("apache", "Apache"),
    ("caddy", "Caddy"),
    ("varnish", "Varnish"),
    ("envoy", "Envoy"),
    ("istio", "Istio (Envoy)"),
    ("heroku", "Heroku's router"),
    ("kong", "Kong"),
    ("traefik", "Traefik"),
    ("uvicorn", "uvicorn"),
    ("gunicorn", "gunicorn"),
    ("waitress", "waitress"),
    ("wsgiserver", "Python's wsgiref"),
    ("werkzeug", "Werkzeug"),
    ("hypercorn", "Hypercorn"),
    ("daphne", "Daphne"),
    ("tornadoserver", "Tornado"),
    ("cheroot", "Cheroot"),
    ("cherrypy", "CherryPy"),
    ("simplehttp", "Python's http.server"),
    ("aiohttp", "aiohttp"),
    ("jetty", "Jetty"),
    ("undertow", "Undertow"),
    ("puma", "Puma"),
    ("webrick", "WEBrick"),
)
# Servers that run the application itself. What adds a header there is part of the application.
APPLICATION_SERVERS: Final = frozenset(
    """
    kestrel apache-coyote uvicorn gunicorn waitress wsgiserver werkzeug hypercorn daphne
    tornadoserver cheroot cherrypy simplehttp aiohttp jetty undertow puma webrick
    """.split()
)


def sender(response: Response) -> str:
    """Who made the response, according to its headers; empty if they do not say."""
    powered = powered_by(response)
    if marked(response) or not powered or powered.startswith("ASP.NET"):
        return front(response)
    return powered  # a proxy writes its own name in Server


def front(response: Response) -> str:
    """Who sent the response last, according to its headers; empty if they do not say."""
    return marked(response) or named_server(response)[1]


def named_server(response: Response) -> tuple[str, str]:
    """What the Server header contains, and who that is; both empty if that is unknown."""
    server = (get_header(response.headers, "server") or "").lower()
    return next((row for row in SERVERS if row[0] in server), ("", ""))


def proxy(response: Response) -> str:
    """Who sent the response on, according to its headers; empty if no proxy is named."""
    start, who = named_server(response)
    return marked(response) or ("" if start in APPLICATION_SERVERS else who)


def is_application_server(response: Response) -> bool:
    """Whether the headers name a server that runs the application, and no proxy."""
    return not marked(response) and named_server(response)[0] in APPLICATION_SERVERS


def marked(response: Response) -> str:
    """The gateway that left its mark in the headers, if any."""
    present = {name.lower() for name, _ in response.headers}
    return next((who for name, who in MARKS if name in present), "")


def powered_by(response: Response) -> str:
    """What the application is made with, according to itself; empty if it does not say."""
    return shorten(get_header(response.headers, "x-powered-by") or "")[:40]


def cache_marks(response: Response) -> str:
    """The headers by which a cache says that it kept this response: ``X-Cache: HIT, Age: 120``."""
    found = []
    for name in ("x-cache", "cf-cache-status", "x-cache-status", "x-varnish-cache", "cdn-cache"):
        value = get_header(response.headers, name) or ""
        if "hit" in value.lower():
            found.append(f"{name}: {value}")
    varnish = get_header(response.headers, "x-varnish") or ""
    if re.fullmatch("[0-9]+ [0-9]+", varnish):  # of this request, and of the one that it stored
        found.append(f"x-varnish: {varnish}")
    age = get_header(response.headers, "age") or ""
    if age.isascii() and age.isdigit() and int(age[:9]) > 0:
        found.append(f"age: {age}")
    return ", ".join(found)


# A login

# An address at which people log in.
LOGIN_URL: Final = re.compile(
    r"""
    (^|[/.?&_-])
        (log-?_?in | log-?_?on | sign-?_?in | sso | saml2? | oauth2? | openid-connect
        | authorize | cas)
        ([/.?&=_-]|$)
    | ://(accounts|auth|idp|id|sso|login)\.
    | \.cloudflareaccess\.com | login\.microsoftonline\.com | \.auth0\.com | \.okta\.com
    """,
    re.VERBOSE | re.IGNORECASE,
)


def leads_to_login(location: str) -> bool:
    """Whether a redirect's target looks like a place to log in."""
    return LOGIN_URL.search(location[:2048]) is not None


def asks_for_login(response: Response) -> bool:
    """Whether the response itself says that the request was not authenticated."""
    challenge = get_header(response.headers, "www-authenticate")
    return response.status in (401, 407) or challenge is not None


# What a response means


class Finding(NamedTuple):
    """What a response means, and what to change.

    Both may name {origin}, {method}, {headers}, {url} and {host} of the request.
    """

    cause: str
    fix: str


def own_refusal(response: Response) -> str:
    """The reason that wsgicors gives for a refused preflight; empty for another response."""
    line = first_line(response)
    if response.status != 403 or not line.startswith(REFUSED_PREFLIGHT):
        return ""
    return line[len(REFUSED_PREFLIGHT) :].rstrip(".")


# Statuses

# What a status says by itself, and what to look into.
STATUS_MEANINGS: Final = {
    400: ("the server considers the request malformed", "read the server's log for the reason"),
    404: (
        "the server has nothing at this URL",
        "check the host, the path and a trailing slash of the URL",
    ),
    405: (
        "the server does not accept this method here",
        "check the URL, and allow the method on this route",
    ),
    406: (
        "the server has no response in the format that Accept requests",
        "change the Accept header of the page",
    ),
    408: (
        "the server did not get the request in time",
        "look at the network and at the size of the body",
    ),
    411: ("the server requires a Content-Length", "send the body with its length"),
    413: (
        "the body is larger than the server accepts",
        "raise its limit (client_max_body_size in nginx, for example), or send less",
    ),
    414: ("the URL is longer than the server accepts", "send the data in a body"),
    415: ("the server does not accept this Content-Type", "send a Content-Type that it accepts"),
    421: (
        "the server is not responsible for this host name",
        "check the host name and the certificate",
    ),
    429: (
        "the server limits the number of requests, and this was one too many",
        "send fewer, or raise the limit",
    ),
    431: (
        "the request headers are larger than the server accepts",
        "delete cookies, or send fewer headers",
    ),
    451: ("the resource is not available for legal reasons", "ask its owner"),
    500: ("the application failed", "read the server's log for the exception and fix that"),
    501: ("the server does not know this method", "handle the method on the server"),
    502: (
        "a gateway got no valid response from the application behind it",
        "see whether the application runs, and read its log",
    ),
    503: (
        "the service is down or overloaded",
        "see whether the application runs, and read its log",
    ),
    504: (
        "a gateway waited too long for the application behind it",
        "find out what takes so long, or raise the gateway's timeout",
    ),
    521: (
        "Cloudflare cannot connect to the server behind it",
        "start the server, or correct its address",
    ),
    522: ("the server behind Cloudflare does not respond in time", "see whether the server runs"),
    524: ("the application behind Cloudflare takes too long", "find out what takes so long"),
    525: (
        "Cloudflare cannot agree on TLS with the server behind it",
        "fix the server's TLS configuration",
    ),
    530: (
        "Cloudflare cannot find the server behind it",
        "correct its DNS entry, or start the tunnel",
    ),
}


READ_LOG: Final = "read the server's log for the reason"


def meaning(response: Response) -> Finding:
    """What the status says by itself."""
    status = response.status
    if asks_for_login(response):
        return Finding("the server requires a login", "send the credentials that it requires")
    if status in STATUS_MEANINGS or status >= 500:
        return Finding(*STATUS_MEANINGS.get(status, STATUS_MEANINGS[500]))
    return Finding("the server refuses the request", READ_LOG)


def describe(response: Response) -> str:
    """``403 "RBAC: access denied" by Envoy``, or ``404 Not Found by nginx``."""
    line, text = first_line(response).replace('"', "'"), status_text(response)
    # A page that only repeats its own status adds nothing.
    phrase = text.partition(" ")[2].lower()
    repeats = line.lower().strip(" .:!") in ("", text.lower(), phrase, str(response.status))
    told = text if repeats else f'{response.status} "{line}"'
    if re.fullmatch(f"{response.status} [A-Z][A-Za-z ]+", line):
        told = line
    who = sender(response)
    return f"{told} by {who}" if who else told
