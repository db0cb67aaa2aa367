"""From a blocked request to the key to change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .browser import NULL_ORIGIN
from .causes import Case, Diagnosis, find_cause, needed_headers
from .configuration import Configuration, allows_anyone, key_of
from .headers import REQUEST_HEADERS, REQUEST_METHOD, SAFELISTED_METHODS, get_header
from .middleware import (
    ALLOW_ORIGIN,
    AMBIGUOUS_PATH,
    CORS,
    DENIED,
    NOT_ALLOWED,
    VERB_NOT_ALLOWED,
    Policy,
    normal_path,
)
from .origins import LOCAL_NAMES, host_and_port, near_miss
from .wire import Exchange, wsgi_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def conclude(configuration: Configuration | None, case: Case) -> list[str]:
    """What would have passed; and in the last line, why this is blocked and what to do."""
    ours = Diagnosis("", "")
    if configuration and configuration.cors and case.exchanges:
        ours = diagnose(configuration, configuration.cors, case.last, case.include)
    seen = Diagnosis(ours.cause) if ours.cause else find_cause(case)
    fix = ours.fix or seen.fix
    last = f"BLOCKED: {seen.cause}" + (f". To fix it, {fix}" if fix else "")
    return [*([] if any(ours) else what_would_pass(case)), last]


def diagnose(
    configuration: Configuration, cors: CORS, exchange: Exchange, include: bool
) -> Diagnosis:
    """What the configuration has to do with a request that is blocked at `exchange`."""
    environ = wsgi_environ(exchange.method, exchange.url, exchange.headers, exchange.body)
    origin = environ.get("HTTP_ORIGIN")
    path = (
        environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    )  # as it is written in the configuration
    decision = cors.decide(environ)
    if origin is None or (
        decision is None and get_header(exchange.response.headers, ALLOW_ORIGIN) is not None
    ):
        return Diagnosis("", "")  # no CORS request yet, or an application that does CORS by itself
    if decision is None:
        cause, fix = not_governed(configuration, cors, path)
        status = exchange.response.status
        return Diagnosis(
            cause + (f", and the application answers it with {status}" if status >= 300 else ""),
            fix,
        )
    policies = decision.group
    if decision.policy:
        fixes = shortcomings(configuration, decision.policy, exchange, include)
        for policy in policies if fixes else ():
            if policy.allows(origin, environ) and not shortcomings(
                configuration, policy, exchange, include
            ):
                fixes[-1] += (
                    f", or name {policy.name}, which allows this, before {decision.policy.name}"
                )
                break
        return Diagnosis("", " and ".join(fixes))
    if decision.reason == AMBIGUOUS_PATH:
        return Diagnosis(decision.reason, f"ask for {normal_path(path)} instead of {path}")
    if decision.reason == VERB_NOT_ALLOWED:
        verb = get_header(exchange.headers, REQUEST_METHOD) or exchange.method
        keys = [
            configuration.named(policy, "methods")
            for policy in policies
            if policy.allows(origin, environ)
        ]
        return Diagnosis(decision.reason, f"add {verb} to {' or '.join(keys)}")
    if decision.reason not in (NOT_ALLOWED, DENIED):
        return Diagnosis(decision.reason, "")

    cause = f"{decision.reason}: {origin}"
    if origin == "null":
        return Diagnosis(
            cause, f"serve the page over http(s), and ask for the last URL at once: {NULL_ORIGIN}"
        )
    fix = f"add {origin} to " + " or ".join(
        configuration.named(policy, "origin") for policy in policies
    )
    if not policies:
        fix = f"name a policy for this path before deny in policy ({configuration.place_of('policy')})"
    for policy in policies:
        key = key_of(policy, "origin")
        if policy.allows(origin.replace("://", "://a-name-under."), environ):
            return Diagnosis(f"{cause}; {key} allows only names under that host, not itself", fix)
        near = near_origin(policy, origin, environ)
        if near:
            cause += f"; {key} allows {near} ({near_miss(near, origin)})"
            return Diagnosis(cause, f"open the page at {near}, or {fix}")
    for policy in cors.policies.values():
        if policy not in policies and policy.allows(origin, environ):
            cause += f"; {policy.name} would allow it, but is not for this path"
    return Diagnosis(cause, fix)


def shortcomings(
    configuration: Configuration, policy: Policy, exchange: Exchange, include: bool
) -> list[str]:
    """What to change in a policy that allows the origin, so that it allows the rest as well."""
    method = get_header(exchange.headers, REQUEST_METHOD) or "GET"
    names = (get_header(exchange.headers, REQUEST_HEADERS) or "").split(",")
    missing = [
        name
        for name in names
        if name and name not in [allowed.lower() for allowed in policy.headers]
    ]
    mistaken = [name for name in missing if name.startswith("access-control-")]
    fixes = []
    if include and not policy.credentials:
        fixes.append(f"write true in {configuration.named(policy, 'credentials')}")
        if allows_anyone(policy):
            fixes.append(f"the origins that you trust in {configuration.named(policy, 'origin')}")
    if policy.methods != ("*",) and method not in (*SAFELISTED_METHODS, *policy.methods):
        if method.upper() in policy.methods:
            fixes.append(
                f"write {method.upper()} instead of {method} in the page, for the case of a method counts"
            )
        else:
            fixes.append(f"add {method} to {configuration.named(policy, 'methods')}")
    if mistaken:
        fixes.append(f"take the response header {mistaken[0]} out of the page's request")
    elif missing and policy.headers != ("*",):
        fixes.append(f"add {', '.join(missing)} to {configuration.named(policy, 'headers')}")
    return fixes


def not_governed(configuration: Configuration, cors: CORS, path: str) -> Diagnosis:
    """A request that no policy governs, and which path comes near it."""
    if callable(cors.matchstrategy):
        return Diagnosis(
            "the matchstrategy leaves this request alone", "let it return the name of a policy"
        )
    cause = f"no policy governs the path {path}"
    for policy in cors.policies.values():
        key, place = key_of(policy, "path"), configuration.named(policy, "path")
        for pattern in policy.path:
            stem = pattern[:-2] if pattern.endswith("/*") else pattern
            near = f"{cause}; {key} has {pattern}, and"
            if path.rstrip("/") == stem.rstrip("/"):
                return Diagnosis(
                    f"{near} a trailing slash counts",
                    f"ask for {pattern}, or add {path} to {place}",
                )
            if path.startswith(f"{stem}/"):
                return Diagnosis(f"{near} that is one path only", f"write {stem}/* in {place}")
            if f"{path}/".lower().startswith(f"{stem}/".lower()):
                return Diagnosis(f"{near} case counts", f"ask for {stem}{path[len(stem) :]}")
    places = [configuration.named(policy, "path") for policy in cors.policies.values()]
    return Diagnosis(cause, f"add {path} to {' or '.join(places)}")


def near_origin(policy: Policy, origin: str, environ: WSGIEnvironment) -> str:
    """An origin that the policy allows, and that is this one but for scheme, port, ``www.`` or localhost's name."""
    scheme, _, authority = origin.partition("://")
    host, port = host_and_port(authority)
    ports = [
        found[0]
        for entry in policy.origin
        if isinstance(entry, str) and (found := re.search(":[0-9]+$", entry))
    ]
    hosts = (
        LOCAL_NAMES
        if host in LOCAL_NAMES
        else (host[4:] if host.startswith("www.") else f"www.{host}",)
    )
    others = [f"{'http' if scheme == 'https' else 'https'}://{authority}"]
    others += [f"{scheme}://{other_host}{port and ':'}{port}" for other_host in hosts]
    others += [f"{scheme}://{host}{other_port}" for other_port in ("", *ports)]
    return next(
        (other for other in others if other != origin and policy.allows(other, environ)), ""
    )


def what_would_pass(case: Case) -> Iterable[str]:
    """The response headers with which the request would have passed."""
    if case.exchanges:
        for title, headers in needed_headers(case):
            yield f"--  {title}:"
            yield from (f"--    {name}: {value}" for name, value in headers)
