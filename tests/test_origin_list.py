"""Origins from a data source, in one process. Servers: test_origin_list_servers.py.

No clock is replaced: `every` is short, requests are made until the source is asked again, and a reload is over when its
thread has ended. A source that hangs is one that waits for an event of the test.
"""

from __future__ import annotations

import gc
import inspect
import os
import re
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from wsgiref.validate import validator

import pytest
import webtest
from support import (
    ORIGIN,
    OTHER,
    assert_cors,
    client,
    cors_headers,
    need,
    plain_app,
    preflight,
    request,
)

from wsgicors import CORS, CREDENTIAL_RISKS, ConfigError, OriginList

SOON = 0.001  # seconds: the next request but a few starts a reload
NEVER = 3600.0
LIMIT = 60  # seconds after which a test is stuck


class Source:
    """A data source in a test's hand: what it gives, how often it was asked, and whether it answers yet."""

    def __init__(self, *origins):
        self.gives = list(origins)
        self.asked = 0
        self.running = self.most_running = 0
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self):
        self.asked += 1
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        assert self.answers.wait(LIMIT)
        self.running -= 1
        gives = self.gives
        if isinstance(gives, BaseException):
            raise gives
        return gives() if callable(gives) else gives

    def __repr__(self):
        return "source"


def until(condition, step):
    """Take steps until the condition holds."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "nothing happens"
        step()


def reloads():
    return [thread for thread in threading.enumerate() if thread.name == "wsgicors.OriginList"]


def finish_reload():
    for thread in reloads():
        thread.join(LIMIT)
        assert not thread.is_alive()


def start_reload(test_client, source):
    """Make requests until the source is asked once more."""
    asked = source.asked
    until(lambda: source.asked > asked, lambda: request(test_client, OTHER))


def reload(test_client, source):
    """Make requests until the source was asked once more and its answer is dealt with."""
    finish_reload()
    start_reload(test_client, source)
    finish_reload()


def allowed(test_client, origin):
    return "access-control-allow-origin" in cors_headers(request(test_client, origin))


SLOW = "the reload of source has not ended yet; the last good list stays"


def records(caplog):
    """What was logged, but that a reload takes longer than a very short `every`."""
    return [record for record in caplog.records if record.getMessage() != SLOW]


def logged(caplog):
    """Each different message of them, in order: with a short `every` a reload may happen twice."""
    return list(dict.fromkeys(record.getMessage() for record in records(caplog)))


def run_script(script, *arguments):
    """Run a script in a process of its own, which must end well and complain of nothing; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(autouse=True)
def no_reload_outlives_its_test():
    yield
    finish_reload()


# What `load` may return


def accepts_app(origin, environ):
    return origin == ORIGIN


GIVEN = {
    "list": [ORIGIN],
    "tuple": (ORIGIN,),
    "set": {ORIGIN},
    "keys of a mapping": {ORIGIN: 1}.keys(),
    "generator": lambda: (origin for origin in [ORIGIN]),
    "text": ORIGIN,
    "text with commas": f"{ORIGIN}, https://third.example.com",
    "text with lines": f"\n{ORIGIN}\r\nhttps://third.example.com\n",
    "wildcard": ["https://*.example.com"],
    "part of a label": ["https://a*.example.com"],
    "any port": [f"{ORIGIN}:*"],
    "regular expression": [re.compile(r"https://[a-z]+\.example\.com")],
    "predicate": [accepts_app],
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN.keys())
def test_load_returns_what_a_list_of_origins_may_hold(given):
    source = Source()
    source.gives = given
    test_client = client(origin=OriginList(source), expose_headers="X-Total")
    assert_cors(
        request(test_client, ORIGIN), allow_origin=ORIGIN, expose_headers="X-Total", vary="Origin"
    )
    assert_cors(request(test_client, OTHER), vary="Origin")
    assert_cors(request(test_client), vary="Origin")
    assert_cors(
        preflight(test_client),
        allow_origin=ORIGIN,
        max_age="600",
        allow_methods="GET, HEAD, POST",
        vary="Origin",
    )
    assert preflight(test_client, OTHER).status_int == 403


def test_null_comes_from_a_list_too():
    test_client = client(origin=OriginList(Source("null")))
    assert allowed(test_client, "null")
    assert not allowed(test_client, ORIGIN)


def test_a_list_stands_beside_other_origins():
    test_client = client(
        origin=[OriginList(Source(ORIGIN)), "https://third.example.com", OriginList(Source(OTHER))]
    )
    assert [
        allowed(test_client, origin) for origin in (ORIGIN, OTHER, "https://third.example.com")
    ] == [True] * 3
    assert not allowed(test_client, "https://fourth.example.com")


def test_a_predicate_of_a_list_that_fails_refuses_the_request(caplog):
    def fails(origin, environ):
        raise LookupError("down")

    test_client = client(origin=OriginList(Source(fails, "https://*.example.com")))
    assert_cors(request(test_client, OTHER), vary="Origin")
    assert [record.exc_info[0] for record in caplog.records] == [LookupError]


# Construction


SECONDS = "is not a number of seconds above 0 and at most 2**31: write 60"
WRONG = {
    "load": ({"load": [ORIGIN]}, "load: ['https://app.example.com'] is not a function: write one without arguments that"
             " returns the origins"),
    "every, zero": ({"every": 0}, f"every: 0 {SECONDS}"),
    "every, negative": ({"every": -1.5}, f"every: -1.5 {SECONDS}"),
    "every, text": ({"every": "60"}, f"every: '60' {SECONDS}"),
    "every, boolean": ({"every": True}, f"every: True {SECONDS}"),
    "every, infinite": ({"every": float("inf")}, f"every: inf {SECONDS}"),
    "every, not a number": ({"every": float("nan")}, f"every: nan {SECONDS}"),
    "every, too large": ({"every": 2**31 + 1},
             f"every: 2147483649 {SECONDS}"),
    "allow_empty": ({"allow_empty": "no"}, "allow_empty: 'no' is not a boolean: write True or False"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ConfigError) as caught:
        OriginList(**{"load": lambda: ORIGIN, **wrong})
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_greatest_interval_is_accepted():
    assert list(OriginList(lambda: ORIGIN, every=2**31)) == [ORIGIN]


def test_all_wrong_arguments_are_named_at_once():
    with pytest.raises(ConfigError) as caught:
        OriginList(None, None, None)
    assert [problem.key for problem in caught.value.problems] == ["load", "every", "allow_empty"]


BAD = {
    "empty list": (
        [],
        ["load: source returned no origins: write allow_empty=True to accept an empty list"],
    ),
    "empty text": (
        "",
        ["load: source returned no origins: write allow_empty=True to accept an empty list"],
    ),
    "nothing valid": (
        ["app.example.com", 7],
        [
            "load: 'app.example.com' is not what browsers send (no scheme): write 'https://app.example.com'",
            "load: 7 has the type int: write 'scheme://host', 'null', a compiled regular expression,"
            " or a function f(origin, environ)",
        ],
    ),
    "nothing iterable": (
        lambda: None,
        ["load: source failed: TypeError: 'NoneType' object is not iterable"],
    ),
    "an exception": (OSError("down"), ["load: source failed: OSError: down"]),
}


@pytest.mark.parametrize(("gives", "messages"), BAD.values(), ids=BAD.keys())
def test_a_source_that_is_bad_at_the_start_is_an_error(gives, messages):
    source = Source()
    source.gives = gives
    with pytest.raises(ConfigError) as caught:
        OriginList(source)
    assert [str(problem) for problem in caught.value.problems] == messages
    assert source.asked == 1


def test_the_cause_of_the_error_is_chained():
    source = Source()
    source.gives = OSError("down")
    with pytest.raises(ConfigError) as caught:
        OriginList(source)
    assert caught.value.__cause__ is source.gives


def test_an_interruption_at_the_start_is_not_swallowed():
    source = Source()
    source.gives = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        OriginList(source)


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


RISKY = {
    "insecure-origin": ("http://insecure.example.com", "http://insecure.example.com"),
    "public-suffix": ("https://*.github.io", "https://anyone.github.io"),
    "any-origin": ("https://*", "https://evil.example"),
    "null-origin": ("null", "null"),
}


@pytest.mark.parametrize("risk", RISKY)
def test_an_entry_that_is_too_risky_for_a_policy_is_left_out_of_this_policy(risk, caplog):
    pattern, origin = RISKY[risk]
    origins = OriginList(Source(ORIGIN, pattern), every=NEVER)
    paths = {"a_path": "/a", "b_path": "/b", "c_path": "/c"}
    test_client = client(
        {
            "policy": "a, b, c",
            "a_origin": origins,
            "b_origin": origins,
            "c_origin": origins,
            **paths,
        },
        a_credentials=True,
        b_credentials=True,
        b_accept_risk=risk,
    )
    answers = [cors_headers(request(test_client, origin, path=path)) for path in ("/a", "/b", "/c")]
    assert answers == [
        {"vary": "Origin"},
        {
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "vary": "Origin",
        },
        {"access-control-allow-origin": origin, "vary": "Origin"},
    ]
    assert all(
        cors_headers(request(test_client, ORIGIN, path=path))["access-control-allow-origin"]
        == ORIGIN
        for path in ("/a", "/b", "/c")
    )
    (message,) = (record.getMessage() for record in caplog.records)
    assert message.startswith(
        f"an origin from source is skipped: {pattern!r} with credentials is prohibited ({risk}): "
    )


def test_a_reload_of_valid_but_too_risky_origins_allows_nobody(caplog):
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=SOON), credentials=True)
    source.gives = ["http://insecure.example.com"]
    reload(test_client, source)
    assert [allowed(test_client, origin) for origin in (ORIGIN, "http://insecure.example.com")] == [
        False,
        False,
    ]
    assert "insecure-origin" in logged(caplog)[0]


# Together with configure


def test_a_profile_that_is_added_during_a_reload_is_compiled_before_it_counts(caplog):
    source = Source(ORIGIN, "http://insecure.example.com")
    origins = OriginList(source, every=SOON)
    app = CORS(plain_app, origin=origins)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "HTTP_ORIGIN": "http://insecure.example.com",
    }

    def answer():
        answers = []
        app(
            environ,
            lambda status, headers: answers.append(
                dict(headers).get("Access-Control-Allow-Origin")
            ),
        )
        return answers[0]

    source.answers.clear()
    until(lambda: source.asked == 2, answer)
    app.configure(origin=origins, credentials=True)
    caplog.clear()
    source.gives = [*source.gives, "http://insecure-too.example.com"]
    source.answers.set()
    finish_reload()
    (message,) = (record.getMessage() for record in caplog.records)
    assert "insecure-origin" in message
    threads = {record.threadName for record in caplog.records}
    assert threads == {"wsgicors.OriginList"}
    assert answer() is None
    finish_reload()


def test_a_configuration_that_is_refused_leaves_its_lists_alone(caplog):
    origins = OriginList(Source(ORIGIN, "http://insecure.example.com"), every=NEVER)
    with pytest.raises(ConfigError):
        CORS(plain_app, origin=origins, credentials=True, maxage=-1)
    assert not logged(caplog)


def test_under_configure_each_response_belongs_to_one_configuration():
    first, second = OriginList(Source(ORIGIN), every=SOON), OriginList(Source(ORIGIN), every=SOON)
    old = {
        "origin": first,
        "methods": "GET",
        "headers": "X-Old",
        "maxage": 1,
        "expose_headers": "X-Old",
    }
    new = {"origin": second, "methods": "PUT", "headers": "X-New", "maxage": 2, "expose_headers": "X-New",
           "credentials": True}  # fmt: skip
    app = CORS(plain_app, old)
    asked = {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    environs = [
        {"PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN, **more}
        for more in ({"REQUEST_METHOD": "GET"}, asked)
    ]

    def answers():
        found = []
        for environ in environs:
            app(environ, lambda status, headers: found.append((status, *headers)))
        return found

    expected = []
    for configuration in (old, new):
        app.configure(configuration)
        expected.append(answers())
    possible = {kind: {expected[0][kind], expected[1][kind]} for kind in (0, 1)}
    seen = {0: set(), 1: set()}
    done = threading.Event()

    def make_requests():
        while not done.is_set():
            for kind, answer in enumerate(answers()):
                seen[kind].add(answer)

    threads = [threading.Thread(target=make_requests) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(500):
            app.configure(old)
            app.configure(new)
        until(
            lambda: all(len(seen[kind]) > 1 for kind in seen),
            lambda: (app.configure(old), app.configure(new)),
        )
    finally:
        done.set()
        for thread in threads:
            thread.join(LIMIT)
    assert seen == possible


# Processes, greenlets, and the end of the interpreter


BEFORE = """
import logging, os, sys, threading, time
from wsgicors import CORS, OriginList

logging.getLogger("wsgicors").setLevel(logging.ERROR)  # that a load takes long is no surprise here

def app(environ, start_response):
    start_response("200 OK", [])
    return []

def allowed(cors, origin):
    answers = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin}
    cors(environ, lambda status, headers: answers.extend(headers))
    return ("Access-Control-Allow-Origin", origin) in answers
"""

FORK = """
import warnings
warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)  # a fork beside threads is what this is about
parent, gives, answers, asked = os.getpid(), ["https://old.example.com"], threading.Event(), threading.Event()
answers.set()

def load():
    asked.set()
    if os.getpid() == parent:
        answers.wait()
    return gives[:]

cors = CORS(app, origin=OriginList(load, every=1))
answers.clear(); asked.clear()
while not asked.is_set():
    allowed(cors, "https://old.example.com")
gives[:] = ["https://new.example.com"]
child = os.fork()
if not child:
    asked.clear()
    allowed(cors, "https://old.example.com")
    asked.wait()  # at once, not a second later
    assert not any(thread.name != "wsgicors.OriginList" for thread in threading.enumerate()[1:])
    while not allowed(cors, "https://new.example.com"):  # loads for itself, though its parent's load hangs
        time.sleep(0)
    os._exit(0 if not allowed(cors, "https://old.example.com") else 1)
print(os.waitpid(child, 0)[1], allowed(cors, "https://old.example.com"))
answers.set()
while not allowed(cors, "https://new.example.com"):
    time.sleep(0)
"""


def test_a_fork_during_a_reload_leaves_parent_and_child_well():
    assert run_script(BEFORE + FORK) == "0 True\n"


GEVENT = """
import sys
order, way = sys.argv[1:]
if order == "patched before the import":
    import gevent.monkey; gevent.monkey.patch_all()
{before}
if order == "patched after the import":
    import gevent.monkey; gevent.monkey.patch_all()
import gevent, gevent.event
gives, answers = ["https://old.example.com"], gevent.event.Event()
answers.set()
waiting, served = [], []

def load():
    if way == "in the thread pool":
        return gevent.get_hub().threadpool.apply(gives.copy)
    waiting.append(True)
    answers.wait()
    waiting.pop()
    return gives

cors = CORS(app, origin=OriginList(load, every=0.001))

def serve():
    while not allowed(cors, "https://new.example.com"):
        served.append(allowed(cors, "https://old.example.com"))
        gevent.sleep(0)

answers.clear()
gives = ["https://new.example.com"]
workers = [gevent.spawn(serve) for _ in range(3)]
if way == "in a greenlet":
    while not waiting:
        gevent.sleep(0)
    del served[:]
    while len(served) < 1000:  # requests go on while the load waits
        assert len(waiting) == 1, waiting
        gevent.sleep(0)
    answers.set()
gevent.joinall(workers, raise_error=True)
print("done")
"""


@pytest.mark.parametrize("way", ["in a greenlet", "in the thread pool"])
@pytest.mark.parametrize("order", ["patched before the import", "patched after the import"])
def test_greenlets_go_on_while_a_reload_waits(order, way):
    need(find_spec("gevent"), "gevent", "pip install gevent")
    assert run_script(GEVENT.replace("{before}", BEFORE), order, way) == "done\n"


END = """
asked = threading.Event()

def load():
    if asked.is_set():
        print("loading", flush=True)
        again.set()
        threading.Event().wait()
    asked.set()
    return "https://app.example.com"

again = threading.Event()
cors = CORS(app, origin=OriginList(load, every=0.001))
while not again.is_set():
    assert allowed(cors, "https://app.example.com")
"""


def test_a_reload_that_hangs_does_not_hold_up_the_end_of_the_process():
    assert run_script(BEFORE + END) == "loading\n"


# The examples of docs/origins-from-data.rst


def documented_example(start):
    """A client of what an example defines; `start` tells which one: how a line of it starts."""
    page = Path(__file__).parent.parent / "docs" / "origins-from-data.rst"
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    (example,) = [
        block
        for block in map(textwrap.dedent, blocks)
        if re.search(f"^{re.escape(start)}", block, re.MULTILINE)
    ]
    names = {"application": validator(plain_app)}
    exec(compile(example, str(page), "exec"), names)
    return webtest.TestApp(validator(names["application"]), lint=False)


def test_documented_table_in_sqlite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("shop.db")) as database, database:
        database.execute("CREATE TABLE customer (origin TEXT, active INTEGER)")
        database.executemany("INSERT INTO customer VALUES (?, ?)", [(ORIGIN, 1), (OTHER, 0)])
    test_client = documented_example("def customer_origins():")
    assert_cors(request(test_client, ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(test_client, OTHER), vary="Origin")


def test_documented_file_that_operations_edits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("origins.txt").write_text(f"{ORIGIN}\nhttps://*.example.org\n")
    test_client = documented_example(
        'application = CORS(application, origin=OriginList(Path("origins.txt").read_text'
    )
    assert_cors(
        request(test_client, "https://a.example.org"),
        allow_origin="https://a.example.org",
        vary="Origin",
    )
    assert_cors(request(test_client, OTHER), vary="Origin")


def test_documented_predicate_on_the_host():
    test_client = documented_example("def same_tenant(origin, environ):")
    origin = "https://shop.example.com"
    assert_cors(
        request(test_client, origin, Host="shop.api.example.com"),
        allow_origin=origin,
        vary="Origin",
    )
    assert_cors(request(test_client, origin, Host="other.api.example.com"), vary="Origin")
    assert_cors(
        request(test_client, "https://evil.example", Host="shop.api.example.com"), vary="Origin"
    )


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


@pytest.mark.parametrize(
    "good",
    ["https://*.example.com", re.compile("https://a"), lambda origin, environ: True, ORIGIN],
    ids=["pattern", "regex", "call", "name"],
)
def test_one_good_entry_is_enough_for_a_list(good, caplog):
    policy = CORS(plain_app, origin=OriginList(lambda: [7, good])).policies["direct"]
    assert len(policy.origin) == 1
    assert "7 has the type int" in caplog.text


def test_log_of_a_list_says_how_to_accept_a_risk(caplog):
    CORS(plain_app, origin=OriginList(lambda: [ORIGIN, "null"]), credentials=True)
    assert caplog.messages[0].endswith("or accept it with accept_risk = null-origin")


def test_defaults_of_a_list():
    with pytest.raises(ConfigError) as caught:
        OriginList(list)
    assert (
        str(caught.value.problems[0])
        == f"load: {list!r} returned no origins: write allow_empty=True to accept an empty list"
    )
    assert inspect.signature(OriginList).parameters["every"].default == 60.0


def test_problem_of_a_source_holds_the_source():
    def fails():
        raise OSError

    with pytest.raises(ConfigError) as caught:
        OriginList(fails)
    assert [(problem.key, problem.value) for problem in caught.value.problems] == [("load", fails)]


def test_fifty_entries_that_are_left_out_are_all_logged(caplog):
    CORS(plain_app, origin=OriginList(lambda: [ORIGIN, *range(50)]))
    assert len(caplog.messages) == 50
