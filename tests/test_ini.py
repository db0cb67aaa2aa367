"""Ini files through the real PasteDeploy."""

from __future__ import annotations

import importlib
import re
import shutil
import sys
from textwrap import dedent
from wsgiref.validate import validator

import pytest
import webtest
from paste.deploy import loadapp, loadfilter
from support import ORIGIN, OTHER, assert_cors, plain_app, preflight, problems_of, request

import wsgicors
from wsgicors import CORS, ConfigError, OriginList, make_middleware

SAFE = "GET, HEAD, POST"

# --- what the ini files of this module name ---


def app_factory(global_conf, **local_conf):
    return validator(plain_app)


def is_app_example(origin, environ):
    return origin == ORIGIN


def by_header(environ):
    return environ.get("HTTP_X_POLICY")


class Settings:
    ORIGINS = (ORIGIN, OTHER)
    MAXAGE = 600


EXPRESSION = re.compile(r"https://[a-z]+\.example\.com")
SOURCE = OriginList(lambda: [ORIGIN])
POLICIES = "a, b"

APP = f"[app:main]\nuse = call:{__name__}:app_factory\n"


def write(tmp_path, text):
    path = tmp_path / "app.ini"
    path.write_text(text, encoding="utf-8")
    return f"config:{path}"


def filtered(tmp_path, section, default="", **global_conf):
    """The middleware that a section makes, around an application, as PasteDeploy builds both."""
    section = f"[filter:cors]\nuse = egg:wsgicors#middleware\n{dedent(section)}\n"
    text = f"[DEFAULT]\n{default}\n{APP}filter-with = cors\n{section}"
    return loadapp(write(tmp_path, text), global_conf=global_conf)


def serve(application):
    return webtest.TestApp(validator(application), lint=False)


def problems(tmp_path, section, default="", **global_conf):
    """Every problem of a section, as (key, value, message)."""
    return problems_of(filtered, tmp_path, section, default, **global_conf)


# --- ways to name the filter ---

WAYS = {
    "pipeline": """
        [pipeline:main]
        pipeline = cors app
        [app:app]
        use = call:{here}:app_factory
        [filter:cors]
        use = egg:wsgicors#middleware
        origin = {origin}
    """,
    "filter-with": """
        [app:main]
        use = call:{here}:app_factory
        filter-with = cors
        [filter:cors]
        use = egg:wsgicors
        origin = {origin}
    """,
    "filter-app": """
        [filter-app:main]
        use = egg:wsgicors#main
        next = app
        origin = {origin}
        [app:app]
        use = call:{here}:app_factory
    """,
    "factory": """
        [app:main]
        use = call:{here}:app_factory
        filter-with = cors
        [filter:cors]
        paste.filter_app_factory = wsgicors:make_middleware
        origin = {origin}
    """,
    "section-uses-section": """
        [app:main]
        use = call:{here}:app_factory
        filter-with = cors
        [filter:cors]
        use = base
        origin = {origin}
        [filter:base]
        use = egg:wsgicors#middleware
        origin = https://overridden.example
    """,
    "interpolation": """
        [DEFAULT]
        domain = app.example.com
        [app:main]
        use = call:{here}:app_factory
        filter-with = cors
        [filter:cors]
        use = egg:wsgicors#middleware
        origin = https://%(domain)s
    """,
}


@pytest.mark.parametrize("way", WAYS)
def test_filter_is_named_in_every_way_that_pastedeploy_has(tmp_path, way):
    application = loadapp(write(tmp_path, dedent(WAYS[way].format(here=__name__, origin=ORIGIN))))
    assert type(application) is CORS
    both = serve(application)
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(both, OTHER), vary="Origin")
    assert_cors(
        preflight(both), allow_origin=ORIGIN, max_age="600", allow_methods=SAFE, vary="Origin"
    )


@pytest.mark.parametrize("name", ["egg:wsgicors", "egg:wsgicors#main", "egg:wsgicors#middleware"])
def test_filter_alone_wraps_any_application(tmp_path, name):
    wrap = loadfilter(write(tmp_path, f"[filter:main]\nuse = {name}\norigin = {ORIGIN}\n"))
    for _ in range(2):
        assert_cors(
            request(serve(wrap(validator(plain_app))), ORIGIN), allow_origin=ORIGIN, vary="Origin"
        )
    assert type(wrap(plain_app)) is CORS


def test_vendored_copy_works_under_its_dotted_name(tmp_path, monkeypatch):
    vendor = tmp_path / "mypkg" / "vendor"
    vendor.mkdir(parents=True)
    for package in (vendor.parent, vendor):
        (package / "__init__.py").touch()
    shutil.copy(wsgicors.__file__, vendor)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("mypkg", "mypkg.vendor", "mypkg.vendor.wsgicors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    section = (
        f"paste.filter_app_factory = mypkg.vendor.wsgicors:make_middleware\norigin = {ORIGIN}\n"
    )
    application = loadapp(write(tmp_path, f"{APP}filter-with = cors\n[filter:cors]\n{section}"))
    vendored = sys.modules["mypkg.vendor.wsgicors"]
    assert type(application) is vendored.CORS is not CORS
    both = serve(application)
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(preflight(both, OTHER), vary="Origin")
    with pytest.raises(vendored.ConfigError, match="'http://x/'"):
        loadapp(
            write(
                tmp_path,
                f"{APP}filter-with = cors\n[filter:cors]\n{section.replace(ORIGIN, 'http://x/')}",
            )
        )


def test_factory_called_by_hand():
    assert list(make_middleware(plain_app, {}, origin="*").policies) == ["direct"]
    assert list(make_middleware(plain_app, None, origin="*").policies) == ["direct"]
    assert list(make_middleware(plain_app, origin="*").policies) == ["direct"]


# --- values ---


def test_several_lines_several_policies_and_deny(tmp_path):
    application = filtered(
        tmp_path,
        """
        policy = api, public, deny
        api_path = /api/*
        api_origin =
            https://app.example.com
            https://*.example.org
            # a comment
            http://localhost:3000
        api_methods = get, put
        api_headers = X-Token X-Other
        api_credentials = on
        api_maxage = 600
        public_path = /public
        public_origin = *
        public_timing = yes
        """,
    )
    assert list(application.policies) == ["api", "public"]
    assert application.policies["api"].origin == (
        ORIGIN,
        "https://*.example.org",
        "http://localhost:3000",
    )
    both = serve(application)
    assert_cors(
        preflight(both, "https://a.example.org", path="/api/x"),
        allow_origin="https://a.example.org",
        allow_credentials="true",
        allow_methods="GET, PUT",
        allow_headers="X-Token, X-Other",
        max_age="600",
        vary="Origin",
    )
    assert_cors(request(both, OTHER, path="/public"), allow_origin="*", timing_allow_origin="*")
    assert_cors(request(both, OTHER, path="/elsewhere"), vary="Origin")


def test_empty_value_is_not_given_but_an_empty_origin_is_nobody(tmp_path):
    application = filtered(tmp_path, "origin =\nmethods =\nmaxage =\ncredentials =\nunknown =")
    policy = application.policies["direct"]
    assert (policy.origin, policy.methods, policy.maxage, policy.credentials) == (
        (),
        ("GET", "HEAD", "POST"),
        600,
        False,
    )
    assert_cors(request(serve(application), ORIGIN), vary="Origin")
    application = filtered(tmp_path, "policy = a\na_origin =")
    assert application.policies["a"].origin == ()


CALLS = [
    pytest.param("is_app_example", id="predicate"),
    pytest.param("EXPRESSION", id="expression"),
    pytest.param("SOURCE", id="origin-list"),
    pytest.param("Settings.ORIGINS", id="attribute"),
]


@pytest.mark.parametrize("prefix", ["call:", "call: "])
@pytest.mark.parametrize("name", CALLS)
def test_call_stands_for_a_python_object(tmp_path, name, prefix):
    both = serve(filtered(tmp_path, f"origin = {prefix}{__name__}:{name}"))
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(both, "https://evil.example"), vary="Origin")


def test_call_for_any_option(tmp_path):
    application = filtered(
        tmp_path,
        f"""
        policy = call:{__name__}:POLICIES
        matchstrategy = call:{__name__}:by_header
        a_origin = call:{__name__}:Settings.ORIGINS
        a_maxage = call:{__name__}:Settings.MAXAGE
        b_origin = *
        """,
    )
    assert list(application.policies) == ["a", "b"]
    assert application.policies["a"].maxage == 600
    both = serve(application)
    assert_cors(request(both, ORIGIN, X_Policy="a"), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(both, "https://c.example", X_Policy="a"), vary="Origin")
    assert_cors(
        request(both, "https://c.example", X_Policy="b"),
        allow_origin="https://c.example",
        vary="Origin",
    )
    assert_cors(request(both, ORIGIN))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(
            "call:nowhere:name",
            "cannot be loaded: ModuleNotFoundError: No module named 'nowhere'",
            id="no-module",
        ),
        pytest.param(
            f"call:{__name__}:nothing",
            f"cannot be loaded: AttributeError: module {__name__!r} has no attribute 'nothing'",
            id="no-attribute",
        ),
        pytest.param(
            "call:is_app_example",
            "cannot be loaded: ValueError: does not name an object: write call:package.module:name",
            id="no-colon",
        ),
        pytest.param(
            "call:",
            "cannot be loaded: ValueError: does not name an object: write call:package.module:name",
            id="nothing",
        ),
        pytest.param(
            "call::name",
            "cannot be loaded: ValueError: does not name an object: write call:package.module:name",
            id="no-name",
        ),
    ],
)
def test_call_that_cannot_be_loaded_is_a_problem_among_the_others(tmp_path, value, message):
    assert problems(tmp_path, f"origin = {value}\nmaxage = 1h") == [
        ("origin", value, f"{value!r} {message}"),
        (
            "maxage",
            "1h",
            "'1h' is not a number of seconds: write a whole number from 0 to 2147483648",
        ),
    ]


def test_call_that_cannot_be_loaded_is_one_line_of_the_error(tmp_path):
    with pytest.raises(ConfigError) as caught:
        filtered(tmp_path, f"policy = a\na_origin = call:{__name__}:x\n  a_maxage = {'5' * 1000}")
    head, line = str(caught.value).split("\n")
    assert line.isprintable()
    assert len(line) < 600


def test_call_to_something_else_is_an_error_of_its_value(tmp_path):
    (found,) = problems(tmp_path, f"origin = *\nmaxage = call:{__name__}:Settings.ORIGINS")
    assert found[0] == "maxage"
    assert found[2].endswith(
        "is not a number of seconds: write a whole number from 0 to 2147483648"
    )


def test_call_in_default(tmp_path):
    application = filtered(tmp_path, "", default=f"origin = call:{__name__}:is_app_example")
    assert application.policies["direct"].origin == (is_app_example,)


def test_call_is_resolved_in_ini_alone():
    with pytest.raises(ConfigError):
        CORS(plain_app, origin=f"call:{__name__}:is_app_example")


# --- global_conf ---

GLOBAL = [
    # default, section, the policies in force with their maxage; all with origin = *
    ("policy", "policy = a\na_origin = *", "a_maxage = 1", {"a": 1}),
    ("all", "policy = a\na_origin = *\na_maxage = 1", "", {"a": 1}),
    ("all-direct", "origin = *\nmaxage = 1", "", {"direct": 1}),
    ("direct-is-whole", "maxage = 1", "origin = *", {"direct": 600}),
    ("keys-of-active-policies", "a_maxage = 1\nb_maxage = 2", "policy = a\na_origin = *", {"a": 1}),
    (
        "keys-of-inactive-policies",
        "b_maxage = x\nb_zzz = y",
        "policy = a\na_origin = *",
        {"a": 600},
    ),
    ("policy-not-for-direct", "policy = b\nb_origin = *", "origin = *", {"direct": 600}),
    ("direct-not-for-policy", "origin = *\nmaxage = 1", "policy = b\nb_origin = *", {"b": 600}),
    ("unknown", "zzz = 1\nmax_age = 5\nallow_origin = 1", "origin = *", {"direct": 600}),
    ("catch_errors", "catch_errors = nonsense", "origin = *", {"direct": 600}),
    (
        "strategy-not-for-own-policy",
        "matchstrategy = nonsense",
        "policy = b\nb_origin = *",
        {"b": 600},
    ),
    ("strategy-not-for-direct", "matchstrategy = nonsense", "origin = *", {"direct": 600}),
]


@pytest.mark.parametrize(
    ("default", "section", "expected"), [pytest.param(*row[1:], id=row[0]) for row in GLOBAL]
)
def test_global_conf_is_consulted_for_what_the_section_lacks(tmp_path, default, section, expected):
    application = filtered(tmp_path, section, default)
    assert {name: policy.maxage for name, policy in application.policies.items()} == expected
    given = dict(line.split(" = ") for line in default.splitlines())
    by_hand = make_middleware(
        plain_app, given, **dict(line.split(" = ") for line in section.splitlines())
    )
    assert {name: policy.maxage for name, policy in by_hand.policies.items()} == expected


def test_here_and_file_and_what_an_application_needs_are_left_alone(tmp_path):
    application = filtered(
        tmp_path,
        "origin = *",
        "debug = true\nsmtp = localhost\nsqlalchemy.url = sqlite://",
        port="80",
    )
    assert list(application.policies) == ["direct"]


def test_strategy_of_global_conf_counts_where_its_policy_does(tmp_path):
    default = f"policy = a\nmatchstrategy = call:{__name__}:by_header"
    both = serve(filtered(tmp_path, "a_origin = *", default))
    assert_cors(request(both, ORIGIN))
    assert_cors(request(both, ORIGIN, X_Policy="a"), allow_origin=ORIGIN, vary="Origin")
    assert problems(tmp_path, "a_origin = *", "policy = a\nmatchstrategy = first") == [
        (
            "matchstrategy",
            "first",
            "'first' is not a strategy: write firstmatch or verbmatch, or a function f(environ)",
        )
    ]


def test_default_wins_over_the_sections_own_key_as_pastedeploy_has_it(tmp_path):
    application = filtered(tmp_path, f"origin = {ORIGIN}", f"origin = {OTHER}")
    assert application.policies["direct"].origin == (OTHER,)


def test_set_overrides_default(tmp_path):
    application = filtered(tmp_path, f"set origin = {ORIGIN}", f"origin = {OTHER}")
    assert application.policies["direct"].origin == (ORIGIN,)
    application = filtered(
        tmp_path, f"origin = {ORIGIN}\nset policy = a\nset a_origin = *\nset debug = 1"
    )
    assert list(application.policies) == ["direct"]


def test_global_conf_of_the_caller_counts(tmp_path):
    application = filtered(tmp_path, "a_origin = *", policy="a", a_maxage="7")
    assert {name: policy.maxage for name, policy in application.policies.items()} == {"a": 7}


def ignored(*keys):
    return (
        f"{', '.join(keys)} in global_conf ([DEFAULT]) is ignored, as this section has options of"
        " its own: name the policy to share them"
    )


@pytest.mark.parametrize("own", [{}, {"maxage": ""}], ids=["unset", "empty"])
def test_direct_policy_of_a_section_ignores_global_conf_with_one_warning(own, caplog):
    shared = {"origin": OTHER, "maxage": "1", "debug": "true"}
    policy = make_middleware(plain_app, shared, origin=ORIGIN, **own).policies["direct"]
    unset = CORS(plain_app, origin=ORIGIN).policies["direct"].maxage
    assert (policy.origin, policy.maxage) == ((ORIGIN,), unset)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", ignored("origin", "maxage"))
    ]


def test_named_policy_shares_global_conf_without_a_warning(caplog):
    shared = {"a_maxage": "1", "origin": OTHER, "path": "/x"}
    make_middleware(plain_app, shared, policy="a", a_origin=ORIGIN)
    make_middleware(plain_app, {"origin": "*", "path": "/x"})
    make_middleware(plain_app, {"debug": "true"}, origin="*")
    assert caplog.records == []


ELSEWHERE = "is in global_conf ([DEFAULT]), but other options are in the section: name the policy"


def test_path_in_default_beside_a_direct_policy_is_an_error(tmp_path):
    message = f"'/api/*' {ELSEWHERE}, as in policy = api, api_origin = ... and api_path = ..."
    assert problems(tmp_path, f"origin = {ORIGIN}", "path = /api/*") == [
        ("path", "/api/*", message)
    ]
    assert problems(tmp_path, "origin = *\npath = /x\nmaxage = 1h", "path = /api/*") == [
        ("path", "/api/*", message),
        (
            "maxage",
            "1h",
            "'1h' is not a number of seconds: write a whole number from 0 to 2147483648",
        ),
    ]


def test_origin_in_default_beside_other_options_of_the_section_is_an_error(tmp_path):
    message = f"'x/' {ELSEWHERE}, as in policy = api and api_origin = ..."
    assert [problem[:2] for problem in problems(tmp_path, "maxage = 5", "origin = x/")] == [
        ("origin", "x/"),
        ("origin", "x/"),
    ]
    assert problems(tmp_path, f"origin = {ORIGIN}\nmaxage = 5", "origin = x/")[0] == (
        "origin",
        "x/",
        message,
    )


def test_key_of_default_beside_a_direct_policy_is_a_conflict():
    for key in ("path", "origin"):
        with pytest.raises(ConfigError) as caught:
            make_middleware(plain_app, {key: "/x"}, maxage="5")
        assert (caught.value.problems[0].key, caught.value.problems[0].code) == (key, "conflict")


def test_misspelled_key_of_the_section_leaves_the_origin_in_default(tmp_path):
    found = problems(tmp_path, "maxages = 5", f"origin = {ORIGIN}")
    assert [problem[:2] for problem in found][:2] == [("origin", ORIGIN), ("maxages", "5")]


def test_strategy_of_default_is_used_with_a_direct_policy_in_default():
    shared = {"origin": ORIGIN, "matchstrategy": "verbmatch"}
    assert make_middleware(plain_app, shared).matchstrategy == "verbmatch"


def test_strategy_of_default_is_read_where_the_policy_is_not_named(tmp_path):
    found = problems(tmp_path, "api_origin = *", "matchstrategy = nonsense")
    assert ("matchstrategy", "nonsense") in [problem[:2] for problem in found]


@pytest.mark.parametrize("own", ["allow_origin", "max_age", "orgin", "Credentials", "maxages"])
def test_foreign_or_misspelled_key_of_the_section_counts_as_its_own_option(tmp_path, own):
    found = problems(tmp_path, f"{own} = 5", "path = /x")
    message = f"'/x' {ELSEWHERE}, as in policy = api, api_origin = ... and api_path = ..."
    assert found[0] == ("path", "/x", message)
    assert found[1][:2] == (own, "5")


@pytest.mark.parametrize(
    ("key", "right"),
    [("api_pth", "api_path"), ("api_Path", "api_path"), ("api_max_age", "api_maxage")],
)
@pytest.mark.parametrize("policy", ["", "policy = api\n"], ids=["section", "default"])
def test_misspelled_key_of_an_active_policy_in_default_is_an_error(tmp_path, policy, key, right):
    own, shared = ("", "policy = api\n") if policy else ("policy = api\n", "")
    found = problems(tmp_path, f"{own}api_origin = *", f"{shared}{key} = /x")
    assert found[0] == (key, "/x", f"'/x' is given to an unknown option; did you mean {right!r}?")


def test_keys_of_the_application_and_of_inactive_policies_in_default_are_left_alone(tmp_path):
    default = (
        "api_key = 1\napi_host = x\napi_timeout = 5\n"
        "api_old_origin = x\napi_old_maxage = x\nother_pth = x"
    )
    application = filtered(tmp_path, "policy = api\napi_origin = *", default)
    assert [*application.policies] == ["api"]


@pytest.mark.parametrize("default", ["path = /x", "maxage = 1h\npath = x"])
def test_policy_that_is_missing_is_the_only_problem_beside_options_in_default(tmp_path, default):
    assert problems(tmp_path, "api_origin = *\napi_maxage = 5", default) == [
        ("policy", None, "is missing, so no policy is active: write policy = api")
    ]


def test_inactive_policy_of_the_section_does_not_hide_the_direct_one_of_default(tmp_path):
    application = filtered(tmp_path, "api_origin = *\napi_maxage = 5", "origin = *\nmaxage = 1")
    assert {name: policy.maxage for name, policy in application.policies.items()} == {"direct": 1}


# --- errors ---


def test_unknown_keys_are_looked_for_in_the_section(tmp_path):
    assert problems(tmp_path, f"origin = {ORIGIN}\nsupports_credentials = true", "zzz = 1") == [
        (
            "supports_credentials",
            "true",
            "'true' is given to an unknown option; did you mean 'credentials'?",
        )
    ]
    assert problems(tmp_path, "policy = api\napi_origin = *\napi_max_age = 5") == [
        ("api_max_age", "5", "'5' is given to an unknown option; did you mean 'api_maxage'?")
    ]


def test_faulty_key_of_default_is_an_error_where_it_counts(tmp_path):
    fault = "'1h' is not a number of seconds: write a whole number from 0 to 2147483648"
    assert problems(tmp_path, "", "origin = *\nmaxage = 1h") == [("maxage", "1h", fault)]
    assert problems(tmp_path, "policy = a\na_origin = *", "a_maxage = 1h") == [
        ("a_maxage", "1h", fault)
    ]
    assert filtered(tmp_path, "origin = *", "maxage = 1h")


def test_nothing_at_all_is_an_error(tmp_path):
    assert [problem[0] for problem in problems(tmp_path, "")] == ["origin"]
    assert problems(tmp_path, "api_origin = *") == [
        ("policy", None, "is missing, so no policy is active: write policy = api")
    ]


def test_nesting_is_not_for_ini(tmp_path):
    assert problems(tmp_path, "policies = a, b\na_origin = *")[0][:2] == ("policies", "a, b")


def test_an_object_name_ends_at_the_second_colon():
    ((key, _, message),) = problems_of(make_middleware, plain_app, {}, origin="call:os:path:join")
    assert key == "origin"
    assert message.endswith(
        "cannot be loaded: AttributeError: module 'os' has no attribute 'path:join'"
    )


# --- configurations of wsgicors 0.7.0 in the wild ---


def test_open_policy_in_the_wild(tmp_path):
    section = (
        "policy = open\nopen_origin = *\nopen_headers = *\nopen_methods = *\nopen_maxage = 86400"
    )
    for application in (
        filtered(tmp_path, section),
        filtered(tmp_path, "", section),
        filtered(tmp_path, "policy = open", section.partition("\n")[2]),
    ):
        both = serve(application)
        assert_cors(request(both), allow_origin="*")
        assert_cors(
            preflight(both),
            allow_origin="*",
            allow_headers="*, Authorization, Content-Type",
            vary="Access-Control-Request-Headers",
            allow_methods="*, PUT, PATCH, DELETE",
            max_age="86400",
        )


def test_copy_with_credentials_in_the_wild_is_refused_and_told_what_to_write(tmp_path):
    section = "origin = copy\ncredentials = true\nheaders = *\nmethods = *\nmaxage = 180"
    assert problems(tmp_path, section) == [
        (
            "origin",
            "copy",
            "'copy' with credentials is prohibited (any-origin): every web site could act as the logged-in user;"
            " write the origins that you trust, or accept it with accept_risk = any-origin",
        )
    ]
    both = serve(filtered(tmp_path, f"{section}\naccept_risk = any-origin"))
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, allow_credentials="true", vary="Origin")
