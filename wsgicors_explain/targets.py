"""What the target of a command stands for: an ini file, or an application."""

from __future__ import annotations

import contextlib
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .configuration import Configuration
from .headers import Headers
from .inifile import read_ini
from .middleware import Call, middleware_modules, middleware_of, misfit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class Visit(NamedTuple):
    """A middleware that was asked, and the environ as it got it.

    received: the response headers that it got from what it wraps; empty where it did not ask.
    sent: those with which it answered.
    """

    cors: Any
    environ: WSGIEnvironment
    received: Headers
    sent: Headers


@contextlib.contextmanager
def wrapped(method: str, make: Callable[[Any], Any]) -> Iterator[None]:
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


@contextlib.contextmanager
def visits() -> Iterator[list[Visit]]:
    """Every middleware that is asked meanwhile, outermost first."""
    noted: list[Visit] = []

    def make(call: Any) -> Any:
        def noting(cors: Any, environ: WSGIEnvironment, start_response: Any) -> Any:
            visit = Visit(cors, environ.copy(), [], [])
            noted.append(visit)
            plain = cors.app
            cors.app = listening(plain, visit.received)
            try:
                return call(cors, environ, noted_in(visit.sent, start_response))
            finally:
                cors.app = plain

        return noting

    with wrapped("__call__", make):
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
            frame = inspect.stack(0)[1]
            noted.append((cors, f"{os.path.relpath(frame.filename)}:{frame.lineno}"))

        return noting

    with wrapped("__init__", make):
        yield noted


# Where frameworks and other middlewares keep the application that they wrap.
WRAPPED: Final = ("wsgi_app", "app", "application", "_app", "wrapped")


class UsageError(Exception):
    """The command cannot be carried out as it was given; the text says why."""


def load_app(target: str) -> Configuration:
    """The WSGI application module:attribute, and the first use of the middleware in it."""
    configuration = Configuration(target, target)
    try:
        with uses() as made:
            app = Call(f"call:{target.removesuffix('()')}").load()
            if target.endswith("()"):
                app = app()
        configuration.app = app
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
    note_uses(configuration, made)
    return configuration


def note_uses(configuration: Configuration, made: list[tuple[Any, str]]) -> None:
    """The middlewares that were made while the application was loaded, wherever they are in it."""
    for cors, place in made:
        if cors is not configuration.cors:
            use = Configuration(configuration.name, place, cors=cors)
            configuration.others.append(use)
    for use in (configuration, *configuration.others):
        if use.cors and find_cors(use.cors.app):
            use.advice.append(
                f"{use.place}: it wraps another CORS:"
                " of a path that both govern, only the outer one's headers are sent"
            )


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
    try:
        with contextlib.suppress(ValueError):  # a compiled one does not tell its arguments
            inspect.signature(app).bind({}, None)
    except TypeError as error:
        why = "it does not take environ and start_response"
        why += "; if it is a factory, name what it returns"
        raise UsageError(f"{target} is not a WSGI application: {why}") from error


def find_cors(app: Any) -> Any:
    """The outermost middleware in the layers of an application, or None."""
    layers = [app]
    for layer in layers:
        module = middleware_of(layer)
        if module:
            if misfit(module):
                raise UsageError(misfit(module))
            return layer
        inner = [getattr(layer, name, None) for name in WRAPPED]
        layers += [
            found
            for found in inner
            if callable(found) and not any(found is layer for layer in layers)
        ]
    return None


def load(target: str, section: str | None) -> list[Configuration]:
    """What the target of a command stands for: an application, or the uses of the middleware in an ini file.

    section: only those in the section of that name. UsageError: there are none.
    """
    if not os.path.isfile(target) or target.endswith(".py"):
        if re.fullmatch(r"[\w.]+(?<!\.py):[^\W\d][\w.]*(\(\))?", target):
            return [load_app(target)]
        targets = "an ini file, module:attribute of an application, or (to explain) a URL such as http://localhost:8000"
        raise UsageError(f"{target} is not {targets}")
    found = read_ini(target)
    if not found:
        raise UsageError(f"{target} has no section with use = egg:wsgicors#middleware")
    chosen = [each for each in found if section in (None, each.name, each.name.partition(":")[2])]
    if not chosen:
        names = ", ".join(each.name for each in found)
        raise UsageError(f"{target} has no section {section} that uses wsgicors, but {names}")
    return chosen
