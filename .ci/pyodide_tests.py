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
    """What takes the place of something that Pyodide lacks: the test that uses it is skipped there and then."""

    def skip(*arguments: Any, **options: Any) -> None:
        pytest.skip(f"Pyodide has no {what}")

    return skip


def run(options: Iterable[str]) -> int:
    """The exit status of pytest with these options."""
    print(platform.python_implementation(), platform.python_version())
    # Pyodide's own errors do not do: OriginList goes on where no thread can start, and the test would wait for ever;
    # and a socket is made, but leads nowhere.
    threading.Thread.start = without("threads")
    subprocess.Popen.__init__ = without("processes")
    socket.socket.__init__ = without("sockets")
    return int(pytest.main(["-p", "no:cacheprovider", *options]))
