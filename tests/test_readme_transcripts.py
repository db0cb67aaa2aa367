"""The transcripts in README.rst are what the command prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from test_browser_http import serving

from wsgicors_explain import main

README = (Path(__file__).parent.parent / "README.rst").read_text(encoding="utf-8")
INI = re.search(r"(?m)^``production.ini``::\n\n((?:    .*\n|\n)+)", README)[1].replace("    ", "")
BAD_INI = (
    "[filter:cors]\nuse = egg:wsgicors#middleware\n"
    "origin = https://shop.example.com/\nallow_headers = X-Csrf\ncredentials = true\n"
)
TRANSCRIPTS = re.findall(r"(?m)^    \$ wsgicors ((?:explain|check) .*)\n((?:    .*\n)+)", README)


def permissive(environ, start_response):
    """The foreign server of the third transcript."""
    names = ("Origin", "Methods", "Headers")
    headers = [(f"Access-Control-Allow-{name}", "*") for name in names]
    start_response("200 OK", [("Content-Type", "text/plain"), *headers, ("Content-Length", "0")])
    return [b""]


def test_there_are_transcripts():
    assert len(TRANSCRIPTS) >= 5


@pytest.mark.parametrize(
    ("command", "output"), TRANSCRIPTS, ids=[command for command, _ in TRANSCRIPTS]
)
def test_transcript_is_what_the_command_prints(command, output, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("production.ini").write_text(INI, encoding="utf-8")
    Path("bad.ini").write_text(BAD_INI, encoding="utf-8")
    with serving(permissive) as port:
        main(shlex.split(command.replace(":8080", f":{port}")))
    printed = capsys.readouterr().out.replace(f":{port}", ":8080")
    lines = [
        f"    {line}"
        for line in printed.splitlines()
        if not line.startswith(("< Date", "< Server"))
    ]
    assert lines == output.splitlines()


def test_the_errors_are_what_the_example_prints():
    example = Path(__file__).parent.parent / "examples" / "mistakes.py"
    printed = subprocess.run(
        [sys.executable, example], capture_output=True, text=True, check=True
    ).stdout
    assert textwrap.indent(printed, "    ") in README
