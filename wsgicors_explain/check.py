"""The command check."""

from __future__ import annotations

import argparse
from typing import Final

from .advice import advise, on_mounts
from .configuration import Configuration, key_of
from .diagnosis import origin_lists
from .middleware import CORS, show
from .targets import UsageError, load
from .terminal import BAD, GOOD, say

MAX_CELL: Final = 60  # characters of a column, without "and 3 more"


def check(args: argparse.Namespace) -> int:
    """The command ``check``: 0 if every configuration loads, else 1."""
    loaded = load(args.target, args.section, args.variables)
    found = [use for each in loaded for use in (each, *each.others)]
    for configuration in found:
        add_advice(configuration)
    found = distinct(found)
    for configuration in found:
        report(configuration, args.target)
    problems = sum(len(configuration.problems) for configuration in found)
    advice = sum(len(configuration.advice) for configuration in found)
    say(counted(problems, advice), BAD if problems else GOOD)
    return 1 if problems else 0


def counted(problems: int, advice: int) -> str:
    """The last line: how many problems and pieces of advice there are."""
    counts = f"{problems or 'no'} problem{'' if problems == 1 else 's'}"
    if advice:
        counts += f", {advice} piece{'' if advice == 1 else 's'} of advice"
    return counts


def add_advice(configuration: Configuration) -> None:
    """Add the advice about the finished policies."""
    if configuration.cors:
        for policy in configuration.cors.policies.values():
            found = [*advise(configuration.cors, policy), *on_mounts(configuration.mounts, policy)]
            for option, message in found:
                configuration.advice.append(configuration.about(key_of(policy, option), message))


def distinct(found: list[Configuration]) -> list[Configuration]:
    """The uses, without those that would print the same, as of a function called twice."""
    reported: dict[tuple[str, ...], Configuration] = {}
    for use in found:
        rows = table(use.cors) if use.cors else []
        key = use.name, use.place, *rows, "problems", *use.problems, "advice", *use.advice
        reported.setdefault(key, use)
    return list(reported.values())


def report(configuration: Configuration, target: str) -> None:
    """Print the policies of one use of the middleware, its problems, and the advice.

    UsageError: the target does not use the middleware.
    """
    if configuration.cors:
        say(f"{configuration.name} ({configuration.place})")
        for row in [*table(configuration.cors), *origin_lists(configuration.cors)]:
            say(f"  {row}")
    elif not configuration.problems and not configuration.others:
        raise UsageError(f"there is no wsgicors.CORS in {target}")
    for line in configuration.problems:
        say(line, BAD)
    for line in configuration.advice:
        say(line)


def table(cors: CORS) -> list[str]:
    """The policies in columns, one a line."""
    columns = ("path", "origin", "methods", "headers", "expose_headers", "credentials", "maxage")
    rows = [["policy", *columns]]
    for name, policy in cors.policies.items():
        values = [cell(getattr(policy, column)) for column in columns]
        rows.append([name, *("every path" if not policy.path else values[0], *values[1:])])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows
    ]


def cell(value: object) -> str:
    """An option's value as short text."""
    if isinstance(value, tuple):
        return short_list([short_name(entry) for entry in value]) or "-"
    if isinstance(value, bool):
        return "yes" if value else "-"
    return "-" if value is None else str(value)


def short_name(entry: object) -> str:
    """An entry of a list; what an OriginList holds is listed below the table."""
    if isinstance(entry, str):
        return entry
    kind = type(entry).__name__
    return kind if kind == "OriginList" else getattr(entry, "__qualname__", show(entry))


def short_list(names: list[str]) -> str:
    """The first names, as many as fit into a column."""
    count = min(3, len(names))
    while count > 1 and len(", ".join(names[:count])) > MAX_CELL:
        count -= 1
    text = ", ".join(names[:count])
    if len(text) > MAX_CELL:
        text = f"{text[: MAX_CELL - 3]}..."
    return text + (f" and {len(names) - count} more" if len(names) > count else "")
