"""Every example runs as its first lines say, and answers over a socket as its configuration says."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import need

from wsgicors_explain import Browser

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
ALLOWED = "http://localhost:3000"


@contextlib.contextmanager
def running(command: Sequence[str], **variables: str) -> Iterator[str]:
    """Run a server that logs where it serves; the value is its address."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(EXAMPLES)]),
        "PORT": "0",
        **variables,
    }
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        log = ""
        try:
            for line in process.stderr:
                log += line
                found = re.search(r"Serving on (http://127\.0\.0\.1:[0-9]+)", line)
                if found:
                    yield found[1]
                    break
            else:
                pytest.fail(f"{command} ended:\n{log}")
        finally:
            process.terminate()


def get(address: str, headers: Mapping[str, str], method: str = "GET") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(address.partition("//")[2], timeout=20)
    with contextlib.closing(connection):
        connection.request(method, "/", headers=dict(headers))
        response = connection.getresponse()
        response.body = response.read()  # type: ignore[attr-defined]  # the connection is about to be closed
        return response


def pserve(directory: Path) -> Sequence[str]:
    """The command that serves pyramid.ini, a copy of it at a port of the system's choice."""
    program = need(
        shutil.which("pserve", path=Path(sys.executable).parent), "pserve", "pip install pyramid"
    )
    copy = directory / "pyramid.ini"
    text = (EXAMPLES / "pyramid.ini").read_text(encoding="utf-8")
    copy.write_text(text.replace("127.0.0.1:8001", "127.0.0.1:0"), encoding="utf-8")
    return [program, str(copy)]


FRAMEWORKS = ("bottle", "django", "falcon", "flask", "pyramid")


def test_every_application_is_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("*_app.py")} == {
        f"{name}_app.py" for name in FRAMEWORKS
    }


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_framework(framework: str) -> None:
    for package in (framework, "waitress"):
        need(find_spec(package), package, f"pip install {package}")
    with running([sys.executable, str(EXAMPLES / f"{framework}_app.py")]) as address:
        response = get(address, {"Origin": ALLOWED})
        assert json.loads(response.body) == {"hello": framework.title()}
        assert response.headers.get_all("Access-Control-Allow-Origin") == [ALLOWED]
        verdict = Browser(address, ALLOWED).fetch(
            "/", "POST", {"Content-Type": "application/json"}, body=b"{}"
        )
        assert verdict.preflight is not None and verdict.preflight.status == 200
        assert Browser(address, ALLOWED).fetch("/")
        assert not Browser(address, "http://localhost:3001").fetch("/")


def test_pyramid_ini(tmp_path: Path) -> None:
    with running(pserve(tmp_path)) as address:
        public = get(address, {"Origin": "https://anywhere.example"})
        assert json.loads(public.body) == {"hello": "Pyramid"}
        assert public.headers["Access-Control-Allow-Origin"] == "*"
        # Nothing is at /api/hello, and the page may see that it is a 404.
        mine = Browser(address, ALLOWED).fetch(
            "/api/hello", "PUT", {"Content-Type": "application/json"}
        )
        assert (mine.allowed, mine.response and mine.response.status) == (True, 404)
        assert not Browser(address, "https://anywhere.example").fetch("/api/hello")


def test_sqlite_origins(tmp_path: Path) -> None:
    need(find_spec("waitress"), "waitress", "pip install waitress")
    database, new = tmp_path / "origins.sqlite", "https://new.example"
    command = [sys.executable, str(EXAMPLES / "sqlite_origins.py")]
    with running(command, DATABASE=str(database), EVERY="0.01") as address:
        assert Browser(address, ALLOWED).fetch("/")
        assert not Browser(address, new).fetch("/")
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("INSERT INTO customer VALUES (?)", (new,))
        # A request starts the reload; one of the next finds it done.
        assert any(Browser(address, new).fetch("/") for _ in range(1000))
