"""gunicorn servers of the examples whose origins come from a database; used by benchmarks too."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

from data_servers import LIMIT, DataServer, PostgreSQL, Redis
from support import need

ROOT = Path(__file__).resolve().parent.parent
PATHS = os.pathsep.join(str(ROOT / folder) for folder in (".", "tests", "examples"))
WORKERS = 4

KEPT, REVOKED, ADDED, STRANGER = (
    f"https://{name}.example" for name in ("kept", "revoked", "added", "stranger")
)
EXAMPLES = {PostgreSQL: "postgresql_origins", Redis: "redis_origins"}
INSERT = {
    PostgreSQL: "INSERT INTO domain VALUES ('{}', '{}')",
    Redis: "SADD|domains|{} {}",
}


class Service:
    """A gunicorn server of an example, and a connection to each of its workers."""

    def __init__(self, listener: socket.socket, log: Path) -> None:
        self.port: int = listener.getsockname()[1]
        self.log = log
        self.workers: dict[str, http.client.HTTPConnection] = {}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)

    def find_workers(self) -> None:
        end = time.monotonic() + LIMIT
        while len(self.workers) < WORKERS:
            assert time.monotonic() < end, self.log.read_text()
            connection = self.connect()
            worker = ask(connection, "acme", KEPT)[2]
            if self.workers.setdefault(worker, connection) is not connection:
                connection.close()

    def submit(self, tenant: str, cookie: str = "", **fields: str) -> tuple[int, str]:
        """Submit the tenant's form; the status and the page."""
        headers = {
            "Host": f"{tenant}.localhost",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookie,
        }
        with closing(self.connect()) as connection:
            connection.request("POST", "/", urllib.parse.urlencode(fields), headers)
            response = connection.getresponse()
            return response.status, response.read().decode()


def ask(connection, tenant, origin, path="/api/orders"):
    """The status, whether the page may read the response, and the worker that sent it."""
    headers = {"Host": f"{tenant}.localhost", "Origin": origin}
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    allowed = response.getheader("Access-Control-Allow-Origin") == origin
    assert allowed or response.getheader("Access-Control-Allow-Origin") is None
    return response.status, allowed, response.getheader("X-Worker")


@contextmanager
def serving(example: str, folder: Path, *more: str, **variables: str) -> Iterator[Service]:
    need(find_spec("gunicorn"), "gunicorn", "pip install gunicorn")
    need(find_spec("flask"), "Flask", "pip install flask")
    variables = {**os.environ, "PYTHONPATH": PATHS, "EXAMPLE": example, **variables}
    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as listener,
        (folder / f"{listener.getsockname()[1]}.log").open("w") as log,
    ):
        kind = ["--workers", str(WORKERS), "--worker-class", "gthread", "--threads", "4"]
        kind += ["--keep-alive", "60", "--bind", f"fd://{listener.fileno()}", *more]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *kind, "origin_sources_app"],
            env=variables,
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
        )
        service = Service(listener, Path(log.name))
        try:
            yield service
        finally:
            for connection in service.workers.values():
                connection.close()
            process.terminate()
            process.wait(LIMIT)


def prepare(server: DataServer, *rows: tuple[str, str]) -> None:
    if isinstance(server, PostgreSQL):
        server.execute((ROOT / "examples" / "postgresql_origins.sql").read_text())
    server.execute(*(INSERT[type(server)].format(*row) for row in rows))


def until_everywhere(services, tenant, origin, allowed, within=LIMIT):
    """Wait until every worker of every service gives this answer; the seconds that it took."""
    begun = time.monotonic()
    for service in services:
        for connection in service.workers.values():
            while ask(connection, tenant, origin)[:2] != (200, allowed):
                waited = time.monotonic() - begun
                assert waited < within, service.log.read_text()
                time.sleep(0.005)
    return time.monotonic() - begun


def answers(services, tenant, origin, path="/api/orders"):
    return {
        ask(connection, tenant, origin, path)[:2]
        for service in services
        for connection in service.workers.values()
    }
