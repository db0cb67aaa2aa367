"""Responses that are known by their words or headers, and what they mean."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .evidence import Finding, first_line, start_of_body
from .unreachable import CLIENT_CERTIFICATE
from .wire import Response


class Sign(NamedTuple):
    """A row of the table: what a response looks like, and what it means.

    statuses: () for any. header: a pattern for one line ``name: value`` in lower case, or empty.
    body: a pattern for the start of the body, empty for any. preflight: whether it means this for
    a preflight only (true), or for other requests only (false).
    """

    statuses: tuple[int, ...]
    header: str
    body: str
    cause: str
    fix: str
    preflight: bool | None = None


GATEWAY_RESPONSES: Final = (
    "add the CORS headers to the gateway responses DEFAULT_4XX and DEFAULT_5XX"
)
PREFLIGHT_FIRST: Final = "let OPTIONS through without a login, as preflights never carry one"

# The body of a response in which a CORS filter says in its own words that it refuses.
REFUSED_BY_FILTER: Final = (
    r"(?i)[^\0]{0,60}\bCORS\b.{0,20}\b(error|invalid|forbid|reject|not allowed|denied|refused)"
)
# Most specific first. Each is visible in a response; no status of HTTP is enough by itself (419 is
# not one of HTTP, but of Laravel).
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
        "find out which proxy in front of Rails removes the Origin header",
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
    Sign(
        (), "",
        REFUSED_BY_FILTER,
        "a CORS filter on the server refuses the preflight",
        "allow {origin}, {method} and {headers} in its configuration", preflight=True,
    ),
    Sign(
        (400, 403, 404), "",
        REFUSED_BY_FILTER,
        "a CORS filter on the server refuses the request",
        "allow {origin} in its configuration", preflight=False,
    ),
    # Storage.
    Sign(
        (403,), "", r"[^\0]{0,500}CorsPreflightFailure",
        "no CORS rule of the storage account allows {origin} with {method} and {headers}",
        "add {origin}, {method} and {headers} to one CORS rule of the Azure storage account",
    ),
    Sign(
        (200,), "server: uploadserver", "",
        "the bucket's CORS configuration does not allow {origin} with {method}",
        "list {origin}, {method} and, as responseHeader, {headers} in the CORS configuration of"
        " the Google Cloud Storage bucket",
    ),
    Sign(
        (403,), "", r"[^\0]{0,500}SignatureDoesNotMatch",
        "the signature does not match the request",
        "sign the method and the headers that the page really sends, Content-Type as well",
    ),
    Sign(
        (403,), "", r"[^\0]{0,500}Request has expired", "the signed URL has expired",
        "let the page get a new one",
    ),
    Sign(
        (403,), "(server: amazons3|x-amz-request-id:)", r"[^\0]{0,200}<Code>AccessDenied</Code>",
        "S3 does not allow this request, or there is no such object, which S3 tells only those who"
        " have the permission s3:ListBucket",
        "check the name of the object in {url}, and allow {method} in the bucket policy or send"
        " credentials, as with a signed URL",
        preflight=False,
    ),
    # Gateways.
    Sign(
        (), "cf-mitigated: challenge", "",
        "Cloudflare answers with a challenge for people, which a script cannot pass",
        "exempt this path from the challenge in Cloudflare's security rules",
    ),
    Sign(
        (403,), "x-amzn-errortype: missingauthenticationtoken", "",
        "API Gateway has no {method} at this URL (which it calls Missing Authentication Token), or"
        " requires a signature",
        "check the stage and the path of {url}, and deploy an OPTIONS method without authorization",
        preflight=True,
    ),
    Sign(
        (403,), "x-amzn-errortype: missingauthenticationtoken", "",
        "API Gateway has no {method} at this URL (which it calls Missing Authentication Token), or"
        " requires a signature",
        "check the stage and the path of {url}, and deploy {method} there, or sign the request;"
        f" and {GATEWAY_RESPONSES}",
        preflight=False,
    ),
    Sign(
        (403,), "x-amzn-errortype: forbidden", "",
        "API Gateway refuses the request: an API key, a WAF or a policy",
        "exempt OPTIONS from the API key and the resource policy", preflight=True,
    ),
    Sign(
        (403,), "x-amzn-errortype: forbidden", "",
        "API Gateway refuses the request: an API key, a WAF or a policy",
        "send the API key, or let the WAF or the resource policy admit the request; and"
        f" {GATEWAY_RESPONSES}",
        preflight=False,
    ),
    Sign(
        (401,), "x-amzn-errortype: unauthorized", "",
        "an authorizer of API Gateway refuses the request",
        f"take the authorizer off OPTIONS, and {GATEWAY_RESPONSES}", preflight=True,
    ),
    Sign(
        (401,), "x-amzn-errortype: unauthorized", "",
        "an authorizer of API Gateway refuses the request",
        f"send a token that the authorizer accepts, and {GATEWAY_RESPONSES}", preflight=False,
    ),
    Sign(
        (502,), "x-amzn-errortype: internalservererror", "",
        "the Lambda function failed, or API Gateway does not understand what it returned",
        "read the function's log; let it return statusCode, headers and a body that is text",
    ),
    Sign(
        (500,), "", r"error code: 1101|[^\0]{0,500}Worker threw exception",
        "the Cloudflare Worker threw an exception",
        "read the Worker's log (wrangler tail), and let it send CORS headers with errors as well",
    ),
    Sign(
        (405,), "server: (gse|esf)", "", "Google Apps Script does not answer OPTIONS",
        "let the page send a request that needs no preflight: a GET, or a POST of text/plain,"
        " without other headers",
        preflight=True,
    ),
    Sign(
        (403,), "server: cloudflare", r"error code: 10(10|20)",
        "a rule of Cloudflare's firewall refuses the request",
        "look for the rule in Cloudflare's security events, and exempt this path",
    ),
    Sign(
        (403,), "", r"[^\0]{0,2000}not configured to allow the HTTP request method",
        "the CloudFront distribution does not accept the method",
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
        "add OPTIONS to the route's methods, and check its path", preflight=True,
    ),
    Sign(
        (404,), "", r".{0,20}no Route matched with those values",
        "Kong has no route for this URL and method",
        "check the route's hosts and paths, and whether its methods include {method}",
        preflight=False,
    ),
    Sign(
        (401,), "", r".{0,20}No API key found in request",
        "Kong's key-auth plugin refuses the preflight",
        "set run_on_preflight = false in the plugin", preflight=True,
    ),
    Sign(
        (401,), "", r".{0,20}No API key found in request",
        "Kong's key-auth plugin found no key in the request",
        "send the key in the header or the parameter that the plugin reads", preflight=False,
    ),
    Sign(
        (403,), "", "RBAC: access denied", "a policy of Envoy or Istio refuses the request",
        "let OPTIONS pass in the AuthorizationPolicy", preflight=True,
    ),
    Sign(
        (403,), "", "RBAC: access denied", "a policy of Envoy or Istio refuses the request",
        "let the AuthorizationPolicy admit this request, or send the token that it requires",
        preflight=False,
    ),
    Sign(
        (503,), "", "(upstream connect error|no healthy upstream)",
        "Envoy cannot reach the application",
        "start the application, or correct the address that Envoy has for it",
    ),
    Sign(
        (503,), "", r"[^\0]{0,200}No server is available to handle this request",
        "HAProxy has no server that is up", "start the application, or fix its health check",
    ),
    Sign(
        (404,), "", "default backend - 404",
        "the Kubernetes ingress has no rule for this host and path",
        "add the host and the path of {url} to the ingress",
    ),
    Sign(
        (401, 403), "", r"[^\0]{0,500}Your client does not have permission to get URL",
        "Google Cloud requires an authenticated caller",
        "allow unauthenticated invocations, and check the login in the application;"
        " " + PREFLIGHT_FIRST,
        preflight=True,
    ),
    Sign(
        (401, 403), "", r"[^\0]{0,500}Your client does not have permission to get URL",
        "Google Cloud requires an authenticated caller",
        "send a token of an account that may call it, or allow unauthenticated invocations and"
        " check the login in the application",
        preflight=False,
    ),
    Sign(
        (401,), "", r".{0,60}Missing authorization header",
        "the gateway requires a token before the function runs",
        "switch the gateway's check of tokens off for this function, and answer OPTIONS in it",
        preflight=True,
    ),
    Sign(
        (401,), "", r".{0,60}Missing authorization header",
        "the gateway requires a token before the function runs",
        "send the token in Authorization, or switch the gateway's check of tokens off for this"
        " function",
        preflight=False,
    ),
    Sign(
        (401,), "", r"[^\0]{0,4000}_vercel_sso", "the deployment is protected by Vercel's login",
        "switch Deployment Protection off, or use the production domain",
    ),
    # Frameworks.
    Sign(
        (403,), "", r"[^\0]{0,4000}CSRF (verification failed|Failed:)",
        "Django's CSRF protection refuses the request",
        "add {origin} to CSRF_TRUSTED_ORIGINS, and send the token",
    ),
    Sign(
        (404,), "", r"[^\0]{0,1000}No route matches \[OPTIONS\]",
        "Rails has no route for OPTIONS here, so no rack-cors answered",
        "insert rack-cors before all other middleware, with a resource for this path",
    ),
    Sign(
        (400,), "", r".{0,60}Session ID unknown",
        "this socket.io server does not know the session, which another one started",
        "let the load balancer send all requests of a client to one server (sticky sessions)",
    ),
    Sign(
        (400,), "", r"[^\0]{0,500}AADSTS900232[67]",
        "Microsoft's login knows the application as one on a server, not in a browser",
        "register the redirect URI under the platform Single-page application",
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
        "read the server's log, and compare the host of {url} with ALLOWED_HOSTS",
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
        (413,), "", r"[^\0]{0,500}PayloadTooLargeError", "the body is larger than Express accepts",
        "raise the limit of express.json() or express.urlencoded(), or send less", preflight=False,
    ),
    Sign(
        (403,), "server: (nginx|openresty)", r"[^\0]{0,200}<title>403 Forbidden",
        "nginx itself refuses the request, before any application",
        "look for deny and limit_except in nginx's configuration of this path, and at the"
        " permissions of the file",
    ),
    Sign(
        (400,), "",
        r"[^\0]{0,500}(plain HTTP request was sent to HTTPS|speaking plain HTTP to an SSL-enabled"
        r"|sent an HTTP request to an HTTPS|combination of host and port requires TLS)",
        "the server speaks https at this port, and the request came by http",
        "write https:// instead of http:// in the page's URL",
    ),
    Sign(
        (400,), "", r"[^\0]{0,500}(No required SSL certificate was sent|The SSL certificate error)",
        CLIENT_CERTIFICATE.cause, CLIENT_CERTIFICATE.fix,
    ),
    Sign(
        (404,), "", "404 page not found", "no route of a Go server or of Traefik matches this URL",
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


def known_words(response: Response, *, preflight: bool) -> Finding | None:
    """What the response means, if its words or headers are known."""
    if response.status == 400:
        disallowed = of_starlette(first_line(response))
        if disallowed:
            return disallowed
    return known_sign(response, preflight=preflight)


def known_sign(response: Response, *, preflight: bool) -> Finding | None:
    """The first row of SIGNS that matches the response."""
    lines = [f"{name}: {value}".lower() for name, value in response.headers]
    text = start_of_body(response)
    for sign in SIGNS:
        if sign.statuses and response.status not in sign.statuses:
            continue
        if sign.preflight not in (None, preflight):
            continue
        if sign.header and not any(re.match(sign.header, line) for line in lines):
            continue
        if sign.body and not re.match(sign.body, text):
            continue
        return Finding(sign.cause, sign.fix)
    return None


# A service that is known by its URL -> where its CORS headers are set.
SERVICES: Final = {
    r"^https?://([^/]+\.)?(firebase)?storage\.googleapis\.com/": (
        "the CORS configuration of the Google Cloud Storage bucket"
    ),
    r"^https?://([^/]+\.)?s3[.-][^/]*amazonaws\.com/": "the CORS configuration of the S3 bucket",
    r"^https?://[^/]+\.(digitaloceanspaces|r2\.cloudflarestorage|backblazeb2)\.com/": (
        "the CORS configuration of the bucket"
    ),
    r"^https?://[^/]+\.(blob|file|queue|table)\.core\.windows\.net/": (
        "the CORS rules of the Azure storage account"
    ),
    r"^https?://[^/]+\.execute-api\.[^/]+\.amazonaws\.com/": (
        "API Gateway's CORS settings and, with proxy integration, in what the function returns"
    ),
    r"^https?://[^/]+\.lambda-url\.[^/]+\.on\.aws/": "the CORS settings of the function URL",
}
# The same where only the origins can be set.
ORIGINS_OF_SERVICES: Final = {
    r"/realms/[^/]+/protocol/openid-connect/": "Web origins of the client in Keycloak",
    r"^https?://[^/]+:11434/": "OLLAMA_ORIGINS, an environment variable of Ollama",
}


def where_to_set(url: str, *, origin: bool) -> str:
    """Where a known service takes its CORS headers from, in brackets; or empty.

    origin: whether only the origin is missing.
    """
    places = {**SERVICES, **(ORIGINS_OF_SERVICES if origin else {})}
    for pattern, place in places.items():
        if re.search(pattern, url):
            return f" (in {place})"
    return ""
