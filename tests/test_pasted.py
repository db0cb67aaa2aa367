"""What people paste: what is understood of it, and what `explain` answers."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import app_sending
from test_browser_http import serving

from wsgicors_explain import main
from wsgicors_explain.answers import WITHOUT_CAUSE
from wsgicors_explain.copied import PasteError
from wsgicors_explain.headers import unsafe_names
from wsgicors_explain.pasted import looks_pasted, mask, read_pasted

pytestmark = pytest.mark.once

PAGE = "https://shop.example.com"
URL = "https://api.example.com/basket"
ACAO = "Access-Control-Allow-Origin"
CHROMIUM = f"Access to fetch at '{URL}' from origin '{PAGE}' has been blocked by CORS policy: "
PREFLIGHT = "Response to preflight request doesn't pass access control check: "
FIREFOX = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote "
    f"resource at {URL}. (Reason: "
)
MISSING = f"No '{ACAO}' header is present"
THEREFORE = f"Origin '{PAGE}' is therefore not allowed access."
WEBKIT = f"\nFetch API cannot load {URL} due to access control checks."

CONSOLE = {
    "missing": (CHROMIUM + f"No '{ACAO}' header is present on the requested resource.",
                "allow-origin-missing", None, None),
    "missing-in-preflight": (CHROMIUM + PREFLIGHT + f"No '{ACAO}' header is present on the",
                             "allow-origin-missing", None, True),
    "multiple": (CHROMIUM + f"The '{ACAO}' header contains multiple values 'a, b', but only",
                 "allow-origin-multiple", None, None),
    "invalid": (CHROMIUM + f"The '{ACAO}' header contains the invalid value 'x'.",
                "allow-origin-invalid", None, None),
    "differs": (CHROMIUM + f"The '{ACAO}' header has a value 'https://x' that is not equal to the",
                "allow-origin-differs", None, None),
    "wildcard": (CHROMIUM + f"The value of the '{ACAO}' header in the response must not be the "
                 "wildcard '*' when the request's credentials mode is 'include'.",
                 "wildcard-with-credentials", None, None),
    "credentials": (CHROMIUM + "The value of the 'Access-Control-Allow-Credentials' header in the "
                    "response is '' which must be 'true'", "allow-credentials", None, None),
    "status": (CHROMIUM + PREFLIGHT + "It does not have HTTP ok status.\n"
               f"app.js:12  PUT {URL} net::ERR_FAILED 405 (Method Not Allowed)", "status", 405, True),
    "redirect": (CHROMIUM + PREFLIGHT + "Redirect is not allowed for a preflight request.",
                 "preflight-redirect", None, True),
    "list": (CHROMIUM + "Cannot parse Access-Control-Allow-Methods response header field",
             "invalid-list", None, True),
    "method": (CHROMIUM + "Method PUT is not allowed by Access-Control-Allow-Methods in preflight",
               "method", None, True),
    "header": (CHROMIUM + "Request header field x-a is not allowed by Access-Control-Allow-Headers",
               "header", None, True),
    "password": (CHROMIUM + "Redirect location '' contains a username and password",
                 "redirect-password", None, None),
    "schemes": (CHROMIUM + "Cross origin requests are only supported for protocol schemes: http",
                "scheme", None, None),
    "mode": (CHROMIUM + "Cross origin requests are not allowed by request mode.",
             "same-origin-mode", None, None),
    "local": (CHROMIUM + "Permission was denied for this request to access the `local` address",
              "local-permission", None, None),
    "insecure": (CHROMIUM + "The request client is not a secure context and the resource is in more-private address space",
                 "local-network", None, None),
    "cut-off": (CHROMIUM.rstrip(": "), "unknown", None, None),
    "new-wording": (CHROMIUM + "The response is invalid.", "unknown", None, None),
    "2017": (f"XMLHttpRequest cannot load {URL}. No '{ACAO}' header is present on the requested "
             f"resource. Origin '{PAGE}' is therefore not allowed access. "
             "The response had HTTP status code 500.", "allow-origin-missing", 500, None),
    "2018": (f"Failed to load {URL}: Response for preflight has invalid HTTP status code 405.",
             "status", 405, True),
    "firefox-missing": (FIREFOX + f"CORS header ‘{ACAO}’ missing). Status code: 404.",
                        "allow-origin-missing", 404, None),
    "firefox-multiple": (FIREFOX + f"Multiple CORS header ‘{ACAO}’ not allowed).",
                         "allow-origin-multiple", None, None),
    "firefox-differs": (FIREFOX + f"CORS header ‘{ACAO}’ does not match ‘https://x’).",
                        "allow-origin-differs", None, None),
    "firefox-wildcard": (FIREFOX + f"Credential is not supported if the CORS header ‘{ACAO}’ is ‘*’).",
                         "wildcard-with-credentials", None, None),
    "firefox-credentials": (FIREFOX + "expected ‘true’ in CORS header "
                            "‘Access-Control-Allow-Credentials’).", "allow-credentials", None, None),
    "firefox-status": (FIREFOX + "CORS preflight response did not succeed). Status code: 401.",
                       "status", 401, True),
    "firefox-network": (FIREFOX + "CORS request did not succeed). Status code: (null).",
                        "network", None, None),
    "firefox-cause-first": (FIREFOX + "CORS request did not succeed). Status code: (null).\n"
                            + FIREFOX + "Did not find method in CORS header "
                            "‘Access-Control-Allow-Methods’).", "method", None, True),
    "firefox-header": (FIREFOX + "header ‘x-a’ is not allowed according to header "
                       "‘Access-Control-Allow-Headers’ from CORS preflight response).",
                       "header", None, True),
    "firefox-token": (FIREFOX + "missing token ‘x-a’ in CORS header "
                      "‘Access-Control-Allow-Headers’ from CORS preflight channel).",
                      "header", None, True),
    "firefox-german": (f"Quellübergreifende (Cross-Origin) Anfrage blockiert: {URL}. (Grund: "
                       f"CORS-Kopfzeile '{ACAO}' fehlt). Statuscode: 404.",
                       "allow-origin-refused", 404, None),
    "firefox-status-translated": (f"已拦截跨源请求：{URL} 。（原因：CORS 失败）。状态码：500。",
                                  "status", 500, True),
    "firefox-network-translated": (f"Bloqué : {URL}. (Raison : échec CORS).", "untranslated", None, None),
    "firefox-no-response-translated": (f"Bloqué : {URL}. (Raison : échec CORS). Code d’état : (null).", "network", None,
                                       None),
    "firefox-2014": (FIREFOX.replace(". (Reason: ", ". This can be fixed by moving the resource to the same domain or enabling "
                                     "CORS."), "allow-origin-refused", None, None),
    "2014-star": (f"XMLHttpRequest cannot load {URL}. A wildcard '*' cannot be used in the '{ACAO}' header when the "
                  f"credentials flag is true. {THEREFORE}", "wildcard-with-credentials", None, None),
    "2014-credentials": (f"XMLHttpRequest cannot load {URL}. Credentials flag is 'true', but the "
                         "'Access-Control-Allow-Credentials' header is ''. It must be 'true' to allow credentials. "
                         f"{THEREFORE}", "allow-credentials", None, None),
    "2014-status": (f"XMLHttpRequest cannot load {URL}. Invalid HTTP status code 403", "status", 403, True),
    "2014-fetch": (f"Fetch API cannot load {URL}. No '{ACAO}' header is present on the requested resource. {THEREFORE} The "
                   "response had HTTP status code 404. If an opaque response serves your needs, set the request's mode to "
                   "'no-cors' to fetch the resource with CORS disabled.", "allow-origin-missing", 404, None),
    "2014-font": (f"Font from origin '{URL}' has been blocked from loading by Cross-Origin Resource Sharing policy: No "
                  f"'{ACAO}' header is present on the requested resource. {THEREFORE}", "allow-origin-missing", None, None),
    "2016-font": (f"Access to Font at '{URL}' from origin 'https://api.example.com' has been blocked by CORS policy: No "
                  f"'{ACAO}' header is present on the requested resource. {THEREFORE}", "allow-origin-missing", None, None),
    "2015-redirect": (f"XMLHttpRequest cannot load {URL}. The request was redirected to '{URL}/', which is disallowed for "
                      "cross-origin requests that require preflight.", "redirected", None, None),
    "2016-redirect": (f"Failed to load {URL}: Redirect from '{URL}' to '{URL}/' has been blocked by CORS policy: No '{ACAO}' "
                      "header is present on the requested resource. Origin 'null' is therefore not allowed access.",
                      "redirected", None, None),
    "2017-redirect": (f"XMLHttpRequest cannot load {URL}. Response for preflight is invalid (redirect)",
                      "preflight-redirect", None, True),
    "private-network": (CHROMIUM + PREFLIGHT + "No 'Access-Control-Allow-Private-Network' header was present in the preflight "
                        "response for this private network request targeting the `local` address space.",
                        "local-network-header", None, True),
    "status-beside": (CHROMIUM + f"No '{ACAO}' header is present\nPUT {URL} 413 (Too Large)", "allow-origin-missing", 413,
                      None),
    "webkit-origin": (f"Origin {PAGE} is not allowed by {ACAO}. Status code: 204" + WEBKIT,
                      "allow-origin-refused", 204, None),
    "webkit-wildcard": (f"Cannot use wildcard in {ACAO} when credentials flag is true." + WEBKIT,
                        "wildcard-with-credentials", None, None),
    "webkit-status": ("Preflight response is not successful. Status code: 404" + WEBKIT,
                      "status", 404, True),
    "webkit-method": ("Method PUT is not allowed by Access-Control-Allow-Methods." + WEBKIT,
                      "method", None, True),
    "webkit-symptom": (WEBKIT, "unknown", None, None),
    "webkit-mode": (f"Fetch API cannot load {URL}.", "unknown", None, None),
    "webkit-redirects": ("Load cannot follow more than 20 redirections" + WEBKIT, "redirects", None, None),
    "webkit-script": (f"Cross-origin script load denied by Cross-Origin Resource Sharing policy.\n"
                      f"Cannot load script {URL} due to access control checks.", "script", None, None),
    "webkit-redirected": ("Preflight response is not successful. Status code: 302" + WEBKIT,
                          "preflight-redirect", 302, True),
    "firefox-quoted": (FIREFOX.replace(URL, f"‘{URL}’") + f"Credential is not supported if the CORS header ‘{ACAO}’ is "
                       "‘*’).", "wildcard-with-credentials", None, None),
    "firefox-joined": (FIREFOX + f"CORS header ‘{ACAO}’ does not match ‘{PAGE}, {PAGE}’).",
                       "allow-origin-multiple", None, None),
    "firefox-redirected": (FIREFOX + "CORS request external redirect not allowed).\n"
                           + FIREFOX + "CORS preflight response did not succeed). Status code: 302.\n"
                           + FIREFOX + "CORS request did not succeed). Status code: (null).",
                           "preflight-redirect", 302, True),
    "firefox-redirect": (FIREFOX + "CORS request external redirect not allowed).", "redirect", None, None),
    "firefox-warning": ("Cross-Origin Request Warning: The Same Origin Policy will disallow reading the remote resource "
                        f"at {URL} soon. (Reason: When the `Access-Control-Allow-Headers` is `*`, the `Authorization` "
                        "header is not covered. To include it, list it).", "authorization-wildcard", None, None),
    "mode-2026": (f'Fetch API cannot load {URL}. Request mode is "same-origin" but the URL\'s origin is not same as the '
                  f"request origin {PAGE}.", "same-origin-mode", None, None),
    "scheme": (f'Fetch API cannot load {URL}. URL scheme "ftp" is not supported.', "scheme", None, None),
    "firefox-mode": (f"Security Error: Content at {PAGE}/cart may not load data from {URL}.",
                     "same-origin-only", None, None),
    "firefox-file": (f"Security Error: Content at {PAGE}/cart may not load or link to {URL}.", "scheme", None, None),
    "mixed": (f"Mixed Content: The page at '{PAGE}/' was loaded over HTTPS, but requested an insecure XMLHttpRequest "
              f"endpoint '{URL}'. This request has been blocked", "mixed-content", None, None),
    "firefox-mixed": (f"Blocked loading mixed active content “{URL}”", "mixed-content", None, None),
    "webkit-mixed": (f"[blocked] The page at {PAGE}/ requested insecure content from {URL}. This content was blocked and "
                     "must be served over HTTPS.", "mixed-content", None, None),
    "policy": (f"Refused to connect to '{URL}' because it violates the following Content Security Policy directive: "
               "\"connect-src 'self'\".", "security-policy", None, None),
    "policy-2025": (f"Connecting to '{URL}' violates the following Content Security Policy directive: "
                    "\"connect-src 'self'\". The action has been blocked.", "security-policy", None, None),
    "blocker": (f"GET {URL} net::ERR_BLOCKED_BY_CLIENT", "blocker", None, None),
    "resource-policy": (f"GET {URL} net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin 200 (OK)", "resource-policy", 200, None),
    "no-cause": (f"GET {URL} net::ERR_FAILED 200 (OK)", "unnamed", 200, None),
    "down": (f"GET {URL} net::ERR_CONNECTION_REFUSED", "refused", None, None),
    "no-name": (f"GET {URL} net::ERR_NAME_NOT_RESOLVED", "name", None, None),
    "certificate": (f"GET {URL} net::ERR_CERT_AUTHORITY_INVALID", "certificate", None, None),
    "tls": (f"GET {URL} net::ERR_SSL_PROTOCOL_ERROR", "tls", None, None),
    "slow": (f"GET {URL} net::ERR_CONNECTION_TIMED_OUT", "timeout", None, None),
    "port": (f"GET {URL} net::ERR_UNSAFE_PORT", "port", None, None),
    "broken-off": (f"GET {URL} net::ERR_EMPTY_RESPONSE", "network", None, None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "status", "preflight"), CONSOLE.values(), ids=CONSOLE)
def test_message_of_the_console_is_understood(text, kind, status, preflight):
    for paste in (text, f"12:30:59.123 app.js:7:3 {text}\n", text.replace(" ", "\n", 3)):
        pasted = read_pasted(paste)
        assert (pasted.url, pasted.said.kind) == (URL, kind)
        assert (pasted.response_status, pasted.preflight) == (status, preflight)
        assert pasted.origin in (None, PAGE)


DUMP = f"""\
Request URL: {URL}
Request Method: PUT
Status Code: 200 OK
Response Headers
content-type: text/plain
Request Headers
origin: {PAGE}
x-a: 1
cookie: session=geheim
"""
HTTP1 = f"""\
> PUT /basket HTTP/1.1
> Host: api.example.com
> Origin: {PAGE}
> X-A: 1
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
"""
HTTP2 = f"""\
:authority: api.example.com
:method: PUT
:path: /basket
:scheme: https
origin: {PAGE}
x-a: 1
HTTP/2 200
content-type: text/plain
"""
PROXIED = (
    f"PUT {URL} HTTP/1.1\nReferer: {PAGE}/cart?a\nX-A: 1\nHTTP/1.1 200\nContent-Type: text/plain\n"
)
HAR = json.dumps(
    {"log": {"entries": [
        {"request": {"url": f"{PAGE}/", "method": "GET"}},
        {"request": {"url": URL, "method": "PUT", "bodySize": 3,
                     "headers": [{"name": "Origin", "value": PAGE}, {"name": "X-A", "value": "1"}]},
         "response": {"status": 200, "headers": [{"name": "content-type", "value": "text/plain"}]}},
        {"request": {"url": f"{URL}?2", "method": "GET",
                     "headers": [{"name": "origin", "value": PAGE}]}, "response": {"status": 0}},
    ]}}
)  # fmt: skip
CURL = f"curl '{URL}' -X 'PUT' -H 'Origin: {PAGE}' -H 'X-A: 1'"
COPIES = {
    "chromium": DUMP,
    "verbose": HTTP1,
    "http2": HTTP2,
    "proxied": PROXIED,
    "har": HAR,
    "curl": f"$ {CURL} \\\n  --compressed",
    "curl-ansi": f"curl --url {URL} --request PUT -e {PAGE}/x -H $'X-A: \\u0031' -b a=1 -H 'x-b;' -k",
    "curl-double": f'curl "{URL}" -X PUT -H "origin: {PAGE}" -H X-A:\\ 1 --max-time 3 -d a -d b',
    "curl-cmd": f'curl ^"{URL}^" ^\r\n -X ^"PUT^" ^\r\n -H ^"origin: {PAGE}^" -H ^"X-A: 1^"',
    "curl-cmd-old": f'curl "{URL}" ^\r\n -X "PUT" ^\r\n -H "origin: {PAGE}" ^\r\n -H "X-A: 1"',
    "fetch": f'fetch("{URL}", {{"headers": {{"X-A": "1"}}, "referrer": "{PAGE}/", "body": "x",'
    ' "method": "PUT", "mode": "cors", "credentials": "include"});',
    "curl-mail": f"> curl '{URL}' \\\n>  -X PUT \\\n>  -H 'Origin: {PAGE}' \\\n>  -H 'X-A: 1'\n>\n",
    "fetch-commented": f'await fetch("{URL}", {{\n "headers": {{\n  // "cookie": "a",\n "X-A": "1",\n }},\n'
    f' "referrer": "{PAGE}/", "method": "PUT" }});',
}


@pytest.mark.parametrize("text", COPIES.values(), ids=COPIES)
def test_copied_request_is_understood(text):
    pasted = read_pasted(text)
    assert (pasted.url, pasted.method, pasted.origin) == (URL, "PUT", PAGE)
    assert [(name.lower(), value) for name, value in pasted.headers if name != "x-b"] == [
        ("x-a", "1")
    ]
    if pasted.response_status:
        assert pasted.response_status == 200
        assert [name.lower() for name, _ in pasted.response_headers] == ["content-type"]


def test_details_of_copied_requests():
    assert read_pasted(DUMP).dropped == ("origin", "cookie")
    assert read_pasted(DUMP).credentials is True
    assert read_pasted(HAR).others == (f"{URL}?2",)
    assert read_pasted(COPIES["curl-double"]).body_size == 2
    assert read_pasted(f"curl {URL} -d a").method == "POST"
    assert read_pasted("curl api.example.com").url == "http://api.example.com"
    assert read_pasted(COPIES["fetch"]).credentials is True
    assert (
        read_pasted(f'fetch("{URL}", {{"headers": {{"authorization": "x"}}}})').credentials is None
    )
    assert read_pasted(f'fetch("{URL}")').method == "GET"


@pytest.mark.parametrize(
    "text",
    [text for text, *_ in CONSOLE.values() if text.startswith(FIREFOX) and text.endswith(").")],
)
def test_message_of_firefox_may_lack_its_full_stop(text):
    assert read_pasted(text[:-1]).said == read_pasted(text).said


def test_preflight_asks_for_what_the_page_sets_whatever_browsers_send_by_default():
    pasted = read_pasted(
        f"OPTIONS /basket HTTP/1.1\nHost: api.example.com\nOrigin: {PAGE}\nUser-Agent: Mozilla\n"
        "Access-Control-Request-Method: GET\n"
        "Access-Control-Request-Headers: accept,cache-control,user-agent\n"
    )
    assert pasted.headers == [("accept", '"x"'), ("cache-control", "x"), ("user-agent", "x")]
    assert list(unsafe_names(pasted.headers)) == ["accept", "cache-control", "user-agent"]


def test_preflight_in_a_dump_stands_for_its_request():
    pasted = read_pasted(
        f"OPTIONS /basket HTTP/1.1\nHost: api.example.com\nOrigin: {PAGE}\n"
        "Access-Control-Request-Method: PUT\nAccess-Control-Request-Headers: content-type,x-a,\n"
        "HTTP/1.1 200 OK\nAccess-Control-Allow-Methods: PUT\n"
    )
    assert (pasted.method, pasted.preflight) == ("PUT", True)
    assert pasted.headers == [("content-type", "application/json"), ("x-a", "x")]
    assert pasted.response_headers == [("Access-Control-Allow-Methods", "PUT")]


SIMPLE_PUT = f"PUT /basket HTTP/1.1\nHost: api.example.com\nOrigin: {PAGE}\nX-A: 1"
MESSAGE = CHROMIUM + f"No '{ACAO}' header is present on the requested resource."
SENT = f"-H 'Origin: {PAGE}' -H 'X-A: 1'"
VERBOSE = f"""\
* Host api.example.com:443 was resolved.
* ALPN: curl offers h2,http/1.1
* [HTTP/2] [1] [:method: PUT]
> PUT /basket HTTP/2
> Host: api.example.com
> Origin: {PAGE}
> X-A: 1
>
< HTTP/1.1 100 Continue
< HTTP/2 200
< content-type: text/plain
<
<p>color: red
* Connection #0 to host api.example.com left intact
"""
IN_PAIRS = f"""\
General
Request URL
{URL}
Request Method
PUT
Status Code
200 OK
Remote Address
192.0.2.1:443
Referrer Policy
strict-origin-when-cross-origin
content-type
text/plain
:authority
api.example.com
origin
{PAGE}
x-a
1
"""
SAFARI = f"""\
Summary
URL: {URL}
Status: 200 OK
Source: Network
Address: 192.0.2.1:443

Request
:method: PUT
:scheme: https
:authority: api.example.com
:path: /basket
Origin: {PAGE}
X-A: 1

Response
:status: 200
Content-Type: text/plain
"""
TWO = f"""\
PUT /basket HTTP/2
Host: api.example.com
Origin: {PAGE}
X-A: 1

HTTP/2 200 OK
content-type: text/plain

GET /second?token=geheim HTTP/1.1
Host: api.example.com

HTTP/1.1 500 No
Access-Control-Allow-Origin: *
"""
SECOND = "https://api.example.com/second?token=..."
TYPED = {
    "flags": (f"curl -sSL -o /dev/null -XPUT {URL} -H'Origin: {PAGE}' -H \"X-A: 1\" | head -5", ()),
    "prompt": (f"me@box:~/shop$ curl -i -T x {URL} {SENT}\nHTTP/2 200 \r\ncontent-type: text/plain\r\n\r\n"
               "me@box:~/shop$ ", ()),
    "upload": (f"C:\\Users\\me> curl.exe --upload-file x --no-keepalive {URL} {SENT} & echo", ()),
    "verbose": (f"$ curl -v {URL} -X PUT {SENT}\n{VERBOSE}", ()),
    "verbose-alone": (VERBOSE, ()),
    "several": (f"curl '{URL}' \\\n  -X PUT \\\n {SENT} ;\ncurl '{SECOND}' -H 'x-b: 1' ;\ncurl x", (SECOND,)),
    "several-cmd": (f'curl --url ^"{URL}^" ^\r\n -X PUT ^\r\n -H ^"origin: {PAGE}^" ^\r\n -H ^"x-a: 1^" &\r\n'
                    f'curl --url ^"{SECOND}^"', (SECOND,)),
    "several-fetches": (f"{COPIES['fetch']}\nfetch(\"{SECOND}\", {{}});", (SECOND,)),
    "two": (TWO, (SECOND,)),
    "pairs": (IN_PAIRS, ()),
    "pairs-with-colons": (re.sub("(?m)^([Rr]equest.*|x-a|origin|content-type)$", r"\1:", IN_PAIRS), ()),
    "pairs-titled": (IN_PAIRS.replace("content-type", "Response Headers\ncontent-type")
                     .replace(":authority", "Request Headers\n:authority"), ()),
    "safari": (SAFARI, ()),
    "chromium-raw": (f"General\nRequest URL: {URL}\nStatus Code: 200 OK\nResponse Headers\nHTTP/1.1 200 OK\n"
                     f"Content-Type: text/plain\nRequest Headers\nPUT /basket HTTP/1.1\nOrigin: {PAGE}\nX-A: 1", ()),
    "quoted": (f"It works with\r\n\r\n    curl -X PUT {SENT} {URL}\r\n\r\nand not in the page", ()),
    "comma": (COPIES["fetch"].replace('"1"', '"1"').replace('"body": "x"', '"body": ",}"'), ()),
}  # fmt: skip


@pytest.mark.parametrize(("text", "others"), TYPED.values(), ids=TYPED)
def test_request_is_understood_as_people_type_and_copy_it(text, others):
    for paste in (
        text,
        "\ufeff" + text.replace("\n", "\r\n"),
        f"\x1b]0;me\x07\x1b[1;31m{text}\x1b[0m",
    ):
        pasted = read_pasted(paste)
        assert (pasted.url, pasted.method, pasted.origin) == (URL, "PUT", PAGE)
        assert [(name.lower(), value) for name, value in pasted.headers] == [("x-a", "1")]
        assert pasted.others == others
        if pasted.response_status:
            assert pasted.response_status == 200
            assert pasted.response_headers in (
                [("content-type", "text/plain")],
                [("Content-Type", "text/plain")],
            )


def test_options_of_curl_that_change_the_request():
    def method_and_headers(options):
        pasted = read_pasted(f"curl {options} {URL}")
        return pasted.method, pasted.headers, pasted.credentials, pasted.url

    assert method_and_headers("-I") == ("HEAD", [], None, URL)
    assert method_and_headers("-G -d a") == ("GET", [], None, URL)
    assert method_and_headers("--json {}") == (
        "POST",
        [("Content-Type", "application/json")],
        None,
        URL,
    )
    assert method_and_headers("-u me:x") == (None, [("Authorization", "me:x")], None, URL)
    assert method_and_headers("-F a=b --head") == ("HEAD", [], None, URL)


def test_escapes_of_bash_are_read_as_bash_reads_them():
    pasted = read_pasted(rf"curl {URL} -H $'X-A: \a\b\f\v\t-\x41\u00e9\101\'\\'")
    assert pasted.headers == [("X-A", "\a\b\f\v\t-A\u00e9A'\\")]


JSON_TYPE = ("Content-Type", "application/json")
CODE = {
    "fetch": (f"const r = await fetch('{URL}', {{\n  method: 'PUT',\n  credentials: 'include',\n  headers: {{'X-A': '1', "
              "'Content-Type': \"application/json\"}\n})", "PUT", [("X-A", "1"), JSON_TYPE], True),
    "template": ("fetch(`https://api.example.com/${path}`, {method: \"DELETE\", headers: {Authorization: `Bearer ${token}`}})"
                 .replace("${path}", "basket"), "DELETE", [("Authorization", "Bearer x")], False),
    "computed": (f"fetch('{URL}', {{headers: new Headers({{'X-A': value}})}})", "GET", [("X-A", "x")], False),
    "axios": (f"axios.post('{URL}', data, {{withCredentials: true, headers: {{'X-A': '1'}}}})",
              "POST", [("X-A", "1"), JSON_TYPE], True),
    "axios-form": (f"axios.put('{URL}', form, {{headers: {{'Content-Type': 'multipart/form-data'}}}})",
                   "PUT", [("Content-Type", "multipart/form-data")], False),
    "axios-options": (f"axios.defaults.withCredentials = true;\naxios({{method: 'patch', url: '{URL}'}})", "PATCH", [], True),
    "angular": (f"return this.http.post<Item>('{URL}', item).pipe(retry(3));", "POST", [JSON_TYPE], False),
    "jquery": (f"$.ajax({{\n  url: '{URL}',\n  type: 'POST',\n  contentType: 'application/json',\n}})",
               "POST", [JSON_TYPE], False),
    "jquery-get": (f"$.getJSON('{URL}', draw)", "GET", [], False),
    "jquery-post": (f"$.post('{URL}', {{a: 1}})", "POST", [], False),
    "method-as-written": (f"fetch('{URL}', {{method: 'patch'}})", "patch", [], False),
    "xhr-as-written": (f"x.open('patch', '{URL}')", "patch", [], False),
    "xhr": (f"var x = new XMLHttpRequest();\nx.open('PUT', '{URL}', true);\nx.setRequestHeader('X-A', '1');\nx.send();",
            "PUT", [("X-A", "1")], False),
    "axios-instance": ("const api = axios.create({baseURL: 'https://api.example.com'});\napi.get('/basket')",
                       "GET", [], False),
    "axios-base": ("axios({baseURL: 'https://api.example.com/', url: '/basket', method: 'put'})", "PUT", [], False),
    "axios-base-of-a-call": ("axios.get('basket', {baseURL: 'https://api.example.com'})", "GET", [], False),
    "axios-defaults": ("axios.defaults.baseURL = 'https://api.example.com';\naxios.get('/basket')", "GET", [], False),
    "axios-absolute": (f"axios.defaults.baseURL = 'https://a.example';\naxios.get('{URL}')", "GET", [], False),
    "ky": ("const api = ky.create({prefixUrl: 'https://api.example.com'});\nawait api.post('basket', {json: x})",
           "POST", [JSON_TYPE], False),
    "constant": ("const API = 'https://api.example.com';\nfetch(`${API}/basket`)", "GET", [], False),
    "constant-added": ("let api = \"https://api.example.com\";\nfetch(api + '/basket', {method: 'PUT'})", "PUT", [], False),
    "constant-whole": (f"var url = '{URL}';\nfetch(url)", "GET", [], False),
    "constant-base": ("const API = 'https://api.example.com';\nconst api = axios.create({baseURL: API});\napi.get('/basket')",
                      "GET", [], False),
    "after-server": (f"app.get('/basket', cors(), send)\n// and in the page:\nfetch('{URL}')", "GET", [], False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "method", "headers", "credentials"), CODE.values(), ids=CODE)
def test_code_of_a_page_is_read_as_far_as_it_has_literals(text, method, headers, credentials):
    pasted = read_pasted(text)
    assert (pasted.url, pasted.method, pasted.headers) == (URL, method, headers)
    assert pasted.credentials is (None if "Bearer" in text else credentials)
    assert looks_pasted(text)


WRAPPED = {
    "log": f"\x1b[31m[browser]\x1b[0m {MESSAGE}",
    "entities": MESSAGE.replace("'", "&#39;"),
    "entities-in-prose": "I can't do it: " + MESSAGE.replace("'", "&#39;"),
    "typographic": MESSAGE.replace("'", "’"),
    "markdown": f"> ```\n> {MESSAGE}\n> ```",
    "mail": f"Hi, I get this:\n> {MESSAGE.replace(' from ', chr(10) + '> from ')}\n>\n> Any ideas?",
    "mail-of-mail": f"> > {MESSAGE.replace(' has ', chr(10) + '> >> has ')}",
    "prose": f"Hi, since yesterday I get\n\n{MESSAGE}\n\nand my fetch('{URL}') fails, but curl {URL} works.",
    "code": f"{MESSAGE}\nUncaught (in promise) TypeError: Failed to fetch\n    at fetch(x)\ncurl x",
}


@pytest.mark.parametrize("text", WRAPPED.values(), ids=WRAPPED)
def test_message_is_understood_in_what_is_around_it(text):
    pasted = read_pasted(text)
    assert (pasted.url, pasted.origin) == (URL, PAGE)
    assert pasted.said.kind == "allow-origin-missing"


def test_message_without_an_origin_has_that_of_the_headers_beside_it():
    message = FIREFOX + f"CORS header ‘{ACAO}’ missing)."
    for headers, method in (
        (SIMPLE_PUT, "PUT"),
        (f"Request URL: {URL}\nRequest Method: PUT\nReferer: {PAGE}/cart", "PUT"),
        (f"Origin: {PAGE}", None),
    ):
        pasted = read_pasted(f"{message}\n\n{headers}")
        assert (pasted.origin, pasted.method) == (PAGE, method)
        assert pasted.said.kind == "allow-origin-missing"
    other = read_pasted(f"{message}\n{SIMPLE_PUT.replace('/basket', '/other')}")
    assert (other.origin, other.method) == (None, None)


def test_summary_alone_is_a_request():
    pasted = read_pasted(f"Request URL:\n\n{URL}\n\nRequest Method:\n\nPUT\n")
    assert (pasted.url, pasted.method) == (URL, "PUT")


SUMMARY = f"Request URL: {URL}\nRequest Method: PUT\n"


@pytest.mark.parametrize(
    ("text", "sent", "received"),
    [
        (f"{SUMMARY}X-A: 1", [("X-A", "1")], None),
        (f"{SUMMARY}Status Code: 200 OK\nX-A: 1", [], [("X-A", "1")]),
        (f"Status: 200 OK\n{SUMMARY.replace('Request URL', 'URL')}X-A: 1", [], [("X-A", "1")]),
    ],
)
def test_headers_below_a_status_are_those_of_the_response(text, sent, received):
    pasted = read_pasted(text)
    assert (pasted.url, pasted.method) == (URL, "PUT")
    assert (pasted.headers, pasted.response_headers) == (sent, received)


UNREADABLE = {
    "nothing": (" \n", "nothing was pasted"),
    "told": (
        "Uncaught (in promise) TypeError: Failed to fetch",
        "this is the error that the page's code gets",
    ),
    "told-axios": (
        'AxiosError {message: "Network Error", code: "ERR_NETWORK"}',
        "the error that the page's code gets",
    ),
    "prose": ("it does not work", "no request was found in this paste"),
    "powershell": ("Invoke-WebRequest -Uri x", "this is PowerShell, which is not read"),
    "wget": (
        f"wget --header='X-A: 1' {URL}",
        "this is a command for wget, which is not read: write it as",
    ),
    "httpie": (
        f"$ http PUT {URL} X-A:1",
        "this is a command for http, which is not read: write it as a curl",
    ),
    "httpie-host": (
        "https api.example.com/basket X-A:1",
        "this is a command for https, which is not read",
    ),
    "prose-about-http": (
        "the page is on http and the API is on https too",
        "no request was found in this paste",
    ),
    "json": ("{}", "this is JSON but not a HAR file"),
    "har-cut-off": ('{"log": {"entries": [', "is not JSON: paste, or save, all of it"),
    "empty-har": ('{"log": {"entries": []}}', "this HAR file has no requests"),
    "cut-curl": ("curl 'https://a", "ends within quotation marks"),
    "no-url": ("curl -k", " has no URL"),
    "no-value": ("curl https://a -H", "option '-H' lacks its value"),
    "code": ("fetch(url, options)", r"the arguments of fetch\( cannot be read: copy it"),
    "server": ("app.get('/a', cors())", "no request was found in this paste"),
    "told-as-axios-says-it": (
        "AxiosError: Network Error\n    at XMLHttpRequest.handleError (xhr.js:117)",
        "this is the error that the page's code gets",
    ),
    "told-by-an-error": (
        "TypeError: Failed to fetch",
        "this is the error that the page's code gets",
    ),
    "talk": (
        f"my request to {URL} does not work because of CORS",
        "no request was found in this paste",
    ),
    "curl-quotation-mark": (f"curl '{URL} -H 'a: b'", "ends within quotation marks"),
    "curl-quotation-marks": (f"curl '{URL} -H 'a: b", "a quotation mark is missing"),
    "curl-variable": (
        "curl $API/items -X PUT",
        r"a shell variable, \$API: replace it with its value",
    ),
    "curl-braces": ("curl https://${HOST}/a", r"a shell variable, \$\{HOST\}: replace"),
    "no-address": ("axios.get(url)", "no request was found in this paste"),
    "two-addresses": (
        "let a = 'https://a.example';\nlet a = 'https://b.example';\nfetch(a)",
        r"the arguments of fetch\( cannot be read",
    ),
    "base-without-a-call": (
        "axios.create({baseURL: 'https://a.example'}).get(url)",
        "no request was found in this paste",
    ),
    "no-text": ("fetch(1)", r"the arguments of fetch\( cannot be read: they are not text"),
    "deep": ("fetch(" + "[" * 100_000, r"the arguments of fetch\( cannot be read: copy it"),
}


@pytest.mark.parametrize(("text", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_paste_is_an_error_that_says_what_was_understood(text, message):
    with pytest.raises(PasteError, match=message):
        read_pasted(text)


def test_too_long_a_paste_is_refused(monkeypatch):
    monkeypatch.setattr("wsgicors_explain.pasted.MAX_PASTE", 10)
    with pytest.raises(PasteError, match="more than 10 characters"):
        read_pasted("x" * 11)


@pytest.mark.parametrize(
    "piece",
    ["\n", "a ", "> ", "axios(", "a.get('/", "const a='http://a';a+'", "baseURL:'http://a',a.get('b",  "fetch('http://a", "$.ajax(headers:{", "> \n", "curl a\n", "fetch(\"http://a\n", "GET / HTTP/1.1\nHTTP/1.1 200\n", "Request URL\n",
     "'\\\n-", "Mixed Content: The page at '", "WebSocket connection to '", "The operation is insecure.", "Content-Security-Policy: The page’s settings blocked ", "https://a' violates the following Content Security Policy directive: \"a", "ABC https://", "“a://b", "GET http://a net::ERR_A ", "GET http://a 403 ", "Font from origin 'a", "a:1 Failed to load resource: the server responded with a status of 400 (", "[http://a](http://", f"{CHROMIUM}GET {URL} 403 ", "\x1b[", "\x1b]", "&#39;", "Access to ", "Access to x at '", "http://", "curl '", "Cross-Origin Request Blocked: ", "^\n",
     "a-", "CORS https://a ", "fetch(", "A: b\n", "$'\\", CHROMIUM, FIREFOX, "?token=", "//a@"],
)  # fmt: skip
def test_megabytes_are_read_in_bounded_time(piece):
    started = time.perf_counter()
    text = piece * (300_000 // len(piece))
    for paste in (text, f"curl {text}"):
        with contextlib.suppress(PasteError):
            mask(str(read_pasted(paste)))
    assert time.perf_counter() - started < 20


@given(
    st.lists(
        st.tuples(st.from_regex(r"x-[a-z]{1,8}", fullmatch=True),
                  st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), min_size=1, max_size=20)),
        max_size=4),
    st.sampled_from(["GET", "PUT", "patch"]),
)  # fmt: skip
@example([("x-a", "&quot;")], "GET")
def test_round_trip_of_curl_and_fetch(headers, method):
    headers = [(name, value.strip()) for name, value in dict(headers).items()]
    quoted = [json.dumps(f"{name}: {value}")[1:-1].replace('\\"', '"') for name, value in headers]
    ansi = "".join(" -H $'" + text.replace("'", "\\'") + "'" for text in quoted)
    plain = "".join(
        " -H '" + f"{name}: {value}".replace("'", "'\\''") + "'" for name, value in headers
    )
    options = json.dumps({"headers": dict(headers), "method": method, "referrer": f"{PAGE}/"})
    for text in (
        f"curl '{URL}' -X {method} -e {PAGE}/{ansi}",
        f"curl '{URL}' -X {method} -e {PAGE}/{plain}",
        f'fetch("{URL}", {options});',
    ):
        pasted = read_pasted(text)
        assert (pasted.url, pasted.method, pasted.origin) == (URL, method, PAGE)
        assert pasted.headers == headers


@pytest.mark.parametrize(
    ("text", "expected"),
    [("production.ini", False), ("app:application", False), (URL, False), ("my file.ini", False),
     (f"{URL}/a b", False), (CONSOLE["2017"][0], True), (CONSOLE["firefox-german"][0], True),
     ("Failed to load http://a.example/: Response for preflight is invalid (redirect)", True),
     (CHROMIUM, True), (CURL, True), ('fetch("x", {})', True), ("a: b\nc: d", True),
     ("Invoke-WebRequest -Uri x", True), (f"http PUT {URL}", True), ("http :8000/a", True),
     ("TypeError: Failed to fetch", True)],
)  # fmt: skip
def test_paste_is_told_from_a_file(text, expected):
    assert looks_pasted(text) is expected


def test_secrets_are_masked():
    assert mask("X-Api-Key: a b") == "X-Api-Key: ..."
    assert mask("https://a:b@c.example/?token=1&b=2") == "https://...@c.example/?token=...&b=2"
    assert mask("header Authorization: 'x' contains a character") == "header Authorization: ..."
    assert mask("https://a.example/?sig=1&code=2&jwt=3&q=4") == (
        "https://a.example/?sig=...&code=...&jwt=...&q=4"
    )
    assert mask("X-Auth: a") == "X-Auth: ..."
    assert mask("WWW-Authenticate: Basic") == "WWW-Authenticate: Basic"
    assert mask("Access-Control-Allow-Headers: X-Token") == "Access-Control-Allow-Headers: X-Token"


# --- the command ---


@pytest.fixture
def explain(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments, stdin=""):
        piped = io.TextIOWrapper(io.BytesIO(stdin if isinstance(stdin, bytes) else stdin.encode()))
        monkeypatch.setattr(sys, "stdin", piped)
        status = main(["explain", *arguments])
        captured = capsys.readouterr()
        return status, captured.out.splitlines(), captured.err.splitlines()

    return run


ERROR_FIRST = "; if the network panel shows an error status for it, fix that first, as errors often lack the header"


def test_header_may_be_missing_because_the_server_failed(explain):
    last = explain(BLOCKED, "--offline")[1][-1]
    assert last.endswith(ERROR_FIRST)
    assert explain(IN_PREFLIGHT, "--offline")[1][-1].endswith(
        ERROR_FIRST.replace("for it", "for OPTIONS")
    )
    for known in (f"GET {URL} net::ERR_FAILED 200 (OK)", f"GET {URL} 500 (Oh)"):
        assert "network panel" not in explain("-", "--offline", stdin=f"{BLOCKED}\n{known}")[1][-1]


def test_message_is_explained_offline(explain):
    text = CHROMIUM + f"No '{ACAO}' header is present on the requested resource."
    said = f"--  this is a message of Chromium: No '{ACAO}' header is present"
    answer = [said, f"BLOCKED: {ACAO} is missing. To fix it, send {ACAO}: {PAGE}{ERROR_FIRST}"]
    assert explain(text, "--offline") == (1, answer, [])
    assert explain("-", "--offline", stdin=text) == (1, answer, [])
    assert explain("-", "--offline", stdin=b"\xff\xfe" + text.encode("utf-16-le")) == (
        1,
        answer,
        [],
    )


@pytest.mark.parametrize(
    "url", ["https://<server>/basket", "https://host:port/basket", "api.example.com/basket"]
)
def test_message_with_a_url_that_cannot_be_requested_is_explained_offline(explain, url):
    assert explain(BLOCKED.replace(URL, url)) == explain(BLOCKED.replace(URL, url), "--offline")
    last = explain(BLOCKED.replace(URL, url))[1][-1]
    assert last == f"BLOCKED: {ACAO} is missing. To fix it, send {ACAO}: {PAGE}{ERROR_FIRST}"


@pytest.mark.parametrize(("text", "kind", "status", "preflight"), CONSOLE.values(), ids=CONSOLE)
def test_each_message_has_an_answer_offline(explain, text, kind, status, preflight):
    code, lines, errors = explain("-", "--offline", "--origin", PAGE, stdin=text)
    assert (code, errors) == (1, [])
    nothing = kind in WITHOUT_CAUSE
    assert lines[-1].startswith("UNKNOWN: " if nothing else "BLOCKED: ")
    assert "{" not in lines[-1]
    assert (f"the response is {status}" in lines[-1]) == bool(
        status and status >= 400 and not nothing
    )


BLOCKED = CHROMIUM + f"No '{ACAO}' header is present on the requested resource."
IN_PREFLIGHT = CHROMIUM + PREFLIGHT + f"No '{ACAO}' header is present on the requested resource."
LOAD = "Failed to load resource: the server responded with a status of"
BESIDE = {
    "its request": (BLOCKED, f"app.js:3 POST {URL} 413 (Request Entity Too Large)", "POST", 413),
    "without the words": (BLOCKED, f"POST {URL} 413", "POST", 413),
    "another URL": (BLOCKED, f"POST {URL}/2 413 (Request Entity Too Large)", None, None),
    "its preflight": (IN_PREFLIGHT, f"OPTIONS {URL} 405 (Method Not Allowed)", None, 405),
    "an OPTIONS that is not about the response": (BLOCKED, f"OPTIONS {URL} 405 (Method Not Allowed)", None, None),
    "its place": (BLOCKED, f"api.example.com/basket:1 {LOAD} 500 (INTERNAL SERVER ERROR)", None, 500),
    "the end of its place": (BLOCKED, f"basket:1   {LOAD} 500 ()", None, 500),
    "another place": (BLOCKED, f"/favicon.ico:1 {LOAD} 404 (Not Found)", None, None),
    "part of a name": (BLOCKED, f"ket:1 {LOAD} 404 (Not Found)", None, None),
    "its file in WebKit": (BLOCKED, f"[Error] {LOAD} 502 (Bad Gateway) (basket, line 0)", None, 502),
    "another file in WebKit": (BLOCKED, f"[Error] {LOAD} 404 (Not Found) (favicon.ico, line 0)", None, None),
    "no place": (BLOCKED, f"1. {LOAD} 500 ()", None, 500),
    "no place, twice": (BLOCKED, f"{LOAD} 500 ()\n{LOAD} 404 ()", None, None),
    "no place, and another URL": (BLOCKED + "\n" + BLOCKED.replace(URL, f"{URL}/2"), f"{LOAD} 500 ()", None, None),
}  # fmt: skip


@pytest.mark.parametrize(("message", "line", "method", "status"), BESIDE.values(), ids=BESIDE)
def test_status_in_a_line_beside_a_message_is_that_of_its_request_only(
    message, line, method, status
):
    for text in (f"{message}\n{line}", f"{line}\n{message}"):
        pasted = read_pasted(text)
        assert (pasted.method, pasted.response_status) == (method, status), text


def test_headers_below_a_message_say_who_failed(explain):
    text = BLOCKED + (
        "\n\nResponse Headers\ncontent-type: application/json\nstatus: 502\n"
        "x-amzn-errortype: InternalServerErrorException\n"
    )
    assert explain("-", "--offline", stdin=text)[1][-1] == (
        "BLOCKED: the response is 502 Bad Gateway by Amazon API Gateway: the Lambda function failed, or API Gateway does not"
        f" understand what it returned; and {ACAO} is missing. To fix it, read the function's log; let it return statusCode,"
        f" headers and a body that is text; then send {ACAO}: {PAGE}"
    )
    # A message about a preflight, and headers that may be of another request.
    text = text.replace(CHROMIUM, CHROMIUM + PREFLIGHT)
    assert "502" not in explain("-", "--offline", stdin=text)[1][-1]


def test_url_that_was_copied_as_a_link_is_read():
    text = FIREFOX.replace(URL, f"[{URL}]({URL})") + f"CORS header ‘{ACAO}’ missing)."
    assert read_pasted(text).url == URL


WITHOUT_ORIGIN = {
    "method": (FIREFOX + "Did not find method in CORS header ‘Access-Control-Allow-Methods’).", True),
    "header": (FIREFOX + "header ‘x-a’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight "
               "response).", True),
    "status": ("Preflight response is not successful. Status code: 405" + WEBKIT, True),
    "redirect": (f"XMLHttpRequest cannot load {URL}. The request was redirected to '{URL}/', which is disallowed for", True),
    "unknown": (WEBKIT, True),
    "missing": (FIREFOX + f"CORS header ‘{ACAO}’ missing).", False),
    "star": (FIREFOX + f"Credential is not supported if the CORS header ‘{ACAO}’ is ‘*’).", False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "answered"), WITHOUT_ORIGIN.values(), ids=WITHOUT_ORIGIN)
def test_origin_is_asked_for_offline_only_if_the_answer_names_it(text, answered, explain):
    """Firefox and WebKit do not name the page."""
    status, lines, errors = explain("-", "--offline", stdin=text)
    assert (status, bool(errors)) == ((1, False) if answered else (2, True))
    assert "give it with --origin" in "".join(explain("-", stdin=text)[2])


LOGIN = "https://accounts.google.com/o/oauth2/auth?client_id=1"
AT_LOGIN = "that looks like a login, so the request was not authenticated. To fix it,"
LOG_IN = "log in before the request and send the cookie or token with it; let the server answer 401 to scripts"
ENDS = {
    "login": (
        CHROMIUM.replace(URL, "https://a.cloudflareaccess.com/cdn-cgi/access/login/b?kid=1")
        .replace("from origin", f"(redirected from '{URL}?a=1') from origin") + MISSING,
        f"{URL} redirects to https://a.cloudflareaccess.com/cdn-cgi/access/login/b; {AT_LOGIN} {LOG_IN}"),
    "login that the page starts": (
        CHROMIUM.replace(URL, LOGIN).replace("from origin", f"(redirected from '{URL}?a=1') from origin") + MISSING,
        f"{URL} redirects to https://accounts.google.com/o/oauth2/auth; {AT_LOGIN} if this is to log in, open {URL} as a page,"
        f" with a link or location.href, since no script may read a login; else {LOG_IN}"),
    "login of a manifest": (
        CHROMIUM.replace(URL, LOGIN).replace("fetch", "manifest")
        .replace("from origin", f"(redirected from '{PAGE}/site.webmanifest') from origin") + MISSING,
        f'{PAGE}/site.webmanifest redirects to https://accounts.google.com/o/oauth2/auth; {AT_LOGIN} set'
        ' crossorigin="use-credentials" on the link element of the manifest, which the browser requests without cookies'
        " otherwise"),
    "login itself": (
        CHROMIUM.replace(URL, LOGIN) + PREFLIGHT + MISSING,
        "https://accounts.google.com/o/oauth2/auth is a login for people, which no script may read. To fix it, open it as a"
        " page, with a link or location.href, instead of requesting it"),
    "API to log in": (
        CHROMIUM.replace(URL, f"{URL}/auth/login") + MISSING, f"{ACAO} is missing. To fix it, send {ACAO}: {PAGE}{ERROR_FIRST}"),
    "login with a slash": (
        f"Failed to load {URL}/login: Redirect from '{URL}/login' to '{URL}/login/' has been blocked by CORS policy: No",
        "the request was redirected, and the browser did not let the page follow. To fix it, request"
        f" {URL}/login/ (with the slash) directly, and let its server send {ACAO}: the origin of the page"),
    "https": (
        f"XMLHttpRequest cannot load http://a.example/b. The request was redirected to 'https://a.example/b', which is"
        f" disallowed for cross-origin requests that require preflight. {THEREFORE}",
        "the request was redirected, and the browser did not let the page follow. To fix it, request https://a.example/b"
        f" directly, and let its server send {ACAO}: {PAGE}"),
    "not a URL": (
        f"XMLHttpRequest cannot load {URL}. The request was redirected to '...', which is disallowed for",
        "the request was redirected, and the browser did not let the page follow. To fix it, request the final URL"
        f" directly, and let its server send {ACAO}: the origin of the page"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "last"), ENDS.values(), ids=ENDS)
def test_redirect_in_a_message_is_diagnosed_with_both_ends(text, last, explain):
    status, lines, errors = explain("-", "--offline", stdin=text)
    assert (status, errors) == (1, [])
    assert lines[-1] == f"BLOCKED: {last}"


def test_braces_in_a_url_are_its_own(explain):
    text = CHROMIUM.replace(URL, "https://a.example/{tenant}/oauth2/authorize") + MISSING
    last = explain(text, "--offline")[1][-1]
    assert last.startswith(
        "BLOCKED: https://a.example/{tenant}/oauth2/authorize is a login for people"
    )


SERVICES = {
    "https://firebasestorage.googleapis.com/v0/b/a/o/b": "the CORS configuration of the Google Cloud Storage bucket",
    "https://storage.googleapis.com/a/b": "the CORS configuration of the Google Cloud Storage bucket",
    "https://a.s3.eu-central-1.amazonaws.com/b": "the CORS configuration of the S3 bucket",
    "https://s3-us-west-2.amazonaws.com/a/b": "the CORS configuration of the S3 bucket",
    "https://a.sfo3.digitaloceanspaces.com/b": "the CORS configuration of the bucket",
    "https://a.blob.core.windows.net/b/c": "the CORS rules of the Azure storage account",
    "https://a.execute-api.eu-west-1.amazonaws.com/dev": "API Gateway's CORS settings and, with proxy integration, in what"
    " the function returns",
    "https://a.lambda-url.eu-west-1.on.aws/": "the CORS settings of the function URL",
    "https://a.example/auth/realms/b/protocol/openid-connect/token": "Web origins of the client in Keycloak",
    "http://127.0.0.1:11434/api/chat": "OLLAMA_ORIGINS, an environment variable of Ollama",
    "https://s3.example.com/a": "",
    "https://amazonaws.com.example/": "",
}  # fmt: skip


@pytest.mark.parametrize(("url", "place"), SERVICES.items())
def test_place_where_a_service_is_configured_is_named(url, place, explain):
    text = CHROMIUM.replace(URL, url)
    where = f" (in {place})" if place else ""
    last = explain(text + MISSING, "--offline")[1][-1]
    assert last == (
        f"BLOCKED: {ACAO} is missing. To fix it, send {ACAO}: {PAGE}{where}{ERROR_FIRST}"
    )
    if " of the client" in place or "OLLAMA" in place:
        where = ""
    text += "Request header field x-a is not allowed by Access-Control-Allow-Headers"
    last = explain(text, "--offline")[1][-1]
    assert last.endswith(f"To fix it, add x-a to Access-Control-Allow-Headers{where}")


@pytest.mark.parametrize("path", ["a.png", "a.JPG?v=1", "a"])
def test_image_may_come_from_the_cache_of_the_browser(path, explain):
    text = CHROMIUM.replace(URL, f"https://a.example/{path}")
    text = text.replace("fetch", "image") if path == "a" else text
    assert explain(text + MISSING, "--offline")[1][-1] == (
        f"BLOCKED: {ACAO} is missing. To fix it, send {ACAO}: {PAGE}; if the header is there as soon as the browser's cache is"
        " switched off, the browser has stored the response to an img element without crossorigin: send Vary: Origin also"
        " without Origin"
    )


@pytest.mark.parametrize(
    ("url", "page", "said"),
    [("http://localhost:5000/a", PAGE, True), ("http://127.0.0.1/a", PAGE, True), ("http://localhost:5000/a", "http://localhost:3000", False),
     (URL, PAGE, False)],
)  # fmt: skip
def test_localhost_is_the_computer_of_whoever_opens_the_page(url, page, said, explain):
    text = f"GET {url} net::ERR_CONNECTION_REFUSED"
    last = explain("-", "--offline", "--origin", page, stdin=text)[1][-1]
    assert ("the computer of whoever opens the page" in last) == said
    assert last.endswith(" start the server, or correct the host and the port in the page's URL")


REPORT = json.dumps({"text": f"{BLOCKED}\n{BLOCKED}"})
CODES = {
    "copied fetch above": (
        f'fetch("{URL}", {{"headers": {{"X-A": "1"}}, "method": "POST", "credentials": "include"}});\n' + BLOCKED,
        "POST", ["X-A"], True),
    "code below": (f"> {BLOCKED}\n\naxios.put('{URL}', a, {{headers: {{'X-A': b}}}})", "PUT", ["X-A", "Content-Type"], False),
    "curl above": (f"curl '{URL}' -X PUT -H 'X-A: 1' -H 'Cookie: a=geheim'\n\nerror: {BLOCKED}", "PUT", ["X-A"], True),
    "code for another URL": (f"{BLOCKED}\n\naxios.put('{URL}/2', a, {{headers: {{'X-A': b}}}})", None, [], None),
    "code without a URL": (f"{BLOCKED}\n\naxios.put(url, a, {{headers: {{'X-A': b}}}})", None, [], None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "method", "names", "credentials"), CODES.values(), ids=CODES)
def test_message_is_read_with_the_code_that_sends_its_request(text, method, names, credentials):
    pasted = read_pasted(text)
    assert pasted.said.kind == "allow-origin-missing"
    assert (pasted.url, pasted.origin, pasted.method) == (URL, PAGE, method)
    assert ([name for name, _ in pasted.headers], pasted.credentials) == (names, credentials)


@pytest.mark.parametrize(
    "text",
    [f"fetch('https://b.example', {REPORT})", f'fetch("https://b.example", {{"body": {json.dumps(REPORT)}}})',
     f"curl https://b.example --data-raw '{REPORT}'"],
)  # fmt: skip
def test_message_that_a_request_sends_is_not_what_the_browser_said(text):
    pasted = read_pasted(text)
    assert (pasted.said, pasted.url) == (None, "https://b.example")


def test_response_header_in_the_code_is_told_with_the_message(explain):
    text = f"axios.get('{URL}', {{headers: {{'{ACAO}': '*'}}}})\n{BLOCKED}"
    assert explain("-", "--offline", stdin=text)[1][-1] == (
        f"BLOCKED: {ACAO} is missing. To fix it, send {ACAO}: {PAGE}{ERROR_FIRST}; and remove {ACAO} from the page's request: only a server"
        " sends it"
    )


def test_cors_message_comes_before_one_about_another_rule(explain):
    text = f"Origin {PAGE} is not allowed by {ACAO}. Status code: 200" + WEBKIT
    text += "\n[Error] WebSocket connection to 'wss://api.example.com/ws' failed: The network connection was lost."
    assert read_pasted(text).said.kind == "allow-origin-refused"
    assert read_pasted(text).url == URL


OWN = "; or, if it is the page's own server, request it as"
NAMES = {
    "www": ("https://www.a.example/b", "https://a.example", f"{OWN} https://a.example (an extra www.)"),
    "scheme": ("http://a.example/b", "https://a.example", f"{OWN} https://a.example (http instead of https)"),
    "local": ("http://127.0.0.1:8000/b", "http://localhost:8000", f"{OWN} http://localhost:8000 (localhost and 127.0.0.1 are"
              " different origins)"),
    "port": ("http://localhost:8000/b", "http://localhost:3000", ""),
    "local with another port": ("http://127.0.0.1:8000/b", "http://localhost:3000", ""),
    "application": ("http://localhost/b", "capacitor://localhost", ""),
    "other": ("https://b.example/", "https://a.example", ""),
}  # fmt: skip


@pytest.mark.parametrize(("url", "page", "own"), NAMES.values(), ids=NAMES)
def test_url_may_be_the_pages_own_server_under_another_name(url, page, own, explain):
    last = explain(CHROMIUM.replace(URL, url).replace(PAGE, page) + MISSING, "--offline")[1][-1]
    assert last == (f"BLOCKED: {ACAO} is missing. To fix it, send {ACAO}: {page}{own}{ERROR_FIRST}")


PICK = (
    "let the server compare the request's Origin with its list, and send back the one that matches:"
)
TWICE = f"was sent more than once; usually by the application and by a proxy in front of it. To fix it, let only one of them send {ACAO}:"
SEVERAL = {
    f"{PAGE}, {PAGE}": TWICE,
    "*, *": TWICE,
    f"*, {PAGE}": TWICE,
    "https://a.example, https://b.example": f"is 'https://a.example, https://b.example', and browsers do not pick one from a"
    f" list. To fix it, {PICK}",
    f"{PAGE} https://b.example": f"is '{PAGE} https://b.example', and browsers do not pick one from a list. To fix it, {PICK}",
}  # fmt: skip


@pytest.mark.parametrize(("value", "told"), SEVERAL.items())
def test_list_of_origins_is_told_from_a_header_that_was_sent_twice(value, told, explain):
    text = CHROMIUM + f"The '{ACAO}' header contains multiple values '{value}', but only one is"
    assert explain(text, "--offline")[1][-1] == f"BLOCKED: {ACAO} {told} {PAGE}"


SCHEMES = {
    "file:///C:/a.js": "the URL or the page is not on http(s). To fix it, serve the page and what it loads with a web server,"
    " such as python3 -m http.server, and open it by http://localhost instead of as a file",
    "localhost:3000/api": "the URL localhost:3000/api has no scheme. To fix it, write http://localhost:3000/api in the page",
    "ftp://a.example/": "the URL or the page is not on http(s). To fix it, serve both over http(s)",
}


@pytest.mark.parametrize(("url", "told"), SCHEMES.items())
def test_url_without_http_is_mended_where_it_goes_wrong(url, told, explain):
    text = CHROMIUM.replace(URL, url) + "Cross origin requests are only supported for protocol"
    assert explain(text, "--offline")[1][-1] == f"BLOCKED: {told}"
    text = f"XMLHttpRequest cannot load {url}. Cross origin requests are only supported for HTTP."
    if url.startswith("file:"):
        assert explain("-", "--offline", stdin=text)[1][-1] == f"BLOCKED: {told}"


STARTS = {
    "reason": (f"No '{ACAO}' header is present on the requested resource. {THEREFORE}", "allow-origin-missing", PAGE, None),
    "title": ("Response to preflight request doesn't pass access control check: It does not have HTTP ok status", "status",
              None, None),
    "middle": (f"from origin '{PAGE}' has been blocked by CORS policy: Request header field x-a is not allowed by "
               "Access-Control-Allow-Headers in preflight response.", "header", PAGE, None),
    "status": ("Response for preflight has invalid HTTP status code 405", "status", None, 405),
    "line below": (f"No '{ACAO}' header is present on the requested resource.\nGET {URL} net::ERR_FAILED 500 (Oh)",
                   "allow-origin-missing", None, 500),
}  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "origin", "status"), STARTS.values(), ids=STARTS)
def test_message_without_its_start_is_understood_offline(text, kind, origin, status, explain):
    pasted = read_pasted(text)
    assert (pasted.said.kind, pasted.origin, pasted.response_status) == (kind, origin, status)
    arguments = ("-", "--offline", "--origin", PAGE)
    assert explain(*arguments, stdin=text)[1][-1].startswith("BLOCKED: ")
    assert explain(text, *arguments[1:]) == explain(*arguments, stdin=text)
    if URL not in text:
        assert "it has no URL" in "".join(explain("-", "--origin", PAGE, stdin=text)[2])


def test_empty_segment_in_a_url_is_why_a_preflight_is_redirected(explain):
    text = (
        CHROMIUM.replace("/basket", "//v1//basket/")
        + PREFLIGHT
        + "Redirect is not allowed for a preflight"
    )
    last = explain(text, "--offline")[1][-1]
    assert last.startswith(
        "BLOCKED: the preflight was redirected. To fix it, request https://api.example.com/v1/basket/, without the empty"
        " segment; else request the URL that it redirects to"
    )


def test_response_header_in_a_request_is_told_without_any_response(explain):
    text = f"axios.get('{URL}', {{headers: {{'{ACAO}': '*', 'X-A': '1'}}}})"
    last = explain("-", "--offline", "--origin", PAGE, stdin=text)[1][-1]
    assert last.endswith(
        f"the paste contains no response, and nothing is sent; and remove {ACAO} from the page's request: only a server sends it"
    )


@pytest.mark.parametrize("origin", ["*", "tmp"])
def test_origin_that_no_page_has_is_refused_in_words_about_a_page(origin, explain):
    text = f"$ curl -i {URL} -H 'Origin: {origin}'\nHTTP/1.1 200 OK\nVary: Origin\n\n"
    (error,) = explain("-", "--offline", stdin=text)[2]
    assert error.endswith("such as 'https://app.example.com'")


def test_permission_comes_first_where_a_page_asks_the_computer_of_its_user(explain):
    text = CHROMIUM.replace(URL, "http://127.0.0.1:5700/a")
    text += "Permission was denied for this request to access the `loopback` address space."
    fix = explain(text, "--offline")[1][-1].partition("To fix it, ")[2]
    assert fix.startswith("allow it in the site settings of the page")
    assert fix.endswith(
        "; or, if the server does not run on the computer of whoever opens the page, which 127.0.0.1 is, request it by its own"
        " host name"
    )


def test_blocked_then_and_allowed_now_is_unknown(explain, tmp_path):
    app = app_sending((ACAO, "*"), ("Access-Control-Allow-Headers", "*"))
    with serving(app) as port:
        base = f"http://127.0.0.1:{port}"
        message = CHROMIUM.replace(URL, f"{base}/x").replace("https:", "http:")
        status, lines, _ = explain(message + f"No '{ACAO}' header is present on the")
        assert status == 1
        assert lines[-1].startswith(f"UNKNOWN: GET {base}/x for a page on")
        assert (
            "possible causes: the page's own request failed with 413, 500 or 504, for example, and without CORS headers"
            in lines[-1]
        )
        (tmp_path / "paste").write_text(message + f"No '{ACAO}' header is present")
        assert f"UNKNOWN: GET {base}/y" in explain(f"{base}/y", "--pasted", "paste")[1][-1]
        status, lines, _ = explain(message + PREFLIGHT + "It does not have HTTP ok status.")
        assert status == 1
        assert lines[-1].endswith(
            "is allowed now, but the browser blocked it; possible causes: a library adds a "
            "header to the page's request; the browser has cached a preflight or a response; an "
            "extension, a service worker or a proxy interferes; the server has changed since"
        )


def test_paste_is_asked_of_a_configuration_without_its_secrets(explain, tmp_path):
    (tmp_path / "a.ini").write_text(
        "[filter:cors]\nuse = egg:wsgicors\norigin = https://shop.example.com\nmethods = PUT\n"
    )
    (tmp_path / "paste").write_text(
        f"curl '{URL}?token=geheim' -X PUT -H 'Origin: {PAGE}' -H 'X-Token: geheim' -b 'a=geheim'"
    )
    status, lines, errors = explain("a.ini", "--pasted", "paste", "--offline")
    assert (status, errors) == (1, [])
    assert "geheim" not in "".join(lines)
    assert "> OPTIONS /basket?token=... HTTP/1.1" in lines
    assert "--  ignored in the paste because browsers set them: Origin, Cookie" in lines
    assert lines[-1].startswith("BLOCKED: ")
    assert "x-token" in lines[-1]
    arguments = ("a.ini", "--pasted", "paste", "-H", "X-Token: mine", "--path", "/x", "-X", "PATCH")
    assert "> OPTIONS /x HTTP/1.1" in explain(*arguments)[1]


def test_har_file_is_explained_by_its_path(explain, tmp_path):
    (tmp_path / "a.har").write_text(HAR)
    status, lines, _ = explain("a.har", "--offline")
    assert (status, lines[0]) == (1, "--  this is a HAR file")
    assert lines[1] == "--  ignored in the paste because browsers set them: Origin"
    assert lines[2] == f"--  only the first request is explained; the paste also has {URL}?2"
    assert lines[-1].startswith(f"BLOCKED: the response to PUT: {ACAO} is missing")


def test_har_file_is_explained_by_the_request_in_trouble(explain, tmp_path):
    def entry(path, status, *headers):
        sent = [{"name": "Origin", "value": PAGE}]
        answered = [{"name": name, "value": value} for name, value in headers]
        return {"request": {"method": "GET", "url": URL + path, "headers": sent},
                "response": {"status": status, "headers": answered}}  # fmt: skip

    entries = [entry("", 200, (ACAO, "*")), entry("/b", 200, (ACAO, PAGE)), entry("/c", 500)]
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": entries}}))
    status, lines, errors = explain("a.har", "--offline")
    assert (status, errors) == (1, [])
    assert lines[2] == f"--  only the first request is explained; the paste also has {URL}, {URL}/b"
    assert lines[-1] == (
        f"BLOCKED: GET {URL}/c returned 500 Internal Server Error: the application failed, and this error "
        f"lacks {ACAO}. To fix it, read the server's log for the exception and fix that"
    )


def test_url_alone_is_a_request(explain):
    status, lines, errors = explain("-", "--offline", "--origin", PAGE, stdin=f"{URL}\n")
    assert (status, errors) == (1, [])
    assert lines == [
        "--  this is a URL",
        f"UNKNOWN: GET {URL} for a page on {PAGE}: the paste contains no response, and nothing is sent",
    ]


SIMPLE = f"""\
GET /basket HTTP/1.1
Host: api.example.com
Origin: {PAGE}
HTTP/1.1 200 OK
"""
ASKED = f"""\
OPTIONS /basket HTTP/1.1
Host: api.example.com
Origin: {PAGE}
Access-Control-Request-Method: PUT
Access-Control-Request-Headers: x-a,content-type
HTTP/1.1 200 OK
"""
ALL = "Access-Control-Allow-Methods: PUT\nAccess-Control-Allow-Headers: X-A, Content-Type\n"
NOT_THERE = " not in the paste"
DUMPS = {
    "allowed": (SIMPLE + f"{ACAO}: *", f"ALLOWED: GET {URL} for a page on {PAGE}, according to the pasted response"),
    "missing": (SIMPLE + "Date: x", f"BLOCKED: the response to GET: {ACAO} is missing; it should be {PAGE} or *"
                ". To fix it, let the server send the headers above"),
    "without-its-preflight": (HTTP1 + f"< {ACAO}: *", f"UNKNOWN: PUT {URL} for a page on {PAGE}: the pasted response "
                              "passes, but the response to its preflight is not in the paste"),
    "redirect": (SIMPLE.replace("200 OK", "302 Found") + f"{ACAO}: *\nLocation: /login?token=geheim",
                 f"UNKNOWN: GET {URL} for a page on {PAGE}: the response after "
                 "the redirect to https://api.example.com/login?token=... is not in the paste"),
    "preflight": (ASKED + f"{ACAO}: *\n{ALL}", f"UNKNOWN: PUT {URL} for a page on {PAGE}: the pasted preflight "
                  "passes, but the response to the request itself is not in the paste"),
    "preflight-origin": (ASKED + ALL, f"BLOCKED: the response to the preflight: {ACAO} is missing; it should be "
                         f"{PAGE} or *; it has Access-Control-Allow-Methods, so the server supports CORS but does not allow "
                         f"this origin. To fix it, add {PAGE} to the origins that the server allows"),
    "preflight-method": (ASKED + f"{ACAO}: *\n" + ALL.replace("PUT", "POST"),
                         "BLOCKED: Access-Control-Allow-Methods in the preflight response is 'POST'; it must include PUT. "
                         "To fix it, add PUT to the methods that the server allows"),
    "preflight-header": (ASKED + f"{ACAO}: *\n" + ALL.replace("X-A, ", ""),
                         "BLOCKED: Access-Control-Allow-Headers in the preflight response is 'Content-Type'; it must include x-a. "
                         "To fix it, add x-a to the request headers that the server allows"),
    "preflight-status": (ASKED.replace("200 OK", "401 No"), "BLOCKED: the preflight to "
                         f"{URL} returned 401 Unauthorized: the server requires a login, which a preflight never carries. "
                         "To fix it, let OPTIONS pass without a login: handle CORS before authentication"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "last"), DUMPS.values(), ids=DUMPS)
def test_dump_is_judged_offline(explain, text, last):
    status, lines, errors = explain("-", "--offline", stdin=text)
    assert (status, errors) == (0 if last.startswith("ALLOWED") else 1, [])
    assert lines[-1] == last


BOTH = {
    "allowed": (f"{ACAO}: *\n{ALL}", f"{ACAO}: *\n", "ALLOWED: PUT"),
    "preflight": (
        f"{ACAO}: *\n",
        f"{ACAO}: *\n",
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is missing",
    ),
    "response": (
        f"{ACAO}: *\n{ALL}",
        "",
        "BLOCKED: the response to PUT: Access-Control-Allow-Origin is missing",
    ),
}


def har_of(text):
    """The HAR file of two exchanges; browsers list the request before its preflight."""
    entries = []
    for block in text.split("\n\n"):
        heads, _, answer = block.partition("HTTP/1.1 200 OK")
        sent, received = (
            [
                dict(zip(("name", "value"), line.split(": ")))
                for line in part.splitlines()
                if ": " in line
            ]
            for part in (heads, answer)
        )
        request = {"url": URL, "method": block.split()[0], "headers": sent}
        entries.insert(0, {"request": request, "response": {"status": 200, "headers": received}})
    return json.dumps({"log": {"entries": entries}})


@pytest.mark.parametrize(("preflight", "response", "last"), BOTH.values(), ids=BOTH)
def test_preflight_and_its_request_are_judged_together(explain, preflight, response, last):
    request = SIMPLE.replace("GET", "PUT").replace("HTTP/1.1 200", "X-A: 1\nHTTP/1.1 200")
    text = f"{ASKED}{preflight}\n{request}Date: x\n{response}"
    for paste in (text, har_of(text)):
        status, lines, errors = explain("-", "--offline", stdin=paste)
        assert (status, errors) == (0 if last == "ALLOWED: PUT" else 1, [])
        assert lines[-1].startswith(last)
        assert "the paste also has" not in "".join(lines)


def test_text_file_is_explained_by_its_path(explain, tmp_path):
    (tmp_path / "a.txt").write_text(DUMPS["allowed"][0])
    assert explain("a.txt", "--offline")[1][-1] == DUMPS["allowed"][1]


def test_request_without_its_response_is_unknown_offline(explain):
    status, lines, _ = explain("-", "--offline", stdin=CURL)
    assert status == 1
    assert lines[-1].endswith("the paste contains no response, and nothing is sent")


WRONG = {
    "no-origin": ((f"curl {URL} -k",), "", "give it with --origin"),
    "unreadable": (("-",), "x", "no request was found"),
    "no-url": (("-",), f"Origin {PAGE} is not allowed by {ACAO}.", "it has no URL"),
    "relative": (("-",), 'fetch("/a")', "the URL '/a' is not absolute"),
    "no-url-offline": (
        ("-", "--offline", "--origin", PAGE),
        f"HTTP/1.1 200 OK\n{ACAO}: {PAGE}/",
        "it has no URL",
    ),
    "no-file": (("a.ini", "--pasted", "gone"), "", "gone cannot be read"),
    "offline": ((URL, "--origin", PAGE, "--offline"), "", "--offline needs a paste"),
    "bad-origin": (
        ("-", "--offline", "--origin", "https://*.a.example"),
        CHROMIUM,
        "is not the origin of one page",
    ),
    "no-paste": ((URL,), "", "the page's origin is unknown: give it with --origin"),
    "bad-url": (("-", "--offline"), HTTP1.replace("api.example", "a b"), "a b"),
    "escape": (("-",), 'fetch("\\u001b[1m")', "the URL '\\x1b[1m'"),
}


@pytest.mark.parametrize(("arguments", "stdin", "message"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_an_error(explain, arguments, stdin, message):
    status, lines, errors = explain(*arguments, stdin=stdin)
    assert status == 2
    assert message in "\n".join(errors)
    assert all(line.isprintable() for line in lines + errors)


def noting(noted, *headers, status="200 OK"):
    """An application that notes the cookies of each request."""
    app = app_sending(*headers, status=status)

    def noting_app(environ, start_response):
        noted.append((environ["REQUEST_METHOD"], environ.get("HTTP_COOKIE")))
        return app(environ, start_response)

    return noting_app


CREDENTIALS = ((ACAO, PAGE), ("Access-Control-Allow-Credentials", "true"))


@pytest.mark.parametrize("send", [True, False])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_cookies_of_a_paste_are_sent_with_send_only(explain, method, send):
    noted = []
    with serving(noting(noted, *CREDENTIALS)) as port:
        text = f"curl http://127.0.0.1:{port}/ -X {method} -e {PAGE}/ -b 'a=geheim; b=geheim=; c'"
        status, lines, errors = explain(text, *["--send"] * send)
    sent = "a=geheim; b=geheim=; c=" if send else None
    assert noted == ([] if method == "POST" and not send else [(method, sent)])
    assert errors == []
    assert "geheim" not in "".join(lines)
    assert ("> Cookie: ..." in lines) is send
    said = "sent as well" if send else "not sent: --send sends them"
    assert f"--  the cookies in the paste are {said}" in lines
    assert status == (0 if noted else 1)


def test_cookies_are_neither_in_preflights_nor_sent_to_another_host(explain):
    noted, others = [], []
    with serving(noting(others, *CREDENTIALS)) as other:
        away = ("Location", f"http://localhost:{other}/")
        with serving(noting(noted, *CREDENTIALS, away, ("Access-Control-Allow-Headers", "x-a"),
                            status="307 Away")) as port:  # fmt: skip
            text = f"curl http://127.0.0.1:{port}/ -e {PAGE}/ -b a=geheim"
            explain(text, "--send")
            explain(f"{text} -H 'X-A: 1'", "--send")
    assert noted == [("GET", "a=geheim"), ("OPTIONS", None)]
    assert others == [("GET", None)]


DOUBTFUL = f"curl -X GET -H 'Origin: {PAGE}' -H 'Authorization: Bearer geheim' "
MODES = "allowed without credentials, blocked with them, and the paste does not say which it is"
BY_MODE = {
    "differ": ("*", f"UNKNOWN: {MODES}: "),
    "allowed": (PAGE, "ALLOWED: "),
    "blocked": ("https://other.example", "BLOCKED: "),
}


@pytest.mark.parametrize(("allow_origin", "last"), BY_MODE.values(), ids=BY_MODE)
def test_both_credentials_modes_are_played_where_a_paste_does_not_tell(explain, allow_origin, last):
    """Browsers copy the same for a cookie and for Authorization alone."""
    sent = [(ACAO, allow_origin), ("Access-Control-Allow-Headers", "Authorization")]
    sent.append(("Access-Control-Allow-Credentials", "true"))
    with serving(app_sending(*sent)) as port:
        status, lines, errors = explain(f"{DOUBTFUL} http://127.0.0.1:{port}/")
    assert (status, errors) == (last != "ALLOWED: ", [])
    assert lines[-1].startswith(last), lines
    assert "geheim" not in "".join(lines)
    recorded = "".join(f"{name}: {value}\n" for name, value in sent)
    dump = SIMPLE.replace("HTTP/1.1 200", "Authorization: Bearer geheim\nHTTP/1.1 200") + recorded
    status, lines, errors = explain("-", "--offline", stdin=dump)
    assert (status, errors) == (1, [])
    missing = last if last != "ALLOWED: " else "UNKNOWN: GET"
    assert lines[-1].startswith(missing), lines


REDIRECTED = CHROMIUM.replace(
    "from origin", "(redirected from 'https://api.example.com/') from origin"
)
ORIGINS = {
    "page": (CHROMIUM, (), f"send {ACAO}: {PAGE}{ERROR_FIRST}"),
    "url": (CHROMIUM, ("--origin", "https://other.example/cart?a"), f"send {ACAO}: https://other.example{ERROR_FIRST}"),
    "app": (CHROMIUM.replace(PAGE, "app://."), (), f"send {ACAO}: app://.{ERROR_FIRST}"),
    "no host": (CHROMIUM.replace(PAGE, "app://"), (), f"send {ACAO}: app://{ERROR_FIRST}"),
    "null": (CHROMIUM.replace(PAGE, "null"), (), "serve the page over http or https, not from a file or in a sandboxed "
             "frame; if the request was redirected to another origin, request the final URL directly"),
    "redirected": (REDIRECTED, (), f"request {URL} directly, and let its server send {ACAO}: {PAGE}"),
    "redirected from no URL": (REDIRECTED.replace("'https://api.example.com/'", "'https://['"), (),
                               f"request {URL} directly, and let its server send {ACAO}: {PAGE}"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "arguments", "fix"), ORIGINS.values(), ids=ORIGINS)
def test_fix_names_the_origin_that_the_server_gets(explain, text, arguments, fix):
    """That is null after a redirect from one foreign origin to another, and null is never advised."""
    status, lines, errors = explain(text + MISSING, "--offline", *arguments)
    assert (status, errors) == (1, [])
    assert lines[-1] == f"BLOCKED: {ACAO} is missing. To fix it, {fix}"


def test_response_header_in_a_request_is_removed_from_the_page(explain):
    text = (
        CHROMIUM
        + "Request header field access-control-allow-origin is not allowed by Access-Control-Allow-Headers"
    )
    status, lines, errors = explain(text, "--offline")
    assert (status, errors) == (1, [])
    assert lines[-1] == (
        "BLOCKED: Access-Control-Allow-Headers does not include access-control-allow-origin. To fix it, "
        "remove access-control-allow-origin, a response header, from the page's request"
    )


METHODS = {
    "named": (CHROMIUM + "Method PUT is not allowed by Access-Control-Allow-Methods",
              "does not include the method PUT. To fix it, add PUT to Access-Control-Allow-Methods"),
    "patch": (CHROMIUM + "Method patch is not allowed by Access-Control-Allow-Methods",
              "does not include the method patch. To fix it, write PATCH instead of patch in the page, and add "
              "PATCH to Access-Control-Allow-Methods"),
    "unnamed": (FIREFOX + "Did not find method in CORS header ‘Access-Control-Allow-Methods’).",
                "does not name the request's method. To fix it, add it to Access-Control-Allow-Methods, in "
                "upper case"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "answer"), METHODS.values(), ids=METHODS)
def test_method_that_is_missing_is_named_where_the_message_names_it(explain, text, answer):
    status, lines, errors = explain(text, "--offline", "--origin", PAGE)
    assert (status, errors) == (1, [])
    assert lines[-1] == f"BLOCKED: Access-Control-Allow-Methods {answer}"


@pytest.mark.parametrize(
    "text", [f"fetch('{URL}', {{mode: 'no-cors'}})", f'fetch("{URL}", {{"mode": "no-cors"}})']
)
@pytest.mark.parametrize("target", [("-",), ("-", "--offline"), ("a.ini", "--pasted", "-")])
def test_page_that_asks_with_no_cors_reads_nothing_from_any_server(explain, text, target, tmp_path):
    (tmp_path / "a.ini").write_text("[filter:cors]\nuse = egg:wsgicors\norigin = *\n")
    status, lines, errors = explain(*target, "--origin", PAGE, stdin=text)
    assert (status, errors) == (1, [])
    assert lines[-1] == (
        "BLOCKED: the page asks with mode: 'no-cors', with which no page may read the response. To fix it, "
        "take that mode out of the page's code, and explain the request again without it"
    )


def test_mode_same_origin_is_the_cause_whatever_the_response_is(explain):
    text = CONSOLE["mode-2026"][0]
    last = "BLOCKED: the page sends the request with mode: 'same-origin'. To fix it, remove that mode from the page's code"
    pasted = f"{text}\n\nResponse Headers\nserver: nginx\nstatus: 502\n"
    assert explain("-", stdin=text)[1][-1] == last
    assert explain("-", "--offline", stdin=pasted)[1][-1] == last


def test_page_without_http_is_answered_from_the_message(explain):
    text = CHROMIUM.replace(URL, "file:///a").replace(PAGE, "null")
    text += "Cross origin requests are only supported for protocol schemes: http"
    assert explain(text)[1][-1] == (f"BLOCKED: {SCHEMES['file:///C:/a.js']}")


NO_REQUEST = {
    "local-file": ("Not allowed to load local resource: file:///etc/a.png", f"BLOCKED: {SCHEMES['file:///C:/a.js']}"),
    "no-cors": ("TypeError: Failed to execute 'fetch' on 'Window': 'PUT' is unsupported in no-cors mode.",
                "BLOCKED: the page asks with mode: 'no-cors', with which no page may read the response. To fix it, take "
                "that mode out of the page's code, and explain the request again without it"),
    "no-cors-of-webkit": ("TypeError: Method must be GET, POST or HEAD in no-cors mode.",
                          "BLOCKED: the page asks with mode: 'no-cors', with which no page may read the response. To fix "
                          "it, take that mode out of the page's code, and explain the request again without it"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "last"), NO_REQUEST.values(), ids=NO_REQUEST)
def test_message_without_a_request_to_send_is_answered(explain, text, last):
    status, lines, errors = explain("-", "--offline", "--origin", PAGE, stdin=text)
    assert (status, lines[-1], errors) == (1, last, [])


def test_error_of_a_script_is_not_a_header():
    with pytest.raises(PasteError, match="no request was found in this paste"):
        read_pasted("SyntaxError: Unexpected token ':'")


def test_real_cause_comes_before_a_header_that_the_page_may_not_set():
    text = f'Refused to set unsafe header "Origin"\nOrigin {PAGE} is not allowed by {ACAO}.{WEBKIT}'
    assert read_pasted(text).said.kind == "allow-origin-refused"


@pytest.mark.parametrize("name", ["notes.txt", "trouble.har"])
@pytest.mark.parametrize("form", ["{}", "curl {} -H 'Origin: https://a.example'"])
def test_url_that_ends_like_a_file_is_not_opened_as_one(name, form, explain):
    target = form.format(f"http://127.0.0.1:9/{name}")
    status, lines, _ = explain(target, "--origin", "https://a.example")
    assert status == 1
    assert lines[-1] == ("BLOCKED: browsers block port 9. To fix it, serve the API on another port")


ANSWER_OPTIONS = f"answer OPTIONS with 200 and the headers {ACAO}, Access-Control-Allow-Methods and Access-Control-Allow-Headers"
NOT_OK = "and the preflight did not return a status from 200 to 299. To fix it, "
FAILED = FIREFOX + "CORS preflight response did not succeed). Status code: "
ERRORS = {
    "response": (FIREFOX + f"CORS header ‘{ACAO}’ missing). Status code: 502.",
                 "BLOCKED: the response is 502 Bad Gateway: a gateway got no valid response from the application behind it;"
                 f" and {ACAO} is missing. To fix it, see whether the application runs, and read its log; then send"
                 f" {ACAO}: {PAGE}"),
    "400": (FAILED + "400.", "BLOCKED: the response is 400 Bad Request: the server refuses the preflight as bad: its CORS filter"
            " may not allow the origin, the method or a header, or it misses the body of the page's request, which a preflight"
            f" does not have; {NOT_OK}allow {PAGE}, the method and the request headers in its CORS configuration; if it has"
            " none, answer OPTIONS there with 200 and the headers that browsers need, before validation and handler; then"
            f" {ANSWER_OPTIONS}"),
    "401": (FAILED + "401.", "BLOCKED: the response is 401 Unauthorized: the server requires a login, which a preflight never"
            f" carries; {NOT_OK}let OPTIONS pass without a login: handle CORS before authentication; then {ANSWER_OPTIONS}"),
    "403": (FAILED + "403.", "BLOCKED: the response is 403 Forbidden: the server, or something in front of it, refuses the"
            f" preflight; {NOT_OK}look for a CORS filter that does not allow {PAGE} or a firewall that blocks OPTIONS; then"
            f" {ANSWER_OPTIONS}"),
    "404": (FAILED + "404.", "BLOCKED: the response is 404 Not Found: the server has nothing at this URL, or does not handle"
            f" OPTIONS there; {NOT_OK}check the URL; if it is right, {ANSWER_OPTIONS}"),
    "405": (FAILED + "405.", "BLOCKED: the response is 405 Method Not Allowed: the server does not handle OPTIONS at this URL;"
            f" {NOT_OK}{ANSWER_OPTIONS}"),
    "407": (FAILED + "407.", "BLOCKED: the response is 407 Proxy Authentication Required: the server requires a login, which a"
            f" preflight never carries; {NOT_OK}let OPTIONS pass without a login: handle CORS before authentication; then"
            f" {ANSWER_OPTIONS}"),
    "429": (FAILED + "429.", "BLOCKED: the response is 429 Too Many Requests: the server limits the number of requests, and"
            f" counts preflights as well; {NOT_OK}{ANSWER_OPTIONS}"),
    "500": (FAILED + "500.", "BLOCKED: the response is 500 Internal Server Error: the application failed;"
            f" {NOT_OK}read the server's log for the exception and fix that; then {ANSWER_OPTIONS}"),
    "no-status": (FAILED + "(null).", "UNKNOWN: the preflight got no status, and this line does not say why: paste the line"
                  " above it in the console as well"),
    "no-status-with-its-cause": (
        FAILED + "(null).\n" + FIREFOX + "Did not find method in CORS header ‘Access-Control-Allow-Methods’).",
        "BLOCKED: Access-Control-Allow-Methods does not name the request's method. To fix it, add it to"
        " Access-Control-Allow-Methods, in upper case"),
    "webkit": ("Preflight response is not successful. Status code: 404" + WEBKIT,
               "BLOCKED: the response is 404 Not Found: the server has nothing at this URL, or does not handle OPTIONS there;"
               f" {NOT_OK}check the URL; if it is right, {ANSWER_OPTIONS}"),
    "chromium": (CHROMIUM + PREFLIGHT + "It does not have HTTP ok status.",
                 "BLOCKED: the preflight did not return a status from 200 to 299. To fix it, look at the status of OPTIONS in"
                 " the network panel (404: correct the URL; 401 or 403: let OPTIONS pass without a login; 5xx: read the server's"
                 f" log), and {ANSWER_OPTIONS}"),
    "chromium-without-headers": (
        CHROMIUM + PREFLIGHT + f"No '{ACAO}' header is present on the requested resource.\n"
        f"PUT {URL} net::ERR_FAILED 405 (Method Not Allowed)",
        "BLOCKED: the response is 405 Method Not Allowed: the server does not handle OPTIONS at this URL; and"
        f" {ACAO} is missing in the response to the preflight, an OPTIONS request. To fix it, answer OPTIONS with 200, and"
        f" send {ACAO}: {PAGE}"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "last"), ERRORS.values(), ids=ERRORS)
def test_error_status_in_a_message_is_said_first(text, last, explain):
    status, lines, errors = explain("-", "--offline", "--origin", PAGE, stdin=text)
    assert (status, lines[-1], errors) == (1, last, [])


ASKED_FOR = f"GET {URL} for a page on {PAGE}"
REPEAT = f"repeat it with curl -i -H 'Origin: {PAGE}'"
FROM = f"-H 'Origin: {PAGE}'"
UNLIKE = {
    "no-origin": (
        f"$ curl -i {URL}\nHTTP/1.1 200 OK\nVary: Origin\n\n[]",
        f"UNKNOWN: {ASKED_FOR}: curl sent no Origin, so the server, which returned 200 OK, was not asked about {PAGE}: {REPEAT}"),
    "no-origin-and-an-error": (
        f"$ curl -i {URL}\nHTTP/1.1 500 No\nContent-Type: text/plain\n\n",
        f"UNKNOWN: {ASKED_FOR}: curl sent no Origin, so the server, which returned 500 Internal Server Error, was not asked"
        f" about {PAGE}: {REPEAT}"),
    "no-origin-and-a-star": (
        f"$ curl -i {URL}\nHTTP/1.1 200 OK\n{ACAO}: *\n\n[]",
        f"ALLOWED: {ASKED_FOR}, according to the pasted response"),
    "no-origin-needed": (
        f"$ curl -i -X TRACE {URL}\nHTTP/1.1 200 OK\nVary: Origin\n\n[]",
        "BLOCKED: TRACE is a forbidden method: no page may send it. To fix it, use another method, such as POST, in the"
        " page and on the server"),
    "another-origin": (
        f"$ curl -i {URL} -H 'Origin: https://evil.example'\nHTTP/1.1 200 OK\nVary: Origin\n\n",
        f"UNKNOWN: {ASKED_FOR}: the response is to the origin https://evil.example, and says nothing of {PAGE}: {REPEAT}"),
    "another-origin-in-a-dump": (
        SIMPLE.replace(PAGE, "https://evil.example") + f"{ACAO}: https://evil.example",
        f"UNKNOWN: {ASKED_FOR}: the response is to the origin https://evil.example, and says nothing of {PAGE}: {REPEAT}"),
    "no-preflight": (
        f"$ curl -i -X OPTIONS {URL} {FROM}\nHTTP/1.1 405 No\nAllow: GET\n\n",
        f"UNKNOWN: OPTIONS {URL} for a page on {PAGE}: without Access-Control-Request-Method, this OPTIONS is not a preflight;"
        " the server returned 405 Method Not Allowed, so it does not handle OPTIONS by itself: "
        f"{REPEAT} -H 'Access-Control-Request-Method: ...', with the method of the page's request"),
    "no-preflight-and-no-headers": (
        f"$ curl -i -X OPTIONS {URL} {FROM}\nHTTP/1.1 200 OK\nAllow: GET\n\n",
        f"UNKNOWN: OPTIONS {URL} for a page on {PAGE}: without Access-Control-Request-Method, this OPTIONS is not a preflight;"
        f" the server returned 200 OK: {REPEAT} -H 'Access-Control-Request-Method: ...', with the method of the page's request"),
    "no-preflight-that-passes": (
        f"$ curl -i -X OPTIONS {URL} {FROM}\nHTTP/1.1 200 OK\n{ACAO}: {PAGE}\n\n",
        f"UNKNOWN: OPTIONS {URL} for a page on {PAGE}: without Access-Control-Request-Method, this OPTIONS is not a preflight;"
        f" the server returned 200 OK: {REPEAT} -H 'Access-Control-Request-Method: ...', with the method of the page's request"),
    "preflight": (
        f"$ curl -i -X OPTIONS {URL} {FROM} -H 'Access-Control-Request-Method: PUT'\nHTTP/1.1 405 No\nDate: x\n\n",
        f"BLOCKED: the preflight to {URL} returned 405 Method Not Allowed: the server does not handle OPTIONS at this URL. To"
        " fix it, answer OPTIONS there with a status from 200 to 299 and the headers above"),
    "mixed-content": (
        f"$ curl -i http://api.example.com/basket {FROM}\nHTTP/1.1 200 OK\nVary: Accept\n\n",
        f"BLOCKED: the response to GET: {ACAO} is missing; it should be {PAGE} or *. To fix it, let the server send the headers"
        " above; and serve the API over https, as the page is on https"),
    "mixed-content-alone": (
        f"$ curl -i http://api.example.com/basket {FROM}\nHTTP/1.1 200 OK\n{ACAO}: *\n\n",
        "BLOCKED: mixed content: the page is on https, so http://api.example.com must be https as well. To fix it, serve the API"
        " over https and use that URL in the page"),
    "head": (
        f"$ curl -I {URL} {FROM}\nHTTP/2 405\nallow: GET, POST\n\n",
        f"UNKNOWN: HEAD {URL} for a page on {PAGE}: curl -I sent HEAD, and the server returned 405 Method Not Allowed; the page"
        f" would send GET: {REPEAT}"),
    "head-that-is-handled": (
        f"$ curl -I {URL} {FROM}\nHTTP/2 200\ncontent-type: text/plain\n\n",
        f"BLOCKED: the response to HEAD: {ACAO} is missing; it should be {PAGE} or *. To fix it, let the server send the headers"
        " above"),
    "not-modified": (
        SIMPLE.replace("HTTP/1.1 200 OK", 'If-None-Match: "1"\n\nHTTP/1.1 304 Not Modified') + 'ETag: "1"',
        f"UNKNOWN: {ASKED_FOR}: a 304 leaves out headers, and the browser takes them from the response in its cache, which is"
        " not in the paste: switch the cache off in the developer tools, and copy it again"),
    "no-preflight-in-the-paste": (
        SIMPLE.replace("HTTP/1.1 200", "X-A: 1\nHTTP/1.1 200") + "Date: x",
        f"BLOCKED: the response to GET: {ACAO} is missing; it should be {PAGE} or *. To fix it, let the server send the headers"
        " above"),
    "error-without-a-preflight-in-the-paste": (
        SIMPLE.replace("HTTP/1.1 200 OK", "X-A: 1\nHTTP/1.1 500 No") + "Date: x",
        f"BLOCKED: GET {URL} returned 500 Internal Server Error: the application failed, and this error lacks {ACAO}. To fix"
        " it, read the server's log for the exception and fix that"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "last"), UNLIKE.values(), ids=UNLIKE)
def test_no_more_is_said_than_the_paste_shows(text, last, explain):
    status, lines, errors = explain("-", "--offline", "--origin", PAGE, stdin=text)
    assert (lines[-1], errors) == (last, [])
    assert status == (0 if last.startswith("ALLOWED") else 1)


LOCAL = "http://localhost:3000"
DIFFERS = f"The '{ACAO}' header has a value '{{}}' that is not equal to the supplied origin."
INVALID = f"The '{ACAO}' header contains the invalid value '{{}}'."
VALUES = {
    "slash": (DIFFERS, f"{LOCAL}/", LOCAL, f"; it should be {LOCAL} (a trailing slash)"),
    "scheme": (DIFFERS, "https://localhost:3000", LOCAL, f"; it should be {LOCAL} (https instead of http)"),
    "other": (DIFFERS, "https://b.example", PAGE, f"; it should be {PAGE}"),
    "no-scheme": (INVALID, "shop.example.com", PAGE, f"; it should be {PAGE} (no scheme)"),
    "empty": (INVALID, "", PAGE, f"; it should be {PAGE}"),
    "template": (INVALID, "{ORIGIN}", PAGE, f"; it should be {PAGE}"),
    "firefox": (FIREFOX + f"CORS header ‘{ACAO}’ does not match ‘{{}}’).", f"{PAGE}/", PAGE,
                f"; it should be {PAGE} (a trailing slash)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "value", "page", "instead"), VALUES.values(), ids=VALUES)
def test_value_of_the_header_is_shown_with_what_is_wrong_in_it(text, value, page, instead, explain):
    text = text.replace("{}", value)
    text = text if text.startswith(FIREFOX) else CHROMIUM.replace(PAGE, page) + text
    status, lines, errors = explain("-", "--offline", "--origin", page, stdin=text)
    assert (status, errors) == (1, [])
    assert lines[-1] == f"BLOCKED: {ACAO} is '{value}'{instead}. To fix it, send {ACAO}: {page}"


@pytest.mark.parametrize(
    ("text", "fix"), [(CHROMIUM.replace(PAGE, "null"), ORIGINS["null"][2]), (REDIRECTED, ORIGINS["redirected"][2])]
)  # fmt: skip
def test_value_is_not_compared_where_the_server_may_have_got_another_origin(text, fix, explain):
    text += DIFFERS.replace("{}", "https://b.example")
    status, lines, errors = explain("-", "--offline", stdin=text)
    assert (status, errors) == (1, [])
    assert lines[-1] == f"BLOCKED: {ACAO} is 'https://b.example'. To fix it, {fix}"


@pytest.mark.parametrize(
    "text", ["PUT {} 403 (Forbidden)", "app.js:12  PUT {} 403 (Forbidden)\n(anonymous) @ app.js:12"]
)
def test_status_in_the_console_is_read_with_its_request(text, explain):
    text = text.format(URL)
    for arguments, stdin in (("-",), text), ((text,), ""):
        status, lines, errors = explain(
            *arguments, "--offline", "--origin", f"{PAGE}/", stdin=stdin
        )
        assert (status, errors) == (1, [])
        assert lines == [
            "--  this is a line of Chromium's console",
            f"UNKNOWN: PUT {URL} for a page on {PAGE}: the response is 403 Forbidden, and its headers are not in the paste:"
            " paste them, or the line above it in the console, as well",
        ]
    with serving(app_sending((ACAO, "*"), status="403 Forbidden")) as port:
        last = explain(
            "-", "--origin", PAGE, stdin=f"GET http://127.0.0.1:{port}/ 403 (Forbidden)"
        )[1][-1]
    assert last == (
        f'ALLOWED: GET http://127.0.0.1:{port}/ for a page on {PAGE}; what it may read is an error, 403 "ok" by Python\'s'
        " wsgiref: the server refuses the request"
    )


@pytest.mark.parametrize(
    ("told", "space"), [(" to access the `loopback` address space.", "loopback"), (".", "local")]
)
def test_permission_that_was_denied_is_granted_in_the_site_settings(told, space, explain):
    text = CHROMIUM + "Permission was denied for this request" + told
    status, lines, errors = explain("-", "--offline", stdin=text)
    assert (status, errors) == (1, [])
    assert lines[-1] == (
        f"BLOCKED: the page has no permission to access {space} addresses: the user or a policy denied it. To fix it, allow it in"
        " the site settings of the page (the icon before its URL), and reload; a page in a frame also needs"
        ' allow="local-network-access" there'
    )
