"""What PEP 3333 asks of a middleware: the iterable, write, exc_info, the environ, lists that are not shared."""

from __future__ import annotations

import io
import sys
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest
import webtest
from response_support import OWN, Body, Recorder, call
from support import (
    ENVIRON,
    ORIGIN,
    OTHER,
    ask,
    assert_cors,
    client,
    ignore,
    plain_app,
    preflight,
    request,
)

from wsgicors import CORS

KINDS = [
    pytest.param({"origin": "*"}, ORIGIN, id="static"),
    pytest.param({"origin": "*"}, None, id="static-without-origin"),
    pytest.param({"origin": ORIGIN}, ORIGIN, id="allowed"),
    pytest.param({"origin": ORIGIN}, OTHER, id="refused"),
    pytest.param({"origin": ORIGIN}, None, id="no-origin"),
    pytest.param(
        {"origin": ORIGIN, "credentials": True, "expose_headers": "*"}, ORIGIN, id="expose-any"
    ),
    pytest.param(
        {"policy": "api", "api_path": "/api", "api_origin": ORIGIN}, ORIGIN, id="not-governed"
    ),
    pytest.param({"origin": ORIGIN, "catch_errors": True}, ORIGIN, id="catch-errors"),
    pytest.param(
        {"origin": lambda origin, environ: True, "matchstrategy": "verbmatch"},
        ORIGIN,
        id="verbmatch",
    ),
]


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_iterable_of_the_application_is_returned_as_it_is(options, origin):
    for body in (Body(b"a"), [b"a"], (b"a",), iter([b"a"]), FileWrapper(io.BytesIO(b"a"))):

        def app(environ, start_response, body=body):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return body

        assert call(CORS(app, **options), Recorder(), origin=origin) is body
        if isinstance(body, Body):
            assert (body.iterated, body.closed) == (0, 0)


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_file_wrapper_of_the_server_reaches_the_server(options, origin):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"file"))

    found = call(
        CORS(app, **options), Recorder(), origin=origin, **{"wsgi.file_wrapper": FileWrapper}
    )
    assert type(found) is FileWrapper


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_generator_starts_when_it_is_asked_and_is_decorated_then(options, origin):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"a"
        yield b"b"

    recorder, plain = Recorder(), Recorder()
    body = call(CORS(app, **options), recorder, origin=origin)
    assert recorder.calls == []
    assert next(body) == b"a"
    call(CORS(plain_app, **options), plain, origin=origin)
    ours = [
        header for header in plain.headers if header[0] not in ("Content-Type", "Content-Length")
    ]
    assert recorder.headers == [("Content-Type", "text/plain"), *ours]
    body.close()


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_header_list_of_the_application_is_never_changed(options, origin):
    headers = [("Content-Type", "text/plain"), ("Vary", "Accept"), *OWN]
    before = list(headers)

    def app(environ, start_response):
        start_response("200 OK", headers)
        return []

    for _ in range(2):
        call(CORS(app, **options), Recorder(), origin=origin)
        assert headers == before


@pytest.mark.parametrize("preflighted", [False, True], ids=["request", "preflight"])
@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_header_list_of_ours_is_never_shared_between_requests(options, origin, preflighted):
    middleware = CORS(
        lambda environ, start_response: start_response("200 OK", []) and [], **options
    )
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"} if preflighted else {}
    seen = []
    for _ in range(2):
        recorder = Recorder()
        call(middleware, recorder, "OPTIONS" if preflighted else "GET", origin=origin, **asked)
        assert type(recorder.headers) is list
        seen.append(list(recorder.headers))
        recorder.headers[:] = [("X-Mutated", "1")]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("asked", ["PUT", "not a token"], ids=["allowed", "refused"])
@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_body_of_ours_is_never_shared_between_requests(options, origin, asked):
    middleware = CORS(plain_app, **options)
    names = {"HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked}
    environ = {name: value for name, value in names.items() if value is not None}
    seen = []
    for _ in range(3):
        body = ask(middleware, ignore, "OPTIONS", **environ)
        seen.append(list(body))
        if isinstance(body, list):
            body.append(b"of an outer middleware")
    assert seen[0] == seen[1] == seen[2]


class Text(str):
    """What a server's or a middleware's own kind of text may be."""


@pytest.mark.parametrize("asked", [None, "PUT"], ids=["request", "preflight"])
@pytest.mark.parametrize("allowed", [ORIGIN, "https://*.example.com", "copy"])
def test_origin_of_a_subclass_of_str_is_sent_and_remembered_as_a_str(allowed, asked):
    middleware = CORS(plain_app, origin=allowed, timing=True)
    environ = {} if asked is None else {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked}
    for kind in (Text, str):
        recorder = Recorder()
        ask(
            middleware, recorder, "OPTIONS" if asked else "GET", HTTP_ORIGIN=kind(ORIGIN), **environ
        )
        assert ("Access-Control-Allow-Origin", ORIGIN) in recorder.headers
        assert {type(value) for _, value in recorder.headers} == {str}


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_write_callable_is_the_servers(options, origin):
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written")
        return [b"returned"]

    recorder = Recorder()
    assert call(CORS(app, **options), recorder, origin=origin) == [b"returned"]
    assert recorder.written == [b"written"]
    response = request(client(app=app, **options), origin)
    assert response.body == b"writtenreturned"


@pytest.mark.parametrize("none", [(), (None,)], ids=["not-given", "None"])
@pytest.mark.parametrize(
    ("options", "origin"), [parameter for parameter in KINDS if parameter.id != "not-governed"]
)
def test_exc_info_that_is_none_is_left_out(options, origin, none):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")], *none)
        return []

    recorder = Recorder()
    call(CORS(app, **options), recorder, origin=origin)
    assert [len(args) for args in recorder.calls] == [2]


@pytest.mark.parametrize(("options", "origin"), KINDS)
def test_second_start_response_is_decorated_too_and_exc_info_is_passed_on(options, origin):
    infos = []

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-First", "1")])
        try:
            raise LookupError("mine")
        except LookupError:
            infos.append(sys.exc_info())
            start_response("500 Oops", [("Content-Type", "text/html"), *OWN[:1]], infos[0])
        return [b"error"]

    recorder, plain = Recorder(), Recorder()
    call(CORS(app, **options), recorder, origin=origin)
    call(CORS(plain_app, **options), plain, origin=origin)
    if "policy" in options:
        assert recorder.headers == [("Content-Type", "text/html"), *OWN[:1]]
    else:
        ours = [
            header
            for header in plain.headers
            if header[0] not in ("Content-Type", "Content-Length")
        ]
        assert recorder.headers == [("Content-Type", "text/html"), *ours]
    if not options.get("catch_errors"):  # which holds the first back
        assert [len(args) for args in recorder.calls] == [2, 3]
        assert recorder.calls[0][0] == "200 OK"
    assert recorder.calls[-1][0] == "500 Oops"
    assert recorder.calls[-1][2] is infos[0]
    assert request(client(app=app, **options), origin).status == "500 Oops"


def test_environ_reaches_the_application_unchanged():
    seen = []

    def app(environ, start_response):
        seen.append(environ)
        return plain_app(environ, start_response)

    environ = {"HTTP_ORIGIN": ORIGIN, "REQUEST_METHOD": "GET"}
    setup_testing_defaults(environ)
    before = dict(environ)
    CORS(app, origin=ORIGIN)(environ, Recorder())
    assert seen[0] is environ
    assert environ == before


def test_subclass_that_constructs_the_middleware_for_every_request():
    class Application:
        def __call__(self, environ, start_response):
            return validator(plain_app)(environ, start_response)

    class WithCORS(Application):
        options = {"headers": "*", "methods": "*", "maxage": "180", "origin": "*"}

        def __call__(self, environ, start_response):
            return CORS(super().__call__, **self.options)(environ, start_response)

    both = webtest.TestApp(validator(WithCORS()), lint=False)
    for _ in range(3):
        assert_cors(request(both, ORIGIN), allow_origin="*")
        assert preflight(both).status_int == 200


def test_outer_start_response_that_takes_two_arguments_only():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")], None)
        return [b"ok"]

    for options in (
        {"origin": "*"},
        {"origin": ORIGIN},
        {"origin": []},
        {"origin": ORIGIN, "catch_errors": True},
    ):
        seen = []

        def start_response(status, headers, seen=seen):
            seen.append((status, headers))

        for method in ("GET", "OPTIONS"):
            environ = {"HTTP_ORIGIN": ORIGIN, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
            ask(CORS(app, **options), start_response, method, **environ)
        assert [status[:3] for status, _ in seen] == [
            "200",
            "403" if options["origin"] == [] else "200",
        ]


def test_headers_must_be_a_list():
    def app(environ, start_response):
        start_response("204 No Content", {"X-New-Here": "1"}.items())

    with pytest.raises(TypeError) as caught:
        CORS(app, origin=ORIGIN)(ENVIRON, ignore)
    assert str(caught.value) == "start_response takes a list of headers (PEP 3333), not dict_items"


def test_second_start_response_without_exc_info_is_the_error_that_it_is_without_catch_errors():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        start_response("201 Created", [("Content-Type", "text/plain")])
        return [b"never"]

    recorder = Recorder()
    call(CORS(app, origin=ORIGIN, catch_errors=True), recorder)
    assert [args[0] for args in recorder.calls] == ["500 Internal Server Error"]


@pytest.mark.parametrize("catch_errors", [False, True])
def test_write_within_the_iterable_reaches_the_server(catch_errors):
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        return (write(b"one ") or b"two" for _ in range(1))

    recorder = Recorder()
    assert list(call(CORS(app, origin=ORIGIN, catch_errors=catch_errors), recorder)) == [b"two"]
    assert recorder.written == [b"one "]


def test_headers_that_are_no_list_are_an_error_each_time():
    def app(environ, start_response):
        start_response("200 OK", iter([("Content-Type", "text/plain"), ("Content-Length", "0")]))
        return []

    middleware = CORS(app, origin="*")
    for _ in range(2):
        with pytest.raises(TypeError, match="takes a list of headers"):
            call(middleware, Recorder())


def test_what_an_application_writes_is_not_held_back():
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"one ")
        write(b"two")
        return [b"!"]

    response = request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)
    assert response.body == b"one two!"
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")


def test_a_second_start_response_without_exc_info_is_the_applications_error(caplog):
    def app(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    answers = []
    CORS(app, origin=ORIGIN, catch_errors=True)(ENVIRON, lambda status, *_: answers.append(status))
    assert answers == ["500 Internal Server Error"]
    assert (
        "AssertionError: start_response was called a second time without exc_info (PEP 3333)"
        in caplog.text
    )


def test_exc_info_of_a_late_start_response_is_passed_on():
    received = []

    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"first"
        try:
            raise RuntimeError("a bug")
        except RuntimeError:
            start_response("500 Late", [], sys.exc_info())

    cors = CORS(app, origin=ORIGIN, catch_errors=True)
    list(
        cors(
            ENVIRON,
            lambda status, headers, exc_info=None: received.append(
                (status, exc_info and exc_info[0])
            ),
        )
    )
    assert received == [("200 OK", None), ("500 Late", RuntimeError)]


# jub0bs/cors 0.13.6
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("origin", [ORIGIN, OTHER, None])
@pytest.mark.parametrize("allowed", ["*", ORIGIN, [ORIGIN, "https://b.example"]])
def test_header_list_that_is_changed_changes_no_later_response(allowed, origin, method):
    middleware = CORS(plain_app, origin=allowed, maxage=5)
    environ = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    if origin is not None:
        environ["HTTP_ORIGIN"] = origin
    seen = []

    def start_response(status, headers, exc_info=None):
        seen.append(list(headers))
        headers.clear()
        headers.append(("X-Changed", "1"))

    for _ in range(3):
        ask(middleware, start_response, method, **environ)
    assert seen[0] == seen[1] == seen[2] != []
