"""PostgreSQL and Redis, started for a test on a socket of their own, killed, and frozen."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from support import need

LIMIT = 30  # seconds after which a test is stuck


def children(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()]


class DataServer:
    """A server whose data survive its death; not running yet."""

    url: str  # what a client connects to
    variable: str  # where the example looks for it
    death = signal.SIGKILL
    account: Mapping[str, str] = {}  # that runs it, in the words of Popen

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def execute(self, *statements: str) -> None:
        """What another program does to the data."""
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, cwd=self.folder, **self.account
            )
        end = time.monotonic() + LIMIT
        while not self.answers():  # there is no event to wait for
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            self.execute()
        except Exception:  # of whichever client
            return False
        return True

    def die(self) -> None:
        """End it without its saying goodbye to anybody."""
        assert self.process is not None
        self.process.send_signal(self.death)
        self.thaw()  # what is frozen hears no signal but SIGKILL
        self.process.wait(LIMIT)
        self.process = None

    def send_all(self, number: signal.Signals) -> None:
        assert self.process is not None
        for process in (self.process.pid, *children(self.process.pid)):
            with suppress(ProcessLookupError):  # PostgreSQL ends some of its processes itself
                os.kill(process, number)

    def freeze(self) -> None:
        """From now on it accepts no connection and answers nothing."""
        self.send_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self.send_all(signal.SIGCONT)


class PostgreSQL(DataServer):
    variable = "DATABASE_URL"
    death = signal.SIGQUIT  # at once, with a recovery at the next start; SIGKILL leaves children
    # It refuses to run as root.
    account = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        need(find_spec("psycopg"), "psycopg", "pip install 'psycopg[binary]'")
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        self.programs = need(found, "PostgreSQL", "apt-get install postgresql")[-1].parent
        self.url = f"host={folder} dbname=postgres user=shop"
        command = [self.programs / "initdb", "--auth=trust", "--username=shop", "--no-sync"]
        command += ["--encoding=UTF8", "--locale=C", f"--pgdata={folder / 'data'}"]
        if self.account:
            shutil.chown(folder, **self.account)
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **self.account)

    def command(self) -> list[str]:
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off")
        options = [part for setting in settings for part in ("-c", setting)]
        return [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *options]

    def execute(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            for statement in statements:
                connection.execute(statement)


class Redis(DataServer):
    variable = "REDIS_URL"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        need(find_spec("redis"), "redis-py", "pip install redis")
        self.program = need(shutil.which("redis-server"), "Redis", "apt-get install redis-server")
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"

    def command(self) -> list[str]:
        kept = ["--appendonly", "yes", "--appendfsync", "always", "--dir", str(self.folder)]
        return [self.program, "--port", "0", "--unixsocket", str(self.socket), *kept]

    def execute(self, *statements: str) -> None:
        import redis

        with redis.Redis.from_url(self.url, socket_timeout=5) as connection:
            connection.ping()
            for statement in statements:
                connection.execute_command(*statement.split("|"))


@contextmanager
def started(kind: type[DataServer]) -> Iterator[DataServer]:
    """A server in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wsgicors-") as folder:
        server = kind(Path(folder))
        server.start()
        try:
            yield server
        finally:
            if server.process is not None:
                server.die()
