"""From a blocked request to its true cause, and to what to change.

The browser's algorithm knows at which step a request failed. Here that step meets the
evidence in the responses. The result is one line for somebody who reads nothing else, so it
never says more than was seen.
"""

from __future__ import annotations

import re
from typing import Final

from .browser import NULL_ORIGIN
from .caches import names_origin, of_cache
from .case import Case, Diagnosis
from .evidence import (
    Finding,
    describe,
    first_line,
    is_application_server,
    is_page,
    meaning,
    powered_by,
    proxy,
    sender,
)
from .headers import (
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_METHODS,
    Headers,
    extract_list,
    get_header,
    header_values,
    is_response_header,
)
from .middleware import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    POLICY_HEADERS,
)
from .origins import page_origin
from .preflights import asked_method, of_preflight_status, taken_methods
from .reasons import REDIRECT_STATUSES
from .redirects import (
    AT_HOME,
    CHECK_URL,
    after_redirect,
    at_login,
    hops,
    leads_home,
    of_loop,
    of_lost_redirect,
    of_mixed_content,
    of_response_redirect,
    redirected_to,
)
from .signs import known_words, where_to_set
from .wire import Response, Unreachable


def find_cause(case: Case) -> Diagnosis:
    """The cause as the responses show it, whatever the server is."""
    if case.unreachable:
        return of_unreachable(case, case.unreachable)
    reason = case.verdict.reason
    for start, found in CAUSES.items():
        if reason.startswith(start):
            return found(case)
    if "is a forbidden method" in reason:
        return Diagnosis(reason, "use another method, such as POST, in the page and on the server")
    target = redirected_to(case)
    return of_lost_redirect(case, target) if target else Diagnosis(reason)


def of_unreachable(case: Case, failure: Unreachable) -> Diagnosis:
    """There was no response: the page fails as it does without CORS headers."""
    target = redirected_to(case)
    if target and failure.nowhere:
        lost = of_lost_redirect(case, target)
        return lost._replace(fix=f"{failure.fix}, or {lost.fix}") if failure.browsers_may else lost
    if target:
        return of_lost_redirect(case, target, failure.fix)
    if failure.browsers_may:
        return Diagnosis(str(failure), failure.fix)
    return Diagnosis(f"{failure}; {NOT_CORS}", failure.fix)


NOT_CORS: Final = "this is not about CORS, even if the browser's console says so"


# The CORS check

SERVE_PAGE: Final = "serve the page over http or https"


def of_cors_check(case: Case) -> Diagnosis:
    """The response lacks the headers that let the page read it, or they have other values."""
    response = case.response
    if case.origin == "null":
        return Diagnosis(f"the page has the origin null: {NULL_ORIGIN}", SERVE_PAGE)
    redirected = after_redirect(case) or at_login(case)
    if redirected:
        return redirected
    known = None if case.is_preflight else of_response(case)
    if known:
        return known
    if len(header_values(response.headers, ALLOW_ORIGIN)) > 1:
        return and_more(case, of_two_values(case, ALLOW_ORIGIN, case.sent_origin))
    allowed = get_header(response.headers, ALLOW_ORIGIN)
    if allowed is None:
        return of_missing(case)
    if allowed == case.sent_origin and len(header_values(response.headers, ALLOW_CREDENTIALS)) > 1:
        found = of_two_values(case, ALLOW_CREDENTIALS, "true")
        return and_more(case, found, credentials=False)
    return of_wrong_value(case)


# What JavaScript makes of an object where a text is needed.
OBJECT: Final = re.compile(r"\[object \w+\]")
OBJECT_AS_TEXT: Final = "a JavaScript object was turned into text"


def and_more(case: Case, found: Diagnosis, *, credentials: bool = True) -> Diagnosis:
    """The fix of the origin, with all that the response lacks besides.

    credentials: whether the fix leaves Access-Control-Allow-Credentials as it is.
    """
    changes = [found.fix]
    sent = get_header(case.response.headers, ALLOW_CREDENTIALS)
    if credentials and case.include and sent != "true":
        once = " once" if "," in (sent or "") else ""
        changes.append(f"let it send {ALLOW_CREDENTIALS}: true{once}")
    if case.is_preflight:
        changes += lists_to_allow(case)
    return found._replace(fix=" and ".join(changes))


PICK_ONE: Final = (
    "let the server compare the request's Origin with its list,"
    " and send back the one that matches: {origin}"
)
SEND_ABOVE: Final = "let the server send the headers above"


def of_wrong_value(case: Case) -> Diagnosis:
    """One value, which is not that of this page; or credentials that are not allowed."""
    reason, page = case.verdict.reason, case.sent_origin
    value = get_header(case.response.headers, ALLOW_ORIGIN) or ""
    if value in ("*", "null", page):
        return Diagnosis(reason, SEND_ABOVE)
    if value in ("", "undefined", "None", "nil"):
        return Diagnosis(
            reason,
            f"send {page} there: the server has no value to send, perhaps"
            " because a variable is not set",
        )
    if OBJECT.search(value):
        fix = f"send the text {page} instead of an object (wait for it if that is a promise)"
        return Diagnosis(f"{reason}; {OBJECT_AS_TEXT}", fix)
    if re.search(r"[\s,*]", value):
        found = Diagnosis(reason, PICK_ONE.format(origin=page))
    elif not is_origin(value):
        found = Diagnosis(reason, f"write {page} where the server has {value}")
    else:
        found = Diagnosis(reason, f"add {page} to the origins that the server allows")
    return and_more(case, found)


def is_origin(value: str) -> bool:
    """Whether this is an origin of some page, as browsers send it."""
    try:
        return page_origin(value) == value
    except ValueError:
        return False


def of_response(case: Case) -> Diagnosis | None:
    """Why a response, other than a preflight's, lacks the headers."""
    response = case.response
    if response.status in REDIRECT_STATUSES and get_header(response.headers, "location"):
        return of_response_redirect(case)
    if response.status >= 400:
        return of_error(case)
    return of_cache(case)


def of_error(case: Case) -> Diagnosis:
    """An error that bypassed the code that adds CORS headers."""
    response = case.response
    finding = error_meaning(case)
    passed = (
        "; the preflight passed, so only this error lacks"
        if case.verdict.preflight
        else ", and this error lacks"
    )
    taken = taken_methods(response) if response.status == 405 else ""
    allow = f" (Allow: {taken})" if taken else ""
    wrong = "the right " if get_header(response.headers, ALLOW_ORIGIN) is not None else ""
    cause = (
        f"{case.last.method} {case.last.url} returned {describe(response)}:"
        f" {finding.cause}{allow}{passed}"
        f" {wrong}{ALLOW_ORIGIN}"
    )
    return Diagnosis(cause, finding.fix)


def error_meaning(case: Case) -> Diagnosis:
    """What an error means that is not a preflight's, in words of this request."""
    response = case.response
    known = known_words(response, preflight=False)
    sent = get_header(case.last.headers, "authorization")
    if not known and sent and response.status == 401:
        what = "token" if sent.lower().startswith("bearer ") else "Authorization header"
        known = Finding(
            f"the server refuses the {what} that was sent",
            f"send a valid {what}, or read the server's log for what is wrong with this one",
        )
    return case.fill(known or meaning(response))


def of_two_values(case: Case, name: str, wanted: str) -> Diagnosis:
    """Two parts of the server each add the header."""
    response = case.response
    values = header_values(response.headers, name)
    powered, who = powered_by(response), proxy(response)
    application = f"the application{f' ({powered})' if powered else ''}"
    by = f"{application} and by a proxy in front of it{f' ({who}, perhaps)' if who else ''}"
    if is_application_server(response):
        by = f"two parts of {application}, such as a middleware and a handler"
    return Diagnosis(
        f"{name} was sent {len(values)} times: {' and '.join(map(repr, values))}; usually by {by}",
        f"let only one of them send it, with the value {wanted}",
    )


def of_missing(case: Case) -> Diagnosis:
    """No Access-Control-Allow-Origin on a response that is otherwise fine."""
    response, reason = case.response, case.verdict.reason
    if any(ALLOW_ORIGIN.lower() in line.lower() for line in response.ignored):
        fix = "send that header on a line of its own, with no white space before its colon"
        return and_more(case, Diagnosis(reason, fix))
    known = known_words(response, preflight=case.is_preflight)
    if known:
        found = case.fill(known)
        return Diagnosis(f"{reason}; {found.cause}", found.fix)
    if case.verdict.preflight and not case.is_preflight and not hops(case):
        cause = f"{reason}; the preflight passed, so only OPTIONS has the headers"
        return Diagnosis(cause, f"{SEND_ABOVE} with {case.last.method} as well")
    sign = sign_of_cors(response)
    if sign:
        cause = (
            f"{reason}; it has {sign}, so the server supports CORS but does not allow this origin"
        )
        if case.is_preflight and sign == "Vary: Origin":
            cause += ", or, as some servers then send no header, not the method or a header"
        fix = f"add {case.sent_origin} to the origins that the server allows"
        return and_more(case, Diagnosis(cause, fix))
    return of_page(case) or (
        of_missing_in_preflight(case)
        if case.is_preflight
        else Diagnosis(reason, f"{SEND_ABOVE}{where(case)}")
    )


def of_page(case: Case) -> Diagnosis | None:
    """A page for people instead of a response for scripts."""
    headers = case.response.headers
    kind = (get_header(headers, "content-type") or "").lower()
    title = first_line(case.response)
    if not (title or is_page(case.response)) or not kind.startswith("text/html"):
        return None
    cause = f"{case.verdict.reason}; it is an HTML page" + (f', "{title}"' if title else "")
    fix = "check whether the API has this URL, or a login or a catch-all route responds; then"
    return Diagnosis(cause, f"{fix} {SEND_ABOVE}")


def sign_of_cors(response: Response) -> str:
    """A header by which a server shows that it knows CORS, if any."""
    others = [name for name, _ in response.headers if name.lower() in POLICY_HEADERS]
    if others:
        return others[0]
    varies = names_origin(response.headers) and get_header(response.headers, "vary") != "*"
    return "Vary: Origin" if varies else ""


def of_missing_in_preflight(case: Case) -> Diagnosis:
    """A response to a preflight without any CORS header."""
    reason, headers = case.verdict.reason, case.response.headers
    if get_header(headers, "allow") is not None:
        return of_allow(case)
    if sender(case.response) == "ASP.NET Core":
        cause = f"{reason}; ASP.NET Core responds so if its CORS policy does not allow the request"
        fix = f"add {case.origin} to WithOrigins of the policy"
        return and_more(case, Diagnosis(cause, fix))
    return Diagnosis(reason, f"{SEND_ABOVE}{where(case)}")


def where(case: Case) -> str:
    """Where the service at the last URL takes its CORS headers from, in brackets; or empty."""
    return where_to_set(str(case.last.url), origin=not case.is_preflight)


def of_allow(case: Case) -> Diagnosis:
    """A preflight answered by a framework that supports OPTIONS, but not CORS."""
    method, allow = asked_method(case), taken_methods(case.response)
    cause = (
        f"{case.verdict.reason}; it has Allow: {allow} instead, the usual response to OPTIONS of a"
        " framework without CORS"
    )
    fix = f"switch CORS on for this path: {SEND_ABOVE}"
    if method in allow.split(", "):
        return Diagnosis(cause, fix)
    return Diagnosis(f"{cause}, and {method} is not in it", f"{fix}; and let it take {method}")


# What the preflight allows

# Request headers that a library adds, and which.
LIBRARIES: Final = {
    "x-requested-with": "jQuery, or an old version of another library",
    "sentry-trace": "Sentry (its tracePropagationTargets decide where)",
    "baggage": "Sentry or OpenTelemetry",
    "traceparent": "OpenTelemetry, or another tracing library",
    "tracestate": "OpenTelemetry, or another tracing library",
    "newrelic": "New Relic's agent",
    "request-id": "Application Insights",
    "request-context": "Application Insights",
    "x-datadog-trace-id": "Datadog's agent",
    "x-datadog-parent-id": "Datadog's agent",
    "x-datadog-origin": "Datadog's agent",
    "x-datadog-sampling-priority": "Datadog's agent",
    "x-socket-id": "Laravel Echo",
    "x-xsrf-token": "axios or Angular",
    "x-csrf-token": "a library against forged requests",
    "x-client-info": "Supabase's client",
    "x-firebase-appcheck": "Firebase's client",
    "x-goog-api-client": "a client of Google",
}


def of_method(case: Case) -> Diagnosis:
    """The preflight response does not include the method."""
    method, reason = asked_method(case), case.verdict.reason
    if not is_no_list(case, ALLOW_METHODS) and method in map(
        str.upper, allowed_names(case, ALLOW_METHODS)
    ):
        cause = f"{reason}, and method names are case-sensitive"
        fix = f"write {method} in upper case on the server"
        return Diagnosis(cause, " and ".join([fix, *to_allow(case, [])]))
    return Diagnosis(reason_of_list(case, ALLOW_METHODS), " and ".join(lists_to_allow(case)))


def of_headers(case: Case) -> Diagnosis:
    """The preflight response does not include all headers."""
    missing, reason = missing_headers(case), case.verdict.reason
    fix = " and ".join(lists_to_allow(case))
    if is_no_list(case, ALLOW_HEADERS):
        return Diagnosis(reason_of_list(case, ALLOW_HEADERS), fix)
    mistaken = [name for name in missing if is_response_header(name)]
    if mistaken:
        cause = f"the page sends {mistaken[0]} as a request header, but it is a response header"
        return Diagnosis(cause, fix)
    causes = [reason]
    if "content-type" in missing and case.method.upper() in ("GET", "HEAD"):
        causes.append(f"{case.method.upper()} has no body, so Content-Type has no meaning")
        fix = without_content_type(missing, fix)
    by = [f"{name} comes from {LIBRARIES[name]}" for name in missing if name in LIBRARIES]
    fix = f"{fix}, or keep the library from adding it" if by else fix
    return Diagnosis("; ".join([*causes, *by]), fix)


def without_content_type(missing: list[str], fix: str) -> str:
    """The fix for a page that need not send Content-Type."""
    instead = "remove Content-Type from the page's request"
    others = ", ".join(name for name in missing if name != "content-type")
    if not others:
        return f"{instead}, or {fix}"
    added = f"add {others} to the request headers that the server allows"
    return f"{instead} and {added}, or add {', '.join(missing)} to them"


def is_no_list(case: Case, header: str) -> bool:
    """Whether browsers cannot read the header."""
    try:
        extract_list(case.response.headers, header)
    except ValueError:
        return True
    return False


def reason_of_list(case: Case, header: str) -> str:
    """The browser's reason, and why the server may have sent such a list."""
    reason, value = case.verdict.reason, get_header(case.response.headers, header) or ""
    return f"{reason}; {OBJECT_AS_TEXT}" if OBJECT.search(value) else reason


NOT_SENT: Final = "keep the server from sending {}"


def as_list(case: Case, header: str, needed: list[str]) -> str:
    """What to send instead of names that are separated by something else than commas."""
    value = get_header(case.response.headers, header) or ""
    names = names_in(case, header)
    known = [name.lower() for name in names] if header == ALLOW_HEADERS else names
    names += [name for name in needed if name not in known]
    if not names:
        return NOT_SENT.format(header)
    fix = f"let the server send {header}: {', '.join(names)}"
    join = "join the names with commas instead of sending an object"
    return f"{fix} ({join})" if OBJECT.search(value) else fix


def names_in(case: Case, header: str) -> list[str]:
    """The names in a list, whatever separates them."""
    value = OBJECT.sub(",", get_header(case.response.headers, header) or "")
    return re.findall(r"[\w!#$%&'*+.^`|~-]+", value, re.ASCII)


def lists_to_allow(case: Case) -> list[str]:
    """What has to change so that the preflight allows the request, all at once.

    Some methods should be written in upper case in the page.
    """
    missing = missing_methods(case)
    upper = asked_method(case).upper()
    is_allowed = upper in allowed_names(case, ALLOW_METHODS)
    if missing in ([], [upper]) or not (is_allowed or upper == "PATCH"):
        return to_allow(case, missing)
    instead = f"write {upper} instead of {missing[0]} in the page"
    return [instead, *to_allow(case, [] if is_allowed else [upper])]


def to_allow(case: Case, methods: list[str]) -> list[str]:
    """What the server's lists lack, these methods included, and what the page must not send."""
    missing = missing_headers(case)
    headers = [name for name in missing if not is_response_header(name)]
    changes = []
    for header, kind, names in (
        (ALLOW_METHODS, "methods", methods),
        (ALLOW_HEADERS, "request headers", headers),
    ):
        if is_no_list(case, header):
            changes.append(as_list(case, header, names))
        elif names:
            changes.append(f"add {', '.join(names)} to the {kind} that the server allows")
    mistaken = ", ".join(name for name in missing if is_response_header(name))
    if mistaken:
        changes.append(f"remove {mistaken} from the page's request; only the server can send it")
    return changes


def allowed_names(case: Case, header: str) -> list[str]:
    """What the preflight's response lists in the header, as it is written."""
    return [name.strip() for name in (get_header(case.response.headers, header) or "").split(",")]


def missing_methods(case: Case) -> list[str]:
    """The method, if the preflight's response does not allow it."""
    method, names = asked_method(case), allowed_names(case, ALLOW_METHODS)
    fits = method in (*SAFELISTED_METHODS, *names) or ("*" in names and not case.include)
    return [] if fits else [method]


def missing_headers(case: Case) -> list[str]:
    """The headers that the page sets and the preflight's response does not allow."""
    names = {name.lower() for name in allowed_names(case, ALLOW_HEADERS)}
    wildcard = "*" in names and not case.include
    asked = (get_header(case.last.headers, REQUEST_HEADERS) or "").split(",")
    return [
        name
        for name in asked
        if name and name not in names and (not wildcard or name == "authorization")
    ]


def of_port(case: Case) -> Diagnosis:
    """A port that browsers never connect to, which may come from a redirect."""
    target = redirected_to(case)
    if target:
        return of_lost_redirect(case, target)
    return Diagnosis(case.verdict.reason, "serve the API on another port")


# How the reason of a blocked request begins -> what knows more.
CAUSES: Final = {
    "mixed content": of_mixed_content,
    "browsers block port": of_port,
    "more than": of_loop,
    "the preflight returned": of_preflight_status,
    "the response to": of_cors_check,
    f"{ALLOW_METHODS} in the preflight response": of_method,
    f"{ALLOW_HEADERS} in the preflight response": of_headers,
}


# What would have passed


def without_mistaken(case: Case, fix: str) -> str:
    """The fix, and to remove from the page's request what only a server can send."""
    told = fix.lower().partition("remove ")[2]
    if all(name in told for name in case.mistaken):
        return fix
    names = ", ".join(case.mistaken)
    removed = f"remove {names}, a response header, from the page's request"
    return f"{removed} and {fix}" if fix else removed


def without_unreadable(case: Case, fix: str) -> str:
    """The fix, and not to send a list without any name, which browsers cannot read.

    Only if the headers above are the fix: they do not name a list that is not needed.
    """
    if "the headers above" not in fix or not case.is_preflight:
        return fix
    needed = dict(needed_lists(case))
    for header in (ALLOW_METHODS, ALLOW_HEADERS):
        if header not in needed and is_no_list(case, header):
            fix = f"{fix} and {NOT_SENT.format(header)}"
    return fix


def needed_headers(case: Case) -> list[tuple[str, Headers]]:
    """Responses with which the request would have passed, each with the words that introduce it."""
    origin = case.origin
    if origin == "null":
        return []
    always = [(ALLOW_ORIGIN, origin)]
    if case.include:
        always.append((ALLOW_CREDENTIALS, "true"))
    needed = []
    method = get_header(case.last.headers, REQUEST_METHOD)
    unsafe = case.to_allow
    asked = method is not None and not case.mistaken  # which may be the only reason to ask
    if asked or unsafe or case.method not in SAFELISTED_METHODS:
        preflight = [*always, *needed_lists(case), VARY]
        needed.append(("a response to the preflight that passes: status 200, with", preflight))
    needed.append((f"a response to {case.method} that passes has", [*always, VARY]))
    return needed


def needed_lists(case: Case) -> Headers:
    """The lists of methods and headers with which the preflight would have passed."""
    methods = [] if case.method in SAFELISTED_METHODS else [case.method]
    lists = []
    for header, names in ((ALLOW_METHODS, methods), (ALLOW_HEADERS, case.to_allow)):
        # A list that browsers cannot read blocks also if nothing of it is needed.
        if not names and case.is_preflight and is_no_list(case, header):
            names = names_in(case, header)
        if names:
            lists.append((header, ", ".join(names)))
    return lists


VARY: Final = ("Vary", "Origin")


def reservations(case: Case) -> str:
    """What is still worth knowing about an allowed request."""
    told = ""
    sent = [exchange for exchange in case.exchanges if exchange.method != "OPTIONS"]
    login = at_login(case)
    if login:
        told = f", but {login.cause}: {login.fix}"
    elif sent and sent[0].method != sent[-1].method:
        first, last = sent[0], sent[-1]
        told = f", but as {last.method} without its body: {first.url} redirects to {last.url}"
        home = leads_home(first.url, str(last.url))
        told += f" ({first.response.status})"
        told += f"{AT_HOME}: {CHECK_URL}" if home else f"; request {last.url} directly"
    response = case.response
    if response.status >= 400:
        found = error_meaning(case)
        told += f"; what it may read is an error, {describe(response)}: {found.cause}"
    return told
