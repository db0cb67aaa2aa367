"""Measure what an OriginList costs: `python3 benchmarks/origin_list.py` prints the tables below.

1. A request where the origins come from an OriginList, beside one where the same origins are written down: overheads,
   measured as in run.py.
2. The pauses of requests while a list is reloaded. A request is made every half millisecond, and its pause is the
   time from when it should have been made until it is answered; "quiet" is the same without a reload. Each row is one
   process with several reloads, and shows the median of what each of them gave.
3. The time from the commit of a change until it counts in every worker: four gunicorn workers of
   four threads, and two such servers. They run examples/postgresql_origins.py and redis_origins.py.
   It needs PostgreSQL and Redis.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import subject
import timing

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from wsgicors import CORS, OriginList  # noqa: E402

INTERVAL = 0.0005  # seconds between two requests
ORIGIN = "https://tenant-7.example.com"


def origins(count):
    """Yield so many origins, each a text of its own as a driver would make it."""
    return (f"https://tenant-{number}.example.com" for number in range(count))


def cost(count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return the least time of a call in ns: origin again and again or another each time -> case -> time."""
    written = list(origins(count))
    apps = {
        "bare": subject.make_app(2),
        "written down": CORS(subject.make_app(2), origin=written),
        "OriginList": CORS(subject.make_app(2), origin=OriginList(lambda: written, every=3600)),
    }
    found = {}
    for text, asked in (
        ("one again and again", [ORIGIN]),
        ("another each time", written[:: max(1, count // 1000)]),
    ):
        samples = {}
        for name, app in apps.items():
            environs = itertools.cycle([timing.request(HTTP_ORIGIN=origin) for origin in asked])
            samples[name] = timing.calling(subject.elapsed, app, environs, 200)
        found[text] = timing.interleave(samples, rounds)
    return found


def pauses(count: int, reloads: int, every: float) -> dict[str, list[list[float]]]:
    """Return the pauses of requests in ms, "quiet" and "reload", for each of so many reloads of a list."""
    loading: list[threading.Thread] = []

    def load():
        loading.append(threading.current_thread())
        return origins(count)

    app = CORS(subject.make_app(2), origin=OriginList(load, every))
    environ = timing.request(HTTP_ORIGIN=ORIGIN)
    loading.clear()
    found: dict[str, list[list[float]]] = {"quiet": [[]], "reload": []}
    while True:
        running = bool(loading) and loading[-1].is_alive()
        begin = time.perf_counter()
        time.sleep(INTERVAL)
        app(environ, subject.start_response)
        pause = (time.perf_counter() - begin - INTERVAL) * 1e3
        if len(found["reload"]) < len(loading):
            found["reload"].append([])
            running = True
        if running:
            found["reload"][-1].append(pause)
        elif len(loading) == reloads:
            return found
        else:
            if len(found["quiet"]) <= len(loading):
                found["quiet"].append([])
            found["quiet"][-1].append(pause)


def effects(name: str, servers: int, count: int, changes: int) -> list[float]:
    """Return the times in ms from a commit until the change counts in every worker."""
    import data_servers
    import origin_services as services

    kind = getattr(data_servers, name)
    added, name_of = services.INSERT[kind], "https://added-{}.example"
    removed = {
        "PostgreSQL": "DELETE FROM domain WHERE origin = '{1}'",
        "Redis": "SREM|domains|{} {}",
    }[name]
    told = [] if name == "PostgreSQL" else ["PUBLISH|domains|{} {}"]
    found = []
    with data_servers.started(kind) as data, ExitStack() as stack:
        services.prepare(data)
        fill(data, name, count)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        variables = {data.variable: data.url}
        running = [
            stack.enter_context(services.serving(services.EXAMPLES[kind], folder, **variables))
            for _ in range(servers)
        ]
        for service in running:
            service.find_workers()
        services.until_everywhere(running, "acme", "https://tenant-1.example.com", True)
        for number in range(changes + 1):
            origin = name_of.format(number)
            for statement, allowed in ((added, True), (removed, False)):
                data.execute(*(one.format("acme", origin) for one in (statement, *told)))
                seconds = services.until_everywhere(running, "acme", origin, allowed)
                found.append(seconds * 1e3)
    return found[2:]  # without the first change, as the workers may still be starting


def fill(data, name: str, count: int) -> None:
    """Register so many origins."""
    if name == "PostgreSQL":
        row = "'acme', 'https://tenant-' || n || '.example.com'"
        data.execute(f"INSERT INTO domain SELECT {row} FROM generate_series(1, {count}) n")
        return
    members = [f"acme https://tenant-{number}.example.com" for number in range(1, count + 1)]
    for start in range(0, count, 10_000):
        data.execute("|".join(["SADD", "domains", *members[start : start + 10_000]]))


def quantile(values: list[float], part: float) -> float:
    """Return the value below which this part of the values is."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def print_cost(times: dict[str, dict[str, float]], count: int) -> None:
    """Print the overhead of a request with a list, beside one with the same origins written down."""
    print(f"{f'A request, {count:,} origins: overhead in ns':45} written down  OriginList   ratio")
    for text, least in times.items():
        written, listed = (least[name] - least["bare"] for name in ("written down", "OriginList"))
        print(f"  {text:43} {written:12,.0f} {listed:11,.0f} {listed / written:7.2f}")


def print_pauses(kind: str, count: int, found: dict[str, list[list[float]]]) -> None:
    """Print one row for the quiet times and one for the reloads."""
    for name, series in found.items():
        median = [
            statistics.median(quantile(one, part) for one in series if one)
            for part in (0.5, 0.99, 1)
        ]
        print(
            f"  {f'{kind}, {count:,} origins, {name}':43} "
            + " ".join(f"{value:9.2f}" for value in median)
        )


def print_effects(smoke: bool) -> None:
    """Print how long a change takes to count in every worker."""
    heading = "From the commit to the effect in every worker, ms"
    print(f"{heading:45}    median   longest")
    counts, changes = ([100], 1) if smoke else ([100, 100_000], 5)
    for count in counts:
        for name in ("PostgreSQL", "Redis"):
            for servers in (1, 2):
                times = effects(name, servers, count, changes)
                row = f"{name}, {count:,} origins, {4 * servers} workers"
                print(f"  {row:43} {statistics.median(times):9.0f} {max(times):9.0f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 whatever the numbers are: they are for a reader to judge."""
    parser = argparse.ArgumentParser(
        description="Measure what an OriginList costs.", epilog="About four minutes."
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="seconds; every row is printed, no number means anything",
    )
    parser.add_argument(
        "--pauses", nargs=4, metavar=("KIND", "COUNT", "RELOADS", "EVERY"), help="one case, as JSON"
    )
    parser.add_argument("--effects", action="store_true", help="the third table only")
    options = parser.parse_args(arguments)
    if options.pauses:
        kind, count, reloads, every = options.pauses
        if kind == "gevent":
            from gevent.monkey import patch_all

            patch_all()
        print(json.dumps(pauses(int(count), int(reloads), float(every))))
        return 0

    if options.effects or options.smoke:
        print_effects(options.smoke)
    if options.effects:
        return 0
    count, rounds = (1000, 2) if options.smoke else (100_000, 200)
    print_cost(cost(count, rounds), count)
    print(f"\n{'The pauses of requests in ms':45}    median       99%   longest")
    cases = [(1000, 2, 0.2)] if options.smoke else [(100_000, 9, 2.0), (1_000_000, 3, 25.0)]
    for kind in ("threads", "gevent"):
        if kind == "gevent" and not find_spec("gevent"):
            print("  gevent is not installed: pip install gevent")
            continue
        for case in cases:
            command = [sys.executable, __file__, "--pauses", kind, *map(str, case)]
            result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            print_pauses(kind, case[0], json.loads(result.stdout))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
