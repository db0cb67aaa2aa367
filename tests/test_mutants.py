"""What no other test noticed when mutation testing changed it (.ci/mutation); the rest is in MUTANTS.rst."""

from __future__ import annotations

import inspect
import logging
import re
import sys

import pytest
from support import ORIGIN, plain_app

import wsgicors
from wsgicors import CORS, ConfigError, OriginList, Problem, make_middleware

ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
BOOLEAN = "write one that returns True or False"


def ignore(status, headers, exc_info=None):
    """A start_response that keeps nothing."""


def problems(make, *arguments, **options):
    with pytest.raises(ConfigError) as caught:
        make(plain_app, *arguments, **options)
    return [(problem.key, problem.message) for problem in caught.value.problems]


def test_a_problem_with_control_characters_is_printed_escaped():
    assert str(Problem("a\nb", None, "is \x1b[2J")) == "a\\nb: is \\x1b[2J"
    assert str(Problem("é", None, "is 'ü'")) == "é: is 'ü'"


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        pytest.param(197, "'" + "a" * 197 + "'", id="just-short-enough"),
        pytest.param(198, "'" + "a" * 198 + "'", id="as-long-as-may-be"),
        pytest.param(199, "'" + "a" * 196 + "...", id="one-too-long"),
        pytest.param(10**6, "'" + "a" * 196 + "...", id="huge"),
    ],
)
def test_a_long_value_is_cut_to_200_characters(length, shown):
    ((_, message),) = problems(CORS, origin=[ORIGIN], credentials="a" * length)
    assert message == f"{shown} is not a boolean: write true or false"


def test_a_long_value_of_another_type_is_cut_as_well():
    ((_, message),) = problems(CORS, origin=[ORIGIN], credentials=["a" * 300])
    assert message == "['" + "a" * 195 + "... is not a boolean: write true or false"


def test_an_object_name_ends_at_the_second_colon():
    ((key, message),) = problems(make_middleware, {}, origin="call:os:path:join")
    assert key == "origin"
    assert message.endswith(
        "cannot be loaded: AttributeError: module 'os' has no attribute 'path:join'"
    )


def test_a_set_of_several_types_is_read_to_its_end():
    assert [
        message.split(" is ")[0]
        for _, message in problems(CORS, origin="*", methods={"B@", 1, None})
    ] == [
        "1",
        "'B@'",
        "None",
    ]


@pytest.mark.parametrize(
    "key",
    [
        "allow_dev_origin",
        "allowed_dev_origin",
        "expose_dev_origin",
        "exposed_dev_origin",
        "dev_dev_xyz",
    ],
)
def test_key_that_only_looks_like_one_of_an_inactive_policy_is_unknown(key):
    found = problems(CORS, {"policy": "api", "api_origin": "*", key: "x"})
    assert [found_key for found_key, _ in found] == [key]
    assert found[0][1].startswith("'x' is given to an unknown option")


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
    assert problems(CORS, origin=[pattern]) == [("origin", f"{pattern!r} {message}")]


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
        ((_, message),) = problems(CORS, origin=f"https://{name}{port}")
        assert message.endswith(
            "has a host too long for DNS: write labels of at most 63 characters, 253 in all"
        )


def wants_an_argument_more(origin, environ, more):
    """A predicate that cannot be called."""


async def waits(origin, environ):
    """A predicate that gives a coroutine."""


def says_yes(origin, environ):
    """A predicate that gives no boolean."""
    return "yes"


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (
            wants_an_argument_more,
            "the predicate <function wants_an_argument_more at {} failed for origin '{}'",
        ),
        (
            says_yes,
            "the predicate <function says_yes at {} returned 'yes' for origin '{}': " + BOOLEAN,
        ),
        (
            waits,
            "the predicate <function waits at {} returned <coroutine object waits at {} for origin '{}': "
            + BOOLEAN,
        ),
    ],
)
def test_log_says_which_predicate_failed_and_how(caplog, predicate, message):
    CORS(plain_app, origin=predicate)({**ENVIRON, "HTTP_ORIGIN": ORIGIN}, ignore)
    ((name, level, text),) = caplog.record_tuples
    assert (name, level) == ("wsgicors", logging.ERROR)
    assert re.sub("0x[0-9a-f]+>", "{}", text).replace(ORIGIN, "{}") == message


@pytest.mark.parametrize(
    "good",
    ["https://*.example.com", re.compile("https://a"), says_yes, ORIGIN],
    ids=["pattern", "regex", "call", "name"],
)
def test_one_good_entry_is_enough_for_a_list(good, caplog):
    policy = CORS(plain_app, origin=OriginList(lambda: [7, good])).policies["direct"]
    assert len(policy.origin) == 1
    assert "7 is of type int" in caplog.text


@pytest.mark.parametrize(
    "pattern", ["https://*.co.uk", "https://*.co.uk.", "https://*.com.", "https://pr-*.github.io."]
)
def test_name_with_a_dot_at_its_end_is_as_public_as_without(pattern):
    ((_, message),) = problems(CORS, origin=pattern, credentials=True)
    assert "with credentials is prohibited (public-suffix)" in message


def test_part_of_a_label_that_is_the_whole_host_may_be_anyone():
    ((_, message),) = problems(CORS, origin="https://pr-*", credentials=True)
    assert "with credentials is prohibited (any-origin)" in message


def test_half_a_character_is_no_host():
    ((_, message),) = problems(CORS, origin="https://\ud800.example.com")
    assert message.endswith(
        "has no valid host: write labels of letters, digits, '-' and '_', separated by single dots"
    )


def test_only_keys_of_an_origin_name_an_inactive_policy():
    options = {"dev_origin": "*", "dev_methods": "GET", "x_y": "1"}
    missing = [message for key, message in problems(CORS, options) if key == "policy"]
    assert missing == ["is missing, so no policy is active: write policy = dev"]


def test_what_is_not_shown_gets_no_suggestion():
    messages = [
        message
        for _, message in problems(CORS, {"origin": "*", **{f"orgin{n}": "x" for n in range(60)}})
    ]
    assert all(message.endswith("; did you mean 'origin'?") for message in messages[:50])
    assert set(messages[50:]) == {"'x' is given to an unknown option"}


def test_log_of_a_list_says_how_to_accept_a_risk(caplog):
    CORS(plain_app, origin=OriginList(lambda: [ORIGIN, "null"]), credentials=True)
    assert caplog.messages[0].endswith("or accept it with accept_risk = null-origin")


def test_verbmatch_holds_for_policies_with_a_path():
    paths = {
        "a_path": "/api/*",
        "a_origin": ORIGIN,
        "a_methods": "GET",
        "policy": "a",
        "matchstrategy": "verbmatch",
    }
    cors, answers = CORS(plain_app, paths), []
    for method in ("GET", "PUT"):
        environ = {"REQUEST_METHOD": method, "PATH_INFO": "/api/x", "HTTP_ORIGIN": ORIGIN}
        cors(
            environ,
            lambda status, headers: answers.append("Access-Control-Allow-Origin" in dict(headers)),
        )
    assert answers == [True, False]


def test_defaults_of_a_list():
    with pytest.raises(ConfigError) as caught:
        OriginList(list)
    assert (
        str(caught.value.problems[0])
        == f"load: {list!r} gave no origin: write allow_empty=True if nobody may be allowed"
    )
    assert inspect.signature(OriginList).parameters["every"].default == 60.0


def test_problem_of_a_source_holds_the_source():
    def fails():
        raise OSError

    with pytest.raises(ConfigError) as caught:
        OriginList(fails)
    assert [(problem.key, problem.value) for problem in caught.value.problems] == [("load", fails)]


def test_fifty_entries_that_are_left_out_are_all_logged(caplog):
    CORS(plain_app, origin=OriginList(lambda: [ORIGIN, *range(50)]))
    assert len(caplog.messages) == 50


def test_nested_policies_of_a_section_are_policies_of_its_own():
    cors = make_middleware(
        plain_app, {"policy": "shared", "shared_origin": "*"}, policies={"own": {"origin": "*"}}
    )
    assert list(cors.policies) == ["own"]


def test_part_of_a_label_right_above_a_public_suffix_is_nobody_elses():
    for origin in ("https://pr-*.amazonaws.com", re.compile(r"https://[a-z]*x\.amazonaws\.com")):
        assert CORS(plain_app, origin=[origin], credentials=True).policies


@pytest.mark.parametrize(
    "regex",
    [
        pytest.param(
            re.compile(r"https://a p p.example\.com  # any.host", re.VERBOSE), id="verbose"
        ),
        pytest.param(
            re.compile("https://app.\nexample\\.com\n# x\n", re.VERBOSE), id="verbose-lines"
        ),
        pytest.param(re.compile(r"https://(?:[#]|)app.example\.com"), id="number-sign"),
        pytest.param(re.compile(r"https://APP.example\.COM", re.IGNORECASE), id="any-case"),
    ],
)
def test_neighbours_of_a_name_are_found_however_it_is_written(regex):
    ((_, message),) = problems(CORS, origin=regex, credentials=True)
    assert "with credentials is prohibited (public-suffix)" in message


@pytest.mark.parametrize(
    "regex",
    [
        r"https://[a-z]+\.[a-z]+",
        r"https://[a-z]\.[a-z]-[a-z]\.[a-z]+\.[a-z]+",
        r"https://xn--[a-z0-9-]+\.[a-z]+",
        r"https://[0-9.]+",
        r"https://[a-z.]+:[0-9]+",
        r"http://[a-z.]+",
    ],
)
def test_strangers_of_every_kind_are_probed(regex):
    found = problems(CORS, origin=re.compile(regex), credentials=True)
    assert "with credentials is prohibited (any-origin)" in found[0][1]


def test_end_that_is_not_anchored_is_found_beside_a_name():
    for regex in (
        r"https://app\.example\.com[a-z.]*",
        r"https://(?:app\.example\.com|[a-z]+\.[a-z]+)",
    ):
        found = problems(CORS, origin=re.compile(regex), credentials=True)
        assert "with credentials is prohibited (any-origin)" in found[0][1]


def test_a_policy_says_what_to_use_instead_of_changing_it():
    policy = CORS(plain_app, origin="*").policies["direct"]
    for change in (lambda: setattr(policy, "maxage", 1), lambda: delattr(policy, "maxage")):
        with pytest.raises(AttributeError) as caught:
            change()
        assert str(caught.value) == "a Policy is immutable: use CORS.configure"


def fails(environ):
    """A strategy that fails."""
    raise RuntimeError


def names_nothing(environ):
    """A strategy that names no policy."""
    return "nowhere"


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (fails, "the matchstrategy <function fails at {} failed"),
        (
            names_nothing,
            "the matchstrategy <function names_nothing at {} returned 'nowhere', which names no policy",
        ),
    ],
)
def test_log_says_which_strategy_failed_and_how(caplog, strategy, message):
    CORS(plain_app, policy="a", a_origin="*", matchstrategy=strategy)(
        {**ENVIRON, "HTTP_ORIGIN": ORIGIN}, ignore
    )
    ((name, level, text),) = caplog.record_tuples
    assert (name, level) == ("wsgicors", logging.ERROR)
    assert re.sub("0x[0-9a-f]+>", "{}", text) == message


@pytest.mark.parametrize("path", ["/\u20ac", "/a/\udcff", "/a/../\u20ac", "\u20ac"])
def test_path_of_a_server_that_decodes_it_breaks_nothing(path):
    answers = []
    cors = CORS(plain_app, policy="a, b", a_path="/a/*", a_origin="*", b_origin="*")
    cors(
        {**ENVIRON, "PATH_INFO": path, "HTTP_ORIGIN": ORIGIN},
        lambda status, headers: answers.append(status),
    )
    assert answers == ["200 OK"]


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("null", "no policy for this path allows the origin"),
        (ORIGIN, "no policy for this path allows the origin"),
        ("NULL", "the Origin header is not what browsers send"),
        (1, "the Origin header is not what browsers send"),
    ],
)
def test_log_says_why_an_origin_is_refused(caplog, origin, reason):
    caplog.set_level(logging.DEBUG, "wsgicors")
    CORS(plain_app, origin="https://other.example")({**ENVIRON, "HTTP_ORIGIN": origin}, ignore)
    assert [text for _, _, text in caplog.record_tuples] == [
        f"refused 'GET' '/' from {origin!r}: {reason}"
    ]


@pytest.mark.parametrize("name", ["Access-Control-Allow-Origin", "access-control-max-age", "VARY"])
def test_the_only_header_of_an_application_may_be_one_of_ours(name):
    def app(environ, start_response):
        start_response("204 No Content", [(name, "Accept")])
        return []

    answers = []
    CORS(app, origin=ORIGIN)(
        {**ENVIRON, "HTTP_ORIGIN": ORIGIN}, lambda status, headers: answers.append(headers)
    )
    vary = "Accept, Origin" if name == "VARY" else "Origin"
    assert answers == [[("Access-Control-Allow-Origin", ORIGIN), ("Vary", vary)]]


def test_names_that_need_no_look_are_remembered_up_to_a_limit(monkeypatch):
    known = set()
    monkeypatch.setattr(wsgicors, "PLAIN_NAMES", known)
    names = ["Content-Type", "X" * 64, "Y" * 65, *(f"X-{number}" for number in range(2000))]

    def app(environ, start_response):
        start_response("204 No Content", [(name, "1") for name in names])
        return []

    CORS(app, origin=ORIGIN)(ENVIRON, ignore)
    assert known == {"Content-Type", "X" * 64, *(f"X-{number}" for number in range(1022))}


def test_headers_must_be_a_list():
    def app(environ, start_response):
        start_response("204 No Content", {"X-New-Here": "1"}.items())

    with pytest.raises(TypeError) as caught:
        CORS(app, origin=ORIGIN)(ENVIRON, ignore)
    assert str(caught.value) == "start_response takes a list of headers (PEP 3333), not dict_items"


def test_log_says_at_which_request_the_application_failed(caplog):
    def app(environ, start_response):
        raise RuntimeError("a bug")

    CORS(app, origin=ORIGIN, catch_errors=True)({**ENVIRON, "PATH_INFO": "/\n"}, ignore)
    ((_, level, text),) = caplog.record_tuples
    assert (level, text) == (logging.ERROR, "the application failed at 'GET' '/\\n'")


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


@pytest.mark.parametrize(
    ("text", "seconds"), [("2147483648", 2147483648), (" 600 ", 600), ("0000000600", 600)]
)
def test_seconds_have_ten_digits_at_most(text, seconds):
    assert CORS(plain_app, origin="*", maxage=text).policies["direct"].maxage == seconds
    for other in ("2147483649", f"{text.strip()}0".rjust(11, "0"), "00000000600"):
        ((_, message),) = problems(CORS, origin="*", maxage=other)
        assert message.endswith("write a whole number from 0 to 2147483648")


def test_a_global_option_among_those_of_a_policy_is_named_with_its_value():
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, policies={"api": {"origin": "*", "catch_errors": "true"}})
    assert caught.value.problems == (
        Problem(
            "policies.api.catch_errors",
            "true",
            "'true' is given to no option of a policy: write catch_errors beside policies",
        ),
    )
