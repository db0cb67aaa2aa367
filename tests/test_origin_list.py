"""OriginList in one process: when it is reloaded, and what a reload replaces. Servers: test_origin_list_servers.py.

No clock is replaced: `every` is short, requests are made until the source is asked again, and a reload is over when its
thread has ended. A source that hangs is one that waits for an event of the test.
"""

from __future__ import annotations

import gc
import re
import threading
import weakref

import pytest
from origin_list_support import (
    LIMIT,
    NEVER,
    SLOW,
    SOON,
    Source,
    allowed,
    finish_reload,
    logged,
    records,
    reload,
    reloads,
    start_reload,
    until,
)
from support import ORIGIN, OTHER, assert_cors, client, plain_app, preflight, request

from wsgicors import CORS, CREDENTIAL_RISKS, ConfigError, OriginList

pytestmark = pytest.mark.usefixtures("no_reload_outlives_its_test")


def test_the_source_is_asked_once_until_every_has_passed():
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=NEVER))
    for _ in range(100):
        assert allowed(test_client, ORIGIN)
    assert source.asked == 1
    assert not reloads()


# Reloads


def test_a_reload_replaces_the_list():
    source = Source(ORIGIN, "https://kept.example.com")
    test_client = client(origin=OriginList(source, every=SOON))
    assert allowed(test_client, ORIGIN)
    source.gives = [OTHER, "https://kept.example.com"]
    reload(test_client, source)
    assert [
        allowed(test_client, origin) for origin in (ORIGIN, OTHER, "https://kept.example.com")
    ] == [*(False, True, True)]


REMEMBERED = {
    "exact": ([ORIGIN], []),
    "wildcard": (["https://*.example.com"], []),
    "regular expression": ([re.compile(r"https://[a-z]+\.example\.com")], []),
    "beside a pattern": ([ORIGIN], ["https://elsewhere.example.net"]),
    "beside another list": (
        [ORIGIN],
        [OriginList(lambda: ["https://elsewhere.example.net"], every=NEVER)],
    ),
}


@pytest.mark.parametrize(
    ("gives", "beside"), [pytest.param(*case, id=name) for name, case in REMEMBERED.items()]
)
def test_what_is_remembered_of_an_origin_ends_with_a_reload(gives, beside):
    source = Source(*gives)
    test_client = client(origin=[OriginList(source, every=SOON), *beside])
    for given, answers in ((gives, True), ([OTHER], False), (gives, True)):
        source.gives = given
        reload(test_client, source)
        for _ in range(3):
            assert allowed(test_client, ORIGIN) is answers
            assert preflight(test_client).status_int == (200 if answers else 403)


def test_an_origin_that_moves_from_one_list_to_another_gets_the_other_policy():
    first, second = Source(ORIGIN, "https://kept.example.com"), Source(OTHER)
    test_client = client(
        policies={
            "first": {"origin": OriginList(first, every=SOON), "expose_headers": "X-First"},
            "second": {"origin": OriginList(second, every=SOON), "expose_headers": "X-Second"},
        }
    )
    assert_cors(
        request(test_client, ORIGIN), allow_origin=ORIGIN, expose_headers="X-First", vary="Origin"
    )
    second.gives = [OTHER, ORIGIN]
    reload(test_client, second)
    assert_cors(
        request(test_client, ORIGIN), allow_origin=ORIGIN, expose_headers="X-First", vary="Origin"
    )
    first.gives = ["https://kept.example.com"]
    reload(test_client, first)
    assert_cors(
        request(test_client, ORIGIN), allow_origin=ORIGIN, expose_headers="X-Second", vary="Origin"
    )


class Hooked(dict):
    """An environ; what is to happen while it is looked at, happens when its Origin is asked for."""

    def __init__(self, hook, **more):
        super().__init__(REQUEST_METHOD="GET", PATH_INFO="/", HTTP_ORIGIN=ORIGIN, **more)
        self.hook = hook

    def get(self, key, default=None):
        if key == "HTTP_ORIGIN" and self.hook:
            self.hook, hook = None, self.hook
            hook()
        return super().get(key, default)


def test_what_a_predicate_says_is_not_remembered_by_a_request_that_met_the_list_before():
    source = Source(OTHER)
    origins = OriginList(source, every=SOON)
    cors, answers = CORS(plain_app, origin=origins), []

    def bring_predicate():
        finish_reload()
        source.gives, asked = [lambda origin, environ: "member" in environ], source.asked
        until(lambda: source.asked > asked, origins.refresh)
        finish_reload()

    def ask(environ):
        cors(
            environ,
            lambda status, headers: answers.append(
                dict(headers).get("Access-Control-Allow-Origin")
            ),
        )

    ask(Hooked(lambda: ask(Hooked(bring_predicate, member=True))))
    assert answers == [ORIGIN, None]


def test_what_a_reload_replaces_is_freed_by_its_thread_and_not_in_a_request():
    source = Source(ORIGIN)
    origins = OriginList(source, every=SOON)
    test_client = client(origin=origins)
    assert allowed(test_client, ORIGIN)
    finish_reload()
    source.answers.clear()
    start_reload(test_client, source)
    replaced = weakref.ref(origins.matcher(CREDENTIAL_RISKS))
    source.answers.set()
    finish_reload()  # and no request since
    gc.collect()
    assert replaced() is None


def test_a_request_without_an_origin_starts_a_reload():
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=SOON))
    until(lambda: source.asked > 1, lambda: request(test_client))


def test_a_predicate_of_a_list_is_asked_each_time():
    answers = iter([True, False, True])
    test_client = client(
        origin=OriginList(lambda: [lambda origin, environ: next(answers)], every=NEVER)
    )
    assert [allowed(test_client, ORIGIN) for _ in range(3)] == [True, False, True]


def test_no_request_waits_for_a_reload():
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=SOON))
    source.answers.clear()
    source.gives = [OTHER]
    start_reload(test_client, source)  # the request that started it has been answered
    assert [allowed(test_client, ORIGIN), allowed(test_client, OTHER)] == [True, False]
    source.answers.set()
    finish_reload()
    assert [allowed(test_client, ORIGIN), allowed(test_client, OTHER)] == [False, True]


def test_a_reload_that_hangs_starts_no_second_one_and_is_logged(caplog):
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=SOON))
    source.answers.clear()
    start_reload(test_client, source)
    until(lambda: caplog.records, lambda: request(test_client, OTHER))
    assert {record.getMessage() for record in caplog.records} == {SLOW}
    assert (source.asked, len(reloads())) == (2, 1)
    assert allowed(test_client, ORIGIN)
    source.answers.set()
    finish_reload()
    reload(test_client, source)  # and afterwards all is as before
    assert source.most_running == 1


def test_many_threads_start_one_reload_at_a_time():
    source = Source(ORIGIN)
    app = CORS(plain_app, origin=OriginList(source, every=SOON))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN}
    answers = []

    def make_requests():
        while source.asked < 50:
            app(
                environ,
                lambda status, headers: answers.append(
                    dict(headers).get("Access-Control-Allow-Origin")
                ),
            )

    threads = [threading.Thread(target=make_requests) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert set(answers) == {ORIGIN}
    assert source.most_running == 1


def broken_off():
    yield OTHER
    raise LookupError("the connection is lost")


FAILING = {
    "an exception": (OSError("down"), OSError),
    "an exception that is no Exception": (SystemExit(1), SystemExit),
    "an iterable that breaks off": (broken_off, LookupError),
    "nothing iterable": (lambda: None, TypeError),
    "bytes": (ORIGIN.encode(), ConfigError),
    "empty": ([], ConfigError),
    "empty text": (" \n", ConfigError),
    "an error page": ("<html><body>Service unavailable</body></html>", ConfigError),
    "rows instead of texts": ([(OTHER,)], ConfigError),
    "anyone": (["*"], ConfigError),
}


@pytest.mark.parametrize(("gives", "error"), FAILING.values(), ids=FAILING.keys())
def test_a_failed_reload_keeps_the_last_good_list_and_is_logged(gives, error, caplog):
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=SOON))
    source.gives = gives
    reload(test_client, source)
    assert [allowed(test_client, ORIGIN), allowed(test_client, OTHER)] == [True, False]
    assert logged(caplog) == ["the reload of source failed; the last good list stays"]
    assert {(record.levelname, record.exc_info[0]) for record in records(caplog)} == {
        ("ERROR", error)
    }
    source.gives = [OTHER]
    reload(test_client, source)
    assert [allowed(test_client, ORIGIN), allowed(test_client, OTHER)] == [False, True]


def test_a_list_that_may_be_empty_is_taken_at_its_word(caplog):
    source = Source()
    test_client = client(origin=OriginList(source, every=SOON, allow_empty=True))
    assert not allowed(test_client, ORIGIN)
    source.gives = [ORIGIN]
    reload(test_client, source)
    assert allowed(test_client, ORIGIN)
    source.gives = []
    reload(test_client, source)
    assert not allowed(test_client, ORIGIN)
    assert not logged(caplog)


def test_a_list_that_may_be_empty_may_not_be_rubbish():
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=SOON, allow_empty=True))
    source.gives = ["rubbish"]
    reload(test_client, source)
    assert allowed(test_client, ORIGIN)


def test_where_no_thread_can_start_the_last_good_list_stays(caplog):
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=SOON))
    usual = threading.stack_size(1 << 46)  # bytes: more than any address space has left
    try:
        until(lambda: logged(caplog), lambda: request(test_client, OTHER))
    finally:
        threading.stack_size(usual)
    assert logged(caplog) == ["the reload of source cannot start; the last good list stays"]
    assert allowed(test_client, ORIGIN)
    reload(test_client, source)


# Bad entries and risks


def test_bad_entries_are_left_out_and_logged_when_they_appear(caplog):
    source = Source(ORIGIN, "https://app.example.com/", b"https://x.example.com")
    test_client = client(origin=OriginList(source, every=SOON))
    left_out = [
        "an origin from source is skipped: 'https://app.example.com/' is not what browsers send (a trailing slash):"
        " write 'https://app.example.com'",
        "an origin from source is skipped: b'https://x.example.com' has the type bytes: write 'scheme://host', 'null',"
        " a compiled regular expression, or a function f(origin, environ)",
    ]
    assert [record.getMessage() for record in caplog.records] == left_out
    assert allowed(test_client, ORIGIN)
    caplog.clear()
    reload(test_client, source)
    assert not logged(caplog)
    source.gives = [ORIGIN, "https://app.example.com/"]
    reload(test_client, source)
    assert not logged(caplog)
    source.gives = [ORIGIN, b"https://x.example.com"]
    reload(test_client, source)
    assert logged(caplog) == left_out[1:]
    assert allowed(test_client, ORIGIN)


def test_one_load_logs_no_more_than_fifty_entries(caplog):
    client(origin=OriginList(Source(ORIGIN, *range(1000)), every=NEVER))
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 51
    assert messages[-1] == "950 more origins from source are skipped"


def test_a_log_line_stays_one_line(caplog):
    client(
        origin=OriginList(Source(ORIGIN, "https://x.example.com\r\nINFO all is well"), every=NEVER)
    )
    (message,) = (record.getMessage() for record in caplog.records)
    assert not re.search(r"[\r\n]", message)


def test_exception_that_cannot_be_shown_is_named_by_its_type():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    def load():
        raise Mute

    with pytest.raises(ConfigError, match="failed: Mute"):
        OriginList(load)


def test_origins_from_a_data_source_change_while_the_server_runs():
    table, loaded = [ORIGIN], threading.Event()

    def load():
        if len(table) > 1:
            loaded.set()
        return list(table)

    both = client(origin=OriginList(load, every=0.001))
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, vary="Origin")
    table.append(OTHER)
    others = set(threading.enumerate())
    while not loaded.is_set():
        request(both, ORIGIN)
    for thread in set(threading.enumerate()) - others:
        thread.join()
    assert_cors(request(both, OTHER), allow_origin=OTHER, vary="Origin")
    with pytest.raises(ConfigError, match="returned no origins"):
        OriginList(list)


def test_fifty_entries_that_are_left_out_are_all_logged(caplog):
    CORS(plain_app, origin=OriginList(lambda: [ORIGIN, *range(50)]))
    assert len(caplog.messages) == 50
