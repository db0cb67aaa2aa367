"""README.rst: it renders on a package index, and what it shows can be copied and works."""

from __future__ import annotations

import configparser
import doctest
import importlib.util
import io
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support import need, plain_app

import wsgicors

README = Path(__file__).parent.parent / "README.rst"
TOOLS = "pip install -r .ci/requirements.txt"

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def document():
    """The document as docutils reads it; it may not complain of anything."""
    need(importlib.util.find_spec("docutils"), "docutils", TOOLS)
    from docutils.core import publish_doctree

    complaints = io.StringIO()
    settings = {
        "warning_stream": complaints,
        "report_level": 1,
        "raw_enabled": False,
        "file_insertion_enabled": False,
    }
    found = publish_doctree(
        README.read_text(encoding="utf-8"), str(README), settings_overrides=settings
    )
    assert complaints.getvalue() == ""
    return found


@pytest.fixture(scope="module")
def blocks(document):
    """Language of a code block -> the blocks, as (line, text)."""
    from docutils.nodes import literal_block

    found = {}
    for node in document.findall(literal_block):
        language = [name for name in node["classes"] if name != "code"]
        found.setdefault(language[0] if language else "", []).append((node.line, node.astext()))
    return found


def test_package_index_renders_it_without_a_warning():
    need(importlib.util.find_spec("readme_renderer"), "readme_renderer", TOOLS)
    from readme_renderer.rst import render

    complaints = io.StringIO()
    html = render(README.read_text(encoding="utf-8"), stream=complaints)
    assert complaints.getvalue() == ""
    assert "<h1>" in html or "<h2>" in html


def test_every_option_has_a_heading(document):
    from docutils.nodes import title

    headings = [node.astext() for node in document.findall(title)]
    missing = [
        option for option in (*wsgicors.OPTIONS, *wsgicors.GLOBAL_OPTIONS) if option not in headings
    ]
    assert missing == []


def test_every_risk_is_explained():
    text = README.read_text(encoding="utf-8")
    assert [risk for risk in wsgicors.RISKS if risk not in text] == []


def test_ini_blocks_load(blocks, tmp_path):
    """Each filter of each block, through PasteDeploy; a block of mere options stands for a section that has them."""
    need(importlib.util.find_spec("paste.deploy"), "PasteDeploy", "pip install -e '.[test]'")
    from paste.deploy import loadfilter

    assert blocks["ini"]
    for line, text in blocks["ini"]:
        file = tmp_path / f"line-{line}.ini"
        file.write_text(text if "[" in text.split("\n")[0] or "\n[" in text else section_of(text))
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read(file)
        filters = [name for name in parser.sections() if name.startswith("filter:")]
        assert filters, f"README.rst:{line}: no filter is in this block"
        for name in filters:
            middleware = loadfilter(f"config:{file}", name=name[len("filter:") :])(plain_app)
            assert middleware.policies, f"README.rst:{line}: no policy in {name}"


def section_of(options):
    """The section of a filter that has these options, and an origin for those that show another option only."""
    keys = [row.partition("=")[0].strip() for row in options.splitlines() if "=" in row]
    origin = (
        ""
        if any(key.split("_")[-1] == "origin" for key in keys)
        else "origin = https://app.example.com\n"
    )
    return f"[filter:cors]\nuse = egg:wsgicors#middleware\n{origin}{options}\n"


def test_python_blocks_run(blocks, tmp_path):
    """Each block as a file of its own, beside what it speaks of: a Django project, a database, a file of origins."""
    settings = "SECRET_KEY = 'x'\nROOT_URLCONF = 'mysite.urls'\nALLOWED_HOSTS = ['*']\n"
    (tmp_path / "mysite").mkdir()
    (tmp_path / "mysite" / "__init__.py").touch()
    (tmp_path / "mysite" / "settings.py").write_text(settings)
    (tmp_path / "mysite" / "urls.py").write_text("urlpatterns = []\n")
    (tmp_path / "origins.txt").write_text("https://app.example.com\n")
    prelude = f"""
        import os, runpy, sqlite3, sys
        with sqlite3.connect("shop.db") as database:
            columns = "'https://app.example.com' AS origin, 1 AS active"
            database.execute(f"CREATE TABLE IF NOT EXISTS customer AS SELECT {{columns}}")
        database.close()
        sys.path[:0] = [{str(README.parent)!r}, {str(tmp_path)!r}]
        os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok"]
        from wsgicors import CORS, ConfigError, OriginList
        runpy.run_path(sys.argv[1], dict(app=app, application=app, CORS=CORS, ConfigError=ConfigError,
                       OriginList=OriginList), "readme")
    """
    assert blocks["python"]
    for line, text in blocks["python"]:
        file = tmp_path / f"line_{line}.py"
        file.write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(prelude), str(file)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"README.rst:{line}: {done.stdout}"


def test_sessions_print_what_is_shown(blocks):
    """Blocks of language pycon are doctests: error messages are shown there as they really print."""
    for line, text in blocks.get("pycon", []):
        names = {"app": plain_app, "CORS": wsgicors.CORS, "OriginList": wsgicors.OriginList}
        test = doctest.DocTestParser().get_doctest(
            text + "\n", names, "README.rst", str(README), line
        )
        complaints = io.StringIO()
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
            test, out=complaints.write
        )
        assert complaints.getvalue() == ""
