"""Measure what the middleware costs: `python3 benchmarks/run.py` prints every table and draws the chart.

The first run makes an environment of its own (see environment.py). Then each group of cases is measured in several
fresh processes, in each of which all cases of the group take turns (see timing.py). A number in a table is made from
the least time of each case over all processes; "spread" is the least and the greatest that a single process would
have given for the same number: where a goal is inside of it, run again.

"overhead" is the time of a call with a middleware less the time of a call of the bare application. Bare application,
start_response and requests are the same for all; see subject.py and, for Node.js, node_side.js.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import chart
import environment
import groups
import tables
from groups import Times

PERF = ["perf", "stat", "-x,", "-e", "instructions:u"]
VALGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
MOST_BLOCKS = {
    "memory": 1,
    "growth": 2,
}  # what is allocated does not vary; a million origins take a while to load
COUNTED = 5000  # calls whose instructions are counted


def measure(group: str, size: str) -> list[Times]:
    """Measure a group in as many fresh processes as the size says; return the times of each."""
    command = [str(environment.PYTHON), groups.__file__, "measure", group, size]
    return [
        json.loads(_output(command))
        for _ in range(min(groups.SIZES[size].blocks, MOST_BLOCKS.get(group, 100)))
    ]


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def instructions() -> Times:
    """Return the instructions of one call of each Python case of `requests`, less those of the loop around it."""
    counter = PERF if _count(PERF, ["true"]) else VALGRIND
    names = json.loads(_output([str(environment.PYTHON), groups.__file__, "names"]))
    return {
        name: _per_call(counter, name, "full") - _per_call(counter, name, "empty") for name in names
    }


def _per_call(counter: list[str], case: str, loop: str) -> float:
    more, fewer = (
        _count(counter, [str(environment.PYTHON), groups.__file__, "call", case, loop, str(number)])
        for number in (2 * COUNTED, COUNTED)
    )
    if not fewer:
        raise SystemExit("benchmarks: neither perf nor valgrind can count instructions here")
    return (more - fewer) / COUNTED


def _count(counter: list[str], command: list[str]) -> int:
    """Return the instructions that `command` takes, 0 where the counter is not installed or not supported."""
    if shutil.which(counter[0]) is None:
        return 0
    # The hash seed decides how dictionaries collide: with it fixed, two runs count the same.
    variables = {**os.environ, "PYTHONHASHSEED": "0"}
    result = subprocess.run(
        [*counter, *command], check=True, capture_output=True, text=True, env=variables
    )
    found = re.search(r"^(\d+),|Collected : (\d+)", result.stderr, re.MULTILINE)
    return int(found[1] or found[2]) if found else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 whatever the numbers are: they are for a reader to judge."""
    parser = argparse.ArgumentParser(
        description="Measure what the middleware costs, beside its peers.",
        epilog="Without options: some ten minutes on a quiet machine.",
    )
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--quick",
        action="store_true",
        help="about a minute on a quiet machine; 100,000 origins at most",
    )
    sizes.add_argument(
        "--smoke",
        action="store_true",
        help="seconds; every row is printed, no number means anything",
    )
    parser.add_argument(
        "--only",
        metavar="GROUP",
        choices=groups.GROUPS,
        action="append",
        help=f"one of {', '.join(groups.GROUPS)}",
    )
    parser.add_argument(
        "--instructions",
        action="store_true",
        help="count instructions, by perf or valgrind, instead",
    )
    parser.add_argument(
        "--chart", metavar="FILE", type=Path, help="where to draw; without it only a full run draws"
    )
    parser.add_argument(
        "--module",
        metavar="FILE",
        type=Path,
        default=environment.ROOT / "wsgicors.py",
        help="measure a changed copy",
    )
    options = parser.parse_args(arguments)

    environment.prepare()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WSGICORS_MEASURED"] = os.path.join(folder, "wsgicors.py")
        shutil.copy(options.module, os.environ["WSGICORS_MEASURED"])
        py_compile.compile(
            os.environ["WSGICORS_MEASURED"], doraise=True
        )  # also under PYTHONDONTWRITEBYTECODE
        report(options)
    return 0


def report(options: argparse.Namespace) -> None:
    """Measure and print what the command line asks for."""
    if options.instructions:
        tables.print_instructions(instructions())
        return

    size = "smoke" if options.smoke else "quick" if options.quick else "full"
    chosen = options.only or list(groups.GROUPS)
    node_version = _output(["node", "--version"]).strip()
    system = f"CPython {platform.python_version()}, Node.js {node_version.lstrip('v')}"
    print(f"{system}, {platform.machine()}, {os.cpu_count()} processors\n")
    blocks: dict[str, list[Times]] = {}
    for group in chosen:
        print(f"measuring {group} ...", file=sys.stderr, flush=True)
        blocks[group] = measure(group, size)
    tables.print_all(blocks, groups.SIZES[size].origins)
    if {"requests", "peers"} <= blocks.keys():
        target = options.chart or (environment.HERE / "overhead.svg" if size == "full" else None)
        if target:
            rows = tables.chart_rows(
                tables.least(blocks["requests"]), tables.least(blocks["peers"])
            )
            target.write_text(
                chart.draw(rows, f"{system}; see benchmarks/run.py"), encoding="utf-8"
            )


if __name__ == "__main__":
    raise SystemExit(main())
