r"""Patterns of origins: which load, and how the others are mended. What they admit: test_origin_matching.py.

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
    Refused: NULL | is not what browsers send (another spelling of null): write 'null'
    Refused: Copy | is misspelled: write 'copy'
    Refused: `null` | is not what browsers send (another spelling of null): write 'null'
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ORIGIN, assert_cors, client, plain_app, problems, request

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


def test_half_a_character_is_no_host():
    ((_, _, message),) = problems(origin="https://\ud800.example.com")
    assert message.endswith(
        "has an invalid host: write labels of letters, digits, '-' and '_', separated by single dots"
    )


def test_wildcard_before_a_lone_dot_is_no_host():
    with pytest.raises(ConfigError, match="has an invalid host"):
        CORS(plain_app, origin="https://*.")
