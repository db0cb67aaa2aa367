"""Browser: the faults of the application itself."""

from __future__ import annotations

import pytest
from browser_support import PAGE, allow

from wsgicors_explain import Browser


def test_exception_of_the_application_propagates():
    def app(environ, start_response):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        Browser(app, PAGE).fetch("/")


def test_exception_of_the_iterable_propagates_and_it_is_closed():
    class Body:
        closed = False

        def __iter__(self):
            raise LookupError("mine")

        def close(self):
            Body.closed = True

    def app(environ, start_response):
        start_response("200 OK", allow())
        return Body()

    with pytest.raises(LookupError, match="mine"):
        Browser(app, PAGE).fetch("/")
    assert Body.closed


def test_endless_stream_is_read_only_until_its_first_bytes():
    closed = []

    def app(environ, start_response):
        start_response("200 OK", allow())
        try:
            yield b""
            while True:
                yield b"data: x\n\n"
        finally:
            closed.append(True)

    assert Browser(app, PAGE).fetch("/events")
    assert closed == [True]


def test_second_start_response_with_exc_info_replaces_the_first():
    import sys

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise LookupError("mine")
        except LookupError:
            start_response("500 Oops", allow(), sys.exc_info())
        return [b""]

    verdict = Browser(app, PAGE).fetch("/")
    assert (verdict.allowed, verdict.response.status) == (True, 500)


def test_second_start_response_after_write_raises_the_exception():
    import sys

    def app(environ, start_response):
        start_response("200 OK", allow())(b"written")
        try:
            raise LookupError("mine")
        except LookupError:
            start_response("500 Oops", [], sys.exc_info())
        return [b""]

    with pytest.raises(LookupError, match="mine"):
        Browser(app, PAGE).fetch("/")


def test_breaches_of_pep_3333_are_errors():
    def twice(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    with pytest.raises(RuntimeError, match="called start_response twice without exc_info"):
        Browser(twice, PAGE).fetch("/")
    with pytest.raises(RuntimeError, match="did not call start_response"):
        Browser(lambda environ, start_response: [], PAGE).fetch("/")
