"""What a response says about its sender and its reasons.

A browser's message stops at the missing header. The rest of the response usually says more:
the first line of its body, who sent it, whether a cache kept it, where it redirects. Nothing
here knows what was asked for; `causes` puts the two together.
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
    """``404 Not Found``; the number alone where HTTP has no name for it."""
    return f"{response.status} {STATUS_TEXTS.get(response.status, '')}".rstrip()


# The body: one line of it

MESSAGE_KEYS: Final = ("message", "error_description", "detail", "error", "msg", "title", "reason")
XML_CODE: Final = re.compile(r"<Code>([^<]{1,80})</Code>")
XML_MESSAGE: Final = re.compile(r"<Message>([^<]{1,300})")
HTML_START: Final = re.compile(r"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE)
HTML_PRE: Final = re.compile(r"<pre>([^<\n]{1,300})", re.IGNORECASE)  # of Express
HTML_TITLE: Final = re.compile(r"<(title|h1|h2)[^<>]{0,200}>([^<]{1,300})", re.IGNORECASE)


def first_line(response: Response) -> str:
    """What the body says in its first line, as plain text; empty where it says nothing short."""
    text = response.body[:MAX_READ].decode("utf-8", "replace").strip()
    if text.startswith(("{", "[")):
        return shorten(json_message(text))
    if HTML_START.match(text):
        return shorten(html.unescape(html_message(text)))
    if text.startswith("<"):
        parts = [found[1] for pattern in (XML_CODE, XML_MESSAGE) if (found := pattern.search(text))]
        return shorten(html.unescape(": ".join(parts)))
    line = text.partition("\n")[0]
    return "" if "\ufffd" in line else shorten(line)


def html_message(text: str) -> str:
    """The title of a page; where it says only "Error", what stands below."""
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
# What the Server header says -> who that is. The first that fits counts.
SERVERS: Final = (
    ("awselb", "the load balancer of AWS"),
    ("cloudflare", "Cloudflare"),
    ("cloudfront", "CloudFront"),
    ("akamaighost", "Akamai"),
    ("microsoft-iis", "IIS"),
    ("kestrel", "ASP.NET Core"),
    ("google frontend", "Google's front end"),
    ("openresty", "OpenResty (nginx)"),
    ("nginx", "nginx"),
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
)


def sender(response: Response) -> str:
    """Who made the response, as far as its headers tell; empty where they do not."""
    powered = powered_by(response)
    if marked(response) or not powered or powered.startswith("ASP.NET"):
        return front(response)
    return powered  # a proxy writes its own name in Server


def front(response: Response) -> str:
    """Who sent the response on, at the last; empty where its headers do not tell."""
    server = (get_header(response.headers, "server") or "").lower()
    names = (who for start, who in SERVERS if start in server)
    return marked(response) or next(names, "")


def marked(response: Response) -> str:
    """The gateway that left its mark in the headers, if any."""
    present = {name.lower() for name, _ in response.headers}
    return next((who for name, who in MARKS if name in present), "")


def powered_by(response: Response) -> str:
    """What the application is made with, as it says itself; empty where it does not."""
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
    (^|[/.?&_-]) (log-?_?in | log-?_?on | sign-?_?in | sso | saml2? | oauth2? | openid-connect | authorize | cas)
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


# Responses that are known by their words


class Finding(NamedTuple):
    """What a response means, and what to change.

    Both may name {origin}, {method}, {headers}, {url} and {host} of the request.
    """

    cause: str
    fix: str


class Sign(NamedTuple):
    """A row of the table: what a response looks like, and what it means.

    statuses: () for any. header: a pattern for one line ``name: value`` in lower case, or empty.
    body: a pattern for the start of the body, empty for any.
    """

    statuses: tuple[int, ...]
    header: str
    body: str
    cause: str
    fix: str


PREFLIGHT_FIRST: Final = "let OPTIONS through without a login, as preflights never carry one"

# Most specific first. All of it can be read in a response; nothing is guessed from a status alone.
SIGNS: Final = (
    # Libraries that refuse in their own words.
    Sign(
        (403,), "", "Invalid CORS request",
        "Spring's CORS configuration does not allow the origin {origin}, or the method {method},"
        " or a header",
        "allow {origin}, {method} and {headers} in Spring's CorsConfiguration or @CrossOrigin",
    ),
    Sign(
        (403,), "", r"[^\0]{0,500}CORSResponse: CORS is not enabled",
        "the S3 bucket has no CORS configuration",
        "give the bucket a CORS configuration with {origin}, {method} and {headers}",
    ),
    Sign(
        (403,), "", r"[^\0]{0,500}CORSResponse: This CORS request is not allowed",
        "no rule of the S3 bucket's CORS configuration allows {origin} with {method} and {headers}",
        "add {origin} to AllowedOrigins, {method} to AllowedMethods and {headers} to"
        " AllowedHeaders of one rule",
    ),
    Sign(
        (), r"x-rack-cors: miss; no-origin", "", "rack-cors got no Origin header",
        "find out which proxy before Rails removes the Origin header",
    ),
    Sign(
        (), r"x-rack-cors: miss; no-path", "", "no resource of rack-cors has the path of {url}",
        "add a resource for this path to an allow block with {origin}",
    ),
    Sign(
        (), r"x-rack-cors: miss; no-method", "", "rack-cors does not allow the method {method}",
        "add {method} to methods of the resource",
    ),
    Sign(
        (), r"x-rack-cors: miss; no-header", "", "rack-cors does not allow all of {headers}",
        "add {headers} to headers of the resource",
    ),
    Sign(
        (), r"x-rack-cors: miss", "", "rack-cors does not allow the request",
        "add {origin}, {method} and {headers} to an allow block of rack-cors",
    ),
    Sign(
        (), "", r"[^\0]{0,500}Not allowed by CORS",
        "the application refuses the origin {origin} in a function of its own",
        "add {origin} to the origins that this function allows",
    ),
    # Gateways.
    Sign(
        (), "cf-mitigated: challenge", "",
        "Cloudflare answers with a challenge for people, which a script cannot pass",
        "exempt this path from the challenge in Cloudflare's security rules",
    ),
    Sign(
        (403,), "x-amzn-errortype: missingauthenticationtoken", "",
        "API Gateway has no {method} at this URL (its words for that are Missing Authentication"
        " Token), or asks for"
        " a signature",
        "check the stage and the path of {url}, and deploy an OPTIONS method without authorization",
    ),
    Sign(
        (403,), "x-amzn-errortype: forbidden", "",
        "API Gateway refuses the request: an API key, a WAF or a policy",
        "exempt OPTIONS from the API key and the resource policy",
    ),
    Sign(
        (401,), "x-amzn-errortype: unauthorized", "",
        "an authorizer of API Gateway refuses the request",
        "take the authorizer off OPTIONS, and set the CORS headers of the gateway responses 4XX"
        " and 5XX",
    ),
    Sign(
        (403,), "", r"[^\0]{0,2000}not configured to allow the HTTP request method",
        "the CloudFront distribution does not take the method",
        "allow GET, HEAD, OPTIONS, PUT, POST, PATCH and DELETE in the behavior of this path",
    ),
    Sign(
        (), "ngrok-error-code: err_ngrok_6024", "",
        "ngrok shows its warning page instead of the application",
        "send the header ngrok-skip-browser-warning from the page, and allow it on the server",
    ),
    Sign(
        (), "ngrok-error-code:", "", "ngrok cannot reach the application",
        "start the tunnel and the application, and compare the URL",
    ),
    Sign(
        (404,), "", r".{0,20}no Route matched with those values",
        "Kong has no route for this URL and method",
        "add OPTIONS to the route's methods, and check its path",
    ),
    Sign(
        (401,), "", r".{0,20}No API key found in request",
        "Kong's key-auth plugin refuses the preflight",
        "set run_on_preflight = false in the plugin",
    ),
    Sign(
        (403,), "", "RBAC: access denied", "a policy of Envoy or Istio refuses the request",
        "let OPTIONS pass in the AuthorizationPolicy",
    ),
    Sign(
        (503,), "", "(upstream connect error|no healthy upstream)",
        "Envoy cannot reach the application",
        "start the application, or correct the address that Envoy has for it",
    ),
    Sign(
        (503,), "", r"[^\0]{0,200}No server is available to handle this request",
        "HAProxy has no server that is up", "start the application, or mend its health check",
    ),
    Sign(
        (404,), "", "default backend - 404",
        "the Kubernetes ingress has no rule for this host and path",
        "add the host and the path of {url} to the ingress",
    ),
    Sign(
        (401, 403), "", r"[^\0]{0,500}Your client does not have permission to get URL",
        "Google Cloud asks for an authenticated caller",
        "allow unauthenticated invocations, and check the login in the application;"
        " " + PREFLIGHT_FIRST,
    ),
    Sign(
        (401,), "", r".{0,60}Missing authorization header",
        "the gateway asks for a token before the function runs",
        "switch the gateway's check of tokens off for this function, and answer OPTIONS in it",
    ),
    Sign(
        (401,), "", r"[^\0]{0,4000}_vercel_sso", "the deployment is protected by Vercel's login",
        "switch Deployment Protection off, or use the production domain",
    ),
    # Frameworks.
    Sign(
        (403,), "", r"[^\0]{0,4000}CSRF verification failed",
        "Django's CSRF protection refuses the request",
        "add {origin} to CSRF_TRUSTED_ORIGINS, and send the token",
    ),
    Sign(
        (419,), "", "", "Laravel's CSRF protection refuses the request",
        "exempt the path from the CSRF check, or fetch its cookie first",
    ),
    Sign(
        (400,), "", r"[^\0]{0,500}(DisallowedHost|Invalid HTTP_HOST)",
        "Django does not know the host {host}", "add {host} to ALLOWED_HOSTS",
    ),
    Sign(
        (400,), "", r"[^\0]{0,500}Bad Request \(400\)",
        "the server refuses the request as bad; Django does so for a host that is not in"
        " ALLOWED_HOSTS",
        "look into the server's log, and compare the host of {url} with ALLOWED_HOSTS",
    ),
    Sign(
        (400, 403), "",
        r"[^\0]{0,500}(Invalid Host header|Blocked hosts?|This host \(.{1,200}\) is not allowed)",
        "the development server does not know this host name",
        "add the host of {url} to the allowed hosts of the development server",
    ),
    Sign(
        (404,), "", r"[^\0]{0,500}Cannot OPTIONS /",
        "the Express application has no handler for OPTIONS here",
        "put app.use(cors()) before the routes",
    ),
    Sign(
        (404,), "", r"[^\0]{0,500}Cannot (GET|POST|PUT|PATCH|DELETE) /",
        "the Express application has no route for {method} {url}",
        "correct the URL or the method, or add the route",
    ),
    Sign(
        (413,), "", r"[^\0]{0,500}PayloadTooLargeError", "the body is larger than Express takes",
        "raise the limit of express.json() or express.urlencoded(), or send less",
    ),
    Sign(
        (403,), "server: (nginx|openresty)", r"[^\0]{0,200}<title>403 Forbidden",
        "nginx itself refuses the request, before any application",
        "look for deny and limit_except in nginx's configuration of this path, and at the"
        " permissions of the file",
    ),
    Sign(
        (404,), "", "404 page not found", "no route of a Go server or of Traefik fits this URL",
        "check the host, the path and the method of the route",
    ),
)  # fmt: skip


# What Starlette's middleware calls what it refuses -> what that is, and the option to change.
DISALLOWED: Final = {
    "origin": ("the origin {origin}", "{origin} to allow_origins"),
    "method": ("the method {method}", "{method} to allow_methods"),
    "headers": ("all of {headers}", "{headers} to allow_headers"),
}


def of_starlette(text: str) -> Finding | None:
    """What ``Disallowed CORS origin, method`` means; None for another text."""
    start, _, names = text.partition("Disallowed CORS ")
    found = [DISALLOWED.get(name) for name in names.split(", ")]
    rows = [row for row in found if row]
    if start or not rows:
        return None
    return Finding(
        "the CORSMiddleware of Starlette or FastAPI does not allow "
        + enumerate_all([what for what, _ in rows]),
        enumerate_all([f"add {change}" for _, change in rows]),
    )


def enumerate_all(parts: list[str]) -> str:
    """``a, b and c``."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def known_words(response: Response) -> Finding | None:
    """What the response means, where its words or headers are known."""
    if response.status == 400:
        disallowed = of_starlette(first_line(response))
        if disallowed:
            return disallowed
    return known_sign(response)


def known_sign(response: Response) -> Finding | None:
    """The first row of SIGNS that the response fits."""
    lines = [f"{name}: {value}".lower() for name, value in response.headers]
    text = response.body[:MAX_READ].decode("utf-8", "replace")
    for sign in SIGNS:
        if sign.statuses and response.status not in sign.statuses:
            continue
        if sign.header and not any(re.match(sign.header, line) for line in lines):
            continue
        if sign.body and not re.match(sign.body, text):
            continue
        return Finding(sign.cause, sign.fix)
    return None


def own_refusal(response: Response) -> str:
    """The reason that wsgicors gives for a refused preflight; empty for another response."""
    line = first_line(response)
    if response.status != 403 or not line.startswith(REFUSED_PREFLIGHT):
        return ""
    return line[len(REFUSED_PREFLIGHT) :].rstrip(".")


# Statuses

# What a status says by itself, and what to look into.
STATUS_MEANINGS: Final = {
    400: ("the server takes the request for malformed", "read the server's log for what it misses"),
    404: (
        "the server has nothing at this URL",
        "check the host, the path and a trailing slash of the URL",
    ),
    405: (
        "the server does not take this method here",
        "check the URL, and allow the method on this route",
    ),
    406: (
        "the server cannot answer in the format that Accept asks for",
        "change the Accept header of the page",
    ),
    408: (
        "the server did not get the request in time",
        "look at the network and at the size of the body",
    ),
    411: ("the server wants a Content-Length", "send the body with its length"),
    413: (
        "the body is larger than the server takes",
        "raise its limit (client_max_body_size in nginx, for example), or send less",
    ),
    414: ("the URL is longer than the server takes", "send the data in a body"),
    415: ("the server does not take this Content-Type", "send the Content-Type that it wants"),
    421: (
        "the server is not responsible for this host name",
        "check the host name and the certificate",
    ),
    429: (
        "the server limits the number of requests, and this was one too many",
        "send fewer, or raise the limit",
    ),
    431: (
        "the request headers are larger than the server takes",
        "delete cookies, or send fewer headers",
    ),
    451: ("the resource is not available for legal reasons", "ask its owner"),
    500: ("the application failed", "read the server's log for the exception and mend that"),
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
    522: ("the server behind Cloudflare does not answer in time", "see whether the server runs"),
    524: ("the application behind Cloudflare takes too long", "find out what takes so long"),
    525: (
        "Cloudflare cannot agree on TLS with the server behind it",
        "mend the server's TLS configuration",
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
        return Finding("a login is asked for", "send the login that the server wants")
    if status in STATUS_MEANINGS or status >= 500:
        return Finding(*STATUS_MEANINGS.get(status, STATUS_MEANINGS[500]))
    return Finding("the server refuses it", READ_LOG)


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
