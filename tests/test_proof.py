"""Regular expressions: what loads with credentials is proved, and takes no long time.

regexes.json holds 105 expressions as people write them for the origins of a CORS middleware, with
names that are reserved for examples in place of their own. Each has a truth: RISKY where it admits,
with credentials, an origin that the author cannot have meant, or SAFE; and the reason.
"""

from __future__ import annotations

import inspect
import itertools
import json
import math
import re
import sys
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from support import plain_app

import wsgicors
from wsgicors import (
    CORS,
    Automaton,
    ConfigError,
    OriginList,
    count_ways,
    parse_regex,
    places_in_a_row,
)

FLAGS = {"": 0, "i": re.IGNORECASE, "x": re.VERBOSE}
CORPUS = json.loads(Path(__file__).with_name("regexes.json").read_text(encoding="utf-8"))
ANY = "any-origin"
HTTP = "insecure-origin"
PUBLIC = "public-suffix"
SLOW = "slow-expression"

# Safe, but refused all the same: what they need, a proof cannot follow; or Python can take too long.
REFUSED_ALTHOUGH_SAFE = {
    r"(?=.*\.example\.com$)https://.*": {ANY},
    r"https://.*(?<=\.example\.com)": {ANY},
    r"https://(([a-z])+.)+[A-Z]([a-z])+$": {ANY, SLOW},
    r"https://(.*a){20}\.example\.com": {SLOW},
    r"(a+)+$": {SLOW},
}


def compiled(row):
    return re.compile(row["pattern"], FLAGS[row["flags"]])


def messages(origin, **options):
    """Risk -> message, of an origin that is given with credentials."""
    try:
        CORS(plain_app, origin=[origin], **{"credentials": True, **options})
    except ConfigError as error:
        found = [problem.message for problem in error.problems]
        return {re.search(r"prohibited \(([a-z-]+)\)", message)[1]: message for message in found}
    return {}


def shown(message):
    """The origin that a message about an expression shows."""
    return re.search(r"it may admit '([^']+)'", message)[1]


@pytest.mark.parametrize("row", CORPUS, ids=[row["pattern"] for row in CORPUS])
def test_verdict_on_an_expression_as_people_write_it(row):
    found = messages(compiled(row))
    if row["truth"] == "RISKY":
        assert set(found) & {ANY, HTTP, PUBLIC}
    else:
        assert set(found) == REFUSED_ALTHOUGH_SAFE.get(row["pattern"], set())


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row["pattern"])
        for row in CORPUS
        if row["truth"] == "RISKY" and "(?" not in row["pattern"].replace("(?:", "")
    ],
)
def test_origin_that_a_message_shows_is_admitted(row):
    regex = compiled(row)
    for message in messages(regex).values():
        if "it may admit" in message:
            assert regex.fullmatch(shown(message))


EXAMPLES = [
    # expression, the risk, the origin that the message shows
    (r"https://.*example\.com", PUBLIC, "https://unrelated-example.com"),
    (r"https://[a-z]*example\.com", PUBLIC, "https://unrelatedexample.com"),
    (r"https://(\w+\.)+com", PUBLIC, "https://unrelated.com"),
    (r"https://foo-.*\.vercel\.app", PUBLIC, "https://foo-unrelated.vercel.app"),
    (r"https://shop-\d+\.web\.app", PUBLIC, "https://shop-1.web.app"),
    (r"https://www.example\.com", PUBLIC, "https://www-example.com"),
    (r"https://.*", ANY, "https://unrelated.example"),
    (r"https://.*:3000", ANY, "https://unrelated.example:3000"),
    (r"https://example\.[a-z]+", ANY, "https://example.unrelated"),
    (r"https://app\.example\.com.*", ANY, "https://app.example.com-unrelated"),
    (r"https://[0-9.]+", ANY, "https://1"),
    (r"https://\[[0-9a-f:]+\]", ANY, "https://[a]"),
    (r"http://app\.example\.com", HTTP, "http://app.example.com"),
    (r".*\.example\.com", HTTP, "http://unrelated.example.com"),
    (r"https?://10\.\d+\.\d+\.\d+", HTTP, "http://10.1.1.1"),
    (r"https://.*\.amazonaws\.com", PUBLIC, "https://a.unrelated.amazonaws.com"),
]


@pytest.mark.parametrize(
    ("expression", "risk", "origin"), [pytest.param(*row, id=row[0]) for row in EXAMPLES]
)
def test_message_shows_a_readable_stranger(expression, risk, origin):
    assert shown(messages(re.compile(expression))[risk]) == origin


INSTEAD = "write a pattern such as 'https://*.example.com', or a function f(origin, environ)"


def accept(risk):
    return f"or accept it with accept_risk = {risk}"


def test_whole_messages():
    regex = re.compile(r"https?://.*example\.com|.*")
    assert messages(regex) == {
        ANY: f"{regex!r} with credentials is prohibited (any-origin): it may admit"
        " 'https://unrelated.example', and every web site could act as the logged-in user;"
        f" {INSTEAD}, {accept(ANY)}",
        HTTP: f"{regex!r} with credentials is prohibited (insecure-origin): it may admit"
        " 'http://unrelated.example', and http is not authenticated, so anyone who controls a user's"
        f" network can be this origin; {INSTEAD}, {accept(HTTP)}",
        PUBLIC: f"{regex!r} with credentials is prohibited (public-suffix): it may admit"
        " 'https://unrelated-example.com', and anyone can get a name under 'com' (it is a"
        f" top-level domain), and act from it as the logged-in user; {INSTEAD}, {accept(PUBLIC)}",
    }


def test_message_names_what_is_above_a_suffix():
    message = messages(re.compile(r"https://[a-z]+\.[a-z]+\.amazonaws\.com"))[PUBLIC]
    assert (
        "anyone can get a name under 'amazonaws.com' (names below it are public suffixes)"
        in message
    )


def test_accepted_risk_hides_no_other():
    regex = re.compile(r"https?://.*example\.com|.*")
    for accepted in ([ANY], [ANY, PUBLIC], [HTTP], [PUBLIC, SLOW]):
        assert set(messages(regex, accept_risk=accepted)) == {ANY, HTTP, PUBLIC} - {*accepted}
    assert messages(regex, accept_risk=[ANY, HTTP, PUBLIC]) == {}
    assert messages(regex, credentials=False) == {}


SCHEMES = [
    # expression, its risks
    (r"capacitor://localhost", set()),
    (r"chrome-extension://abcdefghijklmnop", set()),
    (r"(?:app|myapp)://host", set()),
    (r"t?tps://app\.example\.com", set()),
    (r"[st]://app\.example\.com", set()),
    (r"[a-z]+://app\.example\.com", {HTTP}),
    (r"[a-z]{5}://app\.example\.com", {HTTP}),
    (r"(?:http)+s://app\.example\.com", {HTTP}),
    (r"https?://app\.localhost", set()),
    (r"http://127\.\d+\.\d+\.\d+", set()),
    (r"http://[0-9]+\.0\.0\.1", {ANY, HTTP}),
    (r"http://[0-9]27\.\d+\.\d+\.\d+", {ANY, HTTP}),
    (r"http://\[::1\](?::\d+)?", set()),
    (r"http://\[::[12]\]", {ANY, HTTP}),
    (r"http://localhost\.", {HTTP}),
    (r"app://127\.\d+\.\d+\.\d+", {ANY}),
    (r"://app\.example\.com|1://app\.example\.com", set()),
    (r"chrome-extension://[a-p]{32}", {ANY}),
    (r"app://.*", {ANY}),
    (r"(?:app|https)://.*", {ANY}),
]


@pytest.mark.parametrize(
    ("expression", "risks"), [pytest.param(*row, id=row[0]) for row in SCHEMES]
)
def test_scheme_is_https_or_local_or_another_one_that_is_spelled_out(expression, risks):
    assert set(messages(re.compile(expression))) == risks


def test_wildcard_for_the_host_of_another_scheme_has_a_sentence_of_its_own():
    extension = "any extension that a user installs could act as that user"
    for origin in ("moz-extension://*", re.compile(r"moz-extension://[0-9a-f-]+")):
        assert extension in messages(origin)[ANY]
    for origin in ("app://*", re.compile("app://.*")):
        assert (
            "any page with the scheme app could act as the logged-in user" in messages(origin)[ANY]
        )
    assert "every web site" in messages(re.compile(r"(?:app|https)://.*"))[ANY]


def test_scheme_that_is_not_spelled_out_and_cannot_be_http():
    message = messages(re.compile(r"[a-z]{5}://app\.example\.com"))[HTTP]
    assert "it may admit 'ahttp://app.example.com', whose scheme it does not spell out;" in message
    found = messages(re.compile(r"[a-z]{5}://.*\.com"))
    assert "whose scheme it does not spell out;" in found[HTTP]
    assert "and anyone can get a name under 'com'" in found[PUBLIC]


CONSTRUCTS = [
    # expression, flags, its risks
    (r"https://[Aa]pp\.[a-c]xample\.com", 0, set()),
    (r"https://[a-d]xample\.com", 0, set()),
    (r"https://[a-e]xample\.com", 0, {PUBLIC}),
    (r"https://[ab]x[ab]mple\.com", 0, set()),
    (r"https://[ab]x[ab]mpl[ab]\.com", 0, {PUBLIC}),
    (r"https://[\u0100-\uffff]*xample\.com", re.IGNORECASE, {PUBLIC}),
    (r"https://[^\s\w\-.:/+\[\]]*app\.example\.com", 0, set()),
    (r"https://[^b-z0-9_.:/+\[\]A-Z-]xample\.com", 0, set()),
    (r"https://[\D]xample\.com", 0, {PUBLIC}),
    (r"https://\Wxample\.com", 0, set()),
    (r"https://[^a]xample\.com", 0, {PUBLIC}),
    (r"HTTPS://EXAMPLE\.COM", re.IGNORECASE, set()),
    (r"(?i:HTTPS://EXAMPLE)\.com", 0, set()),
    (r"(?i:http\u017f)://[a-z]+\.com", 0, {PUBLIC}),
    (r"(?i)https://(?-i:example)\.com", 0, set()),
    (r"(?i)http\u017f://example\.com", 0, set()),
    (r"(?i)https?\u017f?://example\.com", 0, {HTTP}),
    (r"(?i)https://[^\u212a]\.com", 0, {PUBLIC}),
    (r"(?i)(?-i:\u017f)://.*", 0, set()),
    (r"http://x[^\w.:/\[\]+]y\.com", 0, {HTTP}),
    (r"http://[^\D]x\.com", 0, {HTTP, PUBLIC}),
    (r"https://(?:app){0,4}\.com", 0, set()),
    (r"https://(?:app){0,5}\.com", 0, {PUBLIC}),
    (r"(?a)https://\w+\.example\.com", 0, set()),
    (r"https://app . example\.com", re.VERBOSE, {PUBLIC}),
    (r"(?s)https://.+\.example\.com", 0, set()),
    (r"(?m)^https://app\.example\.com$", 0, set()),
    (r"\Ahttps://app\.example\.com\Z", 0, set()),
    (r"https://\b\w+\b\.example\.com\B", 0, set()),
    (r"https://(?=.)(?<!x)(?!y)(?<=/)[a-z]+\.example\.com", 0, set()),
    (r"https://(?!.*evil)[a-z]+\.com", 0, {PUBLIC}),
    (r"https://(example)\.\1\.com", 0, set()),
    (r"https://([a-z]+)\.\1\.com", 0, {PUBLIC}),
    (r"https://(?P<a>[a-z]+)\.(?P=a)\.com", 0, {PUBLIC}),
    (r"https://(?=([a-z]+))\1\.com", 0, {PUBLIC}),
    (r"https://(a\.)?(?(1)example|[a-z]+)\.com", 0, {PUBLIC}),
    (r"https://(a\.)?(?(1)example\.com)", 0, set()),
    (r"()?(?(1)http://app\.example\.com|https://app\.example\.com)", 0, {HTTP}),
    (r"()?(?(1)https://app\.example\.com|http://app\.example\.com)", 0, {HTTP}),
    (r"https://[a-z]+?\.example\.com", 0, set()),
    (r"https://(?:a|b)??\.?example\.com", 0, set()),
    (r"https://w{3}\.example\.com", 0, set()),
    (r"https://(?:app\.){0,2}example\.com", 0, set()),
    (r"https://(?:app\.){5}example\.com", 0, set()),
    (r"https://(?:app){4}\.com", 0, set()),
    (r"https://(?:app){5}\.com", 0, {PUBLIC}),
    (r"https://a{70}\.com", 0, {PUBLIC}),
    (r"https://a{60}\.com", 0, set()),
    (r"https://app\.example\.com(?!)", 0, set()),
    (r"(?:)", 0, set()),
    (r"(?:https://.*[^\x00-\x7f])", 0, set()),
    (r"https://app\.example\.(?:com|co\.uk)", 0, set()),
    (r"https://app\.co\.(?:uk|[a-z]+)", 0, {ANY}),
    (r"https://\.?.*\.?\.example\.com", 0, set()),
    (r"https://203\.0\.113\.7", 0, set()),
    (r"https://203\.0\.113\.\d+", 0, {ANY}),
    (r"https://com", 0, set()),
    (r"https://app\.example\.com\.", 0, set()),
    (r"https://[a-z]+\.com\.", 0, {PUBLIC}),
    (r"https://[a-z]+\.5", 0, {ANY}),
    (r"https://[a-z]+\.amazonaws\.com", 0, set()),
    (r"https://[a-z]+\.[a-z]+\.amazonaws\.com", 0, {PUBLIC}),
    (r"https://[a-z]+\.app\.amazonaws\.com", 0, set()),
]
POSSESSIVE = [
    (r"https://[a-z]++\.example\.com", 0, set()),
    (r"https://(?>[a-z]+)\.example\.com", 0, set()),
    (r"https://(?>[a-z]+)\.com", 0, {PUBLIC}),
    (r"https://[a-z]?+xample\.com", 0, {PUBLIC}),
]
if sys.version_info >= (3, 11):
    CONSTRUCTS += POSSESSIVE


@pytest.mark.parametrize(
    ("expression", "flags", "risks"), [pytest.param(*row, id=row[0]) for row in CONSTRUCTS]
)
def test_what_the_constructs_of_an_expression_admit(expression, flags, risks):
    assert set(messages(re.compile(expression, flags))) == risks


# --- time ---

TIMES = [
    # expression, whether it can keep a server busy
    (r"https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com", False),
    (r"https://([a-z]+\.?)+\.example\.com", True),
    (r"https://([a-z]+\.)+example\.com", False),
    (r"https://([a-z]+|[0-9]+)+\.example\.com", True),
    (r"https://([a-z]|[0-9])+\.example\.com", False),
    (r"https://([a-z]|[A-Z])+\.example\.com", False),
    (r"https://(\w|[a-z])+\.example\.com", False),  # one class for Python's parser as well
    (r"https://(\wx|[a-z]x)+\.example\.com", True),
    (r"https://(?:[a-z]*)*\.example\.com", True),
    (r"(?i)https://(?:ax|Ax)+\.example\.com", True),
    (r"https://(?:ax|Ax)+\.example\.com", False),
    (r"https://(?:x[a-z]?y)+\.example\.com", False),
    (r"https://(?:x(?:[a-z]?)?y)+\.example\.com", True),
    (r"https://(?:x(?:[a-z]?)*y)+\.example\.com", True),
    (r"https://(?:(?:a?)*b)+\.example\.com", True),
    (r"https://(?:a?b?)*\.example\.com", True),
    (r"https://(?:(?:)?(?:b*aa)?)+\.example\.com", True),
    (r"https://(?:b(?:)??|)*\.example\.com", True),
    (r"https://(?:a?b)*\.example\.com", False),
    (r"https://(?:[ab]ba?.)+\.example\.com", False),
    (r"https://(?:[a-z]{2})+\.example\.com", False),
    (r"https://(?:[a-z]{2,3})+\.example\.com", True),
    (r"https://(?:[a-z]+-?){1,3}\.example\.com", False),
    (r"https://(?:[a-z]+-?){20}\.example\.com", True),
    (r"https://(?:[0-9a-f]{2}:){15}[0-9a-f]{2}\.example\.com", False),
    (r"https://(?:[a-z]+-)*[a-z]+\.example\.com", False),
    (r"https://[a-z]+[a-z]+[a-z]+\.example\.com", False),
    (r"https://[a-z]+[a-z]+[a-z]+[a-z]+\.example\.com", True),
    (r"https://[a-z]{0,61}[a-z]{0,61}[a-z]{0,61}[a-z]{0,61}\.example\.com", True),
    (r"https://[\w-]+-[\w-]+-[\w-]+\.example\.com", False),
    (r"https://[\w-]+-[\w-]+-[\w-]+-[\w-]+\.example\.com", True),
    (r"https://(?:[\w-]+-){3}[\w-]+\.example\.com", True),
    (r"https://(?:[a-z]+-?){1,4}\.example\.com", True),
    (r"https://(?:[a-z]?){5}\.example\.com", False),
    (r"https://(?:[a-z]?){21}\.example\.com", False),
    (r"https://(?:[a-z]?){22}\.example\.com", True),
    (r"https://(?:[a-z]?){200}\.example\.com", True),
    (r"https://(?:a(?:[a-z]?){30})?b\.example\.com", True),
    (r"https://(?:[a-z]?){0,30}\.example\.com", False),
    (r"https://(?:(?:[a-z]{1,4}){1,4}){1,4}\.example\.com", True),
    (r"https://(?:[a-z0-9]{1,63}\.){1,8}example\.com", False),
    (r"https://(?=(?:[a-z]?){30}!)app\.example\.com", True),
    (r"https://[a-z]*[a-z]*[a-z]*\.example\.com", False),
    (r"https://(?:x(?:\B|\B)*y)+\.example\.com", True),
    (r"https://(?=(a+)+b)app\.example\.com", True),
    (r"https://(?:(?=x(a?|b?)aab)y)+app\.example\.com", False),
    (r"https://(?:(a)\1|aa)+\.example\.com", True),
]


@pytest.mark.parametrize(("expression", "slow"), [pytest.param(*row, id=row[0]) for row in TIMES])
def test_long_time_is_a_risk_with_and_without_credentials(expression, slow):
    regex = re.compile(expression)
    for credentials in (True, False):
        assert set(messages(regex, credentials=credentials)) == ({SLOW} if slow else set())
        assert messages(regex, credentials=credentials, accept_risk=SLOW) == {}


@pytest.mark.parametrize(
    "name",
    [
        r"[a-z0-9-]+\.shop{}\.example",
        r"(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+shop{}\.example",
    ],
)
def test_many_names_beside_one_another_take_no_long_time(name):
    names = "|".join(name.format(number) for number in range(80))
    assert messages(re.compile(f"https://(?:{names})")) == {}


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("https://[a-z]", 0),
        ("https://[a-z]{4}", 4),
        ("https://[a-z]*", 253),
        ("https://[a-z]*[a-z]*", math.comb(255, 2) - 1),
        ("https://[a-z]*[a-z]*[a-z]*", math.comb(256, 3) - 1),
        ("https://(?:[a-z]?){4}", 2**4 - 1),
        ("https://a(?:a?)?a", 1 + 3 + 1),  # to the last one in two ways
        ("https://(?:[a-z]?){30}", sum(math.comb(30, taken) for taken in range(1, 9))),
    ],
)
def test_ways_to_read_a_name_are_counted(expression, number):
    regex = re.compile(expression)
    automaton = Automaton(parse_regex(regex), regex.flags, lambda steps: None)
    assert count_ways(automaton, places_in_a_row(automaton, "a")) == number


def test_message_about_time():
    regex = re.compile(r"https://([a-z]+\.?)+\.example\.com")
    assert messages(regex, credentials=False) == {
        SLOW: f"{regex!r} is prohibited (slow-expression): it can match the same text in millions"
        f" of ways, so that one request could keep the server busy, in the worst case for hours;"
        f" write it without nested or adjacent repeats that match the same characters, or {INSTEAD[len('write ') :]}, {accept(SLOW)}"
    }


def test_message_about_time_is_the_same_for_a_short_expression():
    regex = re.compile(r"https://(a+)+\.example\.com")
    assert messages(regex) == {
        SLOW: f"{regex!r} is prohibited (slow-expression): it can match the same text in millions"
        f" of ways, so that one request could keep the server busy, in the worst case for hours;"
        f" write it without nested or adjacent repeats that match the same characters, or {INSTEAD[len('write ') :]}, {accept(SLOW)}"
    }


def test_slow_expression_of_a_list_is_left_out_unless_the_policy_accepts_it():
    slow, fast = re.compile(r"https://(a+)+\.example\.com"), "https://app.example.com"
    origin = "https://aa.example.com"
    for options, admitted in (({}, False), ({"accept_risk": SLOW}, True)):
        origins = OriginList(lambda: [slow, fast])
        app = CORS(plain_app, origin=origins, **options)
        headers = []
        app(
            {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin},
            lambda status, sent, exc_info=None, headers=headers: headers.extend(sent),
        )
        assert (("Access-Control-Allow-Origin", origin) in headers) is admitted


# --- the work is bounded ---

NASTY = {
    "nested-counts": "(?:" * 12 + "a" + "{3})" * 12,
    "nested-optionals": "(?:" * 40 + "a?" + ")?" * 40,
    "back-references": "(a)" + "".join(rf"(\{n}\{n})" for n in range(1, 40)),
    "alternatives": "https://(?:" + "|".join(f"n{n}" for n in range(20_000)) + r")\.example\.com",
    "repeated-alternatives": "(?:" + "|".join(f"{n}a?" for n in range(2_000)) + ")*",
    "optionals": "".join(f"[a-{c}]?" for c in "bcdefghijklmnopqrstuvwxyz") * 40,
    "classes": "[a-d]" * 200 + r"\.com",
    "names": "https://" + "(?:a|bb|ccc)" * 60 + r"\.com",
    "long": "https://" + "a" * 150_000 + r"\.com",
    "dots": ".*" * 2_000,
}


@pytest.mark.parametrize("expression", NASTY.values(), ids=NASTY)
def test_work_is_counted_and_bounded(expression):
    """Each step of the count is at most some hundred lines of Python, whatever the expression is."""
    regex, lines = re.compile(expression), 0

    def count(frame, event, argument):
        nonlocal lines
        lines += frame.f_code.co_filename == wsgicors.__file__
        return count

    tracing = sys.gettrace()
    sys.settrace(count)
    try:
        list(wsgicors.regex_risks(regex, frozenset()))
    finally:
        sys.settrace(tracing)
    assert lines < 20 * wsgicors.MAX_STEPS


def test_expression_that_is_too_large_is_refused_and_says_so():
    found = messages(re.compile(NASTY["nested-counts"]))
    assert set(found) == {ANY, HTTP, PUBLIC, SLOW}
    reason = "it is not known what it admits and how long it takes, because it is too large"
    assert all(f"): {reason}; {INSTEAD}, or accept" in message for message in found.values())
    assert set(messages(re.compile(NASTY["nested-counts"]), credentials=False)) == {SLOW}
    for accepted in ([ANY], [SLOW], [ANY, HTTP, PUBLIC], [PUBLIC, SLOW]):
        found = messages(re.compile(NASTY["nested-counts"]), accept_risk=accepted)
        assert set(found) == {ANY, HTTP, PUBLIC, SLOW} - {*accepted}


NOT_KNOWN = "it is not known what it admits and how long it takes, because"


def test_limit_of_the_work_is_told(monkeypatch):
    regex = re.compile(r"https://[a-z]+\.example\.com")
    monkeypatch.setattr(wsgicors, "MAX_STEPS", len(regex.pattern))
    assert messages(regex) == {
        risk: f"{regex!r}{'' if risk == SLOW else ' with credentials'} is prohibited ({risk}): {NOT_KNOWN}"
        f" it is too large; {INSTEAD}, {accept(risk)}"
        for risk in (ANY, HTTP, PUBLIC, SLOW)
    }


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.platform == "emscripten",
    reason="elsewhere the stack is not limited by a number of calls",
)
def test_expression_that_is_nested_too_deeply_for_the_rest_of_the_stack_is_refused_and_says_so():
    regex = re.compile("https://" + "(?=b" * 200 + ")" * 200 + r"[a-z]+\.example\.com")

    def deep(calls):
        return deep(calls - 1) if calls else messages(regex)

    calls = sys.getrecursionlimit() - len(inspect.stack())
    answers = [deep(calls - left) for left in range(150, calls, 50)]
    refused = [found for found in answers if found]
    assert {frozenset(found) for found in refused} == {frozenset([ANY, HTTP, PUBLIC, SLOW])}
    assert all(f"{NOT_KNOWN} it is nested too deeply; " in found[ANY] for found in refused)
    assert messages(regex) == {}


def test_parser_that_is_gone_refuses_and_says_so(monkeypatch):
    regex = re.compile(r"https://[a-z]+\.example\.com")
    name = "re._parser" if sys.version_info >= (3, 11) else "sre_parse"
    if sys.version_info >= (3, 11):
        monkeypatch.delattr(re, "_parser")
    monkeypatch.setitem(sys.modules, name, None)
    found = messages(regex)
    assert set(found) == {ANY, HTTP, PUBLIC, SLOW}
    start = f"{regex!r} with credentials is prohibited (any-origin): {NOT_KNOWN} this Python's parser of expressions fails ("
    assert found[ANY].startswith(start)
    assert found[ANY].endswith(f"); {INSTEAD}, {accept(ANY)}")
    assert name in found[ANY][len(start) :]
    assert messages(regex, accept_risk=[*found]) == {}
    assert messages("https://*.example.com") == {}


def test_code_and_category_that_are_not_known_refuse(monkeypatch):
    regex = re.compile(r"https://[\w]+\.example\.com")
    for table, name in ((wsgicors.BUILDERS, "IN"), (wsgicors.CATEGORIES, "CATEGORY_WORD")):
        with monkeypatch.context() as patch:
            patch.delitem(table, name)
            assert re.search(rf"how long it takes, because .*{name} is a", messages(regex)[ANY])


@pytest.mark.parametrize("parsed", [False, True], ids=["by-the-parser", "by-the-proof"])
def test_expression_that_is_nested_too_deeply_is_refused(monkeypatch, parsed):
    regex = re.compile("(?:" * 70 + "a" + ")?" * 70)
    if parsed:
        tree = wsgicors.parse_regex(regex)
        monkeypatch.setattr(wsgicors, "parse_regex", lambda regex: tree)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 70)
    try:
        found = list(wsgicors.regex_risks(regex, frozenset()))
    finally:
        sys.setrecursionlimit(limit)
    assert [name for name, *_ in found] == [ANY, HTTP, PUBLIC, SLOW]


# --- generated expressions ---

# Strangers have a "z" where their owner is named, which no generated expression spells out.
NAMES = ["example.com", "app.example.com", "example.co.uk", "shop.example.net", "me.github.io"]
SLIPS = ["z{}", "z-{}", "{}z", "{}.z", "{}.z.com"]


def strangers():
    hosts = {slip.format(name) for slip in SLIPS[2:] for name in NAMES}
    hosts |= {slip.format(name) for slip in SLIPS for name in NAMES if name[0] in "em"}
    hosts |= {name.replace(".", "z", 1) for name in NAMES if not name.startswith("me")}
    hosts |= {"z.com", "z.co.uk", "z.github.io", "app.z.github.io", "localhost.z", "zlocalhost"}
    hosts |= {"77.7.7.7", "777.com", "7777", "[77::7]", "com7", "a.b.z.c7"}
    for host in sorted(hosts):
        yield from (f"https://{host}", f"https://{host}:77", f"http://{host}")
    for scheme, name in itertools.product(("http", "z", "zttps", "httpsz"), NAMES):
        yield from (f"{scheme}://{name}", f"{scheme}://z.{name}", f"{scheme}://{name}:77")
    yield from ("http://localhost.", "http://1270.0.0.1", "http://[::2]", "http://128.0.0.1")


STRANGERS = [
    origin
    for origin in strangers()
    # names under one's own name are no strangers
    if not re.search(r"(?:z://|zttps://|httpsz://).*z", origin)
]
PIECES = [
    *(re.escape(name) for name in NAMES),
    *("https", "http", "https?", "https?://", "://", r"\.", ".", ".*", ".+", "[a-y]", "[^/]+"),
    *("[a-z]+", r"\w", r"\w+", r"\d", r"\d+", r"\S", "[^.]*", "[ab]", "[a-z0-9-]+", "-", ":", "/"),
    *(r"(?::\d+)?", r"(?::\d+)", "(?:", "(", ")", ")?", ")*", ")+", "|", "?", "*", "+", "{2}"),
    *("{0,3}", "{1,}", "+?", "(?=", "(?!", "(?<=", "(?i)", "(?i:", "(?P<n>", r"(?P=n)", r"\1"),
    *(
        "(?(1)",
        "^",
        "$",
        r"\A",
        r"\Z",
        r"\b",
        "localhost",
        r"127\.0\.0\.1",
        r"\[::1\]",
        "com",
        "app",
    ),
    *("(?>", "++", "*+", "[^a]", r"[^\d]", r"[\w.-]+", "(?s)", "(?x)", "(?#c)", "(?:a|b)", r"\W"),
]


@st.composite
def expressions(draw):
    """An expression of the corpus, or a plain one, with pieces inserted, removed and repeated."""
    base = draw(
        st.sampled_from([row["pattern"] for row in CORPUS if "z]" not in row["pattern"]])
        | st.sampled_from([rf"https://{re.escape(name)}" for name in NAMES])
        | st.sampled_from([rf"https://(?:[a-z-]+\.)?{re.escape(name)}(?::\d+)?" for name in NAMES])
    )
    parts = re.findall(r"\\.|\[[^\]]*\]|\(\?[:=!i<P]*|[a-y]+|.", base, re.DOTALL)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(parts)))
        piece = draw(st.sampled_from(PIECES) | st.sampled_from(parts or [""]))
        parts[place : place + draw(st.integers(0, 2))] = [piece] * draw(st.integers(0, 1))
    return "".join(parts)


@settings(max_examples=400, deadline=None)
@given(expressions(), st.sampled_from([0, re.IGNORECASE, re.VERBOSE, re.ASCII]))
@example(r"[a-z]{4}s://app\.example\.com", 0)
@example(r"https://app\.example\.com:?\d*", 0)
@example(r"http://localhost\.?", 0)
@example(r"https://\d{4}", 0)
def test_what_is_proved_admits_no_stranger(expression, flags):
    try:
        regex = re.compile(expression, flags)
    except (re.error, RecursionError, OverflowError, FutureWarning, DeprecationWarning):
        assume(False)
    found = {name for name, *_ in wsgicors.regex_risks(regex, frozenset())}
    assume(SLOW not in found)
    admitted = [origin for origin in STRANGERS if regex.fullmatch(origin)]
    if not found:
        assert admitted == []
    if HTTP not in found:
        assert not [origin for origin in admitted if origin.startswith("http:")]


@settings(max_examples=200, deadline=None)
@given(st.from_regex(wsgicors.ORIGIN, fullmatch=True))
@example("http://a.b-c_d.example:8443")
@example("http://[::1]:80")
@example("http://1.2.3.4.")
def test_grammar_of_the_proof_has_every_origin_that_an_expression_is_asked_about(origin):
    host = re.fullmatch(r"[^/]+//(.*?)(?::[0-9]+)?", origin)[1]
    risky = origin.startswith("http:") and not wsgicors.is_local(host)
    assert set(messages(re.compile(re.escape(origin)))) == ({HTTP} if risky else set())


HOSTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["*.", "*.app.", "pr-*.", "*-app.", "app.", ""]),
    st.sampled_from(["", "", "www.", "s3.", "eu-west-1."]),
    st.sampled_from(
        "example.com com co.uk example.co.uk github.io me.github.io localhost dev amazonaws.com"
        " example.com. kawasaki.jp ck internal a.run.app".split()
    ),
).filter(lambda host: "*." not in host[1:] or host.startswith("pr-") or host.startswith("*-"))
WHOLE_HOSTS = st.sampled_from(
    ["*", "pr-*", "*-app", "*localhost", "127.0.0.1", "[::1]", "203.0.113.7"]
)


def as_expression(pattern):
    """The same meaning: several labels for a label of "*", several characters for another "*"."""
    scheme, host, port = re.fullmatch(r"(.*?://)(.*?)(:\d+|:\*|)", pattern).groups()
    written = re.escape(host)
    if host.split(".")[0] == "*":
        written = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*" + written[2:]
    written = written.replace(r"\*", "[a-z0-9_-]+")
    return re.compile(re.escape(scheme) + written + (r"(?::\d+)?" if port == ":*" else port))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["https://", "http://", "app://", "chrome-extension://"]),
    HOSTS | WHOLE_HOSTS,
    st.sampled_from(["", ":8443", ":*"]),
)
def test_same_meaning_as_pattern_and_as_expression_gets_the_same_verdict(scheme, host, port):
    pattern = scheme + host + port
    assert set(messages(as_expression(pattern))) == set(messages(pattern))
