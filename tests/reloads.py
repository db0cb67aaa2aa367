"""Many reloads of lists of origins under load (tests/test_origin_list_reload.py runs short forms).

No answer may be stale once reload() has returned, hammered for a minute each::

    python tests/reloads.py hammer threads 60
    python tests/reloads.py hammer gevent 60

Memory stays flat (Linux)::

    python tests/reloads.py memory 10000
"""

from __future__ import annotations

import gc
import itertools
import logging
import os
import re
import sys
import threading
import time
from pathlib import Path

if __name__ == "__main__" and "gevent" in sys.argv:
    from gevent import monkey

    monkey.patch_all()

sys.path.insert(0, str(Path(__file__).parent.parent))
from wsgicors import CORS, ConfigError, OriginList  # noqa: E402  after gevent's patches

GROWTH = 4 * 1024 * 1024  # bytes that the allocator may need more
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0


def application(environ, start_response):
    start_response("200 OK", [])
    return []


def allowed(cors, origin, **more):
    answers = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin, **more}
    cors(environ, lambda status, headers: answers.extend(headers))
    return ("Access-Control-Allow-Origin", origin) in answers


PREFLIGHT = {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}


def tenant(number):
    return f"https://tenant-{number}.example.com"


def forms(origin):
    """What a source may give that admits this origin only."""
    host = origin.partition("//")[2]
    return [origin], [re.compile(f"https://{re.escape(host)}")], [lambda asked, _: asked == origin]


class Hammer:
    """Some callers change their own origin and reload; others ask for all origins meanwhile."""

    def __init__(self, seconds, callers=3, askers=2):
        self.given = {tenant(number): [] for number in range(callers)}
        self.changes, self.asked, self.loads = itertools.count(), itertools.count(), 0
        self.origins = OriginList(self.load, every=3600, allow_empty=True)
        self.cors = CORS(application, origin=["https://other.example", self.origins])
        self.end = time.monotonic() + seconds
        self.stale = []
        threads = [threading.Thread(target=self.change, args=(one,)) for one in self.given]
        threads += [threading.Thread(target=self.ask) for _ in range(askers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def load(self):
        self.loads += 1
        return [entry for entries in list(self.given.values()) for entry in entries]

    def change(self, origin):
        for form in itertools.cycle(forms(origin)):
            for entries in (form, []):
                if time.monotonic() > self.end:
                    return
                self.given[origin] = entries
                self.origins.reload()
                for more in ({}, PREFLIGHT, {}, PREFLIGHT):
                    if allowed(self.cors, origin, **more) is not bool(entries):
                        self.stale.append((origin, entries, more))
                next(self.changes)

    def ask(self):
        while time.monotonic() < self.end:
            for origin in self.given:
                allowed(self.cors, origin)
                allowed(self.cors, origin, **PREFLIGHT)
            next(self.asked)
            time.sleep(0)  # greenlets take turns here


def hammer(seconds):
    found = Hammer(seconds)
    changes, asked = next(found.changes), next(found.asked)
    print(f"{changes} changes, {found.loads} loads, {asked} rounds of requests")
    print(f"{len(found.stale)} stale answers", *found.stale[:5])
    return 0 if changes and asked and not found.stale else 1


def resident():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def memory(reloads):
    """Some loads fail, some give bad entries; the middleware is configured anew now and then."""
    logging.getLogger("wsgicors").disabled = True
    loads = 0

    def load():
        nonlocal loads
        loads += 1
        if loads % 10 == 0:
            raise OSError("down")
        return [f"bad-{loads}", *(tenant(f"{loads}-{number}") for number in range(200))]

    origins = OriginList(load, every=3600)
    cors, failed, before = CORS(application, origin=origins), 0, 0
    for number in range(reloads):
        try:
            origins.reload()
        except ConfigError:
            failed += 1
        allowed(cors, tenant(f"{loads}-7"))
        allowed(cors, tenant(number))
        if number % 50 == 0:
            cors.configure(origin=origins, credentials=number % 100 == 0)
        if number == reloads // 10:
            before = resident()
    growth = resident() - before
    print(f"{reloads} reloads, {failed} of them failed; memory grew by {growth >> 10} KiB")
    return 0 if failed == loads // 10 and growth < GROWTH else 1


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    raise SystemExit(hammer(float(rest[-1])) if kind == "hammer" else memory(int(rest[-1])))
