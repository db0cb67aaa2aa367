"""An ini file, read as PasteDeploy reads it."""

from __future__ import annotations

import codecs
import configparser
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple
from urllib.parse import unquote

from .configuration import Line
from .middleware import OPTIONS


class IniError(Exception):
    """An ini file that PasteDeploy cannot load either; the text is a line for the user."""


class Kind(NamedTuple):
    """What PasteDeploy can load: the sections and the factories that make one."""

    name: str
    sections: tuple[tuple[str, ...], ...]
    factories: tuple[tuple[str, ...], ...]


# Of the words in one tuple, the first that exists is used.
APP: Final = Kind(
    "an application",
    (("app", "application"), ("composite", "composit"), ("pipeline",), ("filter-app",)),
    (("paste.app_factory",), ("paste.composite_factory",), ("paste.composit_factory",)),
)
FILTER: Final = Kind(
    "a filter", (("filter",),), (("paste.filter_factory", "paste.filter_app_factory"),)
)
COMPOSITE_SECTIONS: Final = ("composite", "composit")

# The factories that are played: a name for each way to write it.
OURS, PREFIX, URLMAP, CASCADE = "wsgicors", "prefix", "urlmap", "cascade"
FACTORIES: Final = (
    (OURS, r"egg:wsgicors#(main|middleware)|([\w.]+\.)?wsgicors:make_middleware"),
    (PREFIX, r"egg:paste(deploy)?#prefix|paste\.deploy\.config:make_prefix_middleware"),
    (URLMAP, r"egg:(paste|rutter)#urlmap|(paste|rutter)\.urlmap:urlmap_factory"),
    (CASCADE, r"egg:paste#cascade|paste\.cascade:make_cascade"),
)
ENTRY_POINT: Final = re.compile(r"([\w.]+)\s*:\s*([\w.]+)\s*(\[.*\]\s*)?")
FILTERS: Final = (OURS, PREFIX)
DEEPEST: Final = 100  # references within one another; PasteDeploy can follow about as many


@dataclass
class Context:
    """What PasteDeploy makes of a section, or of a URI that one names.

    shape: "factory", or how others are combined: "pipeline", "filter-app" or "filter-with".
    factory: which one of FACTORIES; empty for any other. composite: it may hold applications.
    module: where the middleware is, if the factory is its own.
    file: where the names that a composite has are looked up.
    app, filters: what is combined, the outermost filter first.
    ignored: lines about keys without effect. hidden: likewise, if the direct policy is therefore
    not what it seems.
    The two dictionaries may be shared with other contexts, as PasteDeploy shares them.
    """

    kind: Kind
    shape: str
    global_conf: dict[str, str]
    local_conf: dict[str, str]
    file: IniFile
    section: str
    place: str
    factory: str = ""
    module: str = "wsgicors"
    composite: bool = False
    app: Context | None = None
    filters: list[Context] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class Options(NamedTuple):
    """The options of a section, sorted: see Context."""

    local: dict[str, str]
    set_here: dict[str, str]
    get_here: dict[str, str]
    ignored: list[str]
    hidden: list[str]


class IniFile:
    """An ini file, read as PasteDeploy reads it, quirks included: https://docs.pylonsproject.org/projects/pastedeploy/

    given: variables for its [DEFAULT] section, which has precedence.
    lines: section and option -> where it is written. visited: the sections that were loaded.
    followed: the places of the references that are being followed, the outermost first.
    IniError, OSError: PasteDeploy could not load it either.
    """

    def __init__(self, path: str, given: dict[str, str]) -> None:
        self.path = path
        self.followed: list[str] = []
        self.visited: set[str] = set()
        self.lines: dict[tuple[str, str], int] = {}
        self.number = 0
        full_path = os.path.abspath(path)
        own = {"here": os.path.dirname(full_path), "__file__": full_path}
        section: Any = lambda: Section(self)  # noqa: E731
        self.parser = configparser.ConfigParser(own, dict_type=section)
        self.parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys are case-sensitive
        self.read()
        defaults: Any = self.parser.defaults()
        for key, value in given.items():
            defaults.setdefault(key, value)

    def read(self) -> None:
        with open(self.path, "rb") as file:
            raw = re.sub(b"\r\n?", b"\n", file.read())
        try:
            self.parser.read_file(self.numbered(io.StringIO(raw.decode())), self.path)
        except UnicodeDecodeError as error:
            number = raw.count(b"\n", 0, error.start) + 1
            raise IniError(f"{self.path}:{number}: is not in UTF-8: {one_line(error)}") from error
        except configparser.Error as error:
            wrong: Any = error
            number = wrong.errors[0][0] if getattr(error, "errors", None) else wrong.lineno
            mark = ""
            if raw.startswith(codecs.BOM_UTF8):
                mark = " (it starts with a byte order mark: save the file without it)"
            raise IniError(f"{self.path}:{number}: {one_line(error)}{mark}") from error

    def numbered(self, file: IO[str]) -> Iterator[str]:
        """The lines of the file; meanwhile, `number` is that of the last one."""
        for self.number, line in enumerate(file, 1):
            yield line

    def note(self, section: str, option: str = "") -> None:
        """Note where an option, or its section, was found."""
        self.lines.setdefault((section, option), self.number)

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
            remedy = "write %% for a percent sign"
            if isinstance(error, configparser.InterpolationMissingOptionError):
                remedy = f"add {error.reference}=VALUE to the command, or {remedy}"
            if option in ("here", "__file__") and (written, option) not in self.lines:
                remedy = "rename the directory or the file"
            raise IniError(f"{place}: {option}: {one_line(error)} ({remedy})") from error

    def defaults(self) -> dict[str, str]:
        """The section [DEFAULT], and the variables given to the file."""
        raw = self.parser.defaults()
        return {key: self.get("DEFAULT", key) or value for key, value in raw.items()}

    def take(self, options: dict[str, str], key: str, section: str) -> str:
        """Take an option away, which must be there."""
        if key not in options:
            raise IniError(f"{self.place(section)}: {key}: is missing")
        return options.pop(key)

    def sections(self, kind: Kind) -> list[str]:
        """The sections of a kind; those named main first."""
        found = [
            section
            for section in self.parser.sections()
            for word, colon, _ in [section.partition(":")]
            if colon and word in sum(kind.sections, ())
        ]
        return sorted(found, key=lambda section: section.partition(":")[2].strip() != "main")

    def find(self, kind: Kind, name: str, place: str, option: str) -> str:
        """The section of that name."""
        found: list[str] = []
        for words in kind.sections:
            named = [
                [
                    section
                    for section in self.parser.sections()
                    if section.startswith(f"{word}:") and section[len(word) + 1 :].strip() == name
                ]
                for word in words
            ]
            found += next(filter(None, named), [])
        if len(found) != 1:
            count = f"{len(found)} sections have" if found else "no section has"
            full_name = f"{kind.sections[0][0]}:{name}"
            raise IniError(f"{place}: {option}: {count} the name {full_name} in {self.path}")
        return found[0]

    @contextmanager
    def following(self, place: str, option: str) -> Iterator[None]:
        """While what an option refers to is loaded; IniError: this would never end."""
        if len(self.followed) == DEEPEST:
            if place in self.followed:
                raise IniError(f"{place}: {option}: sections refer to each other in a circle")
            raise IniError(
                f"{place}: {option}: sections refer to more than {DEEPEST} others in turn"
            )
        self.followed.append(place)
        try:
            yield
        finally:
            self.followed.pop()

    def load(
        self, kind: Kind, name: str, global_conf: dict[str, str], place: str, option: str
    ) -> Context:
        """Load what the value `name` of an option refers to: a URI, or a section of this file."""
        if not re.match("[a-zA-Z]+:", name):
            section = self.find(kind, name, place, option)
            with self.following(place, option):
                return self.load_section(kind, section, global_conf)
        if re.search(r"\s", name) and not name.lower().startswith("config:"):
            raise IniError(
                f"{place}: {option}: {name!r} is not one word; is the next line indented?"
            )
        written = name
        uri, has_name, name = name.partition("#")
        name = name if has_name else "main"
        scheme, _, rest = uri.partition(":")
        if scheme.lower() == "config":
            return self.load_file(rest, global_conf, place, option).load(
                kind, name, global_conf, place, option
            )
        context = Context(kind, "factory", global_conf, {}, self, uri, place)
        context.factory = factory_of(uri, name, f"{place}: {option}: {uri}")
        require_kind(context, f"{place}: {option}: {written}")
        return context

    def load_file(self, name: str, global_conf: dict[str, str], place: str, option: str) -> IniFile:
        """The ini file that a URI names."""
        name = unquote(name.replace("\\", "/")).rstrip()
        path = os.path.join(os.path.dirname(self.path), name)
        try:
            file = IniFile(path, global_conf)
        except OSError as error:
            raise IniError(f"{place}: {option}: {path}: {error.strerror}") from error
        file.followed = self.followed
        return file

    def load_section(self, kind: Kind, section: str, global_conf: dict[str, str]) -> Context:
        """Load a section, and what it refers to."""
        self.visited.add(section)
        defaults = self.defaults()
        global_conf = {**defaults, **global_conf}
        options = self.sort_options(section, defaults)
        global_conf.update(options.set_here)
        local_conf = options.local
        for name, source in options.get_here.items():
            local_conf[name] = self.take({**global_conf}, source, section)
        filter_with = local_conf.pop("filter-with", None)
        local_conf.pop("require", None)  # distributions, which need not be installed here
        loading = Loading(self, kind, section, global_conf, options)
        context = loading.load()
        if filter_with is None:
            return context
        outer = loading.combined("filter-with")
        outer.app = context
        outer.filters = [loading.follow(FILTER, "filter-with", filter_with)]
        return outer

    def sort_options(self, section: str, defaults: dict[str, str]) -> Options:
        """Its own options, those of ``set`` and ``get``, and keys without effect."""
        found = Options({}, {}, {}, [], [])
        for option in self.parser.options(section):
            verb, _, name = option.partition(" ")
            if name and verb in ("set", "get"):
                known = found.set_here if verb == "set" else found.get_here
                known[name.strip()] = self.get(section, option)
            elif option not in defaults:
                found.local[option] = self.get(section, option)
            elif self.is_hidden(section, option):
                direct = option in OPTIONS
                remedy = f"write 'set {option} = ...'"
                if direct:
                    remedy = f"name the policy, as in policy = api and api_{option} = ..."
                message = f"has no effect, because [DEFAULT] has it too: {remedy}"
                line = f"{self.place(section, option)}: {option}: {message}"
                (found.hidden if direct else found.ignored).append(line)
        return found

    def is_hidden(self, section: str, option: str) -> bool:
        """Whether the section has another value than [DEFAULT], which takes precedence."""
        values = [self.parser.get(each, option, raw=True) for each in (section, "DEFAULT")]
        return values[0] != values[1]


class Section(dict[str, Any]):
    """The options of a section; while the parser fills it, the file notes the line of each."""

    def __init__(self, file: IniFile) -> None:
        self.file, self.name = file, "DEFAULT"

    def __setitem__(self, key: str, value: object) -> None:
        if isinstance(value, Section):
            value.name = key
            self.file.note(key)
        elif isinstance(value, list):  # the lines of a value, of which this is the first
            self.file.note(self.name, key)
        super().__setitem__(key, value)


class Loading(NamedTuple):
    """A section that is being loaded."""

    file: IniFile
    kind: Kind
    section: str
    global_conf: dict[str, str]
    options: Options

    def load(self) -> Context:
        if self.section.startswith("filter-app:"):
            return self.load_filter_app()
        if self.section.startswith("pipeline:"):
            return self.load_pipeline()
        if "use" in self.options.local:
            return self.load_use(self.kind)
        return self.load_explicit(self.kind)

    def follow(self, kind: Kind, option: str, name: str) -> Context:
        """Load what an option of the section names."""
        place = self.file.place(self.section, option)
        return self.file.load(kind, name, self.global_conf, place, option)

    def combined(self, shape: str) -> Context:
        """The context of this section, to be filled."""
        conf = self.global_conf, self.options.local
        place = self.file.place(self.section)
        return Context(self.kind, shape, *conf, self.file, self.section, place)

    def load_pipeline(self) -> Context:
        local_conf = self.options.local
        names = self.file.take(local_conf, "pipeline", self.section).split()
        if not names:
            where = self.file.place(self.section, "pipeline")
            raise IniError(f"{where}: pipeline: is empty: write the filters, then the application")
        for option in local_conf:
            where = self.file.place(self.section, option)
            raise IniError(f"{where}: {option}: a pipeline takes no options of a filter")
        context = self.combined("pipeline")
        *filters, app = names
        context.app = self.follow(APP, "pipeline", app)
        context.filters = [self.follow(FILTER, "pipeline", name) for name in filters]
        return context

    def load_filter_app(self) -> Context:
        local_conf = self.options.local
        name = self.file.take(local_conf, "next", self.section)
        context = self.combined("filter-app")
        context.app = self.follow(APP, "next", name)
        load = self.load_use if "use" in local_conf else self.load_explicit
        context.filters = [load(FILTER)]
        return context

    def load_use(self, kind: Kind) -> Context:
        local_conf = self.options.local
        context = self.follow(kind, "use", local_conf.pop("use"))
        context.global_conf.update(self.options.set_here)
        context.local_conf.update(local_conf)
        context.global_conf["__file__"] = self.global_conf["__file__"]
        context.file = self.file
        self.claim(context)
        return context

    def load_explicit(self, kind: Kind) -> Context:
        local_conf = self.options.local
        given = [
            next(filter(local_conf.__contains__, names))
            for names in kind.factories
            if not local_conf.keys().isdisjoint(names)
        ]
        if len(given) != 1:
            wanted = "several factories" if given else "neither use nor a factory"
            raise IniError(f"{self.file.place(self.section)}: {self.section}: it has {wanted}")
        context = self.combined("factory")
        context.kind = kind
        name = local_conf.pop(given[0])
        place = self.file.place(self.section, given[0])
        found = ENTRY_POINT.fullmatch(name)
        if not found:
            remedy = "write package.module:name"
            raise IniError(f"{place}: {given[0]}: {name!r} is not a factory: {remedy}")
        name = f"{found[1]}:{found[2]}"
        context.factory, context.module = played(name), found[1]
        if given[0] == "paste.filter_factory" and context.factory in FILTERS:
            raise IniError(f"{place}: {given[0]}: write paste.filter_app_factory = {name}")
        require_kind(context, f"{place}: {given[0]}: {name}")
        self.claim(context)
        return context

    def claim(self, context: Context) -> None:
        """Let a factory be known by the section that gives it its options."""
        context.composite = self.section.partition(":")[0] in COMPOSITE_SECTIONS
        if context.shape == "factory":
            context.section, context.place = self.section, self.file.place(self.section)
            context.ignored = tuple(self.options.ignored)
            context.hidden = tuple(self.options.hidden)


def played(name: str) -> str:
    """Which of the factories that are played has this name; empty if none has."""
    found = (factory for factory, pattern in FACTORIES if re.fullmatch(pattern, name))
    return next(found, "")


def factory_of(uri: str, name: str, where: str) -> str:
    """Which of the factories that are played is meant by a URI, egg: or call:."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "egg":
        factory = played(f"egg:{rest.lower()}#{name}")
        if rest.lower() == "wsgicors" and not factory:
            raise IniError(f"{where} has no filter named {name}: write egg:wsgicors")
        return factory
    if scheme.lower() != "call":
        wrong = "is not a section, and does not begin with egg:, call: or config:"
        raise IniError(f"{where} {wrong}")
    factory = played(rest)
    if factory in FILTERS or rest.count(":") != 1:
        remedy = "write call:package.module:name"
        if factory in FILTERS:
            remedy = f"in a section [filter:NAME], write paste.filter_app_factory = {rest}"
        raise IniError(f"{where} is not a factory: {remedy}")
    return factory


def require_kind(context: Context, what: str) -> None:
    """IniError: a filter is used as an application, or the other way round."""
    made = FILTER if context.factory in FILTERS else APP
    if context.factory and made is not context.kind:
        raise IniError(f"{what} is {made.name}, not {context.kind.name}")


def one_line(error: Exception) -> str:
    """The text of an exception on one line."""
    return " ".join(str(error).split())
