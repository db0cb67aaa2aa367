"""What documents and docstrings state about the repository, beside the code that they show."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import wsgicors
from wsgicors_explain import main

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


OPTION_PLACES = {
    "README.rst": r"(?m)^``{}`` ",
    "docs/options.rst": r"(?m)^{}\n~+$",
    "CORS": r"(?m)^    {}: ",
    "Policy": r"(?m)^    (?:\w+, )*{}(?:, \w+)*: ",
}


@pytest.mark.parametrize("option", [*wsgicors.OPTIONS, *wsgicors.GLOBAL_OPTIONS])
def test_option_is_explained_in_every_place(option):
    """A new option is a row of OPTIONS; its meaning is written in these places as well."""
    texts = {
        "README.rst": text_of("README.rst"),
        "docs/options.rst": text_of("docs/options.rst"),
        "CORS": wsgicors.CORS.__doc__ or "",
        "Policy": wsgicors.Policy.__doc__ or "",
    }
    if option in wsgicors.GLOBAL_OPTIONS:
        del texts["Policy"]
    else:
        assert option in wsgicors.Policy.__annotations__
    missing = [
        place
        for place, text in texts.items()
        if not re.search(OPTION_PLACES[place].format(option), text)
    ]
    assert missing == []


def test_contributing_installs_every_debian_package_that_a_test_asks_for():
    asked = {
        package
        for path in (ROOT / "tests").glob("*.py")
        for line in re.findall(r"apt-get install ([\w -]+)", path.read_text(encoding="utf-8"))
        for package in line.split()
    }
    assert {"nginx", "postgresql"} <= asked
    (listed,) = re.findall(r"(?m)^    apt-get install ((?:.*\\\n)*.*)", text_of("CONTRIBUTING.rst"))
    assert asked - set(re.findall(r"[\w-]+", listed)) == set()


# goal, found, met or MISSED: of the docs' table of the benchmark.
ROW = re.compile(
    r"(?m)^ {4}(?P<text>\S.{8,}?) +(?P<goal>[\d.]+ +)?(?P<found>\d+\.\d\d) (?P<verdict>met|MISSED)? +"
    r"(?P<least>\d+\.\d\d) to (?P<most>\d+\.\d\d)$"
)


def test_table_of_the_overhead_has_the_rows_of_the_benchmark(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    from tables import goal_rows

    page = text_of("docs/cost.rst")
    table = page[page.index(" goal    found") :].partition("\n\n")[0]
    rows = [row for rows in goal_rows(1_000_000).values() for row in rows]
    found = list(ROW.finditer(table))
    assert len(found) == len(table.strip().splitlines()) - 1
    assert [row["text"] for row in found] == [row.text for row in rows]
    for line, row in zip(found, rows):
        goal = None if line["goal"] is None else float(line["goal"])
        assert goal == row.goal, line[0]
        # The number is rounded, and the verdict is not of the rounded one.
        verdicts = [None] if goal is None else ["met"] * (float(line["found"]) <= goal)
        verdicts += ["MISSED"] * (goal is not None and float(line["found"]) >= goal)
        assert line["verdict"] in verdicts, line[0]


def test_flow_of_a_request_names_what_exists():
    page = text_of("CONTRIBUTING.rst")
    flow = page[page.index("Flow of a request") :].partition("How to add an option")[0]
    names = set(
        re.findall(r"\b(?:[a-z]+_[a-z_]+|[A-Z]+[A-Za-z]+\.[a-z_]+|[A-Z]{4,}[A-Z_]*)\b", flow)
    )
    names -= {"CORS"}
    assert {"pick_group", "Policy.refusal", "OPTIONS"} <= names
    for name in names:
        found = wsgicors
        for part in name.split("."):
            found = getattr(found, part)


INI = """
[filter:cors]
use = egg:wsgicors
origin = https://a.example
methods = PUT
headers = X-Size
"""
PASTE = "curl https://api.example/x -X POST -H 'Origin: https://b.example' -H 'X-Size: old'"


def test_options_on_the_command_line_override_a_paste(tmp_path, monkeypatch, capsys):
    """docs/explain.rst says so."""
    monkeypatch.chdir(tmp_path)
    Path("a.ini").write_text(INI, encoding="utf-8")
    Path("p.txt").write_text(PASTE, encoding="utf-8")
    ours = ["--origin", "https://a.example", "-X", "PUT", "-H", "x-size: new"]
    command = ["explain", "a.ini", "--pasted", "p.txt", *ours]

    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    (sent,) = [index for index, line in enumerate(lines) if line.startswith("> PUT ")]
    request = [line.lower() for line in lines[sent:] if line.startswith("> ")]
    assert [line for line in request if line.startswith(("> origin", "> x-size"))] == [
        "> x-size: new",
        "> origin: https://a.example",
    ]
    assert main([*command, "--credentials"]) == 1
    assert "because the request has credentials" in capsys.readouterr().out.splitlines()[-1]
