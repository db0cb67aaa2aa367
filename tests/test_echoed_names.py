"""The methods and headers that a preflight asks for, where any are allowed: what is echoed."""

from __future__ import annotations

import pytest
from response_support import ANY_HEADER, SAFE, STANDARD, WITH
from support import ORIGIN, ask, assert_cors, client, plain_app, preflight

from wsgicors import CORS

ANY_METHOD = {"origin": ORIGIN, "credentials": True, "methods": "*"}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        *(pytest.param(method, STANDARD, id=method) for method in STANDARD.split(", ")),
        pytest.param("PROPFIND", f"{STANDARD}, PROPFIND", id="another"),
        pytest.param("patch", f"{STANDARD}, patch", id="case-is-kept"),
        pytest.param("!#$%&'*+-.^_`|~", f"{STANDARD}, !#$%&'*+-.^_`|~", id="any-token"),
        pytest.param("X" * 64, f"{STANDARD}, {'X' * 64}", id="64-bytes"),
        pytest.param("X" * 65, None, id="65-bytes"),
        pytest.param("X" * 65536, None, id="64-KiB"),
        pytest.param("", None, id="empty"),
        pytest.param("A B", None, id="space"),
        pytest.param("A,B", None, id="comma"),
        pytest.param("A:B", None, id="colon"),
        pytest.param("A/B", None, id="slash"),
        pytest.param('"A"', None, id="quotes"),
        pytest.param("<A>", None, id="markup"),
        pytest.param("\xc4", None, id="not-ascii"),
        pytest.param("A\t", None, id="tab"),
    ],
)
def test_method_that_is_echoed_is_a_token_of_at_most_64_bytes(asked, sent):
    response = preflight(client(**ANY_METHOD), asked=asked)
    if sent is None:
        assert response.status_int == 403
        assert_cors(response, vary="Origin")
    else:
        assert response.status_int == 200
        assert_cors(
            response,
            **WITH,
            max_age="600",
            allow_methods=sent,
            vary="Origin, Access-Control-Request-Method",
        )


NAMES = [
    # what is asked for, and what is named of it; None: it is not valid
    pytest.param("x-a", "x-a", id="one"),
    pytest.param("authorization,content-type,x-a", "x-a", id="as-browsers-send-them"),
    pytest.param("x-a, x-b ,  x-c", "x-a, x-b, x-c", id="spaces"),
    # allowed by RFC 9110, but a WSGI response cannot carry it
    pytest.param("x-a,\tx-b", None, id="tab"),
    pytest.param("X-A", "X-A", id="upper-case"),
    pytest.param("X-A,x-a, x-A", "X-A", id="twice"),
    pytest.param("!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~", id="any-token"),
    pytest.param("*", "*", id="star"),
    pytest.param("x" * 4096, "x" * 4096, id="4096-bytes"),
    pytest.param(",".join(["x"] * 2048), "x", id="2048-names"),
    pytest.param("x" * 4097, None, id="4097-bytes"),
    pytest.param("x," * 32768 + "x", None, id="64-KiB"),
    pytest.param("," * 1_000_000, None, id="1-MB-of-commas"),
    pytest.param("," * 4096, None, id="4096-commas"),
    pytest.param("x-a,", None, id="trailing-comma"),
    pytest.param(",x-a", None, id="leading-comma"),
    pytest.param("x-a,,x-b", None, id="empty-name"),
    pytest.param("x-a x-b", None, id="space"),
    pytest.param("x-a;x-b", None, id="semicolon"),
    pytest.param("x-a: 1", None, id="colon"),
    pytest.param("x-\xe4", None, id="not-ascii"),
    pytest.param("<script>", None, id="markup"),
    pytest.param("x-a, x-b" + " " * 4000 + ";", None, id="spaces-then-a-fault"),
]


@pytest.mark.parametrize(("asked", "named"), NAMES)
def test_headers_that_are_echoed_are_a_valid_list_of_at_most_4096_bytes(asked, named):
    response = preflight(client(**ANY_HEADER), headers=asked)
    if named is None:
        assert response.status_int == 403
        assert_cors(response, vary="Origin")
    else:
        assert response.status_int == 200
        assert_cors(
            response,
            **WITH,
            max_age="600",
            allow_methods=SAFE,
            allow_headers=f"Authorization, Content-Type, {named}",
            vary="Origin, Access-Control-Request-Headers",
        )


@pytest.mark.parametrize(("asked", "named"), NAMES)
@pytest.mark.parametrize(
    ("origin", "vary"),
    [("*", "Access-Control-Request-Headers"), (ORIGIN, "Origin, Access-Control-Request-Headers")],
)
def test_without_credentials_an_invalid_list_of_headers_is_left_out(asked, named, origin, vary):
    response = preflight(client(origin=origin, headers="*"), headers=asked)
    assert response.status_int == 200
    known = "*, Authorization, Content-Type"
    assert_cors(
        response,
        allow_origin=origin,
        max_age="600",
        allow_methods=SAFE,
        allow_headers=known if named in (None, "*") else f"{known}, {named}",
        vary=vary,
    )


def test_no_headers_asked_for_are_no_headers_echoed_but_vary_says_that_it_depends():
    assert_cors(
        preflight(client(**ANY_HEADER)),
        **WITH,
        max_age="600",
        allow_methods=SAFE,
        allow_headers="Authorization, Content-Type",
        vary="Origin, Access-Control-Request-Headers",
    )


@pytest.mark.parametrize("value", ["X" * 65536, "<script>", "A B"])
def test_nothing_is_checked_where_nothing_is_echoed(value):
    for options in (
        {"origin": "*", "methods": "*", "headers": "*"},
        {"origin": ORIGIN, "methods": "PUT"},
    ):
        response = preflight(client(**options), asked=value, headers=value)
        assert response.status_int == 200
        assert value not in str(response.headerlist)


# rs/cors, GO-2024-2883
@pytest.mark.parametrize(
    "text", ["," * 1_000_000, "x," * 500_000, " , " * 333_333, "x" * 1_000_000, "x ," * 333_333]
)
def test_a_megabyte_of_header_names_costs_next_to_no_memory(text):
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
    assert [status for status, _ in seen] == ["200 OK", "403 Forbidden"]
    assert peak < 100_000
