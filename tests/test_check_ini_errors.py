"""The command `check`: files and sections that PasteDeploy cannot load."""

from __future__ import annotations

import errno
import os
import shutil
import sys

import pytest
from check_support import FILTER, inner_app
from paste.deploy import loadapp, loadfilter

import wsgicors
from wsgicors_explain import main
from wsgicors_explain.iniapps import read_ini

CIRCLE = "sections refer to each other in a circle"


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
