r"""Origins: which patterns load, how the others are mended, and which Origin each admits.

The rules below are their own tests, one line each; the line number is the id:

    Okay: pattern
    Refused: pattern | faults that are mended | the form that browsers send
    Refused: pattern | the message, or its name in MESSAGES

A scheme comes first, whatever it is
    Okay: https://app.example.com
    Okay: http://app.example.com
    Okay: chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb
    Okay: moz-extension://7c1cff5f-2b8e-4a5c-8f0d-3f6a5a1e9b52
    Okay: capacitor://localhost
    Okay: ionic://localhost
    Okay: tauri://localhost
    Okay: com.example.app://Start_Page
    Okay: app://.
    Refused: app.example.com | no scheme | https://app.example.com
    Refused: //app.example.com | no scheme | https://app.example.com
    Refused: app.example.com:8443 | no scheme | https://app.example.com:8443
    Refused: *.example.com | no scheme | https://*.example.com
    Refused: localhost:3000 | no scheme | http://localhost:3000
    Refused: 127.0.0.1:3000 | no scheme | http://127.0.0.1:3000
    Refused: https:/app.example.com | not exactly two slashes after the scheme | https://app.example.com
    Refused: https:///app.example.com | not exactly two slashes after the scheme | https://app.example.com
    Okay: http+unix://host
    Okay: shttp://host
    Refused: ws://app.example.com | not the scheme of a page | http://app.example.com
    Refused: wss://app.example.com:443 | not the scheme of a page, a default port | https://app.example.com
    Refused: htp://app.example.com | not the scheme of a page | http://app.example.com
    Refused: htps://app.example.com | not the scheme of a page | https://app.example.com
    Refused: htttps://app.example.com | not the scheme of a page | https://app.example.com
    Refused: HTTPSS://app.example.com | upper case, not the scheme of a page | https://app.example.com
    Refused: ttps://app.example.com | not the scheme of a page | https://app.example.com
    Refused: hxxp://app.example.com/ | not the scheme of a page, a trailing slash | http://app.example.com
    Refused: file://host | FILE
    Refused: FILE://host | FILE
    Refused: data://host | is never sent, because pages of data: URLs have the origin null: write 'null'
    Refused: about:blank | is never sent, because pages of about: URLs have the origin null: write 'null'
    Refused: data:text/html | is never sent, because pages of data: URLs have the origin null: write 'null'
    Refused: DATA:x | is never sent, because pages of data: URLs have the origin null: write 'null'
    Refused: javascript:x | is never sent, because pages of javascript: URLs have the origin null: write 'null'
    Refused: javascript:alert(1) | is never sent, because pages of javascript: URLs have the origin null: write 'null'
    Refused: blob:null/1 | is never sent, because pages of blob: URLs have the origin null: write 'null'
    Refused: blob:https://app.example.com/1 | a scheme before the scheme, a path | https://app.example.com
    Refused: BLOB:HTTPS://app.example.com/1 | a scheme before the scheme, upper case, a path | https://app.example.com
    Refused: file:/home/me | FILE
    Refused: data:8080 | no scheme | https://data:8080
    Refused: about: | no scheme, an empty port | https://about
    Refused: mailto:me | NO SCHEME
    Refused: mailto:me@example.com | NO SCHEME
    Refused: tel:+1 | NO SCHEME
    Refused: tel:8080/x | no scheme, a path | https://tel:8080
    Refused: app | NO SCHEME
    Refused: ://app.example.com | NO SCHEME
    Refused: 1st://host | NO SCHEME

A host in the characters that browsers send
    Okay: https://localhost
    Okay: https://example.com.
    Okay: https://under_score.example.com
    Okay: https://xn--bcher-kva.example
    Okay: https://a--b.example
    Okay: https://1.example
    Refused: https://APP.Example.com | upper case | https://app.example.com
    Refused: HTTPS://app.example.com | upper case | https://app.example.com
    Refused: https://bücher.example | Unicode | https://xn--bcher-kva.example
    Refused: https://BÜCHER.example | Unicode | https://xn--bcher-kva.example
    Refused: https://faß.example | Unicode | https://xn--fa-hia.example
    Refused: https://*.bücher.example | Unicode | https://*.xn--bcher-kva.example
    Refused: https://例え。テスト | Unicode | https://xn--r8jz45g.xn--zckzah
    Refused: https://b*ü.example | MIXED
    Refused: https:// | BAD HOST
    Refused: https://a..example | BAD HOST
    Refused: https://.example | BAD HOST
    Refused: https://a%62.example | BAD HOST
    Refused: https://a&b.example | BAD HOST

An IPv4 address as four plain numbers
    Okay: http://127.0.0.1
    Okay: http://203.0.113.7:8080
    Refused: http://127.1 | SHORT | http://127.0.0.1
    Refused: http://0x7f.0.0.1 | SHORT | http://127.0.0.1
    Refused: http://0177.0.0.1 | SHORT | http://127.0.0.1
    Refused: http://2130706433 | SHORT | http://127.0.0.1
    Refused: http://127.0.0.1. | SHORT | http://127.0.0.1
    Refused: http://256.0.0.1 | BAD NUMBER
    Refused: http://1.2.3.4.5 | BAD NUMBER
    Refused: http://*.0.0.1 | BAD NUMBER
    Refused: https://example.123 | BAD NUMBER

An IPv6 address in brackets and in its shortest form
    Okay: http://[::1]
    Okay: http://[::1]:8080
    Okay: https://[2001:db8::8:800:200c:417a]
    Okay: https://[2001:db8:0:1:1:1:1:1]
    Refused: http://[0:0:0:0:0:0:0:1] | an IPv6 address that is not in its shortest form | http://[::1]
    Refused: http://[2001:DB8::1] | an IPv6 address that is not in its shortest form | http://[2001:db8::1]
    Refused: http://[2001:db8::0:1] | an IPv6 address that is not in its shortest form | http://[2001:db8::1]
    Refused: http://[1:0:0:2:0:0:0:3] | an IPv6 address that is not in its shortest form | http://[1:0:0:2::3]
    Refused: http://[1:0:0:2:3:0:0:4] | an IPv6 address that is not in its shortest form | http://[1::2:3:0:0:4]
    Refused: http://[0:0::] | an IPv6 address that is not in its shortest form | http://[::]
    Refused: http://[::ffff:127.0.0.1] | an IPv6 address that is not in its shortest form | http://[::ffff:7f00:1]
    Refused: http://[fe80::1%eth0] | a zone in the address | http://[fe80::1]
    Refused: https://[::1%25eth0]:443 | a zone in the address, a default port | https://[::1]
    Refused: https://[FE80::1%25eth0] | a zone in the address, an IPv6 address that is not in its shortest form | https://[fe80::1]
    Refused: http://[%eth0] | BAD ADDRESS
    Refused: http://[::1::] | BAD ADDRESS
    Refused: http://[*] | BAD ADDRESS
    Refused: https://[*] | BAD ADDRESS
    Refused: http://::1 | BAD BRACKETS

A port that is not the scheme's own
    Okay: https://app.example.com:80
    Okay: http://app.example.com:443
    Okay: https://app.example.com:1
    Okay: https://app.example.com:65535
    Okay: https://app.example.com:*
    Okay: capacitor://localhost:443
    Refused: https://app.example.com:443 | a default port | https://app.example.com
    Refused: http://app.example.com:80 | a default port | http://app.example.com
    Refused: http://[::1]:80 | a default port | http://[::1]
    Refused: https://app.example.com: | an empty port | https://app.example.com
    Refused: https://app.example.com:0443 | zeros before the port, a default port | https://app.example.com
    Refused: https://app.example.com:08443 | zeros before the port | https://app.example.com:8443
    Refused: https://app.example.com:0 | BAD PORT
    Refused: https://app.example.com:65536 | BAD PORT
    Refused: https://app.example.com:80* | BAD PORT
    Refused: https://app.example.com:https | BAD PORT
    Refused: https://app.example.com:8443:1 | BAD BRACKETS

A wildcard in the leftmost label alone
    Okay: https://*.example.com
    Okay: https://*.example.com:8443
    Okay: https://*.example.com:*
    Okay: https://pr-*.example.com
    Okay: https://*-preview.example.com
    Okay: https://pr-*-preview.example.com
    Okay: https://*
    Okay: https://*:8443
    Okay: chrome-extension://*
    Refused: https://app.*.com | BAD WILDCARD
    Refused: https://*.*.example.com | BAD WILDCARD
    Refused: https://**.example.com | BAD WILDCARD
    Refused: https://a*b*.example.com | BAD WILDCARD
    Refused: https://example.* | BAD WILDCARD
    Refused: *://example.com | NO SCHEME
    Refused: http*://example.com | NO SCHEME
    Refused: https://app?.example.com | QUESTION MARK
    Refused: https://[a-z].example.com | BAD BRACKETS
    Refused: https://[a-z] | BAD ADDRESS
    Refused: ^https://app\.example\.com$ | is a regular expression in a string: write 'https://app.example.com'

Nothing behind the authority, nothing before the host
    Refused: https://app.example.com/ | a trailing slash | https://app.example.com
    Refused: https://app.example.com/index.html | a path | https://app.example.com
    Refused: https://app.example.com/?q=1 | a path | https://app.example.com
    Refused: https://app.example.com#top | a path | https://app.example.com
    Refused: https://*.example.com/* | a path | https://*.example.com
    Refused: https://user:password@app.example.com | a user name | https://app.example.com
    Refused: 'https://app.example.com' | quotes or white space around it | https://app.example.com
    Refused: "https://app.example.com" | quotes or white space around it | https://app.example.com
    Refused: `https://app.example.com` | quotes or white space around it | https://app.example.com
    Refused: “https://app.example.com” | quotes or white space around it | https://app.example.com
    Refused: <https://app.example.com> | angle brackets around it | https://app.example.com
    Refused: https://app.example.com> | angle brackets around it | https://app.example.com
    Refused: "<https://app.example.com/>" | quotes or white space around it, angle brackets around it, a trailing slash | https://app.example.com

All faults are mended at once
    Refused: HTTPS://APP.example.com:443/ | upper case, a trailing slash, a default port | https://app.example.com
    Refused: *.example.com:443/ | no scheme, a trailing slash, a default port | https://*.example.com
    Refused: Bücher.Example:443/shop | no scheme, a path, Unicode, a default port | https://xn--bcher-kva.example
    Refused: "http://127.1:/x" | quotes or white space around it, a path, SHORT, an empty port | http://127.0.0.1

The words
    Okay: *
    Okay: copy
    Okay: null
    Refused: NULL | is misspelled: write 'null'
    Refused: Copy | is misspelled: write 'copy'
    Refused: `null` | is misspelled: write 'null'
"""

from __future__ import annotations

import ast
import itertools
import logging
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import (
    ENVIRON,
    ORIGIN,
    OTHER,
    assert_cors,
    client,
    ignore,
    plain_app,
    preflight,
    problems,
    request,
)

from wsgicors import CORS, ConfigError, OriginList


def rules(kind):
    """The rules of this kind in the text at the top of this file, as parameters whose ids are line numbers."""
    lines = Path(__file__).read_text(encoding="utf-8").partition("from __future__")[0].splitlines()
    split = [line.strip().partition(": ") for line in lines]
    return [
        pytest.param(*rule.split(" | "), id=f"{Path(__file__).name}:{number}")
        for number, (word, _, rule) in enumerate(split, 1)
        if word == kind and not rule.startswith("pattern")
    ]


def refused(origin, **options):
    """The problems of a configuration with this origin, as (value, message)."""
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, origin=origin, **options)
    assert {problem.key for problem in caught.value.problems} == {"origin"}
    return [(problem.value, problem.message) for problem in caught.value.problems]


MESSAGES = {
    "SHORT": "an IPv4 address that is not four plain numbers",
    "NO SCHEME": "is not an origin: write scheme://host such as 'https://app.example.com', or '*' for anyone",
    "BAD HOST": "has an invalid host: write labels of letters, digits, '-' and '_', separated by single dots",
    "BAD NUMBER": "ends in a number but is not an IPv4 address: write four numbers from 0 to 255",
    "BAD ADDRESS": "is not an IPv6 address in brackets ('[a-z]' is not a wildcard): write one such as 'http://[::1]'",
    "BAD BRACKETS": "has misplaced brackets or colons: '[a-z]' is not a wildcard, and only an IPv6 address is written"
    " in brackets, such as 'http://[::1]:8080'",
    "BAD PORT": "has an invalid port: write a number from 1 to 65535, or ':*' for any port",
    "BAD WILDCARD": "has a misplaced '*': only the leftmost label may contain one, as in 'https://*.example.com'",
    "QUESTION MARK": "contains '?', which is not a wildcard: write the name in full, or '*' in its leftmost label",
    "FILE": "is what Electron and Cordova send for any local file, and is never allowed:"
    " load the app's pages from a scheme of its own, such as 'app://shop'",
    "MIXED": "mixes '*' and Unicode in one label: write the label in Punycode, or '*' alone",
}


def expected(pattern, faults, form=None):
    """The message of a rule, without the pattern it starts with."""
    if form is None:
        return MESSAGES.get(faults, faults)
    named = ", ".join(MESSAGES.get(fault, fault) for fault in faults.split(", "))
    return f"is not what browsers send ({named}): write {form!r}"


OKAY = rules("Okay")
EXACT = [
    parameter
    for parameter in OKAY
    if "*" not in parameter.values[0] and parameter.values[0] != "copy"
]
REFUSED = [
    pytest.param(parameter.values[0], expected(*parameter.values), id=parameter.id)
    for parameter in rules("Refused")
]
MENDED = [
    pytest.param(parameter.values[0], parameter.values[2], id=parameter.id)
    for parameter in rules("Refused")
    if len(parameter.values) == 3
]


def test_the_rules_at_the_top_were_found():
    assert len(OKAY) > len(EXACT) > 25
    assert len(REFUSED) > len(MENDED) > 30


@pytest.mark.parametrize("pattern", OKAY)
def test_pattern_that_browsers_can_match_loads(pattern):
    assert CORS(plain_app, origin=pattern).policies["direct"].origin == (pattern,)
    assert CORS(plain_app, origin=[pattern]).policies["direct"].origin == (pattern,)


@pytest.mark.parametrize("pattern", EXACT)
def test_pattern_without_a_wildcard_admits_itself_byte_for_byte(pattern):
    assert_cors(request(client(origin=pattern), pattern), allow_origin=pattern, vary="Origin")
    for other in (
        pattern + "x",
        pattern[:-1],
        pattern + "/",
        pattern.upper(),
        "x" + pattern,
        pattern + ":1",
    ):
        if other != pattern:
            assert_cors(request(client(origin=pattern), other), vary="Origin")


@pytest.mark.parametrize(("pattern", "message"), REFUSED)
def test_pattern_that_no_browser_matches_is_refused_with_its_remedy(pattern, message):
    assert refused(pattern) == [(pattern, f"{pattern!r} {message}")]
    assert refused([ORIGIN, pattern]) == [(pattern, f"{pattern!r} {message}")]


@pytest.mark.parametrize(("pattern", "form"), MENDED)
def test_what_a_message_says_to_write_loads(pattern, form):
    assert CORS(plain_app, origin=form).policies["direct"].origin == (form,)


@pytest.mark.parametrize("mark", ["\ufeff", "\ufeff\ufeff", '\ufeff"'])
def test_byte_order_mark_of_a_file_is_mended_like_white_space(mark):
    pattern = f"{mark}https://a.example/"
    message = (
        "is not what browsers send (quotes or white space around it, a trailing slash):"
        " write 'https://a.example'"
    )
    assert refused([pattern]) == [(pattern, f"{pattern!r} {message}")]


PIECES = [
    *'/.*:?@%[]<>`"A1-',
    "https://",
    "http:",
    "blob:",
    "data:",
    "a.example",
    "localhost",
    "::1",
    ":443",
    r"\d+",
    r"\.",
    "https?:",
    "^",
    "$",
    "ü",
    "\ufeff",
]


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_origin_that_a_message_shows_loads(text):
    try:
        assert CORS(plain_app, origin=[text]).policies["direct"].origin == (text,)
        return
    except ConfigError as error:
        (problem,) = error.problems
    shown = re.search(r": write ('[^']*')$", problem.message)
    if shown:
        assert CORS(plain_app, origin=ast.literal_eval(shown[1])).policies


def test_too_long_for_dns_is_refused():
    message = "has a host too long for DNS: write labels of at most 63 characters, 253 in all"
    for host in ("a" * 64 + ".example", ".".join(["a" * 63] * 4), "a." * 126 + "example"):
        assert refused(f"https://{host}")[0][1].endswith(message)
    for host in ("a" * 63 + ".example", "a." * 123 + "example"):
        assert CORS(plain_app, origin=f"https://{host}").policies


def test_every_bad_entry_of_a_list_is_named_and_no_good_one():
    found = refused("https://a.example/ https://good.example, b.example")
    assert [value for value, _ in found] == ["https://a.example/", "b.example"]


def test_white_space_in_an_entry_of_a_python_list():
    assert refused([" https://a.example\n"]) == [
        (
            " https://a.example\n",
            "' https://a.example\\n' is not what browsers send (quotes or white space around it):"
            " write 'https://a.example'",
        )
    ]
    assert refused(["https://a.example https://b.example"]) == [
        (
            "https://a.example https://b.example",
            "'https://a.example https://b.example' contains more than one word: write each origin as a separate entry",
        )
    ]


KINDS = (
    "write 'scheme://host', 'null', a compiled regular expression, a function f(origin, environ),"
    " or an OriginList"
)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param(b"https://a.example", f"has the type bytes: {KINDS}", id="bytes"),
        pytest.param(
            re.compile(b"https://a"), f"has the type Pattern: {KINDS}", id="expression-of-bytes"
        ),
        pytest.param(7, f"has the type int: {KINDS}", id="number"),
        pytest.param(None, f"has the type NoneType: {KINDS}", id="None"),
        pytest.param(["https://a.example"], f"has the type list: {KINDS}", id="list-in-a-list"),
    ],
)
def test_entry_of_another_type_is_refused(entry, message):
    assert refused([entry]) == [(entry, f"{entry!r} {message}")]


@pytest.mark.parametrize("word", ["*", "copy"])
@pytest.mark.parametrize("other", [ORIGIN, "null", "*", "copy"])
def test_anyone_stands_alone(word, other):
    assert refused([word, other]) == [
        (
            (word, other),
            f"{(word, other)!r} lists origins beside '*' or 'copy', which allow every origin: write one or the other",
        )
    ]


@pytest.mark.parametrize("word", ["*", "copy"])
def test_source_lists_origins_and_not_anyone(word):
    with pytest.raises(ConfigError) as caught:
        OriginList(lambda: [word])
    assert [tuple(problem)[1:3] for problem in caught.value.problems] == [
        (
            word,
            f"{word!r} allows everyone, so it cannot be loaded: list origins",
        )
    ]


# --- which Origin a list of patterns admits ---

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


def never(origin, environ):
    raise AssertionError(f"asked about {origin!r}")


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


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (
            "https://app.exampleX",
            "is not what browsers send (upper case): write 'https://app.examplex'",
        ),
        (
            "Xa.example.com",
            "is not what browsers send (no scheme, upper case): write 'https://xa.example.com'",
        ),
        ("localhost", "is not what browsers send (no scheme): write 'http://localhost'"),
        (
            "LocalHost",
            "is not what browsers send (no scheme, upper case): write 'http://localhost'",
        ),
        (
            "HTTPS:/app.example.com",
            "is not what browsers send (not exactly two slashes after the scheme, upper case):"
            " write 'https://app.example.com'",
        ),
        ("'*'", "is misspelled: write '*'"),
        (
            "http://127.0.0.0x1",
            "is not what browsers send (an IPv4 address that is not four plain numbers): write 'http://127.0.0.1'",
        ),
        (
            "https://a\u200bb.exämple",
            "is not what browsers send (Unicode): write 'https://ab.xn--exmple-cua'",
        ),
    ],
)
def test_pattern_is_mended_in_one_step(pattern, message):
    assert problems(origin=[pattern]) == [("origin", pattern, f"{pattern!r} {message}")]


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


def test_half_a_character_is_no_host():
    ((_, _, message),) = problems(origin="https://\ud800.example.com")
    assert message.endswith(
        "has an invalid host: write labels of letters, digits, '-' and '_', separated by single dots"
    )


# --- regular expressions and predicates ---

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


def test_predicate_is_not_asked_about_null_nor_about_what_a_pattern_admits():
    assert_cors(request(client(origin=never), "null"), vary="Origin")
    assert_cors(request(client(origin=["null", never]), "null"), allow_origin="null", vary="Origin")
    assert_cors(request(client(origin=[never, ORIGIN]), ORIGIN), allow_origin=ORIGIN, vary="Origin")


def test_predicate_sees_the_environ_of_the_request():
    def same_tenant(origin, environ):
        return origin == f"https://{environ['HTTP_X_TENANT']}.example"

    both = client(origin=same_tenant)
    assert_cors(
        request(both, "https://a.example", X_Tenant="a"),
        allow_origin="https://a.example",
        vary="Origin",
    )
    assert_cors(request(both, "https://a.example", X_Tenant="b"), vary="Origin")


async def asynchronous(origin, environ):
    return True


def raising(origin, environ):
    raise LookupError("no database")


class Truthy:
    def __bool__(self):
        return True


@pytest.mark.parametrize(
    ("predicate", "admitted", "errors"),
    [
        pytest.param(lambda origin, environ: True, True, 0, id="True"),
        pytest.param(lambda origin, environ: False, False, 0, id="False"),
        pytest.param(lambda origin, environ: None, False, 1, id="None"),
        pytest.param(lambda origin, environ: 1, False, 1, id="1"),
        pytest.param(lambda origin, environ: 0, False, 1, id="0"),
        pytest.param(lambda origin, environ: "yes", False, 1, id="text"),
        pytest.param(lambda origin, environ: re.match("h", origin), False, 1, id="match"),
        pytest.param(lambda origin, environ: Truthy(), False, 1, id="truthy"),
        pytest.param(asynchronous, False, 1, id="coroutine"),
        pytest.param(raising, False, 1, id="raises"),
    ],
)
def test_predicate_allows_by_true_alone_and_what_is_not_boolean_is_an_error(
    predicate, admitted, errors, caplog
):
    expected = {"allow_origin": ORIGIN} if admitted else {}
    for form in (predicate, [predicate], ["https://unrelated.example", predicate]):
        caplog.clear()
        response = request(client(origin=form), ORIGIN)
        assert (response.status_int, response.text) == (200, "ok")
        assert_cors(response, **expected, vary="Origin")
        found = [record for record in caplog.records if record.levelname == "ERROR"]
        assert [record.name for record in found] == ["wsgicors"] * errors
        assert preflight(client(origin=form)).status_int == (200 if admitted else 403)


def test_predicate_that_raises_is_logged_with_its_traceback(caplog):
    request(client(origin=raising), ORIGIN)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (record.exc_info[0], str(record.exc_info[1])) == (LookupError, "no database")


def test_failing_predicate_refuses_although_a_later_one_or_policy_would_allow():
    assert_cors(
        request(client(origin=[raising, lambda origin, environ: True]), ORIGIN), vary="Origin"
    )
    both = client(policy="a, b", a_origin=raising, b_origin="copy")
    assert_cors(request(both, ORIGIN), vary="Origin")


def test_next_predicate_is_asked_after_false():
    both = client(origin=[lambda origin, environ: False, lambda origin, environ: origin == ORIGIN])
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(both, OTHER), vary="Origin")


def test_coroutine_of_a_predicate_allows_nobody(caplog):
    async def predicate(origin, environ):
        return True

    assert_cors(request(client(origin=predicate), ORIGIN), vary="Origin")
    assert [record.levelname for record in caplog.records if record.name == "wsgicors"] == ["ERROR"]


BOOLEAN = "write one that returns True or False"


def breaks(origin, environ):
    """A predicate that fails."""
    raise RuntimeError


async def waits(origin, environ):
    """A predicate that gives a coroutine."""


def says_yes(origin, environ):
    """A predicate that gives no boolean."""
    return "yes"


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (
            breaks,
            "the predicate breaks (test_origins.py:{}) failed for origin '{}'",
        ),
        (
            says_yes,
            "the predicate says_yes (test_origins.py:{}) returned 'yes' for origin '{}': "
            + BOOLEAN,
        ),
        (
            waits,
            "the predicate waits (test_origins.py:{}) returned <coroutine object waits at {} for origin '{}': "
            + BOOLEAN,
        ),
    ],
)
def test_log_says_which_predicate_failed_and_how(caplog, predicate, message):
    CORS(plain_app, origin=predicate)({**ENVIRON, "HTTP_ORIGIN": ORIGIN}, ignore)
    ((name, level, text),) = caplog.record_tuples
    assert (name, level) == ("wsgicors", logging.ERROR)
    shown = re.sub(r"0x[0-9a-f]+>", "{}", re.sub(r":\d+\)", ":{})", text))
    assert shown.replace(ORIGIN, "{}") == message


# --- anyone, nobody ---


def test_star_admits_anyone_by_the_wildcard():
    for origin in (ORIGIN, "null", "HTTP://x", "", None):
        assert_cors(request(client(origin="*"), origin), allow_origin="*")


def test_copy_reflects_anyone():
    assert_cors(request(client(origin="copy"), ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(client(origin="copy"), "null"), allow_origin="null", vary="Origin")
    assert_cors(request(client(origin="copy")), vary="Origin")


@pytest.mark.parametrize("nobody", ["", "  ", [], (), set(), frozenset()], ids=repr)
def test_empty_origin_allows_nobody(nobody):
    both = client(origin=nobody)
    assert_cors(request(both, ORIGIN), vary="Origin")
    assert_cors(request(both), vary="Origin")
    assert preflight(both).status_int == 403


@pytest.mark.parametrize(
    "several",
    [
        "https://a.example,https://b.example",
        "https://a.example https://b.example",
        "https://a.example, https://b.example",
        "\n  https://a.example\n  https://b.example\n",
        ["https://a.example", "https://b.example"],
        ("https://a.example", "https://b.example"),
        {"https://a.example", "https://b.example"},
        frozenset(("https://a.example", "https://b.example")),
    ],
    ids=repr,
)
def test_list_of_origins_in_every_form(several):
    both = client(origin=several)
    for origin in ("https://a.example", "https://b.example"):
        assert_cors(request(both, origin), allow_origin=origin, vary="Origin")
    assert_cors(request(both, "https://c.example"), vary="Origin")


def test_set_may_hold_patterns_expressions_and_predicates_at_once():
    both = client(
        origin={
            "https://a.example",
            re.compile("https://b.*"),
            lambda origin, environ: "c" in origin,
        }
    )
    for origin in ("https://a.example", "https://b.example", "https://c.example"):
        assert_cors(request(both, origin), allow_origin=origin, vary="Origin")
    assert_cors(request(both, "https://d"), vary="Origin")


def test_wildcard_before_a_lone_dot_is_no_host():
    with pytest.raises(ConfigError, match="has an invalid host"):
        CORS(plain_app, origin="https://*.")


# --- the host "." of Electron's pages ---


@pytest.mark.parametrize(
    "entry",
    ["app://.", "app://*", "copy", re.compile(r"app://\."), lambda origin, environ: True],
    ids=["exact", "wildcard", "copy", "expression", "predicate"],
)
def test_origin_with_the_host_of_a_single_dot_is_allowed(entry):
    application = client(origin=entry)
    assert_cors(request(application, "app://."), allow_origin="app://.", vary="Origin")
    assert_cors(request(application, "app://.."), vary="Origin")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_web_pages_never_have_a_single_dot_as_host(scheme):
    assert_cors(request(client(origin="copy"), f"{scheme}://."), vary="Origin")
    ((_, _, message),) = problems(origin=f"{scheme}://.")
    assert message.startswith(f"'{scheme}://.' has an invalid host: ")


def test_expression_for_a_single_dot_is_safe_if_it_spells_out_the_scheme():
    assert CORS(plain_app, origin=re.compile(r"app://\."), credentials=True).policies
    ((_, _, message),) = problems(origin=re.compile(r"[a-z]+://\."), credentials=True)
    assert "it may admit 'a://.', whose scheme it does not spell out" in message
