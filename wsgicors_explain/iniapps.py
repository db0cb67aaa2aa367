"""The applications of an ini file, with stubs in place of everything below the middleware."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import dropwhile
from typing import TYPE_CHECKING, Any, NamedTuple

from .configuration import Configuration, empty_app
from .inifile import (
    APP,
    CASCADE,
    FILTER,
    OURS,
    PREFIX,
    URLMAP,
    Context,
    IniError,
    IniFile,
    Kind,
    one_line,
)
from .middleware import CORS, ConfigError, make_middleware, middleware_modules, misfit
from .mounts import Prefix, URLMap, address_of, not_found

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Application(NamedTuple):
    """A WSGI application, and the uses of the middleware in it, from the outside inwards."""

    app: WSGIApplication
    uses: list[Configuration]


@dataclass
class Ini:
    """What an ini file has.

    uses: of the middleware, each section once. apps: the applications that are not a part of
    another one. main: the one among them that servers take. problems: why some, or all, of them
    cannot be loaded.
    """

    uses: list[Configuration] = field(default_factory=list)
    apps: list[Application] = field(default_factory=list)
    main: Application | None = None
    problems: list[str] = field(default_factory=list)


def read_ini(path: str, variables: dict[str, str]) -> Ini:
    """All applications and filters of an ini file, each built around stubs."""
    ini = Ini()
    try:
        file = IniFile(path, variables)
    except IniError as error:
        ini.problems.append(str(error))
        return ini
    except OSError as error:
        ini.problems.append(f"{path}: {error.strerror}")
        return ini
    for section in file.sections(APP):
        load_root(ini, file, APP, section, variables)
    all_known = bool(ini.apps and not ini.problems)
    for section in file.sections(FILTER):
        for use in load_root(ini, file, FILTER, section, variables):
            if all_known:
                unused = "has no effect, because no pipeline or filter-with refers to it"
                use.advice.append(f"{use.place}: {section}: {unused}")
                use.unused = True
    return ini


def load_root(
    ini: Ini, file: IniFile, kind: Kind, section: str, variables: dict[str, str]
) -> list[Configuration]:
    """Load a section that is not a part of others, and return the uses in it that are new."""
    if section in file.visited:
        return []
    visited = set(file.visited)
    try:
        context = file.load_section(kind, section, variables)
        found = build(context) if kind is APP else wrap(context, Application(empty_app, []))
    except IniError as error:
        ini.problems += [] if str(error) in ini.problems else [str(error)]
        file.visited = visited  # the parts are loaded on their own
        return []
    if kind is APP:
        ini.apps.append(found)
        if section.partition(":")[2].strip() == "main":
            ini.main = found
    return note_uses(ini, found.uses)


def note_uses(ini: Ini, uses: list[Configuration]) -> list[Configuration]:
    """Note the uses that are new, and what is new about known ones."""
    new = []
    for use in uses:
        same = (use.place, use.options)
        known = [each for each in ini.uses if (each.place, each.options) == same]
        if known:
            known[0].mounts += use.mounts
            known[0].advice += [line for line in use.advice if line not in known[0].advice]
        else:
            ini.uses.append(use)
            new.append(use)
    return new


def build(context: Context) -> Application:
    """The application that a context describes."""
    if context.app is None:
        return build_factory(context)
    if context.shape == "filter-with" and context.app.shape != "factory":
        raise IniError(
            f"{context.place}: filter-with: PasteDeploy cannot apply it to a {context.app.shape}:"
            " name the filter in a pipeline"
        )
    application = build(context.app)
    for each in reversed(context.filters):
        application = wrap(each, application)
    return application


def build_factory(context: Context) -> Application:
    """An application that is not made of others, or that mounts them below paths."""
    if context.factory == URLMAP:
        return build_urlmap(context)
    parts = []
    if context.factory == CASCADE or context.composite:
        parts = build_parts(context)
    # Which one of these responds is unknown; prefer one that uses the middleware.
    last = next((part for part in reversed(parts) if part.uses), Application(empty_app, []))
    uses = [use for part in parts for use in part.uses]
    for use in uses:
        use.chooser = f"{context.section} ({context.place})"
    return Application(last.app, uses)


def build_parts(context: Context) -> list[Application]:
    """The applications among the options; which ones they are, only the factory knows."""
    sections = {section.partition(":")[2].strip() for section in context.file.sections(APP)}
    return [
        build_part(context, option, name)
        for option, name in context.local_conf.items()
        if name in sections
    ]


def build_part(context: Context, option: str, name: str) -> Application:
    """One of the applications that a composite names."""
    place = getattr(name, "place", context.place)
    with context.file.following(place, option):
        return build(context.file.load(APP, name, context.global_conf, place, option))


def build_urlmap(context: Context) -> Application:
    """The applications that ``egg:Paste#urlmap`` mounts."""
    options = dict(context.local_conf)
    fallback = options.pop("not_found_app", context.global_conf.get("not_found_app"))
    elsewhere = build_part(context, "not_found_app", fallback) if fallback else None
    mounts: dict[tuple[str, str], WSGIApplication] = {}
    uses = []
    names = []
    for option, name in options.items():
        try:
            host, prefix = address_of(option)
        except ValueError as error:
            place = getattr(name, "place", context.place)
            raise IniError(f"{place}: {option}: {error}") from error
        part = build_part(context, option, name)
        mounts[host, prefix] = part.app
        uses += mounted(part.uses, prefix)
        names.append(f"{host}{prefix}")
    at = f"{context.section} ({context.place}) mounts {', '.join(names) or 'nothing'}"
    elsewhere = elsewhere or Application(not_found(at), [])
    return Application(URLMap(mounts, elsewhere.app), [*uses, *elsewhere.uses])


def mounted(uses: list[Configuration], prefix: str) -> list[Configuration]:
    """The uses, with the prefix added to their mounts."""
    for use in uses:
        whole = prefix + (use.mounts[-1] if use.mounts else "")
        use.mounts += [whole] if whole else []
    return uses


def wrap(context: Context, inner: Application) -> Application:
    """The application within the filter that a context describes."""
    if context.app is not None:
        (outer,) = context.filters
        return wrap(outer, wrap(context.app, inner))
    if context.factory == PREFIX:
        try:
            prefix = Prefix(inner.app, **context.local_conf)
        except (TypeError, ValueError, re.error) as error:
            raise IniError(f"{context.place}: {context.section}: {one_line(error)}") from error
        return Application(prefix, mounted(inner.uses, prefix.prefix))
    if context.factory == OURS:
        return use_middleware(context, inner)
    return inner


def copy_of(context: Context) -> Any:
    """The copy of the middleware that the section names, if it is imported and not our own.

    Objects after ``call:``, such as an OriginList, are of that copy. To load them imports their
    modules; only then is the copy imported, too.
    """
    values = [*context.global_conf.values(), *context.local_conf.values()]
    if any(value.lstrip().startswith("call:") for value in values):
        with contextlib.suppress(Exception, SystemExit):
            import_module(context.module)
    module: Any = sys.modules.get(context.module)
    if module not in middleware_modules() or module.CORS is CORS:
        return None
    if misfit(module):
        raise IniError(f"{context.place}: {context.section}: {misfit(module)}")
    return module


def make(context: Context, app: WSGIApplication) -> Any:
    """The middleware around the application."""
    copy = copy_of(context)
    if copy is None:
        return make_middleware(app, context.global_conf, **context.local_conf)
    try:
        return copy.make_middleware(app, context.global_conf, **context.local_conf)
    except copy.ConfigError as error:
        raise ConfigError(error.problems) from error


def on_unused_policies(use: Configuration, section: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(key, message) for each policy that is not asked: it comes after deny, or is not listed.

    section: the keys in the section itself.
    """
    listed = re.findall(r"[^,\s]+", use.options.get("policy", ""))
    for name in [*dropwhile(lambda name: name != "deny", listed)][1:]:
        yield "policy", f"{name} comes after deny, so it is never used"
    if not use.cors:
        return
    # A key that is not a problem, but not of an active policy either, is of an inactive one.
    keys = {key.removesuffix("_origin"): key for key in section if key.endswith("_origin")}
    for name in sorted(keys.keys() - use.cors.policies.keys() - set(listed)):
        yield keys[name], f"{name} is not listed in policy, so it is not active"


def use_middleware(context: Context, inner: Application) -> Application:
    """The application within the middleware; without the middleware if there are problems."""
    options = {**context.global_conf, **context.local_conf}
    use = Configuration(context.section, context.place, options)
    use.build(lambda: make(context, inner.app))
    use.problems += context.hidden
    use.advice += context.ignored
    use.advice += [use.about(*each) for each in on_unused_policies(use, context.local_conf)]
    if inner.uses:
        use.note_inner()
    return Application(use.app or inner.app, [use, *inner.uses])
