"""OriginList: a list that gets new policies, in configure and during a reload."""

from __future__ import annotations

import threading

import pytest
from origin_list_support import LIMIT, NEVER, SOON, Source, finish_reload, logged, until
from support import ORIGIN, plain_app

from wsgicors import CORS, ConfigError, OriginList

pytestmark = pytest.mark.usefixtures("no_reload_outlives_its_test")


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
