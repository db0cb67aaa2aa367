"""The examples whose tenants bring their own domains, on real databases and real servers.

Each is served by gunicorn with four workers of four threads, twice where machines are to be told
apart. The tests change the data as a user would, in the page, or as another program would.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from importlib.util import find_spec

import pytest
from data_servers import LIMIT, DataServer, PostgreSQL, Redis, started
from origin_services import (
    ADDED,
    EXAMPLES,
    INSERT,
    KEPT,
    PATHS,
    REVOKED,
    ROOT,
    STRANGER,
    Service,
    answers,
    ask,
    prepare,
    serving,
    until_everywhere,
)
from support import need
from test_examples import get, running

pytestmark = pytest.mark.once

SOON = 1.0  # seconds after the commit in which a change must count
HANG = 2.0  # seconds that a load waits for a frozen database, at least

# A load fails, and then it does not.
BREAK = {
    PostgreSQL: ("ALTER TABLE domain RENAME TO aside", "NOTIFY domains, 'null'"),
    Redis: ("RENAME|domains|aside", "SET|domains|text", "PUBLISH|domains|acme x"),
}
MEND = {
    PostgreSQL: ("ALTER TABLE aside RENAME TO domain",),
    Redis: ("RENAME|aside|domains",),
}
TELL = {PostgreSQL: (), Redis: (f"PUBLISH|domains|acme {ADDED}",)}  # PostgreSQL has a trigger
NOT_CONNECTED = {PostgreSQL: "not listening to PostgreSQL", Redis: "not subscribed to Redis"}


def wait_for(service, text):
    end = time.monotonic() + LIMIT
    while text not in service.log.read_text():
        assert time.monotonic() < end, service.log.read_text()
        time.sleep(0.02)


@pytest.fixture(scope="module", params=EXAMPLES, ids=EXAMPLES.values())
def server(request) -> Iterator[DataServer]:
    with started(request.param) as found:
        prepare(found, ("acme", KEPT), ("other", "https://other.example"))
        yield found


@pytest.fixture(scope="module")
def services(server, tmp_path_factory) -> Iterator[list[Service]]:
    """Two servers that share the data; one forks its workers after it has read the program."""
    example, folder = EXAMPLES[type(server)], tmp_path_factory.mktemp("services")
    variables = {server.variable: server.url}
    with ExitStack() as stack:
        found = [
            stack.enter_context(serving(example, folder, *more, **variables))
            for more in ((), ("--preload",))
        ]
        for service in found:
            service.find_workers()
        yield found


def test_a_change_counts_in_every_worker_of_two_servers_within_a_second(services):
    until_everywhere(services, "acme", KEPT, True)
    for _ in range(3):
        assert services[0].submit("acme", add=ADDED)[0] == 302
        until_everywhere(services, "acme", ADDED, True, within=SOON)
        assert services[1].submit("acme", remove=ADDED)[0] == 302
        until_everywhere(services, "acme", ADDED, False, within=SOON)
        assert answers(services, "acme", KEPT) == {(200, True)}


def test_the_origin_of_one_tenant_is_refused_for_the_data_of_another(services):
    until_everywhere(services, "acme", KEPT, True)
    assert answers(services, "other", KEPT) == {(200, False)}
    assert answers(services, "acme", "https://other.example") == {(200, False)}
    assert answers(services, "other", "https://other.example") == {(200, True)}
    assert answers(services, "acme.example", KEPT) == {(200, True)}


def test_what_every_tenants_page_may_read_is_shared(services):
    until_everywhere(services, "acme", KEPT, True)
    for tenant in ("acme", "other", "nobody"):
        assert answers(services, tenant, KEPT, "/widget") == {(200, True)}
        assert answers(services, tenant, STRANGER, "/widget") == {(200, False)}


PROBLEMS = {
    "shop.example": "no scheme",
    "https://shop.example/": "write &#39;https://shop.example&#39;",
    "https://*.example": "is not an exact origin",
    "https://a.example https://b.example": "contains more than one word",
    "http://shop.example": "insecure-origin",
    '"><script>': "is not an origin",
}


@pytest.mark.parametrize("given", PROBLEMS)
def test_the_form_shows_what_is_wrong_with_a_domain(services, given):
    status, page = services[0].submit("acme", add=given)
    assert status == 400
    assert PROBLEMS[given] in page
    assert "<script>" not in page
    with closing(services[0].connect()) as connection:
        connection.request("GET", "/", headers={"Host": "acme.localhost"})
        assert f"<p>{given} " not in connection.getresponse().read().decode()


def test_a_subscriber_survives_a_load_that_fails(server, services):
    kind = type(server)
    until_everywhere(services, "acme", KEPT, True)
    server.execute(*BREAK[kind])
    for service in services:
        wait_for(service, "the last good list stays")
    assert answers(services, "acme", KEPT) == {(200, True)}
    server.execute(*MEND[kind], INSERT[kind].format("acme", ADDED), *TELL[kind])
    until_everywhere(services, "acme", ADDED, True, within=SOON)
    assert NOT_CONNECTED[kind] not in services[0].log.read_text()


def test_a_model_of_django_counts_in_every_worker(tmp_path):
    """In the process of the change it counts at once, in others after a second and one load."""
    need(find_spec("django"), "Django", "pip install django")
    variables = {"DATABASE": str(tmp_path / "tenants.sqlite")}
    program = str(ROOT / "examples" / "django_tenants.py")
    environment = {**os.environ, "PYTHONPATH": PATHS, **variables}
    subprocess.run([sys.executable, program], env=environment, check=True)
    with serving("django_tenants", tmp_path, **variables) as service:
        service.find_workers()
        with closing(service.connect()) as connection:
            connection.request("GET", "/", headers={"Host": "acme.localhost"})
            response = connection.getresponse()
            token = re.search('name="csrfmiddlewaretoken" value="(.*?)"', response.read().decode())
            cookie = response.getheader("Set-Cookie").partition(";")[0]
        fields = {"csrfmiddlewaretoken": token[1]}
        status, page = service.submit("acme", cookie, origin="https://shop.example/", **fields)
        assert status == 400
        assert "write &#x27;https://shop.example&#x27;" in page
        assert service.submit("acme", cookie, origin=ADDED, **fields)[0] == 302
        until_everywhere([service], "acme", ADDED, True, within=5 * SOON)
        assert answers([service], "other", ADDED) == {(200, False)}
        assert service.submit("acme", cookie, remove="1", **fields)[0] == 302
        until_everywhere([service], "acme", ADDED, False, within=5 * SOON)


def test_refusals_are_counted_by_reason_and_by_at_most_a_thousand_origins():
    need(find_spec("waitress"), "waitress", "pip install waitress")
    with running([sys.executable, str(ROOT / "examples" / "count_refusals.py")]) as address:
        for number in range(1100):
            get(address, {"Origin": f"https://stranger-{number}.example"})
        get(address, {"Origin": "https://stranger-0.example"})
        get(address, {"Origin": "http://localhost:3000"})
        with closing(http.client.HTTPConnection(address.partition("//")[2])) as connection:
            connection.request("GET", "/refusals")
            counts = json.loads(connection.getresponse().read())
    assert counts["reasons"] == {"no policy for this path allows the origin": 1101}
    assert len(counts["origins"]) == 1001
    assert counts["origins"]["others"] == 100
    assert counts["origins"]["https://stranger-0.example"] == 2


def test_all_rows_may_change_at_once(server, services):
    """Each is named; where the table is emptied, none is."""
    until_everywhere(services, "acme", KEPT, True)
    origins = [f"https://{number}.example" for number in range(1000)]
    if isinstance(server, PostgreSQL):
        many = ", ".join(f"('many', '{origin}')" for origin in origins)
        server.execute(f"INSERT INTO domain VALUES {many}")
        until_everywhere(services, "many", origins[-1], True, within=SOON)
        server.execute("TRUNCATE domain")
    else:
        told = [f"PUBLISH|domains|many {origin}" for origin in origins]
        server.execute("|".join(["SADD|domains", *(f"many {one}" for one in origins)]), *told)
        until_everywhere(services, "many", origins[-1], True, within=SOON)
        server.execute("DEL|domains", *told, f"PUBLISH|domains|acme {KEPT}")
    until_everywhere(services, "many", origins[0], False, within=SOON)
    until_everywhere(services, "acme", KEPT, False, within=SOON)
    server.execute(INSERT[type(server)].format("acme", KEPT))
    tell(server, "acme", KEPT)
    until_everywhere(services, "acme", KEPT, True, within=SOON)


def tell(server, tenant, origin):
    """PostgreSQL has a trigger."""
    if isinstance(server, Redis):
        server.execute(f"PUBLISH|domains|{tenant} {origin}")


def test_what_changes_while_nobody_listens_counts_after_the_next_connection(server, services):
    """The lists would be polled after a minute only."""
    until_everywhere(services, "acme", KEPT, True)
    server.die()
    server.start()
    server.execute(INSERT[type(server)].format("acme", REVOKED))
    until_everywhere(services, "acme", REVOKED, True, within=10 * SOON)
    assert answers(services, "acme", KEPT) == {(200, True)}


class Traffic:
    """Requests without a pause, of four threads, each on a connection of its own."""

    def __init__(self, service: Service) -> None:
        self.service, self.done = service, threading.Event()
        self.seen: list[tuple[float, float, str, int, bool]] = []
        self.failures: list[Exception] = []
        self.threads = [threading.Thread(target=self.make_requests) for _ in range(4)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join(LIMIT)

    def make_requests(self):
        last = False
        while not last:
            last = self.done.is_set()  # one more whole round, so that each origin is asked for
            for origin in (KEPT, REVOKED, ADDED, STRANGER):
                begun = time.monotonic()
                try:
                    with closing(self.service.connect()) as connection:
                        status, allowed, _ = ask(connection, "acme", origin)
                except Exception as error:  # noqa: PERF203  it is shown below
                    self.failures.append(error)
                else:
                    self.seen.append((begun, time.monotonic(), origin, status, allowed))


@pytest.mark.parametrize("kind", EXAMPLES, ids=EXAMPLES.values())
def test_requests_go_on_while_the_database_is_down_or_hangs(kind, tmp_path):
    """It is down at the start; then it dies, hangs, and comes back, while a list is polled."""
    with ExitStack() as stack:
        server = stack.enter_context(started(kind))
        prepare(server, ("acme", KEPT), ("acme", REVOKED))
        server.die()
        variables = {server.variable: server.url, "EVERY": "0.2"}
        service = stack.enter_context(serving(EXAMPLES[kind], tmp_path, **variables))
        service.find_workers()
        assert answers([service], "acme", KEPT) == {(200, False)}
        server.start()
        until_everywhere([service], "acme", KEPT, True)
        begun = time.monotonic()
        with Traffic(service) as traffic:
            server.die()
            time.sleep(HANG)  # nothing is awaited here: requests are made
            assert answers([service], "acme", KEPT) == {(200, True)}
            server.start()
            assert service.submit("acme", remove=REVOKED)[0] == 302
            until_everywhere([service], "acme", REVOKED, False)
            revoked = time.monotonic()
            server.freeze()
            time.sleep(2 * HANG)
            assert answers([service], "acme", REVOKED) == {(200, False)}
            server.die()
            server.start()
            server.freeze()  # those that connect again hang
            time.sleep(2 * HANG)
            server.thaw()
            assert service.submit("acme", add=ADDED)[0] == 302
            until_everywhere([service], "acme", ADDED, True)
            added = time.monotonic()
    assert traffic.failures == []
    assert {status for *_, status, _ in traffic.seen} == {200}
    # The machine may be slow, but none waits as long as a load.
    assert max(ended - begun for begun, ended, *_ in traffic.seen) < 0.8 * HANG
    for since, origin, answer in (
        (begun, KEPT, True),
        (begun, STRANGER, False),
        (revoked, REVOKED, False),
        (added, ADDED, True),
    ):
        found = {seen[4] for seen in traffic.seen if seen[2] == origin and seen[0] >= since}
        assert found == {answer}, origin
