"""Many requests of every kind: each gets the answer that it gets alone, and memory stays flat (Linux).

A million requests in each of three places: 16 threads, as many greenlets of gevent, and three gunicorn workers behind
wrk (apt-get install wrk), which is given ten minutes at most::

    python tests/soak.py 1000000

Meanwhile a list of origins is loaded again every few milliseconds, and the middleware is configured anew.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

if __name__ == "__main__" and sys.argv[2:] == ["greenlets"]:
    from gevent import monkey

    monkey.patch_all()

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

from wsgicors import CORS, OriginList  # noqa: E402  after gevent has patched what it imports

THREADS = 16
WORKERS = 3
MINUTES = 10
GROWTH = (
    4 * 1024 * 1024
)  # bytes that the allocator may need more; one kept origin per request would be a hundred MB

ORIGIN, SUBDOMAIN, STRANGER = (
    "https://app.example.com",
    "https://{}.apps.example.com",
    "https://{}.example.net",
)


def configuration(origins):
    return {
        "policies": {
            "static": {"path": "/static/*", "origin": "*", "methods": "*", "headers": "*"},
            "trusted": {
                **{
                    "path": "/api/*",
                    "origin": [ORIGIN, "https://*.apps.example.com", "http://localhost:*"],
                },
                **{
                    "credentials": True,
                    "methods": "*",
                    "headers": "*",
                    "expose_headers": "*",
                    "timing": True,
                },
            },
            "rest": {"path": "/api/*", "origin": "copy", "maxage": 600},
            "list": {"path": "/list/*", "origin": origins, "methods": "PUT", "maxage": 5},
            "predicate": {
                "path": "/ask/*",
                "origin": lambda origin, environ: ".apps." in origin,
                "credentials": True,
            },
            "regex": {
                "path": "/match/*",
                "origin": re.compile(r"https://[a-z0-9]+\.apps\.example\.com"),
            },
        },
    }


def make_middleware():
    logging.getLogger("wsgicors").setLevel(
        logging.ERROR
    )  # so busy a machine may be late with a reload
    origins = OriginList(
        lambda: [ORIGIN, *(f"https://{number}.apps.example.com" for number in range(200))],
        every=0.005,
    )
    return CORS(application, configuration(origins))


calls = itertools.count()


def application(environ, start_response):
    """Now and then it lets another thread or greenlet run in the middle of a request."""
    if next(calls) % 64 == 0:
        time.sleep(0)
    origin = environ.get("HTTP_ORIGIN", "").encode("ascii", "replace").decode()
    start_response(
        "200 OK", [("Content-Type", "text/plain"), ("X-Seen", origin), ("vary", "Accept")]
    )
    return [b"ok"]


# ---------------------------------------------------------------------------------------------------------------
# In one process
# ---------------------------------------------------------------------------------------------------------------


def environs(number):
    """Each kind of request once; those with a number in the origin are new ones each time."""
    paths = (
        "/static/x",
        "/api/x",
        "/list/x",
        "/ask/x",
        "/match/x",
        "/static/../api/x",
        "/elsewhere",
        "",
    )
    origins = (
        None,
        ORIGIN,
        SUBDOMAIN.format(number),
        STRANGER.format(number),
        "null",
        f"https://{number} x",
        "a" * 9999,
    )
    asking = {
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": f"x-{number},x-a",
    }
    for path, origin in itertools.product(paths, origins):
        given = (
            {"PATH_INFO": path} if origin is None else {"PATH_INFO": path, "HTTP_ORIGIN": origin}
        )
        yield {"REQUEST_METHOD": "GET", **given}
        yield {"REQUEST_METHOD": "OPTIONS", **given, **asking}
        yield {"REQUEST_METHOD": "OPTIONS", **given}


def answer(cors, environ):
    """Status and headers of the answer, as text."""
    answers = []
    cors(
        environ,
        lambda status, headers, exc_info=None: answers.append(f"{status} {sorted(headers)}"),
    )
    return answers


KINDS = len(list(environs(0)))
NUMBER = 123456789  # in the one answer of each kind that all others are compared with


def resident(pid="self"):
    """Bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def soak(requests):
    """Make so many requests in threads; memory is compared from the first fifth on."""
    lonely = CORS(
        application,
        configuration([ORIGIN, *(f"https://{number}.apps.example.com" for number in range(200))]),
    )
    alone = [answer(lonely, environ) for environ in environs(NUMBER)]
    listed = [answer(lonely, environ) for environ in environs(1)]
    cors, numbers, mistakes, done = make_middleware(), itertools.count(), [], threading.Event()

    def make_requests(rounds):
        for _ in range(rounds):
            number = next(numbers)
            wanted, stands_for = (listed, 1) if number < 200 else (alone, NUMBER)
            order = list(zip(environs(number), wanted))
            random.Random(number).shuffle(order)
            for environ, expected in order:
                found = answer(cors, environ)
                # The number is a word of its own in origins, and in names such as x-7.
                if found != [re.sub(rf"\b{stands_for}\b", str(number), text) for text in expected]:
                    mistakes.append((environ, found, expected))

    def configure():
        while not done.wait(0.01):
            cors.configure(configuration(cors.policies["list"].origin))

    def in_threads(rounds):
        threads = [
            threading.Thread(target=make_requests, args=(max(1, rounds // THREADS),))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    configurer = threading.Thread(target=configure)
    configurer.start()
    try:
        in_threads(requests // KINDS // 5)
        before = resident()
        in_threads(requests // KINDS * 4 // 5)
    finally:
        done.set()
        configurer.join()
    made, grown = next(numbers) * KINDS, resident() - before
    print(
        f"{made:,} requests of {KINDS} kinds, {len(mistakes)} wrong answers, memory grew by {grown // 1024:,} KiB"
    )
    if mistakes:
        sys.exit(f"the first wrong answer: {mistakes[0]}")
    if grown > GROWTH:
        sys.exit("that is too much memory")


# ---------------------------------------------------------------------------------------------------------------
# Several workers
# ---------------------------------------------------------------------------------------------------------------

TRAFFIC = """
local numbers = 0
bad = 0
local paths = {"/static/x", "/api/x", "/list/x", "/ask/x", "/match/x", "/elsewhere"}
local origins = {
    "https://app.example.com", "https://N.apps.example.com", "https://N.example.net", "null", "https://N x"
}
local threads = {}

function setup(thread)
    thread:set("id", #threads + 1)
    table.insert(threads, thread)
end

function request()
    numbers = numbers + 1
    local headers = {["Origin"] = string.gsub(origins[numbers % #origins + 1], "N", id .. "-" .. numbers)}
    local method = "GET"
    if numbers % 3 == 0 then
        method = "OPTIONS"
        headers["Access-Control-Request-Method"] = "PUT"
        headers["Access-Control-Request-Headers"] = "x-" .. numbers
    elseif numbers % 7 == 0 then
        headers["Origin"] = nil
    end
    return wrk.format(method, paths[numbers % #paths + 1], headers)
end

function response(status, headers, body)
    local allowed, seen = headers["Access-Control-Allow-Origin"], headers["X-Seen"]
    if status ~= 200 and status ~= 204 and status ~= 403 then bad = bad + 1 end
    if seen and allowed and allowed ~= "*" and allowed ~= seen then bad = bad + 1 end
    if headers["Access-Control-Allow-Credentials"] and allowed == "*" then bad = bad + 1 end
end

function done(summary, latency, requests)
    local wrong, errors = 0, 0
    for _, thread in ipairs(threads) do wrong = wrong + thread:get("bad") end
    for _, kind in ipairs({"connect", "read", "write", "timeout"}) do errors = errors + summary.errors[kind] end
    print(string.format("%d requests, %d wrong answers, %d errors", summary.requests, wrong, errors))
end
"""


def soak_workers(requests):
    """Make so many requests to gunicorn's workers."""
    from test_caches import running

    wrk = shutil.which("wrk") or sys.exit("wrk is missing: apt-get install wrk")
    options = [
        "--workers",
        str(WORKERS),
        "--worker-class",
        "gthread",
        "--threads",
        "4",
        "--chdir",
        str(TESTS),
    ]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        "127.0.0.1:0",
        *options,
        "soak:make_middleware()",
    ]
    listening = r"Listening at: (http://127\.0\.0\.1:[0-9]+)"
    with (
        tempfile.NamedTemporaryFile("w", suffix=".lua") as script,
        running(command, listening) as (server, found),
    ):
        url = found[1]
        script.write(TRAFFIC)
        script.flush()

        def load(count):
            """Let wrk make at least so many requests; it runs for a time, not for a number."""
            made, deadline = 0, time.monotonic() + MINUTES * 60
            while made < count and time.monotonic() < deadline:
                output = subprocess.run(
                    [
                        wrk,
                        "--threads=2",
                        "--connections=32",
                        "--duration=5s",
                        f"--script={script.name}",
                        url,
                    ],
                    **{"stdout": subprocess.PIPE, "text": True, "check": True, "timeout": 60},
                ).stdout
                found = re.search(r"([0-9]+) requests, 0 wrong answers, 0 errors", output)
                made += int(found[1]) if found else sys.exit(f"wrk has seen: {output}")
            return made

        def workers():
            return [
                int(pid)
                for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children")
                .read_text()
                .split()
            ]

        made = load(requests // 5)
        before = {pid: resident(pid) for pid in workers()}
        made += load(requests * 4 // 5)
        if len(before) != WORKERS or set(workers()) != set(before):
            sys.exit("a worker has been lost")
        grown = max(resident(pid) - before[pid] for pid in before)
    print(
        f"{made:,} requests to {WORKERS} workers, no wrong answer, memory grew by {grown // 1024:,} KiB at most"
    )
    if grown > GROWTH:
        sys.exit("that is too much memory")


def main():
    requests, *places = sys.argv[1:]
    for place in places or ["threads", "greenlets", "workers"]:
        if not places:  # each in a process of its own, as gevent changes the one that it is used in
            subprocess.run([sys.executable, __file__, requests, place], check=True)
            continue
        print(f"{place}: ", end="", flush=True)
        soak_workers(int(requests)) if place == "workers" else soak(int(requests))


if __name__ == "__main__":
    main()
