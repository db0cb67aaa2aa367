"""The command `check`: ini files as PasteDeploy reads them, policies, problems, advice."""

from __future__ import annotations

import sys
import textwrap

import pytest
from paste.deploy import loadapp

import wsgicors
from wsgicors import CORS
from wsgicors_explain import IniFile, main


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
        return status, [*captured.out.splitlines(), *captured.err.splitlines()]

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
    (tmp_path / "other.ini").write_text(OTHER, encoding="utf-8")
    path = tmp_path / "a.ini"
    path.write_text(textwrap.dedent(ini) + APPLICATION, encoding="utf-8")

    made.clear()
    loadapp(f"config:{path}")
    theirs = list(made)
    found = []
    IniFile(str(path), {}, found).load_all()
    ours = [configuration.options for configuration in found]

    assert theirs
    assert as_text(*ours) == as_text(*({**global_conf, **local_conf} for global_conf, local_conf in theirs))


def as_text(*configurations):
    """Configurations without an order of their own, for comparison."""
    return sorted(str(sorted(configuration.items())) for configuration in configurations)
