"""Count the preflights that browsers send: `python benchmarks/round_trips.py` prints the table.

It needs the environment of the tests, Node.js, and Chromium, Firefox and WebKitGTK as
tests/test_engines.py does. The first run makes an environment of its own (see environment.py).

Each library runs on a real server with each of its configurations. A page on another origin opens
in each engine. It sends five requests to each of three URLs of each server: GET with Authorization,
POST, PUT and PATCH with JSON, and DELETE with a header of its own. It waits for seven seconds,
longer than browsers remember what has no max-age, and sends all of them again. Requests follow each
other: those at the same time would each need their own preflight, whatever the server says. The
page begins with another URL that is not counted: Firefox was seen to ask twice for the first URL
that it may remember, whichever library answered.

The configurations: `defaults` is the library with all origins allowed and no other option. `lists`
names the page's origin and the methods and headers that it uses. `anything` is any method and any
header, as far as the library can say it. In `anything, credentials`, requests have credentials.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, NamedTuple

import environment
from round_trips_server import COUNTED

sys.path.insert(0, str(environment.ROOT / "tests"))
from engines import ENGINES, Engine, serve, visit

REQUESTS = 5  # to each URL, twice
LIBRARIES = ("wsgicors", "flask-cors", "django-cors-headers", "Starlette", "Express cors")
CONFIGURATIONS = ("defaults", "lists", "anything", "anything, credentials")

PAGE = """<!doctype html><meta charset="utf-8"><title>round trips</title><script>
"use strict";
const { rows, urls, pause } = PLAN;
const json = { headers: { "Content-Type": "application/json" }, body: "{}" };
const requests = [
  { method: "GET", headers: { Authorization: "Bearer of-a-token" } },
  { method: "POST", ...json },
  { method: "PUT", ...json },
  { method: "PATCH", ...json },
  { method: "DELETE", headers: { "X-Own": "1" } },
];
async function send(row, url) {
  const credentials = row.credentials ? "include" : "omit";
  let blocked = 0;
  for (const request of requests) {
    await fetch(`http://127.0.0.1:${row.port}/${url}`, { ...request, credentials }).then(
      () => {},
      () => { blocked += 1; },
    );
  }
  return blocked;
}
async function visit(row) {
  for (let url = 1; url <= urls; url++) row.blocked += await send(row, url);
}
async function session() {
  await send(rows.find((row) => row.warms), 0);
  for (const row of rows) await visit(row);
  await new Promise((done) => setTimeout(done, pause * 1000));
  for (const row of rows) await visit(row);
  await fetch("/report", { method: "POST", body: JSON.stringify(rows.map((row) => row.blocked)) });
}
session();
</script>"""


class Row(NamedTuple):
    """One server: whose middleware it runs, under which configuration, and where."""

    library: str
    configuration: str
    port: int


class Seen(NamedTuple):
    """What came of a row in one engine: preflights per URL, and requests blocked, of how many."""

    preflights: tuple[int, ...]
    blocked: int
    requests: int

    def __str__(self) -> str:
        fewest, most = min(self.preflights), max(self.preflights)
        count = str(most) if fewest == most else f"{fewest} to {most}"
        return f"{count}, blocked {self.blocked}/{self.requests}" if self.blocked else count


def command(library: str, configuration: str, origin: str, seconds: int | None) -> list[str]:
    """Return the command of the server of one row."""
    given = [configuration, origin, *([] if seconds is None else [str(seconds)])]
    if library == "Express cors":
        script = environment.HERE / "round_trips_server.js"
        return ["node", str(script), str(environment.ENV), *given]
    script = environment.HERE / "round_trips_server.py"
    return [str(environment.PYTHON), str(script), library, *given]


@contextlib.contextmanager
def running(libraries: list[str], origin: str, seconds: int | None) -> Iterator[list[Row]]:
    """Start the server of each row, and end them all."""
    wanted = [(library, each) for library in libraries for each in CONFIGURATIONS]
    with contextlib.ExitStack() as stack:
        started = []
        for library, configuration in wanted:
            process = stack.enter_context(
                subprocess.Popen(
                    command(library, configuration, origin, seconds),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            started.append((library, configuration, process))
        yield [
            Row(library, configuration, int(process.stdout.readline()))
            for library, configuration, process in started
            if process.stdout is not None
        ]


def page_app(state: dict[str, Any]) -> Any:
    """Return the WSGI application of the page: it serves the plan and takes the report."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        body = b""
        if environ["PATH_INFO"] == "/":
            body = PAGE.replace("PLAN", json.dumps(state["plan"])).encode()
        elif environ["PATH_INFO"] == "/report":
            length = int(environ["CONTENT_LENGTH"])
            state["report"].set_result(json.loads(environ["wsgi.input"].read(length)))
        headers = [("Content-Type", "text/html"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return app


def preflights(row: Row) -> dict[str, int]:
    """Return the preflights of each path of a row since they were last asked for."""
    with urllib.request.urlopen(f"http://127.0.0.1:{row.port}{COUNTED}") as response:
        found: dict[str, int] = json.load(response)
        return found


def drive(engine: Engine, rows: list[Row], page: str, state: dict[str, Any]) -> list[Seen]:
    """Open the page in one engine; return what came of each row."""
    for row in rows:
        preflights(row)  # those of the engine before
    state["report"] = Future()
    blocked = visit(engine, page, state["report"])
    urls = range(1, state["plan"]["urls"] + 1)
    counted = [preflights(row) for row in rows]
    return [
        Seen(tuple(each.get(f"/{url}", 0) for url in urls), refused, 2 * REQUESTS * len(urls))
        for each, refused in zip(counted, blocked)
    ]


def measure(options: argparse.Namespace) -> tuple[list[Row], dict[str, list[Seen]]]:
    """Run the session in each engine; return the rows, and what came of them by engine."""
    state: dict[str, Any] = {}
    with serve(page_app(state)) as port:
        origin = f"http://127.0.0.1:{port}"
        with running(options.only or list(LIBRARIES), origin, options.maxage) as rows:
            state["plan"] = {
                "urls": options.urls,
                "pause": options.pause,
                "rows": [
                    {
                        "port": row.port,
                        "blocked": 0,
                        "credentials": "credentials" in row.configuration,
                        "warms": row.configuration == "lists",
                    }
                    for row in rows
                ],
            }
            seen = {}
            for engine in ENGINES:
                if engine.name in (options.engine or [each.name for each in ENGINES]):
                    print(f"driving {engine.name} ...", file=sys.stderr, flush=True)
                    seen[engine.name] = drive(engine, rows, f"{origin}/", state)
            return rows, seen


def table(rows: list[Row], seen: dict[str, list[Seen]]) -> str:
    """Return the table: a line for each configuration and library, a column for each engine."""
    lines = [["configuration", "library", *seen]]
    for configuration in CONFIGURATIONS:
        for index, row in enumerate(rows):
            if row.configuration == configuration:
                cells = [str(results[index]) for results in seen.values()]
                lines.append([configuration, row.library, *cells])
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Count the preflights that browsers send.")
    names = [engine.name for engine in ENGINES]
    parser.add_argument("--engine", action="append", choices=names, help="default: all three")
    parser.add_argument("--only", action="append", choices=LIBRARIES, help="default: all")
    parser.add_argument("--urls", type=int, default=3, help="of each server; default: 3")
    parser.add_argument("--pause", type=float, default=7, help="seconds; default: 7")
    parser.add_argument("--maxage", type=int, help="for all; default: that of each library")
    options = parser.parse_args(arguments)
    environment.prepare()
    started = time.monotonic()
    rows, seen = measure(options)
    print(f"Preflights per URL, of {2 * REQUESTS} requests each:\n")
    print(table(rows, seen))
    print(f"\n{time.monotonic() - started:.0f} seconds", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
