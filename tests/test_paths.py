"""Paths: which group of policies governs a path, and that no spelling of it gets a laxer policy."""

from __future__ import annotations

from wsgiref.util import setup_testing_defaults

import pytest
from response_support import (
    API,
    API_ONLY,
    NOT_GOVERNED,
    REFUSED,
    THIRD,
    Recorder,
    allowed,
    at,
    call,
    exposing,
)
from support import (
    CORS_NAMES,
    ENVIRON,
    ORIGIN,
    OTHER,
    ask,
    assert_cors,
    client,
    plain_app,
    preflight,
    request,
)

from wsgicors import CORS


def preflight_at(test_client, path, origin=ORIGIN, asked="PUT"):
    return at(test_client, path, origin, "OPTIONS", HTTP_ACCESS_CONTROL_REQUEST_METHOD=asked)


EXACT = {
    "policy": "page, rest",
    "page_path": "/page, /dir/",
    "page_origin": ORIGIN,
    "rest_origin": "copy",
}
ORDER = {
    "policy": "wide, deep, wide2",
    "wide_path": "/a/*",
    "wide_origin": ORIGIN,
    "deep_path": "/a/b/*",
    "deep_origin": "copy",
    "wide2_path": "/a/*",
    "wide2_origin": OTHER,
}
NESTED = {
    "policy": "deep, wide, rest",
    "deep_path": "/a/b/*",
    "deep_origin": ORIGIN,
    "wide_path": "/a/*",
    "wide_origin": "copy",
    "rest_origin": "copy",
}
SEVERAL = {"policy": "p, rest", "p_path": "/a /b/*, /c", "p_origin": ORIGIN, "rest_origin": "copy"}
ROOT = {"policy": "root, rest", "root_path": "/", "root_origin": ORIGIN, "rest_origin": "copy"}
ALL = {"policy": "all, rest", "all_path": "/*", "all_origin": ORIGIN, "rest_origin": "copy"}
UNICODE = {"policy": "p, rest", "p_path": "/café/*", "p_origin": ORIGIN, "rest_origin": "copy"}
LATE_REST = {
    "policy": "rest, api",
    "api_path": "/api/*",
    "api_origin": ORIGIN,
    "rest_origin": "copy",
}

PATHS = [
    # configuration, PATH_INFO, origin, the policy that answers, or what is sent
    ("api", API, "/api", ORIGIN, "api"),
    ("api", API, "/api/", ORIGIN, "api"),
    ("api", API, "/api/x", ORIGIN, "api"),
    ("api", API, "/api/x/y/", ORIGIN, "api"),
    ("api", API, "/apix", ORIGIN, "rest"),
    ("api", API, "/API", ORIGIN, "rest"),
    ("api", API, "/Api/x", ORIGIN, "rest"),
    ("api", API, "/ap", ORIGIN, "rest"),
    ("api", API, "/x/api", ORIGIN, "rest"),
    ("api", API, "/", ORIGIN, "rest"),
    ("api", API, "", ORIGIN, "rest"),
    # an origin that the group refuses is not handed on
    ("api", API, "/api", OTHER, REFUSED),
    ("api", API, "/api/x", OTHER, REFUSED),
    ("api", API, "/apix", OTHER, "rest"),
    # never decoded again
    ("api", API, "/%61pi/x", ORIGIN, "rest"),
    ("api", API, "/api%2fx", ORIGIN, "rest"),
    ("api", API, "/api/%2e%2e/x", ORIGIN, "api"),
    ("api", API, "/x/%2e%2e/api", ORIGIN, "rest"),
    ("api", API, "/api+x", ORIGIN, "rest"),
    ("api", API, "/api;v=1", ORIGIN, "rest"),
    ("api", API, "/api?x", ORIGIN, "rest"),
    # the normal form picks another group
    ("api", API, "/api/../x", ORIGIN, REFUSED),
    ("api", API, "/x/../api", ORIGIN, REFUSED),
    ("api", API, "/x/../api/y", ORIGIN, REFUSED),
    ("api", API, "/x/../api/y", OTHER, REFUSED),
    ("api", API, "//api/x", ORIGIN, REFUSED),
    ("api", API, "//api/x", OTHER, REFUSED),
    ("api", API, "/./api", ORIGIN, REFUSED),
    ("api", API, "/\\api", ORIGIN, REFUSED),
    ("api", API, "/x\\..\\api", ORIGIN, REFUSED),
    ("api", API, "/api/..", ORIGIN, REFUSED),
    ("api", API, "/../api", ORIGIN, REFUSED),
    ("api", API, "/api\\x", ORIGIN, REFUSED),
    ("api", API, "///", ORIGIN, "rest"),
    # the normal form picks the same one
    ("api", API, "/api//x", ORIGIN, "api"),
    ("api", API, "/api/./x", ORIGIN, "api"),
    ("api", API, "/api/x/..", ORIGIN, "api"),
    ("api", API, "/api/x/../y", ORIGIN, "api"),
    ("api", API, "/api/a\\b", ORIGIN, "api"),
    ("api", API, "/x//y", ORIGIN, "rest"),
    ("api", API, "/x/..", ORIGIN, "rest"),
    ("api", API, "/..", ORIGIN, "rest"),
    ("api", API, "/.well-known/x", ORIGIN, "rest"),
    ("api", API, "/api/.hidden", ORIGIN, "api"),
    ("api", API, "/api/...", ORIGIN, "api"),
    # no group is left
    ("api-only", API_ONLY, "/api/x", ORIGIN, "api"),
    ("api-only", API_ONLY, "/api/x", OTHER, REFUSED),
    ("api-only", API_ONLY, "/x", ORIGIN, NOT_GOVERNED),
    ("api-only", API_ONLY, "/apix", ORIGIN, NOT_GOVERNED),
    ("api-only", API_ONLY, "/", ORIGIN, NOT_GOVERNED),
    ("api-only", API_ONLY, "/x//y", ORIGIN, NOT_GOVERNED),
    ("api-only", API_ONLY, "/x/../api", ORIGIN, REFUSED),
    ("api-only", API_ONLY, "/api/../x", ORIGIN, REFUSED),
    ("exact", EXACT, "/page", ORIGIN, "page"),
    ("exact", EXACT, "/page/", ORIGIN, "rest"),
    ("exact", EXACT, "/page/x", ORIGIN, "rest"),
    ("exact", EXACT, "/dir/", ORIGIN, "page"),
    ("exact", EXACT, "/dir", ORIGIN, "rest"),
    ("exact", EXACT, "/dir/x", ORIGIN, "rest"),
    # RFC 3986, 5.2.4: what ends in a dot segment ends in a slash
    ("exact", EXACT, "/dir/.", ORIGIN, REFUSED),
    ("exact", EXACT, "/dir/x/..", ORIGIN, REFUSED),
    ("exact", EXACT, "/dir//", ORIGIN, REFUSED),
    ("exact", EXACT, "//page", OTHER, REFUSED),
    # order alone decides, not length
    ("order", ORDER, "/a/b/c", ORIGIN, "wide"),
    ("order", ORDER, "/a/b/c", OTHER, "wide2"),
    ("order", ORDER, "/a/b/c", THIRD, REFUSED),
    ("nested", NESTED, "/a/b/c", ORIGIN, "deep"),
    ("nested", NESTED, "/a/b/c", OTHER, REFUSED),
    ("nested", NESTED, "/a/b", OTHER, REFUSED),
    ("nested", NESTED, "/a/c", OTHER, "wide"),
    ("nested", NESTED, "/a/c/../b", OTHER, REFUSED),
    ("nested", NESTED, "/c", OTHER, "rest"),
    ("several", SEVERAL, "/a", ORIGIN, "p"),
    ("several", SEVERAL, "/a/x", ORIGIN, "rest"),
    ("several", SEVERAL, "/b", ORIGIN, "p"),
    ("several", SEVERAL, "/b/x", ORIGIN, "p"),
    ("several", SEVERAL, "/c", ORIGIN, "p"),
    ("root", ROOT, "/", ORIGIN, "root"),
    ("root", ROOT, "", ORIGIN, "root"),
    ("root", ROOT, "/x", ORIGIN, "rest"),
    ("root", ROOT, "/x/..", ORIGIN, REFUSED),
    ("all", ALL, "/", ORIGIN, "all"),
    ("all", ALL, "", ORIGIN, "all"),
    ("all", ALL, "/x/y", ORIGIN, "all"),
    ("all", ALL, "/x/y", OTHER, REFUSED),
    ("all", ALL, "//x", ORIGIN, "all"),
    ("unicode", UNICODE, "/café/x".encode().decode("latin-1"), ORIGIN, "p"),
    ("unicode", UNICODE, "/café/x", ORIGIN, "rest"),
    ("late-rest", LATE_REST, "/api/x", OTHER, REFUSED),
    ("late-rest", LATE_REST, "/x", OTHER, "rest"),
]
PATHS = [pytest.param(*row[1:], id=f"{row[0]} {row[2]!a} {row[3]}") for row in PATHS]


@pytest.mark.parametrize(("cfg", "path", "origin", "expected"), PATHS)
def test_path_picks_the_group_and_the_origin_a_policy_of_it(cfg, path, origin, expected):
    expected = allowed(expected, origin) if isinstance(expected, str) else expected
    response = at(client(exposing(cfg)), path, origin)
    assert (response.status_int, response.text) == (200, "ok")
    assert_cors(response, **expected)


@pytest.mark.parametrize(("cfg", "path", "origin", "expected"), PATHS)
def test_preflight_is_decided_as_the_request_that_follows(cfg, path, origin, expected):
    response = preflight_at(client(cfg), path, origin)
    if isinstance(expected, str):
        assert response.status_int == 200
        assert_cors(
            response,
            allow_origin=origin,
            max_age="600",
            allow_methods="GET, HEAD, POST",
            vary="Origin",
        )
    elif expected is REFUSED:
        assert response.status_int == 403
        assert_cors(response, vary="Origin")
    else:
        assert (response.status_int, response.text) == (200, "ok")
        assert_cors(response)


def test_script_name_does_not_matter():
    assert_cors(at(client(API_ONLY), "/x", SCRIPT_NAME="/api"))
    assert_cors(at(client(exposing(API_ONLY)), "/api", SCRIPT_NAME="/mount"), **allowed("api"))
    assert_cors(at(client(exposing(ROOT)), "", SCRIPT_NAME="/mount"), **allowed("root"))


@pytest.mark.parametrize("path", ["x/y", "api", "*"])
def test_path_without_its_slash_gets_no_laxer_policy(path):
    recorder = Recorder()
    call(
        CORS(plain_app, policy="api, rest", api_path="/*", api_origin=[], rest_origin="*"),
        recorder,
        PATH_INFO=path,
    )
    assert recorder.headers == [
        ("Content-Type", "text/plain"),
        ("Content-Length", "2"),
        ("Vary", "Origin"),
    ]


def test_path_that_is_missing_is_the_root():
    environ = {"HTTP_ORIGIN": ORIGIN}
    setup_testing_defaults(environ)
    del environ["PATH_INFO"]
    recorder = Recorder()
    CORS(plain_app, exposing(ROOT))(environ, recorder)
    assert ("Access-Control-Expose-Headers", "X-root") in recorder.headers


def test_ambiguous_path_is_refused_by_a_static_policy_too():
    both = client(policy="api, rest", api_path="/api/*", api_origin=ORIGIN, rest_origin="*")
    assert_cors(at(both, "/x"), allow_origin="*")
    assert_cors(at(both, "/api/x"), allow_origin=ORIGIN, vary="Origin")
    for origin in (ORIGIN, OTHER, None):
        assert_cors(at(both, "//api/x", origin), vary="Origin")


def test_not_governed_passes_untouched():
    def app(environ, start_response):
        start_response("200 OK", headers)
        return [b"mine"]

    headers = [
        ("Content-Type", "text/plain"),
        ("Access-Control-Allow-Origin", "https://mine.example"),
        ("access-control-max-age", "1"),
        ("Vary", "Accept"),
    ]
    for method in ("GET", "OPTIONS"):
        recorder = Recorder()
        middleware = CORS(app, API_ONLY, catch_errors=True)
        call(middleware, recorder, method, PATH_INFO="/x", HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT")
        assert len(recorder.calls) == 1
        assert recorder.headers is headers


def headers_at(path, origin, **options):
    """The headers of the response to a request for this PATH_INFO, less the application's own."""
    seen = []
    ask(
        CORS(plain_app, **options),
        lambda *args: seen.append(args),
        PATH_INFO=path,
        HTTP_ORIGIN=origin,
    )
    ((_, headers),) = seen
    return [header for header in headers if header[0] not in ("Content-Type", "Content-Length")]


ORIGIN_HEADERS = [("Access-Control-Allow-Origin", ORIGIN), ("Vary", "Origin")]
VARY_HEADER = [("Vary", "Origin")]


# flask-cors, CVE-2024-6839
def test_order_alone_decides_not_the_longest_path():
    options = {
        "short_path": "/a/*",
        "short_origin": ORIGIN,
        "long_path": "/a/much/longer/*",
        "long_origin": OTHER,
    }
    assert headers_at("/a/much/longer/x", ORIGIN, policy="short, long", **options) == ORIGIN_HEADERS
    assert headers_at("/a/much/longer/x", ORIGIN, policy="long, short", **options) == VARY_HEADER


# flask-cors, CVE-2024-6844
@pytest.mark.parametrize(
    ("configured", "asked", "same"),
    [
        ("/a+b", "/a+b", True),
        ("/a+b", "/a b", False),
        ("/a b", "/a+b", False),
        ("/a%2eb", "/a.b", False),
        ("/a.b", "/a%2eb", False),
        ("/a%2eb", "/a%2eb", True),
        ("/a%2Eb", "/a%2eb", False),
        ("/%61", "/a", False),
    ],
)
def test_path_is_not_decoded_again(configured, asked, same):
    assert headers_at(asked, ORIGIN, policy="p", p_path=[configured], p_origin=ORIGIN) == (
        ORIGIN_HEADERS if same else []
    )


# flask-cors, CVE-2024-6866
def test_case_of_a_path_counts():
    options = {
        "policy": "admin, rest",
        "admin_path": "/admin/*",
        "admin_origin": [],
        "rest_origin": ORIGIN,
    }
    assert headers_at("/admin/x", ORIGIN, **options) == VARY_HEADER
    assert headers_at("/Admin/x", ORIGIN, **options) == ORIGIN_HEADERS


# flask-cors and rack-cors
@pytest.mark.parametrize(
    "path",
    [
        "/public/../api",
        "/public/../api/x",
        "//api/x",
        "/./api/x",
        "/public/./../api/x",
        "/x\\..\\api",
        "/api/../public/x",
    ],
)
def test_path_that_means_another_gets_no_laxer_policy(path):
    options = {
        "policy": "api, public",
        "api_path": "/api/*",
        "api_origin": [],
        "public_origin": "copy",
    }
    assert headers_at("/api/x", ORIGIN, **options) == VARY_HEADER
    assert headers_at("/public/x", ORIGIN, **options) == ORIGIN_HEADERS
    assert headers_at(path, ORIGIN, **options) == VARY_HEADER


def test_origin_refused_for_a_path_does_not_fall_through_to_a_later_policy():
    both = client(policy="api, public", api_path="/api/*", api_origin=ORIGIN, public_origin="*")
    assert_cors(request(both, OTHER, path="/api/x"), vary="Origin")
    assert preflight(both, OTHER, path="/api/x").status_int == 403
    assert_cors(request(both, OTHER, path="/x"), allow_origin="*")


def test_different_rules_for_different_paths():
    both = client(
        policy="api, files",
        api_path="/api/*",
        api_origin=ORIGIN,
        api_credentials=True,
        files_path="/files/*",
        files_origin="*",
    )
    assert_cors(
        request(both, ORIGIN, path="/api/x"),
        allow_origin=ORIGIN,
        allow_credentials="true",
        vary="Origin",
    )
    assert_cors(request(both, ORIGIN, path="/files/x"), allow_origin="*")
    assert_cors(request(both, ORIGIN, path="/"))


@pytest.mark.parametrize("path", ["/\u20ac", "/a/\udcff", "/a/../\u20ac", "\u20ac"])
def test_path_of_a_server_that_decodes_it_breaks_nothing(path):
    answers = []
    cors = CORS(plain_app, policy="a, b", a_path="/a/*", a_origin="*", b_origin="*")
    cors(
        {**ENVIRON, "PATH_INFO": path, "HTTP_ORIGIN": ORIGIN},
        lambda status, headers: answers.append(status),
    )
    assert answers == ["200 OK"]


def test_path_of_which_nothing_is_utf8_is_the_root_to_some_and_governed_by_nobody():
    app = CORS(plain_app, policy="root, all", root_path="/", root_origin=OTHER, all_origin=ORIGIN)
    decision = app.decide({"REQUEST_METHOD": "GET", "PATH_INFO": "\xff", "HTTP_ORIGIN": ORIGIN})
    assert decision[:2] == (None, "the path and its normal form are governed by different policies")


@pytest.mark.parametrize(
    "path",
    [
        "/a\xffpi/secret",
        "/\xffapi/secret",
        "/api\xff/secret",
        "/\xc0\xafapi/secret",
        "/\xff../api/x",
        "/\xff/api/x",
        "/a\xffpi/secret/../../x",
    ],
)
def test_bytes_that_are_no_utf_8_lead_to_no_laxer_policy(path):
    options = {
        "policy": "api, rest",
        "api_path": "/api/*",
        "api_origin": OTHER,
        "rest_origin": ORIGIN,
    }
    environ = {"HTTP_ORIGIN": ORIGIN, "PATH_INFO": path, "REQUEST_METHOD": "GET"}
    recorder = Recorder()
    list(CORS(plain_app, **options)(environ, recorder))
    assert [header for header in recorder.headers if header[0].lower() in CORS_NAMES] == [
        ("Vary", "Origin")
    ]


@pytest.mark.parametrize("path", ["/caf\xc3\xa9", "/other/\xff", "/\xe2\x82\xac/\xff\xfe"])
def test_path_of_other_bytes_is_governed_as_any_other(path):
    options = {
        "policy": "api, rest",
        "api_path": "/api/*",
        "api_origin": OTHER,
        "rest_origin": ORIGIN,
    }
    environ = {"HTTP_ORIGIN": ORIGIN, "PATH_INFO": path, "REQUEST_METHOD": "GET"}
    recorder = Recorder()
    list(CORS(plain_app, **options)(environ, recorder))
    assert ("Access-Control-Allow-Origin", ORIGIN) in recorder.headers
