"""Origins from a data source on real servers, four processes each, under load from another process.

The source is an SQLite database that the test changes, locks, empties of sense and deletes under the servers' feet.
What may not happen: a wrong answer, an error, a request that waits for the source, an origin that stays allowed.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import need

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
WORKERS = 4
EVERY = 0.25  # seconds
HANG = 2.0  # seconds that a load waits for a locked database
LIMIT = 60  # seconds after which a test is stuck

KEPT, REVOKED, ADDED, STRANGER = (
    f"https://{name}.example.com" for name in ("kept", "revoked", "added", "stranger")
)

GUNICORN = ["-m", "gunicorn", "--workers", str(WORKERS), "--timeout", "120", "--log-level", "error"]
SERVERS = {
    "gunicorn sync": ("gunicorn", ["--worker-class", "sync"]),
    "gunicorn sync, preloaded": ("gunicorn", ["--worker-class", "sync", "--preload"]),
    "gunicorn gthread": ("gunicorn", ["--worker-class", "gthread", "--threads", "4"]),
    "gunicorn gthread, preloaded": (
        "gunicorn",
        ["--worker-class", "gthread", "--threads", "4", "--preload"],
    ),
    "gunicorn gevent": ("gunicorn", ["--worker-class", "gevent"]),
    "gunicorn gevent, preloaded": ("gunicorn", ["--worker-class", "gevent", "--preload"]),
    "uWSGI": ("uwsgi", ["--lazy-apps"]),
    "uWSGI, forked": ("uwsgi", []),
}


def command(kind, options, descriptor):
    """The command line of a server on a listening socket that it inherits."""
    if kind == "gunicorn":
        need(find_spec("gunicorn"), "gunicorn", "pip install gunicorn")
        need("gevent" not in options or find_spec("gevent"), "gevent", "pip install gevent")
        return [
            sys.executable,
            *GUNICORN,
            "--bind",
            f"fd://{descriptor}",
            *options,
            "origin_list_app",
        ]
    program = Path(sys.executable).with_name("uwsgi")
    need(program.exists(), "uWSGI", "pip install uwsgi")
    # Releases of uWSGI differ in whether Python's threads run between requests without --enable-threads.
    fixed = ["--master", "--die-on-term", "--need-app", "--disable-logging", "--enable-threads"]
    return [
        *(str(program), *fixed, "--processes", str(WORKERS), "--http-socket", f"fd://{descriptor}"),
        *(*options, "--virtualenv", sys.prefix, "--module", "origin_list_app"),
    ]


class Loads:
    """The loads that the servers' processes report: (process, begun, ended), by the clock that all processes share."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(LIMIT)
        self.all: list[tuple[int, float, float]] = []

    def wait(self, times=1):
        """Wait until every worker has ended so many loads that have begun after now; return when that was."""
        now = time.monotonic()
        while len(complete := self.workers_since(now, times)) < WORKERS:
            self.all.append(json.loads(self.socket.recv(1000)))
            assert time.monotonic() < now + LIMIT, f"only {complete} have reloaded"
        return now, time.monotonic()

    def workers_since(self, moment, times):
        processes = [process for process, begun, _ in self.all if begun >= moment]
        return {process for process in processes if processes.count(process) >= times}


@contextmanager
def running(arguments, **options) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(arguments, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(LIMIT)


def write(database, *statements):
    """What another process does to the table."""
    with closing(sqlite3.connect(database, timeout=LIMIT)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def insert(*origins):
    return f"INSERT INTO customer VALUES {', '.join(f'({origin!r})' for origin in origins)}"


@pytest.fixture(scope="module", params=SERVERS.values(), ids=SERVERS.keys())
def run(request, tmp_path_factory):
    """A server in and out of trouble: what the requests saw, what the phases were, when the table was changed."""
    folder = tmp_path_factory.mktemp("server")
    database, aside = folder / "shop.db", folder / "elsewhere.db"
    write(database, "CREATE TABLE customer (origin TEXT)", insert(KEPT, REVOKED))
    phases = []  # (what it is called, begin, end)
    loads = Loads()
    variables = {
        **os.environ,
        **{"DATABASE": str(database), "EVERY": str(EVERY), "HANG": str(HANG)},
        **{
            "REPORTS": str(loads.socket.getsockname()[1]),
            "PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}",
        },
    }

    def phase(name, times=1):
        phases.append((name, *loads.wait(times)))

    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as listener,
        (folder / "log").open("w") as log,
    ):
        server_command = command(*request.param, listener.fileno())
        client_command = [
            sys.executable,
            str(HERE / "origin_list_app.py"),
            str(listener.getsockname()[1]),
        ]
        options = {"env": variables, "text": True}
        with (
            running(
                server_command, pass_fds=[listener.fileno()], stdout=log, stderr=log, **options
            ),
            running(
                client_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
            ) as client,
        ):
            phase("calm", 2)
            with closing(sqlite3.connect(database, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                phase("locked, so that loads hang and then fail")
                other.execute("ROLLBACK")
            phase("calm", 4)
            database.rename(aside)
            phase("deleted", 3)
            aside.rename(database)
            phase("calm", 3)
            write(
                database,
                "ALTER TABLE customer RENAME TO real",
                "CREATE TABLE customer (origin)",
                insert("<html>", "x"),
            )
            phase("rubbish", 3)
            write(database, "DELETE FROM customer")
            phase("empty", 3)
            write(database, "DROP TABLE customer", "ALTER TABLE real RENAME TO customer")
            phase("calm", 3)
            write(database, f"DELETE FROM customer WHERE origin = {REVOKED!r}", insert(ADDED))
            changed = time.monotonic()
            phase("changed", 4)
            seen = json.loads(client.communicate(timeout=LIMIT)[0])
    loads.socket.close()
    longest = max(ended - begun for _, begun, ended in loads.all if begun >= changed)
    return {
        "seen": seen,
        "phases": phases,
        "changed": changed,
        "load": longest,
        "log": (folder / "log").read_text(),
    }


ALLOWED = {"access-control-expose-headers": "X-Worker", "vary": "Origin"}


def test_every_answer_is_right_whatever_the_source_does(run):
    """The origins that the table has had from the start to the end, and the one that it never has."""
    allowed = {**ALLOWED, "access-control-allow-origin": KEPT}
    preflight = {
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-origin": KEPT,
        "access-control-max-age": "600",
        "vary": "Origin",
    }
    expected = {
        ("GET", KEPT): (200, allowed),
        ("OPTIONS", KEPT): (200, preflight),
        ("GET", STRANGER): (200, {"vary": "Origin"}),
    }
    for name, begin, end in run["phases"]:
        answers = [
            seen for seen in run["seen"] if seen["path"] == "/list" and begin <= seen["begun"] < end
        ]
        asked = {(seen["method"], seen["origin"]) for seen in answers}
        assert asked >= expected.keys(), f"no such request while {name}"
        for seen in answers:
            kind = seen["method"], seen["origin"]
            assert (seen["status"], seen["cors"]) == expected.get(kind, (200, seen["cors"])), name


def test_a_changed_table_counts_after_every_and_one_load(run):
    """In each process, reckoned from its first request after `every`; the scheduler is given another `every`."""
    changed, checked = run["changed"], set()
    answers = [seen for seen in run["seen"] if seen["path"] == "/list" and seen["method"] == "GET"]
    due = {}
    for seen in sorted(answers, key=lambda seen: seen["ended"]):
        if seen["begun"] >= changed + EVERY:
            due.setdefault(seen["worker"], seen["ended"])
    assert len(due) == WORKERS
    for seen in answers:
        before = {REVOKED: True, ADDED: False}.get(seen["origin"])
        allowed = "access-control-allow-origin" in seen["cors"]
        if before is None:
            continue
        if seen["ended"] < changed:
            assert allowed is before
        elif seen["begun"] >= due[seen["worker"]] + run["load"] + EVERY:
            assert allowed is not before, seen
            checked.add((seen["worker"], seen["origin"]))
    assert len(checked) >= WORKERS  # or there was nothing to see


def test_no_request_waits_for_the_source(run):
    """As long as a load, or longer than in calm times: the two are compared in one run, taking turns."""
    times = {True: [], False: []}
    for name, begin, end in run["phases"]:
        inside = [seen for seen in run["seen"] if begin <= seen["begun"] and seen["ended"] <= end]
        times[name == "calm"] += [seen["ended"] - seen["begun"] for seen in inside]
    calm, trouble = sorted(times[True]), sorted(times[False])
    assert max(trouble) < 0.8 * HANG
    # How often a request in trouble is slower than one in calm times, were both drawn at random: 1/2 if they are alike.
    ranked = sorted([(time, 0) for time in calm] + [(time, 1) for time in trouble])
    ranks = sum(rank for rank, (_, group) in enumerate(ranked, 1) if group)
    slower = (ranks - len(trouble) * (len(trouble) + 1) / 2) / (len(calm) * len(trouble))
    assert slower < 0.75


def test_while_configured_anew_each_answer_belongs_to_one_configuration(run):
    old = {"access-control-allow-origin": KEPT, "vary": "Origin"}
    new = {**old, "access-control-allow-credentials": "true"}
    possible = {
        "GET": [
            {**old, "access-control-expose-headers": "X-Old"},
            {**new, "access-control-expose-headers": "X-New"},
        ],
        "OPTIONS": [
            {
                **base,
                "access-control-allow-methods": method,
                "access-control-allow-headers": header,
                "access-control-max-age": maxage,
            }
            for base, method, header, maxage in (
                (old, "GET", "X-Old", "1"),
                (new, "PUT", "X-New", "2"),
            )
        ],
    }
    for method, configurations in possible.items():
        answers = [
            seen["cors"]
            for seen in run["seen"]
            if (seen["path"], seen["method"]) == ("/flip", method)
        ]
        assert all(answer in configurations for answer in answers)
        assert all(configuration in answers for configuration in configurations)


def test_trouble_is_logged(run):
    reasons = (
        "database is locked",
        "unable to open database file",
        "is not an origin",
        "returned no origins",
    )
    assert [reason for reason in reasons if reason not in run["log"]] == []
    assert "the last good list stays" in run["log"]
