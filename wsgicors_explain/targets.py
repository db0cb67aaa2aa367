"""What the target of a command stands for: an ini file, or an application."""

from __future__ import annotations

import contextlib
import inspect
import os
import re
import sys
import traceback
from typing import Any

import wsgicors
from wsgicors import (
    CORS,
    Call,
    ConfigError,
)

from .configuration import Configuration
from .inifile import read_ini


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
    except ConfigError as error:
        frames = traceback.extract_tb(error.__traceback__)
        places = [
            (frame.filename, frame.lineno)
            for frame in frames
            if frame.filename != wsgicors.__file__
        ]
        place = f"{os.path.relpath(places[-1][0])}:{places[-1][1]}"
        configuration.problems += [f"{place}: {problem}" for problem in error.problems]
        return configuration
    except (Exception, SystemExit) as error:
        raise UsageError(f"{target} cannot be loaded: {type(error).__name__}: {error}") from error
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
        if isinstance(layer, CORS):
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
