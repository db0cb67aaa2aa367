"""An OriginList that is loaded now, made without its source, restricted, and watched.

A source that hangs waits for an event of the test. A reload that hangs is given a hundredth
of a second.
"""

from __future__ import annotations

import gc
import inspect
import logging
import os
import re
import subprocess
import sys
import threading
import time
import weakref
from importlib.util import find_spec
from pathlib import Path

import pytest
from origin_list_support import (
    BEFORE,
    LIMIT,
    NEVER,
    SOON,
    Source,
    allowed,
    finish_reload,
    reloads,
    run_script,
    until,
)
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

import wsgicors
from wsgicors import CORS, ConfigError, OriginList

pytestmark = pytest.mark.usefixtures("no_reload_outlives_its_test")

SHORT = 0.01  # seconds that a caller waits for a load that hangs
HANGS = f"source has not ended within {SHORT} seconds; the last good list stays"


class Call(threading.Thread):
    """A call of reload() in a thread of its own."""

    def __init__(self, origins):
        super().__init__()
        self.origins = origins
        self.start()

    def run(self):
        self.origins.reload(LIMIT)


def start_call(origins, source):
    """A call of reload() whose load has begun."""
    asked = source.asked
    call = Call(origins)
    until(lambda: source.asked > asked, lambda: time.sleep(0))
    return call


def failure_of(function, *arguments):
    """The messages of the ConfigError that is raised, and its cause."""
    with pytest.raises(ConfigError) as caught:
        function(*arguments)
    return [str(problem) for problem in caught.value.problems], caught.value.__cause__


# reload()


FORMS = {
    "exact": ORIGIN,
    "wildcard": "https://*.example.com",
    "regular expression": re.compile(r"https://app\.example\.com"),
    "predicate": lambda origin, environ: origin == ORIGIN,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_after_reload_every_request_meets_the_new_list(form):
    source = Source(OTHER)
    origins = OriginList(source, every=NEVER)
    test_client = client(origin=origins)
    for gives, answer in ((form, True), (OTHER, False), (form, True), (OTHER, False)):
        source.gives = [gives]
        assert origins.reload() is None
        for _ in range(2):  # one is remembered
            assert allowed(test_client, ORIGIN) is answer
            assert (preflight(test_client).status_int < 300) is answer


def test_reload_reaches_every_group_of_every_application():
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    policies = {
        "api": {"path": "/api/*", "origin": [OTHER, origins], "credentials": True},
        "rest": {"origin": [origins, OriginList(Source(OTHER), every=NEVER)]},
    }
    clients = [client(policies=policies), client(policies=policies)]
    paths = ("/api/x", "/")

    def answers():
        return {
            "access-control-allow-origin" in cors_headers(request(one, ORIGIN, path=path))
            for one in clients
            for path in paths
        }

    assert answers() == {True}
    source.gives = [OTHER]
    origins.reload()
    assert answers() == {False}


def test_reload_puts_off_the_next_load_of_the_background():
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    test_client = client(origin=origins)
    origins.reload()
    assert allowed(test_client, ORIGIN)
    assert source.asked == 2


def test_callers_that_wait_share_one_load_that_began_after_they_called():
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    test_client = client(origin=origins)
    source.answers.clear()
    first = start_call(origins, source)
    source.gives = [OTHER]  # which the load that is running has not read, in the eyes of a caller
    others = [Call(origins) for _ in range(5)]
    until(lambda: len(origins._turn().waiting) == 5, lambda: time.sleep(0))
    assert source.asked == 2
    source.answers.set()
    for call in (first, *others):
        call.join(LIMIT)
    finish_reload()
    assert source.asked == 3
    assert (source.most_running, allowed(test_client, ORIGIN)) == (1, False)


def test_a_load_that_hangs_does_not_hang_who_calls_reload(caplog):
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    test_client = client(origin=origins)
    source.answers.clear()
    source.gives = [OTHER]
    for _ in range(3):
        assert failure_of(origins.reload, SHORT) == ([f"load: {HANGS}"], None)
    assert (source.asked, len(reloads())) == (2, 1)
    assert allowed(test_client, ORIGIN)
    source.answers.set()  # the call that was given up still counts: its change would be missed
    finish_reload()
    assert [allowed(test_client, origin) for origin in (ORIGIN, OTHER)] == [False, True]
    assert source.asked == 3


def test_a_reload_that_fails_keeps_the_last_good_list_and_says_why(caplog):
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    test_client = client(origin=origins)
    source.gives = OSError("down")
    messages, cause = failure_of(origins.reload)
    assert messages == ["load: source failed: OSError: down"]
    assert cause is source.gives
    assert allowed(test_client, ORIGIN)
    assert origins.error == "source failed: OSError: down"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "the reload of source failed; the last good list stays")
    ]


def test_a_reload_of_nothing_valid_names_every_problem():
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    source.gives = ["app.example.com", 7]
    messages, cause = failure_of(origins.reload)
    assert [message.partition(": write ")[0] for message in messages] == [
        "load: 'app.example.com' is not what browsers send (no scheme)",
        "load: 7 has the type int",
    ]
    assert isinstance(cause, ConfigError)
    assert origins.error.endswith("write 'https://app.example.com' (and 1 more)")


def test_a_config_error_of_the_source_itself_says_nothing_but_counts_as_a_failure():
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    source.gives = ConfigError([])
    messages, cause = failure_of(origins.reload)
    assert cause is source.gives
    assert messages == [f"load: {origins.error}"]
    assert origins.error.startswith("source failed: ConfigError: 0 problem")


def test_load_may_not_call_reload():
    found = []

    def load():
        if found:
            found.append(failure_of(origins.reload))
        found.append(None)
        return [ORIGIN]

    origins = OriginList(load, every=NEVER)
    origins.reload()
    (message,), cause = found[1]
    rule = "calls reload, which would wait for itself: remove this call"
    line = load.__code__.co_firstlineno
    named = f"test_load_may_not_call_reload.<locals>.load (test_origin_list_reload.py:{line})"
    assert message == f"load: {named} {rule}"
    assert cause is None
    assert (list(origins), origins.error) == ([ORIGIN], None)


@pytest.mark.parametrize("timeout", [0, -1, "30", True, None, float("nan"), 2**31 + 1])
def test_a_timeout_that_is_not_one_is_an_error(timeout):
    source = Source(ORIGIN)
    messages, _ = failure_of(OriginList(source).reload, timeout)
    rule = "is not a number of seconds above 0 and at most 2**31: write 30"
    assert messages == [f"timeout: {timeout!r} {rule}"]
    assert source.asked == 1


def test_half_a_minute_is_the_timeout_where_none_is_given():
    assert inspect.signature(OriginList.reload).parameters["timeout"].default == 30.0


def test_where_no_thread_can_start_reload_says_so(caplog):
    origins = OriginList(Source(ORIGIN), every=NEVER)
    usual = threading.stack_size(1 << 46)  # bytes: more than any address space has left
    try:
        (message,), cause = failure_of(origins.reload)
    finally:
        threading.stack_size(usual)
    assert message.startswith("load: source failed: ")
    assert cause is not None
    origins.reload()
    assert origins.error is None


def test_after_reload_has_failed_the_next_request_in_five_seconds_tries_again():
    """The change for which it was called would otherwise be missed until `every` has passed."""
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    source.gives = OSError("down")
    failure_of(origins.reload)
    assert 0 < origins.due - time.monotonic() <= 5


def test_a_group_is_not_kept_by_its_lists():
    origins = OriginList(Source(ORIGIN), every=NEVER)
    app = CORS(plain_app, origin=origins)
    (group,) = map(weakref.ref, origins._groups.values())
    app.configure(origin=origins, credentials=True)
    until(lambda: group() is None, gc.collect)
    assert len(origins._groups) == 1
    origins.reload()


class Slow(OriginList):
    """A list whose next look-up waits, with the old entries in hand, until the test goes on."""

    def matcher(self, profile):
        found = super().matcher(profile)
        if waits := self.__dict__.pop("waits", None):
            entered, goes_on = waits
            entered.set()
            assert goes_on.wait(LIMIT)
        return found


PREFLIGHT = {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}


def admitted(app, **more):
    headers = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN, **more}
    app(environ, lambda status, found: headers.extend(found))
    return ("Access-Control-Allow-Origin", ORIGIN) in headers


@pytest.mark.parametrize("asking", [{}, PREFLIGHT], ids=["request", "preflight"])
@pytest.mark.parametrize("first", [(), ("first",)], ids=["alone", "second"])
def test_a_request_that_is_slow_leaves_nothing_of_the_old_list_behind(asking, first):
    """It has found its origin allowed, and goes on after the list has lost it."""
    source = Source(ORIGIN)
    origins = Slow(source, every=NEVER)
    policies = {name: {"origin": OriginList(Source(OTHER), every=NEVER)} for name in first}
    app = CORS(plain_app, policies={**policies, "last": {"origin": origins}})
    answers = []
    entered, goes_on = origins.waits = threading.Event(), threading.Event()
    slow = threading.Thread(target=lambda: answers.append(admitted(app, **asking)))
    slow.start()
    assert entered.wait(LIMIT)
    source.gives = [OTHER]
    origins.reload()
    goes_on.set()
    slow.join(LIMIT)
    assert answers == [True]  # it began before the reload
    assert not admitted(app, **asking)


@pytest.mark.parametrize("asking", [{}, PREFLIGHT], ids=["request", "preflight"])
def test_a_request_while_the_list_is_published_leaves_nothing_behind(asking, monkeypatch):
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    app = CORS(plain_app, origin=origins)
    forget, answers = wsgicors.Group.forget, []

    def forget_and_ask(group):
        forget(group)
        answers.append(admitted(app, **asking))

    monkeypatch.setattr(wsgicors.Group, "forget", forget_and_ask)
    source.gives = [OTHER]
    origins.reload()
    assert answers == [False]
    assert not admitted(app, **asking)


@pytest.mark.once
@pytest.mark.parametrize("kind", ["threads", "gevent"])
def test_no_answer_is_stale_after_reload_returned(kind):
    """The short form; reloads.py tells how to hammer it for a minute."""
    if kind == "gevent":
        need(find_spec("gevent"), "gevent", "pip install gevent")
    assert "0 stale answers" in program("hammer", kind, "2")


@pytest.mark.once
@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is read from /proc, which Linux has"
)
def test_memory_stays_flat():
    assert "memory grew by" in program("memory", "500")


def program(*arguments):
    """What reloads.py prints; it must end well."""
    command = [sys.executable, str(Path(__file__).with_name("reloads.py")), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


FORK = """
import warnings
warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)
parent, gives, asked = os.getpid(), ["https://old.example.com"], threading.Event()
hangs = threading.Event()

def load():
    if asked.is_set() and os.getpid() == parent:
        forked.set()
        hangs.wait()
    return gives[:]

forked = threading.Event()
origins = OriginList(load, every=3600)
cors = CORS(app, origin=origins)
asked.set()
threading.Thread(target=origins.reload, daemon=True).start()
forked.wait()
gives[:] = ["https://new.example.com"]
child = os.fork()
if not child:
    origins.reload(30)
    well = allowed(cors, "https://new.example.com") and not allowed(cors, "https://old.example.com")
    os._exit(0 if well else 1)
print(os.waitpid(child, 0)[1], allowed(cors, "https://old.example.com"))
hangs.set()
origins.reload(30)
print(allowed(cors, "https://old.example.com"), allowed(cors, "https://new.example.com"))
"""


def test_reload_in_a_process_forked_during_a_load():
    assert run_script(BEFORE + FORK) == "0 True\nFalse True\n"


GREENLETS = """
import gevent.monkey; gevent.monkey.patch_all()
{before}
import gevent, gevent.event
gives, answers, ended = ["https://old.example.com"], gevent.event.Event(), gevent.event.Event()
answers.set()

def load():
    found, waits = gives[:], not answers.is_set()
    answers.wait()
    if waits:
        ended.set()
    return found

origins = OriginList(load, every=3600)
cors = CORS(app, origin=origins)
answers.clear()
first = gevent.spawn(origins.reload)
gevent.sleep(0.01)
child = gevent.os.fork()
if not child:  # gevent goes on here with the load that its parent has begun
    gives[:] = ["https://new.example.com"]
    old, answers = answers, gevent.event.Event()
    answers.set()
    origins.reload()
    old.set()
    ended.wait()
    first.get()
    well = allowed(cors, "https://new.example.com") and not allowed(cors, "https://old.example.com")
    os._exit(0 if well else 1)
print(os.waitpid(child, 0)[1])
answers.set()
first.get()
"""


@pytest.mark.once
def test_a_load_that_gevent_copies_into_a_child_does_not_bring_the_old_list_back():
    need(find_spec("gevent"), "gevent", "pip install gevent")
    script = GREENLETS.replace("{before}", BEFORE)
    command = [sys.executable, "-c", script]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    # In the child threading complains that it does not know the thread that ends.
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert result.stdout == "0\n", result.stderr


# initial


INITIAL = {"nobody": [], "one": [ORIGIN], "text": ORIGIN, "set": {ORIGIN}}
DOWN = {"down": OSError("down"), "empty": [], "rubbish": ["<html>"]}


@pytest.mark.parametrize("gives", DOWN.values(), ids=DOWN.keys())
@pytest.mark.parametrize("initial", INITIAL.values(), ids=INITIAL.keys())
def test_initial_holds_where_the_first_load_fails(initial, gives, caplog):
    source = Source()
    source.gives = gives
    origins = OriginList(source, initial=initial, every=NEVER)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "the first load of source failed; the origins of initial are used")
    ]
    assert caplog.records[0].exc_info[1] is not None
    test_client = client(origin=origins)
    assert allowed(test_client, ORIGIN) is bool(initial)
    assert (list(origins), origins.loaded) == ([ORIGIN] if initial else [], None)
    assert origins.error
    source.gives = [OTHER]
    origins.reload()
    assert [allowed(test_client, origin) for origin in (ORIGIN, OTHER)] == [False, True]


def test_initial_is_ignored_where_the_first_load_succeeds():
    origins = OriginList(Source(OTHER), initial=[ORIGIN])
    assert list(origins) == [OTHER]
    assert abs(origins.loaded - time.time()) < LIMIT


def test_without_a_good_load_another_one_follows_within_five_seconds():
    source = Source()
    source.gives = OSError("down")
    origins = OriginList(source, initial=[], every=NEVER)
    assert 0 < origins.due - time.monotonic() <= 5
    origins.due = time.monotonic()
    origins.refresh()
    finish_reload()
    assert source.asked == 2
    assert 0 < origins.due - time.monotonic() <= 5
    source.gives = [ORIGIN]
    origins.reload()
    assert origins.due - time.monotonic() > 5


WRONG = {
    "initial, number": (
        {"initial": 7},
        "initial: 7 has the type int: write a string, or a list of strings",
    ),
    "initial, entry": (
        {"initial": ["app.example.com"]},
        "initial: 'app.example.com' is not what browsers send (no scheme): write 'https://app.example.com'",
    ),
    "initial, pattern": (
        {"initial": ["https://*.example.com"], "patterns": False},
        "initial: 'https://*.example.com' is not an exact origin: write an origin in full, such as"
        " 'https://app.example.com'",
    ),
    "patterns": ({"patterns": "no"}, "patterns: 'no' is not a boolean: write True or False"),
}


@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_are_named(wrong, message):
    assert failure_of(lambda: OriginList(lambda: ORIGIN, **wrong)) == ([message], None)


# patterns=False


NOT_EXACT = {
    "wildcard": "https://*.example.com",
    "any port": "https://app.example.com:*",
    "anyone": "*",
    "copy": "copy",
    "null": "null",
    "null, quoted": " 'NULL' ",
    "regular expression": re.compile("https://app"),
    "function": lambda origin, environ: True,
}


@pytest.mark.parametrize("entry", NOT_EXACT.values(), ids=NOT_EXACT.keys())
def test_lists_of_exact_origins_take_nothing_else(entry, caplog):
    origins = OriginList(Source(ORIGIN, entry), patterns=False)
    test_client = client(origin=origins)
    assert list(origins) == [ORIGIN]
    for origin, answer in ((ORIGIN, True), ("https://a.example.com", False), ("null", False)):
        assert allowed(test_client, origin) is answer
    (problem,) = origins.problems
    assert problem.value is entry
    assert problem.message.endswith(
        " is not an exact origin: write an origin in full, such as 'https://app.example.com'"
    )
    assert [record.getMessage() for record in caplog.records] == [
        f"an origin from source is skipped: {problem.message}"
    ]


def test_a_load_of_patterns_only_is_an_error_where_they_are_not_taken():
    messages, _ = failure_of(lambda: OriginList(Source("https://*.example.com"), patterns=False))
    assert len(messages) == 1


# Watching it


def test_a_bad_entry_is_logged_when_it_appears_and_when_it_comes_again(caplog):
    source = Source(ORIGIN, "bad.example.com")
    origins = OriginList(source, every=NEVER)
    client(origin=origins)
    client(origin=origins, path="/x")
    counts = [len(caplog.records)]
    for entries in (
        ["bad.example.com"],
        ["bad.example.com", "worse.example.com"],
        [],
        ["bad.example.com"],
    ):
        source.gives = [ORIGIN, *entries]
        origins.reload()
        counts.append(len(caplog.records))
    assert counts == [1, 1, 2, 2, 3]


def test_a_recovery_is_logged_once(caplog):
    caplog.set_level(logging.INFO, "wsgicors")
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    source.gives = OSError("down")
    failure_of(origins.reload)
    source.gives = [ORIGIN, OTHER]
    origins.reload()
    origins.reload()
    assert [(record.levelname, record.getMessage()) for record in caplog.records][1:] == [
        ("INFO", "the reload of source has succeeded again, with 2 entries")
    ]


def test_entries_in_force_are_those_that_some_policy_takes():
    insecure, bad = "http://insecure.example.com", "bad.example.com"
    origins = OriginList(Source(ORIGIN, insecure, bad), every=NEVER)
    assert (list(origins), len(origins)) == ([ORIGIN, insecure], 2)  # no policy has asked
    assert [problem.value for problem in origins.problems] == [bad]
    first = client(origin=origins, credentials=True)
    assert (list(origins), len(origins)) == ([ORIGIN], 1)
    assert [problem.value for problem in origins.problems] == [insecure, bad]
    assert [problem.key for problem in origins.problems] == ["load", "load"]
    second = client(origin=origins)
    assert (list(origins), len(origins)) == ([ORIGIN, insecure], 2)
    assert [problem.value for problem in origins.problems] == [insecure, bad]
    assert [allowed(one, insecure) for one in (first, second)] == [False, True]


def test_an_empty_list_is_still_a_list():
    origins = OriginList(Source(), allow_empty=True)
    assert (len(origins), list(origins), bool(origins)) == (0, [], True)


def test_repr_says_how_the_list_is(monkeypatch):
    source = Source(ORIGIN, "bad.example.com")
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: 1_000_000_000)
        origins = OriginList(source, every=10)
    stamp = "2001-09-09T01:46:40Z"
    form = r"OriginList\(source, every=10, origins={}, loaded={}, error={}, problems={}\)"
    assert re.fullmatch(form.format(1, stamp, None, 1), repr(origins))
    source.gives = OSError("down")
    failure_of(origins.reload)
    error = re.escape(repr(origins.error))
    assert re.fullmatch(form.format(1, stamp, error, 1), repr(origins))
    unloaded = OriginList(source, every=10, initial=[])
    assert re.fullmatch(form.format(0, None, ".*", 0), repr(unloaded))


def test_loaded_is_when_the_last_good_load_began():
    source = Source(ORIGIN)
    origins = OriginList(source, every=NEVER)
    before = time.time()
    source.answers.clear()
    call = start_call(origins, source)
    between = time.time()
    source.answers.set()
    call.join(LIMIT)
    assert before <= origins.loaded <= between
    good = origins.loaded
    source.gives = OSError("down")
    failure_of(origins.reload)
    assert origins.loaded == good


def test_a_background_reload_that_fails_is_seen_too():
    source = Source(ORIGIN)
    origins = OriginList(source, every=SOON)
    test_client = client(origin=origins)
    source.gives = OSError("down")
    until(lambda: origins.error, lambda: request(test_client, OTHER))
    assert_cors(request(test_client, ORIGIN), allow_origin=ORIGIN, vary="Origin")
