"""Names of options: unknown keys, typing errors, the names that other libraries use."""

from __future__ import annotations

import pytest
from support import ORIGIN, plain_app, problems

from wsgicors import CORS, ConfigError


def unknown(key, value, end):
    return (key, value, f"{value!r} is given to an unknown option{end}")


def meant(key):
    return f"; did you mean {key!r}?"


FOREIGN = {
    "origin": (
        "origins allow_origin allow_origins allowed_origins allow_origin_regex CORS_ALLOWED_ORIGINS"
        " CORS_ORIGIN_WHITELIST Access-Control-Allow-Origin orign Origin"
    ),
    "methods": "method allow_methods allowed_methods CORS_ALLOW_METHODS access_control_allow_methods methdos Methods",
    "headers": "header allow_headers allowed_headers CORS_ALLOW_HEADERS access-control-allow-headers haeders",
    "expose_headers": "exposed_headers expose_header CORS_EXPOSE_HEADERS exposeHeaders access_control_expose_headers",
    "credentials": "credential supports_credentials support_credentials allow_credentials CORS_ALLOW_CREDENTIALS"
    " CORS_SUPPORTS_CREDENTIALS withCredentials credentails",
    "maxage": "max_age maxAge MAX_AGE max-age CORS_PREFLIGHT_MAX_AGE preflight_max_age maxages",
    "timing": "timing_allow_origin Timing-Allow-Origin timming",
    "preflight_status": "optionsSuccessStatus options_success_status preflight_statu",
    "preflight_continue": "preflightContinue options_passthrough preflight_continues",
    "accept_risk": "accept_risks accepted_risks acceptrisk",
    "path": "paths resources urls_regex pth",
}
FOREIGN = [
    pytest.param(key, option, id=key) for option, keys in FOREIGN.items() for key in keys.split()
]

VALID = {
    "origin": ORIGIN,
    "path": "/x",
    "methods": "GET",
    "headers": "X-A",
    "expose_headers": "X-A",
    "credentials": "true",
    "maxage": "5",
    "timing": "true",
    "preflight_status": "200",
    "preflight_continue": "true",
    "accept_risk": "any-origin",
}


@pytest.mark.parametrize(("key", "option"), FOREIGN)
def test_unknown_key_is_an_error_that_names_the_one_that_is_meant(key, option):
    value = VALID[option]
    others = {} if option == "origin" else {"origin": ORIGIN}
    assert problems({**others, key: value}) == [unknown(key, value, meant(option))]
    prefixed = {f"api_{name}": given for name, given in others.items()}
    assert problems({"policy": "api", **prefixed, f"api_{key}": value}) == [
        unknown(f"api_{key}", value, meant(f"api_{option}"))
    ]
    assert problems(policies={"api": {**others, key: value}}) == [
        unknown(f"policies.api.{key}", value, meant(option))
    ]


def spare(known):
    return f": remove it, because {known!r} is set as well"


@pytest.mark.parametrize(
    ("key", "value", "end"),
    [
        pytest.param("api_orign", "*", spare("api_origin"), id="spelling"),
        pytest.param("aip_methods", "PUT", meant("api_methods"), id="spelling-of-the-name"),
        pytest.param("api-path", "/x", meant("api_path"), id="hyphen"),
        pytest.param("api_max_age", "5", meant("api_maxage"), id="underscore"),
        pytest.param("max_age", "5", meant("api_maxage"), id="without-the-name"),
        pytest.param("policys", "api", spare("policy"), id="policy"),
        pytest.param("match_strategy", "verbmatch", meant("matchstrategy"), id="matchstrategy"),
        pytest.param("catcherrors", "yes", meant("catch_errors"), id="catch_errors"),
    ],
)
def test_nearest_known_key_is_offered(key, value, end):
    assert problems({"policy": "api", "api_origin": "*", key: value}) == [unknown(key, value, end)]


def test_without_a_near_key_all_are_listed():
    options = (
        "origin, path, methods, headers, expose_headers, credentials, maxage, timing, preflight_status,"
        " preflight_continue, accept_risk"
    )
    assert problems(origin="*", zzzz=1) == [unknown("zzzz", 1, f": write one of {options}")]


def test_unknown_key_that_is_none_is_not_given():
    assert CORS(plain_app, origin="*", zzzz=None).policies


def test_keys_of_an_inactive_policy_are_fine():
    inactive = {
        "old_origin": "http://x/",
        "old_methods": b"?",
        "old_whatever": 1,
        "older_origin": "*",
    }
    assert list(CORS(plain_app, policy="api", api_origin="*", **inactive).policies) == ["api"]
    assert list(CORS(plain_app, origin="*", **inactive).policies) == ["direct"]
    nested = {"api": {"origin": "*"}, "old": {"origin": "http://x/", "methods": b"?"}}
    assert list(CORS(plain_app, policies=nested, policy="api").policies) == ["api"]


def test_keys_of_a_policy_without_origin_that_is_not_active_are_unknown():
    assert problems(policy="api", api_origin="*", old_methods="GET") == [
        unknown("old_methods", "GET", meant("api_methods"))
    ]


@pytest.mark.parametrize(
    "key",
    [
        "allow_origin",
        "expose_origin",
        "allowed_origin",
        "cors_allow_origin",
        "access_control_allow_origin",
    ],
)
def test_name_of_another_library_is_no_inactive_policy(key):
    assert problems({key: "*"}) == [unknown(key, "*", meant("origin"))]
    assert problems({"policy": "api", f"api_{key}": "*"}) == [
        unknown(f"api_{key}", "*", meant("api_origin"))
    ]


@pytest.mark.parametrize("key", [1, None, b"origin", ("origin",)], ids=repr)
def test_key_that_is_no_text_is_an_error(key):
    assert problems({"origin": "*", key: 2}) == [
        (repr(key), 2, "2 has a key that is not a string: write the name of an option")
    ]


def test_typing_error_in_the_name_of_an_option_is_an_error():
    assert problems(origin=ORIGIN, orign="x", supports_credentials=True) == [
        (
            "orign",
            "x",
            "'x' is given to an unknown option:"
            " add its values to 'origin', which is one list of all of them",
        ),
        (
            "orign",
            "x",
            "'x' is not an origin: write scheme://host such as 'https://app.example.com',"
            " or '*' for anyone",
        ),
        (
            "supports_credentials",
            True,
            "True is given to an unknown option; did you mean 'credentials'?",
        ),
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
    found = problems({"policy": "api", "api_origin": "*", key: "x"})
    assert [found_key for found_key, _, _ in found] == [key]
    assert found[0][2].startswith("'x' is given to an unknown option")


def test_only_keys_of_an_origin_name_an_inactive_policy():
    options = {"dev_origin": "*", "dev_methods": "GET", "x_y": "1"}
    missing = [message for key, _, message in problems(options) if key == "policy"]
    assert missing == ["is missing, so no policy is active: write policy = dev"]


def test_what_is_not_shown_gets_no_suggestion():
    messages = [
        message
        for _, _, message in problems({"origin": "*", **{f"orgin{n}": "x" for n in range(60)}})
    ]
    assert all(
        message.endswith(": remove it, because 'origin' is set as well")
        for message in messages[:50]
    )
    assert set(messages[50:]) == {"'x' is given to an unknown option"}


def test_typing_error_of_an_active_policy_is_not_taken_for_a_key_of_an_inactive_one():
    with pytest.raises(ConfigError) as caught:
        CORS(
            plain_app,
            policy="api_v2",
            api_v2_origin=ORIGIN,
            api_v2_paths="/api/*",
            api_origin="*",
            api_maxage="5",
        )
    assert [problem.key for problem in caught.value.problems] == ["api_v2_paths"]
