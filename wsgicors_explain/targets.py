"""What the target of a command means: an ini file, or an application."""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import itertools
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from .configuration import Configuration
from .headers import Headers
from .iniapps import Application, Ini, read_ini
from .middleware import Call, middleware_modules, middleware_of, misfit
from .mounts import ScriptName

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


@dataclass
class Visit:
    """A middleware that was called, and the environ as it got it.

    received: the response headers of what it wraps; empty if it did not call it.
    sent: those of its own response. returned: whether it gave a body back.
    """

    cors: Any
    environ: WSGIEnvironment
    received: Headers = field(default_factory=list)
    sent: Headers = field(default_factory=list)
    returned: bool = False

    @functools.cached_property
    def decision(self) -> Any:
        """The middleware's decision: see CORS.decide. Predicates are asked once."""
        return self.cors.decide(self.environ.copy())  # which they may change


@contextlib.contextmanager
def replaced(method: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """A method of every copy of the class CORS, replaced by what `make` makes of it."""
    kinds = {module.CORS for module in middleware_modules()}
    plain = {kind: getattr(kind, method) for kind in kinds}
    for kind in kinds:
        setattr(kind, method, make(plain[kind]))
    try:
        yield
    finally:
        for kind in kinds:
            setattr(kind, method, plain[kind])


def are_noted(middlewares: Iterable[Any]) -> bool:
    """Whether `visits` notes their calls: not of a copy outside of sys.modules."""
    kinds = tuple([module.CORS for module in middleware_modules()])
    return all(isinstance(cors, kinds) for cors in middlewares)


@contextlib.contextmanager
def visits() -> Iterator[list[Visit]]:
    """Every middleware that is called meanwhile, outermost first."""
    noted: list[Visit] = []

    def make(call: Any) -> Any:
        def noting(cors: Any, environ: WSGIEnvironment, start_response: Any) -> Any:
            visit = Visit(cors, environ.copy())
            noted.append(visit)
            plain = cors.app
            cors.app = listening(plain, visit.received)
            try:
                body = call(cors, environ, noted_in(visit.sent, start_response))
            finally:
                cors.app = plain
            visit.returned = True
            return body

        return noting

    with replaced("__call__", make):
        yield noted


def listening(app: WSGIApplication, received: Headers) -> WSGIApplication:
    """The application, with its response headers noted in `received`."""

    def listen(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        return app(environ, noted_in(received, start_response))

    return listen


def noted_in(noted: Headers, start_response: Any) -> Any:
    """A start_response that keeps a copy of the headers."""

    def note(status: str, headers: Headers, *exc_info: Any) -> Any:
        noted[:] = headers
        return start_response(status, headers, *exc_info)

    return note


@contextlib.contextmanager
def uses() -> Iterator[list[tuple[Any, str]]]:
    """Every middleware that is made meanwhile, and where: file:line."""
    noted: list[tuple[Any, str]] = []

    def make(init: Any) -> Any:
        def noting(cors: Any, *args: Any, **options: Any) -> None:
            init(cors, *args, **options)
            # Not make_middleware, through which an application may make it.
            ours = __file__, middleware_of(cors).__file__
            frame = next(each for each in inspect.stack(0) if each.filename not in ours)
            noted.append((cors, f"{os.path.relpath(frame.filename)}:{frame.lineno}"))

        return noting

    with replaced("__init__", make):
        yield noted


# An object may have any attribute, each with a new object; real layers are few.
MAX_LAYERS: Final = 1000
# Where frameworks and other middlewares keep the application that they wrap.
WRAPPED: Final = ("wsgi_app", "app", "application", "_app", "wrapped")


class UsageError(Exception):
    """The command's arguments cannot be used; the text says why."""


def load_app(target: str) -> Configuration:
    """The WSGI application module:attribute, and the first use of the middleware in it."""
    configuration = Configuration(target, target)
    copies = middleware_modules()
    try:
        with uses() as made:
            app = Call(f"call:{target.removesuffix('()')}").load()
            if target.endswith("()"):
                app = app()
        app = configuration.app = without_method(app)
    except (Exception, SystemExit) as error:
        module = middleware_of(error)
        if module is None:
            why = f"{type(error).__name__}: {error}"
            raise UsageError(f"{target} cannot be loaded: {why}") from error
        place = place_of_error(error, module)
        problems: Any = error
        configuration.problems += [f"{place}: {problem}" for problem in problems.problems]
        return configuration
    file = sys.modules[target.partition(":")[0]].__file__
    configuration.place = os.path.relpath(file or target)
    require_application(target, app)
    configuration.cors = find_cors(app)
    new_copies = [module for module in middleware_modules() if module not in copies]
    made += [(cors, configuration.place) for cors in made_by(new_copies)]
    note_uses(configuration, made)
    return configuration


def without_method(app: Any) -> Any:
    """The object, if this is its own ``__call__``, whose replacement in its class it ignores."""
    owner = app.__self__ if inspect.ismethod(app) else None
    is_call = callable(owner) and type(owner).__call__ is app.__func__
    return owner if is_call else app


def made_by(modules: list[Any]) -> list[Any]:
    """The middlewares of copies that only the target has imported."""
    kinds = tuple(module.CORS for module in modules)
    return [thing for thing in gc.get_objects() if kinds and issubclass(type(thing), kinds)]


def note_uses(configuration: Configuration, made: list[tuple[Any, str]]) -> None:
    """The middlewares that were made while the application was loaded."""
    for cors, place in made:
        require_fit(cors)
        if cors is configuration.cors:
            configuration.place = place
        else:
            use = Configuration(configuration.name, place, cors=cors)
            configuration.others.append(use)
    for use in (configuration, *configuration.others):
        if use.cors and find_cors(use.cors.app):
            use.note_inner()


def place_of_error(error: BaseException, module: Any) -> str:
    """Where the innermost call outside of the middleware is written: file:line."""
    ours = (module.__file__, sys.modules[Call.__module__].__file__, __file__)
    frames = traceback.extract_tb(error.__traceback__)
    frame = [frame for frame in frames if frame.filename not in ours][-1]
    return f"{os.path.relpath(frame.filename)}:{frame.lineno}"


def require_application(target: str, app: Any) -> None:
    """UsageError: this cannot be called as a WSGI application is."""
    if not callable(app):
        raise UsageError(f"{target} is not a WSGI application: it cannot be called")
    if any(map(inspect.iscoroutinefunction, (app, type(app).__call__))):
        why = "it is an async function, as in ASGI"
        raise UsageError(f"{target} is not a WSGI application: {why}")
    try:
        signature = inspect.signature(app)
    except Exception:  # of a compiled one, or of one that has any attribute: not known
        return
    try:
        signature.bind({}, None)
    except TypeError as error:
        why = (
            "it does not take environ and start_response; if it is a factory,"
            " write module:factory()"
        )
        raise UsageError(f"{target} is not a WSGI application: {why}") from error


def find_cors(app: Any) -> Any:
    """The outermost middleware in the layers of an application, or None."""
    layers = [app]
    for layer in itertools.islice(layers, MAX_LAYERS):
        module = middleware_of(layer)
        if module:
            require_fit(layer)
            return layer
        inner = [attribute(layer, name) for name in WRAPPED]
        layers += [
            found
            for found in inner
            if callable(found) and not any(found is layer for layer in layers)
        ]
    return None


def attribute(thing: Any, name: str) -> Any:
    """An attribute; None if it is missing or cannot be read."""
    try:
        return getattr(thing, name, None)
    except (Exception, SystemExit):  # of a property, which may raise anything
        return None


def require_fit(cors: Any) -> None:
    """UsageError: it is of another version than this package."""
    problem = misfit(middleware_of(cors))
    if problem:
        raise UsageError(problem)


def load(target: str, section: str | None, variables: Sequence[str]) -> list[Configuration]:
    """The uses of the middleware in the target of a command.

    section: only those in the section of that name. variables: NAME=VALUE, as pserve takes them.
    UsageError: there are none.
    """
    if not is_ini(target, variables):
        return [load_app(target)]
    found = found_in(target, read_ini(target, read_variables(variables)))
    return found if section is None else in_section(target, section, found)


def found_in(target: str, ini: Ini) -> list[Configuration]:
    """The uses in an ini file, and its problems."""
    broken = Configuration(target, target, problems=ini.problems)
    found = [*ini.uses, broken] if ini.problems else ini.uses
    if not found:
        raise UsageError(f"{target} has no section with use = egg:wsgicors#middleware")
    return found


def is_ini(target: str, variables: Sequence[str]) -> bool:
    """Whether the target is an ini file; else it is an application. UsageError: it is neither."""
    if os.path.isfile(target) and not target.endswith(".py"):
        return True
    refuse_uri(target)
    if not re.fullmatch(r"[\w.]+(?<!\.py):[^\W\d][\w.]*(\(\))?", target):
        targets = (
            "an ini file, module:attribute of an application, "
            "or (to explain) a URL such as http://localhost:8000"
        )
        raise UsageError(why_not_found(target) or f"{target} is not {targets}")
    if variables:
        raise UsageError(f"{variables[0]}: only an ini file takes variables, not {target}")
    return False


def refuse_uri(target: str) -> None:
    """UsageError: the target is an ini file in the form of PasteDeploy, config:PATH#NAME."""
    path, _, name = target.removeprefix("config:").partition("#")
    if path != target and os.path.isfile(path):
        chosen = " --section NAME, with the section that uses wsgicors" if name else ""
        raise UsageError(f"{target} is a URI of PasteDeploy: write {path}{chosen}")


def why_not_found(target: str) -> str:
    """What is wrong with a target that looks like a file or a URL; empty if it does not."""
    if os.path.isdir(target):
        return f"{target} is a directory: name the ini file in it"
    if re.search(r"(?i)\.(?:ini|conf|cfg)$", target):
        return f"there is no file {target}"
    if re.match(r"[\w-]+(?:\.[\w-]+)*:\d+(?:/|$)", target):
        return (
            f"{target} is not a URL without its scheme: write http://{target} or https://{target}"
        )
    return ""


def read_variables(variables: Sequence[str]) -> dict[str, str]:
    """The variables of an ini file, from NAME=VALUE each."""
    return {name: value for name, _, value in (each.partition("=") for each in variables)}


def in_section(target: str, section: str, found: Iterable[Configuration]) -> list[Configuration]:
    """The uses in a section, with its full name or without filter:."""
    chosen = [each for each in found if section in (each.name, each.name.partition(":")[2])]
    if not chosen:
        names = ", ".join(each.name for each in found)
        raise UsageError(f"{target} has no section {section} that uses wsgicors; it has {names}")
    return chosen


def load_one(target: str, section: str | None, variables: Sequence[str]) -> Configuration:
    """The application to call, as its outermost use of the middleware, with the others in it.

    In an ini file, that is the application that servers load, or what is in the section.
    UsageError: there are several.
    """
    if not is_ini(target, variables):
        return load_app(target)
    ini = read_ini(target, read_variables(variables))
    found = found_in(target, ini)
    if section is not None:
        return only_one(target, ini, in_section(target, section, found))
    if ini.main and ini.main.uses:
        return to_play(ini.main)
    if ini.problems:
        return found[-1]
    apps = [app for app in ini.apps if app.uses]
    if ini.main and apps:
        raise UsageError(why_not_main(target, apps))
    return to_play(apps[0]) if len(apps) == 1 else only_one(target, ini, found)


def why_not_main(target: str, apps: Iterable[Application]) -> str:
    """What to do if only applications beside the main one use the middleware."""
    uses = ", ".join(use.name for app in apps for use in app.uses)
    return (
        f"the main application of {target} does not use wsgicors, but another one does:"
        f" choose it with --section: {uses}"
    )


def only_one(target: str, ini: Ini, found: Sequence[Configuration]) -> Configuration:
    """The only use that there is, with what it wraps. UsageError: there are several."""
    use, *more = found
    if more:
        names = ", ".join(each.name for each in found)
        raise UsageError(
            f"{target} has several uses of wsgicors: choose one with --section: {names}"
        )
    around = (app.uses for app in ini.apps if any(each is use for each in app.uses))
    use.others = [each for uses in around for each in uses if each is not use]
    return use


def to_play(application: Application) -> Configuration:
    """The application as the outermost use of the middleware in it, or why it does not load."""
    first, *others = application.uses
    problems = [problem for use in application.uses for problem in use.problems]
    if problems:
        return Configuration(first.name, first.place, problems=problems)
    first.app, first.others = application.app, others
    return first


def reject_for_urls(variables: Sequence[str], script_name: str) -> None:
    """UsageError: these need an application in process."""
    if variables:
        raise UsageError(f"{variables[0]}: only an ini file takes variables, not a URL")
    if script_name:
        raise UsageError("--script-name is for an ini file or an application, not for a URL")


def mount_at(configuration: Configuration, script_name: str, path: str) -> None:
    """Mount the application as a server does, if a mount point is given.

    UsageError: the path is not below the mount point.
    """
    mount = unquote(script_name).rstrip("/")
    whole = "/" + unquote(urlsplit(path).path).lstrip("/")
    if not mount:
        return
    if not mount.startswith("/"):
        raise UsageError(f"--script-name {script_name} is not a path: write /{script_name}")
    if not f"{whole}/".startswith(f"{mount}/"):
        raise UsageError(
            f"--path {whole} is not below --script-name {mount}: write the whole path of the URL,"
            f" such as {mount}{whole}"
        )
    app: Any = configuration.app
    configuration.app = ScriptName(app, mount)
