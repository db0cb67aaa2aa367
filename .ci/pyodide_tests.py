"""Runs pytest inside Pyodide, for .ci/pyodide."""

from __future__ import annotations

import platform
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest


def without(what: str) -> Callable[..., None]:
    """A replacement for what Pyodide lacks: it skips the test that uses it."""

    def skip(*arguments: Any, **options: Any) -> None:
        pytest.skip(f"Pyodide has no {what}")

    return skip


def run(options: Iterable[str]) -> int:
    """The exit status of pytest with these options."""
    print(platform.python_implementation(), platform.python_version())
    # Pyodide's own errors are not enough: OriginList continues if no thread can start, and the
    # test would wait for ever; and a socket can be created, but connects to nothing.
    threading.Thread.start = without("threads")
    subprocess.Popen.__init__ = without("processes")
    socket.socket.__init__ = without("sockets")
    return int(pytest.main(["-p", "no:cacheprovider", *options]))
