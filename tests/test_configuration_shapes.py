"""The shapes of a configuration: keywords, flat and nested policies, and which of them wins."""

from __future__ import annotations

import pytest
from support import ORIGIN, OTHER, assert_cors, client, plain_app, preflight, request

from wsgicors import CORS, ConfigError, make_middleware


@pytest.mark.parametrize(
    "policy",
    [
        "api, public",
        "api,public",
        "api public",
        "\n api\n public\n",
        ["api", "public"],
        ("api", "public"),
    ],
    ids=repr,
)
def test_several_policies_in_order(policy):
    options = {"api_path": "/api/*", "api_origin": ORIGIN, "public_origin": "*"}
    for middleware in (
        CORS(plain_app, {"policy": policy, **options}),
        CORS(plain_app, options, policy=policy),
        CORS(plain_app, policy=policy, **options),
    ):
        assert [(name, policy.name) for name, policy in middleware.policies.items()] == [
            ("api", "api"),
            ("public", "public"),
        ]
        assert middleware.policies["api"].path == ("/api/*",)
        assert middleware.policies["public"].origin == ("*",)


NESTED = {"b": {"origin": "*"}, "a": {"origin": ORIGIN, "maxage": 5}}


def test_nested_policies_are_in_the_order_of_the_mapping():
    assert list(CORS(plain_app, policies=NESTED).policies) == ["b", "a"]
    assert list(CORS(plain_app, {"policies": NESTED}).policies) == ["b", "a"]


def test_policy_beside_nested_policies_gives_the_order_and_which_are_active():
    assert list(CORS(plain_app, policies=NESTED, policy="a, b").policies) == ["a", "b"]
    assert list(CORS(plain_app, policies=NESTED, policy="a").policies) == ["a"]
    with_deny = CORS(plain_app, policies=NESTED, policy="a, deny")
    assert list(with_deny.policies) == ["a"]


def test_nested_and_flat_keys_of_one_policy_add_up():
    policy = CORS(plain_app, policies={"api": {"origin": ORIGIN}}, api_maxage=5).policies["api"]
    assert (policy.origin, policy.maxage) == ((ORIGIN,), 5)


def test_policy_may_be_called_direct_or_anything():
    for name in ("direct", "api-v2", "a.b", "allow", "a_b", "origin", "policy", "é"):
        assert list(CORS(plain_app, {"policy": name, f"{name}_origin": "*"}).policies) == [name]
        assert list(CORS(plain_app, policies={name: {"origin": "*"}}).policies) == [name]


def test_deny_ends_the_list_and_needs_no_options():
    for policy in ("deny", "a, deny", "deny, a", "a, deny, b"):
        middleware = CORS(plain_app, policy=policy, a_origin=ORIGIN)
        assert list(middleware.policies) == ([] if policy.startswith("deny") else ["a"])


def test_policies_are_read_only_and_a_policy_is_immutable():
    policies = CORS(plain_app, origin="*").policies
    with pytest.raises(TypeError):
        policies["other"] = policies["direct"]
    with pytest.raises(TypeError):
        del policies["direct"]
    policy = policies["direct"]
    for change in (
        lambda: setattr(policy, "origin", ("copy",)),
        lambda: setattr(policy, "other", 1),
        lambda: delattr(policy, "origin"),
    ):
        with pytest.raises(AttributeError):
            change()
    assert policy.origin == ("*",)
    assert repr(policy).startswith("Policy(name='direct', origin=('*',)")


def test_configuration_is_copied():
    origins, methods = [ORIGIN], ["GET"]
    nested = {"api": {"origin": origins, "methods": methods}}
    cfg = {"policies": nested}
    middleware = CORS(plain_app, cfg)
    origins.append(OTHER)
    methods.append("PUT")
    nested["api"]["maxage"] = 5
    nested.clear()
    cfg.clear()
    policy = middleware.policies["api"]
    assert (policy.origin, policy.methods, policy.maxage) == ((ORIGIN,), ("GET",), 600)


def test_configuration_is_never_changed():
    cfg = {
        "policy": "api",
        "api_origin": [ORIGIN, OTHER],
        "api_headers": "",
        "old_origin": None,
        "api_maxage": "5",
    }
    before = {key: list(value) if isinstance(value, list) else value for key, value in cfg.items()}
    CORS(plain_app, cfg, api_timing=True)
    assert cfg == before


def test_everything_for_everyone():
    both = client(headers="*", methods="*", maxage="180", origin="*")
    assert_cors(request(both), allow_origin="*")
    assert_cors(
        preflight(both),
        allow_origin="*",
        allow_methods="*, PUT, PATCH, DELETE",
        allow_headers="*, Authorization, Content-Type",
        max_age="180",
        vary="Access-Control-Request-Headers",
    )


def test_methods_without_spaces():
    both = client(headers="*", methods="GET,POST,OPTIONS", origin="*")
    assert_cors(
        preflight(both),
        allow_origin="*",
        allow_methods="GET, POST, OPTIONS",
        allow_headers="*, Authorization, Content-Type",
        max_age="600",
        vary="Access-Control-Request-Headers",
    )


def test_open_policy():
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
        allow_methods="*, PUT, PATCH, DELETE",
        allow_headers="*, Authorization, Content-Type",
        max_age="86400",
        vary="Access-Control-Request-Headers",
    )


def test_empty_list_of_origins_joined_to_an_empty_text_is_nobody():
    assert_cors(request(client(origin=",".join([])), ORIGIN), vary="Origin")


def test_number_and_names_joined_by_comma_and_space():
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


def test_nested_policies_of_a_section_are_policies_of_its_own():
    cors = make_middleware(
        plain_app, {"policy": "shared", "shared_origin": "*"}, policies={"own": {"origin": "*"}}
    )
    assert list(cors.policies) == ["own"]


def test_keywords_override_cfg():
    policy = CORS(
        plain_app, {"origin": "*", "maxage": 5, "timing": True}, origin=ORIGIN, maxage=0
    ).policies["direct"]
    assert (policy.origin, policy.maxage, policy.timing) == ((ORIGIN,), 0, True)
    middleware = CORS(plain_app, {"policy": "a", "a_origin": "*", "b_origin": "*"}, policy="b")
    assert list(middleware.policies) == ["b"]


def test_keyword_that_is_none_or_empty_text_overrides_nothing():
    cfg = {"origin": "*", "maxage": 5, "methods": "PUT"}
    policy = CORS(plain_app, cfg, origin=None, maxage=None, methods="").policies["direct"]
    assert (policy.origin, policy.maxage, policy.methods) == (("*",), 5, ("PUT",))


def test_keyword_with_an_empty_origin_overrides():
    assert CORS(plain_app, {"origin": "*"}, origin="").policies["direct"].origin == ()
    assert CORS(plain_app, {"policy": "a", "a_origin": "*"}, a_origin=[]).policies["a"].origin == ()


def test_faulty_value_that_is_overridden_does_not_count():
    assert CORS(plain_app, {"origin": "nonsense/"}, origin="*").policies["direct"].origin == ("*",)


@pytest.mark.parametrize("cfg", [None, {}])
def test_no_cfg(cfg):
    assert CORS(plain_app, cfg, origin="*").policies["direct"].origin == ("*",)


def test_key_named_as_a_parameter_is_an_unknown_option_of_a_section():
    with pytest.raises(ConfigError) as caught:
        make_middleware(plain_app, {}, origin="*", app="shop", cfg="shop.ini")
    assert [problem.key for problem in caught.value.problems] == ["app", "cfg"]


def test_global_conf_may_be_given_by_keyword():
    assert make_middleware(plain_app, cfg={"policy": "open", "open_origin": "*"}).policies[
        "open"
    ].origin == ("*",)


def test_a_policy_says_what_to_use_instead_of_changing_it():
    policy = CORS(plain_app, origin="*").policies["direct"]
    for change in (lambda: setattr(policy, "maxage", 1), lambda: delattr(policy, "maxage")):
        with pytest.raises(AttributeError) as caught:
            change()
        assert str(caught.value) == "a Policy is immutable: use CORS.configure"
