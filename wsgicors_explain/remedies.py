"""What to change in a configuration of wsgicors so that a request passes.

A remedy is not guessed: each one is applied to a copy of the configuration, the copy is
loaded, and the request is played against it. Only a remedy with which it passes is advised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from .browser import Browser
from .configuration import allows_anyone, empty_app
from .headers import SAFELISTED_METHODS, Headers, is_response_header, unsafe_names
from .middleware import CORS, OPTIONS, Policy, middleware_of, normal_path
from .wire import URL, wsgi_environ

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Where a request is played: a host that no page is on, so that it is never same-origin.
HOST: Final = "https://request.invalid"


class Asked(NamedTuple):
    """A page's request, as far as CORS is concerned.

    path: what the middleware sees, below the mount point; as text, decoded.
    headers: those that the page sets. include: the credentials mode. mount: what comes before
    the path in the URL.
    """

    origin: str
    path: str
    method: str
    headers: Headers
    include: bool
    mount: str = ""


class Change(NamedTuple):
    """One thing to change.

    policy: its name; empty for a change in the page, which `text` describes.
    values: what to add to the option, or to write in it if `add` is false.
    """

    policy: str
    option: str
    values: tuple[str, ...] = ()
    add: bool = False
    text: str = ""


class Remedy(NamedTuple):
    """Changes, and the request as it is once the page's own are made."""

    changes: tuple[Change, ...]
    asked: Asked


def find_remedy(cors: CORS, asked: Asked, candidates: Iterable[Policy]) -> Remedy | None:
    """The remedy with the fewest changes, in one of the candidates and the page, if any."""
    found: Remedy | None = None
    for policy in candidates:
        for attempt in attempts(cors, policy, asked):
            fewer = found is None or len(attempt.changes) < len(found.changes)
            if attempt.changes and fewer and passes(cors, attempt):
                found = attempt
                break
    return found


def attempts(cors: CORS, policy: Policy, asked: Asked) -> Iterator[Remedy]:
    """Remedies to try, for each request that the page could make instead."""
    for page, request in other_requests(asked):
        plain = needed(cors, policy, request)
        yield Remedy((*page, *plain.changes), plain.asked)
        if request.include and all(isinstance(entry, str) for entry in policy.origin):
            # With credentials, what else is listed may not be safe enough.
            safe = [entry for entry in policy.origin if re.match(r"https://[^*]+$", entry)]
            origins = Change(policy.name, "origin", tuple(dict.fromkeys([*safe, request.origin])))
            others = [change for change in plain.changes if change.option != "origin"]
            yield Remedy((*page, origins, *others), plain.asked)


def other_requests(asked: Asked) -> list[tuple[tuple[Change, ...], Asked]]:
    """The request as it is, with the normal form of its path, from https, and with both."""
    found: list[tuple[tuple[Change, ...], Asked]] = [((), asked)]
    path = normal_path(asked.path)
    if path != asked.path:
        ask = f"request {asked.mount}{path} instead of {asked.mount}{asked.path}"
        found.append(((Change("", "path", text=ask),), asked._replace(path=path)))
    scheme, _, rest = asked.origin.partition("://")
    if scheme == "http":
        origin = f"https://{rest}"
        page = Change("", "origin", text=f"serve the page from {origin}")
        found += [((*others, page), each._replace(origin=origin)) for others, each in found]
    return found


def needed(cors: CORS, policy: Policy, asked: Asked) -> Remedy:
    """Everything at once that the policy and the page lack."""
    page, asked = change_page(policy, asked)
    changes = [*page, *change_path(cors, policy, asked), *change_origin(policy, asked)]
    if asked.include and not policy.credentials:
        changes.append(Change(policy.name, "credentials", ("true",)))
    safelisted = SAFELISTED_METHODS if cors.matchstrategy != "verbmatch" else frozenset()
    if policy.methods != ("*",) and asked.method not in {*safelisted, *policy.methods}:
        changes.append(Change(policy.name, "methods", (asked.method,), add=True))
    allowed = {name.lower() for name in policy.headers}
    unsafe = unsafe_names(asked.headers)
    missing = tuple([name for name in unsafe if name not in allowed])
    if missing and policy.headers != ("*",):
        changes.append(Change(policy.name, "headers", missing, add=True))
    return Remedy(tuple(changes), asked)


def change_page(policy: Policy, asked: Asked) -> tuple[list[Change], Asked]:
    """What only the page can fix."""
    changes = []
    upper = asked.method.upper()
    if asked.method != upper and (upper == "PATCH" or upper in policy.methods):
        text = f"write {upper} instead of {asked.method} in the page"
        text += ", because method names are case-sensitive"
        changes.append(Change("", "methods", text=text))
        asked = asked._replace(method=upper)
    kept: Headers = []
    mistaken: Headers = []
    for header in asked.headers:
        (mistaken if is_response_header(header[0]) else kept).append(header)
    if mistaken:
        names = ", ".join(name for name, _ in mistaken)
        text = f"remove {names} from the request headers of the page"
        text += ", because only a server can send it"
        changes.append(Change("", "headers", text=text))
        asked = asked._replace(headers=kept)
    return changes, asked


def change_path(cors: CORS, policy: Policy, asked: Asked) -> list[Change]:
    """How to make the policy govern the path; nothing if it does already."""
    if callable(cors.matchstrategy) or not policy.path or governs(policy, asked.path):
        return []
    wanted = below_mount(policy, asked) or near_path(policy, asked.path) or asked.path
    return [Change(policy.name, "path", (wanted,), add=True)]


def governs(policy: Policy, path: str) -> bool:
    """Whether one of the policy's paths is, or contains, this one."""
    return any(contains(pattern, path) for pattern in policy.path)


def contains(pattern: str, path: str) -> bool:
    """Whether a path of a policy is, or contains, this one."""
    below = pattern.endswith("/*") and f"{path}/".startswith(pattern[:-1])
    return path == pattern or below


def below_mount(policy: Policy, asked: Asked) -> str:
    """``/items/*`` if the policy has ``/api/items/*`` and the mount point is ``/api``."""
    for pattern in policy.path:
        rest = pattern[len(asked.mount) :] or "/"
        if (
            asked.mount
            and f"{pattern}/".startswith(f"{asked.mount}/")
            and contains(rest, asked.path)
        ):
            return rest
    return ""


def near_path(policy: Policy, path: str) -> str:
    """``/api/*`` if the policy has ``/api`` and the path is below it; else nothing."""
    for pattern in policy.path:
        stem = pattern.rstrip("/")
        if path.startswith(f"{stem}/"):
            return f"{stem}/*" if len(path) > len(pattern) + 1 else ""
    return ""


def change_origin(policy: Policy, asked: Asked) -> list[Change]:
    """How to make the policy allow the origin, with credentials if the request has them."""
    if allows_anyone(policy):
        safe = policy.credentials and policy.allows(asked.origin, {})
        if safe or not asked.include:
            return []
        return [Change(policy.name, "origin", (asked.origin,))]
    if allows(policy, asked):
        return []
    return [Change(policy.name, "origin", (asked.origin,), add=True)]


def allows(policy: Policy, asked: Asked) -> bool:
    """Whether the policy, were it the only one, allows the origin of the request."""
    return policy.allows(asked.origin, environ_of(asked))


def environ_of(asked: Asked) -> WSGIEnvironment:
    """The environ of the request, for predicates."""
    url = URL.parse(HOST + quote(asked.path, errors="surrogateescape"))
    headers = [("Origin", asked.origin), *asked.headers]
    return wsgi_environ(asked.method, url, headers, b"")


# The proof: apply, load, play


def changed(cors: CORS, changes: Iterable[Change], first: str = "") -> CORS:
    """A copy of the middleware with the changes, and with the policy `first` before the others.

    ConfigError: that is not allowed.
    """
    names = sorted(cors.policies, key=lambda name: name != first)
    policies = {
        name: {option: getattr(cors.policies[name], option) for option in OPTIONS} for name in names
    }
    for options in policies.values():
        options["origin"] = as_written(options["origin"])
        options["path"] = options["path"] or None
    for change in changes:
        if change.policy:
            apply(policies[change.policy], change)
    make = middleware_of(cors).CORS
    if names == ["direct"]:
        copy: CORS = make(empty_app, policies["direct"], matchstrategy=cors.matchstrategy)
    else:
        copy = make(empty_app, policies=policies, matchstrategy=cors.matchstrategy)
    return copy


def as_written(origin: tuple[Any, ...]) -> Any:
    """``*`` and ``copy`` are written alone, not as a list."""
    return origin[0] if origin in (("*",), ("copy",)) else origin


def apply(options: dict[str, Any], change: Change) -> None:
    """Make one change in the options of a policy."""
    if change.add:
        options[change.option] = [*(options[change.option] or ()), *change.values]
    elif change.option == "credentials":
        options["credentials"] = True
    else:
        options[change.option] = list(change.values)


def passes(cors: CORS, remedy: Remedy, first: str = "") -> bool:
    """Whether the changed configuration loads, and the request passes."""
    asked = remedy.asked
    values = [value for change in remedy.changes for value in change.values]
    # Such a value would fall apart in a list that is written as text.
    if any(re.search(r"[\s,]", value) for value in values):
        return False
    try:
        middleware = changed(cors, remedy.changes, first)
    except middleware_of(cors).ConfigError:
        return False
    url = HOST + quote(asked.path, errors="surrogateescape")
    browser = Browser(middleware, asked.origin)
    credentials = "include" if asked.include else "omit"
    return bool(browser.fetch(url, asked.method, asked.headers, credentials))
