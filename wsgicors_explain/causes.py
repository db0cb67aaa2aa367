"""From a blocked request to its true cause, and to what to change.

The browser's algorithm knows at which step a request failed. Here that step meets the
evidence in the responses. The result is one line for somebody who reads nothing else, so it
never says more than was seen.
"""

from __future__ import annotations

from typing import Final

from .browser import NULL_ORIGIN, REDIRECT_STATUSES
from .caches import names_origin, of_cache
from .case import Case, Diagnosis
from .evidence import (
    Finding,
    asks_for_login,
    describe,
    front,
    known_words,
    leads_to_login,
    meaning,
    own_refusal,
    powered_by,
    sender,
)
from .headers import (
    REQUEST_HEADERS,
    REQUEST_METHOD,
    SAFELISTED_METHODS,
    Headers,
    get_header,
    header_values,
    unsafe_names,
)
from .middleware import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    AMBIGUOUS_PATH,
    DENIED,
    NOT_ALLOWED,
    POLICY_HEADERS,
    UNSAFE_HEADERS,
    VERB_NOT_ALLOWED,
)
from .wire import HTTP_PORTS, URL, Exchange, Response


def find_cause(case: Case) -> Diagnosis:
    """The cause as the responses show it, whatever the server is."""
    reason = case.verdict.reason
    for start, found in CAUSES.items():
        if reason.startswith(start):
            return found(case)
    target = redirected_to(case)
    return of_lost_redirect(case, target) if target else Diagnosis(reason)


def redirected_to(case: Case) -> str:
    """Where the last response redirects, if the browser went there."""
    if not case.exchanges:
        return ""
    target, start = target_of(case.last), f"the {case.response.status} redirects to "
    went = [step for step in case.verdict.steps if step.text.startswith(f"{start}{target};")]
    return target if went else ""


def of_lost_redirect(case: Case, target: str) -> Diagnosis:
    """A redirect to where nothing answers."""
    url, status = case.last.url, case.response.status
    cause = f"{url} redirects ({status}) to {target}, and there: {case.verdict.reason}"
    if loses_port(url, URL.parse(target)):
        return Diagnosis(cause, redirect_fix(url, target))
    fix = "let the server redirect to an address that the browser reaches: behind a proxy, it has"
    return Diagnosis(cause, f"{fix} to know the host that the page asks for (X-Forwarded-Host)")


# The preflight's status

LOGIN_IN_PREFLIGHT: Final = Finding(
    "a login is asked for, and a preflight never carries one",
    "let OPTIONS pass without a login: handle CORS before authentication",
)
NO_OPTIONS: Final = Finding(
    "the server does not handle OPTIONS at this URL",
    "answer OPTIONS there with a status from 200 to 299 and the headers above",
)
NOT_FOUND: Final = Finding(
    "the server has nothing at this URL, or no answer to OPTIONS there",
    "check the URL; if it is right, answer OPTIONS there with 200 and the headers above",
)
REFUSED: Final = Finding(
    "the server, or something before it, refuses the preflight",
    "look for a CORS filter that does not allow {origin} or a firewall that blocks OPTIONS",
)
PREFLIGHT_MEANINGS: Final = {
    403: REFUSED,
    404: NOT_FOUND,
    405: NO_OPTIONS,
    501: NO_OPTIONS,
}

# Which option of the server's wsgicors is to change, by the reason that it gives.
OWN_FIXES: Final = {
    NOT_ALLOWED: "add {origin} to the option origin of the policy for this path",
    VERB_NOT_ALLOWED: "add {method} to the option methods of the policy that allows {origin}",
    DENIED: "name a policy that allows {origin} for this path, before deny",
    AMBIGUOUS_PATH: "ask for the path without empty and dot segments",
    UNSAFE_HEADERS: "send fewer request headers, or list those that are needed in the option"
    " headers",
}


def of_preflight_status(case: Case) -> Diagnosis:
    """The preflight was answered with a status that is not ok."""
    response = case.response
    if response.status in REDIRECT_STATUSES and get_header(response.headers, "location"):
        return of_preflight_redirect(case)
    asked = f"the preflight to {case.last.url} was answered {describe(response)}"
    reason = own_refusal(response)
    if reason:
        fix = case.fill(Finding("", OWN_FIXES.get(reason, ""))).fix
        # A server's text is never a template.
        return Diagnosis(f"{asked}: wsgicors on the server refuses it: {reason}", fix)
    found = case.fill(known_words(response) or preflight_meaning(response))
    method, taken = asked_method(case), taken_methods(response)
    if response.status == 405 and taken and method not in taken.split(", "):
        cause = f"{asked}: {found.cause}, nor {method} (Allow: {taken})"
        return Diagnosis(cause, f"{found.fix}; and let it take {method}")
    return Diagnosis(f"{asked}: {found.cause}", found.fix)


def taken_methods(response: Response) -> str:
    """The methods that the resource takes, as Allow says."""
    names = (get_header(response.headers, "allow") or "").split(",")
    return ", ".join(name.strip() for name in names)


def preflight_meaning(response: Response) -> Finding:
    """What a status means as the answer to a preflight."""
    if asks_for_login(response):
        return LOGIN_IN_PREFLIGHT
    return PREFLIGHT_MEANINGS.get(response.status) or meaning(response)


def of_preflight_redirect(case: Case) -> Diagnosis:
    """The preflight was redirected, which browsers do not follow."""
    url, response = case.last.url, case.response
    target = target_of(case.last)
    cause = (
        f"the preflight to {url} was redirected ({response.status}) to {target}, which no"
        f" browser follows"
    )
    if leads_to_login(target):
        return Diagnosis(f"{cause}; that looks like a login", LOGIN_IN_PREFLIGHT.fix)
    return Diagnosis(cause, redirect_fix(url, target))


# Redirects


def target_of(exchange: Exchange) -> str:
    """Where a response redirects, as a whole URL if it is one."""
    location = get_header(exchange.response.headers, "location") or ""
    try:
        return str(URL.parse(location, str(exchange.url)))
    except ValueError:
        return location


TELL_SCHEME: Final = (
    "and let the server redirect to https: behind a TLS proxy it has to know the scheme,"
    " so let the proxy set X-Forwarded-Proto and the server trust it"
)


def secure(url: URL, target: str) -> URL:
    """The target of a redirect to http, by https."""
    new = URL.parse(target, str(url))
    port = url.port if url.scheme == "https" and url.host == new.host else 443
    return new._replace(scheme="https", port=port)


def redirect_fix(url: URL, target: str) -> str:
    """What to ask for instead of a URL that redirects, and what is wrong with the redirect."""
    try:
        new = URL.parse(target)
    except ValueError:
        return "ask for the final URL in the first place"
    if url.scheme == "https" and new.scheme == "http" and url.host == new.host:
        return f"ask for {secure(url, target)}, {TELL_SCHEME}"
    slash = " (with the slash)" if new.target == f"{url.target}/" else ""
    if slash and loses_port(url, new):
        return (
            f"ask for {new._replace(port=url.port)}{slash}, and let the redirect keep the port:"
            " with a relative Location, as nginx sends it with absolute_redirect off"
        )
    return f"ask for {new}{slash} in the first place"


def loses_port(url: URL, new: URL) -> bool:
    """Whether a redirect leaves out the port, as servers do whose port is mapped to another."""
    same = (url.scheme, url.host) == (new.scheme, new.host)
    return same and new.port == HTTP_PORTS[new.scheme] != url.port


def hops(case: Case) -> list[Exchange]:
    """The exchanges that were answered with a redirect which was followed."""
    return [
        exchange
        for exchange in case.exchanges
        if exchange.response.status in REDIRECT_STATUSES and exchange is not case.last
    ]


def after_redirect(case: Case) -> Diagnosis | None:
    """The response was blocked only because redirects made the Origin null."""
    redirects = hops(case)
    if not redirects or case.sent_origin != "null" or case.origin == "null":
        return None
    first, last = redirects[0], case.last
    cause = (
        f"{first.url} redirects to {last.url}, on another origin, so the request's Origin"
        f" became null,"
        f" which {last.url.authority} does not allow"
    )
    if leads_to_login(str(last.url)):
        fix = (
            f"log in before the request; {first.url.authority} should answer 401 instead of"
            f" redirecting"
        )
        return Diagnosis(f"{cause}; it looks like a login page", fix)
    return Diagnosis(cause, f"ask for {last.url} in the first place, and allow {case.origin} there")


# The CORS check


def of_cors_check(case: Case) -> Diagnosis:
    """The response lacks the headers that let the page read it, or they have other values."""
    response = case.response
    if case.origin == "null":
        return Diagnosis(
            f"the page has the origin null: {NULL_ORIGIN}", "serve the page over http or https"
        )
    redirected = after_redirect(case)
    if redirected:
        return redirected
    known = None if case.is_preflight else of_response(case)
    if known:
        return known
    if len(header_values(response.headers, ALLOW_ORIGIN)) > 1:
        return of_two_values(case, ALLOW_ORIGIN, case.sent_origin)
    if get_header(response.headers, ALLOW_ORIGIN) is None:
        return of_missing(case)
    if len(header_values(response.headers, ALLOW_CREDENTIALS)) > 1:
        return of_two_values(case, ALLOW_CREDENTIALS, "true")
    return Diagnosis(case.verdict.reason, SEND_ABOVE)


SEND_ABOVE: Final = "let the server send the headers above"


def of_response(case: Case) -> Diagnosis | None:
    """What stands behind a response, not of a preflight, that lacks the headers."""
    response = case.response
    if response.status in REDIRECT_STATUSES and get_header(response.headers, "location"):
        return of_response_redirect(case)
    if response.status >= 400:
        return of_error(case)
    return of_cache(case)


def of_response_redirect(case: Case) -> Diagnosis:
    """A redirect without CORS headers."""
    url, response, target = case.last.url, case.response, target_of(case.last)
    cause = (
        f"{case.last.method} {url} was redirected ({response.status}) to {target}, and the"
        f" redirect itself"
        f" does not allow {case.sent_origin}"
    )
    if leads_to_login(target):
        return Diagnosis(
            f"{cause}; that looks like a login, so the request was not authenticated",
            "log in before the request and send the cookie or token with it; let the server"
            " answer 401 to scripts",
        )
    return Diagnosis(cause, redirect_fix(url, target))


def of_error(case: Case) -> Diagnosis:
    """An error that passed by the code which adds CORS headers."""
    response = case.response
    finding = case.fill(known_words(response) or meaning(response))
    passed = (
        "; the preflight passed, so only this error lacks"
        if case.verdict.preflight
        else ", and this error lacks"
    )
    taken = taken_methods(response) if response.status == 405 else ""
    allow = f" (Allow: {taken})" if taken else ""
    wrong = "the right " if get_header(response.headers, ALLOW_ORIGIN) is not None else ""
    cause = (
        f"{case.last.method} {case.last.url} was answered {describe(response)}:"
        f" {finding.cause}{allow}{passed}"
        f" {wrong}{ALLOW_ORIGIN}"
    )
    return Diagnosis(cause, finding.fix)


def of_two_values(case: Case, name: str, wanted: str) -> Diagnosis:
    """Two parts of the server each add the header."""
    response = case.response
    values = header_values(response.headers, name)
    powered, who = powered_by(response), front(response)
    application = f" ({powered})" if powered else ""
    proxy = f" ({who}, perhaps)" if who else ""
    return Diagnosis(
        f"{name} was sent {len(values)} times: {' and '.join(map(repr, values))}; usually by"
        f" the application{application} and by a proxy before it{proxy}",
        f"let only one of them send it, with the value {wanted}",
    )


def of_missing(case: Case) -> Diagnosis:
    """No Access-Control-Allow-Origin on a response that is otherwise fine."""
    response, reason = case.response, case.verdict.reason
    known = known_words(response)
    if known:
        found = case.fill(known)
        return Diagnosis(f"{reason}; {found.cause}", found.fix)
    if case.verdict.preflight and not case.is_preflight and not hops(case):
        cause = f"{reason}; the preflight passed, so only OPTIONS has the headers"
        return Diagnosis(cause, f"{SEND_ABOVE} with {case.last.method} as well")
    sign = sign_of_cors(response)
    if sign:
        cause = f"{reason}; it has {sign}, so the server knows CORS and does not allow this origin"
        return Diagnosis(cause, f"add {case.sent_origin} to the origins that the server allows")
    return of_missing_in_preflight(case) if case.is_preflight else Diagnosis(reason, SEND_ABOVE)


def sign_of_cors(response: Response) -> str:
    """A header by which a server shows that it knows CORS, if any."""
    others = [name for name, _ in response.headers if name.lower() in POLICY_HEADERS]
    if others:
        return others[0]
    varies = names_origin(response.headers) and get_header(response.headers, "vary") != "*"
    return "Vary: Origin" if varies else ""


def of_missing_in_preflight(case: Case) -> Diagnosis:
    """Nothing of CORS in the response to a preflight."""
    reason, headers = case.verdict.reason, case.response.headers
    if get_header(headers, "allow") is not None:
        return of_allow(case)
    if sender(case.response) == "ASP.NET Core":
        cause = (
            f"{reason}; ASP.NET Core answers so where its CORS policy does not allow the request"
        )
        return Diagnosis(cause, f"add {case.origin} to WithOrigins of the policy")
    return Diagnosis(reason, SEND_ABOVE)


def of_allow(case: Case) -> Diagnosis:
    """A preflight that a framework answered, which knows OPTIONS and no CORS."""
    method, allow = asked_method(case), taken_methods(case.response)
    cause = (
        f"{case.verdict.reason}; it has Allow: {allow} instead, the usual response to OPTIONS of a"
        f" framework without CORS"
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
    """The preflight does not name the method."""
    method, reason = asked_method(case), case.verdict.reason
    if missing_methods(case) == [method] and method.upper() in allowed_names(case, ALLOW_METHODS):
        instead = f"write {method.upper()} instead of {method} in the page"
        return Diagnosis(reason, " and ".join([instead, *to_allow(case, [])]))
    return Diagnosis(reason, " and ".join(to_allow(case, missing_methods(case))))


def of_headers(case: Case) -> Diagnosis:
    """The preflight does not name all headers."""
    missing, reason = missing_headers(case), case.verdict.reason
    mistaken = [name for name in missing if name.startswith("access-control-")]
    if mistaken:
        cause = f"the page sends {mistaken[0]} as a request header, but it is a response header"
        remove = (
            f"remove {', '.join(mistaken)} from the page's request; only the server can send it"
        )
        return Diagnosis(cause, remove)
    fix = " and ".join(to_allow(case, []))
    if missing == ["content-type"] and case.method.upper() in ("GET", "HEAD"):
        cause = f"{reason}; {case.method.upper()} has no body, so the header says nothing"
        return Diagnosis(cause, f"remove Content-Type from the page's request, or {fix}")
    by = [f"{name} comes from {LIBRARIES[name]}" for name in missing if name in LIBRARIES]
    cause = "; ".join([reason, *by])
    return Diagnosis(cause, f"{fix}, or keep the library from adding it" if by else fix)


def to_allow(case: Case, methods: list[str]) -> list[str]:
    """What the server's lists lack, all at once."""
    headers = missing_headers(case)
    lists = (("methods", methods), ("request headers", headers))
    return [
        f"add {', '.join(names)} to the {kind} that the server allows"
        for kind, names in lists
        if names
    ]


def asked_method(case: Case) -> str:
    """The method that the preflight asks for."""
    return get_header(case.last.headers, REQUEST_METHOD) or ""


def allowed_names(case: Case, header: str) -> list[str]:
    """What the preflight's response names there, as it is written."""
    return [name.strip() for name in (get_header(case.response.headers, header) or "").split(",")]


def missing_methods(case: Case) -> list[str]:
    """The method, where the preflight's response does not allow it."""
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


def of_mixed_content(case: Case) -> Diagnosis:
    """A page on https, and a URL on http, which may come from a redirect."""
    if not case.exchanges:
        return Diagnosis(
            case.verdict.reason, "serve the API over https and use that URL in the page"
        )
    url, target = case.last.url, target_of(case.last)
    cause = f"{url} was redirected ({case.response.status}) to {target}, which is mixed content"
    return Diagnosis(
        f"{cause} for a page on https", f"ask for {secure(url, target)}, {TELL_SCHEME}"
    )


# How the reason of a blocked request begins -> what knows more.
CAUSES: Final = {
    "mixed content": of_mixed_content,
    "browsers block port": of_port,
    "the preflight was answered": of_preflight_status,
    "the response to": of_cors_check,
    f"{ALLOW_METHODS} of the preflight": of_method,
    f"{ALLOW_HEADERS} of the preflight": of_headers,
}


# What would have passed


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
    unsafe = list(unsafe_names(case.headers))
    if method is not None or unsafe or case.method not in SAFELISTED_METHODS:
        preflight = [*always]
        if case.method not in SAFELISTED_METHODS:
            preflight.append((ALLOW_METHODS, case.method))
        if unsafe:
            preflight.append((ALLOW_HEADERS, ", ".join(unsafe)))
        needed.append(
            ("a response to the preflight that passes: status 200, with", [*preflight, VARY])
        )
    needed.append((f"a response to {case.method} that passes has", [*always, VARY]))
    return needed


VARY: Final = ("Vary", "Origin")


def but(case: Case) -> str:
    """What an allowed request should still tell."""
    told = ""
    sent = [exchange for exchange in case.exchanges if exchange.method != "OPTIONS"]
    if sent and sent[0].method != sent[-1].method:
        first, last = sent[0], sent[-1]
        told = f", but as {last.method} without its body: {first.url} redirects to {last.url}"
        told += f" ({first.response.status}); ask for {last.url} in the first place"
    response = case.response
    if response.status >= 400:
        found = case.fill(known_words(response) or meaning(response))
        told += f"; what it may read is an error, {describe(response)}: {found.cause}"
    return told
