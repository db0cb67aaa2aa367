"""What the target of a command stands for: an ini file, or an application."""

from __future__ import annotations

import contextlib
import inspect
import os
import re
import sys
import traceback
from typing import Any

from .configuration import Configuration
from .inifile import read_ini
from .middleware import Call, middleware_of, misfit


class UsageError(Exception):
    """The command cannot be carried out as it was given; the text says why."""


def load_app(target: str) -> Configuration:
    """The WSGI application module:attribute, and the first use of the middleware in it."""
    configuration = Configuration(target, target)
    try:
        app = configuration.app = Call(f"call:{target}").load()
        configuration.place = os.path.relpath(
            sys.modules[target.partition(":")[0]].__file__ or target
        )
    except (Exception, SystemExit) as error:
        module = middleware_of(error)
        if module is None:
            why = f"{type(error).__name__}: {error}"
            raise UsageError(f"{target} cannot be loaded: {why}") from error
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename not in (module.__file__, sys.modules[Call.__module__].__file__)
        ]
        place = f"{os.path.relpath(frames[-1].filename)}:{frames[-1].lineno}"
        problems: Any = error
        configuration.problems += [f"{place}: {problem}" for problem in problems.problems]
        return configuration
    if not callable(app):
        raise UsageError(f"{target} is no WSGI application: it cannot be called")
    try:
        with contextlib.suppress(ValueError):  # a compiled one does not tell its arguments
            inspect.signature(app).bind({}, None)
    except TypeError as error:
        why = (
            "it does not take environ and start_response; if it is a factory, name what it returns"
        )
        raise UsageError(f"{target} is no WSGI application: {why}") from error
    # Where frameworks and other middlewares keep the application that they wrap.
    layers: list[Any] = [app]
    for layer in layers:
        module = middleware_of(layer)
        if module:
            if misfit(module):
                raise UsageError(misfit(module))
            configuration.cors = layer
            break
        inner = [
            getattr(layer, name, None)
            for name in ("wsgi_app", "app", "application", "_app", "wrapped")
        ]
        layers += [
            found
            for found in inner
            if callable(found) and not any(found is layer for layer in layers)
        ]
    return configuration


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
