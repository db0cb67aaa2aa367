"""The fixtures that several files of tests share."""

from __future__ import annotations

import sys
import textwrap

import pytest
from origin_list_support import finish_reload
from support import without_age

from wsgicors_explain import main


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Run `check` in a directory of these files; gives the exit status and the lines of the output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments, **files):
        for name, text in files.items():
            (tmp_path / name.replace("_ini", ".ini").replace("_py", ".py")).write_text(
                textwrap.dedent(text).lstrip("\n"), encoding="utf-8"
            )
        status = main(["check", *arguments])
        captured = capsys.readouterr()
        return status, [*without_age(captured.out).splitlines(), *captured.err.splitlines()]

    return run


@pytest.fixture
def no_reload_outlives_its_test():
    yield
    finish_reload()
