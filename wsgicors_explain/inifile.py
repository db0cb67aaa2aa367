"""An ini file, read as PasteDeploy reads it."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from .configuration import Configuration, Line, empty_app
from .middleware import OPTIONS, make_middleware


class IniError(Exception):
    """An ini file that PasteDeploy cannot load either; the text is a line for the user."""


APP_SECTIONS: Final = ("app", "application", "composite", "composit", "pipeline", "filter-app")
FILTER_SECTIONS: Final = ("filter",)
OUR_FACTORY: Final = re.compile(
    r"egg:(?i:wsgicors)(#main|#middleware)?|([\w.]+\.)?wsgicors:make_middleware"
)


class Context(NamedTuple):
    """What PasteDeploy makes of a section: a factory (a URI, or module:attribute) and the arguments for it.

    ignored: keys that the section has in vain. hidden: likewise, where the direct policy is not what
    it seems.
    """

    factory: str
    global_conf: dict[str, str]
    local_conf: dict[str, str]
    section: str = ""
    place: str = ""
    ignored: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class IniFile:
    """An ini file, read as PasteDeploy reads it, quirks included: https://docs.pylonsproject.org/projects/pastedeploy/

    found: all uses of this middleware, in this file and in those it refers to.
    IniError, OSError, RecursionError: PasteDeploy could not load it either.
    """

    def __init__(self, path: str, global_conf: dict[str, str], found: list[Configuration]) -> None:
        self.path, self.found = path, found
        self.mount = ""  # the composite section that is being followed
        self.visited: set[str] = set()
        self.parser = configparser.ConfigParser()
        self.parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys are case-sensitive
        with open(path, "rb") as file:
            data = file.read()
        full_path = os.path.abspath(path)
        given = {**global_conf, "here": os.path.dirname(full_path), "__file__": full_path}
        try:
            text = data.decode()
            self.parser.read_string(text, path)
            self.parser.read_dict({"DEFAULT": {**given, **self.parser.defaults()}})
        except UnicodeDecodeError as error:
            number = data.count(b"\n", 0, error.start) + 1
            raise IniError(f"{path}:{number}: is not in UTF-8: {one_line(error)}") from error
        except ValueError as error:  # a "%" in "here"
            raise IniError(f"{path}: {one_line(error)}") from error
        except configparser.Error as error:
            wrong: Any = error
            number = wrong.errors[0][0] if getattr(error, "errors", None) else wrong.lineno
            mark = (
                " (a byte order mark comes before it: save the file without)"
                if data[:1] == b"\xef"
                else ""
            )
            raise IniError(f"{path}:{number}: {one_line(error)}{mark}") from error
        self.lines: dict[tuple[str, str], int] = {}
        section = ""
        for number, line in enumerate(text.splitlines(), 1):
            header, option = (
                re.match(r"\[(.+)\]", line),
                re.match(r"([^\s#;\[][^=:]*?)\s*[=:]", line),
            )
            section = header[1] if header else section
            self.lines.setdefault((section, option[1] if option else ""), number)

    def place(self, section: str, option: str = "") -> str:
        """Where an option, or else its section, is written: file:line."""
        line = self.lines.get((section, option), self.lines.get((section, "")))
        return f"{self.path}:{line}" if line else self.path

    def get(self, section: str, option: str) -> Line:
        written = section if (section, option) in self.lines else "DEFAULT"
        place = self.place(written, option)
        try:
            return Line(self.parser.get(section, option), place)
        except configparser.InterpolationError as error:
            raise IniError(
                f"{place}: {option}: {one_line(error)} (write %% for a percent sign)"
            ) from error

    def take(self, options: dict[str, str], key: str, section: str) -> str:
        """Take an option away, which must be there."""
        if key not in options:
            raise IniError(f"{self.place(section)}: {key}: is missing")
        return options.pop(key)

    def load_all(self) -> None:
        """Load each application that is not a part of another one, then each filter that nothing refers to."""
        sections = self.parser.sections()
        for section in sorted(sections, key=lambda section: not section.endswith(":main")):
            if section.partition(":")[0] in APP_SECTIONS and section not in self.visited:
                self.load_section(section, {})
        has_applications = bool(self.visited)
        for section in sections:
            if section.partition(":")[0] in FILTER_SECTIONS and section not in self.visited:
                configuration = self.use(self.load_section(section, {}))
                if configuration and has_applications:
                    unused = (
                        "no pipeline and no filter-with names this section, so it has no effect"
                    )
                    configuration.advice.append(f"{configuration.place}: {section}: {unused}")

    def load(
        self,
        prefixes: tuple[str, ...],
        name: str,
        global_conf: dict[str, str],
        place: str,
        option: str,
    ) -> Context:
        """Load what `name`, written at `place` as an option, refers to: a URI, or a section of this file."""
        if not re.match("[a-zA-Z]+:", name):
            parts = [
                (section, *section.split(":", 1))
                for section in self.parser.sections()
                if ":" in section
            ]
            found = [
                section
                for section, kind, rest in parts
                if kind in prefixes and rest.strip() == name
            ]
            if len(found) != 1:
                count = f"{len(found)} sections have" if found else "no section has"
                raise IniError(
                    f"{place}: {option}: {count} the name {prefixes[0]}:{name} in {self.path}"
                )
            return self.load_section(found[0], global_conf)
        if not name.lower().startswith("config:"):
            return Context(name, dict(global_conf), {}, section=name, place=place)
        path, _, name = name.partition(":")[2].partition("#")
        path = os.path.join(os.path.dirname(self.path), unquote(path))
        try:
            file = IniFile(path, global_conf, self.found)
            file.mount = self.mount
        except OSError as error:
            raise IniError(f"{place}: {option}: {path}: {error.strerror}") from error
        return file.load(prefixes, name or "main", global_conf, place, option)

    def load_section(self, section: str, global_conf: dict[str, str]) -> Context:
        """Load a section, and what it refers to."""
        self.visited.add(section)
        kind = section.partition(":")[0]
        prefixes = FILTER_SECTIONS if kind in (*FILTER_SECTIONS, "filter-app") else APP_SECTIONS
        defaults: dict[str, str] = {key: self.get("DEFAULT", key) for key in self.parser.defaults()}
        global_conf = {**defaults, **global_conf}
        local_conf, set_here, get_here, ignored, hidden = self.sort_options(section, defaults)
        global_conf.update(set_here)
        local_conf.update(
            {name: self.take({**global_conf}, source, section) for name, source in get_here.items()}
        )
        filter_with = local_conf.pop("filter-with", "")

        def follow(prefixes: tuple[str, ...], option: str, name: str) -> Context:
            return self.load(prefixes, name, global_conf, self.place(section, option), option)

        context = Context("", global_conf, local_conf)
        if kind == "pipeline":
            self.follow_pipeline(section, local_conf, follow)
        elif kind in ("composite", "composit"):
            self.follow_composite(section, local_conf, follow)
        else:
            if kind == "filter-app":
                follow(APP_SECTIONS, "next", self.take(local_conf, "next", section))
            if "use" in local_conf:
                context = follow(prefixes, "use", local_conf.pop("use"))
                context.global_conf.update(set_here)
                context.local_conf.update(local_conf)
            else:
                context = context._replace(factory=local_conf.pop("paste.filter_app_factory", ""))
        context = context._replace(
            section=section, place=self.place(section), ignored=tuple(ignored), hidden=tuple(hidden)
        )
        if kind == "filter-app":
            self.use(context)
        if filter_with:
            self.use(follow(FILTER_SECTIONS, "filter-with", filter_with))
        return context

    def sort_options(
        self, section: str, defaults: dict[str, str]
    ) -> tuple[dict[str, str], dict[str, str], dict[str, str], list[str], list[str]]:
        """Its own options, those of ``set`` and ``get``, and keys in vain: see Context."""
        local_conf: dict[str, str] = {}
        set_here: dict[str, str] = {}
        get_here: dict[str, str] = {}
        ignored: list[str] = []
        hidden: list[str] = []
        for option in self.parser.options(section):
            value = self.get(section, option)
            verb, _, name = option.partition(" ")
            if name and verb in ("set", "get"):
                (set_here if verb == "set" else get_here)[name.strip()] = value
            elif option not in defaults:
                local_conf[option] = value
            elif value != defaults[option]:
                direct = option in OPTIONS
                remedy = f"write 'set {option} = ...'"
                if direct:
                    remedy = f"name the policy, as in policy = api and api_{option} = ..."
                message = f"has no effect, as [DEFAULT] has it too: {remedy}"
                (hidden if direct else ignored).append(f"{value.place}: {option}: {message}")
        return local_conf, set_here, get_here, ignored, hidden

    def follow_pipeline(
        self, section: str, local_conf: dict[str, str], follow: Callable[..., Context]
    ) -> None:
        """Load the application of a pipeline, then its filters."""
        names = self.take(local_conf, "pipeline", section).split()
        if not names:
            where = self.place(section, "pipeline")
            raise IniError(f"{where}: pipeline: is empty: write the filters, then the application")
        *filters, app = names
        for option in local_conf:
            where = self.place(section, option)
            raise IniError(f"{where}: {option}: a pipeline takes no options of a filter")
        follow(APP_SECTIONS, "pipeline", app)
        for name in filters:
            self.use(follow(FILTER_SECTIONS, "pipeline", name))

    def follow_composite(
        self, section: str, local_conf: dict[str, str], follow: Callable[..., Context]
    ) -> None:
        """Load the applications that, for example, ``egg:Paste#urlmap`` mounts below prefixes."""
        outer, self.mount = self.mount, section
        # Which of its values are applications, the factory alone knows; those that are a
        # section's name will be.
        for option, name in local_conf.items():
            if any(f"{prefix}:{name}" in self.parser for prefix in APP_SECTIONS):
                follow(APP_SECTIONS, option, name)
        self.mount = outer

    def use(self, context: Context) -> Configuration | None:
        """Note that a filter is used; None where it is not this middleware, or known already."""
        options = {**context.global_conf, **context.local_conf}
        if not OUR_FACTORY.fullmatch(context.factory):
            return None
        if any((other.place, other.options) == (context.place, options) for other in self.found):
            return None
        configuration = Configuration(context.section, context.place, options, mount=self.mount)
        configuration.build(
            lambda: make_middleware(empty_app, context.global_conf, **context.local_conf)
        )
        active = re.findall(r"[^,\s]+", options.get("policy", ""))
        after_deny = active[active.index("deny") + 1 :] if "deny" in active else []
        unused = [
            ("policy", f"{name} is named after deny, so it is never used") for name in after_deny
        ]
        if configuration.cors:
            # A key that is of no active policy and yet no problem is that of an inactive one.
            names = {
                key[: -len("_origin")]: key for key in context.local_conf if key.endswith("_origin")
            }
            inactive = names.keys() - configuration.cors.policies.keys() - set(active)
            unused += [
                (names[name], f"{name} is not named in policy, so it is not active")
                for name in sorted(inactive)
            ]
        configuration.problems += context.hidden
        configuration.advice += [
            *context.ignored,
            *(configuration.about(key, message) for key, message in unused),
        ]
        self.found.append(configuration)
        return configuration


def read_ini(path: str) -> list[Configuration]:
    """All uses of the middleware in an ini file."""
    found: list[Configuration] = []
    problems = []
    try:
        IniFile(path, {}, found).load_all()
    except IniError as error:
        problems = [str(error)]
    except RecursionError:
        problems = [f"{path}: sections refer to each other in a circle"]
    except OSError as error:
        problems = [f"{path}: {error.strerror}"]
    return [*found, Configuration(path, path, problems=problems)] if problems else found


def one_line(error: Exception) -> str:
    """The text of an exception on one line."""
    return " ".join(str(error).split())
