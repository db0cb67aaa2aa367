"""The last line of `explain` says the true cause and what to do, for somebody who reads nothing else.

Each situation is rebuilt from what its server or gateway answers. The last line is judged whole.
"""

from __future__ import annotations

import sys
import textwrap

import pytest
from test_browser_http import serving

from wsgicors_explain import main
from wsgicors_explain.redirects import redirect_fix
from wsgicors_explain.wire import URL

PAGE = "https://app.example.com"
ORIGIN = ("Access-Control-Allow-Origin", PAGE)
TRUE = ("Access-Control-Allow-Credentials", "true")
HEADERS = "Access-Control-Allow-Headers"
HTML = ("Content-Type", "text/html")
PUT = ("Access-Control-Allow-Methods", "PUT")
JSON = ("-X", "POST", "-H", "Content-Type: application/json")
TOKEN = ("-H", "Authorization: Bearer x")


def explain(capsys, *arguments):
    """The exit status, and the lines of the output."""
    status = main(["explain", *arguments])
    return status, capsys.readouterr().out.splitlines()


def answers(preflight, response):
    """An application that answers preflights and other requests so: (status, headers, body)."""

    def app(environ, start_response):
        asked = preflight if environ["REQUEST_METHOD"] == "OPTIONS" else response
        status, headers, body = asked
        always = {"Server": "hidden", "Content-Type": "text/plain"}
        for name, _ in headers:
            always.pop(name, None)
        start_response(f"{status} Status", [*always.items(), *headers])
        return [body]

    return app


GOOD = (200, [ORIGIN], b"")
# name: (preflight, response, arguments)
SITUATIONS = {
    # Somebody says why.
    "ours_refuses_the_origin": (
        (403, [], b"CORS preflight refused: no policy for this path allows the origin.\n"), GOOD, JSON),
    "ours_refuses_the_method": (
        (403, [], b"CORS preflight refused: no policy for this path allows the method to the origin"
         b" (matchstrategy = verbmatch).\n"), GOOD, ("-X", "PUT")),
    "starlette_origin": ((400, [], b"Disallowed CORS origin"), GOOD, JSON),
    "starlette_method": ((400, [ORIGIN], b"Disallowed CORS method"), GOOD, ("-X", "PUT")),
    "starlette_headers": ((400, [ORIGIN], b"Disallowed CORS headers"), GOOD, TOKEN),
    "spring": ((403, [], b"Invalid CORS request"), GOOD, JSON),
    "s3_without_configuration": (
        (403, [("Content-Type", "application/xml"), ("x-amz-request-id", "1")],
         b"<?xml version='1.0'?><Error><Code>AccessForbidden</Code>"
         b"<Message>CORSResponse: CORS is not enabled for this bucket.</Message></Error>"),
        GOOD, ("-X", "PUT")),
    "s3_no_rule": (
        (403, [("x-amz-request-id", "1")],
         b"<Error><Code>AccessForbidden</Code>"
         b"<Message>CORSResponse: This CORS request is not allowed.</Message></Error>"),
        GOOD, ("-X", "PUT")),
    "rack_cors": ((200, [("X-Rack-CORS", "miss; no-method")], b""), GOOD, ("-X", "PUT")),
    # Gateways.
    "envoy": ((403, [("Server", "istio-envoy")], b"RBAC: access denied"), GOOD, TOKEN),
    "cloudflare_challenge": (
        (403, [("cf-mitigated", "challenge"), ("cf-ray", "1")], b"<!DOCTYPE html><title>Just a moment...</title>"),
        GOOD, JSON),
    "api_gateway_route": (
        (403, [("x-amzn-ErrorType", "MissingAuthenticationTokenException")],
         b'{"message":"Missing Authentication Token"}'), GOOD, TOKEN),
    "api_gateway_key": (
        (403, [("x-amzn-ErrorType", "ForbiddenException")], b'{"message":"Forbidden"}'), GOOD, TOKEN),
    "kong_key": ((401, [], b'{"message":"No API key found in request"}'), GOOD, TOKEN),
    "api_gateway_route_of_a_get": (
        GOOD, (403, [("x-amzn-ErrorType", "MissingAuthenticationTokenException")],
               b'{"message":"Missing Authentication Token"}'), ()),
    "api_gateway_key_of_a_get": (
        GOOD, (403, [("x-amzn-ErrorType", "ForbiddenException")], b'{"message":"Forbidden"}'), ()),
    "api_gateway_authorizer_of_a_get": (
        GOOD, (401, [("x-amzn-ErrorType", "UnauthorizedException")], b'{"message":"Unauthorized"}'), ()),
    "api_gateway_authorizer": (
        (401, [("x-amzn-ErrorType", "UnauthorizedException")], b'{"message":"Unauthorized"}'), GOOD, TOKEN),
    "kong_key_of_a_get": (GOOD, (401, [], b'{"message":"No API key found in request"}'), ()),
    "kong_route_of_a_get": (GOOD, (404, [], b'{"message":"no Route matched with those values"}'), ()),
    "envoy_refuses_a_get": (GOOD, (403, [("Server", "istio-envoy")], b"RBAC: access denied"), ()),
    "cloud_run_of_a_get": (
        GOOD, (403, [HTML], b"<html><title>403 Forbidden</title><h2>Your client does not have permission"
               b" to get URL <code>/x</code> from this server.</h2>"), ()),
    "supabase_function_of_a_get": (GOOD, (401, [], b'{"msg":"Error: Missing authorization header"}'), ()),
    "s3_object_that_is_not_public": (
        GOOD, (403, [("Server", "AmazonS3"), ("Content-Type", "application/xml")],
               b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
        ()),
    "ngrok_warning": (
        GOOD, (200, [("ngrok-error-code", "ERR_NGROK_6024")], b"<!DOCTYPE html>"), ()),
    "firewall_without_a_word": ((403, [], b""), GOOD, JSON),
    "nginx_forbids": (
        (403, [("Server", "nginx/1.25")], b"<html><head><title>403 Forbidden</title></head></html>"),
        GOOD, JSON),
    "token_refused": (
        (200, [ORIGIN, (HEADERS, "authorization")], b""), (401, [], b'{"detail": "Invalid token"}'), TOKEN),
    "password_refused": (
        (200, [ORIGIN, (HEADERS, "authorization")], b""), (401, [], b""), ("-H", "Authorization: Basic eDp4")),
    # Logins, where there is a sign of one.
    "basic_authentication": (
        (401, [("WWW-Authenticate", "Basic realm=x")], b"Unauthorized"), GOOD, TOKEN),
    "proxy_authentication": ((407, [], b""), GOOD, TOKEN),
    "login_page_for_a_preflight": (
        (302, [("Location", "https://login.example.com/?next=/x")], b""), GOOD, JSON),
    "login_page_for_a_get": (GOOD, (302, [("Location", "/accounts/login/?next=/x")], b""), ()),
    "access_denied_is_the_applications_word": (
        GOOD, (403, [], b'{"detail": "You do not have permission to perform this action."}'), ()),
    "csrf": (
        GOOD, (403, [], b"<!DOCTYPE html><title>403 Forbidden</title><h1>Forbidden</h1>"
               b"<p>CSRF verification failed. Request aborted.</p>"), ("-X", "POST", "--send")),
    # A status is what it is first.
    "traceback": (GOOD, (500, [], b"Internal Server Error"), ()),
    "error_in_json": (GOOD, (500, [], b'{"error": {"message": "relation \\"x\\" does not exist"}}'), ()),
    "not_found": (GOOD, (404, [], b"<!doctype html>\n<title>404 Not Found</title>"), ()),
    "express_without_options": ((404, [], b"<pre>Cannot OPTIONS /x</pre>"), GOOD, ("-X", "PUT")),
    "express_without_route": (GOOD, (404, [], b"<pre>Cannot GET /x</pre>"), ()),
    "body_too_large": (
        GOOD, (413, [("Server", "nginx")], b"<html><head><title>413 Request Entity Too Large</title></head>"),
        ("-X", "POST", "--send")),
    "too_many": (GOOD, (429, [], b"Too many requests, please try again later."), ()),
    "bad_gateway": (
        GOOD, (502, [("Server", "nginx")], b"<html><head><title>502 Bad Gateway</title></head></html>"), ()),
    "gateway_timeout": (GOOD, (504, [], b""), ()),
    "unknown_error_of_a_client": (GOOD, (418, [], b"I'm a teapot"), ()),
    "host_not_allowed": ((400, [], b"<h1>Bad Request (400)</h1>"), GOOD, JSON),
    "error_of_a_put": ((200, [ORIGIN, PUT], b""), (500, [], b"no room"), ("-X", "PUT", "--send")),
    "preflight_fails": ((503, [], b"no healthy upstream"), GOOD, JSON),
    "options_not_handled": ((405, [("Allow", "GET, POST")], b"Method Not Allowed"), GOOD, JSON),
    # A preflight is not the page's request.
    "preflight_as_malformed": (
        (400, [("X-Powered-By", "Express")], b'{"error":"Unexpected end of JSON input"}'), GOOD, JSON),
    "preflight_without_length": ((411, [], b""), GOOD, JSON),
    "preflight_too_large": ((413, [], b"<pre>PayloadTooLargeError: request entity too large</pre>"), GOOD, JSON),
    "preflight_without_type": ((415, [], b""), GOOD, JSON),
    "preflight_without_fields": ((422, [], b'{"detail":[{"loc":["body"],"msg":"field required"}]}'), GOOD, JSON),
    "preflight_too_often": ((429, [], b"Too many requests"), GOOD, JSON),
    # Twice, or from a cache.
    "twice": (GOOD, (200, [ORIGIN, ORIGIN], b""), ()),
    "credentials_twice": (
        GOOD, (200, [("Server", "nginx"), ("X-Powered-By", "Express"), ORIGIN, TRUE, TRUE], b""),
        ("--credentials",)),
    "proxy_adds_a_star": (GOOD, (200, [("Server", "nginx"), ORIGIN, (ORIGIN[0], "*")], b""), ()),
    "twice_by_an_application_server": (GOOD, (200, [("Server", "gunicorn"), ORIGIN, ORIGIN], b""), ()),
    "twice_by_kestrel": (GOOD, (200, [("Server", "Kestrel"), ("X-Powered-By", "ASP.NET"), ORIGIN, ORIGIN], b""), ()),
    "twice_behind_a_gateway": (
        GOOD, (200, [("Server", "Jetty(9.4.z)"), ("cf-ray", "1"), ORIGIN, ORIGIN], b""), ()),
    "cached_for_another_page": (
        GOOD, (200, [("X-Cache", "Hit from cloudfront"), ("Age", "120"), (ORIGIN[0], "https://b.example")], b""),
        ()),
    # A framework that answers OPTIONS by itself.
    "allow_only": ((200, [("Allow", "GET, HEAD, OPTIONS")], b""), GOOD, TOKEN),
    "knows_cors": ((200, [PUT], b""), GOOD, ("-X", "PUT")),
    "asp_net": ((200, [("Server", "Kestrel")], b""), GOOD, ("-X", "PUT")),
    # The page.
    "response_header_sent": (GOOD, GOOD, ("-H", "Access-Control-Allow-Origin: *")),
    "response_header_sent_and_more": (
        GOOD, GOOD, ("-X", "PUT", *TOKEN, "-H", "Access-Control-Allow-Origin: *")),
    "response_header_sent_besides_another": (
        (200, [ORIGIN, PUT], b""), GOOD, ("-X", "PUT", *TOKEN, "-H", "Access-Control-Allow-Origin: *")),
    "response_header_sent_to_a_server_without_cors": (
        (200, [], b""), (200, [], b""), ("-H", "Access-Control-Allow-Origin: *")),
    "response_header_sent_and_allowed": (
        (200, [ORIGIN, (HEADERS, "access-control-allow-origin")], b""), (200, [], b""),
        ("-H", "Access-Control-Allow-Origin: *")),
    "response_header_sent_and_no_method": (GOOD, GOOD, ("-X", "TRACE", "-H", "Access-Control-Allow-Origin: *")),
    "response_header_sent_and_options_not_handled": (
        (405, [], b""), GOOD, ("-X", "PUT", *TOKEN, "-H", "Access-Control-Allow-Origin: *")),
    "content_type_of_a_get": (GOOD, GOOD, ("-H", "Content-Type: application/json")),
    "header_of_a_library": (GOOD, GOOD, ("-H", "sentry-trace: 1", "-H", "baggage: 1")),
    "method_and_headers": (GOOD, GOOD, ("-X", "PUT", *TOKEN)),
    "patch_that_no_server_would_take": ((200, [ORIGIN, PUT], b""), GOOD, ("-X", "patch", *TOKEN)),
    "method_of_its_own": ((200, [ORIGIN, PUT], b""), GOOD, ("-X", "purge")),
    "patch": ((200, [ORIGIN, (PUT[0], "PATCH")], b""), GOOD, ("-X", "patch", *TOKEN)),
    "file": (GOOD, GOOD, ("--origin", "null")),
    "port": (GOOD, GOOD, ("--path", "http://127.0.0.1:6000/")),
    # Lists and values that browsers read otherwise than their writers.
    "semicolons": ((200, [ORIGIN, (HEADERS, "Content-Type; X-A")], b""), GOOD, TOKEN),
    "spaces": ((200, [ORIGIN, (PUT[0], "GET PUT")], b""), GOOD, ("-X", "PUT")),
    "lower_case": ((200, [ORIGIN, (PUT[0], "get, put")], b""), GOOD, ("-X", "PUT", *TOKEN)),
    "star_for_credentials": (
        (200, [ORIGIN, TRUE, (PUT[0], "*"), (HEADERS, "*")], b""), GOOD, ("-X", "PUT", *TOKEN, "--credentials")),
    "two_origins_in_one_value": (GOOD, (200, [(ORIGIN[0], f"{PAGE}, https://b.example")], b""), ()),
    "pattern": (GOOD, (200, [(ORIGIN[0], "https://*.example.com")], b""), ()),
    "slash_in_the_value": (GOOD, (200, [(ORIGIN[0], f"{PAGE}/")], b""), ()),
    "other_scheme": (GOOD, (200, [(ORIGIN[0], "http://app.example.com")], b""), ()),
    "quotes": (GOOD, (200, [(ORIGIN[0], f'"{PAGE}"')], b""), ()),
    "fixed_origin": (GOOD, (200, [(ORIGIN[0], "https://b.example")], b""), ()),
    "null_in_the_header": (GOOD, (200, [(ORIGIN[0], "null")], b""), ()),
    "empty_value": (GOOD, (200, [(ORIGIN[0], "")], b""), ()),
    "promise": (GOOD, (200, [(ORIGIN[0], "[object Promise]")], b""), ()),
    "objects_as_names": ((200, [ORIGIN, (HEADERS, "Content-Type, [object Object]")], b""), GOOD, TOKEN),
    "object_as_methods": ((200, [ORIGIN, (PUT[0], "[object Object]")], b""), GOOD, ("-X", "PUT")),
    "underscores": (GOOD, (200, [("Access_Control_Allow_Origin", "*")], b""), ()),
    "trace": (GOOD, GOOD, ("-X", "TRACE")),
    "connect": (GOOD, GOOD, ("-X", "CONNECT")),
    # Everything at once.
    "origin_method_header_and_credentials": (
        (200, [(ORIGIN[0], "https://b.example"), (PUT[0], "GET"), (HEADERS, "x-a")], b""), GOOD,
        ("-X", "PUT", *TOKEN, "--credentials")),
    "slash_and_method": ((200, [(ORIGIN[0], f"{PAGE}/"), (PUT[0], "GET")], b""), GOOD, ("-X", "PUT")),
    "twice_and_method": ((200, [ORIGIN, ORIGIN, (PUT[0], "GET")], b""), GOOD, ("-X", "PUT")),
    "credentials_twice_and_method": (
        (200, [ORIGIN, TRUE, TRUE, (PUT[0], "GET")], b""), GOOD, ("-X", "PUT", "--credentials")),
    "origin_and_credentials_twice": (
        GOOD, (200, [(ORIGIN[0], "https://b.example"), TRUE, TRUE], b""), ("--credentials",)),
    "semicolons_and_method": (
        (200, [ORIGIN, (HEADERS, "X-A; X-B"), (PUT[0], "GET")], b""), GOOD, ("-X", "PUT", *TOKEN)),
    "spaces_and_header": ((200, [ORIGIN, (PUT[0], "GET put")], b""), GOOD, ("-X", "PUT", "-H", "X-A: 1")),
    "no_name_in_the_list": ((200, [ORIGIN, (HEADERS, ";")], b""), GOOD, ("-X", "PUT")),
    "varies_and_more": (
        (200, [("Vary", "Origin")], b""), GOOD, ("-X", "patch", *TOKEN, "-H", "Access-Control-Allow-Origin: *")),
    "content_type_of_a_get_and_more": (
        (200, [ORIGIN], b""), GOOD, (*TOKEN, "-H", "Content-Type: application/json")),
    # What answers is not what was asked for.
    "catch_all_page_without_a_title": ((200, [HTML], b"<!doctype html><div id=root>"), GOOD, JSON),
    "page_of_nothing": ((200, [HTML], b""), GOOD, JSON),
    "catch_all_page": (GOOD, (200, [HTML], b"<!doctype html><title>My shop</title>"), ()),
    "catch_all_preflight": ((200, [HTML], b"<!doctype html><title>My shop</title>"), GOOD, JSON),
    "only_options_has_headers": ((200, [ORIGIN, PUT], b""), (200, [], b""), ("-X", "PUT", "--send")),
    "varies_by_origin": (GOOD, (200, [("Vary", "Accept, Origin")], b""), ()),
    "varies_by_everything": (GOOD, (200, [("Vary", "*")], b""), ()),
    # More of those who say why.
    "starlette_all": ((400, [], b"Disallowed CORS origin, method, headers"), GOOD, ("-X", "PUT", *TOKEN)),
    "function_of_the_application": (GOOD, (500, [], b"Error: Not allowed by CORS"), ()),
    "session_of_another_server": (GOOD, (400, [], b'{"code":1,"message":"Session ID unknown"}'), ()),
    "login_of_a_web_application": (
        GOOD, (400, [], b'{"error":"invalid_request","error_description":"AADSTS9002326: Cross-origin token"}'), ()),
    "rails": (
        (404, [], b'{"error":"Not Found","exception":"RoutingError: No route matches [OPTIONS] \\"/x\\""}'),
        GOOD, JSON),
    "azure_storage": (
        (403, [("Server", "Windows-Azure-Blob/1.0")],
         b"\xef\xbb\xbf<?xml version='1.0'?><Error><Code>CorsPreflightFailure</Code><Message>No rule.</Message></Error>"),
        GOOD, ("-X", "PUT", *TOKEN)),
    "google_storage": ((200, [("Server", "UploadServer")], b""), GOOD, ("-X", "PUT", *TOKEN)),
    "signature": (GOOD, (403, [], b"<Error><Code>SignatureDoesNotMatch</Code></Error>"), ()),
    "expired": (GOOD, (403, [], b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"), ()),
    "lambda_failed": (
        GOOD, (502, [("x-amzn-ErrorType", "InternalServerErrorException")], b'{"message":"Internal server error"}'),
        ()),
    "rule_of_cloudflare": (GOOD, (403, [("Server", "cloudflare")], b"error code: 1020"), ()),
    "graphql": (GOOD, (400, [], b'{"errors":[{"message":"This operation has been blocked"}]}'), ()),
    "method_that_the_route_does_not_take": ((405, [("Allow", "GET, HEAD")], b""), GOOD, ("-X", "PUT")),
    "csrf_in_json": ((403, [], b'{"detail":"CSRF Failed: Origin checking failed"}'), GOOD, JSON),
    "express_fails": (
        GOOD, (500, [HTML, ("X-Powered-By", "Express"), ("Server", "nginx")],
               b"<!DOCTYPE html><title>Error</title><pre>Error: no table<br> &nbsp; at x.js:1</pre>"), ()),
    "iis": (GOOD, (500, [("X-Powered-By", "ASP.NET"), ("Server", "Microsoft-IIS/10.0")], b""), ()),
    "another_method_in_allow": ((200, [("Allow", "GET, HEAD")], b""), GOOD, ("-X", "PUT")),
    # CORS filters, in words of their own.
    "filter_of_warp": (
        (403, [], b"CORS request forbidden: request-method not allowed"), GOOD, ("-X", "PUT")),
    "filter_of_akka": ((400, [], b"CORS: invalid method 'PUT'"), GOOD, ("-X", "PUT")),
    "filter_of_vertx": ((403, [], b"CORS Rejected - Invalid origin"), GOOD, JSON),
    "filter_of_hapi": (
        (404, [], b'{"statusCode":404,"message":"CORS error: Missing Access-Control-Request-Method header"}'),
        GOOD, JSON),
    "filter_that_answers_200": (
        (200, [("Vary", "origin")], b'{"message":"CORS error: Some headers are not allowed"}'), GOOD, TOKEN),
    "filter_of_a_get": (GOOD, (403, [], b"CORS request forbidden: origin not allowed"), ()),
    "filter_that_leaves_out_all": ((200, [("Vary", "Origin, Access-Control-Request-Method")], b""), GOOD, TOKEN),
    "bad_without_a_word": ((400, [], b""), GOOD, ("-X", "PUT", *TOKEN)),
    # Services that answer in an unusual way.
    "worker_that_throws": ((500, [("Server", "cloudflare")], b"error code: 1101"), GOOD, JSON),
    "worker_that_throws_on_a_get": (
        GOOD, (500, [("Server", "cloudflare"), HTML], b"<!DOCTYPE html><title>Worker threw exception | x</title>"), ()),
    "apps_script": ((405, [("Server", "GSE"), HTML], b"<html>"), GOOD, JSON),
    "keycloak": (GOOD, (200, [], b"{}"), ("--path", "/realms/a/protocol/openid-connect/token")),
    "unset_variable": (GOOD, (200, [(ORIGIN[0], "undefined")], b""), ()),
    "login_that_the_page_starts": (GOOD, (302, [("Location", "/o/oauth2/auth?client_id=1")], b""), ()),
    "login_at_a_provider_for_a_preflight": (
        (302, [("Location", "https://login.microsoftonline.com/common/oauth2/authorize?client_id=1")], b""), GOOD, JSON),
    # Redirects.
    "port_lost": ((301, [("Location", "http://127.0.0.1/x/")], b""), GOOD, JSON),
    "slash": ((301, [("Location", "/x/")], b""), GOOD, JSON),
    "to_http": (GOOD, (302, [ORIGIN, ("Location", "http://api.example.com/x/")], b""), ()),
    "preflight_to_https": ((308, [("Location", "https://api.example.com/x")], b""), GOOD, JSON),
    "to_a_blocked_port": (GOOD, (302, [ORIGIN, ("Location", "http://127.0.0.1:6000/")], b""), ()),
    "nowhere": (GOOD, (302, [("Location", "mailto:a@b.example")], b""), ()),
    "login_on_a_blocked_port": (GOOD, (302, [ORIGIN, ("Location", "http://127.0.0.1:6000/oauth2/authorize")], b""), ()),
    "login_by_http": (GOOD, (302, [ORIGIN, ("Location", "http://api.example.com/login?next=/x")], b""), ()),
    "preflight_sent_home": ((302, [("Location", "/")], b""), GOOD, JSON),
    "get_sent_home": (GOOD, (302, [("Location", "/")], b""), ()),
    "preflight_sent_nowhere": ((302, [("Location", "mailto:a@b.example")], b""), GOOD, JSON),
    "redirect_without_location": (GOOD, (302, [], b""), ()),
}  # fmt: skip


LAST_LINES = {
    "filter_of_warp": (
        'BLOCKED: the preflight to URL/x returned 403 "CORS request forbidden: request-method not'
        ' allowed": a CORS filter on the server refuses the preflight. To fix it, allow '
        "https://app.example.com, PUT and the request headers in its configuration"
    ),
    "filter_of_akka": (
        "BLOCKED: the preflight to URL/x returned 400 \"CORS: invalid method 'PUT'\": a CORS filter"
        " on the server refuses the preflight. To fix it, allow https://app.example.com, PUT and "
        "the request headers in its configuration"
    ),
    "filter_of_vertx": (
        'BLOCKED: the preflight to URL/x returned 403 "CORS Rejected - Invalid origin": a CORS '
        "filter on the server refuses the preflight. To fix it, allow https://app.example.com, "
        "POST and content-type in its configuration"
    ),
    "filter_of_hapi": (
        'BLOCKED: the preflight to URL/x returned 404 "CORS error: Missing Access-Control-'
        'Request-Method header": a CORS filter on the server refuses the preflight. To fix it, '
        "allow https://app.example.com, POST and content-type in its configuration"
    ),
    "filter_that_answers_200": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it "
        "should be https://app.example.com or *; a CORS filter on the server refuses the "
        "preflight. To fix it, allow https://app.example.com, GET and authorization in its "
        "configuration"
    ),
    "filter_of_a_get": (
        'BLOCKED: GET URL/x returned 403 "CORS request forbidden: origin not allowed": a CORS '
        "filter on the server refuses the request, and this error lacks Access-Control-Allow-"
        "Origin. To fix it, allow https://app.example.com in its configuration"
    ),
    "filter_that_leaves_out_all": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it "
        "should be https://app.example.com or *; it has Vary: Origin, so the server supports CORS"
        " but does not allow this origin, or, as some servers then send no header, not the method"
        " or a header. To fix it, add https://app.example.com to the origins that the server "
        "allows and add authorization to the request headers that the server allows"
    ),
    "bad_without_a_word": (
        "BLOCKED: the preflight to URL/x returned 400 Bad Request: the server refuses the "
        "preflight as bad: its CORS filter may not allow the origin, the method or a header, or "
        "it misses the body of the page's request, which a preflight does not have. To fix it, "
        "allow https://app.example.com, PUT and authorization in its CORS configuration; if it "
        "has none, answer OPTIONS there with 200 and the headers that browsers need, before "
        "validation and handler"
    ),
    "worker_that_throws": (
        'BLOCKED: the preflight to URL/x returned 500 "error code: 1101" by Cloudflare: the '
        "Cloudflare Worker threw an exception. To fix it, read the Worker's log (wrangler tail), "
        "and let it send CORS headers with errors as well"
    ),
    "worker_that_throws_on_a_get": (
        'BLOCKED: GET URL/x returned 500 "Worker threw exception | x" by Cloudflare: the '
        "Cloudflare Worker threw an exception, and this error lacks Access-Control-Allow-Origin. "
        "To fix it, read the Worker's log (wrangler tail), and let it send CORS headers with "
        "errors as well"
    ),
    "apps_script": (
        "BLOCKED: the preflight to URL/x returned 405 Method Not Allowed: Google Apps Script does"
        " not answer OPTIONS. To fix it, let the page send a request that needs no preflight: a "
        "GET, or a POST of text/plain, without other headers"
    ),
    "keycloak": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be "
        "https://app.example.com or *. To fix it, let the server send the headers above (in Web "
        "origins of the client in Keycloak)"
    ),
    "unset_variable": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'undefined'; it should be "
        "https://app.example.com. To fix it, send https://app.example.com there: the server has "
        "no value to send, perhaps because a variable is not set"
    ),
    "login_that_the_page_starts": (
        "BLOCKED: GET URL/x was redirected (302) to URL/o/oauth2/auth?client_id=1, and the "
        "redirect itself does not allow https://app.example.com; that looks like a login, so the "
        "request was not authenticated. To fix it, if this is to log in, open URL/x as a page, "
        "with a link or location.href, since no script may read a login; else log in before the "
        "request and send the cookie or token with it; let the server answer 401 to scripts"
    ),
    "login_at_a_provider_for_a_preflight": (
        "BLOCKED: the preflight to URL/x was redirected (302) to "
        "https://login.microsoftonline.com/common/oauth2/authorize?client_id=1, which browsers do"
        " not follow; that looks like a login. To fix it, if this is to log in, open URL/x as a "
        "page, with a link or location.href, since no script may read a login; else let OPTIONS "
        "pass without a login: handle CORS before authentication"
    ),
    "ours_refuses_the_origin": (
        'BLOCKED: the preflight to URL/x returned 403 "CORS preflight refused: no policy'
        ' for this path allows the origin.": wsgicors on the server refuses it: no policy for'
        " this path allows the origin. To fix it, add https://app.example.com to the option"
        " origin of the policy for this path"
    ),
    "ours_refuses_the_method": (
        'BLOCKED: the preflight to URL/x returned 403 "CORS preflight refused: no policy'
        ' for this path allows the method to the origin (matchstrategy = verbmatch).":'
        " wsgicors on the server refuses it: no policy for this path allows the method to the"
        " origin (matchstrategy = verbmatch). To fix it, add PUT to the option methods of the"
        " policy that allows https://app.example.com"
    ),
    "starlette_origin": (
        'BLOCKED: the preflight to URL/x returned 400 "Disallowed CORS origin": the'
        " CORSMiddleware of Starlette or FastAPI does not allow the origin"
        " https://app.example.com. To fix it, add https://app.example.com to allow_origins"
    ),
    "starlette_method": (
        'BLOCKED: the preflight to URL/x returned 400 "Disallowed CORS method": the'
        " CORSMiddleware of Starlette or FastAPI does not allow the method PUT. To fix it, add"
        " PUT to allow_methods"
    ),
    "starlette_headers": (
        'BLOCKED: the preflight to URL/x returned 400 "Disallowed CORS headers": the'
        " CORSMiddleware of Starlette or FastAPI does not allow all of authorization. To fix"
        " it, add authorization to allow_headers"
    ),
    "spring": (
        'BLOCKED: the preflight to URL/x returned 403 "Invalid CORS request": Spring\'s'
        " CORS configuration does not allow the origin https://app.example.com, or the method"
        " POST, or a header. To fix it, allow https://app.example.com, POST and content-type"
        " in Spring's CorsConfiguration or @CrossOrigin"
    ),
    "s3_without_configuration": (
        'BLOCKED: the preflight to URL/x returned 403 "AccessForbidden: CORSResponse: CORS'
        ' is not enabled for this bucket." by Amazon S3: the S3 bucket has no CORS'
        " configuration. To fix it, give the bucket a CORS configuration with"
        " https://app.example.com, PUT and the request headers"
    ),
    "s3_no_rule": (
        'BLOCKED: the preflight to URL/x returned 403 "AccessForbidden: CORSResponse: This'
        " CORS request is not allowed.\" by Amazon S3: no rule of the S3 bucket's CORS"
        " configuration allows https://app.example.com with PUT and the request headers. To"
        " fix it, add https://app.example.com to AllowedOrigins, PUT to AllowedMethods and the"
        " request headers to AllowedHeaders of one rule"
    ),
    "rack_cors": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        " should be https://app.example.com or *; rack-cors does not allow the method PUT. To"
        " fix it, add PUT to methods of the resource"
    ),
    "envoy": (
        'BLOCKED: the preflight to URL/x returned 403 "RBAC: access denied" by Envoy: a'
        " policy of Envoy or Istio refuses the request. To fix it, let OPTIONS pass in the"
        " AuthorizationPolicy"
    ),
    "cloudflare_challenge": (
        'BLOCKED: the preflight to URL/x returned 403 "Just a moment..." by Cloudflare:'
        " Cloudflare answers with a challenge for people, which a script cannot pass. To fix"
        " it, exempt this path from the challenge in Cloudflare's security rules"
    ),
    "api_gateway_route": (
        'BLOCKED: the preflight to URL/x returned 403 "Missing Authentication Token" by'
        " Amazon API Gateway: API Gateway has no GET at this URL (which it calls Missing Authentication Token), or requires a signature"
        ". To fix it, check the stage"
        " and the path of URL/x, and deploy an OPTIONS method without authorization"
    ),
    "api_gateway_key": (
        "BLOCKED: the preflight to URL/x returned 403 Forbidden by Amazon API Gateway: API"
        " Gateway refuses the request: an API key, a WAF or a policy. To fix it, exempt"
        " OPTIONS from the API key and the resource policy"
    ),
    "kong_key": (
        'BLOCKED: the preflight to URL/x returned 401 "No API key found in request":'
        " Kong's key-auth plugin refuses the preflight. To fix it, set run_on_preflight ="
        " false in the plugin"
    ),
    "ngrok_warning": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        " https://app.example.com or *; ngrok shows its warning page instead of the"
        " application. To fix it, send the header ngrok-skip-browser-warning from the page,"
        " and allow it on the server"
    ),
    "firewall_without_a_word": (
        "BLOCKED: the preflight to URL/x returned 403 Forbidden: the server, or something in front of it, refuses"
        " the preflight. To fix it, look for a CORS filter that does not"
        " allow https://app.example.com or a firewall that blocks OPTIONS"
    ),
    "nginx_forbids": (
        "BLOCKED: the preflight to URL/x returned 403 Forbidden by nginx: nginx itself refuses"
        " the request, before any application. To fix it, look for deny and limit_except in nginx's"
        " configuration of this path, and at the permissions of the file"
    ),
    "basic_authentication": (
        "BLOCKED: the preflight to URL/x returned 401 Unauthorized: the server requires a login, which a preflight never carries"
        ". To fix it, let OPTIONS pass without a login:"
        " handle CORS before authentication"
    ),
    "proxy_authentication": (
        "BLOCKED: the preflight to URL/x returned 407 Proxy Authentication Required: the server requires a login, which a preflight never carries"
        ". To fix it, let OPTIONS pass"
        " without a login: handle CORS before authentication"
    ),
    "login_page_for_a_preflight": (
        "BLOCKED: the preflight to URL/x was redirected (302) to"
        " https://login.example.com/?next=/x, which browsers do not follow; that looks like a"
        " login. To fix it, let OPTIONS pass without a login: handle CORS before authentication"
    ),
    "login_page_for_a_get": (
        "BLOCKED: GET URL/x was redirected (302) to URL/accounts/login/?next=/x, and the"
        " redirect itself does not allow https://app.example.com; that looks like a login, so"
        " the request was not authenticated. To fix it, log in before the request and send the"
        " cookie or token with it; let the server answer 401 to scripts"
    ),
    "access_denied_is_the_applications_word": (
        'BLOCKED: GET URL/x returned 403 "You do not have permission to perform this'
        ' action.": the server refuses the request, and this error lacks Access-Control-Allow-Origin.'
        " To fix it, read the server's log for the reason"
    ),
    "csrf": (
        "BLOCKED: POST URL/x returned 403 Forbidden: Django's CSRF protection refuses the"
        " request, and this error lacks Access-Control-Allow-Origin. To fix it, add"
        " https://app.example.com to CSRF_TRUSTED_ORIGINS, and send the token"
    ),
    "traceback": (
        "BLOCKED: GET URL/x returned 500 Internal Server Error: the application failed,"
        " and this error lacks Access-Control-Allow-Origin. To fix it, read the server's log"
        " for the exception and fix that"
    ),
    "error_in_json": (
        "BLOCKED: GET URL/x returned 500 \"relation 'x' does not exist\": the application"
        " failed, and this error lacks Access-Control-Allow-Origin. To fix it, read the"
        " server's log for the exception and fix that"
    ),
    "not_found": (
        "BLOCKED: GET URL/x returned 404 Not Found: the server has nothing at this URL,"
        " and this error lacks Access-Control-Allow-Origin. To fix it, check the host, the"
        " path and a trailing slash of the URL"
    ),
    "express_without_options": (
        "BLOCKED: the preflight to URL/x returned 404 Not Found: the Express application"
        " has no handler for OPTIONS here. To fix it, put app.use(cors()) before the routes"
    ),
    "express_without_route": (
        "BLOCKED: GET URL/x returned 404 Not Found: the Express application has no route"
        " for GET URL/x, and this error lacks Access-Control-Allow-Origin. To fix it, correct"
        " the URL or the method, or add the route"
    ),
    "body_too_large": (
        "BLOCKED: POST URL/x returned 413 Request Entity Too Large by nginx: the body is"
        " larger than the server accepts, and this error lacks Access-Control-Allow-Origin. To"
        " fix it, raise its limit (client_max_body_size in nginx, for example), or send less"
    ),
    "too_many": (
        'BLOCKED: GET URL/x returned 429 "Too many requests, please try again later.": the'
        " server limits the number of requests, and this was one too many, and this error"
        " lacks Access-Control-Allow-Origin. To fix it, send fewer, or raise the limit"
    ),
    "bad_gateway": (
        "BLOCKED: GET URL/x returned 502 Bad Gateway by nginx: a gateway got no valid"
        " response from the application behind it, and this error lacks"
        " Access-Control-Allow-Origin. To fix it, see whether the application runs, and read"
        " its log"
    ),
    "gateway_timeout": (
        "BLOCKED: GET URL/x returned 504 Gateway Timeout: a gateway waited too long for"
        " the application behind it, and this error lacks Access-Control-Allow-Origin. To fix"
        " it, find out what takes so long, or raise the gateway's timeout"
    ),
    "unknown_error_of_a_client": (
        "BLOCKED: GET URL/x returned 418 I'm a Teapot: the server refuses the request, and this"
        " error lacks Access-Control-Allow-Origin. To fix it, read the server's log for the"
        " reason"
    ),
    "host_not_allowed": (
        "BLOCKED: the preflight to URL/x returned 400 Bad Request: the server refuses the"
        " request as bad; Django does so for a host that is not in ALLOWED_HOSTS. To fix it,"
        " read the server's log, and compare the host of URL/x with ALLOWED_HOSTS"
    ),
    "error_of_a_put": (
        'BLOCKED: PUT URL/x returned 500 "no room": the application failed; the preflight'
        " passed, so only this error lacks Access-Control-Allow-Origin. To fix it, read the"
        " server's log for the exception and fix that"
    ),
    "preflight_fails": (
        'BLOCKED: the preflight to URL/x returned 503 "no healthy upstream": Envoy cannot'
        " reach the application. To fix it, start the application, or correct the address that"
        " Envoy has for it"
    ),
    "options_not_handled": (
        "BLOCKED: the preflight to URL/x returned 405 Method Not Allowed: the server does"
        " not handle OPTIONS at this URL. To fix it, answer OPTIONS there with a status from"
        " 200 to 299 and the headers above"
    ),
    "twice": (
        "BLOCKED: Access-Control-Allow-Origin was sent 2 times: 'https://app.example.com' and"
        " 'https://app.example.com'; usually by the application and by a proxy in front of it. To"
        " fix it, let only one of them send it, with the value https://app.example.com"
    ),
    "credentials_twice": (
        "BLOCKED: Access-Control-Allow-Credentials was sent 2 times: 'true' and 'true'; usually by"
        " the application (Express) and by a proxy in front of it (nginx, perhaps). To fix it, let only"
        " one of them send it, with the value true"
    ),
    "proxy_adds_a_star": (
        "BLOCKED: Access-Control-Allow-Origin was sent 2 times: 'https://app.example.com' and"
        " '*'; usually by the application and by a proxy in front of it (nginx, perhaps). To fix"
        " it, let only one of them send it, with the value https://app.example.com"
    ),
    "cached_for_another_page": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'https://b.example'; it"
        " should be https://app.example.com; it came from a cache (x-cache: Hit from"
        " cloudfront, age: 120), perhaps as it was sent to another page. To fix it, send Vary:"
        " Origin with every response of this URL, also without Origin, purge the cache, and"
        " let the server send the headers above"
    ),
    "allow_only": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        " should be https://app.example.com or *; it has Allow: GET, HEAD, OPTIONS instead,"
        " the usual response to OPTIONS of a framework without CORS. To fix it, switch CORS on"
        " for this path: let the server send the headers above"
    ),
    "knows_cors": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        " should be https://app.example.com or *; it has Access-Control-Allow-Methods, so the server supports CORS but does not"
        " allow this origin. To fix it, add"
        " https://app.example.com to the origins that the server allows"
    ),
    "asp_net": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        " should be https://app.example.com or *; ASP.NET Core responds so if its CORS"
        " policy does not allow the request. To fix it, add https://app.example.com to"
        " WithOrigins of the policy and add PUT to the methods that the server allows"
    ),
    "response_header_sent": (
        "BLOCKED: the page sends access-control-allow-origin as a request header, but it is a"
        " response header. To fix it, remove access-control-allow-origin from the page's"
        " request; only the server can send it"
    ),
    "response_header_sent_and_more": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is missing; it must include PUT. To"
        " fix it, add PUT to the methods that the server allows and add authorization to the"
        " request headers that the server allows and remove access-control-allow-origin from"
        " the page's request; only the server can send it"
    ),
    "response_header_sent_besides_another": (
        "BLOCKED: the page sends access-control-allow-origin as a request header, but it is a"
        " response header. To fix it, add authorization to the request headers that the server"
        " allows and remove access-control-allow-origin from the page's request; only the"
        " server can send it"
    ),
    "content_type_of_a_get": (
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is missing; it must include"
        " content-type; GET has no body, so Content-Type has no meaning. To fix it, remove"
        " Content-Type from the page's request, or add content-type to the request headers"
        " that the server allows"
    ),
    "header_of_a_library": (
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is missing; it must include"
        " baggage, sentry-trace; baggage comes from Sentry or OpenTelemetry; sentry-trace"
        " comes from Sentry (its tracePropagationTargets decide where). To fix it, add"
        " baggage, sentry-trace to the request headers that the server allows, or keep the"
        " library from adding it"
    ),
    "method_and_headers": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is missing; it must include PUT."
        " To fix it, add PUT to the methods that the server allows and add authorization to"
        " the request headers that the server allows"
    ),
    "patch_that_no_server_would_take": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is 'PUT'; it must include patch. To"
        " fix it, write PATCH instead of patch in the page and add PATCH to the methods that the"
        " server allows and add authorization to the request headers that the server allows"
    ),
    "method_of_its_own": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is 'PUT'; it must include purge. To"
        " fix it, add purge to the methods that the server allows"
    ),
    "patch": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is 'PATCH', and method names are case-sensitive"
        "; it must include patch. To fix it, write PATCH instead of patch in the"
        " page and add authorization to the request headers that the server allows"
    ),
    "file": (
        "BLOCKED: the page has the origin null: pages from files and in sandboxed frames have the"
        " origin null, and so do requests redirected between origins. To fix it, serve the page over"
        " http or https"
    ),
    "port": ("BLOCKED: browsers block port 6000. To fix it, serve the API on another port"),
    "slash": (
        "BLOCKED: the preflight to URL/x was redirected (301) to URL/x/, which browsers do not follow"
        ". To fix it, request URL/x/ (with the slash) directly"
    ),
    "to_http": (
        "BLOCKED: URL/x was redirected (302) to http://api.example.com/x/, which is mixed"
        " content for a page on https. To fix it, request https://api.example.com/x/, and let"
        " the server redirect to https: behind a TLS proxy it has to know the scheme, so let"
        " the proxy set X-Forwarded-Proto and the server trust it"
    ),
    "preflight_to_https": (
        "BLOCKED: the preflight to URL/x was redirected (308) to https://api.example.com/x,"
        " which browsers do not follow. To fix it, request https://api.example.com/x directly"
    ),
    "to_a_blocked_port": (
        "BLOCKED: URL/x redirects (302) to http://127.0.0.1:6000/, and there: browsers block port"
        " 6000. To fix it, let the server redirect to an address that the"
        " browser reaches: behind a proxy, it has to know the host that the page requests "
        "(X-Forwarded-Host)"
    ),
    "nowhere": (
        "BLOCKED: GET URL/x was redirected (302) to mailto:a@b.example, and the redirect"
        " itself does not allow https://app.example.com. To fix it, request the final URL directly"
    ),
    "redirect_without_location": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        " https://app.example.com or *. To fix it, let the server send the headers above"
    ),
    "semicolons": (
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is not a comma-separated list"
        " of names: Content-Type; X-A. To fix it, let the server send Access-Control-Allow-Headers:"
        " Content-Type, X-A, authorization"
    ),
    "spaces": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is not a comma-separated list"
        " of names: GET PUT. To fix it, let the server send Access-Control-Allow-Methods:"
        " GET, PUT"
    ),
    "lower_case": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is 'get, put'; it must include"
        " PUT, and method names are case-sensitive. To fix it, write PUT in upper case on the server"
        " and add authorization to the request headers that the server allows"
    ),
    "star_for_credentials": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is '*', and * is not a wildcard"
        " with credentials; it must include PUT. To fix it, add PUT to the methods that the server"
        " allows and add authorization to the request headers that the server allows"
    ),
    "two_origins_in_one_value": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'https://app.example.com,"
        " https://b.example'; it should be https://app.example.com (one value, sent once). To"
        " fix it, let the server compare the request's Origin with its list, and send back the"
        " one that matches: https://app.example.com"
    ),
    "pattern": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'https://*.example.com';"
        " it should be https://app.example.com (browsers do not support patterns). To fix it, let the"
        " server compare the request's Origin with its list, and send back the one that matches:"
        " https://app.example.com"
    ),
    "slash_in_the_value": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is"
        " 'https://app.example.com/'; it should be https://app.example.com (a trailing slash)."
        " To fix it, write https://app.example.com where the server has https://app.example.com/"
    ),
    "origin_method_header_and_credentials": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is 'https://b.example'; it"
        " should be https://app.example.com. To fix it, add https://app.example.com to the origins"
        " that the server allows and let it send Access-Control-Allow-Credentials: true and add PUT to"
        " the methods that the server allows and add authorization to the request headers that the"
        " server allows"
    ),
    "slash_and_method": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is"
        " 'https://app.example.com/'; it should be https://app.example.com (a trailing slash)."
        " To fix it, write https://app.example.com where the server has https://app.example.com/"
        " and add PUT to the methods that the server allows"
    ),
    "twice_and_method": (
        "BLOCKED: Access-Control-Allow-Origin was sent 2 times: 'https://app.example.com' and"
        " 'https://app.example.com'; usually by the application and by a proxy in front of it."
        " To fix it, let only one of them send it, with the value https://app.example.com and add"
        " PUT to the methods that the server allows"
    ),
    "credentials_twice_and_method": (
        "BLOCKED: Access-Control-Allow-Credentials was sent 2 times: 'true' and 'true'; usually by the"
        " application and by a proxy in front of it. To fix it, let only one of them send it, with the"
        " value true and add PUT to the methods that the server allows"
    ),
    "origin_and_credentials_twice": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'https://b.example'; it should be"
        " https://app.example.com. To fix it, add https://app.example.com to the origins that the"
        " server allows and let it send Access-Control-Allow-Credentials: true once"
    ),
    "semicolons_and_method": (
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is not a comma-separated list"
        " of names: X-A; X-B. To fix it, add PUT to the methods that the server allows and let the"
        " server send Access-Control-Allow-Headers: X-A, X-B, authorization"
    ),
    "spaces_and_header": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is not a comma-separated list"
        " of names: GET put. To fix it, let the server send Access-Control-Allow-Methods: GET, put, PUT"
        " and add x-a to the request headers that the server allows"
    ),
    "no_name_in_the_list": (
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is not a comma-separated list"
        " of names: ;. To fix it, add PUT to the methods that the server allows and keep the server"
        " from sending Access-Control-Allow-Headers"
    ),
    "varies_and_more": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it should be"
        " https://app.example.com or *; it has Vary: Origin, so the server supports CORS but does not"
        " allow this origin, or, as some servers then send no header, not the method or a header. To"
        " fix it, add https://app.example.com to the origins that the server"
        " allows and write PATCH instead of patch in the page and add PATCH to the methods that the"
        " server allows and add authorization to the request headers that the server allows and remove"
        " access-control-allow-origin from the page's request; only the server can send it"
    ),
    "content_type_of_a_get_and_more": (
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is missing; it must include"
        " authorization, content-type; GET has no body, so Content-Type has no meaning. To fix it,"
        " remove Content-Type from the page's request and add authorization to the request headers"
        " that the server allows, or add authorization, content-type to them"
    ),
    "fixed_origin": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'https://b.example'; it"
        " should be https://app.example.com. To fix it, add https://app.example.com to the"
        " origins that the server allows"
    ),
    "null_in_the_header": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'null'; it should be"
        " https://app.example.com. To fix it, let the server send the headers above"
    ),
    "catch_all_page": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        ' https://app.example.com or *; it is an HTML page, "My shop". To fix it, check whether the API has this URL, or a login or a catch-all route responds'
        "; then let the server"
        " send the headers above"
    ),
    "catch_all_preflight": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        ' should be https://app.example.com or *; it is an HTML page, "My shop". To fix it, check whether the API has this URL, or a login or a catch-all route responds'
        "; then let the"
        " server send the headers above"
    ),
    "only_options_has_headers": (
        "BLOCKED: the response to PUT: Access-Control-Allow-Origin is missing; it should be"
        " https://app.example.com or *; the preflight passed, so only OPTIONS has the headers."
        " To fix it, let the server send the headers above with PUT as well"
    ),
    "varies_by_origin": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        " https://app.example.com or *; it has Vary: Origin, so the server supports CORS but does not"
        " allow this origin. To fix it, add https://app.example.com to the origins that the"
        " server allows"
    ),
    "varies_by_everything": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        " https://app.example.com or *. To fix it, let the server send the headers above"
    ),
    "starlette_all": (
        'BLOCKED: the preflight to URL/x returned 400 "Disallowed CORS origin, method,'
        ' headers": the CORSMiddleware of Starlette or FastAPI does not allow the origin'
        " https://app.example.com, the method PUT and all of authorization. To fix it, add"
        " https://app.example.com to allow_origins, add PUT to allow_methods and add"
        " authorization to allow_headers"
    ),
    "function_of_the_application": (
        'BLOCKED: GET URL/x returned 500 "Error: Not allowed by CORS": the application'
        " refuses the origin https://app.example.com in a function of its own, and this error"
        " lacks Access-Control-Allow-Origin. To fix it, add https://app.example.com to the"
        " origins that this function allows"
    ),
    "session_of_another_server": (
        'BLOCKED: GET URL/x returned 400 "Session ID unknown": this socket.io server does not know the session, which another one started'
        ", and this error lacks"
        " Access-Control-Allow-Origin. To fix it, let the load balancer send all requests of a"
        " client to one server (sticky sessions)"
    ),
    "login_of_a_web_application": (
        'BLOCKED: GET URL/x returned 400 "AADSTS9002326: Cross-origin token": Microsoft\'s'
        " login knows the application as one on a server, not in a browser, and this error lacks"
        " Access-Control-Allow-Origin. To fix it, register the redirect URI under the platform"
        " Single-page application"
    ),
    "rails": (
        'BLOCKED: the preflight to URL/x returned 404 "RoutingError: No route matches'
        " [OPTIONS] '/x'\": Rails has no route for OPTIONS here, so no rack-cors answered. To fix"
        " it, insert rack-cors before all other middleware, with a resource for this path"
    ),
    "azure_storage": (
        'BLOCKED: the preflight to URL/x returned 403 "CorsPreflightFailure: No rule." by'
        " Azure Storage: no CORS rule of the storage account allows https://app.example.com with"
        " PUT and authorization. To fix it, add https://app.example.com, PUT and authorization"
        " to one CORS rule of the Azure storage account"
    ),
    "google_storage": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        " should be https://app.example.com or *; the bucket's CORS configuration does not allow"
        " https://app.example.com with PUT. To fix it, list https://app.example.com, PUT and, as responseHeader"
        ", authorization in the CORS configuration of the Google Cloud Storage"
        " bucket"
    ),
    "signature": (
        'BLOCKED: GET URL/x returned 403 "SignatureDoesNotMatch": the signature does not match the'
        " request, and this error lacks Access-Control-Allow-Origin. To fix it, sign the"
        " method and the headers that the page really sends, Content-Type as well"
    ),
    "expired": (
        'BLOCKED: GET URL/x returned 403 "AccessDenied: Request has expired": the signed'
        " URL has expired, and this error lacks Access-Control-Allow-Origin. To fix it, let the"
        " page get a new one"
    ),
    "lambda_failed": (
        'BLOCKED: GET URL/x returned 502 "Internal server error" by Amazon API Gateway: the'
        " Lambda function failed, or API Gateway does not understand what it returned, and this"
        " error lacks Access-Control-Allow-Origin. To fix it, read the function's log; let it"
        " return statusCode, headers and a body that is text"
    ),
    "rule_of_cloudflare": (
        'BLOCKED: GET URL/x returned 403 "error code: 1020" by Cloudflare: a rule of'
        " Cloudflare's firewall refuses the request, and this error lacks"
        " Access-Control-Allow-Origin. To fix it, look for the rule in Cloudflare's security"
        " events, and exempt this path"
    ),
    "graphql": (
        'BLOCKED: GET URL/x returned 400 "This operation has been blocked": the server considers the request malformed'
        ", and this error lacks Access-Control-Allow-Origin. To"
        " fix it, read the server's log for the reason"
    ),
    "method_that_the_route_does_not_take": (
        "BLOCKED: the preflight to URL/x returned 405 Method Not Allowed: the server does"
        " not handle OPTIONS at this URL, nor PUT (Allow: GET, HEAD). To fix it, answer OPTIONS"
        " there with a status from 200 to 299 and the headers above; and let it take PUT"
    ),
    "csrf_in_json": (
        'BLOCKED: the preflight to URL/x returned 403 "CSRF Failed: Origin checking'
        " failed\": Django's CSRF protection refuses the request. To fix it, add"
        " https://app.example.com to CSRF_TRUSTED_ORIGINS, and send the token"
    ),
    "other_scheme": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'http://app.example.com';"
        " it should be https://app.example.com (http instead of https). To fix it, add"
        " https://app.example.com to the origins that the server allows"
    ),
    "quotes": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is"
        " '\"https://app.example.com\"'; it should be https://app.example.com (quotation marks)."
        " To fix it, write https://app.example.com where the server has"
        ' "https://app.example.com"'
    ),
    "express_fails": (
        'BLOCKED: GET URL/x returned 500 "Error: no table" by Express: the application'
        " failed, and this error lacks Access-Control-Allow-Origin. To fix it, read the server's"
        " log for the exception and fix that"
    ),
    "iis": (
        "BLOCKED: GET URL/x returned 500 Internal Server Error by IIS: the application"
        " failed, and this error lacks Access-Control-Allow-Origin. To fix it, read the server's"
        " log for the exception and fix that"
    ),
    "another_method_in_allow": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        " should be https://app.example.com or *; it has Allow: GET, HEAD instead, the usual"
        " response to OPTIONS of a framework without CORS, and PUT is not in it. To fix it,"
        " switch CORS on for this path: let the server send the headers above; and let it take"
        " PUT"
    ),
    "port_lost": (
        "BLOCKED: the preflight to URL/x was redirected (301) to http://127.0.0.1/x/, which browsers do not follow"
        ". To fix it, request URL/x/ (with the slash), and let the redirect keep"
        " the port: with a relative Location, as nginx sends it with absolute_redirect off"
    ),
    "api_gateway_route_of_a_get": (
        'BLOCKED: GET URL/x returned 403 "Missing Authentication Token" by Amazon API '
        "Gateway: API Gateway has no GET at this URL (which it calls Missing Authentication "
        "Token), or requires a signature, and this error lacks Access-Control-Allow-Origin. "
        "To fix it, check the stage and the path of URL/x, and deploy GET there, or sign the "
        "request; and add the CORS headers to the gateway responses DEFAULT_4XX and "
        "DEFAULT_5XX"
    ),
    "api_gateway_key_of_a_get": (
        "BLOCKED: GET URL/x returned 403 Forbidden by Amazon API Gateway: API Gateway refuses"
        " the request: an API key, a WAF or a policy, and this error lacks "
        "Access-Control-Allow-Origin. To fix it, send the API key, or let the WAF or the "
        "resource policy admit the request; and add the CORS headers to the gateway responses"
        " DEFAULT_4XX and DEFAULT_5XX"
    ),
    "api_gateway_authorizer_of_a_get": (
        "BLOCKED: GET URL/x returned 401 Unauthorized by Amazon API Gateway: an authorizer of"
        " API Gateway refuses the request, and this error lacks Access-Control-Allow-Origin. "
        "To fix it, send a token that the authorizer accepts, and add the CORS headers to the"
        " gateway responses DEFAULT_4XX and DEFAULT_5XX"
    ),
    "api_gateway_authorizer": (
        "BLOCKED: the preflight to URL/x returned 401 Unauthorized by Amazon API Gateway: an "
        "authorizer of API Gateway refuses the request. To fix it, take the authorizer off "
        "OPTIONS, and add the CORS headers to the gateway responses DEFAULT_4XX and "
        "DEFAULT_5XX"
    ),
    "kong_key_of_a_get": (
        'BLOCKED: GET URL/x returned 401 "No API key found in request": Kong\'s key-auth '
        "plugin found no key in the request, and this error lacks "
        "Access-Control-Allow-Origin. To fix it, send the key in the header or the parameter "
        "that the plugin reads"
    ),
    "kong_route_of_a_get": (
        'BLOCKED: GET URL/x returned 404 "no Route matched with those values": Kong has no '
        "route for this URL and method, and this error lacks Access-Control-Allow-Origin. To "
        "fix it, check the route's hosts and paths, and whether its methods include GET"
    ),
    "envoy_refuses_a_get": (
        'BLOCKED: GET URL/x returned 403 "RBAC: access denied" by Envoy: a policy of Envoy or'
        " Istio refuses the request, and this error lacks Access-Control-Allow-Origin. To fix"
        " it, let the AuthorizationPolicy admit this request, or send the token that it "
        "requires"
    ),
    "cloud_run_of_a_get": (
        "BLOCKED: GET URL/x returned 403 Forbidden: Google Cloud requires an authenticated "
        "caller, and this error lacks Access-Control-Allow-Origin. To fix it, send a token of"
        " an account that may call it, or allow unauthenticated invocations and check the "
        "login in the application"
    ),
    "supabase_function_of_a_get": (
        'BLOCKED: GET URL/x returned 401 "Error: Missing authorization header": the gateway '
        "requires a token before the function runs, and this error lacks "
        "Access-Control-Allow-Origin. To fix it, send the token in Authorization, or switch "
        "the gateway's check of tokens off for this function"
    ),
    "s3_object_that_is_not_public": (
        'BLOCKED: GET URL/x returned 403 "AccessDenied: Access Denied": S3 does not allow '
        "this request, or there is no such object, which S3 tells only those who have the "
        "permission s3:ListBucket, and this error lacks Access-Control-Allow-Origin. To fix "
        "it, check the name of the object in URL/x, and allow GET in the bucket policy or "
        "send credentials, as with a signed URL"
    ),
    "token_refused": (
        'BLOCKED: GET URL/x returned 401 "Invalid token": the server refuses the token that '
        "was sent; the preflight passed, so only this error lacks "
        "Access-Control-Allow-Origin. To fix it, send a valid token, or read the server's log"
        " for what is wrong with this one"
    ),
    "password_refused": (
        "BLOCKED: GET URL/x returned 401 Unauthorized: the server refuses the Authorization "
        "header that was sent; the preflight passed, so only this error lacks "
        "Access-Control-Allow-Origin. To fix it, send a valid Authorization header, or read "
        "the server's log for what is wrong with this one"
    ),
    "preflight_as_malformed": (
        'BLOCKED: the preflight to URL/x returned 400 "Unexpected end of JSON input" by '
        "Express: the server takes the preflight for the page's request, but a preflight has "
        "no body and no Content-Type. To fix it, answer OPTIONS there with 200 and the "
        "headers above, before the server's limits, validation and handler"
    ),
    "preflight_without_length": (
        "BLOCKED: the preflight to URL/x returned 411 Length Required: the server takes the "
        "preflight for the page's request, but a preflight has no body and no Content-Type. "
        "To fix it, answer OPTIONS there with 200 and the headers above, before the server's "
        "limits, validation and handler"
    ),
    "preflight_too_large": (
        "BLOCKED: the preflight to URL/x returned 413 Request Entity Too Large: the server "
        "takes the preflight for the page's request, but a preflight has no body and no "
        "Content-Type. To fix it, answer OPTIONS there with 200 and the headers above, before"
        " the server's limits, validation and handler"
    ),
    "preflight_without_type": (
        "BLOCKED: the preflight to URL/x returned 415 Unsupported Media Type: the server "
        "takes the preflight for the page's request, but a preflight has no body and no "
        "Content-Type. To fix it, answer OPTIONS there with 200 and the headers above, before"
        " the server's limits, validation and handler"
    ),
    "preflight_without_fields": (
        'BLOCKED: the preflight to URL/x returned 422 "field required": the server takes the '
        "preflight for the page's request, but a preflight has no body and no Content-Type. "
        "To fix it, answer OPTIONS there with 200 and the headers above, before the server's "
        "limits, validation and handler"
    ),
    "preflight_too_often": (
        "BLOCKED: the preflight to URL/x returned 429 Too Many Requests: the server limits "
        "the number of requests, and counts preflights as well. To fix it, answer OPTIONS "
        "there with 200 and the headers above, before the server counts"
    ),
    "response_header_sent_to_a_server_without_cors": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it "
        "should be https://app.example.com or *. To fix it, remove "
        "access-control-allow-origin, a response header, from the page's request and let the server"
        " send the headers above"
    ),
    "response_header_sent_and_options_not_handled": (
        "BLOCKED: the preflight to URL/x returned 405 Method Not Allowed: the server does not"
        " handle OPTIONS at this URL. To fix it, remove access-control-allow-origin, a "
        "response header, from the page's request and answer OPTIONS there with a "
        "status from 200 to 299 and the headers above"
    ),
    "login_on_a_blocked_port": (
        "BLOCKED: URL/x redirects (302) to http://127.0.0.1:6000/oauth2/authorize, and there:"
        " browsers block port 6000; that looks like a login, so the request was not "
        "authenticated. To fix it, if this is to log in, open URL/x as a page, with a link or"
        " location.href, since no script may read a login; else log in before the request and send"
        " the cookie or token with it; let the server answer 401 to scripts"
    ),
    "login_by_http": (
        "BLOCKED: URL/x was redirected (302) to http://api.example.com/login?next=/x, which "
        "is mixed content for a page on https; that looks like a login, so the request was "
        "not authenticated. To fix it, log in before the request and send the cookie or token"
        " with it; let the server answer 401 to scripts"
    ),
    "preflight_sent_home": (
        "BLOCKED: the preflight to URL/x was redirected (302) to URL/, which browsers do not "
        "follow; that is the home page, to which servers send requests that they do not know "
        "or that are not logged in. To fix it, check the URL; if it is right, answer OPTIONS "
        "there with 200 and the headers above, before a login is required"
    ),
    "get_sent_home": (
        "BLOCKED: GET URL/x was redirected (302) to URL/, and the redirect itself does not "
        "allow https://app.example.com; that is the home page, to which servers send requests"
        " that they do not know or that are not logged in. To fix it, check the URL, and log "
        "in before the request if it requires a login"
    ),
    "preflight_sent_nowhere": (
        "BLOCKED: the preflight to URL/x was redirected (302) to mailto:a@b.example, which "
        "browsers do not follow. To fix it, request the final URL directly"
    ),
    "twice_by_an_application_server": (
        "BLOCKED: Access-Control-Allow-Origin was sent 2 times: 'https://app.example.com' and"
        " 'https://app.example.com'; usually by two parts of the application, such as a "
        "middleware and a handler. To fix it, let only one of them send it, with the value "
        "https://app.example.com"
    ),
    "twice_by_kestrel": (
        "BLOCKED: Access-Control-Allow-Origin was sent 2 times: 'https://app.example.com' and"
        " 'https://app.example.com'; usually by two parts of the application (ASP.NET), such "
        "as a middleware and a handler. To fix it, let only one of them send it, with the "
        "value https://app.example.com"
    ),
    "twice_behind_a_gateway": (
        "BLOCKED: Access-Control-Allow-Origin was sent 2 times: 'https://app.example.com' and"
        " 'https://app.example.com'; usually by the application and by a proxy in front of it"
        " (Cloudflare, perhaps). To fix it, let only one of them send it, with the value "
        "https://app.example.com"
    ),
    "empty_value": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is ''; it should be "
        "https://app.example.com. To fix it, send https://app.example.com there: the server "
        "has no value to send, perhaps because a variable is not set"
    ),
    "promise": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is '[object Promise]'; it "
        "should be https://app.example.com (one value, sent once); a JavaScript object was "
        "turned into text. To fix it, send the text https://app.example.com instead of an "
        "object (wait for it if that is a promise)"
    ),
    "objects_as_names": (
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is not a "
        "comma-separated list of names: Content-Type, [object Object]; a JavaScript object "
        "was turned into text. To fix it, let the server send Access-Control-Allow-Headers: "
        "Content-Type, authorization (join the names with commas instead of sending an object)"
    ),
    "object_as_methods": (
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is not a "
        "comma-separated list of names: [object Object]; a JavaScript object was turned into "
        "text. To fix it, let the server send Access-Control-Allow-Methods: PUT (join the names "
        "with commas instead of sending an object)"
    ),
    "underscores": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing "
        "(Access_Control_Allow_Origin is unknown to browsers); it should be "
        "https://app.example.com or *. To fix it, let the server send the headers above"
    ),
    "trace": (
        "BLOCKED: TRACE is a forbidden method: no page may send it. To fix it, use another "
        "method, such as POST, in the page and on the server"
    ),
    "connect": (
        "BLOCKED: CONNECT is a forbidden method: no page may send it. To fix it, use another "
        "method, such as POST, in the page and on the server"
    ),
    "catch_all_page_without_a_title": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it "
        "should be https://app.example.com or *; it is an HTML page. To fix it, check whether"
        " the API has this URL, or a login or a catch-all route responds; then let the server"
        " send the headers above"
    ),
    "page_of_nothing": (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it "
        "should be https://app.example.com or *. To fix it, let the server send the headers "
        "above"
    ),
    "response_header_sent_and_allowed": (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be "
        "https://app.example.com or *; the preflight passed, so only OPTIONS has the headers."
        " To fix it, remove access-control-allow-origin, a response header, from the page's "
        "request and let the server send the headers above with GET as well"
    ),
    "response_header_sent_and_no_method": (
        "BLOCKED: TRACE is a forbidden method: no page may send it. To fix it, remove "
        "access-control-allow-origin, a response header, from the page's request"
        " and use another method, such as POST, in the page and on the server"
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_last_line(name, capsys):
    preflight, response, arguments = SITUATIONS[name]
    with serving(answers(preflight, response)) as port:
        url = f"http://127.0.0.1:{port}"
        status, lines = explain(capsys, f"{url}/x", "--origin", PAGE, *arguments)
    assert (status, lines[-1].replace(url, "URL")) == (1, LAST_LINES[name])


@pytest.mark.parametrize("status", [406, 409, 411, 412, 413, 415, 417, 422, 428])
def test_status_that_is_about_a_body_shows_a_preflight_taken_for_the_request(status, capsys):
    with serving(answers((status, [], b""), GOOD)) as port:
        _, lines = explain(capsys, f"http://127.0.0.1:{port}/x", "--origin", PAGE, *JSON)
    assert (
        ": the server takes the preflight for the page's request, but a preflight has no body and"
        " no Content-Type. To fix it, answer OPTIONS there with 200 and the headers above, before"
        " the server's limits, validation and handler"
    ) in lines[-1]


ALLOWING = [("Access-Control-Allow-Origin", "*")]


@pytest.mark.parametrize(
    ("path", "last"),
    [
        (
            "/items",
            "BLOCKED: FIRST/x redirects to SECOND/items, on another origin, so the request's Origin"
            " became null, which SECOND does not allow. To fix it, request SECOND/items directly"
            ", and allow https://app.example.com there",
        ),
        (
            "/login",
            "BLOCKED: FIRST/x redirects to SECOND/login, on another origin, so the request's Origin"
            " became null, which SECOND does not allow; it looks like a login page. To fix it, log"
            " in before the request; FIRST should answer 401 instead of redirecting",
        ),
    ],
)
def test_redirect_to_another_origin_is_told_with_both_ends(path, last, capsys):
    with serving(answers(GOOD, (200, [ORIGIN], b""))) as port:
        second = f"http://127.0.0.1:{port}"
        redirect = (302, [*ALLOWING, ("Location", second + path)], b"")
        with serving(answers(GOOD, redirect)) as port_of_first:
            first = f"http://127.0.0.1:{port_of_first}"
            status, lines = explain(capsys, f"{first}/x", "--origin", PAGE)
    told = lines[-1].replace(first, "FIRST").replace(second, "SECOND")
    told = told.replace(first[7:], "FIRST").replace(second[7:], "SECOND")
    assert (status, told) == (1, last)


def test_post_that_a_redirect_turned_into_get_is_told_where_it_is_allowed(capsys):
    def app(environ, start_response):
        old = environ["PATH_INFO"] == "/x"
        headers = [ORIGIN, ("Content-Type", "text/plain")]
        status = "301 Moved" if old else "200 OK"
        start_response(status, [*headers, ("Location", "/x/")] if old else headers)
        return [b""]

    with serving(app) as port:
        url = f"http://127.0.0.1:{port}"
        status, lines = explain(capsys, f"{url}/x", "--origin", PAGE, "-X", "POST", "--send")
    assert (status, lines[-1].replace(url, "URL")) == (
        0,
        "ALLOWED: POST URL/x for a page on https://app.example.com, but as GET without its body:"
        " URL/x redirects to URL/x/ (301); request URL/x/ directly",
    )


SENT_TO_LOGIN = "URL/x redirects to URL/login?next=/x (302); that looks like a login, so the request was not authenticated"
LOG_IN = "log in before the request and send the cookie or token with it; let the server answer 401 to scripts"


@pytest.mark.parametrize(
    ("method", "target", "headers", "told"),
    [
        (
            "POST",
            "/login?next=/x",
            [ORIGIN],
            f"ALLOWED: POST URL/x for a page on {PAGE}, but {SENT_TO_LOGIN}: {LOG_IN}",
        ),
        (
            "GET",
            "/login?next=/x",
            [ORIGIN],
            f"ALLOWED: GET URL/x for a page on {PAGE}, but {SENT_TO_LOGIN}: {LOG_IN}",
        ),
        ("GET", "/login?next=/x", [], f"BLOCKED: {SENT_TO_LOGIN}. To fix it, {LOG_IN}"),
        (
            "POST",
            "/",
            [ORIGIN],
            f"ALLOWED: POST URL/x for a page on {PAGE}, but as GET without its body: URL/x redirects"
            " to URL/ (302); that is the home page, to which servers send requests that they do not"
            " know or that are not logged in: check the URL, and log in before the request if it"
            " requires a login",
        ),
    ],
    ids=["post_to_login", "get_to_login", "login_without_headers", "post_sent_home"],
)
def test_redirect_to_a_page_for_people_is_told(method, target, headers, told, capsys):
    def app(environ, start_response):
        plain = ("Content-Type", "text/plain")
        if environ["PATH_INFO"] == "/x":
            start_response("302 Found", [plain, ORIGIN, ("Location", target)])
        else:
            start_response("200 OK", [plain, *headers])
        return [b""]

    with serving(app) as port:
        url = f"http://127.0.0.1:{port}"
        status, lines = explain(capsys, f"{url}/x", "--origin", PAGE, "-X", method, "--send")
    assert (status, lines[-1].replace(url, "URL")) == (int(told.startswith("BLOCKED")), told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"[{", "500 Internal Server Error"),
        (b'[{"message": "no"}]', '500 "no"'),
        (b'{"errors": 5}', "500 Internal Server Error"),
        (b"<!doctype html><p>x</p>", "500 Internal Server Error"),
        (b"\x89PNG", "500 Internal Server Error"),
        (b"[" * 4000, "500 Internal Server Error"),
        (b"x" * 200, '500 "' + "x" * 157 + '..."'),
    ],
    ids=["broken", "list", "without_a_message", "without_a_title", "binary", "nested", "long"],
)
def test_first_line_of_a_body_is_told_where_it_says_something(body, told, capsys):
    with serving(answers(GOOD, (500, [], body))) as port:
        _, lines = explain(capsys, f"http://127.0.0.1:{port}/x", "--origin", PAGE)
    assert f" returned {told}: the application failed" in lines[-1]


def test_text_of_a_server_is_no_template(capsys):
    refusal = (403, [], b"CORS preflight refused: {x} {0}.")
    with serving(answers(refusal, GOOD)) as port:
        _, lines = explain(capsys, f"http://127.0.0.1:{port}/x", "--origin", PAGE, *TOKEN)
    assert lines[-1].endswith(": wsgicors on the server refuses it: {x} {0}")


def test_login_that_a_response_asks_for_is_named(capsys):
    with serving(answers(GOOD, (401, [], b""))) as port:
        _, lines = explain(capsys, f"http://127.0.0.1:{port}/x", "--origin", PAGE)
    assert lines[-1].endswith(
        ": the server requires a login, and this error lacks Access-Control-Allow-Origin."
        " To fix it, send the credentials that it requires"
    )


def test_redirect_from_https_to_http_of_the_same_host_asks_for_the_scheme():
    url = URL.parse("https://api.example.com/x")
    assert redirect_fix(url, "http://api.example.com/x/").startswith(
        "request https://api.example.com/x/, and let the server redirect to https"
    )


def test_there_are_enough_situations():
    assert len(SITUATIONS) >= 40
    assert SITUATIONS.keys() == LAST_LINES.keys()


def test_redirects_without_an_end_are_told(capsys):
    def app(environ, start_response):
        path = {"/x": "/x/", "/x/": "/x"}[environ["PATH_INFO"]]
        start_response("301 Moved", [ORIGIN, ("Content-Type", "text/plain"), ("Location", path)])
        return [b""]

    with serving(app) as port:
        url = f"http://127.0.0.1:{port}"
        status, lines = explain(capsys, f"{url}/x", "--origin", PAGE)
    assert (status, lines[-1].replace(url, "URL")) == (
        1,
        "BLOCKED: URL/x redirects again and again: more than 20 redirects, the last one to URL/x/."
        " To fix it, look for a login that does not know the page, or for two rules about the"
        " slash, the scheme or www. that undo each other",
    )


def test_redirect_that_loses_the_port_and_leads_nowhere_is_told(capsys, tmp_path, monkeypatch):
    text = """
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/x/":
            raise LookupError("nothing here")
        headers = [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", "*")]
        start_response("301 Moved", [*headers, ("Location", "http://localhost/x/")])
        return [b""]
    """
    (tmp_path / "port_lost.py").write_text(textwrap.dedent(text), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    arguments = (
        "port_lost:app",
        "--path",
        "http://localhost:8080/x",
        "--origin",
        "http://a.example",
    )
    status, lines = explain(capsys, *arguments)
    assert (status, lines[-1]) == (
        1,
        "BLOCKED: http://localhost:8080/x redirects (301) to http://localhost/x/, and there: the"
        " application raised LookupError: nothing here; servers return a 500 without CORS headers for that, unless"
        " catch_errors = true. To fix it, request http://localhost:8080/x/ (with the"
        " slash), and let the redirect keep the port: with a relative Location, as nginx sends it"
        " with absolute_redirect off",
    )
