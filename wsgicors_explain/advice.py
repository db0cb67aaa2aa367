"""Advice on a configuration that loads, but probably does not do what was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from .configuration import allows_anyone, empty_app
from .headers import (
    FORBIDDEN_METHODS,
    MAX_AGE_EVER,
    MAX_AGE_LIMIT,
    SAFELISTED_METHODS,
    is_forbidden_request_header,
)
from .middleware import (
    CORS,
    FORBIDDEN_RESPONSE_HEADERS,
    SAFELISTED_RESPONSE_HEADERS,
    Policy,
    middleware_of,
    public_suffix_list,
)
from .mounts import part_after

# option, which of its names, why they have no effect
WITHOUT_EFFECT: Final[tuple[tuple[str, Callable[[str], bool], str], ...]] = (
    ("methods", lambda name: name.upper() in FORBIDDEN_METHODS, "no page may send it"),
    (
        "headers",
        lambda name: is_forbidden_request_header(name, ""),
        "no page may set it, the browser does",
    ),
    (
        "expose_headers",
        lambda name: name.lower() in SAFELISTED_RESPONSE_HEADERS,
        "every page may read it",
    ),
    (
        "expose_headers",
        lambda name: name.lower() in FORBIDDEN_RESPONSE_HEADERS,
        "no page may ever read it",
    ),
)


def advise(cors: CORS, policy: Policy) -> Iterable[tuple[str, str]]:
    """(option, message) for each piece of advice about the policy."""
    if not policy.origin:
        yield "origin", "is empty, so no page is allowed"
    for option, is_meant, why in WITHOUT_EFFECT:
        yield from (
            (option, f"{name} has no effect: {why}")
            for name in getattr(policy, option)
            if is_meant(name)
        )
    yield from on_maxage(policy)
    for risk in sorted(policy.accept_risk):
        if not has_risk(cors, policy, risk):
            yield "accept_risk", f"{risk} is not a risk of this policy: remove it"
    yield from on_wildcards(policy)
    reason = why_unreachable(cors, policy)
    if reason:
        yield "origin", f"no request can reach the policy {policy.name}: {reason}"


def on_maxage(policy: Policy) -> Iterable[tuple[str, str]]:
    """A time that is too short to help, or longer than any browser's limit."""
    if policy.maxage < 60 and (policy.headers or set(policy.methods) - SAFELISTED_METHODS):
        often = f"after {policy.maxage} seconds" if policy.maxage else "before every request"
        remedy = "remove it to use 600 seconds"
        yield "maxage", f"makes browsers repeat the preflight {often}: {remedy}"
    if policy.maxage > MAX_AGE_EVER:
        limits = f"Chromium {MAX_AGE_LIMIT}, WebKit 600"
        yield "maxage", f"no browser honours more than {MAX_AGE_EVER} seconds ({limits})"


def on_mounts(mounts: Iterable[str], policy: Policy) -> Iterable[tuple[str, str]]:
    """A path that includes the prefix of a mount, which the middleware does not see."""
    for path in policy.path:
        found = [mount for mount in mounts if path == mount or path.startswith(f"{mount}/")]
        if found:
            mount = max(found, key=len)
            rest = path[len(mount) :] or "/"
            yield "path", f"{path} is compared with {part_after(mount)}: write {rest}"


def on_wildcards(policy: Policy) -> Iterable[tuple[str, str]]:
    """Wildcards that were checked only against a short table of suffixes."""
    wildcards = [
        entry
        for entry in policy.origin
        if isinstance(entry, str) and "*" in entry.removesuffix(":*")
    ]
    if policy.credentials and wildcards and public_suffix_list() is None:
        unknown = "only a short table was searched for whether anyone can register names under it"
        remedy = "install wsgicors[psl]"
        yield "origin", f"{wildcards[0]} is used with credentials, and {unknown}: {remedy}"


def has_risk(cors: CORS, policy: Policy, risk: str) -> bool:
    """Whether the policy would be refused, or do less, without accepting this risk."""
    is_relevant = policy.credentials or risk == "slow-expression"
    module = middleware_of(cors)
    has_list = any(isinstance(entry, module.OriginList) for entry in policy.origin)
    # The contents of a list may change.
    if is_relevant and (has_list or (risk == "null-origin" and policy.origin == ("copy",))):
        return True
    options = {
        option: getattr(policy, option) for option in ("origin", "credentials", "accept_risk")
    }
    try:
        module.CORS(empty_app, {**options, "accept_risk": policy.accept_risk - {risk}})
    except module.ConfigError:
        return True
    return False


def why_unreachable(cors: CORS, policy: Policy) -> str:
    """Why other policies take every request that this one could get; empty if they do not."""
    if callable(cors.matchstrategy):
        return ""
    policies = list(cors.policies.values())
    path = frozenset(policy.path)
    if policies_of_earlier_paths_govern(policies, path):
        return "policies that come first govern all of its paths"
    same_path = [each for each in policies if frozenset(each.path) == path]
    for earlier in same_path[: same_path.index(policy)]:
        any_verb = cors.matchstrategy == "firstmatch" or earlier.methods == ("*",)
        verbs = any_verb or set(policy.methods) <= set(earlier.methods)
        if verbs and policy.origin and all(takes(earlier, entry) for entry in policy.origin):
            return f"{earlier.name}, which comes first for the same path, allows all of its origins"
    return ""


def policies_of_earlier_paths_govern(policies: list[Policy], path: frozenset[str]) -> bool:
    """Whether the paths that are matched before these cover all of them."""
    groups = list(dict.fromkeys(frozenset(policy.path) for policy in policies))
    # Policies without a path are matched last, wherever they are written.
    earlier = groups[: groups.index(path)] if path else groups
    patterns = [pattern for group in earlier for pattern in group]
    exact = without_star(patterns)
    prefixes = tuple(up_to_star(patterns))
    wanted = [*without_star(path), *up_to_star(path)]
    return all(part in exact or part.startswith(prefixes) for part in wanted or ["/"])


def without_star(patterns: Iterable[str]) -> set[str]:
    """The paths that the patterns contain literally."""
    return {pattern.removesuffix("/*") for pattern in patterns}


def up_to_star(patterns: Iterable[str]) -> list[str]:
    """The prefixes of all paths below one of the patterns."""
    return [pattern[:-1] for pattern in patterns if pattern.endswith("/*")]


def takes(policy: Policy, entry: object) -> bool:
    """Whether the policy surely admits all origins of this entry of another one."""
    if not isinstance(entry, str) or "*" in entry or entry == "copy" or entry in policy.origin:
        return allows_anyone(policy) or entry in policy.origin
    # Advice never calls a predicate, and the middleware never passes null to one.
    return (entry == "null" or not any(map(callable, policy.origin))) and policy.allows(entry, {})
