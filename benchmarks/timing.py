"""Interleaved batches, and the least of many: how time is measured here.

A sample is a function without arguments that runs one batch of one case and returns nanoseconds per call. interleave()
takes the samples in turns, so that whatever slows the machine down for a while slows all cases down, and keeps the
least of each: noise only ever adds. run.py repeats that in several fresh processes, as the layout of a process's
memory shifts a result by some per cent for as long as the process lives.
"""

from __future__ import annotations

import gc
import importlib.util
import io
import itertools
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

Sample = Callable[[], float]
Environ = dict[str, Any]

HERE = Path(__file__).resolve().parent
_names = (f"_benchmarked_{number}" for number in itertools.count())


def load(path: Path) -> ModuleType:
    """Execute the file at `path` as a module of its own, again each time: see subject.py for why."""
    spec = importlib.util.spec_from_file_location(next(_names), path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fresh(environ: Environ) -> Environ:
    """Return a copy with texts of its own, as a server makes them for each request.

    A text that was looked up once remembers its hash, and one that *is* the dictionary's key needs no comparing: no
    request gets either for free.
    """
    return {
        _copy(name): _copy(value) if type(value) is str else value
        for name, value in environ.items()
    }


def _copy(text: str) -> str:
    return text.encode("latin-1").decode("latin-1")


def request(method: str = "GET", path: str = "/", **headers: str) -> Environ:
    """Return the environ of a request as wsgiref's server makes it; `headers` are names like HTTP_ORIGIN."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "api.example.com",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": "",
        "HTTP_HOST": "api.example.com",
        "HTTP_ACCEPT": "*/*",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        **headers,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def answer(app: Any, environ: Environ) -> tuple[int, dict[str, str]]:
    """Call `app` once and return its status and its headers, names in lower case."""
    answers: list[tuple[int, dict[str, str]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        answers.append((int(status[:3]), {name.lower(): value for name, value in headers}))
        return lambda data: None

    body = app(environ, start_response)
    b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return answers[-1]


def calling(
    elapsed: Callable[[Any, list[Environ]], int], app: Any, environs: Iterator[Environ], number: int
) -> Sample:
    """Return the sample that calls `app` with the next `number` environs, each made fresh before the clock starts.

    Batches are short, so that many of them run undisturbed, and so that the environs still are in the processor's
    cache, as they are in a server.
    """

    def sample() -> float:
        batch = [fresh(environ) for environ in itertools.islice(environs, number)]
        return elapsed(app, batch) / number

    return sample


class Node:
    """The child process that measures the npm package `cors`, a batch at a time."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def sample(self, case: str, number: int) -> Sample:
        """Return the sample of `case`, which see in node_side.js."""

        def run() -> float:
            assert self.process.stdin is not None and self.process.stdout is not None
            print(case, number, file=self.process.stdin, flush=True)
            return float(self.process.stdout.readline())

        return run

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def interleave(samples: dict[str, Sample], rounds: int) -> dict[str, float]:
    """Take every sample once in each of `rounds` rounds, in another order each time; return the least of each."""
    order = list(samples.items())
    least = dict.fromkeys(samples, float("inf"))
    shuffle = random.Random(0).shuffle
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for name, sample in order:
                least[name] = min(least[name], sample())
            gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    return least
