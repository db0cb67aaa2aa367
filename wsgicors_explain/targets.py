"""What the target of a command stands for: an ini file, or an application."""

from __future__ import annotations

import contextlib
import inspect
import os
import re
import sys
import traceback
from typing import Any, Final

from .configuration import Configuration
from .inifile import read_ini
from .middleware import Call, middleware_of, misfit

# Where frameworks and other middlewares keep the application that they wrap.
WRAPPED: Final = ("wsgi_app", "app", "application", "_app", "wrapped")


class UsageError(Exception):
    """The command cannot be carried out as it was given; the text says why."""


def load_app(target: str) -> Configuration:
    """The WSGI application module:attribute, and the first use of the middleware in it."""
    configuration = Configuration(target, target)
    try:
        app = configuration.app = Call(f"call:{target}").load()
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
    return configuration


def place_of_error(error: BaseException, module: Any) -> str:
    """Where the innermost call outside of the middleware is written: file:line."""
    ours = (module.__file__, sys.modules[Call.__module__].__file__)
    frames = traceback.extract_tb(error.__traceback__)
    frame = [frame for frame in frames if frame.filename not in ours][-1]
    return f"{os.path.relpath(frame.filename)}:{frame.lineno}"


def require_application(target: str, app: Any) -> None:
    """UsageError: this cannot be called as a WSGI application is."""
    if not callable(app):
        raise UsageError(f"{target} is no WSGI application: it cannot be called")
    try:
        with contextlib.suppress(ValueError):  # a compiled one does not tell its arguments
            inspect.signature(app).bind({}, None)
    except TypeError as error:
        why = "it does not take environ and start_response"
        why += "; if it is a factory, name what it returns"
        raise UsageError(f"{target} is no WSGI application: {why}") from error


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
        if re.fullmatch(r"[\w.]+(?<!\.py):[^\W\d][\w.]*", target):
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
