"""The command check."""

from __future__ import annotations

import argparse

from .advice import advise
from .configuration import Configuration, key_of
from .diagnosis import origin_lists
from .middleware import CORS, show
from .targets import UsageError, load
from .terminal import BAD, GOOD, say


def check(args: argparse.Namespace) -> int:
    """The command ``check``: 0 if every configuration loads, else 1."""
    loaded = load(args.target, args.section, args.variables)
    found = [use for each in loaded for use in (each, *each.others)]
    for configuration in found:
        report(configuration, args.target)
    problems = sum(len(configuration.problems) for configuration in found)
    advice = sum(len(configuration.advice) for configuration in found)
    counts = f"{problems or 'no'} problem{'' if problems == 1 else 's'}"
    counts += f", {advice} piece{'' if advice == 1 else 's'} of advice" if advice else ""
    say(counts, BAD if problems else GOOD)
    return 1 if problems else 0


def report(configuration: Configuration, target: str) -> None:
    """Print the policies of one use of the middleware, its problems, and the advice."""
    if configuration.cors:
        for policy in configuration.cors.policies.values():
            for option, message in advise(configuration.cors, policy):
                configuration.advice.append(configuration.about(key_of(policy, option), message))
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
        names = [
            entry if isinstance(entry, str) else getattr(entry, "__qualname__", show(entry))
            for entry in value
        ]
        return (
            ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "-"
        )
    if isinstance(value, bool):
        return "yes" if value else "-"
    return "-" if value is None else str(value)
