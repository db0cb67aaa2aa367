"""Messages about the rules beside CORS: each is named for what it is, from its text alone.

The texts are those of Chromium 156, Firefox 153 and WebKitGTK 2.50, and of older versions as people report them;
``test_pasted_engines.py`` gets those with a URL out of the engines.
"""

from __future__ import annotations

import io
import sys

import pytest

from wsgicors_explain import main
from wsgicors_explain.neighbours import NEIGHBOURS
from wsgicors_explain.pasted import looks_pasted, read_pasted

pytestmark = pytest.mark.once

PAGE = "https://shop.example.com"
URL = "https://api.example.com/basket"
HTTP = URL.replace("https", "http")
WSS = URL.replace("https", "wss")
CSP = "violates the following Content Security Policy directive: "
OPENED = f"Mixed Content: The page at '{PAGE}/' was loaded over HTTPS, but "
CORP_HEADER = "Cross-Origin-Resource-Policy"
CANVAS = "SecurityError: Failed to execute 'toDataURL' on 'HTMLCanvasElement': "
FETCH_EVENT = f'The FetchEvent for "{URL}" resulted in a network error response: '
WORKER = f"Failed to load ‘{URL}’. A ServiceWorker passed "
FIREFOX_CSP = "Content-Security-Policy: The page’s settings blocked "

# By kind: the texts of the browsers.
MESSAGES = {
    "mixed-content": [
        f"{OPENED}requested an insecure resource '{HTTP}'. This request has been blocked; the content must be served",
        f"{OPENED}requested an insecure XMLHttpRequest endpoint '{HTTP}'. This request has been blocked; the content",
        f"{OPENED}attempted to connect to the insecure WebSocket endpoint 'ws://api.example.com/basket'. This request "
        "has been blocked; this endpoint must be available over WSS.",
        f"Blocked loading mixed active content “{HTTP}”",
        f"[blocked] The page at {PAGE}/ requested insecure content from {HTTP}. This content was blocked and must be "
        f"served over HTTPS.\nNot allowed to request resource\nFetch API cannot load {HTTP} due to access control checks.",
        f"[blocked] The page at {PAGE}/ requested insecure content from ws://api.example.com/. This content was blocked",
        "Failed to construct 'WebSocket': An insecure WebSocket connection may not be initiated from a page loaded",
    ],
    "upgraded": [
        f"{OPENED}requested an insecure element '{HTTP}'. This request was automatically upgraded to HTTPS, For more",
        f"{OPENED}requested an insecure image '{HTTP}'. This content should also be served over HTTPS.",
        f"The page at {PAGE}/ requested insecure content from {HTTP}. This content was automatically upgraded and",
        f"Loading mixed (insecure) display content “{HTTP}” on a secure page",
        f"Mixed Content: Upgrading insecure display request ‘{HTTP}’ to use ‘https’",
    ],
    "framing": [
        f"Refused to display '{URL}' in a frame because it set 'X-Frame-Options' to 'deny'.",
        f"Refused to frame '{URL}' because an ancestor {CSP}\"frame-ancestors 'none'\".",
        f"Framing '{URL}' {CSP}\"frame-ancestors 'none'\". The request has been blocked.",
        f"The loading of “{URL}” in a frame is denied by “X-Frame-Options“ directive set to “deny“.",
        f"{FIREFOX_CSP}the loading of a resource (frame-ancestors) at <unknown> because it violates",
        f"Refused to load {URL} because it does not appear in the frame-ancestors directive of the Content Security",
    ],
    "security-policy-report": [
        f"Connecting to '{URL}' {CSP}\"default-src 'self'\". Note that 'connect-src' was not explicitly set, so "
        "'default-src' is used as a fallback. The policy is report-only, so the violation has been logged but no",
        f"Framing '{URL}' violates the following report-only Content Security Policy directive: \"default-src 'self'\".",
        "Content-Security-Policy: (Report-Only policy) The page’s settings would block the loading of a resource "
        f"(connect-src) at {URL} because it violates the following directive: “default-src 'self'”",
        f"[Report Only] Refused to connect to {URL} because it appears in neither the connect-src directive nor the "
        "default-src directive of the Content Security Policy.",
    ],
    "security-policy": [
        f"Connecting to '{URL}' {CSP}\"connect-src 'self'\". The action has been blocked.",
        f"Refused to connect to '{URL}' because it {CSP}\"connect-src 'self'\".",
        f"Connecting to '{WSS}' {CSP}\"connect-src 'self'\". The action has been blocked.",
        f"{FIREFOX_CSP}the loading of a resource (connect-src) at {URL} because it violates the following directive: "
        "“connect-src 'self'”",
        f"Content Security Policy: The page’s settings blocked the loading of a resource at {URL} (“connect-src”).",
        f"Refused to connect to {URL} because it does not appear in the connect-src directive of the Content Security",
    ],
    "security-policy-code": [
        f"Executing inline script {CSP}'script-src 'self''. Either the 'unsafe-inline' keyword",
        f"Refused to execute inline script because it {CSP}\"script-src 'self'\".",
        "EvalError: Evaluating a string as JavaScript violates the following Content Security Policy directive because",
        f"{FIREFOX_CSP}a JavaScript eval (script-src) from being executed because it violates",
        f"{FIREFOX_CSP}an inline script (script-src-elem) from being executed because it violates",
        "Refused to execute a script because its hash, its nonce, or 'unsafe-inline' does not appear in the script-src",
    ],
    "websocket": [
        f"WebSocket connection to '{WSS}' failed: Error during WebSocket handshake: Unexpected response code: 403",
        f"WebSocket connection to '{WSS}' failed: ",
        f"WebSocket connection to '{WSS}' failed: The server did not accept the WebSocket handshake.",
        f"Firefox can’t establish a connection to the server at {WSS}.",
        f"The connection to {WSS} was interrupted while the page was loading.",
    ],
    "event-source": [
        "EventSource's response has a MIME type (\"application/json\") that is not \"text/event-stream\". Aborting the",
    ],
    "event-source-failed": [f"Firefox can’t establish a connection to the server at {URL}."],
    "service-worker-opaque": [
        f'{FETCH_EVENT}an "opaque" response was used for a request whose type is not no-cors',
        f"{WORKER}an opaque Response to FetchEvent.respondWith() while handling a ‘cors’ FetchEvent.\nCross-Origin "
        f"Request Blocked: The Same Origin Policy disallows reading the remote resource at {URL}. (Reason: CORS request "
        "did not succeed). Status code: (null).",
        f"Response served by service worker is opaque\nFetch API cannot load {URL} due to access control checks.",
    ],
    "service-worker": [
        f"{FETCH_EVENT}the promise was rejected.",
        f"{WORKER}a promise to FetchEvent.respondWith() that rejected with ‘Error: gone’.",
        "Response served by service worker is an error",
        f"FetchEvent.respondWith received an error: Error: gone\nFetch API cannot load {URL}.",
    ],
    "worker": [
        f"Failed to construct 'Worker': Script at '{URL}' cannot be accessed from origin '{PAGE}'.",
        "Failed to register a ServiceWorker: The origin of the provided scriptURL ('https://api.example.com') does not "
        f"match the current origin ('{PAGE}').",
        "SecurityError: URL of the shared worker is cross-origin",
        "SecurityError: Script origin does not match the registering client's origin",
    ],
    "canvas": [
        f"Uncaught {CANVAS}Tainted canvases may not be exported.",
        "Failed to execute 'getImageData' on 'CanvasRenderingContext2D': The canvas has been tainted by cross-origin data.",
        "Failed to execute 'texImage2D' on 'WebGLRenderingContext': The image element contains cross-origin data, and may "
        "not be loaded.",
        "Unable to get image data from canvas because the canvas has been tainted by cross-origin data.",
        "Uncaught DOMException: The operation is insecure.\n    save https://shop.example.com/a.js:7 canvas.toDataURL()",
    ],
    "insecure": ["SecurityError: The operation is insecure."],
    "script-error": ["Script error.", "Uncaught Error: Script error. (:0)"],
    "integrity": [
        f"Subresource Integrity: The resource '{URL}' has an integrity attribute, but the resource requires the request "
        "to be CORS enabled to check the integrity, and it is not.",
        f"“{URL}” is not eligible for integrity checks since it’s neither CORS-enabled nor same-origin.",
        f"Cannot load script {URL}. Failed integrity metadata check. Content length: (no content), Expected content",
    ],
    "stylesheet": [
        "SecurityError: Failed to read the 'cssRules' property from 'CSSStyleSheet': Cannot access rules",
        "SecurityError: CSSStyleSheet.cssRules getter: Not allowed to access cross-origin stylesheet",
    ],
    "media": [
        f"MediaElementAudioSource outputs zeroes due to CORS access restrictions for {URL}",
        "The HTMLMediaElement passed to createMediaElementSource has a cross-origin resource, the node will output silence.",
    ],
    "font": [
        'downloadable font: download failed (font-family: "a" style:normal weight:400 stretch:100 src index:0): bad URI or '
        f"cross-site access not allowed source: {URL}",
    ],
    "unexposed": ['Refused to get unsafe header "X-Total"'],
    "forbidden-header": [
        'Refused to set unsafe header "Origin"',
        "Attempt to set a forbidden header was denied: Origin",
    ],
    "resource-policy": [
        f"GET {URL} net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin 200 (OK)",
        "basket:1 Failed to load resource: net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep",
        f"The resource at “{URL}” was blocked due to its {CORP_HEADER} header (or lack thereof). See https://developer.",
        f"Cancelled load to {URL} because it violates the resource's {CORP_HEADER} response header.\nCannot load image "
        f"{URL} due to access control checks.",
    ],
    "opaque-response": [
        f"GET {URL} net::ERR_BLOCKED_BY_ORB",
        f"The resource at “{URL}” was blocked by OpaqueResponseBlocking. Reason: “Javascript validation failed”.",
        "A resource is blocked by OpaqueResponseBlocking, please check browser console for details.",
        f"Cross-Origin Read Blocking (CORB) blocked cross-origin response {URL} with MIME type application/json. See https",
        "Cross-Origin Read Blocking (CORB) blocked a cross-origin response.",
    ],
    "mime-type": [
        "Failed to load module script: Expected a JavaScript-or-Wasm module script but the server responded with a MIME",
        f"Refused to execute script from '{URL}' because its MIME type ('text/html') is not executable, and strict MIME",
        f"Refused to apply style from '{URL}' because its MIME type ('text/html') is not a supported stylesheet MIME",
        f"Loading module from “{URL}” was blocked because of a disallowed MIME type (“text/html”).",
        f"The resource from “{URL}” was blocked due to MIME type (“text/html”) mismatch (X-Content-Type-Options: nosniff).",
        f"The stylesheet {URL} was not loaded because its MIME type, “text/html”, is not “text/css”.",
        "TypeError: 'text/html' is not a valid JavaScript MIME type.",
        f'Refused to execute {URL} as script because "X-Content-Type-Options: nosniff" was given and its',
        f"Did not parse stylesheet at '{URL}' because non CSS MIME types are not allowed in strict mode.",
        f"Failed to register a ServiceWorker for scope ('{PAGE}/') with script ('{PAGE}/sw.js'): The script has an "
        "unsupported MIME type ('text/html').",
    ],
    "script-refused": [f"Module source URI is not allowed in this document: “{URL}”."],
    "same-origin-only": [f"Security Error: Content at {PAGE}/ may not load data from {URL}."],
    "frame-access": [
        "SecurityError: Failed to read a named property 'document' from 'Window': Blocked a frame with origin "
        f'"{PAGE}" from accessing a cross-origin frame.',
        f'Blocked a frame with origin "{PAGE}" from accessing a frame with origin "https://a.example". Protocols, domains,',
        'Error: Permission denied to access property "document" on cross-origin object',
    ],
    "post-message": [
        "Failed to execute 'postMessage' on 'DOMWindow': The target origin provided ('https://a.example') does not match",
        "Unable to post message to https://a.example. Recipient has origin https://b.example.",
    ],
    "history": [
        f"Failed to execute 'pushState' on 'History': A history state object with URL '{URL}' cannot be created in a "
        f"document with origin '{PAGE}' and URL '{PAGE}/'.",
        f"Blocked attempt to use history.pushState() to change session history URL from {PAGE}/ to {URL}. Protocols,",
    ],
    "opener-policy": [
        "Cross-Origin-Opener-Policy policy would block the window.closed call.",
        "Cross-Origin-Opener-Policy policy would block the window.postMessage call.",
    ],
    "cookie": [
        "Cookie “a” has been rejected because it is in a cross-site context and its “SameSite” is “Lax” or “Strict”.",
        "Cookie “a” rejected because it has the “SameSite=None” attribute but is missing the “secure” attribute.",
    ],
    "blocker": [
        f"GET {URL} net::ERR_BLOCKED_BY_CLIENT",
        "json:1 Failed to load resource: net::ERR_BLOCKED_BY_CLIENT",
        f"The resource at “{URL}” was blocked because tracking protection is enabled.",
        f"The resource at “{URL}” was blocked because Enhanced Tracking Protection is enabled.",
        f"Content blocker prevented frame displaying {PAGE}/ from loading a resource from {URL}",
    ],
    "url-password": [
        "Failed to execute 'fetch' on 'Window': Request cannot be constructed from a URL that includes credentials: /",
        "TypeError: Window.fetch: https://me@a.example/ is an url with embedded credentials.",
    ],
    "answered": [
        "basket:1 Failed to load resource: the server responded with a status of 404 (Not Found)",
    ],
}  # fmt: skip
LOOSE = ("post-message", "mixed-content", "worker")  # whose messages have other URLs as well
CASES = [
    pytest.param(kind, text, id=f"{kind}-{number}")
    for kind, texts in MESSAGES.items()
    for number, text in enumerate(texts)
]
ENGINES = {"C": "Chromium", "F": "Firefox", "W": "WebKit", "CW": "Chromium or WebKit",
           "CF": "Chromium or Firefox", "FW": "Firefox or WebKit", "CFW": "any browser"}  # fmt: skip
# By kind: who writes each of its texts above.
WRITTEN_BY = {
    "mixed-content": "C C C F W W C", "upgraded": "C C W F F", "framing": "CW CW C F F W",
    "security-policy-report": "C C F W", "security-policy": "C C C F F W",
    "security-policy-code": "C C C F F W", "websocket": "CW CW CW F F", "event-source": "CW",
    "event-source-failed": "F", "service-worker-opaque": "C F W", "service-worker": "C F W W",
    "worker": "C C W W", "canvas": "C C C C F", "insecure": "FW", "script-error": "CFW CFW",
    "integrity": "C F W", "stylesheet": "C FW", "media": "C F", "font": "F", "unexposed": "CW",
    "forbidden-header": "CW F", "resource-policy": "C C F W", "opaque-response": "C F F C C",
    "mime-type": "C C C F F F W W W C", "script-refused": "F", "same-origin-only": "F",
    "frame-access": "CW CW F", "post-message": "CF W", "history": "C W", "opener-policy": "C C",
    "cookie": "F F", "blocker": "C C F F W", "url-password": "C F", "answered": "CW",
}  # fmt: skip
LAST_LINES = {
    'mixed-content': (
        'BLOCKED: this is not CORS: the page is on https and requests an http URL, which browsers block as '
        'mixed content. To fix it, serve that URL over https (wss for a WebSocket), and request it there'
    ),
    'upgraded': (
        'UNKNOWN: this is not CORS: this is a warning that the page on https requests an http URL, and '
        'nothing is blocked by it: the browser requests the https URL instead, or loads it as it is'
    ),
    'framing': (
        'BLOCKED: this is not CORS: the server of the page in the frame does not let the page around it show '
        'it, by X-Frame-Options or by frame-ancestors in its Content-Security-Policy. To fix it, let that '
        'server send Content-Security-Policy: frame-ancestors with the origin of the page around it, and no '
        'X-Frame-Options; if the server is not yours, link to its page'
    ),
    'security-policy-report': (
        'UNKNOWN: this is not CORS: this is a report of a Content-Security-Policy-Report-Only, by which '
        'nothing is blocked'
    ),
    'security-policy': (
        "BLOCKED: this is not CORS: the page's own Content-Security-Policy blocks this URL (connect-src). To "
        "fix it, add the URL's origin to connect-src in the Content-Security-Policy of the page"
    ),
    'security-policy-code': (
        "BLOCKED: this is not CORS: the page's own Content-Security-Policy blocks code or styles in the page "
        'itself. To fix it, move them into files of their own, or allow them with a nonce or a hash in the '
        'Content-Security-Policy of the page'
    ),
    'websocket': (
        'BLOCKED: this is not CORS: CORS does not apply to WebSockets; the server, or a proxy before it, did '
        'not accept the connection. To fix it, look at the status of the handshake in the network panel. If '
        "it is 403, add the page's origin to those that the WebSocket server itself accepts; if it is another"
        ' one, correct the URL, and let each proxy pass Upgrade and Connection on; if there is none, start '
        'the server'
    ),
    'event-source': (
        'BLOCKED: this is not CORS: the response is not of the type text/event-stream, so the browser ends '
        'the EventSource. To fix it, send Content-Type: text/event-stream; if it is an error page, correct '
        'the URL'
    ),
    'event-source-failed': (
        'UNKNOWN: Firefox does not say here why the EventSource failed: if there is a message about CORS '
        'beside this one, paste that; otherwise it is not CORS but the status of the response, or its '
        'Content-Type, which must be text/event-stream'
    ),
    'service-worker-opaque': (
        "BLOCKED: this is not CORS: the page's service worker answers with a response to a request with mode:"
        " 'no-cors', which no page may read. To fix it, let the service worker pass the page's request on as "
        'it is, with fetch(event.request), or not call respondWith for this URL'
    ),
    'service-worker': (
        "BLOCKED: this is not CORS: the page's service worker answers with an error instead of a response; "
        'its own request may have failed for any reason. To fix it, look for the message about the service '
        "worker's own request, and explain that one; or let the service worker not call respondWith for this "
        'URL'
    ),
    'worker': (
        "BLOCKED: this is not CORS: the script of a worker must come from the page's own origin, and no "
        "header of its server changes that. To fix it, serve the worker's script from the page's origin; a "
        'worker there may load the other one with importScripts or import'
    ),
    'canvas': (
        'BLOCKED: CORS applies here: the canvas has an image or a video of another origin that was loaded '
        "without CORS, so the page may not read the canvas. To fix it, set crossOrigin = 'anonymous' on the "
        'image before its src, and let the server of that URL send Access-Control-Allow-Origin: '
        'https://shop.example.com'
    ),
    'insecure': (
        "UNKNOWN: Firefox and WebKit write this for several reasons: if the line of the page's code reads a "
        "canvas, CORS applies, and the image in it needs crossOrigin = 'anonymous' before its src, and a "
        'response with Access-Control-Allow-Origin; if it starts a worker, stores data or changes the '
        'history, it is not CORS'
    ),
    'script-error': (
        'BLOCKED: CORS applies here: an error was thrown in a script of another origin that was loaded '
        'without CORS, so the browser hides its details from the page. To fix it, set the attribute '
        'crossorigin on the script element, and let the server of that URL send Access-Control-Allow-Origin: '
        'https://shop.example.com'
    ),
    'integrity': (
        'BLOCKED: CORS applies here: an element with the attribute integrity loads from another origin '
        'without CORS, so the browser may not check it. To fix it, set the attribute crossorigin on the '
        'element, and let the server of that URL send Access-Control-Allow-Origin: https://shop.example.com'
    ),
    'stylesheet': (
        'BLOCKED: CORS applies here: the page reads the rules of a style sheet of another origin that was '
        'loaded without CORS. To fix it, set the attribute crossorigin on the link element, and let the '
        'server of that URL send Access-Control-Allow-Origin: https://shop.example.com'
    ),
    'media': (
        'BLOCKED: CORS applies here: the page reads the sound of a media element of another origin that was '
        'loaded without CORS, so it gets silence. To fix it, set the attribute crossorigin on the media '
        'element, and let the server of that URL send Access-Control-Allow-Origin: https://shop.example.com'
    ),
    'font': (
        'BLOCKED: CORS applies here: browsers load fonts of another origin only with CORS, and its server '
        'does not allow the page, or did not respond. To fix it, let the server of the font send '
        'Access-Control-Allow-Origin: https://shop.example.com'
    ),
    'unexposed': (
        'BLOCKED: CORS applies here: the page may not read the response header X-Total, which the server does'
        ' not expose. To fix it, add X-Total to Access-Control-Expose-Headers in the response; Set-Cookie '
        'cannot be exposed'
    ),
    'forbidden-header': (
        'UNKNOWN: this is not CORS: pages may not set the request header Origin, so the browser leaves it out'
        " and blocks nothing: take it out of the page's code, and paste the message about CORS, if any"
    ),
    'resource-policy': (
        "BLOCKED: this is not CORS: the page loads this without CORS, which the response's "
        "Cross-Origin-Resource-Policy, or the page's Cross-Origin-Embedder-Policy, forbids. To fix it, let "
        'the server of that URL send Cross-Origin-Resource-Policy: cross-origin, or load it with CORS (the '
        'attribute crossorigin)'
    ),
    'opaque-response': (
        'BLOCKED: this is not CORS: the page loads this as a script, an image or a style sheet, or with '
        "mode: 'no-cors', and the response is of another type, such as JSON or an error page. To fix it, open the URL in a "
        'tab, and correct the URL or the Content-Type of the response; to read data, use fetch, to which CORS applies'
    ),
    'mime-type': (
        'BLOCKED: this is not CORS: the response is not of the type that a script or a style sheet must have;'
        ' often it is an error page. To fix it, open the URL in a tab, and correct the URL or the '
        'Content-Type of the response'
    ),
    'script-refused': (
        'UNKNOWN: Firefox does not say here why it refuses the script: if there is a message about CORS or '
        'a MIME type beside this one, paste that; otherwise let its server send '
        'Access-Control-Allow-Origin and Content-Type: text/javascript'
    ),
    'same-origin-only': (
        'BLOCKED: this is not CORS: the page must use a URL of its own origin here: for a request with mode: '
        "'same-origin', for the script of a worker, or for history.pushState. To fix it, take that mode out "
        "of the page's code, or give a URL of the page's origin"
    ),
    'frame-access': (
        'BLOCKED: this is not CORS: the page reads a frame or a window of another origin, which no header '
        'allows. To fix it, let the two pages exchange messages with postMessage'
    ),
    'post-message': (
        'BLOCKED: this is not CORS: the origin that postMessage gives is not that of the window which gets '
        'the message. To fix it, give postMessage the origin of that window, or wait until its page has '
        'loaded'
    ),
    'history': (
        'BLOCKED: this is not CORS: the page gives history.pushState or replaceState a URL of another origin.'
        " To fix it, give it a path of the page's own origin"
    ),
    'opener-policy': (
        "BLOCKED: this is not CORS: the page's Cross-Origin-Opener-Policy separates it from the window that "
        'it opens. To fix it, send Cross-Origin-Opener-Policy: same-origin-allow-popups with the page; if the'
        ' window works, as that of a login usually does, ignore this message'
    ),
    'cookie': (
        'BLOCKED: this is not CORS: the browser does not store or send the cookie a, because of its SameSite.'
        ' To fix it, set it with SameSite=None; Secure over https, if pages of other sites need it'
    ),
    'blocker': (
        'BLOCKED: this is not CORS: a browser extension, such as an ad blocker, or tracking protection '
        'stopped the request. To fix it, switch it off for this page, or use a URL that it does not mistake '
        'for advertising'
    ),
    'url-password': (
        'BLOCKED: this is not CORS: fetch takes no URL with a user name and a password in it. To fix it, take'
        ' them out of the URL, and send the header Authorization'
    ),
    'answered': (
        'BLOCKED: this is not CORS: the response is 404 Not Found: the server has nothing at this URL. To fix'
        ' it, check the host, the path and a trailing slash of the URL'
    ),
}  # fmt: skip


@pytest.fixture
def last_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = main(["explain", *arguments])
        captured = capsys.readouterr()
        assert (status, captured.err) == (1, "")
        return captured.out.splitlines()[-1]

    return run


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_message_about_another_rule_is_understood(kind, text):
    assert looks_pasted(text)
    for paste in (text, f"12:30:59.123 app.js:7:3 {text}\n", text.replace("’", "'")):
        pasted = read_pasted(paste if kind != "script-error" else text)
        assert pasted.said.kind == kind
        assert pasted.origin in (None, PAGE)
        assert pasted.url in (None, URL, HTTP, WSS) or kind in LOOSE


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_last_line_says_whether_it_is_cors_and_what_to_change(kind, text, last_line):
    """Without an origin, and without sending a request."""
    assert last_line("-", "--origin", PAGE, stdin=text) == LAST_LINES[kind]
    unknown = LAST_LINES[kind].replace(PAGE, "the origin of the page")
    assert last_line("-", stdin=text) in (unknown, LAST_LINES[kind])
    assert last_line("-", "--offline", stdin=text) in (unknown, LAST_LINES[kind])


@pytest.mark.parametrize("kind", MESSAGES)
def test_engine_that_writes_a_message_is_named(kind):
    engines = [ENGINES[letters] for letters in WRITTEN_BY[kind].split()]
    told = [read_pasted(text).understood[0].partition(": ")[0] for text in MESSAGES[kind]]
    assert told == [f"this is a message of {engine}" for engine in engines]


def test_chromium_may_not_name_the_directive_that_blocks(last_line):
    text = f"Fetch API cannot load {URL}. Refused to connect because it violates the document's Content Security Policy."
    assert read_pasted(text).understood == (f"this is a message of Chromium: {text[10:-25]}",)
    assert last_line("-", stdin=text) == LAST_LINES["security-policy"].replace(
        "connect-src", "the directive for what it loads, such as connect-src"
    )


@pytest.mark.parametrize("kind", sorted(MESSAGES.keys() - {"answered"}))
def test_what_no_response_would_change_is_told_without_one(kind, last_line):
    """Neither an error in the paste nor a header that the page sends by mistake matters to it."""
    for text in MESSAGES[kind]:
        arguments = ("-", "--offline", "-H", "Access-Control-Allow-Origin: *", "--origin", PAGE)
        pasted = f"{text}\n\nResponse Headers\nserver: nginx\nstatus: 502\n"
        assert last_line(*arguments, stdin=pasted) == LAST_LINES[kind]


def test_each_rule_has_its_messages_here():
    assert sorted(MESSAGES) == sorted(LAST_LINES) == sorted(each.kind for each in NEIGHBOURS)
