"""What is allowed: the headers, exactly."""

from __future__ import annotations

import pytest
from response_support import REFUSED, SAFE, STANDARD, WITH
from support import ORIGIN, OTHER, assert_cors, client, cors_headers, preflight, request

ORIGIN_VARY = {"allow_origin": ORIGIN, "vary": "Origin"}

ALLOWED = [
    # options, what a preflight for PUT with `x-token` gets, what any other request gets
    (
        "star",
        {"origin": "*"},
        {"allow_origin": "*", "max_age": "600", "allow_methods": SAFE},
        {"allow_origin": "*"},
    ),
    (
        "one",
        {"origin": ORIGIN},
        {**ORIGIN_VARY, "max_age": "600", "allow_methods": SAFE},
        ORIGIN_VARY,
    ),
    (
        "copy",
        {"origin": "copy"},
        {**ORIGIN_VARY, "max_age": "600", "allow_methods": SAFE},
        ORIGIN_VARY,
    ),
    (
        "star-everything",
        {
            "origin": "*",
            "methods": "*",
            "headers": "*",
            "expose_headers": "*",
            "maxage": 600,
            "timing": True,
        },
        {
            "allow_origin": "*",
            "allow_methods": "*, PUT, PATCH, DELETE",
            "allow_headers": "*, Authorization, Content-Type, x-token",
            "max_age": "600",
            "vary": "Access-Control-Request-Headers",
        },
        {"allow_origin": "*", "expose_headers": "*", "timing_allow_origin": "*"},
    ),
    (
        "one-everything",
        {
            "origin": ORIGIN,
            "methods": "*",
            "headers": "*",
            "expose_headers": "*",
            "maxage": 600,
            "timing": True,
        },
        {
            "allow_origin": ORIGIN,
            "vary": "Origin, Access-Control-Request-Headers",
            "allow_methods": "*, PUT, PATCH, DELETE",
            "allow_headers": "*, Authorization, Content-Type, x-token",
            "max_age": "600",
        },
        {**ORIGIN_VARY, "expose_headers": "*", "timing_allow_origin": ORIGIN},
    ),
    (
        "lists",
        {
            "origin": ORIGIN,
            "methods": "GET, put",
            "headers": "X-Token X-B",
            "expose_headers": "X-C,X-D",
        },
        {
            **ORIGIN_VARY,
            "max_age": "600",
            "allow_methods": "GET, PUT",
            "allow_headers": "X-Token, X-B",
        },
        {**ORIGIN_VARY, "expose_headers": "X-C, X-D"},
    ),
    (
        "lists-with-star",
        {
            "origin": "*",
            "methods": "GET, put",
            "headers": "X-Token X-B",
            "expose_headers": "X-C,X-D",
        },
        {
            "allow_origin": "*",
            "max_age": "600",
            "allow_methods": "GET, PUT",
            "allow_headers": "X-Token, X-B",
        },
        {"allow_origin": "*", "expose_headers": "X-C, X-D"},
    ),
    (
        "no-methods",
        {"origin": "*", "methods": []},
        {"allow_origin": "*", "max_age": "600"},
        {"allow_origin": "*"},
    ),
    (
        "maxage-0",
        {"origin": "*", "maxage": 0},
        {"allow_origin": "*", "allow_methods": SAFE, "max_age": "0"},
        {"allow_origin": "*"},
    ),
    (
        "credentials",
        {"origin": ORIGIN, "credentials": True, "timing": True, "maxage": 5},
        {**WITH, "allow_methods": SAFE, "max_age": "5", "vary": "Origin"},
        {**WITH, "timing_allow_origin": ORIGIN, "vary": "Origin"},
    ),
    (
        "credentials-lists",
        {
            "origin": ORIGIN,
            "credentials": True,
            "methods": "PUT",
            "headers": "X-Token",
            "expose_headers": "X-C",
        },
        {
            **WITH,
            "max_age": "600",
            "allow_methods": "PUT",
            "allow_headers": "X-Token",
            "vary": "Origin",
        },
        {**WITH, "expose_headers": "X-C", "vary": "Origin"},
    ),
    (
        "credentials-any-method",
        {"origin": ORIGIN, "credentials": True, "methods": "*"},
        {
            **WITH,
            "max_age": "600",
            "allow_methods": STANDARD,
            "vary": "Origin, Access-Control-Request-Method",
        },
        {**WITH, "vary": "Origin"},
    ),
    (
        "credentials-any-header",
        {"origin": ORIGIN, "credentials": True, "headers": "*"},
        {
            **WITH,
            "max_age": "600",
            "allow_methods": SAFE,
            "allow_headers": "Authorization, Content-Type, x-token",
            "vary": "Origin, Access-Control-Request-Headers",
        },
        {**WITH, "vary": "Origin"},
    ),
    (
        "credentials-anything",
        {
            "origin": ORIGIN,
            "credentials": True,
            "methods": "*",
            "headers": "*",
            "expose_headers": "*",
        },
        {
            **WITH,
            "max_age": "600",
            "allow_methods": STANDARD,
            "allow_headers": "Authorization, Content-Type, x-token",
            "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        },
        {**WITH, "expose_headers": "Vary", "vary": "Origin"},
    ),
]


@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(row[1], row[2], id=row[0]) for row in ALLOWED]
)
def test_allowed_preflight_has_exactly_these_headers_and_no_body(options, expected):
    response = preflight(client(**options), headers="x-token")
    assert (response.status, response.body) == ("200 OK", b"")
    assert_cors(response, **expected)
    entity = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": "0"}
    assert entity.items() <= dict(response.headerlist).items()
    assert len(response.headerlist) == len(cors_headers(response)) + len(entity)


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(row[1], row[3], id=row[0]) for row in ALLOWED]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "PROPFIND"])
def test_allowed_request_has_exactly_these_headers_whatever_its_method(options, expected, method):
    response = request(client(**options), ORIGIN, method)
    assert (response.status, response.body) == ("200 OK", b"ok")
    assert_cors(response, **expected)
    names = [name for name, _ in response.headerlist if name.lower() not in cors_headers(response)]
    assert names == ["Content-Type", "Content-Length"]


@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(row[1], row[3], id=row[0]) for row in ALLOWED]
)
def test_without_origin_static_policies_send_the_same_and_others_vary(options, expected):
    assert_cors(request(client(**options)), **(expected if options["origin"] == "*" else REFUSED))
    assert_cors(
        request(client(**options), "malformed"),
        **(expected if options["origin"] == "*" else REFUSED),
    )


STATUSES = [
    "200 OK",
    "201 Created",
    "204 No Content",
    "206 Partial Content",
    "302 Found",
    "304 Not Modified",
    "401 Unauthorized",
    "404 Not Found",
    "405 Method Not Allowed",
    "500 Internal Server Error",
    "599 Custom",
]


def app_with_status(status):
    def app(environ, start_response):
        headers = [("X-App", "1")]
        if status[:3] not in ("204", "304"):
            headers.append(("Content-Type", "text/plain"))
        start_response(status, headers)
        return [b""]

    return app


@pytest.mark.parametrize("status", STATUSES)
def test_status_changes_nothing(status):
    app = app_with_status(status)
    response = request(client(origin=ORIGIN, credentials=True, app=app), ORIGIN)
    assert (response.status, response.headers["X-App"]) == (status, "1")
    assert_cors(response, **WITH, vary="Origin")
    assert_cors(request(client(origin=ORIGIN, app=app), OTHER), vary="Origin")
    assert_cors(request(client(origin=ORIGIN, app=app)), vary="Origin")
    assert_cors(request(client(origin="*", app=app)), allow_origin="*")


def test_any_header_covers_authorization():
    response = preflight(client(origin="*", headers="*"), headers="authorization")
    assert_cors(
        response,
        allow_origin="*",
        allow_methods=SAFE,
        allow_headers="*, Authorization, Content-Type",
        max_age="600",
        vary="Access-Control-Request-Headers",
    )
    response = preflight(
        client(origin=ORIGIN, credentials=True, headers="*"), headers="authorization,x-a"
    )
    assert_cors(
        response,
        allow_origin=ORIGIN,
        allow_credentials="true",
        allow_methods=SAFE,
        allow_headers="Authorization, Content-Type, x-a",
        max_age="600",
        vary="Origin, Access-Control-Request-Headers",
    )


def test_not_modified_has_the_headers():
    def app(environ, start_response):
        start_response("304 Not Modified", [("ETag", '"1"')])
        return [b""]

    response = request(
        client(origin=ORIGIN, credentials=True, expose_headers="ETag", app=app), ORIGIN
    )
    assert_cors(
        response,
        allow_origin=ORIGIN,
        allow_credentials="true",
        expose_headers="ETag",
        vary="Origin",
    )
