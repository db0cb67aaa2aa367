"""The benchmark's command works: every row is produced, by applications that answered as they should.

No number is looked at: what the middleware costs is judged by who reads the tables, not by a test.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest
from engines import ENGINES
from support import need

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
NUMBER = r" +-?[\d,]+(\.\d+)?"


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks") / "overhead.svg"


@pytest.fixture(scope="module")
def printed(chart: Path) -> str:
    """What a smoke run prints. Each measured application is asked first whether its headers are the right ones."""
    return run(BENCHMARKS / "run.py", "--smoke", "--chart", chart)


@pytest.fixture(scope="module", autouse=True)
def node() -> None:
    need(shutil.which("node") and shutil.which("npm"), "Node.js", "apt-get install nodejs npm")
    need(
        sys.version_info >= (3, 10),
        "CPython 3.10",
        "the measured frameworks no longer run on older ones",
    )


def run(*command: str | Path) -> str:
    result = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize(
    "row",
    [
        "overhead, no Origin, 2 headers / the floor's",
        "overhead, allowed, 2 headers / wsgicors 0.7.0's",
        "overhead, allowed, 8 headers / wsgicors 0.7.0's",
        "allowed preflight, whole call / 0.7.0's",
        "overhead, no Origin, 2 headers / npm cors's",
        "overhead, allowed, 2 headers / npm cors's",
        "allowed preflight, whole call / npm cors's",
        "1 -> 2,000 exact origins, one again and again",
        "1 -> 2,000 wildcard origins, one again and again",
        "another each time of 2,000 exact origins / one again",
        "another each time of 2,000 wildcard origins / one again",
        "another subdomain each time of one wildcard / one again",
        "1,000 exact origins in turn, allowed / one again",
        "1,000 exact origins in turn, preflight / one again",
        "1,000 wildcard origins in turn, allowed / one again",
        "Zipf mix of 10,000 exact, allowed / one again",
        "Zipf mix of 10,000 exact, preflight / one again",
        "Zipf mix of 10,000 wildcard, allowed / one again",
        "OriginList of 2,000, one again, allowed / written down",
        "OriginList of 2,000, another each time, allowed / written down",
        "OriginList of 2,000, one again, preflight / written down",
        "OriginList of 2,000, another each time, preflight / written down",
        "the most hostile Origin, exact / a usual refused one",
        "the most hostile Origin, wildcard / a usual refused one",
        "the most hostile Origin, patterns / a usual refused one",
        "the most hostile Origin, OriginList / a usual refused one",
        "64 KiB Origin, exact / a usual refused one",
        "64 KiB Origin, wildcard, preflight / usual",
        "64 KiB of request headers, listed / usual",
        "64 KiB of request headers, refused / usual",
        "construction / 0.7.0's",
        "load, us per exact origin of 2,000",
        "load, us per wildcard origin of 2,000",
        "memory, bytes per exact origin of 2,000",
        "memory, bytes per wildcard origin of 2,000",
        "import, ms on top of wsgiref's",
        "import, ms on top of waitress's",
    ],
)
def test_each_goal_of_the_design_is_judged(printed: str, row: str) -> None:
    assert re.search(
        rf"^{re.escape(row)} +[\d.]+ +-?[\d.]+ (met   |MISSED) ", printed, re.MULTILINE
    ), printed


@pytest.mark.parametrize("kind", ["none", "allowed", "preflight"])
@pytest.mark.parametrize(
    ("stack", "columns"),
    [
        ("Flask, flask-cors", 3),
        ("Django, django-cors-headers", 3),
        ("Falcon, CORSMiddleware", 3),
        ("Starlette, CORSMiddleware", 2),
    ],
)
def test_each_peer_is_measured_in_its_own_stack(
    printed: str, stack: str, kind: str, columns: int
) -> None:
    assert re.search(rf"^  {stack} +{kind}({NUMBER}){{{columns}}} *$", printed, re.MULTILINE), (
        printed
    )


def test_the_chart_shows_every_peer(printed: str, chart: Path) -> None:
    svg = "{http://www.w3.org/2000/svg}"
    names = {text.text for text in xml.etree.ElementTree.parse(chart).iter(f"{svg}text")}
    peers = {
        "wsgicors 0.7.0",
        "npm cors, Node.js",
        "Flask, flask-cors",
        "Starlette, CORSMiddleware",
    }
    assert names >= {"the floor", "wsgicors 1.0 (this project)", *peers}


def test_one_group_alone_prints_its_rows_only() -> None:
    printed = run(BENCHMARKS / "run.py", "--smoke", "--only", "construction")
    assert "construction / 0.7.0's" in printed
    assert "npm cors" not in printed


def test_a_measured_application_without_the_right_headers_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "wsgicors.py").write_text(
        "class CORS:\n"
        "    def __init__(self, app, *args, **options):\n"
        "        self.app = app\n"
        "    def __call__(self, environ, start_response):\n"
        "        return self.app(environ, start_response)\n"
    )
    result = subprocess.run(
        [
            sys.executable,
            BENCHMARKS / "run.py",
            "--smoke",
            "--only",
            "requests",
            "--module",
            tmp_path / "wsgicors.py",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "ours/allowed/2: the measured application answers (200, None, False)" in result.stderr


@pytest.mark.once
def test_round_trips_are_counted_in_an_engine() -> None:
    ENGINES[0].require()
    printed = run(
        BENCHMARKS / "round_trips.py",
        *("--engine", ENGINES[0].name, "--only", "wsgicors", "--urls", "1", "--pause", "0"),
    )
    assert re.search(r"^lists +wsgicors +1$", printed, re.MULTILINE), printed
    assert re.search(r"^defaults +wsgicors +10, blocked 10/10$", printed, re.MULTILINE), printed
