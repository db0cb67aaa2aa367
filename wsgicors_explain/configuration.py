"""One use of the middleware: its options, where they are written, and its problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .middleware import (
    CORS,
    ConfigError,
    Policy,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Line(str):
    """The value of an option in an ini file. ``place``: where it is written, as file:line."""

    place: str

    def __new__(cls, value: str, place: str) -> Line:
        line = super().__new__(cls, value)
        line.place = place
        return line


def allows_anyone(policy: Policy) -> bool:
    """Whether the policy is for every origin."""
    return policy.origin in (("*",), ("copy",))


def key_of(policy: Policy, option: str) -> str:
    """The key of a policy's option in a flat configuration."""
    return option if policy.name == "direct" else f"{policy.name}_{option}"


@dataclass
class Configuration:
    """One use of the middleware.

    name: the section, or module:attribute. place: its file, with the line if it is a section.
    options: key -> value as written; empty if only the finished middleware is known.
    cors: the middleware, or None if there is none or `problems` prevent it.
    app: the application to explain: the middleware, or the outermost layer around it.
    problems, advice: lines for the user. others: further uses in the same application.
    mounts: the prefixes under which an ini file mounts it, each including the outer ones.
    unused: whether its ini file has applications, and none of them uses it.
    chooser: the section around it that picks the application in a way which is not played.
    """

    name: str
    place: str
    options: dict[str, str] = field(default_factory=dict)
    cors: CORS | None = None
    app: WSGIApplication | None = None
    problems: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    others: list[Configuration] = field(default_factory=list)
    mounts: list[str] = field(default_factory=list)
    unused: bool = False
    chooser: str = ""

    def place_of(self, key: str) -> str:
        """Where `key` is written, or could be written."""
        return getattr(self.options.get(key), "place", self.place)

    def about(self, key: str, message: str) -> str:
        """A line about `key` for the user."""
        return f"{self.place_of(key)}: {key}: {message}"

    def named(self, policy: Policy, option: str) -> str:
        """A policy's option by its key and place, in running text."""
        key = key_of(policy, option)
        return f"{key} ({self.place_of(key)})"

    def use_of(self, cors: CORS) -> Configuration:
        """The use that made this middleware, or a new one without places if that is unknown."""
        for use in (self, *self.others):
            if use.cors is cors:
                return use
        return Configuration(self.name, self.place, cors=cors)

    def note_inner(self) -> None:
        """Advise against another CORS within this one."""
        effect = "for a path that both govern, only the outer one's headers are sent"
        self.advice.append(f"{self.place}: this CORS wraps another one: {effect}")

    def build(self, make: Callable[[], CORS]) -> None:
        """Make the middleware, or note the problems that prevent it."""
        try:
            self.app = self.cors = make()
        except ConfigError as error:
            self.problems += [
                self.about(problem.key, problem.message) for problem in error.problems
            ]
        except SystemExit as error:
            self.problems.append(
                f"{self.place}: a module named after call: exits Python: SystemExit: {error}"
            )


def empty_app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """The application behind the middleware of an ini file: it returns an empty 200."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []
