"""What a preflight is, and who answers it: preflight_status, preflight_continue."""

from __future__ import annotations

import pytest
from response_support import ANY_HEADER, SAFE, STANDARD, WITH, Recorder, at, call
from support import ORIGIN, OTHER, app_sending, assert_cors, client, plain_app, preflight, request

from wsgicors import CORS


@pytest.mark.parametrize(
    ("method", "origin", "environ", "is_preflight"),
    [
        pytest.param(
            "OPTIONS", ORIGIN, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, True, id="preflight"
        ),
        pytest.param("OPTIONS", ORIGIN, {}, False, id="no-method"),
        pytest.param(
            "OPTIONS", None, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, False, id="no-origin"
        ),
        pytest.param(
            "OPTIONS",
            ORIGIN,
            {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x"},
            False,
            id="headers-alone",
        ),
        pytest.param("OPTIONS", None, {}, False, id="plain"),
        pytest.param("GET", ORIGIN, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, False, id="get"),
        pytest.param(
            "POST", ORIGIN, {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}, False, id="post"
        ),
    ],
)
@pytest.mark.parametrize("allowed_origin", ["*", ORIGIN, "copy", []], ids=repr)
def test_preflight_is_options_with_origin_and_method_and_nothing_else(
    method, origin, environ, is_preflight, allowed_origin
):
    asked = []

    def app(environ, start_response):
        asked.append(environ["REQUEST_METHOD"])
        return plain_app(environ, start_response)

    response = at(client(origin=allowed_origin, app=app), "/", origin, method, **environ)
    assert asked == ([] if is_preflight else [method])
    assert (response.body == b"ok") is not is_preflight


def test_options_that_is_no_preflight_gets_the_applications_own_answer():
    both = client(origin=ORIGIN, app=app_sending(("Allow", "GET"), body=b"mine"))
    for response in (
        request(both, method="OPTIONS"),
        request(both, ORIGIN, method="OPTIONS"),
        request(both, method="OPTIONS", Access_Control_Request_Method="PUT"),
    ):
        assert (response.text, response.headers["Allow"]) == ("mine", "GET")


@pytest.mark.parametrize(
    "status", ["401 Unauthorized", "302 Found", "405 Method Not Allowed", "500 Oops"]
)
def test_preflight_meets_no_authentication_redirect_or_405(status):
    response = preflight(client(origin=ORIGIN, app=app_sending(status=status)))
    assert response.status_int == 200
    assert_cors(response, allow_origin=ORIGIN, max_age="600", allow_methods=SAFE, vary="Origin")


@pytest.mark.parametrize("zero", [0, "0"])
def test_maxage_0_is_sent(zero):
    assert_cors(
        preflight(client(origin="*", maxage=zero)),
        allow_origin="*",
        allow_methods=SAFE,
        max_age="0",
    )


@pytest.mark.parametrize("status", [200, 201, 204, 205, 299, "200"])
def test_preflight_status_is_sent_without_a_body(status):
    for origin, vary in (("*", {}), (ORIGIN, {"vary": "Origin"})):
        response = preflight(client(origin=origin, preflight_status=status))
        assert (response.status_int, response.body) == (int(status), b"")
        assert response.headers.get("Content-Length") == (None if status == 204 else "0")
        assert_cors(response, allow_origin=origin, max_age="600", allow_methods=SAFE, **vary)


def test_refused_preflight_is_403_whatever_the_preflight_status():
    assert preflight(client(origin=[], preflight_status=200)).status_int == 403


OPTIONS_APP_HEADERS = (
    ("Allow", "GET, PUT"),
    ("Access-Control-Allow-Methods", "TRACE"),
    ("Vary", "Accept"),
)


def test_preflight_continue_lets_the_application_answer_what_is_allowed():
    app = app_sending(*OPTIONS_APP_HEADERS, status="200 Mine", body=b"mine")
    both = client(
        origin=ORIGIN, methods="GET, PUT", headers="X-A", maxage=5, preflight_continue=True, app=app
    )
    response = preflight(both)
    assert (response.status, response.body, response.headers["Allow"]) == (
        "200 Mine",
        b"mine",
        "GET, PUT",
    )
    assert_cors(
        response,
        allow_origin=ORIGIN,
        allow_methods="GET, PUT",
        allow_headers="X-A",
        max_age="5",
        vary="Accept, Origin",
    )


def test_preflight_continue_with_everything_echoed():
    both = client(
        origin=ORIGIN,
        credentials=True,
        methods="*",
        headers="*",
        expose_headers="*",
        timing=True,
        preflight_continue=True,
        app=app_sending(*OPTIONS_APP_HEADERS),
    )
    vary = "Accept, Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert_cors(
        preflight(both, headers="x-a"),
        **WITH,
        max_age="600",
        allow_methods=STANDARD,
        allow_headers="Authorization, Content-Type, x-a",
        vary=vary,
    )


def test_preflight_continue_of_a_static_policy():
    both = client(origin="*", preflight_continue=True, app=app_sending(*OPTIONS_APP_HEADERS))
    assert_cors(preflight(both), allow_origin="*", max_age="600", allow_methods=SAFE, vary="Accept")


def test_preflight_continue_does_not_continue_what_is_refused():
    def app(environ, start_response):
        raise AssertionError("the application was called")

    for origin in ([], OTHER, lambda origin, environ: False):
        assert preflight(client(origin=origin, preflight_continue=True, app=app)).status_int == 403
    both = client(**ANY_HEADER, preflight_continue=True, app=app)
    assert preflight(both, headers="a b").status_int == 403


@pytest.mark.parametrize(
    ("status", "line"), [(200, "200 OK"), (204, "204 No Content"), (299, "299 OK")]
)
def test_status_line_of_an_allowed_preflight(status, line):
    recorder = Recorder()
    environ = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    middleware = CORS(plain_app, origin=ORIGIN, preflight_status=status)
    call(middleware, recorder, "OPTIONS", ORIGIN, **environ)
    assert [args[0] for args in recorder.calls] == [line]
