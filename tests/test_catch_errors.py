"""The option catch_errors."""

from __future__ import annotations

import gc
import logging
import sys
import weakref

import pytest
from response_support import API_ONLY, SAFE, WITH, Recorder, at, call
from support import (
    ENVIRON,
    ORIGIN,
    OTHER,
    app_sending,
    ask,
    assert_cors,
    client,
    ignore,
    preflight,
    request,
)

from wsgicors import CORS


def raises_at_once(environ, start_response):
    raise LookupError("mine")


def raises_after_start(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("X-App", "1")])
    raise LookupError("mine")


ERROR_ANSWERS = [
    pytest.param({"origin": "*"}, ORIGIN, {"allow_origin": "*"}, id="static"),
    pytest.param({"origin": "*"}, None, {"allow_origin": "*"}, id="static-without-origin"),
    pytest.param(
        {"origin": ORIGIN}, ORIGIN, {"allow_origin": ORIGIN, "vary": "Origin"}, id="allowed"
    ),
    pytest.param({"origin": ORIGIN}, OTHER, {"vary": "Origin"}, id="refused"),
    pytest.param({"origin": ORIGIN}, None, {"vary": "Origin"}, id="no-origin"),
    pytest.param(
        {"origin": ORIGIN, "credentials": True, "expose_headers": "*"},
        ORIGIN,
        {**WITH, "expose_headers": "Vary", "vary": "Origin"},
        id="expose-any",
    ),
]


@pytest.mark.parametrize("app", [raises_at_once, raises_after_start])
@pytest.mark.parametrize(("options", "origin", "expected"), ERROR_ANSWERS)
def test_exception_of_the_application_is_answered_with_a_500_that_the_page_can_see(
    app, options, origin, expected, caplog
):
    response = request(client(app=app, catch_errors=True, **options), origin)
    assert (response.status_int, response.headers["Content-Type"].partition(";")[0]) == (
        500,
        "text/plain",
    )
    assert "X-App" not in response.headers
    assert "mine" not in response.text
    assert len(response.body) == int(response.headers["Content-Length"])
    assert_cors(response, **expected)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (record.name, record.exc_info[0], str(record.exc_info[1])) == (
        "wsgicors",
        LookupError,
        "mine",
    )


@pytest.mark.parametrize("app", [raises_at_once, raises_after_start])
@pytest.mark.parametrize(("options", "origin", "expected"), ERROR_ANSWERS)
def test_exception_of_the_application_propagates_by_default(app, options, origin, expected, caplog):
    with pytest.raises(LookupError, match="mine"):
        request(client(app=app, **options), origin)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_exception_propagates_where_the_request_is_not_governed():
    with pytest.raises(LookupError, match="mine"):
        at(client(API_ONLY, app=raises_at_once, catch_errors=True), "/x")


def test_exception_of_the_iterable_always_propagates():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"a"
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)


@pytest.mark.parametrize("exception", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_is_no_error_of_the_application_propagates(exception):
    def app(environ, start_response):
        raise exception

    with pytest.raises(exception):
        call(CORS(app, origin=ORIGIN, catch_errors=True), Recorder())


def writes_then_raises(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])(b"sent")
    raise LookupError("mine")


@pytest.mark.parametrize(
    ("app", "calls"),
    [
        pytest.param(raises_at_once, ["500 Internal Server Error"], id="at-once"),
        pytest.param(raises_after_start, ["500 Internal Server Error"], id="after-start"),
        pytest.param(writes_then_raises, ["200 OK", "500 Internal Server Error"], id="after-write"),
    ],
)
def test_server_hears_of_one_response_and_of_exc_info_only_where_it_had_begun(app, calls):
    recorder = Recorder()
    call(CORS(app, origin=ORIGIN, catch_errors=True), recorder)
    assert [args[0] for args in recorder.calls] == calls
    assert [len(args) for args in recorder.calls] == ([2] if len(calls) == 1 else [2, 3])


def test_start_response_of_a_generator_goes_straight_through():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"late"

    response = request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)
    assert response.body == b"late"
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")


def test_response_that_the_server_refuses_is_caught_and_its_body_closed():
    class Body(list):
        closed = 0

        def close(self):
            self.closed += 1

    body, heard = Body([b"ok"]), []

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Split", "1\r\nX-Evil: 2")])
        return body

    def start_response(status, headers, exc_info=None):
        heard.append((status, exc_info is not None))
        if any("\n" in value for _, value in headers):
            raise ValueError("a header with a line break")

    assert call(CORS(app, origin=ORIGIN, catch_errors=True), start_response) == [
        b"Internal Server Error\n"
    ]
    assert heard == [("200 OK", False), ("500 Internal Server Error", True)]
    assert body.closed == 1


def test_body_whose_close_fails_as_well_is_still_answered_with_a_500(caplog):
    class Body(list):
        def close(self):
            raise RuntimeError("a bug of close")

    def app(environ, start_response):
        start_response("200 OK", [("X-Split", "1\r\nX-Evil: 2")])
        return Body()

    def start_response(status, headers, exc_info=None):
        heard.append((status, exc_info and exc_info[0]))
        if status == "200 OK":
            raise ValueError("a header with a line break")

    heard = []
    assert call(CORS(app, origin=ORIGIN, catch_errors=True), start_response) == [
        b"Internal Server Error\n"
    ]
    assert heard == [("200 OK", None), ("500 Internal Server Error", ValueError)]
    assert [record.getMessage() for record in caplog.records] == [
        "the application failed at 'GET' '/'",
        "closing the response of the application failed",
    ]


def test_caught_error_is_answered_as_the_request_came_whatever_the_application_made_of_it(caplog):
    def app(environ, start_response):
        environ.update(REQUEST_METHOD="GET", PATH_INFO="/rewritten")
        raise RuntimeError("a bug")

    environ = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN}
    assert CORS(app, origin=ORIGIN, catch_errors=True)(environ, Recorder()) == []
    assert [record.getMessage() for record in caplog.records] == [
        "the application failed at 'HEAD' '/'"
    ]


@pytest.mark.parametrize("option", ["origin", "matchstrategy"])
def test_caught_error_is_answered_as_the_request_came_whatever_a_function_made_of_it(
    option, caplog
):
    """A HEAD with a body would spoil the next response of the connection."""

    def change(environ):
        environ.update(REQUEST_METHOD="GET", PATH_INFO="/rewritten")
        return "p"

    def predicate(origin, environ):
        return change(environ) == "p"

    options = {"policy": "p", "p_origin": predicate}
    if option == "matchstrategy":
        options = {"policy": "p", "p_origin": ORIGIN, "matchstrategy": change}
    environ = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN}
    assert CORS(raises_at_once, catch_errors=True, **options)(environ, Recorder()) == []
    assert [record.getMessage() for record in caplog.records] == [
        "the application failed at 'HEAD' '/'"
    ]


def test_caught_error_of_a_head_request_has_no_body():
    recorder = Recorder()
    environ = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN}
    assert CORS(raises_at_once, origin=ORIGIN, catch_errors=True)(environ, recorder) == []
    assert recorder.calls[0][0] == "500 Internal Server Error"


def test_exception_after_the_first_bytes_is_the_servers():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])(b"sent")
        raise LookupError("mine")

    def start_response(status, headers, exc_info=None):
        if exc_info:
            raise exc_info[1]
        return lambda data: None

    with pytest.raises(LookupError, match="mine"):
        call(CORS(app, origin=ORIGIN, catch_errors=True), start_response)


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="PyPy frees later")
def test_exception_that_is_too_late_for_a_500_is_freed_without_the_garbage_collector(monkeypatch):
    class Mine(Exception):
        pass

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])(b"sent")
        error = Mine()
        raised.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    monkeypatch.setattr(logging.getLogger("wsgicors"), "disabled", True)  # pytest keeps records
    raised = []
    middleware = CORS(app, origin=ORIGIN, catch_errors=True)
    gc.disable()
    try:
        call(middleware, lambda status, headers, exc_info=None: lambda data: None)
        assert [reference() for reference in raised] == [None]
    finally:
        gc.enable()


def test_exception_while_a_preflight_is_continued():
    both = client(app=raises_at_once, origin=ORIGIN, preflight_continue=True, catch_errors=True)
    response = preflight(both)
    assert response.status_int == 500
    assert_cors(response, allow_origin=ORIGIN, max_age="600", allow_methods=SAFE, vary="Origin")


def test_error_of_the_application_is_seen_by_the_page():
    def app(environ, start_response):
        raise LookupError("mine")

    response = request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)
    assert response.status_int == 500
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")
    response = request(client(app=app_sending(status="500 Oops"), origin=ORIGIN), ORIGIN)
    assert response.status_int == 500
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")


def test_log_says_at_which_request_the_application_failed(caplog):
    def app(environ, start_response):
        raise RuntimeError("a bug")

    CORS(app, origin=ORIGIN, catch_errors=True)({**ENVIRON, "PATH_INFO": "/\n"}, ignore)
    ((_, level, text),) = caplog.record_tuples
    assert (level, text) == (logging.ERROR, "the application failed at 'GET' '/\\n'")


def test_caught_or_not_the_headers_are_those_that_the_application_announced():
    def app(environ, start_response):
        headers = [("Content-Type", "text/plain")]
        start_response("200 OK", headers)
        headers.append(("X-Later", "1"))
        return [b"ok"]

    for catch_errors in (False, True):
        recorder = Recorder()
        ask(CORS(app, origin="*", catch_errors=catch_errors), recorder)
        expected = [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", "*")]
        assert recorder.headers == expected
