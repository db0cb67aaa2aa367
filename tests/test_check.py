"""The command `check`: ini files as PasteDeploy reads them, policies, problems, advice."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import textwrap

import pytest
from paste.deploy import loadapp, loadfilter
from support import without_age

import wsgicors
from wsgicors import CORS
from wsgicors_explain import main
from wsgicors_explain.iniapps import read_ini


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Run `check` in a directory of these files; gives the exit status and the lines of the output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments, **files):
        for name, text in files.items():
            (tmp_path / name.replace("_ini", ".ini").replace("_py", ".py")).write_text(
                textwrap.dedent(text).lstrip("\n"), encoding="utf-8"
            )
        status = main(["check", *arguments])
        captured = capsys.readouterr()
        return status, [*without_age(captured.out).splitlines(), *captured.err.splitlines()]

    return run


# --- ini files, compared with PasteDeploy itself ---


def inner_app(global_conf, **local_conf):
    """What stands at the end of every pipeline here; it keeps what it was made with."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    return app


made = []


def make_middleware(app, global_conf, **local_conf):
    """The factory of this module, which PasteDeploy calls in place of ours: it notes the arguments."""
    made.append(({**global_conf}, {**local_conf}))
    return app


APPLICATION = """
[app:inner]
paste.app_factory = test_check:inner_app
"""
FACTORY = "paste.filter_app_factory = wsgicors:make_middleware"

INI = {
    "pipeline": f"""
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        {FACTORY}
        origin = *
        """,
    "filter_with": f"""
        [app:main]
        paste.app_factory = test_check:inner_app
        filter-with = cors
        [filter:cors]
        {FACTORY}
        origin = *
        """,
    "filter_app": f"""
        [filter-app:main]
        {FACTORY}
        next = inner
        origin = *
        """,
    "composite": f"""
        [composite:main]
        use = egg:Paste#urlmap
        / = inner
        /api = api
        [pipeline:api]
        pipeline = cors inner
        [filter:cors]
        {FACTORY}
        origin = *
        """,
    "default_wins_over_the_section": f"""
        [DEFAULT]
        origin = https://default.example.com
        policy = a
        a_origin = https://a.example.com
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        {FACTORY}
        policy = b
        a_origin = https://ignored.example.com
        b_origin = *
        """,
    "set": f"""
        [DEFAULT]
        a_maxage = 5
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        {FACTORY}
        policy = a
        a_origin = *
        set a_maxage = 600
        """,
    "set_by_the_filter_app": f"""
        [filter-app:main]
        next = other
        {FACTORY}
        set policy = a
        set  a_origin = https://set.example.com
        [app:other]
        use = inner
        """,
    "get": f"""
        [DEFAULT]
        site = https://site.example.com
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        {FACTORY}
        get origin = site
        """,
    "interpolation": f"""
        [DEFAULT]
        domain = example.com
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        {FACTORY}
        host = app.%(domain)s
        origin = https://%(host)s
        path = %(here)s/x %(__file__)s
        """,
    "keys_are_case_sensitive": f"""
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        {FACTORY}
        policy = Api
        Api_origin = *
        """,
    "use_of_another_section": f"""
        [pipeline:main]
        pipeline = cors inner
        [filter:base]
        {FACTORY}
        origin = *
        maxage = 5
        set debug = base
        [filter:cors]
        use = base
        maxage = 600
        set debug = cors
        """,
    "use_of_another_file": """
        [DEFAULT]
        maxage = 600
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        use = config:other.ini#shared
        headers = X-Token
        """,
    "factory_after_call": f"""
        [pipeline:main]
        pipeline = cors called
        [filter:cors]
        {FACTORY}
        origin = *
        [app:called]
        use = call:test_check:inner_app
        """,
    "use_of_another_file_with_a_space": """
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        use = config:other file.ini#shared
        """,
    "use_of_another_file_in_quoted_form": """
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        use = CONFIG:other%%20file.ini#shared
        """,
    "filter_of_another_file": """
        [pipeline:main]
        pipeline = config:other.ini#shared inner
        """,
    "filter_with_for_a_filter": f"""
        [pipeline:main]
        pipeline = first inner
        [filter:first]
        {FACTORY}
        origin = https://first.example.com
        filter-with = second
        [filter:second]
        {FACTORY}
        origin = https://second.example.com
        """,
    "application_that_uses_a_pipeline": f"""
        [app:main]
        use = both
        origin = https://ignored.example.com
        [pipeline:both]
        pipeline = cors called
        [filter:cors]
        {FACTORY}
        origin = *
        require = wsgicors
        [app:called]
        use = call:test_check:inner_app
        """,
    "form_feeds_and_indented_sections": f"""
        [DEFAULT]
          [pipeline:main]
          pipeline = cors inner
        \x0c
          [filter:cors]
          {FACTORY}
          origin = https://a.example\x0chttps://b.example
          maxage = 5\x0c
        """,
    "percent_sign_in_default": f"""
        [DEFAULT]
        rate = 100%%
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        {FACTORY}
        origin = *
        share = %(rate)s
        """,
    "options_of_the_user_of_a_filter_app": f"""
        [app:main]
        use = both
        origin = https://b.example
        maxage = 5
        [filter-app:both]
        {FACTORY}
        next = inner
        origin = *
        """,
    "continuation_lines": f"""
        [pipeline:main]
        pipeline =
            cors
            inner
        [filter:cors]
        {FACTORY}
        origin = https://a.example.com
            https://b.example.com
        """,
}
# The same in the other spelling that PasteDeploy knows.
INI["composit"] = INI["composite"].replace("[composite:", "[composit:")

OTHER = f"""
[DEFAULT]
origin = https://other.example.com
[filter:shared]
{FACTORY}
methods = GET
"""


@pytest.mark.parametrize("ini", INI.values(), ids=INI)
def test_ini_file_is_read_as_pastedeploy_reads_it(ini, tmp_path, monkeypatch):
    """Both are given the same file; what the factory gets must be the same."""
    monkeypatch.setattr(wsgicors, "make_middleware", make_middleware)
    for other in ("other.ini", "other file.ini"):
        (tmp_path / other).write_text(OTHER, encoding="utf-8")
    path = tmp_path / "a.ini"
    path.write_text(textwrap.dedent(ini) + APPLICATION, encoding="utf-8")

    made.clear()
    loadapp(f"config:{path}")
    theirs = list(made)
    found = read_ini(str(path), {})
    ours = [configuration.options for configuration in found.uses]

    assert (bool(theirs), found.problems) == (True, [])
    assert as_text(*ours) == as_text(
        *({**global_conf, **local_conf} for global_conf, local_conf in theirs)
    )


def as_text(*configurations):
    """Configurations without an order of their own, for comparison."""
    return sorted(str(sorted(configuration.items())) for configuration in configurations)


# --- the output: policies, problems, advice ---

FILTER = "[filter:cors]\nuse = egg:wsgicors#middleware\n"
CIRCLE = "sections refer to each other in a circle"


def test_policies_are_a_table(check):
    status, lines = check(
        "a.ini",
        a_ini="""
            [filter:cors]
            use = egg:wsgicors#middleware
            policy = api, public
            api_path = /api/* /v1/*
            api_origin = https://a.example, https://b.example, https://c.example, https://d.example, null
            api_methods = GET, PUT
            api_headers = X-Token
            api_maxage = 600
            api_credentials = true
            api_accept_risk = null-origin
            public_origin = *
            public_expose_headers = X-Total
            public_maxage = 600
            """,
    )
    assert (status, lines) == (
        0,
        [
            "filter:cors (a.ini:1)",
            "  policy  path           origin                                                              "
            "methods          headers  expose_headers  credentials  maxage",
            "  api     /api/*, /v1/*  https://a.example, https://b.example, https://c.example and 2 more  "
            "GET, PUT         X-Token  -               yes          600",
            "  public  every path     *                                                                   "
            "GET, HEAD, POST  -        X-Total         -            600",
            "no problems",
        ],
    )


def test_problems_name_file_line_and_key(check):
    status, lines = check(
        "a.ini", a_ini=FILTER + "origin = https://a.example/\n# a comment\ncredentials = maybe\n"
    )
    assert status == 1
    assert sorted(lines) == [
        "2 problems",
        "a.ini:3: origin: 'https://a.example/' is not what browsers send (a trailing slash): write 'https://a.example'",
        "a.ini:5: credentials: 'maybe' is not a boolean: write true or false",
    ]


def test_problem_of_a_key_that_is_not_there_names_the_section(check):
    status, lines = check(
        "a.ini", a_ini="[DEFAULT]\nx = 1\n[filter:cors]\nuse = egg:wsgicors\nmaxage = 5\n"
    )
    assert status == 1
    assert lines[0].startswith(
        "a.ini:3: origin: is missing: write origin = https://app.example.com"
    )
    assert lines[1] == "1 problem"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (60 * "x", 60 * "x"),
        (61 * "x", 57 * "x" + "..."),
        (61 * "x" + ", y", 57 * "x" + "... and 1 more"),
        (f"{29 * 'x'}, {29 * 'y'}", f"{29 * 'x'}, {29 * 'y'}"),
        (f"{29 * 'x'}, {30 * 'y'}", f"{29 * 'x'} and 1 more"),
        ("a, b, c, d", "a, b, c and 1 more"),
    ],
    ids=["fits", "long", "long_of_two", "two_fit", "two_long", "four"],
)
def test_cell_of_the_table_is_short(check, written, shown):
    status, lines = check("a.ini", a_ini=f"{FILTER}origin = *\nheaders = {written}\n")
    assert (status, lines[2].split("GET, HEAD, POST  ")[1].partition("  ")[0]) == (0, shown)


def test_problem_of_a_default_names_its_own_line(check):
    status, lines = check("a.ini", a_ini="[DEFAULT]\norigin = a.example\n" + FILTER)
    assert (
        lines[0]
        == "a.ini:2: origin: 'a.example' is not what browsers send (no scheme): write 'https://a.example'"
    )


FIRST = "a, which comes first for the same path, allows all of its origins"

ADVICE = {
    "maxage_0": (
        "origin = *\nheaders = X-A\nmaxage = 0",
        "a.ini:5: maxage: makes browsers repeat the preflight before every request: remove it to use 600 seconds",
    ),
    "maxage_below_a_minute": (
        "origin = *\nmethods = PUT\nmaxage = 59",
        "a.ini:5: maxage: makes browsers repeat the preflight after 59 seconds: remove it to use 600 seconds",
    ),
    "maxage_too_long": (
        "origin = *\nmaxage = 99999999",
        "a.ini:4: maxage: no browser honours more than 86400 seconds (Chromium 7200, WebKit 600)",
    ),
    "empty_origin": ("origin =", "a.ini:3: origin: is empty, so no page is allowed"),
    "forbidden_method": (
        "origin = *\nmethods = GET, TRACE",
        "a.ini:4: methods: TRACE has no effect: no page may send it",
    ),
    "forbidden_header": (
        "origin = *\nheaders = X-A, Cookie",
        "a.ini:4: headers: Cookie has no effect: no page may set it, the browser does",
    ),
    "safelisted_response_header": (
        "origin = *\nexpose_headers = Content-Type",
        "a.ini:4: expose_headers: Content-Type has no effect: every page may read it",
    ),
    "forbidden_response_header": (
        "origin = *\nexpose_headers = Set-Cookie",
        "a.ini:4: expose_headers: Set-Cookie has no effect: no page may ever read it",
    ),
    "risk_without_credentials": (
        "origin = *\naccept_risk = any-origin",
        "a.ini:4: accept_risk: any-origin is not a risk of this policy: remove it",
    ),
    "risk_that_is_not_there": (
        "origin = https://a.example\ncredentials = yes\naccept_risk = null-origin",
        "a.ini:5: accept_risk: null-origin is not a risk of this policy: remove it",
    ),
    "after_deny": (
        "policy = a, deny, b\na_origin = *\nb_origin = *",
        "a.ini:3: policy: b comes after deny, so it is never used",
    ),
    "inactive": (
        "policy = a\na_origin = *\nold_origin = *",
        "a.ini:5: old_origin: old is not listed in policy, so it is not active",
    ),
    "inactive_beside_a_direct_one": (
        "origin = *\nold_origin = *",
        "a.ini:4: old_origin: old is not listed in policy, so it is not active",
    ),
    "after_anyone": (
        "policy = a, b\na_origin = *\nb_origin = https://b.example",
        "a.ini:5: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "after_copy_that_admits_null": (
        "policy = a, b\na_origin = copy\nb_origin = null",
        "a.ini:5: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "pattern_after_anyone": (
        "policy = a, b\na_origin = *\nb_origin = https://*.b.example",
        "a.ini:5: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "after_the_same_pattern": (
        "policy = a, b\na_origin = https://*.b.example\nb_origin = https://*.b.example https://x.b.example",
        "a.ini:5: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "after_the_same_verbs": (
        "matchstrategy = verbmatch\npolicy = a, b\na_origin = *\nb_origin = *\nb_methods = GET",
        "a.ini:6: b_origin: no request can reach the policy b: " + FIRST,
    ),
    "path_in_the_shadow": (
        "policy = a, b\na_origin = *\na_path = /api/*\nb_origin = https://b.example\nb_path = /api/v1/* /api",
        "a.ini:6: b_origin: no request can reach the policy b: policies that come first govern all of its paths",
    ),
    "every_path_in_the_shadow": (
        "policy = a, b\na_origin = *\na_path = /*\nb_origin = https://b.example",
        "a.ini:6: b_origin: no request can reach the policy b: policies that come first govern all of its paths",
    ),
    "every_path_in_the_shadow_of_a_later_one": (
        "policy = b, a\na_origin = *\na_path = /*\nb_origin = https://b.example",
        "a.ini:6: b_origin: no request can reach the policy b: policies that come first govern all of its paths",
    ),
}  # fmt: skip

NO_ADVICE = {
    "plain": "origin = https://a.example",
    "not_after_another_origin": "policy = a, b\na_origin = https://a.example\nb_origin = https://b.example",
    "not_after_copy_that_refuses_null": (
        "policy = a, b\na_origin = copy\na_credentials = on\na_accept_risk = any-origin\nb_origin = null"
    ),
    "not_after_a_wildcard": "policy = a, b\na_origin = https://a.example\nb_origin = https://*.example",
    "not_after_fewer_verbs": (
        "matchstrategy = verbmatch\npolicy = a, b\na_origin = *\na_methods = GET\nb_origin = *\nb_methods = POST"
    ),
    "not_after_another_path": "policy = a, b\na_origin = *\na_path = /a\nb_origin = *\nb_path = /a/*",
    "not_for_an_empty_one": "policy = a\na_origin = *",
    "risk_that_is_there": "origin = http://a.example\ncredentials = on\naccept_risk = insecure-origin",
    "null_with_copy": "origin = copy\ncredentials = on\naccept_risk = any-origin null-origin",
    "any_risk_for_a_strategy": "matchstrategy = call:test_check:strategy\npolicy = a, b\na_origin = *\nb_origin = *",
    "port_wildcard": "origin = http://localhost:*\ncredentials = on",
    "active_by_an_object": "policy = call:test_check:POLICIES\na_origin = *",
    "predicate": "policy = a, b\na_origin = call:test_check:allow\nb_origin = https://b.example",
}


POLICIES = ["a"]


def strategy(environ):
    return "a"


def allow(origin, environ):
    raise AssertionError("no advice asks a predicate")


@pytest.mark.parametrize(("options", "line"), ADVICE.values(), ids=ADVICE)
def test_advice_is_given_with_exit_status_0(options, line, check):
    status, lines = check("a.ini", a_ini=FILTER + options + "\n")
    assert status == 0
    assert line in lines
    assert lines[-1] == "no problems, 1 piece of advice"


@pytest.mark.parametrize("options", NO_ADVICE.values(), ids=NO_ADVICE)
def test_no_advice_where_all_is_well(options, check):
    status, lines = check("a.ini", a_ini=FILTER + options + "\n")
    assert (status, lines[-1]) == (0, "no problems")


def test_wildcard_with_credentials_asks_for_the_whole_public_suffix_list(check, monkeypatch):
    ini = FILTER + "origin = https://*.example.com\ncredentials = true\n"
    assert check("a.ini", a_ini=ini)[1][-1] == "no problems"
    monkeypatch.setattr("wsgicors_explain.advice.public_suffix_list", lambda: None)
    status, lines = check("a.ini", a_ini=ini)
    assert status == 0
    assert lines[-2].startswith(
        "a.ini:3: origin: https://*.example.com is used with credentials, and only a short table was searched"
    )
    assert lines[-2].endswith("install wsgicors[psl]")


def test_key_of_a_direct_policy_that_default_hides_is_a_problem(check):
    ini = (
        "[DEFAULT]\norigin = *\nmethods = GET\n"
        + FILTER
        + "origin = https://a.example\nmethods = GET\n"
    )
    status, lines = check("a.ini", a_ini=ini)
    assert status == 1
    hidden = "a.ini:6: origin: has no effect, because [DEFAULT] has it too"
    assert f"{hidden}: name the policy, as in policy = api and api_origin = ..." in lines
    assert lines[-1] == "1 problem"


def test_key_of_a_named_policy_that_default_hides_is_pointed_out(check):
    ini = "[DEFAULT]\na_origin = *\n" + FILTER + "policy = a\na_origin = https://a.example\n"
    status, lines = check("a.ini", a_ini=ini)
    assert status == 0
    assert lines[-2:] == [
        "a.ini:6: a_origin: has no effect, because [DEFAULT] has it too: write 'set a_origin = ...'",
        "no problems, 1 piece of advice",
    ]


def test_filter_that_nothing_uses_is_pointed_out(check):
    status, lines = check("a.ini", a_ini="[app:main]\nuse = egg:x\n" + FILTER + "origin = *\n")
    assert lines[-2:] == [
        "a.ini:3: filter:cors: has no effect, because no pipeline or filter-with refers to it",
        "no problems, 1 piece of advice",
    ]


# --- which sections ---


def test_sections_of_other_filters_are_left_alone(check):
    ini = """
        [filter:a]
        use = egg:wsgicors#main
        origin = *
        [filter:b]
        use = egg:other#middleware
        origin = nonsense
        [filter:vendored]
        paste.filter_app_factory = my.vendor.wsgicors:make_middleware
        origin = *
        [server:main]
        use = egg:waitress
        """
    status, lines = check("a.ini", a_ini=ini)
    assert (status, [line for line in lines if line.startswith("filter:")]) == (
        0,
        ["filter:a (a.ini:1)", "filter:vendored (a.ini:7)"],
    )


def test_one_section_is_chosen_by_name(check):
    ini = FILTER + "origin = *\n[filter:bad]\nuse = egg:wsgicors\norigin = x\n"
    for name in ("cors", "filter:cors"):
        assert check("a.ini", "--section", name, a_ini=ini)[0] == 0
    assert check("a.ini", "--section", "bad")[0] == 1
    status, lines = check("a.ini", "--section", "other")
    assert (status, lines) == (
        2,
        ["wsgicors: a.ini has no section other that uses wsgicors; it has filter:cors, filter:bad"],
    )


def test_section_that_others_build_on_is_not_checked_by_itself(check):
    ini = """
        [pipeline:main]
        pipeline = cors inner
        [filter:base]
        use = egg:wsgicors
        maxage = 600
        [filter:cors]
        use = base
        origin = *
        [app:inner]
        use = egg:inner
        """
    status, lines = check("a.ini", a_ini=ini)
    assert (status, lines[0], lines[-1]) == (0, "filter:cors (a.ini:6)", "no problems")


def test_main_application_is_reported_first(check):
    """It is what servers take, wherever the file has it."""
    apps = "[pipeline:a]\npipeline = inner x\n[pipeline: main]\npipeline = outer x\n[app:x]\nuse = egg:x\n"
    filters = FILTER.replace("cors]", "inner]") + "origin = *\n"
    filters += FILTER.replace("cors]", "outer]") + "origin = *\n"
    status, lines = check("a.ini", a_ini=apps + filters)
    found = [line for line in lines if line.startswith("filter:")]
    assert (status, found) == (0, ["filter:outer (a.ini:10)", "filter:inner (a.ini:7)"])


def test_same_filter_in_two_pipelines_is_checked_once(check):
    ini = (
        "[pipeline:a]\npipeline = cors x\n[pipeline:b]\npipeline = cors x\n[app:x]\nuse = egg:x\n"
        + FILTER
        + "origin = *\n"
    )
    status, lines = check("a.ini", a_ini=ini)
    assert (status, lines.count("filter:cors (a.ini:7)")) == (0, 1)


@pytest.mark.parametrize(
    ("ini", "line"),
    [
        ("origin = *\n", "a.ini:1: File contains no section headers."),
        ("[filter:cors]\norigin\n", "a.ini:2: Source contains parsing errors"),
        ("[filter:a]\nx=1\nx=2\n", "a.ini:3: While reading from 'a.ini' [line 3]: option 'x'"),
        (
            FILTER + "origin = https://a%2eexample\n",
            "a.ini:3: origin: '%' must be followed by '%' or '('",
        ),
        (
            "[pipeline:main]\npipeline = cors x\n",
            "a.ini:2: pipeline: no section has the name app:x in a.ini",
        ),
        (
            "[pipeline:main]\npipeline = cors x\n[app:x]\nuse = egg:x\n",
            "a.ini:2: pipeline: no section has the name filter:cors in a.ini",
        ),
        (
            "[app:x]\nuse = y\n[app:y]\nuse = egg:a\n[composite:y]\nuse = egg:b\n",
            "a.ini:2: use: 2 sections have the name app:y in a.ini",
        ),
        ("[pipeline:main]\n", "a.ini:1: pipeline: is missing"),
        (
            FILTER
            + "origin = *\n[pipeline:main]\npipeline = cors\nset x = 1\nfilter-with = cors\n"
            + "origin = *\n",
            "a.ini:8: origin: a pipeline takes no options of a filter",
        ),
        ("[filter-app:main]\n", "a.ini:1: next: is missing"),
        ("[filter:a]\nget x = y\n", "a.ini:1: y: is missing"),
        ("[filter:a]\nuse = a\n", f"a.ini:2: use: {CIRCLE}"),
        ("[filter:a]\nuse = config:a.ini#a\n", f"a.ini:2: use: {CIRCLE}"),
        (FILTER + "origin = *\nfilter-with = cors\n", f"a.ini:4: filter-with: {CIRCLE}"),
        ("[composite:main]\nuse = egg:Paste#urlmap\n/x = main\n", f"a.ini:3: /x: {CIRCLE}"),
        (
            "".join(f"[app:{name}]\nuse = {name + 1}\n" for name in range(101))
            + "[app:101]\nuse = egg:x\n",
            "a.ini:202: use: sections refer to more than 100 others in turn",
        ),
        ("[filter:a]\nuse = config:no.ini\n", "a.ini:2: use: no.ini: No such file or directory"),
    ],
    ids="no_section no_value twice percent missing no_filter two no_pipeline pipeline no_next no_key circle circle_of_files"
    " circle_of_filters circle_of_mounts deep no_file".split(),
)
def test_file_that_pastedeploy_cannot_load_is_a_problem(ini, line, check):
    status, lines = check("a.ini", a_ini=ini)
    assert status == 1
    assert [found for found in lines if found.startswith(line)]
    assert lines[-1] == "1 problem"


OTHER_REFUSALS = {
    "use = egg:wsgicors#no": "use: egg:wsgicors has no filter named no: write egg:wsgicors",
    "use = py:x": "use: py:x is not a section, and does not begin with egg:, call: or config:",
    "use = call:x": "use: call:x is not a factory: write call:package.module:name",
    "use = egg:Paste#urlmap": "use: egg:Paste#urlmap is an application, not a filter",
    "use = egg:wsgicors\n  origin = *": "use: 'egg:wsgicors\\norigin = *' is not one word; is the"
    " next line indented?",
    "paste.filter_app_factory = x": "paste.filter_app_factory: 'x' is not a factory:"
    " write package.module:name",
    "paste.filter_factory = wsgicors:make_middleware": "paste.filter_factory: write"
    " paste.filter_app_factory = wsgicors:make_middleware",
    "use = egg:PasteDeploy#prefix\ntranslate_forwarded_server = x": "filter:x:"
    " translate_forwarded_server is 'x', not true or false",
    "use = egg:PasteDeploy#prefix\nprefix = (": "filter:x: missing ), unterminated subpattern at"
    " position 1",
    "x = 1": "filter:x: it has neither use nor a factory",
}


@pytest.mark.parametrize("options", OTHER_REFUSALS)
def test_filter_that_pastedeploy_cannot_load_is_a_problem(options, check, tmp_path):
    status, lines = check("a.ini", a_ini=f"[filter:x]\n{options}\n")
    line = lines[0].partition(" ")[2]
    assert (status, line, lines[1:]) == (1, OTHER_REFUSALS[options], ["1 problem"])
    with pytest.raises(Exception, match="."):
        loadfilter(f"config:{tmp_path}/a.ini", name="x")(inner_app({}))


@pytest.mark.parametrize(
    ("factory", "options"),
    [
        ("wsgicors:make_middleware", "origin = *"),
        ("vendor.wsgicors:make_middleware", "origin = *"),
        ("paste.deploy.config:make_prefix_middleware", "prefix = /api"),
    ],
)
def test_filter_named_with_call_is_refused_with_what_loads(factory, options, check, tmp_path):
    (tmp_path / "vendor").mkdir()
    shutil.copy(wsgicors.__file__, tmp_path / "vendor")
    sys.path.insert(0, str(tmp_path))
    status, lines = check("a.ini", a_ini=f"[filter:x]\nuse = call:{factory}\n{options}\n")
    remedy = f"paste.filter_app_factory = {factory}"
    refused = f"a.ini:2: use: call:{factory} is not a factory: in a section [filter:NAME], write "
    assert (status, lines) == (1, [refused + remedy, "1 problem"])
    with pytest.raises(Exception, match="."):
        loadfilter(f"config:{tmp_path}/a.ini", name="x")(inner_app({}))
    (tmp_path / "a.ini").write_text(f"[filter:x]\n{remedy}\n{options}\n")
    assert callable(loadfilter(f"config:{tmp_path}/a.ini", name="x")(inner_app({})))


def test_section_with_two_factories_is_a_problem(check, tmp_path):
    ini = "[app:x]\npaste.app_factory = x:y\npaste.composite_factory = x:y\n"
    assert check("a.ini", a_ini=ini) == (
        1,
        ["a.ini:1: app:x: it has several factories", "1 problem"],
    )
    with pytest.raises(LookupError):
        loadapp(f"config:{tmp_path}/a.ini", name="x")


def test_file_without_the_middleware_is_wrong_usage(check):
    assert check("a.ini", a_ini="[app:main]\nuse = egg:x\n") == (
        2,
        ["wsgicors: a.ini has no section with use = egg:wsgicors#middleware"],
    )


def test_target_that_is_nothing_is_wrong_usage(check):
    targets = "an ini file, module:attribute of an application, or (to explain) a URL such as http://localhost:8000"
    for target in (
        "shop.py",
        "shop.py:app",
        "shop/wsgi:app",
        "api.example/x",
    ):
        assert check(target, shop_py="app = 1\n") == (2, [f"wsgicors: {target} is not {targets}"])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nothing.ini", "there is no file nothing.ini"),
        (r"C:\shop\nothing.INI", r"there is no file C:\shop\nothing.INI"),
        (".", ". is a directory: name the ini file in it"),
        (
            "api.example:80/x",
            "api.example:80/x is not a URL without its scheme: write http://api.example:80/x or https://api.example:80/x",
        ),
    ],
)
def test_target_that_looks_like_something_says_what_is_wrong_with_it(check, target, message):
    assert check(target) == (2, [f"wsgicors: {message}"])


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("config:shop.ini", "shop.ini"),
        ("shop.ini#main", "shop.ini --section NAME, with the section that uses wsgicors"),
        ("config:shop.ini#main", "shop.ini --section NAME, with the section that uses wsgicors"),
    ],
)
def test_uri_of_pastedeploy_says_what_to_write(check, target, remedy):
    lines = [f"wsgicors: {target} is a URI of PasteDeploy: write {remedy}"]
    assert check(target, shop_ini=FILTER + "origin = *\n") == (2, lines)


def test_only_the_target_is_required(check):
    status, lines = check()
    assert status == 2
    assert lines[-1] == "wsgicors check: error: the following arguments are required: TARGET"


def test_path_with_a_percent_sign_is_a_problem_as_for_pastedeploy(check, tmp_path):
    (tmp_path / "a%b").mkdir()
    (tmp_path / "a%b" / "a.ini").write_text(FILTER + "origin = *\n", encoding="utf-8")
    status, lines = check("a%b/a.ini")
    assert (status, lines[-1]) == (1, "1 problem")
    assert lines[0].startswith("a%b/a.ini: here: '%' must be followed by '%' or '('")
    assert lines[0].endswith(" (rename the directory or the file)")


def test_file_that_cannot_be_opened_is_a_problem(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ini").symlink_to("a.ini")
    assert read_ini("a.ini", {}).problems == [f"a.ini: {os.strerror(errno.ELOOP)}"]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (
            b"[filter:cors]\nuse = egg:wsgicors\norigin = https://b\xfccher.example\n",
            "a.ini:3: is not in UTF-8: ",
        ),
        (
            b"\xef\xbb\xbf[filter:cors]\nuse = egg:wsgicors\n",
            "a.ini:1: File contains no section headers. ",
        ),
        (
            b"[filter:cors]\r\nuse = egg:wsgicors\r\norigin = a.example\r\n",
            "a.ini:3: origin: 'a.example' is not what",
        ),
        (
            b"[filter:cors]\ruse = egg:wsgicors\rorigin = a.example\r",
            "a.ini:3: origin: 'a.example' is not what",
        ),
        (
            b"\r\n[filter:cors]\r\n" + 1000 * b"# no more than a comment\r\n" + b"# \xfc\r\n",
            "a.ini:1003: is not in UTF-8: ",
        ),
    ],
    ids=["latin_1", "byte_order_mark", "crlf", "cr", "latin_1_after_much_else"],
)
def test_bytes_of_other_editors(data, line, check, tmp_path):
    (tmp_path / "a.ini").write_bytes(data)
    status, lines = check("a.ini")
    assert (status, lines[-1]) == (1, "1 problem")
    assert lines[0].startswith(line)
    assert (
        "it starts with a byte order mark: save the file without it" in lines[0]
    ) == data.startswith(b"\xef")


def test_lines_are_counted_past_continuations(check):
    ini = (
        FILTER
        + "origin = https://a.example\n  https://b.example/\n\n  https://c.example\nmethods = get\n  patch\n"
    )
    status, lines = check("a.ini", a_ini=ini)
    assert status == 1
    assert [line.partition(": '")[0] for line in lines[:-1]] == [
        "a.ini:7: methods",
        "a.ini:3: origin",
    ]


def test_distribution_is_named_in_any_case_as_for_pastedeploy(check, tmp_path):
    ini = "[filter:main]\nuse = egg:WSGIcors\norigin = *\n"
    assert check("a.ini", a_ini=ini)[0] == 0
    assert loadfilter(f"config:{tmp_path}/a.ini")


def test_module_that_exits_is_a_problem_whatever_its_status(check):
    for status in ("0", "'usage: shop PORT'"):
        code = f"import sys\nsys.exit({status})\n"
        text = "0" if status == "0" else "usage: shop PORT"
        assert check("exits:app", exits_py=code) == (
            2,
            [f"wsgicors: exits:app cannot be loaded: SystemExit: {text}"],
        )
        assert check("a.ini", a_ini=FILTER + "origin = call:exits:origins\n") == (
            1,
            [
                f"a.ini:1: a module named after call: exits Python: SystemExit: {text}",
                "1 problem",
            ],
        )


# --- module:attribute ---


@pytest.mark.parametrize(
    ("risk", "advice"),
    [
        ("slow-expression", []),
        (
            "any-origin",
            ["listed.py:3: accept_risk: any-origin is not a risk of this policy: remove it"],
        ),
    ],
    ids=["counts_without_credentials", "counts_with_credentials_only"],
)
def test_risk_that_a_list_may_bring_is_not_called_absent(risk, advice, check):
    code = f"""
        from wsgicors import CORS, OriginList
        def inner(environ, start_response): ...
        app = CORS(inner, origin=OriginList(lambda: ["https://b.example"]), accept_risk="{risk}")
        """
    try:
        status, lines = check("listed:app", listed_py=code)
    finally:
        sys.modules.pop("listed", None)
    assert lines[3] == "  direct: <lambda>() (listed.py:3): 1 origin, loaded 0 s ago"
    assert (status, lines[4:-1]) == (0, advice)


def test_application_of_a_module_is_checked(check):
    code = """
        import re
        from wsgicors import CORS, OriginList
        def inner(environ, start_response): ...
        def allowed(origin, environ): ...
        class Framework:
            wsgi_app = CORS(inner, origin=[re.compile("https://a"), allowed, OriginList(lambda: ["https://b.example"])],
                            credentials=True, accept_risk="any-origin", headers="X-A")
            def __call__(self, environ, start_response): ...
        app = Framework()
        none = inner
        number = 5
        compiled = type
        """
    status, lines = check("checked_one:app", checked_one_py=code)
    assert status == 0
    assert lines[0] == "checked_one:app (checked_one.py:6)"
    assert "re.compile('https://a'), allowed, OriginList  " in lines[2]
    assert lines[3:] == [
        "  direct: Framework.<lambda>() (checked_one.py:6): 1 origin, loaded 0 s ago",
        "no problems",
    ]
    assert check("checked_one:none") == (
        2,
        ["wsgicors: there is no wsgicors.CORS in checked_one:none"],
    )
    assert check("checked_one:number") == (
        2,
        ["wsgicors: checked_one:number is not a WSGI application: it cannot be called"],
    )
    factory = (
        "it does not take environ and start_response; if it is a factory, write module:factory()"
    )
    assert check("checked_one:Framework") == (
        2,
        [f"wsgicors: checked_one:Framework is not a WSGI application: {factory}"],
    )
    assert check("checked_one:compiled") == (
        2,
        ["wsgicors: there is no wsgicors.CORS in checked_one:compiled"],
    )
    status, lines = check("checked_one:missing")
    assert (status, len(lines)) == (2, 1)
    assert lines[0].startswith("wsgicors: checked_one:missing cannot be loaded: AttributeError: ")


def test_configuration_error_of_a_module_names_its_line(check):
    code = "from wsgicors import CORS\n\n\napp = CORS(lambda environ, start_response: [], origin='a.example')\n"
    assert check("checked_two:app", checked_two_py=code) == (
        1,
        [
            "checked_two.py:4: origin: 'a.example' is not what browsers send (no scheme): write 'https://a.example'",
            "1 problem",
        ],
    )


def test_names_of_this_module_are_a_cors():
    """The two functions that ini files above name with call: are what they stand for."""
    assert CORS(
        lambda environ, start_response: [], {"policy": "a", "a_origin": "*"}, matchstrategy=strategy
    )


def test_empty_pipeline_is_a_problem(tmp_path, capsys):
    file = tmp_path / "site.ini"
    file.write_text(
        "[pipeline:main]\npipeline =\n[filter:cors]\nuse = egg:wsgicors\norigin = *\n",
        encoding="utf-8",
    )
    assert main(["check", str(file)]) == 1
    assert (
        "site.ini:2: pipeline: is empty: write the filters, then the application"
        in capsys.readouterr().out
    )


# --- variables, as pserve takes them ---

VARIABLES = """
    [DEFAULT]
    scheme = https
    [pipeline:main]
    pipeline = cors inner
    [filter:cors]
    use = egg:wsgicors
    policy = api
    api_origin = %(scheme)s://app.example.com:%(http_port)s
    [app:inner]
    paste.app_factory = test_check:inner_app
    """


def test_variables_are_those_of_pserve(check, tmp_path):
    """A variable fills in what the file lacks; for the keys of a policy it precedes [DEFAULT]."""
    given = {"http_port": "8080", "scheme": "http", "api_maxage": "5"}
    arguments = [f"{name}={value}" for name, value in given.items()]
    status, lines = check("a.ini", *arguments, a_ini=VARIABLES)
    app = loadapp(f"config:{tmp_path}/a.ini", global_conf=given)
    (policy,) = app.policies.values()
    assert (policy.origin, policy.maxage) == (("https://app.example.com:8080",), 5)
    assert (status, lines[0]) == (0, "filter:cors (a.ini:5)")
    assert lines[
        2
    ].split() == "api every path https://app.example.com:8080 GET, HEAD, POST".split() + [
        *("-", "-", "-", "5")
    ]


def test_variable_that_is_not_given_is_a_problem(check):
    status, lines = check("a.ini", a_ini=VARIABLES)
    assert (status, lines[-1]) == (1, "1 problem")
    assert lines[0].startswith("a.ini:8: api_origin: Bad value substitution: option 'api_origin'")
    assert lines[0].endswith(
        " (add http_port=VALUE to the command, or write %% for a percent sign)"
    )


@pytest.mark.parametrize("arguments", [["a=b", "--section", "cors"], ["--section", "cors", "a=b"]])
def test_variables_come_before_or_after_the_options(arguments, check):
    ini = FILTER + "origin = https://%(a)s.example\n"
    status, lines = check("a.ini", *arguments, a_ini=ini)
    assert (status, lines[-1]) == (0, "no problems")
    assert "https://b.example" in lines[2]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["x"], "argument NAME=VALUE: 'x' is not a variable: write NAME=VALUE"),
        (
            ["--section", "cors", "x"],
            "argument NAME=VALUE: 'x' is not a variable: write NAME=VALUE",
        ),
        (["=x"], "argument NAME=VALUE: '=x' is not a variable: write NAME=VALUE"),
        (
            ["--section", "cors", "=x"],
            "argument NAME=VALUE: '=x' is not a variable: write NAME=VALUE",
        ),
        (["--nothing=x"], "unrecognized arguments: --nothing=x"),
    ],
)
def test_what_is_not_a_variable_is_wrong_usage(arguments, error, check):
    status, lines = check("a.ini", *arguments, a_ini=FILTER + "origin = *\n")
    assert (status, lines[-1].partition("error: ")[2]) == (2, error)


# --- mounts ---


def test_path_with_the_prefix_of_a_mount_is_pointed_out(check):
    ini = """
        [composite:main]
        use = egg:Paste#urlmap
        /api = api
        [pipeline:api]
        pipeline = prefix cors inner
        [pipeline:unmounted]
        pipeline = cors inner
        [filter:prefix]
        use = egg:PasteDeploy#prefix
        prefix = /v1
        [filter:cors]
        use = egg:wsgicors
        origin = *
        path = /api/items/* /v1 /api/v1/x /items /apis
        [app:inner]
        use = egg:inner
        """
    status, lines = check("a.ini", a_ini=ini)
    compared = "a.ini:14: path: {} is compared with the part of the URL after {}, where the application is mounted"
    assert (status, lines[3:]) == (
        0,
        [
            f"{compared.format('/v1', '/v1')}: write /",
            f"{compared.format('/api/v1/x', '/api/v1')}: write /x",
            "no problems, 2 pieces of advice",
        ],
    )


def test_mount_at_the_root_removes_nothing_from_a_path(check):
    ini = """
        [composite:main]
        use = egg:Paste#urlmap
        / = site
        [pipeline:site]
        pipeline = cors inner
        [filter:cors]
        use = egg:wsgicors
        origin = *
        path = /items/* /
        [app:inner]
        use = egg:inner
        """
    status, lines = check("a.ini", a_ini=ini)
    assert (status, lines[-1]) == (0, "no problems")


def test_filter_within_another_one_is_pointed_out(check):
    ini = """
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        use = egg:wsgicors
        origin = *
        [filter-app:inner]
        use = egg:wsgicors
        origin = https://b.example
        next = app
        [app:app]
        use = egg:app
        """
    status, lines = check("a.ini", a_ini=ini)
    assert status == 0
    assert [line for line in lines if not line.startswith(" ")] == [
        "filter:cors (a.ini:3)",
        "a.ini:3: this CORS wraps another one: for a path that both govern,"
        " only the outer one's headers are sent",
        "filter-app:inner (a.ini:6)",
        "no problems, 1 piece of advice",
    ]


# --- odd applications ---

ODD = """
    import functools
    from wsgicors import CORS

    def inner(environ, start_response): ...

    def make():
        return CORS(inner, origin="https://a.example")

    app = make()

    class Anything:
        def __getattr__(self, name):
            return Anything()
        def __call__(self, environ, start_response): ...

    class Itself:
        def __getattr__(self, name):
            return self
        def __call__(self, environ, start_response): ...

    class Raising:
        app = property(lambda self: 1 / 0)
        wsgi_app = property(lambda self: exit(3))
        def __call__(self, environ, start_response): ...

    class Wrapping:
        def __init__(self, inside):
            self.inside = inside
        def __call__(self, environ, start_response):
            return self.inside(environ, start_response)

    anything, itself, raising, wrapping = Anything(), Itself(), Raising(), Wrapping(app)
    partial = functools.partial(app)
    closure = lambda environ, start_response: app(environ, start_response)
    """
NAMES = ["make()", "app", "anything", "itself", "raising", "wrapping", "partial", "closure"]


@pytest.mark.parametrize("name", NAMES)
def test_middleware_that_was_made_is_checked_once(name, check, monkeypatch):
    monkeypatch.delitem(sys.modules, "odd", raising=False)
    assert check(f"odd:{name}", odd_py=ODD) == (
        0,
        [
            f"odd:{name} (odd.py:7)",
            "  policy  path        origin             methods          headers  expose_headers"
            "  credentials  maxage",
            "  direct  every path  https://a.example  GET, HEAD, POST  -        -             "
            "  -            600",
            "no problems",
        ],
    )


@pytest.mark.parametrize("attribute", ["wsgi_app", "app", "application", "_app", "wrapped"])
def test_middleware_is_found_in_what_layers_wrap(attribute, check, monkeypatch):
    monkeypatch.delitem(sys.modules, "layered", raising=False)
    code = f"""
        from wsgicors import CORS
        def inner(environ, start_response): ...
        class Layer:
            {attribute} = CORS(inner, origin="https://a.example")
            def __call__(self, environ, start_response): ...
        app = CORS(Layer(), origin="https://a.example")
        """
    status, lines = check("layered:app", layered_py=code)
    assert status == 0
    assert [line for line in lines if "wraps another one" in line] == [
        "layered.py:6: this CORS wraps another one: for a path that both govern,"
        " only the outer one's headers are sent"
    ]


ASYNC = """
    from wsgicors import CORS

    async def function(environ, start_response): ...

    class Asgi:
        async def __call__(self, environ, start_response): ...

    thing = Asgi()
    """


@pytest.mark.parametrize("name", ["function", "thing"])
def test_async_function_is_no_wsgi_application(name, check, monkeypatch):
    monkeypatch.delitem(sys.modules, "asgi", raising=False)
    why = "it is an async function, as in ASGI"
    assert check(f"asgi:{name}", asgi_py=ASYNC) == (
        2,
        [f"wsgicors: asgi:{name} is not a WSGI application: {why}"],
    )


def test_vendored_copy_that_the_target_imports_is_seen_in_a_closure(check, monkeypatch, tmp_path):
    (tmp_path / "own").mkdir()
    shutil.copy(wsgicors.__file__, tmp_path / "own" / "wsgicors.py")
    code = """
        from own.wsgicors import CORS
        cors = CORS(lambda environ, start_response: [], origin="https://a.example")
        def app(environ, start_response):
            return cors(environ, start_response)
        """
    for name in ("own", "own.wsgicors", "closes"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    try:
        status, lines = check("closes:app", closes_py=code)
    finally:
        sys.modules.pop("own.wsgicors", None)
    assert (status, lines[0], lines[-1]) == (0, "closes:app (closes.py)", "no problems")
    assert "https://a.example" in lines[2]


def test_long_lists_are_cut_in_the_table(check):
    long = f"https://{'a' * 63}.example"
    ini = FILTER + f"policy = a, b\na_origin = {long}\nb_origin = {long[:-9]}.b {long}\n"
    status, lines = check("a.ini", a_ini=ini)
    cells = [line.split("every path  ")[1].partition("  GET")[0].rstrip() for line in lines[2:4]]
    assert (status, cells) == (0, [f"{long[:57]}...", f"{long[:57]}... and 1 more"])
