"""What hurt users of other CORS middleware, row by row of shared/lessons.md: it must not happen here."""

from __future__ import annotations

import itertools
import logging
import re
import threading
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import webtest
from support import ORIGIN, OTHER, app_sending, assert_cors, client, plain_app, preflight, request

from wsgicors import CORS, ConfigError, OriginList

SAFE = "GET, HEAD, POST"


def ask(middleware, start_response, method="GET", **environ):
    """The middleware called as a server calls it, with this environ, however hostile."""
    given = {"REQUEST_METHOD": method, **environ}
    setup_testing_defaults(given)
    return middleware(given, start_response)


def problems(**options):
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, **options)
    return [tuple(problem)[:3] for problem in caught.value.problems]


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


ALLOWED = [("Access-Control-Allow-Origin", ORIGIN), ("Vary", "Origin")]
REFUSED = [("Vary", "Origin")]

# --- vulnerabilities ---


@pytest.mark.parametrize(
    "key",
    [
        "PATH_INFO",
        "HTTP_ORIGIN",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
    ],
)
def test_flask_cors_cve_2024_1681_request_text_does_not_break_a_log_line(key, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    sent = {
        "PATH_INFO": "/",
        "HTTP_ORIGIN": OTHER,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-a",
        key: "/\r\nINFO forged\n",
    }
    options = {"origin": [ORIGIN], "credentials": True, "methods": "*", "headers": "*"}
    for method in ("OPTIONS", "GET"):
        for origins in ([ORIGIN], [OTHER]):
            seen = []
            ask(
                CORS(plain_app, **{**options, "origin": origins}),
                lambda *args, seen=seen: seen.append(args),
                method,
                **sent,
            )
            assert "forged" not in str(seen)
    for record in caplog.records:
        assert record.getMessage().isprintable()
    assert len(caplog.records) >= 2


def test_flask_cors_cve_2024_6221_private_network_access_is_never_granted():
    sent = {
        "Access-Control-Request-Private-Network": "true",
        "Access-Control-Request-Local-Network": "true",
    }
    for options in (
        {"origin": "*", "headers": "*", "methods": "*"},
        {"origin": ORIGIN, "credentials": True},
    ):
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", **sent}
            response = client(**options).request("/", method=method, headers=headers)
            assert "network" not in str(response.headerlist).lower()


def test_flask_cors_cve_2024_6839_order_alone_decides_not_the_longest_path():
    options = {
        "short_path": "/a/*",
        "short_origin": ORIGIN,
        "long_path": "/a/much/longer/*",
        "long_origin": OTHER,
    }
    assert headers_at("/a/much/longer/x", ORIGIN, policy="short, long", **options) == ALLOWED
    assert headers_at("/a/much/longer/x", ORIGIN, policy="long, short", **options) == REFUSED


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
def test_flask_cors_cve_2024_6844_path_is_not_decoded_again(configured, asked, same):
    assert headers_at(asked, ORIGIN, policy="p", p_path=[configured], p_origin=ORIGIN) == (
        ALLOWED if same else []
    )


def test_flask_cors_cve_2024_6866_case_of_a_path_counts():
    options = {
        "policy": "admin, rest",
        "admin_path": "/admin/*",
        "admin_origin": [],
        "rest_origin": ORIGIN,
    }
    assert headers_at("/admin/x", ORIGIN, **options) == REFUSED
    assert headers_at("/Admin/x", ORIGIN, **options) == ALLOWED


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
def test_flask_cors_rack_cors_path_that_means_another_gets_no_laxer_policy(path):
    options = {
        "policy": "api, public",
        "api_path": "/api/*",
        "api_origin": [],
        "public_origin": "copy",
    }
    assert headers_at("/api/x", ORIGIN, **options) == REFUSED
    assert headers_at("/public/x", ORIGIN, **options) == ALLOWED
    assert headers_at(path, ORIGIN, **options) == REFUSED


def test_draft_origin_refused_for_a_path_does_not_fall_through_to_a_later_policy():
    both = client(policy="api, public", api_path="/api/*", api_origin=ORIGIN, public_origin="*")
    assert_cors(request(both, OTHER, path="/api/x"), vary="Origin")
    assert preflight(both, OTHER, path="/api/x").status_int == 403
    assert_cors(request(both, OTHER, path="/x"), allow_origin="*")


def test_draft_coroutine_of_a_predicate_allows_nobody(caplog):
    async def predicate(origin, environ):
        return True

    assert_cors(request(client(origin=predicate), ORIGIN), vary="Origin")
    assert [record.levelname for record in caplog.records if record.name == "wsgicors"] == ["ERROR"]


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        (re.compile(r"https://a\.example\.org"), "https://a.example.org.evil.example"),
        (re.compile(r"https://a\.example\.org"), "https://evil.example?https://a.example.org"),
        (re.compile(r"https://a\.example\.org|https://b"), "https://b.evil.example"),
        ("https://a.example.org", "https://a.example.org.evil.example"),
        ("https://a.example.org", "https://aXexample.org"),
        ("https://*.example.org", "https://aXexample.org"),
        ("https://*.example.org", "https://a.exampleXorg"),
    ],
)
def test_starlette_go_restful_cve_2022_1996_nothing_is_unanchored_and_a_dot_is_a_dot(
    allowed, origin
):
    assert_cors(request(client(origin=allowed), origin), vary="Origin")


@pytest.mark.parametrize(
    "pattern",
    [
        "https://example.com",
        "https://*.example.com",
        "https://*.example.com:*",
        "https://example.com:*",
        "https://*.com",
    ],
)
def test_gin_contrib_cors_cve_2019_25211_wildcard_ends_where_the_host_ends(pattern):
    for origin in (
        "https://example.community",
        "https://www.example.community",
        "https://example.com.munity",
    ):
        assert_cors(request(client(origin=pattern), origin), vary="Origin")


@pytest.mark.parametrize(
    "patterns",
    [*itertools.permutations(["https://foo.com", "https://bar.com", "https://*.bar.com"])],
    ids=" ".join,
)
def test_jub0bs_cors_ghsa_vhxv_fg4m_p2w8_shared_suffixes_do_not_mix(patterns):
    both = client(origin=patterns)
    for origin in ("https://foo.com", "https://bar.com", "https://a.bar.com"):
        assert_cors(request(both, origin), allow_origin=origin, vary="Origin")
    for origin in (
        "https://barfoo.com",
        "https://foobar.com",
        "https://a.foo.com",
        "https://r.com",
    ):
        assert_cors(request(both, origin), vary="Origin")


@pytest.mark.parametrize(
    "origin", ["*", ["*"], ("*",), {"*"}, ["*", ORIGIN], "* https://a.example", ["https://*"]]
)
def test_rs_cors_gorilla_fiber_star_is_not_reflected_with_credentials(origin):
    assert problems(origin=origin, credentials=True)


@pytest.mark.parametrize(
    "text", ["," * 1_000_000, "x," * 500_000, " , " * 333_333, "x" * 1_000_000, "x ," * 333_333]
)
def test_rs_cors_go_2024_2883_a_megabyte_of_header_names_costs_next_to_no_memory(text):
    both = CORS(plain_app, origin=ORIGIN, credentials=True, headers="*", methods="*")
    environ = {"HTTP_ORIGIN": ORIGIN, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    seen = []
    ask(both, lambda *args: seen.append(args), "OPTIONS", **environ)
    tracemalloc = pytest.importorskip("tracemalloc", reason="PyPy does not trace memory")
    tracemalloc.start()
    try:
        ask(
            both,
            lambda *args: seen.append(args),
            "OPTIONS",
            **environ,
            HTTP_ACCESS_CONTROL_REQUEST_HEADERS=text,
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [status for status, _ in seen] == ["204 No Content", "403 Forbidden"]
    assert peak < 100_000


def test_play_2017_vary_of_the_application_survives():
    both = client(origin=ORIGIN, app=app_sending(("Vary", "Accept")))
    for origin in (ORIGIN, OTHER, None):
        assert request(both, origin).headers.getall("Vary") == ["Accept, Origin"]


@pytest.mark.parametrize("origin", ["null", "", "file://", "file:///x", "NULL", "about:blank"])
def test_rack_cors_1_0_0_null_empty_and_file_origins_are_refused(origin):
    for allowed in ([ORIGIN], re.compile(".*"), lambda origin, environ: True, "https://*"):
        assert_cors(request(client(origin=allowed), origin), vary="Origin")


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("origin", [ORIGIN, OTHER, None])
@pytest.mark.parametrize("allowed", ["*", ORIGIN, [ORIGIN, "https://b.example"]])
def test_jub0bs_cors_0_13_6_header_list_that_is_changed_changes_no_later_response(
    allowed, origin, method
):
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


def test_wsgicors_0_7_0_wildcard_before_a_name_is_refused_with_credentials():
    (found,) = problems(origin="https://*example.com", credentials=True)
    assert (found[0], found[1]) == ("origin", "https://*example.com")
    assert "public-suffix" in found[2]
    both = client(origin="https://*.example.com", credentials=True)
    assert_cors(request(both, "https://evilexample.com"), vary="Origin")


def test_wsgicors_0_7_0_reflection_varies():
    assert_cors(request(client(origin="copy"), ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(client(origin="copy")), vary="Origin")


# --- what users ask again and again ---


def test_01_error_of_the_application_is_seen_by_the_page():
    def app(environ, start_response):
        raise LookupError("mine")

    response = request(client(app=app, origin=ORIGIN, catch_errors=True), ORIGIN)
    assert response.status_int == 500
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")
    response = request(client(app=app_sending(status="500 Oops"), origin=ORIGIN), ORIGIN)
    assert response.status_int == 500
    assert_cors(response, allow_origin=ORIGIN, vary="Origin")


@pytest.mark.parametrize(
    "origin", [f"{ORIGIN}/", "app.example.com", f"{ORIGIN}/index.html", f"{ORIGIN}:443"]
)
def test_02_origin_that_never_matches_is_an_error_that_shows_the_one_that_does(origin):
    (found,) = problems(origin=origin)
    assert found[2].endswith(f"write {ORIGIN!r}")


def test_03_refusal_says_why(caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    response = preflight(client(origin=ORIGIN), OTHER)
    assert response.text == "CORS preflight refused: no policy for this path allows the origin.\n"
    assert [record.getMessage() for record in caplog.records] == [
        f"refused 'OPTIONS' '/' from {OTHER!r}: no policy for this path allows the origin"
    ]


def test_04_subdomain_wildcard_neither_misses_nor_matches_too_much():
    both = client(origin="https://*.example.com")
    for origin in ("https://a.example.com", "https://a.b.example.com"):
        assert_cors(request(both, origin), allow_origin=origin, vary="Origin")
    for origin in (
        "https://example.com",
        "https://aexample.com",
        "https://a.example.com.b",
        "http://a.example.com",
    ):
        assert_cors(request(both, origin), vary="Origin")


def test_05_response_without_origin_varies_so_that_no_cache_poisons_the_page():
    for options in (
        {"origin": ORIGIN},
        {"origin": "copy"},
        {"origin": []},
        {"origin": lambda origin, environ: True},
    ):
        assert_cors(request(client(**options)), vary="Origin")


def test_06_origins_from_a_data_source_change_while_the_server_runs():
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
    with pytest.raises(ConfigError, match="gave no origin"):
        OriginList(list)


def test_07_different_rules_for_different_paths():
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


def test_08_header_of_the_application_is_not_doubled():
    app = app_sending(("Access-Control-Allow-Origin", "*"), ("access-control-allow-origin", ORIGIN))
    for origin, expected in ((ORIGIN, {"allow_origin": ORIGIN}), (OTHER, {})):
        assert_cors(request(client(origin=ORIGIN, app=app), origin), **expected, vary="Origin")


def test_09_options_that_is_no_preflight_reaches_the_application():
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
def test_10_preflight_meets_no_authentication_redirect_or_405(status):
    response = preflight(client(origin=ORIGIN, app=app_sending(status=status)))
    assert response.status_int == 204
    assert_cors(response, allow_origin=ORIGIN, allow_methods=SAFE, vary="Origin")


def test_11_any_header_covers_authorization():
    response = preflight(client(origin="*", headers="*"), headers="authorization")
    assert_cors(response, allow_origin="*", allow_methods=SAFE, allow_headers="*, Authorization")
    response = preflight(
        client(origin=ORIGIN, credentials=True, headers="*"), headers="authorization,x-a"
    )
    assert_cors(
        response,
        allow_origin=ORIGIN,
        allow_credentials="true",
        allow_methods=SAFE,
        allow_headers="authorization,x-a",
        vary="Origin, Access-Control-Request-Headers",
    )


def test_12_patch_in_lower_case_is_an_error_that_says_so():
    assert problems(origin="*", methods="get, patch") == [
        (
            "methods",
            "patch",
            "'patch' is not PATCH, as browsers do not change its case: write 'PATCH'",
        )
    ]


@pytest.mark.parametrize("zero", [0, "0"])
def test_13_maxage_0_is_sent(zero):
    assert_cors(
        preflight(client(origin="*", maxage=zero)),
        allow_origin="*",
        allow_methods=SAFE,
        max_age="0",
    )


@pytest.mark.parametrize(
    "origin", ["chrome-extension://abcdefghijklmnop", "capacitor://localhost", "ionic://localhost"]
)
def test_14_custom_schemes(origin):
    for options in ({}, {"credentials": True}):
        response = request(client(origin=origin, **options), origin)
        assert response.headers["Access-Control-Allow-Origin"] == origin


def test_15_typing_error_in_the_name_of_an_option_is_an_error():
    assert problems(origin=ORIGIN, orign="x", supports_credentials=True) == [
        (
            "orign",
            "x",
            "'x' is given to an unknown option: leave it out, as 'origin' is given as well",
        ),
        (
            "supports_credentials",
            True,
            "True is given to an unknown option; did you mean 'credentials'?",
        ),
    ]


def test_16_not_modified_has_the_headers():
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


# --- configurations of wsgicors 0.7.0 in the wild ---


def test_wild_everything_for_everyone():
    both = client(headers="*", methods="*", maxage="180", origin="*")
    assert_cors(request(both), allow_origin="*")
    assert_cors(
        preflight(both),
        allow_origin="*",
        allow_methods="*",
        allow_headers="*, Authorization",
        max_age="180",
    )


def test_wild_copy_with_credentials_is_refused_and_told_what_to_write():
    options = {
        "origin": "copy",
        "credentials": "true",
        "headers": "*",
        "methods": "*",
        "maxage": "180",
    }
    assert problems(**options) == [
        (
            "origin",
            "copy",
            "'copy' with credentials is prohibited (any-origin): every web site could act as the logged-in user;"
            " write the origins that you trust, or accept it with accept_risk = any-origin",
        )
    ]
    both = client(**options, accept_risk="any-origin")
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, allow_credentials="true", vary="Origin")
    assert_cors(
        preflight(both, asked="PUT", headers="x-a"),
        allow_origin=ORIGIN,
        allow_credentials="true",
        allow_methods="GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        allow_headers="x-a",
        max_age="180",
        vary="Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    )


def test_wild_methods_without_spaces():
    both = client(headers="*", methods="GET,POST,OPTIONS", origin="*")
    assert_cors(
        preflight(both),
        allow_origin="*",
        allow_methods="GET, POST, OPTIONS",
        allow_headers="*, Authorization",
    )


def test_wild_open_policy():
    both = client(
        {
            "policy": "open",
            "open_origin": "*",
            "open_headers": "*",
            "open_methods": "*",
            "open_maxage": "86400",
        }
    )
    assert_cors(
        preflight(both),
        allow_origin="*",
        allow_methods="*",
        allow_headers="*, Authorization",
        max_age="86400",
    )


def test_wild_empty_list_of_origins_joined_to_an_empty_text_is_nobody():
    assert_cors(request(client(origin=",".join([])), ORIGIN), vary="Origin")


def test_wild_number_and_names_joined_by_comma_and_space():
    both = client(
        origin=ORIGIN,
        maxage=180,
        methods=", ".join(["GET", "PUT"]),
        headers=", ".join(["X-A", "X-B"]),
    )
    assert_cors(
        preflight(both),
        allow_origin=ORIGIN,
        allow_methods="GET, PUT",
        allow_headers="X-A, X-B",
        max_age="180",
        vary="Origin",
    )


def test_wild_subclass_that_constructs_the_middleware_for_every_request():
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
        assert preflight(both).status_int == 204


def test_wild_outer_start_response_that_takes_two_arguments_only():
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
            "403" if options["origin"] == [] else "204",
        ]
