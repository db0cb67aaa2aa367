"""README.rst and docs/: what they show can be copied, and works."""

from __future__ import annotations

import configparser
import doctest
import importlib.util
import io
import re
import subprocess
import sys

import pytest
from documents import DOCUMENTS, ROOT, blocks_of, is_transcript, page_blocks, played
from support import need, plain_app

import wsgicors

README = ROOT / "README.rst"
DOCS = ROOT / "docs"
TOOLS = "pip install -r .ci/requirements.txt"

pytestmark = pytest.mark.once


def pages_with(language):
    return [pytest.param(path, id=path.name) for path in DOCUMENTS if page_blocks(path, language)]


def each(language):
    return [
        pytest.param(block, id=str(block))
        for path in DOCUMENTS
        for block in page_blocks(path, language)
    ]


def test_readme_is_two_screens():
    assert len(README.read_text(encoding="utf-8")) <= 12_000


def test_package_index_renders_readme_without_a_warning():
    need(importlib.util.find_spec("readme_renderer"), "readme_renderer", TOOLS)
    from readme_renderer.rst import render

    text, complaints = README.read_text(encoding="utf-8"), io.StringIO()
    html = render(text, stream=complaints)
    assert complaints.getvalue() == ""
    assert "<h1>" in html or "<h2>" in html
    assert ".. image::" not in text


def test_sphinx_builds_the_documents_without_a_warning(tmp_path):
    for package in ("sphinx", "furo"):
        need(importlib.util.find_spec(package), package, TOOLS)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*command, str(DOCS), str(tmp_path)], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_paths_that_documents_name_exist():
    """A reader of README.rst on a package index has only the path."""
    files = r"``((?:docs|examples|tests|benchmarks)/[\w./-]+\.\w+)``"
    named = {
        (path.name, name)
        for path in DOCUMENTS
        for name in re.findall(files, path.read_text(encoding="utf-8"))
    }
    assert named
    assert [name for name in sorted(named) if not (ROOT / name[1]).exists()] == []


def test_every_option_has_a_heading():
    text = (DOCS / "options.rst").read_text(encoding="utf-8")
    options = (*wsgicors.OPTIONS, *wsgicors.GLOBAL_OPTIONS)
    assert [name for name in options if not re.search(rf"(?m)^{name}\n[~-]+$", text)] == []


@pytest.mark.parametrize("page", [README, DOCS / "origins.rst"], ids=["README", "origins"])
def test_every_risk_is_explained(page):
    text = page.read_text(encoding="utf-8")
    assert [risk for risk in wsgicors.RISKS if risk not in text] == []


@pytest.mark.parametrize("block", each("ini"))
def test_ini_loads(block, tmp_path):
    """Each filter, through PasteDeploy; mere options stand for a section that has them."""
    need(importlib.util.find_spec("paste.deploy"), "PasteDeploy", "pip install -e '.[test]'")
    from paste.deploy import loadfilter

    file = tmp_path / "page.ini"
    file.write_text(block.text if "[" in block.text else section_of(block.text))
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(file)
    filters = [name[len("filter:") :] for name in parser.sections() if name[:7] == "filter:"]
    assert filters, "there is no filter in this block"
    for name in filters:
        loaded = loadfilter(f"config:{file}", name=name)
        if block.kind == "refused":
            with pytest.raises(wsgicors.ConfigError):
                loaded(plain_app)
        else:
            assert loaded(plain_app).policies


def section_of(options):
    """A filter's section with these options, and an origin for those that show another option."""
    has_origin = re.search(r"(?m)^(\w+_)?origin\s*=", options)
    origin = "" if has_origin else "origin = https://app.example.com\n"
    return f"[filter:cors]\nuse = egg:wsgicors#middleware\n{origin}{options}\n"


PRELUDE = """
import os, sqlite3, sys
sys.path[:0] = [{root!r}, {directory!r}]
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
with sqlite3.connect("shop.db") as database:
    columns = "'https://app.example.com' AS origin, 1 AS active"
    database.execute(f"CREATE TABLE IF NOT EXISTS customer AS SELECT {{columns}}")
database.close()
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
import wsgicors
given = {{name: getattr(wsgicors, name) for name in ("CORS", "ConfigError", "OriginList")}}
for file, where in {files!r}:
    names = dict(given, app=app, application=app, __name__="page", __file__=file)
    try:
        exec(compile(open(file, encoding="utf-8").read(), where, "exec"), names)
        for name, value in list(names.items()):
            if name.startswith("test_"):
                value()
    except BaseException:
        print("in the block", where)
        raise
"""
SETTINGS = "SECRET_KEY = 'x'\nROOT_URLCONF = 'mysite.urls'\nALLOWED_HOSTS = ['*']\n"


@pytest.mark.parametrize("page", pages_with("python"))
def test_python_runs(page, tmp_path):
    """A page's blocks, in order, beside what they speak of: a Django project, a database."""
    (tmp_path / "mysite").mkdir()
    (tmp_path / "mysite" / "__init__.py").touch()
    (tmp_path / "mysite" / "settings.py").write_text(SETTINGS)
    (tmp_path / "mysite" / "urls.py").write_text("urlpatterns = []\n")
    (tmp_path / "origins.txt").write_text("https://app.example.com\n")
    files = []
    for block in page_blocks(page, "python"):
        if block.kind == "before":
            compile(block.text, str(block), "exec")
            continue
        file = tmp_path / (block.caption or f"line_{block.line}.py")
        file.parent.mkdir(exist_ok=True)
        file.write_text(block.text)
        files.append((str(file), str(block)))
    program = PRELUDE.format(root=str(ROOT), directory=str(tmp_path), files=files)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", each("pycon"))
def test_session_prints_what_is_shown(block):
    names = {"app": plain_app, "application": plain_app}
    names.update((name, getattr(wsgicors, name)) for name in wsgicors.__all__)
    test = doctest.DocTestParser().get_doctest(block.text, names, str(block), None, block.line)
    complaints = io.StringIO()
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    doctest.DocTestRunner(optionflags=flags).run(test, out=complaints.write)
    assert complaints.getvalue() == ""


TRANSCRIPTS = [
    pytest.param(block, id=str(block))
    for path in DOCUMENTS
    for block in filter(is_transcript, blocks_of(path))
]


def test_there_are_transcripts():
    assert len(TRANSCRIPTS) >= 4


@pytest.mark.parametrize("block", TRANSCRIPTS)
def test_transcript_is_what_the_command_prints(block):
    """Where output has changed on purpose, ``python tests/documents.py`` writes it anew."""
    assert played(block.text) == block.text
