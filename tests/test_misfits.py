"""Options that do not fit together, and what is missing."""

from __future__ import annotations

import pytest
from support import problems
from test_wrong_values import SECONDS

from wsgicors import CORS, ConfigError

A_PATH = "is a path, not the name of a policy: choose a name, and set its option path"

FORMS_OF_ORIGIN = "or '*' for anyone, or an empty value for nobody"
EVERY_OPTION = "is missing, and so is every other option of {!r} (names are case-sensitive)"

MISFITS = [
    (
        "nothing",
        {},
        [
            (
                "origin",
                None,
                f"is missing: write origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-origin",
        {"maxage": 5},
        [
            (
                "origin",
                None,
                f"is missing: write origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-origin-prefixed",
        {"policy": "api", "api_maxage": 5},
        [
            (
                "api_origin",
                None,
                f"is missing: write api_origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-origin-nested",
        {"policies": {"api": {"maxage": 5}}},
        [
            (
                "policies.api.origin",
                None,
                f"is missing: write policies.api.origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-key-of-a-policy",
        {"policy": "api"},
        [
            (
                "api_origin",
                None,
                f"{EVERY_OPTION.format('api')}: write api_origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "no-key-of-a-policy-called-direct",
        {"policy": "direct"},
        [
            (
                "direct_origin",
                None,
                f"{EVERY_OPTION.format('direct')}: write direct_origin = https://app.example.com, {FORMS_OF_ORIGIN}",
            )
        ],
    ),
    (
        "case-of-a-name",
        {"policy": "API", "api_origin": "*"},
        [
            (
                "policy",
                "API",
                "'API' has no options; did you mean 'api'? (names are case-sensitive)",
            )
        ],
    ),
    (
        "policy-forgotten",
        {"api_origin": "*", "public_origin": "*"},
        [("policy", None, "is missing, so no policy is active: write policy = api, public")],
    ),
    (
        "direct-beside-policy",
        {"policy": "api, rest", "api_origin": "*", "rest_origin": "*", "maxage": 5, "origin": "*"},
        [
            (
                "maxage",
                5,
                "5 is set beside the policies api, rest, but not for one of them: write 'api_maxage',"
                " or remove the list of policies",
            ),
            (
                "origin",
                "*",
                "'*' is set beside the policies api, rest, but not for one of them: leave it out",
            ),
        ],
    ),
    (
        "direct-beside-policies",
        {"policies": {"api": {"origin": "*"}}, "maxage": 5},
        [
            (
                "maxage",
                5,
                "5 is set beside the policies api, but not for one of them: write 'api_maxage', or remove the list of policies",
            )
        ],
    ),
    (
        "policy-twice",
        {"policy": "a, b, a", "a_origin": "*", "b_origin": "*"},
        [
            (
                "policy",
                "a",
                "'a' is listed twice: list each policy once",
            )
        ],
    ),
    (
        "policy-is-bytes",
        {"policy": b"a", "a_origin": "*"},
        [("policy", b"a", "b'a' has the type bytes: write a string, or a list of strings")],
    ),
    (
        "policy-name-is-no-text",
        {"policy": ["a", 1], "a_origin": "*"},
        [("policy", 1, "1 is not the name of a policy: write a string")],
    ),
    (
        "policy-names-are-no-text",
        {"policy": [1, 2], "a_origin": "*"},
        [
            ("policy", 1, "1 is not the name of a policy: write a string"),
            ("policy", 2, "2 is not the name of a policy: write a string"),
        ],
    ),
    (
        "nested-names-are-no-text",
        {"policies": {1: {"origin": "*"}, 2: {"origin": "*"}}},
        [
            ("policies", 1, "1 is not the name of a policy: write a string"),
            ("policies", 2, "2 is not the name of a policy: write a string"),
        ],
    ),
    (
        "nested-name-is-no-text",
        {"policies": {"a": {"origin": "*"}, 1: {"origin": "*"}}},
        [("policies", 1, "1 is not the name of a policy: write a string")],
    ),
    (
        "nested-name-is-empty",
        {"policies": {"a": {"origin": "*"}, "": {"origin": "*"}}},
        [("policies", "", "'' is not the name of a policy: write a string")],
    ),
    (
        "policy-name-is-a-path",
        {"policy": "/api", "/api_origin": "*"},
        [("policy", "/api", f"'/api' {A_PATH}")],
    ),
    (
        "nested-name-is-a-path",
        {"policies": {"/api/*": {"origin": "*", "maxage": "x"}}},
        [
            ("policies", "/api/*", f"'/api/*' {A_PATH}"),
            ("policies./api/*.maxage", "x", f"'x' {SECONDS}"),
        ],
    ),
    (
        "policy-with-a-prefix",
        {"cors_policy": "a", "a_origin": "*"},
        [("cors_policy", "a", "'a' is given to an unknown option; did you mean 'policy'?")],
    ),
    (
        "resources-of-flask-cors",
        {"resources": {"/api/*": {"origins": "*"}}},
        [
            (
                "resources",
                {"/api/*": {"origins": "*"}},
                "{'/api/*': {'origins': '*'}} is given to an unknown option; did you mean 'policies'?",
            ),
            ("policies", "/api/*", f"'/api/*' {A_PATH}"),
            (
                "policies./api/*.origins",
                "*",
                "'*' is given to an unknown option; did you mean 'origin'?",
            ),
        ],
    ),
    (
        "nested-key-is-no-text",
        {"policies": {"a": {"origin": "*", 1: "x"}}},
        [
            (
                "policies.a.1",
                "x",
                "'x' is given to an unknown option: write one of origin, path, methods, headers, expose_headers,"
                " credentials, maxage, timing, preflight_status, preflight_continue, accept_risk",
            )
        ],
    ),
    (
        "policies-is-text",
        {"policies": "api"},
        [("policies", "api", "'api' is not a mapping: write {'name': {'origin': ...}}")],
    ),
    (
        "a-policy-is-no-mapping",
        {"policies": {"a": 5, "b": {"origin": "*"}}},
        [("policies", 5, "5 is not a mapping of options: write {'a': {'origin': ...}}")],
    ),
    (
        "given-twice",
        {"policies": {"api": {"origin": "*", "maxage": 1}}, "api_maxage": 2},
        [("api_maxage", 2, "2 is set as policies.api.maxage as well: keep one of the two")],
    ),
    (
        "options-of-deny",
        {"policy": "deny", "deny_origin": "*"},
        [
            (
                "deny_origin",
                "*",
                "'*' has no effect, because the policy deny is built in: rename the policy",
            )
        ],
    ),
    (
        "options-of-nested-deny",
        {"policies": {"deny": {"origin": "*"}}},
        [
            (
                "policies.deny.origin",
                "*",
                "'*' has no effect, because the policy deny is built in: rename the policy",
            )
        ],
    ),
    (
        "two-owners",
        {"policy": "a, a_expose", "a_origin": "*", "a_expose_origin": "*", "a_expose_headers": "X"},
        [
            (
                "a_expose_headers",
                "X",
                "'X' may belong to the policy 'a' or to 'a_expose': rename one, or nest the options",
            )
        ],
    ),
]


@pytest.mark.parametrize(
    ("options", "expected"), [pytest.param(*row[1:], id=row[0]) for row in MISFITS]
)
def test_what_does_not_fit_together_is_an_error(options, expected):
    assert problems(options) == expected
    assert problems(**options) == expected


def test_path_beside_a_callable_strategy_is_an_error():
    def strategy(environ):
        return None

    message = "'/x' has no effect beside a callable matchstrategy: leave it out"
    assert problems(origin="*", path="/x", matchstrategy=strategy) == [("path", "/x", message)]
    assert problems(policies={"a": {"origin": "*", "path": "/x"}}, matchstrategy=strategy) == [
        ("policies.a.path", "/x", message)
    ]


@pytest.mark.parametrize("cfg", ["origin", ["origin"], 7, [("origin", "*")]], ids=repr)
def test_cfg_that_is_no_mapping_is_an_error(cfg):
    message = f"{cfg!r} is not a mapping: write CORS(app, origin=...), or give a dict"
    assert problems(cfg, origin="*") == [("cfg", cfg, message)]


@pytest.mark.parametrize(
    ("app", "shown"),
    [(None, "None"), ("app", "'app'"), ([], "[]"), ({"HTTP_COOKIE": "secret"}, "<dict>")],
    ids=["none", "text", "list", "an environ, if a server calls the class itself"],
)
def test_application_that_cannot_be_called_is_an_error(app, shown):
    with pytest.raises(ConfigError) as caught:
        CORS(app, origin="*")
    message = f"{shown} is not a WSGI application: write CORS(application, ...)"
    assert [tuple(problem)[:3] for problem in caught.value.problems] == [("app", app, message)]


def test_call_is_text_here():
    (found,) = problems(origin="call:module:name")
    assert found[:2] == ("origin", "call:module:name")
