"""The two processes around test_origin_list_servers.py: what the servers run, and who makes the requests.

As a module, ``application`` for gunicorn and uWSGI. Its origins are in an SQLite database that the test changes, and
each load is reported to the test by a datagram. Under ``/flip`` the application configures its own middleware anew
while it answers.

As a program, ``python origin_list_app.py PORT`` makes requests until its input ends, then prints what it saw as JSON.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import sqlite3
import sys
import threading
import time
from contextlib import closing

from wsgicors import CORS, OriginList

KEPT, REVOKED, ADDED, STRANGER = (
    f"https://{name}.example.com" for name in ("kept", "revoked", "added", "stranger")
)

OLD = {"expose_headers": "X-Old", "methods": "GET", "headers": "X-Old", "maxage": 1}
NEW = {
    "expose_headers": "X-New",
    "methods": "PUT",
    "headers": "X-New",
    "maxage": 2,
    "credentials": True,
}

# (path, method, origin) of the requests that are made again and again.
REQUESTS = (
    *(("/list", "GET", origin) for origin in (KEPT, REVOKED, ADDED, STRANGER)),
    ("/list", "OPTIONS", KEPT),
    ("/flip", "GET", KEPT),
    ("/flip", "OPTIONS", KEPT),
)


def read_origins():
    """The origins in the database; where it is locked, this takes HANG seconds before it fails."""
    uri, hang = f"file:{os.environ['DATABASE']}?mode=ro", float(os.environ["HANG"])
    with closing(sqlite3.connect(uri, uri=True, timeout=hang)) as database:
        return [origin for (origin,) in database.execute("SELECT origin FROM customer")]


def load():
    """The origins, read as the README says it is done under gevent; process, begin and end are reported."""
    begun = time.monotonic()
    try:
        if "gevent.monkey" in sys.modules and sys.modules["gevent.monkey"].is_module_patched(
            "threading"
        ):
            import gevent

            return gevent.get_hub().threadpool.apply(read_origins)
        return read_origins()
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reports:
            report = json.dumps([os.getpid(), begun, time.monotonic()])
            reports.sendto(report.encode(), ("127.0.0.1", int(os.environ["REPORTS"])))


def answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Worker", str(os.getpid()))])
    return [b"ok"]


def answer_and_configure(environ, start_response):
    flipped.configure({"origin": origins, **next(configurations)})
    return answer(environ, start_response)


def application(environ, start_response):
    return (flipped if environ["PATH_INFO"] == "/flip" else listed)(environ, start_response)


def make_requests(port, done, seen):
    """Make each request in turn, on a connection of its own so that every worker gets some."""
    for path, method, origin in itertools.cycle(REQUESTS):
        if done.is_set():
            return
        begun = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            headers = {"Origin": origin, "Connection": "close"}
            if method == "OPTIONS":
                headers["Access-Control-Request-Method"] = "PUT"
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            response.read()
            ended = time.monotonic()
            cors = {
                name.lower(): value
                for name, value in response.getheaders()
                if name.lower().startswith(("access-control-", "vary"))
            }
            seen.append(
                {
                    **{
                        "path": path,
                        "method": method,
                        "origin": origin,
                        "begun": begun,
                        "ended": ended,
                    },
                    **{
                        "status": response.status,
                        "worker": response.getheader("X-Worker"),
                        "cors": cors,
                    },
                }
            )


def main():
    done, seen, port = threading.Event(), [], int(sys.argv[1])
    threads = [threading.Thread(target=make_requests, args=(port, done, seen)) for _ in range(4)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    done.set()
    for thread in threads:
        thread.join()
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
else:
    origins = OriginList(load, every=float(os.environ["EVERY"]))
    listed = CORS(answer, origin=origins, expose_headers="X-Worker")
    flipped = CORS(answer_and_configure, {"origin": origins, **OLD})
    configurations = itertools.cycle([NEW, OLD])
