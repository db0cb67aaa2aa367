"""What a ConfigError says beyond the rule of one option: codes for programs, names of other
libraries, values in the wrong notation, functions that cannot be called."""

from __future__ import annotations

import functools
import inspect
import re

import pytest
from support import ORIGIN, plain_app

from wsgicors import (
    CORS,
    VERB_NOT_ALLOWED,
    ConfigError,
    OriginList,
    Problem,
    check_origins,
    make_middleware,
)


def problems(cfg=None, **options):
    """Every problem of a configuration, as (key, value, message, code)."""
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, cfg, **options)
    return [tuple(problem) for problem in caught.value.problems]


# --- codes ---


def fails():
    raise LookupError("no database")


CODES = [
    pytest.param({"origin": "x/"}, "invalid", id="value"),
    pytest.param({"origin": "*", "maxage": "1h"}, "invalid", id="number"),
    pytest.param({}, "missing", id="no-origin"),
    pytest.param({"api_origin": "*"}, "missing", id="no-policy"),
    pytest.param({"origin": "*", "orign": "*"}, "unknown-option", id="unknown"),
    pytest.param({"policies": {"a": {"origin": "*", "x": 1}}}, "unknown-option", id="nested"),
    pytest.param({"origin": "*", 7: "*"}, "unknown-option", id="key-that-is-not-text"),
    pytest.param({"policy": "a", "a_origin": "*", "maxage": 5}, "conflict", id="direct-key"),
    pytest.param({"policy": "a, a", "a_origin": "*"}, "conflict", id="listed-twice"),
    pytest.param({"policy": "deny", "deny_origin": "*"}, "conflict", id="deny"),
    pytest.param(
        {"policies": {"a": {"origin": "*", "policy": "b"}}}, "conflict", id="global-option-inside"
    ),
    pytest.param(
        {"policies": {"a": {"origin": "*", "maxage": 1}}, "a_maxage": 2}, "conflict", id="twice"
    ),
    pytest.param(
        {"policy": "a, a_expose", "a_origin": "*", "a_expose_origin": "*", "a_expose_headers": "X"},
        "conflict",
        id="two-owners",
    ),
    pytest.param({"origin": "*", "credentials": True}, "conflict", id="anyone-with-credentials"),
    pytest.param({"origin": f"{ORIGIN}, *"}, "conflict", id="anyone-beside-others"),
    pytest.param(
        {"origin": "*", "path": "/x", "matchstrategy": lambda environ: None},
        "conflict",
        id="path-beside-a-function",
    ),
    pytest.param({"origin": "copy", "credentials": True}, "any-origin", id="any-origin"),
    pytest.param({"origin": "null", "credentials": True}, "null-origin", id="null-origin"),
    pytest.param(
        {"origin": "http://a.example", "credentials": True}, "insecure-origin", id="insecure-origin"
    ),
    pytest.param(
        {"origin": "https://*.github.io", "credentials": True}, "public-suffix", id="public-suffix"
    ),
    pytest.param({"origin": re.compile("(a+)+b")}, "slow-expression", id="slow-expression"),
]


@pytest.mark.parametrize(("options", "code"), CODES)
def test_problem_has_a_code_for_programs(options, code):
    assert [problem[3] for problem in problems(options)] == [code]


@pytest.mark.parametrize(
    ("build", "code"),
    [
        pytest.param(lambda: CORS("app", origin="*"), "invalid", id="application"),
        pytest.param(lambda: OriginList(list), "missing", id="nothing-loaded"),
        pytest.param(lambda: OriginList(fails), "cannot-load", id="load-fails"),
        pytest.param(lambda: OriginList(lambda: ["x/"]), "invalid", id="loaded-entry"),
        pytest.param(
            lambda: make_middleware(plain_app, {}, origin="call:nowhere:x"),
            "cannot-load",
            id="call",
        ),
    ],
)
def test_problem_of_another_part_has_a_code_as_well(build, code):
    with pytest.raises(ConfigError) as caught:
        build()
    assert [problem.code for problem in caught.value.problems] == [code]


def test_code_of_a_checked_origin_is_that_of_the_risk():
    found = check_origins(["http://a.example", "x/"], credentials=True)
    assert [(problem.value, problem.code) for problem in found] == [
        ("http://a.example", "insecure-origin"),
        ("x/", "invalid"),
    ]


def test_every_code_is_documented():
    with_codes = {*re.findall(r"^``([a-z-]+)``", inspect.getdoc(Problem), re.MULTILINE)}
    assert with_codes == {"invalid", "missing", "conflict", "unknown-option", "cannot-load"}


def test_problem_made_without_a_code_is_invalid():
    assert Problem("key", "value", "message").code == "invalid"


# --- a setting that is unset, as text ---


@pytest.mark.parametrize("text", ["None", " None "])
def test_maxage_that_is_the_text_none_is_unset_as_cubicweb_sends_it(text):
    unset = CORS(plain_app, origin=ORIGIN).policies["direct"].maxage
    built = {"methods": "GET, POST", "headers": "", "expose_headers": "", "credentials": "true"}
    assert CORS(plain_app, origin=ORIGIN, maxage=text, **built).policies["direct"].maxage == unset
    named = CORS(plain_app, policy="a", a_origin=ORIGIN, a_maxage=text)
    assert named.policies["a"].maxage == unset
    nested = CORS(plain_app, policies={"a": {"origin": ORIGIN, "maxage": text}})
    assert nested.policies["a"].maxage == unset


def test_text_none_is_not_unset_for_other_options():
    assert [problem[:2] for problem in problems(origin="*", credentials="None")] == [
        ("credentials", "None")
    ]


# --- functions ---

PREDICATE = "cannot be called with two arguments: write a function f(origin, environ)"
STRATEGY = "cannot be called with one argument: write a function f(environ)"
SOURCE = "cannot be called without arguments: write one without arguments that returns the origins"


def one(environ):
    return None


def two(origin, environ):
    return True


@functools.wraps(one)
def wrapper(*arguments):
    return True


class Checker:
    def __call__(self, origin, environ):
        return True

    def method(self, origin, environ):
        return True


class Unknown:
    """A callable whose signature Python cannot tell."""

    __signature__ = "unknown"

    def __call__(self, *arguments):
        return True


HERE = "test_config_errors.py"


def place(function):
    return f"{function.__qualname__} ({HERE}:{function.__code__.co_firstlineno})"


@pytest.mark.parametrize(
    "predicate",
    [two, wrapper, Checker(), Checker().method, Unknown(), lambda *any: True],
    ids=["function", "wrapper", "object", "method", "unknown-signature", "any-number"],
)
def test_predicate_that_can_be_called_with_two_arguments_loads(predicate):
    assert CORS(plain_app, origin=predicate).policies["direct"].origin == (predicate,)


@pytest.mark.parametrize("listed", [False, True], ids=["alone", "in-a-list"])
def test_predicate_of_the_wrong_arity_is_an_error(listed):
    value = [ORIGIN, one] if listed else one
    assert problems(origin=value) == [("origin", one, f"{place(one)} {PREDICATE}", "invalid")]


def test_strategy_of_the_wrong_arity_is_an_error():
    assert problems(origin="*", matchstrategy=two) == [
        ("matchstrategy", two, f"{place(two)} {STRATEGY}", "invalid")
    ]
    assert CORS(plain_app, origin="*", matchstrategy=one).policies


def test_source_of_the_wrong_arity_is_an_error_and_is_not_called():
    with pytest.raises(ConfigError) as caught:
        OriginList(one)
    assert caught.value.problems == (Problem("load", one, f"{place(one)} {SOURCE}"),)


def test_method_and_functions_of_a_list_are_shown_by_their_places():
    method = Checker().method
    found = problems(origin=["*", two, method])
    shown = f"['*', {place(two)}, {place(Checker.method)}]".replace("[", "(").replace("]", ")")
    remedy = "lists origins beside '*' or 'copy', which allow every origin: write one or the other"
    assert found == [("origin", ("*", two, method), f"{shown} {remedy}", "conflict")]


# --- file:// ---


@pytest.mark.parametrize("origin", ["file://", "FILE://", "file:///home/me"])
def test_file_is_refused_with_what_electron_and_cordova_should_do(origin):
    message = (
        f"{origin!r} is what Electron and Cordova send for any local file, and is never allowed:"
        " load the app's pages from a scheme of its own, such as 'app://shop'"
    )
    assert problems(origin=origin) == [("origin", origin, message, "invalid")]


# --- names of other libraries, and near misses ---

ANYONE = (
    "'*' with credentials is forbidden by the standard, and browsers reject it: write the origins"
    " that you trust, or 'copy' and accept_risk = any-origin (every web site could act as the"
    " logged-in user)"
)


def unknown(key, value, end):
    return (key, value, f"{value!r} is given to an unknown option{end}", "unknown-option")


def test_value_of_a_foreign_key_is_checked_as_that_of_the_option_that_is_meant():
    assert problems(allow_origins="*", supports_credentials="true", max_age="1h") == [
        unknown("allow_origins", "*", "; did you mean 'origin'?"),
        unknown("supports_credentials", "true", "; did you mean 'credentials'?"),
        unknown("max_age", "1h", "; did you mean 'maxage'?"),
        (
            "max_age",
            "1h",
            "'1h' is not a number of seconds: write a whole number from 0 to 2147483648",
            "invalid",
        ),
        ("allow_origins", "*", ANYONE, "conflict"),
    ]


def test_foreign_key_of_an_inactive_nested_policy_is_an_error_and_its_value_is_not_checked():
    nested = {"a": {"origin": "*"}, "old": {"origin": "*", "max_age": "1h"}}
    assert problems(policies=nested, policy="a") == [
        unknown("policies.old.max_age", "1h", "; did you mean 'maxage'?")
    ]


def test_foreign_key_that_is_empty_means_nothing():
    assert problems(policies={"a": {"origin": "*", "max_age": ""}}) == [
        unknown("policies.a.max_age", "", "; did you mean 'maxage'?")
    ]


def test_risk_is_accepted_under_the_right_key_although_it_was_given_under_a_foreign_one():
    assert problems(origin="copy", credentials=True, accepted_risks="null-origin") == [
        unknown("accepted_risks", "null-origin", "; did you mean 'accept_risk'?"),
        (
            "origin",
            "copy",
            "'copy' with credentials is prohibited (any-origin): every web site could act as the"
            " logged-in user; write the origins that you trust, or accept it with"
            " accept_risk = any-origin",
            "any-origin",
        ),
    ]


def test_value_of_a_misspelled_global_option_is_checked():
    remedy = "write firstmatch or verbmatch, or a function f(environ)"
    found = problems(origin="*", match_strategy="first")
    assert found[0] == unknown("match_strategy", "first", "; did you mean 'matchstrategy'?")
    assert found[1][:2] == ("match_strategy", "first")
    assert found[1][2].endswith(remedy)
    assert len(found) == 2


@pytest.mark.parametrize("key", ["policys", "polcy", "Policy"])
def test_policies_under_a_misspelled_policy_are_checked_as_well(key):
    assert [problem[:2] for problem in problems({key: "a", "a_origin": "x/"})] == [
        (key, "a"),
        ("a_origin", "x/"),
    ]
    nested = {key: {"a": {"origin": "x/"}}}
    assert [problem[:2] for problem in problems(nested)] == [
        (key, nested[key]),
        ("policies.a.origin", "x/"),
    ]


def test_inactive_policy_may_have_a_name_that_begins_like_the_option():
    assert CORS(plain_app, {"origin": "*", "pol_origin": "*"}).policies


def test_value_of_a_direct_key_beside_policies_is_checked():
    found = problems(policy="a", a_origin="*", maxage="1h")
    assert [problem[:2] for problem in found] == [("maxage", "1h"), ("maxage", "1h")]
    assert [problem[3] for problem in found] == ["conflict", "invalid"]


ABSENT = [
    pytest.param(
        "allow_private_network",
        "Access-Control-Allow-Private-Network is never sent",
        id="allow_private_network",
    ),
    pytest.param(
        "CORS_ALLOW_PRIVATE_NETWORK",
        "Access-Control-Allow-Private-Network is never sent",
        id="django",
    ),
    pytest.param(
        "private_network_access",
        "Access-Control-Allow-Private-Network is never sent",
        id="private_network_access",
    ),
    pytest.param("vary_header", "Vary is always right", id="vary_header"),
    pytest.param(
        "always_send",
        "a response without Origin needs no CORS headers, and Vary is always right",
        id="always_send",
    ),
    pytest.param(
        "CORS_SEND_WILDCARD", "a policy with origin = '*' sends * if it can", id="send_wildcard"
    ),
    pytest.param(
        "automatic_options", "the middleware always responds to preflights", id="automatic_options"
    ),
    pytest.param("allow_any_origin", "origin = '*' allows everyone", id="allow_any_origin"),
    pytest.param("CORS_ALLOW_ALL_ORIGINS", "origin = '*' allows everyone", id="allow_all_origins"),
    pytest.param("CORS_ORIGIN_ALLOW_ALL", "origin = '*' allows everyone", id="origin_allow_all"),
]


@pytest.mark.parametrize(("key", "reason"), ABSENT)
def test_option_that_is_absent_on_purpose_says_why(key, reason):
    end = f", which does not exist on purpose: remove it, because {reason}"
    assert problems({"origin": "*", key: True}) == [unknown(key, True, end)]
    assert problems({"policy": "a", "a_origin": "*", f"a_{key}": True}) == [
        unknown(f"a_{key}", True, end)
    ]


def test_switch_for_all_origins_does_not_stand_in_the_way_of_the_list():
    found = problems(CORS_ALLOW_ALL_ORIGINS=False, CORS_ALLOWED_ORIGINS=["x.example"])
    assert [problem[:2] for problem in found] == [
        ("CORS_ALLOW_ALL_ORIGINS", False),
        ("CORS_ALLOWED_ORIGINS", ["x.example"]),
        ("CORS_ALLOWED_ORIGINS", "x.example"),
    ]
    assert found[1][2].endswith("; did you mean 'origin'?")


@pytest.mark.parametrize("prefix", ["", "api_", "policies.api."], ids=["direct", "flat", "nested"])
def test_second_key_for_an_option_is_told_the_first_as_it_was_written(prefix):
    keys = {"origin": ORIGIN, "max_age": 5, "maxAge": 6}
    if prefix == "policies.api.":
        found = problems(policies={"api": keys})
    else:
        flat = {f"{prefix}{key}": value for key, value in keys.items()}
        found = problems({"policy": "api", **flat} if prefix else flat)
    local = "" if prefix == "policies.api." else prefix
    first, second = f"{local}maxage", f"{local}max_age"
    assert found == [
        unknown(f"{prefix}max_age", 5, f"; did you mean {first!r}?"),
        unknown(f"{prefix}maxAge", 6, f": remove it, because {second!r} is set as well"),
    ]


@pytest.mark.parametrize("prefix", ["", "api_", "policies.api."], ids=["direct", "flat", "nested"])
@pytest.mark.parametrize(
    ("options", "more"),
    [
        (
            {"allow_origins": [ORIGIN], "allow_origin_regex": "https://.*\\.shop\\.example"},
            [
                (
                    "allow_origin_regex",
                    "https://.*\\.shop\\.example",
                    "'https://.*\\\\.shop\\\\.example' is a regular expression in a string:"
                    " write 'https://*.shop.example'",
                    "invalid",
                )
            ],
        ),
        ({"headers": "X-A", "allow_headers": "X-B"}, []),
        (
            {"methods": "GET", "allowed_methods": "patch"},
            [
                (
                    "allowed_methods",
                    "patch",
                    "'patch' is not PATCH, because browsers do not change its case: write 'PATCH'",
                    "invalid",
                )
            ],
        ),
    ],
    ids=["origin", "headers", "methods"],
)
def test_second_key_for_a_list_loses_nothing(options, more, prefix):
    options = {"origin": ORIGIN, **options} if "methods" in options else options
    options = {"origin": ORIGIN, **options} if "headers" in options else options
    if prefix == "policies.api.":
        found = problems(policies={"api": options})
    else:
        flat = {f"{prefix}{key}": value for key, value in options.items()}
        found = problems({"policy": "api", **flat} if prefix else flat)
    (first, _), (second, value) = [*options.items()][-2:]
    beside = first if prefix == "policies.api." else prefix + first
    end = f": add its values to {beside!r}, which is one list of all of them"
    wanted = [
        unknown(prefix + second, value, end),
        *((prefix + key, *others) for key, *others in more),
    ]
    assert [problem for problem in found if problem[0] == prefix + second] == wanted


@pytest.mark.parametrize(("one", "other"), [("*", ORIGIN), (ORIGIN, "copy"), (ORIGIN, [])])
def test_second_list_is_to_be_removed_beside_anyone(one, other):
    found = problems(origin=one, allow_origin=other)
    assert found == [unknown("allow_origin", other, ": remove it, because 'origin' is set as well")]


@pytest.mark.parametrize("key", ["origin", "matchstrategy", "methods", "maxage"])
def test_call_is_for_ini_files(key):
    options = {"origin": ORIGIN, key: "call:shop.cors:thing"}
    rule = "is for ini files only: pass the Python object itself"
    assert problems(options) == [
        (key, "call:shop.cors:thing", f"'call:shop.cors:thing' {rule}", "invalid")
    ]


def test_call_beside_other_origins_is_no_origin():
    ((_, value, message, _),) = problems(origin=[ORIGIN, "call:shop.cors:origins"])
    assert value == "call:shop.cors:origins"
    assert message == (
        "'call:shop.cors:origins' is not an origin: call: stands for the whole value of an option"
        " in an ini file, and in Python you pass the object itself: write call: in front of all"
        " entries, or pass a list"
    )
    entries = "call:shop.cors:origins, https://app.example.com"
    ((_, _, message, code),) = problems_of_ini(origin=entries)
    assert (message, code) == (
        f"{entries!r} cannot be loaded: ValueError: it stands for the whole value: write"
        " call:package.module:name alone, and let the object be a list with the other entries as well",
        "cannot-load",
    )


def problems_of_ini(**local):
    with pytest.raises(ConfigError) as caught:
        make_middleware(plain_app, {}, **local)
    return [tuple(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("origin", "mended", "risk"),
    [
        ("http://A.example.com/", "http://a.example.com", "insecure-origin"),
        ("https://*.GitHub.io", "https://*.github.io", "public-suffix"),
        ("HTTPS://*", "https://*", "any-origin"),
    ],
)
def test_risk_of_a_misspelled_origin_is_told_with_its_spelling(origin, mended, risk):
    for found in (
        problems(origin=origin, credentials=True),
        [tuple(problem) for problem in check_origins([origin], credentials=True)],
    ):
        (first, second) = found
        assert (first[1], first[3]) == (origin, "invalid")
        assert first[2].endswith(f": write {mended!r}")
        assert (second[1], second[3]) == (mended, risk)
    assert len(problems(origin=origin)) == 1


@pytest.mark.parametrize("prefix", ["", "cors_", "a_"])
def test_intercept_exceptions_is_catch_errors(prefix):
    key = f"{prefix}intercept_exceptions"
    assert problems({"policy": "a", "a_origin": "*", key: True}) == [
        unknown(key, True, "; did you mean 'catch_errors'?")
    ]


@pytest.mark.parametrize("name", ["API", "apis", "ap", "aqi"])
def test_policy_whose_name_is_nearly_one_of_policies_is_told_which(name):
    nested = {"b": {"origin": "*"}, "api": {"origin": "*", "max_age": "1h"}}
    assert [problem[:3] for problem in problems(policy=f"{name}, b", policies=nested)] == [
        (
            "policy",
            name,
            f"{name!r} has no options; did you mean 'api'? (names are case-sensitive)",
        ),
        (
            "policies.api.max_age",
            "1h",
            "'1h' is given to an unknown option; did you mean 'maxage'?",
        ),
        (
            "policies.api.max_age",
            "1h",
            "'1h' is not a number of seconds: write a whole number from 0 to 2147483648",
        ),
    ]


def test_policy_with_options_of_its_own_is_not_taken_for_one_of_policies():
    nested = {"api": {"origin": "*"}}
    rules = CORS(plain_app, policy="apis, deny", policies=nested, apis_origin=ORIGIN)
    assert list(rules.policies) == ["apis"]


@pytest.mark.parametrize("others", [["apis"], ["API", "denny"]], ids=", ".join)
def test_known_policy_is_not_taken_for_another_one_with_a_similar_name(others):
    nested = {name: {"origin": ORIGIN} for name in ["api", *others]}
    assert list(CORS(plain_app, policy="api, deny", policies=nested).policies) == ["api"]
    flat = {f"{name}_origin": ORIGIN for name in ["api", *others]}
    assert list(CORS(plain_app, flat, policy="api, deny").policies) == ["api"]


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("policys", "api", "policy"),
        ("Policy", "api", "policy"),
        ("POLICY", ["api"], "policy"),
        ("polices", {"api": {"maxage": 5}}, "policies"),
        ("Policies", {"api": {"maxage": 5}}, "policies"),
    ],
)
def test_misspelled_policy_is_told_so_and_the_policies_are_checked(key, value, right):
    found = problems({key: value, "api_maxage": "1h"} if right == "policy" else {key: value})
    assert found[0] == unknown(key, value, f"; did you mean {right!r}?")
    assert [problem[0] for problem in found[1:]] == (
        ["api_maxage", "api_origin"] if right == "policy" else ["policies.api.origin"]
    )


def test_option_of_the_whole_configuration_in_a_policy_is_checked_as_well():
    found = problems(policies={"api": {"origin": "*", "catch_errors": "maybe"}})
    rule = (
        "belongs to the whole configuration and not to a policy: write catch_errors beside policies"
    )
    key = "policies.api.catch_errors"
    assert found == [
        (key, "maybe", f"'maybe' {rule}", "conflict"),
        (key, "maybe", "'maybe' is not a boolean: write true or false", "invalid"),
    ]


def test_option_of_the_whole_configuration_in_an_inactive_policy_is_an_error():
    nested = {"api": {"origin": "*"}, "old": {"origin": "*", "catch_errors": True}}
    found = problems(policy="api", policies=nested)
    assert [problem[0] for problem in found] == ["policies.old.catch_errors"]


def test_direct_option_beside_an_inactive_policy_lacks_an_origin():
    ((key, value, message, code),) = problems(api_origin="*", maxage=5)
    assert (key, value, code) == ("origin", None, "missing")
    assert message.startswith("is missing: write origin = https://app.example.com")


@pytest.mark.parametrize("name", ["Deny", "DENY", "denny"])
def test_misspelled_deny_is_told_so(name):
    message = f"{name!r} has no options; did you mean 'deny'? (names are case-sensitive)"
    assert problems(policy=f"api, {name}", api_origin="*") == [("policy", name, message, "missing")]


@pytest.mark.parametrize("name", ["API", "apis", "ap", "aqi"])
def test_policy_whose_name_is_nearly_another_one_is_told_which_and_its_options_are_checked(name):
    found = problems({"policy": f"{name}, b", "b_origin": "*", "api_origin": "x/"})
    assert found == [
        (
            "policy",
            name,
            f"{name!r} has no options; did you mean 'api'? (names are case-sensitive)",
            "missing",
        ),
        (
            "api_origin",
            "x/",
            "'x/' is not an origin: write scheme://host such as 'https://app.example.com',"
            " or '*' for anyone",
            "invalid",
        ),
    ]


def test_many_unknown_keys_cost_linear_time():
    """Each key is compared with the names of policies by its own underscores, not with each name."""
    names = [f"p{number}" for number in range(2000)]
    inactive = {f"{name}_origin": "*" for name in names}
    inactive.update({f"{name}_methods": "GET" for name in names})
    assert list(CORS(plain_app, policy="a", a_origin="*", **inactive).policies) == ["a"]


# --- extensions ---


def test_wildcard_for_every_extension_has_a_sentence_of_its_own():
    message = (
        "'moz-extension://*' with credentials is prohibited (any-origin): any extension that a"
        " user installs could act as that user; write the origins that you trust, or accept it"
        " with accept_risk = any-origin"
    )
    assert problems(origin="moz-extension://*", credentials=True) == [
        ("origin", "moz-extension://*", message, "any-origin")
    ]


# --- lists in another notation ---

JSON = "is a list in the notation of JSON or Python: write {!r}"
SEMICOLONS = "is separated by ';': write {!r}"
NOTATIONS = [
    pytest.param("methods", '["GET", "PUT"]', JSON.format("GET, PUT"), id="json"),
    pytest.param("methods", "['GET', 'PUT']", JSON.format("GET, PUT"), id="python"),
    pytest.param("methods", "('GET', 'PUT')", JSON.format("GET, PUT"), id="tuple"),
    pytest.param("headers", "{'X-A'}", JSON.format("X-A"), id="set"),
    pytest.param("headers", "[X-A, X-B]", JSON.format("X-A, X-B"), id="yaml"),
    pytest.param("headers", " [] ", JSON.format(""), id="empty"),
    pytest.param("headers", "()", JSON.format(""), id="empty-tuple"),
    pytest.param(
        "origin",
        "['https://a.example', 'https://b.example']",
        JSON.format("https://a.example, https://b.example"),
        id="origins",
    ),
    pytest.param("path", "['/a', '/b/*']", JSON.format("/a, /b/*"), id="paths"),
    pytest.param("accept_risk", '["any-origin"]', JSON.format("any-origin"), id="risks"),
    pytest.param(
        "origin",
        "https://a.example;https://b.example",
        SEMICOLONS.format("https://a.example, https://b.example"),
        id="semicolon-between-origins",
    ),
    pytest.param(
        "origin",
        "https://a.example; https://b.example;",
        SEMICOLONS.format("https://a.example, https://b.example"),
        id="semicolon-and-space",
    ),
    pytest.param("path", "/a;/b", SEMICOLONS.format("/a, /b"), id="semicolon-between-paths"),
    pytest.param("methods", "GET;PUT", SEMICOLONS.format("GET, PUT"), id="semicolon-between-names"),
]


@pytest.mark.parametrize(("option", "value", "message"), NOTATIONS)
def test_list_in_another_notation_is_shown_as_it_is_written_here(option, value, message):
    found = problems({"origin": ORIGIN, option: value})
    assert found == [(option, value, f"{value!r} {message}", "invalid")]


def test_entries_of_a_list_in_another_notation_are_checked_as_well():
    assert [problem[:2] for problem in problems(origin="['*', 'x/']", methods="GET;patch")] == [
        ("origin", "['*', 'x/']"),
        ("methods", "GET;patch"),
        ("methods", "patch"),
        ("origin", ("*", "x/")),
    ]


@pytest.mark.parametrize(
    "value",
    [["https://a.example;https://b.example"], "https://a.example;b.example"],
    ids=["in-a-list", "second-without-a-scheme"],
)
def test_entry_that_holds_a_semicolon_is_more_than_one_word(value):
    entry = value if isinstance(value, str) else value[0]
    message = "contains more than one word: write each origin as a separate entry"
    assert problems(origin=value) == [("origin", entry, f"{entry!r} {message}", "invalid")]


def test_semicolon_inside_a_path_is_a_part_of_it():
    assert CORS(plain_app, origin="*", path="/a;v=1").policies["direct"].path == ("/a;v=1",)


# --- regular expressions as text ---

GENERAL = (
    "a pattern such as 'https://*.example.com', or re.compile(...), in an ini file as"
    " call:package.module:name"
)
EXPRESSIONS = [
    (r"^https://app\.example\.com$", "'https://app.example.com'"),
    (r"https://.*\.example\.com", "'https://*.example.com'"),
    (r"^https://([a-z0-9-]+)\.example\.com$", "'https://*.example.com'"),
    (r"https?://[^.]+\.example\.com", "'https://*.example.com'"),
    (r"^https?:\/\/(.+)\.example\.com\/?$", GENERAL),
    (r"/^https:\/\/\w+\.example\.com$/", "'https://*.example.com'"),
    (r"https://(?:.*)\.my\-shop\.example", "'https://*.my-shop.example'"),
    ("https://.*", GENERAL),
    ("https://(app|www).example.com", GENERAL),
    (r"https://[a-z]{3}\.example\.com", GENERAL),
    (r"^https://.*\.example\.com/path$", GENERAL),
    ("https://.+", GENERAL),
    ("/https:.*/", GENERAL),
    (r"/^https:\/\/a\.com$/i", "'https://a.com'"),
    ("/https://a.com/", "'https://a.com'"),
    (r"^http://localhost:\d+$", "'http://localhost:*'"),
    ("http://localhost:[0-9]+", "'http://localhost:*'"),
    (r"http://localhost(:\d+)?", "'http://localhost:*'"),
    (r"https?://localhost(?::\d{1,5})?$", "'http://localhost:*'"),
    (r"^http://127\.0\.0\.1:\d+$", "'http://127.0.0.1:*'"),
    (r"/^https?:\/\/127\.0\.0\.1:\d+$/", "'http://127.0.0.1:*'"),
    (r"^http://\[::1\]:\d+$", "'http://[::1]:*'"),
    ("http://localhost:.*", "'http://localhost:*'"),
    (r"^https://.*\.example\.com:(\d+)$", "'https://*.example.com:*'"),
    (r"^http://(localhost|127\.0\.0\.1):\d+$", GENERAL),
]


@pytest.mark.parametrize(("text", "remedy"), [pytest.param(*row, id=row[0]) for row in EXPRESSIONS])
def test_regular_expression_as_text_is_recognised_and_a_pattern_is_shown(text, remedy):
    message = f"{text!r} is a regular expression in a string: write {remedy}"
    assert problems(origin=[text]) == [("origin", text, message, "invalid")]


# --- what the application has, and the middleware has not ---


def test_application_by_another_name_is_a_type_error():
    with pytest.raises(TypeError) as caught:
        CORS(application=plain_app, origin="*")
    said = "CORS() takes the application as app, not application: write CORS(app, ...)"
    assert str(caught.value) == said
    with pytest.raises(TypeError) as caught:
        CORS(origin="*")
    assert str(caught.value) == "CORS() takes the application as app: write CORS(app, ...)"


@pytest.mark.parametrize("name", ["route", "run", "test_client", "wsgi_app", "config"])
@pytest.mark.parametrize(
    ("thing", "kind"),
    [(CORS(plain_app, origin="*"), "'CORS' object"), (CORS, "type object 'CORS'")],
    ids=["object", "class"],
)
def test_attribute_of_the_application_says_how_to_wrap_it(thing, kind, name):
    with pytest.raises(AttributeError) as caught:
        getattr(thing, name)
    assert str(caught.value) == (
        f"{kind} has no attribute {name!r}, which is the application's:"
        f" write app.wsgi_app = CORS(app.wsgi_app, ...) and keep using app.{name};"
        " or, where it has no wsgi_app, application = CORS(app, ...)"
    )


def test_middleware_lists_no_attribute_that_it_does_not_have():
    middleware = CORS(plain_app, origin="*")
    assert [name for name in dir(middleware) if not hasattr(middleware, name)] == []
    assert {"app", "configure", "decide", "policies"} <= {*dir(middleware)}


def test_class_that_inherits_from_another_one_has_its_attributes():
    class Routes:
        config = {"debug": True}

        def route(self):
            return self

    class Both(CORS, Routes):
        pass

    both = Both(plain_app, origin="*")
    assert (both.route(), both.config, Both.config) == (both, Routes.config, Routes.config)
    both.run = "set"
    assert both.run == "set"


def test_attribute_of_nobody_is_plainly_missing(name="nothing"):
    with pytest.raises(AttributeError) as caught:
        getattr(CORS(plain_app, origin="*"), name)
    assert str(caught.value) == "'CORS' object has no attribute 'nothing'"


def test_asking_for_a_decision_of_an_ungoverned_path_is_none():
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/other"}
    assert CORS(plain_app, origin="*", path="/api/*").decide(environ) is None


@pytest.mark.parametrize("allowed", [True, False])
def test_decision_names_the_policy_or_the_reason(allowed):
    middleware = CORS(plain_app, origin=ORIGIN)
    policy = middleware.policies["direct"]
    origin = ORIGIN if allowed else "https://evil.example"
    found = middleware.decide({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin})
    reason = "" if allowed else "no policy for this path allows the origin"
    assert found == (policy if allowed else None, reason, (policy,))


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"REQUEST_METHOD": "GET"}, ""),
        ({"REQUEST_METHOD": "PUT"}, VERB_NOT_ALLOWED),
        ({"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}, ""),
        (
            {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"},
            VERB_NOT_ALLOWED,
        ),
    ],
    ids=["request", "other-request", "preflight", "other-preflight"],
)
def test_decision_is_about_the_request_or_what_the_preflight_asks_for(environ, reason):
    policies = {"a": {"origin": ORIGIN, "methods": "GET"}}
    middleware = CORS(plain_app, policies=policies, matchstrategy="verbmatch")
    found = middleware.decide({"PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN, **environ})
    policy = middleware.policies["a"]
    assert found == (None if reason else policy, reason, (policy,))


def test_decision_asks_a_predicate_with_the_environ_itself():
    asked = []

    def allowed(origin, environ):
        asked.append((origin, environ))
        return True

    middleware = CORS(plain_app, origin=allowed)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": ORIGIN}
    assert middleware.decide(environ).policy is middleware.policies["direct"]
    assert asked == [(ORIGIN, environ)]
    assert asked[0][1] is environ


LONGEST = f"{'a' * 500}://{'b' * 9}"  # 512 bytes


@pytest.mark.parametrize(
    ("options", "origin", "expected"),
    [
        ({"origin": ORIGIN}, ORIGIN, True),
        ({"origin": ORIGIN}, "https://evil.example", False),
        ({"origin": "*"}, "https://evil.example", True),
        ({"origin": "copy"}, LONGEST, True),
        ({"origin": "copy"}, f"{LONGEST}b", False),
        ({"origin": ORIGIN, "methods": "PUT", "matchstrategy": "verbmatch"}, ORIGIN, True),
        ({"origin": ORIGIN, "methods": "*", "credentials": True}, ORIGIN, True),
    ],
    ids=["listed", "stranger", "anyone", "longest", "too-long", "verb", "echo"],
)
def test_policy_says_whether_it_allows_an_origin(options, origin, expected):
    policy = CORS(plain_app, **options).policies["direct"]
    assert policy.allows(origin, {"REQUEST_METHOD": "GET"}) is expected


def test_policy_asks_its_predicates_with_the_environ_that_it_is_given():
    policy = CORS(plain_app, origin=lambda origin, environ: environ["allowed"] == origin)
    environ = {"allowed": ORIGIN}
    assert policy.policies["direct"].allows(ORIGIN, environ) is True
    assert policy.policies["direct"].allows("https://evil.example", environ) is False


def test_no_more_than_8192_origins_are_remembered():
    middleware = CORS(plain_app, origin="copy")
    group = middleware._rules.groups[0]
    for number in range(8193):
        origin = f"https://a{number}.example"
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin}
        middleware(environ, lambda status, headers, exc_info=None: None)
    assert list(group.responses) == [origin]
