"""What the tests of OriginList share: a source that waits, fails or counts, and waiting for its reloads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from support import OTHER, cors_headers, request

SOON = 0.001  # seconds: the next request but a few starts a reload
NEVER = 3600.0
LIMIT = 60  # seconds after which a test is stuck


class Source:
    """A data source in a test's hand: what it gives, how often it was asked, and whether it answers yet."""

    def __init__(self, *origins):
        self.gives = list(origins)
        self.asked = 0
        self.running = self.most_running = 0
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self):
        self.asked += 1
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        assert self.answers.wait(LIMIT)
        self.running -= 1
        gives = self.gives
        if isinstance(gives, BaseException):
            raise gives
        return gives() if callable(gives) else gives

    def __repr__(self):
        return "source"


def until(condition, step):
    """Take steps until the condition holds."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "nothing happens"
        step()


def reloads():
    return [thread for thread in threading.enumerate() if thread.name == "wsgicors.OriginList"]


def finish_reload():
    for thread in reloads():
        thread.join(LIMIT)
        assert not thread.is_alive()


def start_reload(test_client, source):
    """Make requests until the source is asked once more."""
    asked = source.asked
    until(lambda: source.asked > asked, lambda: request(test_client, OTHER))


def reload(test_client, source):
    """Make requests until the source was asked once more and its answer is dealt with."""
    finish_reload()
    start_reload(test_client, source)
    finish_reload()


def allowed(test_client, origin):
    return "access-control-allow-origin" in cors_headers(request(test_client, origin))


SLOW = "the reload of source has not ended yet; the last good list stays"


def records(caplog):
    """What was logged, but that a reload takes longer than a very short `every`."""
    return [record for record in caplog.records if record.getMessage() != SLOW]


def logged(caplog):
    """Each different message of them, in order: with a short `every` a reload may happen twice."""
    return list(dict.fromkeys(record.getMessage() for record in records(caplog)))


def run_script(script, *arguments):
    """Run a script in a process of its own, which must end well and complain of nothing; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


# What a script for run_script starts with.
BEFORE = """
import logging, os, sys, threading, time
from wsgicors import CORS, OriginList

logging.getLogger("wsgicors").setLevel(logging.ERROR)  # that a load takes long is no surprise here

def app(environ, start_response):
    start_response("200 OK", [])
    return []

def allowed(cors, origin):
    answers = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin}
    cors(environ, lambda status, headers: answers.extend(headers))
    return ("Access-Control-Allow-Origin", origin) in answers
"""
