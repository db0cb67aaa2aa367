"""The command `check`: ini files as PasteDeploy reads them, compared with PasteDeploy itself."""

from __future__ import annotations

import textwrap

import pytest
from check_support import APPLICATION, FACTORY, FILTER, made, make_middleware
from paste.deploy import loadapp, loadfilter

import wsgicors
from wsgicors_explain.iniapps import read_ini

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
        paste.app_factory = check_support:inner_app
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
        use = call:check_support:inner_app
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
        use = call:check_support:inner_app
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
