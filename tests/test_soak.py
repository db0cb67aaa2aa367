"""The short form of soak.py, which tells how to run a million requests."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import need

REQUESTS = 20_000
NEEDS = {"greenlets": "gevent", "workers": "gunicorn"}


@pytest.mark.once
@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is read from /proc, which Linux has"
)
@pytest.mark.parametrize("place", ["threads", "greenlets", "workers"])
def test_every_answer_is_right_and_memory_stays_flat(place):
    if place in NEEDS:
        need(importlib.util.find_spec(NEEDS[place]), NEEDS[place], "pip install -e '.[test]'")
    if place == "workers":
        need(shutil.which("wrk"), "wrk", "apt-get install wrk")
    command = [sys.executable, str(Path(__file__).parent / "soak.py"), str(REQUESTS), place]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "memory grew by" in done.stdout
    assert "no wrong answer" in done.stdout or " 0 wrong answers" in done.stdout
