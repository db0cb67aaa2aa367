"""What browsers write about the rules beside CORS, which are mistaken for it.

A message of one of these says it all: no response of the server would change the diagnosis.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .middleware import ALLOW_ORIGIN as AO

NOT_CORS: Final = "this is not CORS"
CORS: Final = "CORS applies here"
ENABLE: Final = f"and let the server of that URL send {AO}: {{origin}}"
# Rewritten in each pattern below. Each search is bounded, so that a long text takes linear time.
PLACES: Final = {
    "<q>": "['‘’\"“”`]",
    "<url>": r"(?P<url>[\w.+-]{2,20}://[^\s'‘’\"“”`]{1,2000})",
    "<page>": r"(?P<page>[\w.+-]{2,20}://[^\s'‘’\"“”`]{1,2000})",
    "<end>": r"\.(?=[\s'\"”]|$)",
}
PLACE: Final = re.compile("(?<!P)<(?:q|url|page|end)>")  # not a named group


class Neighbour(NamedTuple):
    """One cause: what the browsers write, and what to change.

    scope: whether it is CORS; empty if that is not known.
    fix: empty if nothing is blocked, or the text is not enough.
    rank: the higher, the less it says beside other messages.
    """

    kind: str
    scope: str
    cause: str
    fix: str
    messages: tuple[tuple[str, str], ...]
    rank: int = 0

    @property
    def diagnosis(self) -> str:
        """The cause, after whether it is CORS."""
        return f"{self.scope}: {self.cause}" if self.scope else self.cause


NEIGHBOURS: Final = (
    Neighbour(
        "mixed-content",
        NOT_CORS,
        "the page is on https and requests an http URL, which browsers block as mixed content",
        "serve that URL over https (wss for a WebSocket), and request it there",
        (
            (
                "Chromium",
                r"Mixed Content: The page at <q><page><q> was loaded over (?:HTTPS|a secure "
                r"connection), but (?:requested an|attempted to connect to the) insecure "
                r"[\w ]{1,40} <q><url><q>(?!\. This (?:request was automatically|content should))",
            ),
            ("Firefox", "Blocked loading mixed active content <q><url><q>"),
            (
                "WebKit",
                r"The page at <page> (?:was not allowed to run|requested) insecure content from "
                r"<url><end>(?! This content was automatically)",
            ),
            ("Chromium", "An insecure WebSocket connection may not be initiated from a page"),
        ),
    ),
    Neighbour(
        "upgraded",
        NOT_CORS,
        "this is a warning that the page on https requests an http URL, and nothing is blocked "
        "by it: the browser requests the https URL instead, or loads it as it is",
        "",
        (
            (
                "Chromium",
                r"Mixed Content: The page at <q><page><q> was loaded over HTTPS, but requested an "
                r"insecure [\w ]{1,40} <q><url><q>\. This (?:request was automatically|content "
                "should)",
            ),
            (
                "WebKit",
                r"The page at <page> requested insecure content from <url>\. This content was "
                "automatically",
            ),
            ("Firefox", "Loading mixed \\(insecure\\) display content <q><url><q>"),
            ("Firefox", "Upgrading insecure (?:display )?request <q><url><q> to use <q>https<q>"),
        ),
        4,
    ),
    Neighbour(
        "framing",
        NOT_CORS,
        "the server of the page in the frame does not let the page around it show it, by "
        "X-Frame-Options or by frame-ancestors in its Content-Security-Policy",
        "let that server send Content-Security-Policy: frame-ancestors with the origin of the "
        "page around it, and no X-Frame-Options; if the server is not yours, link to its page",
        (
            (
                "Chromium or WebKit",
                "Refused to (?:display|frame) <q><url><q> (?:in a frame )?because (?:it set <q>"
                "X-Frame-Options|an ancestor violates)",
            ),
            ("Chromium", "Framing <q><url><q> violates the following [^\"]{1,60}<q>frame-anc"),
            ("Firefox", r"loading of <q><url><q> in a frame is denied by <q>X-Frame-Options"),
            ("Firefox", r"blocked the loading of a resource \(frame-ancestors\)"),
            ("WebKit", r"Refused to load <url> because it does not appear in the frame-ancestors"),
        ),
    ),
    Neighbour(
        "security-policy-report",
        NOT_CORS,
        "this is a report of a Content-Security-Policy-Report-Only, by which nothing is blocked",
        "",
        (
            (
                "Chromium",
                r"<q><url><q> violates the following Content Security Policy directive: \"[^\"]"
                r"{1,2000}\"(?:(?!blocked)[^\"]){0,250}?policy is report-only",
            ),
            ("Chromium", "<q><url><q> violates the following report-only Content Security"),
            ("Firefox", r"\(Report-Only policy\) The page<q>s settings would block"),
            ("WebKit", r"\[Report Only\] Refused to [a-z ]{1,20}(?: <url>)?"),
        ),
        4,
    ),
    Neighbour(
        "security-policy",
        NOT_CORS,
        "the page's own Content-Security-Policy blocks this URL ({directive})",
        "add the URL's origin to {directive} in the Content-Security-Policy of the page",
        (
            (
                "Chromium",
                r"(?:Refused to|Connecting|Loading|Framing|Creating|Sending)[\w ]{0,40} <q><url><q>"
                r" (?:because it )?violates the following Content Security Policy directive: "
                r"<q>(?!frame-anc)(?P<directive>[a-z-]{1,40})"
                r"(?![^\"]{0,2000}\"(?:(?!blocked)[^\"]){0,250}?report-only)",
            ),
            (
                "Firefox",
                r"Content-Security-Policy: The page<q>s settings blocked [\w ]{1,40} "
                r"\([a-z-]{1,40}\) at <url> [\w ]{0,40}because it violates the following "
                "directive: <q>(?P<directive>[a-z-]{1,40})",
            ),
            (
                "Firefox",
                r"Content.Security.Policy: The page<q>s settings blocked the loading of a resource "
                r"at <url> \(<q>(?P<directive>[a-z-]{1,40})",
            ),
            (
                "WebKit",
                r"(?<!\[Report Only\] )Refused to [a-z ]{1,20} <url> because it (?:does not "
                r"appear in the|appears in neither the [a-z-]{1,40} directive nor the) "
                r"(?!frame-anc)(?P<directive>[a-z-]{1,40})",
            ),
            (
                "Chromium",
                r"cannot load <url>\. Refused to connect because it violates the document<q>s",
            ),
        ),
    ),
    Neighbour(
        "security-policy-code",
        NOT_CORS,
        "the page's own Content-Security-Policy blocks code or styles in the page itself",
        "move them into files of their own, or allow them with a nonce or a hash in the "
        "Content-Security-Policy of the page",
        (
            (
                "Chromium",
                "(?:Executing|Applying) inline [a-z ]{1,40}violates the following Content"
                "|Evaluating a string as JavaScript violates the following Content"
                "|Refused to (?:execute|apply) inline |Refused to evaluate a string",
            ),
            ("Firefox", "The page<q>s settings blocked an? (?:JavaScript eval|inline |event h)"),
            ("WebKit", "Refused to (?:execute a script|apply a stylesheet|evaluate a string)"),
        ),
    ),
    Neighbour(
        "websocket",
        NOT_CORS,
        "CORS does not apply to WebSockets; the server, or a proxy before it, did not accept "
        "the connection",
        "look at the status of the handshake in the network panel. If it is 403, add the page's "
        "origin to those that the WebSocket server itself accepts; if it is another one, correct "
        "the URL, and let each proxy pass Upgrade and Connection on; if there is none, start the "
        "server",
        (
            ("Chromium or WebKit", "WebSocket connection to <q><url><q> failed"),
            (
                "Firefox",
                r"t establish a connection to the server at (?P<url>wss?://\S{1,2000}?)<end>",
            ),
            (
                "Firefox",
                r"The connection to (?P<url>wss?://\S{1,2000}) was interrupted while the page",
            ),
        ),
    ),
    Neighbour(
        "event-source",
        NOT_CORS,
        "the response is not of the type text/event-stream, so the browser ends the EventSource",
        "send Content-Type: text/event-stream; if it is an error page, correct the URL",
        (
            (
                "Chromium or WebKit",
                r"EventSource<q>s response has a MIME type \([^)]{0,100}\) that is not ",
            ),
        ),
    ),
    Neighbour(
        "event-source-failed",
        "",
        "Firefox does not say here why the EventSource failed: if there is a message about CORS "
        "beside this one, paste that; otherwise it is not CORS but the status of the response, "
        "or its Content-Type, which must be text/event-stream",
        "",
        (
            (
                "Firefox",
                r"t establish a connection to the server at (?P<url>https?://\S{1,2000}?)<end>",
            ),
        ),
        3,
    ),
    Neighbour(
        "service-worker-opaque",
        NOT_CORS,
        "the page's service worker answers with a response to a request with mode: 'no-cors', "
        "which no page may read",
        "let the service worker pass the page's request on as it is, with fetch(event.request), "
        "or not call respondWith for this URL",
        (
            (
                "Chromium",
                "The FetchEvent for <q><url><q> resulted in a network error response: an "
                "<q>opaque<q> response",
            ),
            (
                "Firefox",
                r"Failed to load <q><url><q>\. A ServiceWorker passed an opaque Response",
            ),
            (
                "WebKit",
                "Response served by service worker is opaque"
                "(?:.{0,40} cannot load <url> due to access)?",
            ),
        ),
    ),
    Neighbour(
        "service-worker",
        NOT_CORS,
        "the page's service worker answers with an error instead of a response; its own request "
        "may have failed for any reason",
        "look for the message about the service worker's own request, and explain that one; or "
        "let the service worker not call respondWith for this URL",
        (
            (
                "Chromium",
                "The FetchEvent for <q><url><q> resulted in a network error response: "
                "(?!an .opaque)",
            ),
            (
                "Firefox",
                r"Failed to load <q><url><q>\. A ServiceWorker passed (?!an opaque)",
            ),
            ("WebKit", "Response served by service worker (?:is an error|has redirections)"),
            ("WebKit", "FetchEvent.respondWith received an error"),
        ),
    ),
    Neighbour(
        "worker",
        NOT_CORS,
        "the script of a worker must come from the page's own origin, and no header of its "
        "server changes that",
        "serve the worker's script from the page's origin; a worker there may load the other "
        "one with importScripts or import",
        (
            (
                "Chromium",
                r"Script at <q><url><q> cannot be accessed from origin "
                r"<q>(?P<origin>[^'‘’]{1,300})<q>",
            ),
            (
                "Chromium",
                r"Failed to register a ServiceWorker: The origin of the provided scriptURL "
                r"\(<q><url><q>\) does not match the current origin \(<q>(?P<origin>[^'‘’]{1,300})",
            ),
            ("WebKit", "URL of the shared worker is cross-origin"),
            ("WebKit", "Script origin does not match the registering client<q>s origin"),
        ),
    ),
    Neighbour(
        "canvas",
        CORS,
        "the canvas has an image or a video of another origin that was loaded without CORS, so "
        "the page may not read the canvas",
        f"set crossOrigin = 'anonymous' on the image before its src, {ENABLE}",
        (
            ("Chromium", "Tainted canvases may not be"),
            ("Chromium", "[Tt]he canvas has been tainted by cross-origin data"),
            ("Chromium", "contains cross-origin data, and may not be loaded"),
            ("Firefox", r"The operation is insecure.{0,300}\b(?:toDataURL|toBlob|getImageData)\b"),
        ),
    ),
    Neighbour(
        "insecure",
        "",
        "Firefox and WebKit write this for several reasons: if the line of the page's code reads a "
        "canvas, CORS applies, and the image in it needs crossOrigin = 'anonymous' before its "
        f"src, and a response with {AO}; if it starts a worker, stores data or changes the "
        "history, it is not CORS",
        "",
        (("Firefox or WebKit", "The operation is insecure"),),
        3,
    ),
    Neighbour(
        "script-error",
        CORS,
        "an error was thrown in a script of another origin that was loaded without CORS, so the "
        "browser hides its details from the page",
        f"set the attribute crossorigin on the script element, {ENABLE}",
        (("any browser", r"(?:^|[\"'“:>] ?|Uncaught )Script error\.(?=[\s\"'”,(]|$)"),),
        2,
    ),
    Neighbour(
        "integrity",
        CORS,
        "an element with the attribute integrity loads from another origin without CORS, so the "
        "browser may not check it",
        f"set the attribute crossorigin on the element, {ENABLE}",
        (
            (
                "Chromium",
                "The resource <q><url><q> has an integrity attribute, but the resource requires "
                "the request to be CORS enabled",
            ),
            ("Firefox", "<q><url><q> is not eligible for integrity checks since it<q>s neither"),
            (
                "WebKit",
                r"Cannot load [a-z]{1,20} <url>\. Failed integrity metadata check\. Content "
                r"length: \(no content\)",
            ),
        ),
    ),
    Neighbour(
        "stylesheet",
        CORS,
        "the page reads the rules of a style sheet of another origin that was loaded without CORS",
        f"set the attribute crossorigin on the link element, {ENABLE}",
        (
            ("Chromium", r"<q>CSSStyleSheet<q>: Cannot access rules"),
            ("Firefox or WebKit", "Not allowed to access cross-origin stylesheet"),
        ),
    ),
    Neighbour(
        "media",
        CORS,
        "the page reads the sound of a media element of another origin that was loaded without "
        "CORS, so it gets silence",
        f"set the attribute crossorigin on the media element, {ENABLE}",
        (
            ("Chromium", "outputs zeroes due to CORS access restrictions for <url>"),
            ("Firefox", "passed to createMediaElementSource has a cross-origin resource"),
        ),
    ),
    Neighbour(
        "font",
        CORS,
        "browsers load fonts of another origin only with CORS, and its server does not allow the "
        "page, or did not respond",
        f"let the server of the font send {AO}: {{origin}}",
        (
            (
                "Firefox",
                r"downloadable font: download failed \(.{1,300}?\): bad URI or cross-site access "
                "not allowed source: <url>",
            ),
        ),
        1,
    ),
    Neighbour(
        "unexposed",
        CORS,
        "the page may not read the response header {header}, which the server does not expose",
        "add {header} to Access-Control-Expose-Headers in the response; Set-Cookie cannot be "
        "exposed",
        (("Chromium or WebKit", r"Refused to get unsafe header <q>(?P<header>[\w-]{1,99})<q>"),),
        1,
    ),
    Neighbour(
        "forbidden-header",
        NOT_CORS,
        "pages may not set the request header {header}, so the browser leaves it out and blocks "
        "nothing: take it out of the page's code, and paste the message about CORS, if any",
        "",
        (
            ("Chromium or WebKit", r"Refused to set unsafe header <q>(?P<header>[\w-]{1,99})<q>"),
            (
                "Firefox",
                r"Attempt to set a forbidden header was denied: (?P<header>[\w-]{1,99})",
            ),
        ),
        4,
    ),
    Neighbour(
        "resource-policy",
        NOT_CORS,
        "the page loads this without CORS, which the response's Cross-Origin-Resource-Policy, or "
        "the page's Cross-Origin-Embedder-Policy, forbids",
        "let the server of that URL send Cross-Origin-Resource-Policy: cross-origin, or load it "
        "with CORS (the attribute crossorigin)",
        (
            ("Firefox", "resource at <q><url><q> was blocked due to its Cross-Origin-Resource-Pol"),
            ("WebKit", "Cancelled load to <url> because it violates the resource<q>s Cross-Origin"),
        ),
    ),
    Neighbour(
        "opaque-response",
        NOT_CORS,
        "the page loads this as a script, an image or a style sheet, or with mode: 'no-cors', and "
        "the response is of another type, such as JSON or an error page",
        "open the URL in a tab, and correct the URL or the Content-Type of the response; to read "
        "data, use fetch, to which CORS applies",
        (
            ("Firefox", "resource at <q><url><q> was blocked by OpaqueResponseBlocking"),
            ("Firefox", "A resource is blocked by OpaqueResponseBlocking"),
            ("Chromium", r"\(CORB\) blocked (?:a )?cross-origin response(?: <url>)?"),
        ),
        1,
    ),
    Neighbour(
        "mime-type",
        NOT_CORS,
        "the response is not of the type that a script or a style sheet must have; often it is "
        "an error page",
        "open the URL in a tab, and correct the URL or the Content-Type of the response",
        (
            ("Chromium", "Failed to load module script: Expected a JavaScript"),
            ("Chromium", "Refused to (?:execute script|apply style) from <q><url><q> because its"),
            ("Chromium", "The script has an unsupported MIME type"),
            ("Firefox", "The stylesheet <url> was not loaded because its MIME type"),
            ("Firefox", "Loading (?:module|Worker) from <q><url><q> was blocked because of a dis"),
            ("Firefox", "resource from <q><url><q> was blocked due to MIME type"),
            ("WebKit", "<q>[^'‘’]{1,100}<q> is not a valid JavaScript MIME type"),
            ("WebKit", "Refused to execute <url> as script because "),
            ("WebKit", "Did not parse stylesheet at <q><url><q> because non CSS"),
        ),
    ),
    Neighbour(
        "script-refused",
        "",
        "Firefox does not say here why it refuses the script: if there is a message about CORS or "
        "a MIME type beside this one, paste that; otherwise let its server send "
        f"{AO} and Content-Type: text/javascript",
        "",
        (("Firefox", "source URI is not allowed in this document: <q><url><q>"),),
        3,
    ),
    Neighbour(
        "same-origin-only",
        NOT_CORS,
        "the page must use a URL of its own origin here: for a request with mode: 'same-origin', "
        "for the script of a worker, or for history.pushState",
        "take that mode out of the page's code, or give a URL of the page's origin",
        (
            (
                "Firefox",
                r"Security Error: Content at <page> may not load data from "
                r"(?P<url>https?:\S{1,2000}?)<end>",
            ),
        ),
    ),
    Neighbour(
        "frame-access",
        NOT_CORS,
        "the page reads a frame or a window of another origin, which no header allows",
        "let the two pages exchange messages with postMessage",
        (
            (
                "Chromium or WebKit",
                r"Blocked a frame with origin <q>(?P<origin>[^\"”]{1,300})<q> from accessing",
            ),
            ("Firefox", "Permission denied to [a-z]{1,10} property .{1,99}? on cross-origin ob"),
        ),
    ),
    Neighbour(
        "post-message",
        NOT_CORS,
        "the origin that postMessage gives is not that of the window which gets the message",
        "give postMessage the origin of that window, or wait until its page has loaded",
        (
            ("Chromium or Firefox", "Failed to execute <q>postMessage<q> on <q>DOMWindow<q>: The "),
            ("WebKit", "Unable to post message to <url><end> Recipient has origin"),
        ),
    ),
    Neighbour(
        "history",
        NOT_CORS,
        "the page gives history.pushState or replaceState a URL of another origin",
        "give it a path of the page's own origin",
        (
            (
                "Chromium",
                "A history state object with URL <q><url><q> cannot be created in a document",
            ),
            ("WebKit", r"Blocked attempt to use history\.\w{1,20}\(\) to change session history"),
        ),
    ),
    Neighbour(
        "opener-policy",
        NOT_CORS,
        "the page's Cross-Origin-Opener-Policy separates it from the window that it opens",
        "send Cross-Origin-Opener-Policy: same-origin-allow-popups with the page; if the window "
        "works, as that of a login usually does, ignore this message",
        (("Chromium", r"Cross-Origin-Opener-Policy policy would block the window\.\w{1,20} call"),),
        3,
    ),
    Neighbour(
        "cookie",
        NOT_CORS,
        "the browser does not store or send the cookie {cookie}, because of its SameSite",
        "set it with SameSite=None; Secure over https, if pages of other sites need it",
        (
            (
                "Firefox",
                r"Cookie <q>(?P<cookie>[^\s“”]{1,99})<q> (?:has been )?rejected because it (?:is "
                "in a cross-site context|has the <q>SameSite=None)",
            ),
        ),
        2,
    ),
    Neighbour(
        "blocker",
        NOT_CORS,
        "a browser extension, such as an ad blocker, or tracking protection stopped the request",
        "switch it off for this page, or use a URL that it does not mistake for advertising",
        (
            (
                "Firefox",
                "resource at <q><url><q> was blocked because (?:content blocking|(?:Enhanced )?"
                "[Tt]racking [Pp]rotection) is enabled",
            ),
            ("WebKit", "Content blocker prevented frame displaying <page> from loading a resource "
             "from <url>"),
        ),
    ),
    Neighbour(
        "url-password",
        NOT_CORS,
        "fetch takes no URL with a user name and a password in it",
        "take them out of the URL, and send the header Authorization",
        (
            ("Chromium", "Request cannot be constructed from a URL that includes credentials"),
            ("Firefox", "is an url with embedded credentials"),
        ),
    ),
    Neighbour(
        "answered",
        NOT_CORS,
        "the response is {status}: {meaning}",
        "{remedy}",
        (
            (
                "Chromium or WebKit",
                r"the server responded with a status of (?P<status>[45]\d\d)\b",
            ),
        ),
        3,
    ),
)  # fmt: skip


PATTERNS: Final = [
    (engine, each.kind, re.compile(PLACE.sub(lambda match: PLACES[match[0]], pattern)))
    for each in NEIGHBOURS
    for engine, pattern in each.messages
]
