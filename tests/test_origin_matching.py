"""Which Origin a list of patterns and regular expressions admits."""

from __future__ import annotations

import itertools
import re

import pytest
from support import ORIGIN, assert_cors, client, never, plain_app, preflight, problems, request

from wsgicors import CORS

MATCHES = [
    # patterns, what they admit, what they do not
    (
        "https://example.com",
        ["https://example.com"],
        [
            "http://example.com",
            "https://example.com.",
            "https://example.com:443",
            "https://example.com:8443",
            "https://example.com/",
            "https://www.example.com",
            "https://example.community",
            "https://example.co",
            "https://Example.com",
            "HTTPS://example.com",
            "https://example.com@evil.example",
            "https://evil.example#https://example.com",
            "https://example.com.evil.example",
            "https://evilexample.com",
            "https://user@example.com",
            "https://example.com https://example.com",
            "https://example.com, https://example.com",
            "https://exampleXcom",
            "example.com",
            "https://",
            "",
            "null",
            "*",
        ],
    ),
    (
        "https://example.com:8443",
        ["https://example.com:8443"],
        ["https://example.com", "https://example.com:8444"],
    ),
    ("https://example.com.", ["https://example.com."], ["https://example.com"]),
    (
        "https://*.example.com",
        [
            "https://a.example.com",
            "https://b.a.example.com",
            "https://a_b.example.com",
            "https://-.example.com",
        ],
        [
            "https://example.com",
            "https://.example.com",
            "https://evilexample.com",
            "https://a..example.com",
            "https://a.example.com:8443",
            "https://a.example.com.evil.example",
            "https://a.exampleXcom",
            "http://a.example.com",
            "https://a.example.com.",
            "https://a.example.com/.example.com",
            "https://evil.example/.example.com",
            "https://evil.example:1.example.com",
            "https://evil.example\\.example.com",
            "https://A.example.com",
            "https://*.example.com",
            "https://a b.example.com",
        ],
    ),
    (
        "https://*.example.com:8443",
        ["https://a.example.com:8443", "https://b.a.example.com:8443"],
        ["https://a.example.com", "https://a.example.com:84430", "https://example.com:8443"],
    ),
    (
        "https://*.example.com:*",
        ["https://a.example.com", "https://b.a.example.com:8443", "https://a.example.com:1"],
        [
            "https://example.com:8443",
            "https://a.example.com:",
            "https://a.example.com:08",
            "https://a.example.com:*",
        ],
    ),
    (
        "https://example.com:*",
        ["https://example.com", "https://example.com:8443"],
        [
            "https://a.example.com",
            "https://example.com.evil.example",
            "https://example.com:x",
            "http://example.com",
        ],
    ),
    (
        "http://[::1]:*",
        ["http://[::1]", "http://[::1]:8080"],
        ["http://[::2]:8080", "https://[::1]"],
    ),
    (
        "http://[::1]:8080",
        ["http://[::1]:8080"],
        ["http://[::1]", "http://::1:8080", "http://[0::1]:8080"],
    ),
    (
        "http://127.0.0.1:*",
        ["http://127.0.0.1", "http://127.0.0.1:1"],
        ["http://127.0.0.11", "http://127.0.0.1.a.b"],
    ),
    (
        "https://pr-*.example.com",
        ["https://pr-1.example.com", "https://pr-a-b.example.com"],
        [
            "https://pr-.example.com",
            "https://pr-1.a.example.com",
            "https://a.pr-1.example.com",
            "https://xpr-1.example.com",
            "https://pr-1.example.com:8443",
            "https://pr-1.example.com.evil.example",
            "https://pr-1.evil.example",
        ],
    ),
    (
        "https://*-app.example.com",
        ["https://x-app.example.com", "https://x-app-app.example.com"],
        ["https://-app.example.com", "https://x-app2.example.com", "https://x.y-app.example.com"],
    ),
    (
        "https://ab*ba.example.com",
        ["https://abxba.example.com", "https://abbaba.example.com"],
        ["https://abba.example.com", "https://aba.example.com", "https://abab.example.com"],
    ),
    (
        "https://pr-*.example.com:*",
        ["https://pr-1.example.com", "https://pr-1.example.com:8443"],
        ["https://pr-.example.com:8443", "https://example.com:8443"],
    ),
    (
        "https://*example.com",
        ["https://my-example.com", "https://evilexample.com"],
        ["https://example.com"],
    ),
    (
        "https://*",
        ["https://a", "https://a.b", "https://a.b.c"],
        ["https://a:8443", "http://a", "https://[::1]", "https://"],
    ),
    ("https://*:8443", ["https://a:8443", "https://a.b:8443"], ["https://a", "https://[::1]:8443"]),
    (
        "https://*:*",
        ["https://a:8443", "https://a.b"],
        ["https://[::1]", "https://[::1]:8443", "http://a.b"],
    ),
    ("https://pr-*", ["https://pr-1"], ["https://pr-1.example", "https://pr-"]),
    (
        "chrome-extension://abcdef",
        ["chrome-extension://abcdef"],
        ["chrome-extension://abcdeg", "chrome-extension://ABCDEF", "moz-extension://abcdef"],
    ),
    (
        "chrome-extension://*",
        ["chrome-extension://abcdef"],
        ["moz-extension://abcdef", "https://abcdef"],
    ),
    ("com.app://Host_1", ["com.app://Host_1"], ["com.app://host_1"]),
    ("null", ["null"], ["NULL", "Null", " null", "null, null", "https://null", "nul", ""]),
    ("https://a.example null", ["https://a.example", "null"], ["https://b.example"]),
    # Shared suffixes, in any order: GHSA-vhxv-fg4m-p2w8
    (
        "https://foo.com https://bar.com",
        ["https://foo.com", "https://bar.com"],
        [
            "https://barfoo.com",
            "https://foobar.com",
            "https://foo.com.bar.com",
            "https://oo.com",
            "https://com",
        ],
    ),
    (
        "https://*.bar.com https://*.foo.com https://foo-*.bar.com",
        ["https://a.foo.com", "https://a.bar.com", "https://foo-1.bar.com", "https://foo-.bar.com"],
        ["https://barfoo.com", "https://foo.com", "https://foo-1.foo"],
    ),
    ("", [], ["https://example.com", "null", ""]),
]


@pytest.mark.parametrize(
    ("patterns", "origin"),
    [pytest.param(p, o, id=f"{p} admits {o}") for p, origins, _ in MATCHES for o in origins],
)
def test_origin_is_admitted(patterns, origin):
    assert_cors(request(client(origin=patterns), origin), allow_origin=origin, vary="Origin")
    reverse = list(reversed(patterns.split()))
    assert_cors(request(client(origin=reverse), origin), allow_origin=origin, vary="Origin")


@pytest.mark.parametrize(
    ("patterns", "origin"),
    [
        pytest.param(p, o, id=f"{p or 'nobody'} refuses {o!r}")
        for p, _, origins in MATCHES
        for o in origins
    ],
)
def test_origin_is_not_admitted(patterns, origin):
    assert_cors(request(client(origin=patterns), origin), vary="Origin")
    reverse = list(reversed(patterns.split()))
    assert_cors(request(client(origin=reverse), origin), vary="Origin")


MALFORMED = [
    pytest.param("", id="empty"),
    pytest.param("https://a.example https://b.example", id="two-joined-by-space"),
    pytest.param("https://a.example, https://b.example", id="two-joined-by-comma"),
    pytest.param("null, null", id="null-twice"),
    pytest.param("NULL", id="null-in-upper-case"),
    pytest.param("https://" + "a." * 127, id="host-of-254-bytes"),
    pytest.param("app://" + "A." * 127 + ":80", id="host-of-254-bytes-and-a-port"),
    pytest.param("https://a.example/", id="trailing-slash"),
    pytest.param("https://a.example/path", id="path"),
    pytest.param("https://a.example?", id="query"),
    pytest.param("https://a.example#", id="fragment"),
    pytest.param("https://user@a.example", id="user"),
    pytest.param("https://A.example", id="upper-case"),
    pytest.param("HTTPS://a.example", id="upper-case-scheme"),
    pytest.param("https://a.example:", id="empty-port"),
    pytest.param("https://a.example:0", id="port-0"),
    pytest.param("https://a.example:0080", id="port-with-zeros"),
    pytest.param("https://a.example:123456", id="port-too-long"),
    pytest.param("https://a.example:x", id="port-not-a-number"),
    pytest.param("https://a..example", id="empty-label"),
    pytest.param("https://.a.example", id="leading-dot"),
    pytest.param("https://", id="no-host"),
    pytest.param("://a.example", id="no-scheme"),
    pytest.param("a.example", id="host-alone"),
    pytest.param("https:a.example", id="no-slashes"),
    pytest.param("file://", id="file"),
    pytest.param("file://host", id="file-with-host"),
    pytest.param("https://a\texample", id="tab"),
    pytest.param("https://a.example\xa0", id="no-break-space"),
    pytest.param("https://b\xfccher.example", id="not-ascii"),
    pytest.param("https://a%20b.example", id="percent"),
    pytest.param("https://[::1", id="unclosed-bracket"),
    pytest.param("https://[::1].example", id="labels-behind-ipv6"),
    pytest.param("https://a.[::1]", id="ipv6-behind-a-label"),
    pytest.param("https://a.example:*", id="any-port"),
    pytest.param("https://[g::1]", id="not-hexadecimal"),
    pytest.param("https://*.example.com", id="wildcard"),
    pytest.param("*", id="star"),
    pytest.param("https://<script>.example", id="markup"),
    pytest.param("https://" + "a" * 505, id="513-bytes"),
    pytest.param("https://" + "a." * 32768, id="64-KiB"),
]


@pytest.mark.parametrize("origin", MALFORMED)
def test_malformed_origin_is_allowed_by_nothing_and_asked_of_nobody(origin):
    assert_cors(request(client(origin="copy"), origin), vary="Origin")
    assert_cors(request(client(origin="*", matchstrategy="verbmatch"), origin), vary="Origin")
    assert_cors(request(client(origin=re.compile(r"(?s).*")), origin), vary="Origin")
    assert_cors(
        request(client(origin=["https://*", "https://*:*", "null", never]), origin), vary="Origin"
    )
    assert preflight(client(origin=never), origin).status_int == 403


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("https://" + "a." * 126 + "a", id="host-of-253-bytes"),
        pytest.param("app://" + "A." * 126 + "a:65535", id="host-of-253-bytes-and-a-port"),
        pytest.param("a" * 503 + "://a.b.cd", id="512-bytes"),
        pytest.param("https://under_score.example", id="underscore"),
        pytest.param("https://a.example.", id="trailing-dot"),
        pytest.param("https://-a-.example", id="hyphens"),
        pytest.param("http://[2001:db8::1]:8080", id="ipv6-with-port"),
        pytest.param("chrome-extension://abcdef", id="custom-scheme"),
        pytest.param("app.x+y-z://Host.Name:1", id="custom-scheme-with-everything"),
    ],
)
def test_well_formed_origin_is_asked_about(origin):
    asked = []

    def predicate(origin, environ):
        asked.append((origin, environ["HTTP_ORIGIN"], environ["PATH_INFO"]))
        return True

    assert_cors(request(client(origin=predicate), origin), allow_origin=origin, vary="Origin")
    assert asked == [(origin, origin, "/")]
    assert_cors(request(client(origin="copy"), origin), allow_origin=origin, vary="Origin")


# Starlette; go-restful, CVE-2022-1996
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
def test_nothing_is_unanchored_and_a_dot_is_a_dot(allowed, origin):
    assert_cors(request(client(origin=allowed), origin), vary="Origin")


# gin-contrib/cors, CVE-2019-25211
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
def test_wildcard_ends_where_the_host_ends(pattern):
    for origin in (
        "https://example.community",
        "https://www.example.community",
        "https://example.com.munity",
    ):
        assert_cors(request(client(origin=pattern), origin), vary="Origin")


# jub0bs/cors, GHSA-vhxv-fg4m-p2w8
@pytest.mark.parametrize(
    "patterns",
    [*itertools.permutations(["https://foo.com", "https://bar.com", "https://*.bar.com"])],
    ids=" ".join,
)
def test_shared_suffixes_do_not_mix(patterns):
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


# rack-cors before 1.0.0
@pytest.mark.parametrize("origin", ["null", "", "file://", "file:///x", "NULL", "about:blank"])
def test_null_empty_and_file_origins_are_refused(origin):
    for allowed in ([ORIGIN], re.compile(".*"), lambda origin, environ: True, "https://*"):
        assert_cors(request(client(origin=allowed), origin), vary="Origin")


@pytest.mark.parametrize(
    "origin", [f"{ORIGIN}/", "app.example.com", f"{ORIGIN}/index.html", f"{ORIGIN}:443"]
)
def test_origin_that_never_matches_is_an_error_that_shows_the_one_that_does(origin):
    (found,) = problems(origin=origin)
    assert found[2].endswith(f"write {ORIGIN!r}")


def test_subdomain_wildcard_neither_misses_nor_matches_too_much():
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


@pytest.mark.parametrize(
    "origin", ["chrome-extension://abcdefghijklmnop", "capacitor://localhost", "ionic://localhost"]
)
def test_custom_schemes_are_admitted_with_and_without_credentials(origin):
    for options in ({}, {"credentials": True}):
        response = request(client(origin=origin, **options), origin)
        assert response.headers["Access-Control-Allow-Origin"] == origin


LABELS = [
    pytest.param("a" * 63 + ".example", True, id="label-of-63"),
    pytest.param("a" * 64 + ".example", False, id="label-of-64"),
    pytest.param(".".join(["a" * 63] * 3 + ["a" * 61]), True, id="name-of-253"),
    pytest.param(".".join(["a" * 63] * 3 + ["a" * 62]), False, id="name-of-254"),
]


@pytest.mark.parametrize(("name", "fits"), LABELS)
@pytest.mark.parametrize("port", ["", ":8443", ":*"])
def test_name_may_be_as_long_as_dns_has_it(name, fits, port):
    if fits:
        assert CORS(plain_app, origin=f"https://{name}{port}").policies
    else:
        ((_, _, message),) = problems(origin=f"https://{name}{port}")
        assert message.endswith(
            "has a host too long for DNS: write labels of at most 63 characters, 253 in all"
        )


EXPRESSIONS = [
    (r"https://.*\.example\.com", "https://a.example.com", True),
    (r"https://.*\.example\.com", "https://a.example.com.evil.example", False),
    (r"https://.*\.example\.com", "https://aXexample.com", False),
    (r"example\.com", "https://example.com", False),
    (r"https://a.example|https://b.example", "https://b.example", True),
    (r"https://a\.example|https://b", "https://b.example", False),
    (r"https://(?:a|ab)", "https://ab", True),
    (r"(?i)HTTPS://A\.example", "https://a.example", True),
    (r"https://a\.example$", "https://a.example", True),
    (r".*", "null", False),
    (r"null", "null", False),
]


@pytest.mark.parametrize(
    ("expression", "origin", "admitted"),
    [pytest.param(*row, id=f"{row[0]} {row[1]}") for row in EXPRESSIONS],
)
def test_regular_expression_matches_the_whole_origin_and_never_null(expression, origin, admitted):
    expected = {"allow_origin": origin} if admitted else {}
    for form in (
        re.compile(expression),
        [re.compile(expression)],
        ["https://unrelated.example", re.compile(expression)],
    ):
        assert_cors(request(client(origin=form), origin), **expected, vary="Origin")


@pytest.mark.parametrize(
    "admits",
    ["copy", re.compile("a+://x"), lambda origin, environ: True],
    ids=["copy", "expression", "predicate"],
)
@pytest.mark.parametrize(("length", "status"), [(512, 200), (513, 403)])
def test_origin_has_at_most_512_bytes(admits, length, status):
    """A host has at most 253, so that the rest is the scheme."""
    origin = "a" * (length - len("://x")) + "://x"
    both = client(origin=admits)
    for _ in range(2):
        assert preflight(both, origin).status_int == status
        allowed = {"allow_origin": origin} if status == 200 else {}
        assert_cors(request(both, origin), **allowed, vary="Origin")


@pytest.mark.parametrize("port", ["", ":8443"], ids=["no-port", "port"])
@pytest.mark.parametrize(("length", "admitted"), [(253, True), (254, False)])
def test_wildcard_admits_hosts_of_at_most_253_bytes(length, admitted, port):
    end = ".example.com"
    host = ("a" * 59 + ".") * 4
    host += "b" * (length - len(host) - len(end)) + end
    assert len(host) == length
    allowed = "https://*.example.com" + (":*" if port else "")
    origin = f"https://{host}{port}"
    expected = {"allow_origin": origin} if admitted else {}
    assert_cors(request(client(origin=allowed), origin), **expected, vary="Origin")
