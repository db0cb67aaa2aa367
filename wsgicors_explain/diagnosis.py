"""From a blocked request to the key to change."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote

from .case import Case, Diagnosis
from .causes import SERVE_PAGE, find_cause, needed_headers, without_mistaken, without_unreadable
from .configuration import Configuration, key_of
from .headers import REQUEST_METHOD, get_header
from .middleware import (
    ALLOW_ORIGIN,
    AMBIGUOUS_PATH,
    CORS,
    DENIED,
    NOT_ALLOWED,
    PREDICATE_FAILED,
    STRATEGY_FAILED,
    VERB_NOT_ALLOWED,
    OriginList,
    Policy,
)
from .mounts import NO_MOUNT, part_after
from .origins import LOCAL_NAMES, host_and_port, near_miss
from .remedies import Asked, Change, Remedy, allows, below_mount, find_remedy, passes
from .targets import Visit, are_noted
from .wire import Exchange


def conclude(configuration: Configuration | None, case: Case) -> list[str]:
    """What would have passed; in the last line, why this is blocked and what to change."""
    ours = Diagnosis("", "")
    if configuration and case.exchanges:
        ours = of_outer_layer(configuration, case) or diagnose(configuration, case)
    seen = Diagnosis(ours.cause) if ours.cause else find_cause(case)
    if case.unreachable and case.unreachable.browsers_may:
        return [f"UNKNOWN: {seen.cause}. To find out, {ours.fix or seen.fix}"]
    fix = without_unreadable(case, without_mistaken(case, ours.fix or seen.fix))
    last = f"BLOCKED: {seen.cause}" + (f". To fix it, {fix}" if fix else "")
    return [*([] if any(ours) else what_would_pass(case)), last]


def visit_of(case: Case) -> Visit | None:
    """The middleware that decided, or else the one nearest to the application.

    None: the request reached none, because an outer layer responded.
    """
    for visit in case.visits:
        if visit.decision is not None:
            return visit
    return case.visits[-1] if case.visits else None


OUTERMOST: Final = "make CORS the outermost layer around the application for this path"


def of_outer_layer(configuration: Configuration, case: Case) -> Diagnosis | None:
    """A layer outside of the middleware responds, or changes its response; None if it does not."""
    visit, reason = visit_of(case), case.verdict.reason
    if visit is None:
        mounted = beside_mounts(configuration, case.last)
        uses = [configuration, *configuration.others]
        made = [use.cors for use in uses if use.cors]
        is_known = made and are_noted(made)
        return mounted or (not_asked(case) if is_known else None)
    sent = get_header(visit.sent, ALLOW_ORIGIN)
    if sent not in ("*", case.sent_origin):
        return None
    left = get_header(case.response.headers, ALLOW_ORIGIN)
    if sent == left:
        return None
    verb = "replaced" if left else "removed"
    cause = f"{reason}; wsgicors sent {sent}, and something outside of it {verb} it"
    return Diagnosis(cause, OUTERMOST)


def not_asked(case: Case) -> Diagnosis | None:
    """A response to which no middleware contributed."""
    cause, fix = find_cause(case)
    if cause.startswith("the application raised "):
        return None
    cause = f"{cause}; the request did not reach wsgicors"
    if case.is_preflight or case.response.status < 400:
        return Diagnosis(cause, OUTERMOST)
    return Diagnosis(cause, f"{fix}; and {OUTERMOST}")


def diagnose(configuration: Configuration, case: Case) -> Diagnosis:
    """What in the configuration is the cause; empty if the responses say more."""
    exchange, visit = case.last, visit_of(case)
    if visit is None or visit.environ.get("HTTP_ORIGIN") != case.origin:
        return Diagnosis("", "")
    cors, decision = visit.cors, visit.decision
    if decision is None and get_header(exchange.response.headers, ALLOW_ORIGIN) is not None:
        return Diagnosis("", "")
    configuration = configuration.use_of(cors)
    asked = asked_of(case, visit)
    if decision is None:
        found = not_governed(configuration, cors, asked, exchange.response.status)
    elif decision.policy:
        found = Diagnosis("", fix_for(configuration, cors, asked, decision.group))
    else:
        found = refused(configuration, cors, asked, decision.reason, decision.group)
    if asked.origin == "null":
        return found._replace(fix=SERVE_PAGE)
    return found


def asked_of(case: Case, visit: Visit) -> Asked:
    """The request as the middleware sees it."""
    path, mount = [
        visit.environ.get(key, "").encode("latin-1").decode(errors="surrogateescape")
        for key in ("PATH_INFO", "SCRIPT_NAME")
    ]
    method = get_header(case.last.headers, REQUEST_METHOD) or case.last.method
    whole = unquote(case.last.url.target.partition("?")[0], errors="surrogateescape")
    if whole.endswith(path):  # several mounts, of which SCRIPT_NAME may have the last one only
        mount = whole[: len(whole) - len(path)]
    return Asked(case.origin, path, method, case.headers, case.include, mount)


def refused(
    configuration: Configuration,
    cors: CORS,
    asked: Asked,
    reason: str,
    group: Sequence[Policy],
) -> Diagnosis:
    """A request that the policies for its path refuse."""
    if reason == AMBIGUOUS_PATH:
        candidates = tuple(cors.policies.values())
        return Diagnosis(reason, fix_for(configuration, cors, asked, candidates))
    if reason == VERB_NOT_ALLOWED:
        return Diagnosis(reason, fix_for(configuration, cors, asked, group))
    if reason in (PREDICATE_FAILED, STRATEGY_FAILED):
        return failed(cors, reason, group)
    if reason not in (NOT_ALLOWED, DENIED):
        return Diagnosis(reason, "")
    if not cors.policies:
        place = configuration.place_of("policy")
        fix = f"list a policy for this path before deny in policy ({place})"
        return Diagnosis(f"{reason}: {asked.origin}", fix)
    return not_allowed(configuration, cors, asked, reason, group)


def failed(cors: CORS, reason: str, group: Sequence[Policy]) -> Diagnosis:
    """A function of the configuration that raised, or returned what it must not return."""
    if reason == STRATEGY_FAILED:
        name = name_of(cors.matchstrategy)
        return Diagnosis(reason, f"let {name} return the name of a policy, 'deny' or None")
    names: dict[str, None] = {}
    for policy in group:
        sources: list[Iterable[object]] = [policy.origin, *lists_of(policy)]
        for entries in sources:
            names.update((name_of(entry), None) for entry in entries if callable(entry))
    return Diagnosis(reason, f"let {', or '.join(names)} return True or False")


def not_allowed(
    configuration: Configuration,
    cors: CORS,
    asked: Asked,
    reason: str,
    group: Sequence[Policy],
) -> Diagnosis:
    """An origin that no policy for the path allows."""
    near, instead = nearest_origin(cors, group, asked)
    cause = f"{reason}: {asked.origin}{near}{missing_from_lists(group)}"
    if not near:
        for policy in cors.policies.values():
            if policy not in group and allows(policy, asked):
                cause += f"; {policy.name} would allow it, but is not for this path"
    candidates = group or tuple(cors.policies.values())
    fix = fix_for(configuration, cors, asked, candidates)
    if not instead:
        return Diagnosis(cause, fix)
    page = f"open the page at {instead}"
    known = fix in ("", f"serve the page from {instead}")
    return Diagnosis(cause, page if known else f"{page}, or {fix}")


def nearest_origin(cors: CORS, group: Iterable[Policy], asked: Asked) -> tuple[str, str]:
    """What the policies allow instead, and what that lets the page do."""
    for policy in group:
        key = key_of(policy, "origin")
        under = asked._replace(origin=asked.origin.replace("://", "://a-name-under."))
        if allows(policy, under):
            return f"; {key} allows only names under that host, not itself", ""
        near = near_origin(policy, asked)
        if near:
            found = f"; {key} allows {near} ({near_miss(near, asked.origin)})"
            enough = passes(cors, Remedy((), asked._replace(origin=near)))
            return found, near if enough else ""
    return "", ""


def fix_for(
    configuration: Configuration, cors: CORS, asked: Asked, candidates: Iterable[Policy]
) -> str:
    """Everything that has to change, as a clause; empty if no change is known to help."""
    candidates = tuple(candidates)
    remedy = find_remedy(cors, asked, candidates)
    if remedy is None:
        return ""
    fix = " and ".join(spell(configuration, cors, change) for change in remedy.changes)
    for policy in candidates[1:]:
        if passes(cors, Remedy((), asked), first=policy.name):
            first = candidates[0].name
            return f"{fix}, or list {policy.name}, which allows this, before {first}"
    return fix


def spell(configuration: Configuration, cors: CORS, change: Change) -> str:
    """A change as a clause."""
    if not change.policy:
        return change.text
    policy, values = cors.policies[change.policy], ", ".join(change.values)
    place = configuration.named(policy, change.option)
    if not change.add:
        only = change.option == "origin" and len(policy.origin) == 1
        instead = f" instead of {policy.origin[0]}" if only else ""
        return f"write {values}{instead} in {place}"
    lists = lists_of(policy) if change.option == "origin" else []
    functions = [name_of(entry) for entry in policy.origin if callable(entry)]
    if change.option == "origin" and functions and len(functions) == len(policy.origin):
        return f"let {', or '.join(functions)} return True for {values}"
    if lists:
        place = f"what {name_of(lists[0].source)} returns"
    return f"add {values} to {place}"


def not_governed(configuration: Configuration, cors: CORS, asked: Asked, status: int) -> Diagnosis:
    """A request that no policy governs, and which path comes near it."""
    answered = f", and the application returns {status}" if status >= 300 else ""
    if callable(cors.matchstrategy):
        cause = "the matchstrategy leaves this request alone"
        return Diagnosis(cause + answered, "let it return the name of a policy")
    near, path = nearest_path(cors, asked)
    fix = fix_for(configuration, cors, asked, cors.policies.values())
    if path and passes(cors, Remedy((), asked._replace(path=path))):
        fix = ", or ".join(filter(None, (f"request {asked.mount}{path}", fix)))
    mounted = f", {part_after(asked.mount)}" if asked.mount else ""
    cause = f"no policy governs the path {asked.path}{mounted}{near}{answered}"
    return Diagnosis(cause, fix)


def beside_mounts(configuration: Configuration, exchange: Exchange) -> Diagnosis | None:
    """A request that no middleware gets, because of where applications are mounted."""
    answer = exchange.response.body.decode(errors="replace")
    if answer.startswith(NO_MOUNT):
        return Diagnosis(answer, "request a path below one of them")
    uses = (configuration, *configuration.others)
    if not all(use.mounts for use in uses):
        return None
    asked = " and ".join(f"{use.name} ({use.place}) below {use.mounts[-1]}" for use in uses)
    cause = f"the application for {exchange.url.target} has no CORS middleware around it"
    fix = f"request a path below it, or wrap what is mounted for {exchange.url.target} as well"
    return Diagnosis(f"{cause}; there is {asked} only", fix)


def nearest_path(cors: CORS, asked: Asked) -> tuple[str, str]:
    """Which path of a policy is nearly this one, and what the page could request."""
    path = asked.path
    for policy in cors.policies.values():
        if below_mount(policy, asked):
            key = key_of(policy, "path")
            return f"; {key} includes {asked.mount}, which the mount removes", ""
        for pattern in policy.path:
            stem = pattern[:-2] if pattern.endswith("/*") else pattern
            near = f"; {key_of(policy, 'path')} has {pattern}, and"
            if path.rstrip("/") == stem.rstrip("/"):
                return f"{near} a trailing slash matters", pattern
            if path.startswith(f"{stem}/"):
                return f"{near} that is one path only", ""
            if f"{path}/".lower().startswith(f"{stem}/".lower()):
                return f"{near} case matters", f"{stem}{path[len(stem) :]}"
    return "", ""


def lists_of(policy: Policy) -> list[OriginList]:
    """The lists of origins that change while the server runs."""
    module = sys.modules[type(policy).__module__]  # of a vendored copy, perhaps
    return [entry for entry in policy.origin if isinstance(entry, module.OriginList)]


def origin_lists(cors: CORS) -> list[str]:
    """The lists of the policies, a line each."""
    return [
        f"{policy.name}: {describe_list(origins)}"
        for policy in cors.policies.values()
        for origins in lists_of(policy)
    ]


def missing_from_lists(group: Iterable[Policy]) -> str:
    """The lists in which an origin was looked up, to be read after a semicolon."""
    found = [describe_list(origins) for policy in group for origins in lists_of(policy)]
    return f"; it is missing from the list of {' and of '.join(found)}" if found else ""


def describe_list(origins: OriginList) -> str:
    """A list by its function, its size and its age."""
    count = f"{len(origins)} origin{'' if len(origins) == 1 else 's'}"
    age = "not loaded yet"
    if origins.loaded is not None:
        age = f"loaded {time.time() - origins.loaded:.0f} s ago"
    return f"{name_of(origins.source)}: {count}, {age}"


def name_of(function: object) -> str:
    """A function by its name and, if known, its place."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", type(function).__name__)
    if code is None:
        return f"{name}()"
    return f"{name}() ({os.path.relpath(code.co_filename)}:{code.co_firstlineno})"


def near_origin(policy: Policy, asked: Asked) -> str:
    """An origin that the policy allows, and that differs in a detail: see `variants`."""
    ports = [
        found[0]
        for entry in policy.origin
        if isinstance(entry, str) and (found := re.search(":[0-9]+$", entry))
    ]
    for other in variants(asked.origin, ports):
        if other != asked.origin and allows(policy, asked._replace(origin=other)):
            return other
    return ""


def variants(origin: str, ports: list[str]) -> list[str]:
    """The origin with another scheme, port, ``www.`` or name of localhost."""
    scheme, _, authority = origin.partition("://")
    host, port = host_and_port(authority)
    hosts: tuple[str, ...] = LOCAL_NAMES
    if host not in LOCAL_NAMES:
        hosts = (host[4:] if host.startswith("www.") else f"www.{host}",)
    others = [f"{'http' if scheme == 'https' else 'https'}://{authority}"]
    others += [f"{scheme}://{other_host}{port and ':'}{port}" for other_host in hosts]
    return others + [f"{scheme}://{host}{other_port}" for other_port in ("", *ports)]


def what_would_pass(case: Case) -> Iterable[str]:
    """The response headers with which the request would have passed."""
    if case.exchanges:
        for title, headers in needed_headers(case):
            yield f"--  {title}:"
            yield from (f"--    {name}: {value}" for name, value in headers)
