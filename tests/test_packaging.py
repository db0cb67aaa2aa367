"""What is shipped: built as a package index gets it, installed where nothing else is, and used as users use it."""

from __future__ import annotations

import importlib.util
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import textwrap
import types
import zipfile
from pathlib import Path

import pytest
from support import need, without_age

import wsgicors
import wsgicors_explain
from wsgicors_explain import main

CHECKOUT = Path(__file__).parent.parent
TOOLS = "pip install -r .ci/requirements.txt"

# Neither is part of the project: what git ignores, and what git and CI keep for themselves.
NOT_SHIPPED = shutil.ignore_patterns(
    ".*",
    "__pycache__",
    "*.py[co]",
    "*.egg-info",
    "build",
    "dist",
    "mutants",
    "node_modules",
    "venv",
)


def run(*command, **options):
    """Run a program that must succeed; the value is what it printed, on both streams."""
    done = attempt(*command, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def attempt(*command, cwd=None, **environment):
    """Run a program in an environment in which Python finds nothing but what is installed, and what cwd holds."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )


def files_under(directory):
    return {
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of the checkout as git would make it, with its symbolic links."""
    copy = tmp_path_factory.mktemp("source") / "wsgicors"
    shutil.copytree(CHECKOUT, copy, symlinks=True, ignore=NOT_SHIPPED)
    return copy


@pytest.fixture(scope="module")
def built(source, tmp_path_factory):
    """The directory of an sdist, and of a wheel that was built from that sdist."""
    need(importlib.util.find_spec("build"), "build", TOOLS)
    directory = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--outdir", directory, source, cwd=directory)
    return directory


@pytest.fixture(scope="module")
def sdist(built, tmp_path_factory):
    """The unpacked sdist."""
    (archive,) = built.glob("*.tar.gz")
    assert archive.name == f"wsgicors-{wsgicors.__version__}.tar.gz"
    unpacked = tmp_path_factory.mktemp("sdist")
    with tarfile.open(archive) as file:
        assert all(member.isfile() or member.isdir() for member in file), "a link in the sdist"
        names = [member.name for member in file]
        assert all(
            name.split("/")[0] == f"wsgicors-{wsgicors.__version__}" and ".." not in name
            for name in names
        )
        file.extraction_filter = getattr(
            tarfile, "data_filter", None
        )  # which older Pythons do not have
        file.extractall(unpacked)
    return unpacked / f"wsgicors-{wsgicors.__version__}"


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    assert path.name == f"wsgicors-{wsgicors.__version__}-py3-none-any.whl"
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The programs' directory of a fresh environment in which the wheel is, and nothing else but what Python brings."""
    directory = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", directory)
    programs = directory / "bin"
    pip = (programs / "python", "-m", "pip", "--disable-pip-version-check")
    before = run(*pip, "list", "--format=freeze").splitlines()
    run(*pip, "install", "--no-index", wheel)
    after = run(*pip, "list", "--format=freeze").splitlines()
    assert set(after) - set(before) == {f"wsgicors=={wsgicors.__version__}"}
    return programs


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """A Python without any package."""
    directory = tmp_path_factory.mktemp("bare")
    run(sys.executable, "-m", "venv", "--without-pip", directory)
    return directory / "bin" / "python"


def test_sdist_holds_the_whole_project(source, sdist):
    """So that whoever repackages it can run the tests, and nothing of a developer's machine goes along."""
    there, shipped = (
        {name for name in files_under(directory) if not name.startswith("wsgicors.egg-info/")}
        for directory in (source, sdist)
    )
    assert shipped - {"PKG-INFO"} == there
    assert {
        "CHANGES.rst",
        "LICENSE",
        "README.rst",
        "tests/test_packaging.py",
        "wsgicors.py",
    } <= shipped
    assert any(name.startswith("examples/") for name in shipped)
    assert any(name.startswith("benchmarks/") for name in shipped)


# Notes that are not shipped, and the numbers of an issue tracker.
ELSEWHERE = re.compile(r"\b(?:design|lessons|style)\.md\b|\bshared/|\bissues? #?\d", re.IGNORECASE)


@pytest.mark.once
def test_files_point_to_nothing_that_is_not_shipped(source):
    texts = {
        path.relative_to(source).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in source.rglob("*")
        if path.is_file() and path != source / "tests" / Path(__file__).name
    }
    assert len(texts) > 50
    assert [
        (name, ELSEWHERE.findall(text)) for name, text in texts.items() if ELSEWHERE.search(text)
    ] == []


def test_wheel_holds_the_module_with_its_stub_and_the_typed_package_and_nothing_else(wheel):
    package = CHECKOUT / "wsgicors_explain"
    rooms = {f"wsgicors_explain/{room.name}" for room in package.glob("*.py")}
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
        assert names == {
            "wsgicors.py",
            "wsgicors-stubs/__init__.pyi",
            "wsgicors_explain/py.typed",
            *rooms,
        }
        assert "wsgicors_explain/__init__.py" in rooms
        for name in ("wsgicors.py", *rooms):
            assert file.read(name) == (CHECKOUT / name).read_bytes()
        assert file.read("wsgicors-stubs/__init__.pyi") == file.read("wsgicors.py")
        metadata = file.read(f"wsgicors-{wsgicors.__version__}.dist-info/METADATA").decode()
        assert "License-Expression: MIT" in metadata.splitlines()
        assert "Requires-Python: >=3.9" in metadata.splitlines()
        requirements = re.findall("(?m)^Requires-Dist: (.*)", metadata)
        assert requirements
        assert all("extra ==" in requirement for requirement in requirements)
        assert any(name.endswith("LICENSE") for name in file.namelist())


def test_installed_wheel_imports_alone(installed):
    program = "import wsgicors, wsgicors_explain; print(wsgicors.__version__, wsgicors.__file__)"
    version, path = run(installed / "python", "-c", program, cwd=installed).split()
    assert version == wsgicors.__version__
    assert Path(path).is_relative_to(installed.parent)


def test_command_line_of_the_installed_wheel(installed):
    by_module = run(installed / "python", "-m", "wsgicors", "--help", cwd=installed)
    by_script = run(installed / "wsgicors", "--help", cwd=installed)
    assert by_module.startswith("usage:")
    assert "explain" in by_module
    assert by_script.split("\n", 1)[1] == by_module.split("\n", 1)[1]
    assert attempt(installed / "wsgicors", "no-such-command", cwd=installed).returncode == 2


def test_command_line_of_a_checkout(source, bare_python):
    assert run(bare_python, "wsgicors.py", "--help", cwd=source).startswith("usage:")


def test_file_as_a_program_hands_over(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["wsgicors.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(CHECKOUT / "wsgicors.py"), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage:")

    monkeypatch.setitem(sys.modules, "wsgicors_explain", None)
    with pytest.raises(
        SystemExit, match="^the command line is the package wsgicors_explain: pip install wsgicors"
    ):
        runpy.run_path(str(CHECKOUT / "wsgicors.py"), run_name="__main__")


def test_file_as_a_program_says_why_the_package_cannot_be_imported(tmp_path, monkeypatch):
    (tmp_path / "wsgicors_explain.py").write_text("raise ImportError('use the same version')\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "wsgicors_explain")
    with pytest.raises(SystemExit, match="^use the same version$"):
        runpy.run_path(str(CHECKOUT / "wsgicors.py"), run_name="__main__")


def test_file_alone_says_how_to_get_the_command_line(tmp_path, bare_python):
    shutil.copy(CHECKOUT / "wsgicors.py", tmp_path)
    done = attempt(bare_python, "wsgicors.py", "--help", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == (
        "the command line is the package wsgicors_explain: pip install wsgicors, or put it beside this file\n"
    )
    # The middleware itself needs no other file.
    program = "import wsgicors; wsgicors.CORS(print, origin='*'); print('fine')"
    assert run(bare_python, "-c", program, cwd=tmp_path) == "fine\n"


@pytest.fixture
def vendored(tmp_path):
    """A directory with somebody's package, which holds a copy of the one file, and an ini file that uses that."""
    need(importlib.util.find_spec("paste.deploy"), "PasteDeploy", "pip install -e '.[test]'")
    vendor = tmp_path / "mypkg" / "vendor"
    vendor.mkdir(parents=True)
    (vendor / "__init__.py").touch()
    (vendor.parent / "__init__.py").write_text(
        textwrap.dedent(
            """
            def make_app(global_conf):
                def app(environ, start_response):
                    start_response("200 OK", [("Content-Type", "text/plain")])
                    return [b"ok"]

                return app
            """
        )
    )
    shutil.copy(CHECKOUT / "wsgicors.py", vendor)
    (tmp_path / "site.ini").write_text(
        textwrap.dedent(
            """
            [app:main]
            paste.app_factory = mypkg:make_app
            filter-with = cors

            [filter:cors]
            paste.filter_app_factory = mypkg.vendor.wsgicors:make_middleware
            policy = api
            api_origin = https://app.example.com
            """
        )
    )
    return tmp_path


def test_vendored_copy_works_by_its_dotted_name_and_in_ini(vendored):
    program = """
        import sys
        from wsgiref.util import setup_testing_defaults
        from wsgiref.validate import validator
        from paste.deploy import loadapp
        from mypkg.vendor.wsgicors import CORS

        app = loadapp("config:site.ini", relative_to=".")
        assert type(app) is CORS, type(app)
        assert "wsgicors" not in sys.modules
        environ = {"HTTP_ORIGIN": "https://app.example.com", "QUERY_STRING": ""}
        setup_testing_defaults(environ)
        answer = validator(app)(environ, lambda status, headers, exc_info=None: print(status, *headers, sep="\\n"))
        print(*answer)
        answer.close()
    """
    printed = run(
        sys.executable,
        "-W",
        "ignore",
        "-c",
        textwrap.dedent(program),
        cwd=vendored,
        PYTHONPATH=str(vendored),
    )
    assert printed.splitlines() == [
        "200 OK",
        "('Content-Type', 'text/plain')",
        "('Access-Control-Allow-Origin', 'https://app.example.com')",
        "('Vary', 'Origin')",
        "b'ok'",
    ]


VENDORED_APP = """
from mypkg import make_app
from mypkg.vendor.wsgicors import CORS

application = CORS(make_app({}), origin="https://app.example.com")
"""


@pytest.mark.parametrize("beside", [True, False], ids=["vendored", "installed"])
def test_vendored_copy_has_the_command_line(vendored, bare_python, beside):
    """The package explains the CORS of a vendored copy, whether it was vendored as well or is installed."""
    package = vendored / "mypkg" / "vendor" / "wsgicors_explain"
    shutil.copytree(
        CHECKOUT / "wsgicors_explain", package if beside else vendored / "wsgicors_explain"
    )
    if not beside:
        shutil.copy(CHECKOUT / "wsgicors.py", vendored)
    (vendored / "service.py").write_text(VENDORED_APP)
    command = (bare_python, "-m", "mypkg.vendor.wsgicors")
    checked = run(*command, "check", "service:application", cwd=vendored)
    # The line is known where the copy is imported before the application.
    place = "service.py:5" if beside else "service.py"
    assert checked.splitlines()[0] == f"service:application ({place})"
    assert "https://app.example.com" in checked
    page = ("service:application", "--origin", "https://www.app.example.com")
    explained = attempt(*command, "explain", *page, cwd=vendored)
    assert explained.returncode == 1
    assert explained.stdout.splitlines()[-1] == (
        "BLOCKED: no policy for this path allows the origin: https://www.app.example.com; "
        "origin allows https://app.example.com (www. is missing). To fix it, open the page at "
        f"https://app.example.com, or add https://www.app.example.com to origin ({place})"
    )
    where = "mypkg.vendor.wsgicors_explain" if beside else "wsgicors_explain"
    program = f"from {where} import Browser; import service; "
    program += "print(bool(Browser(service.application, 'https://app.example.com').fetch('/')))"
    assert run(bare_python, "-c", program, cwd=vendored) == "True\n"


VENDORED_LIST = """
from mypkg.vendor.wsgicors import OriginList

ORIGINS = OriginList(lambda: ["https://app.example.com"])
"""


@pytest.fixture
def importable(vendored, monkeypatch):
    """The directory of the vendored copy, from which this process imports modules."""
    monkeypatch.chdir(vendored)
    monkeypatch.setattr(sys, "path", [str(vendored), *sys.path])
    for name in ("service", "data", "mypkg", "mypkg.vendor", "mypkg.vendor.wsgicors"):
        monkeypatch.setitem(sys.modules, name, None)
        del sys.modules[name]  # and what takes its place is taken away after the test
    return vendored


@pytest.fixture
def old_copy(importable):
    """Likewise, and the copy has another version."""
    with open(importable / "mypkg" / "vendor" / "wsgicors.py", "a") as copy:
        copy.write('__version__ = "0.9.0"\n')
    return importable


# The copy is loaded by its path, and sys.modules does not have it.
LOADED_APP = """
import importlib.util

spec = importlib.util.spec_from_file_location("wsgicors", "mypkg/vendor/wsgicors.py")
copy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(copy)


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


application = copy.CORS(app, origin="https://app.example.com")
"""


def test_copy_outside_of_sys_modules_is_not_said_to_be_beside_the_way(importable, capsys):
    """It is outermost, although nothing notes that it is called."""
    (importable / "service.py").write_text(LOADED_APP)
    page = ["explain", "service:application", "--origin", "https://www.app.example.com"]
    assert main(page) == 1
    assert capsys.readouterr().out.splitlines()[-1] == (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        " https://www.app.example.com or *; it has Vary: Origin, so the server supports CORS but"
        " does not allow this origin. To fix it, add https://www.app.example.com to the origins"
        " that the server allows"
    )


NAMED, WRITTEN = "api_origin = call:data:ORIGINS", "api_origin = https://app.example.com"


@pytest.mark.parametrize("where", ["section", "DEFAULT"])
def test_vendored_copy_knows_its_own_list_in_ini(importable, capsys, where):
    """The objects that an ini file names are of the copy that it names."""
    (importable / "data.py").write_text(VENDORED_LIST)
    ini = (importable / "site.ini").read_text()
    default = f"[DEFAULT]\n{NAMED}\n" if where == "DEFAULT" else ""
    ini = default + ini.replace(WRITTEN, "" if default else NAMED)
    (importable / "site.ini").write_text(ini)
    assert main(["check", "site.ini"]) == 0
    assert without_age(capsys.readouterr().out).splitlines()[3:] == [
        "  api: <lambda>() (data.py:4): 1 origin, loaded 0 s ago",
        "no problems",
    ]
    assert main(["explain", "site.ini", "--origin", "https://app.example.com"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("ALLOWED: ")
    # Its problems are told with their lines as well.
    (importable / "site.ini").write_text(f"{ini}api_maxage = x\n")
    assert main(["check", "site.ini"]) == 1
    line = ini.count("\n") + 1
    assert capsys.readouterr().out.splitlines() == [
        f"site.ini:{line}: api_maxage: 'x' is not a number of seconds: write a whole number"
        " from 0 to 2147483648",
        "1 problem",
    ]


def test_vendored_package_is_a_program_where_its_parent_imports_the_middleware(
    vendored, bare_python
):
    vendor = vendored / "mypkg" / "vendor"
    shutil.copytree(CHECKOUT / "wsgicors_explain", vendor / "wsgicors_explain")
    (vendor / "__init__.py").write_text("from .wsgicors import CORS\n")
    (vendored / "service.py").write_text(VENDORED_APP)
    command = (bare_python, "-W", "error", "-m", "mypkg.vendor.wsgicors_explain", "check")
    printed = run(*command, "service:application", cwd=vendored)
    assert (printed.splitlines()[0], printed.splitlines()[-1]) == (
        "service:application (service.py:5)",
        "no problems",
    )


def test_vendored_package_knows_the_list_of_an_installed_copy(vendored, bare_python):
    shutil.copytree(CHECKOUT / "wsgicors_explain", vendored / "mypkg/vendor/wsgicors_explain")
    shutil.copy(CHECKOUT / "wsgicors.py", vendored)
    (vendored / "data.py").write_text(VENDORED_LIST.replace("mypkg.vendor.", ""))
    (vendored / "site.ini").write_text(
        "[filter:cors]\nuse = egg:wsgicors\norigin = call:data:ORIGINS\n"
    )
    printed = run(bare_python, "-m", "mypkg.vendor.wsgicors", "check", "site.ini", cwd=vendored)
    assert printed.splitlines()[-1] == "no problems"


MISFIT = (
    "mypkg.vendor.wsgicors is wsgicors 0.9.0, but this wsgicors_explain is "
    f"{wsgicors.__version__}: use the same version of both"
)


def test_vendored_copy_of_another_version_says_what_to_do(old_copy, capsys):
    (old_copy / "service.py").write_text(VENDORED_APP)
    assert main(["check", "service:application"]) == 2
    assert capsys.readouterr().err == f"wsgicors: {MISFIT}\n"


def test_inner_copy_of_another_version_says_what_to_do(old_copy, capsys):
    """The check does not end at the outermost middleware, or where an attribute leads to another."""
    inner = VENDORED_APP.replace("application = ", "inner = ")
    outer = "import wsgicors\napplication = wsgicors.CORS(lambda *a: inner(*a), origin='*')\n"
    (old_copy / "service.py").write_text(inner + outer)
    assert main(["check", "service:application"]) == 2
    assert capsys.readouterr().err == f"wsgicors: {MISFIT}\n"


BESIDE = f"this wsgicors_explain is {wsgicors.__version__}: use the same version of both"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda file: file.unlink(), None),
        (
            lambda file: file.write_text("class CORS: pass\n"),
            f"wsgicors is wsgicors of an unknown version, but {BESIDE}",
        ),
        (
            lambda file: file.write_text(file.read_text() + '__version__ = "1.1.0"\n'),
            f"wsgicors is wsgicors 1.1.0, but {BESIDE}",
        ),
    ],
    ids=["none", "0.7.0", "newer"],
)
def test_package_beside_a_middleware_that_does_not_fit_says_what_to_do(
    vendored, bare_python, change, line
):
    shutil.copytree(CHECKOUT / "wsgicors_explain", vendored / "wsgicors_explain")
    shutil.copy(CHECKOUT / "wsgicors.py", vendored)
    change(vendored / "wsgicors.py")
    if line is None:
        line = (
            f"wsgicors_explain {wsgicors.__version__} needs the middleware beside it:"
            " No module named 'wsgicors'"
        )
    done = attempt(bare_python, "-m", "mypkg.vendor.wsgicors", "check", "site.ini", cwd=vendored)
    assert (done.returncode, done.stdout) == (1, f"{line}\n")
    done = attempt(bare_python, "-c", "import wsgicors_explain", cwd=vendored)
    assert done.stdout.splitlines()[-1] == f"ImportError: {line}"


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        (None, "^wsgicors_explain [0-9.]+ needs the middleware beside it: "),
        (types.ModuleType("wsgicors"), f" is wsgicors of an unknown version, but {BESIDE}"),
    ],
    ids=["none", "other"],
)
def test_package_is_not_imported_beside_a_middleware_that_does_not_fit(
    monkeypatch, beside, message
):
    monkeypatch.setitem(sys.modules, "wsgicors", beside)
    with pytest.raises(ImportError, match=message):
        runpy.run_path(wsgicors_explain.middleware.__file__, run_name="wsgicors_explain.middleware")


def test_package_has_the_version_of_the_middleware():
    assert wsgicors_explain.middleware.__version__ == wsgicors.__version__


def test_middleware_that_make_middleware_makes_is_placed_where_it_is_called(importable, capsys):
    program = "import wsgicors\nfrom mypkg import make_app\n\napp = make_app({})\n"
    program += "application = wsgicors.make_middleware(app, {}, origin='*')\n"
    (importable / "service.py").write_text(program)
    assert main(["check", "service:application"]) == 0
    assert capsys.readouterr().out.startswith("service:application (service.py:5)\n")


def test_copy_of_another_version_whose_list_an_ini_file_names_is_a_problem(old_copy, capsys):
    (old_copy / "data.py").write_text(VENDORED_LIST)
    ini = old_copy / "site.ini"
    ini.write_text(ini.read_text().replace("https://app.example.com", "call:data:ORIGINS"))
    assert main(["check", "site.ini"]) == 1
    assert capsys.readouterr().out == f"site.ini:6: filter:cors: {MISFIT}\n1 problem\n"


def test_vendored_copy_shows_where_a_bad_configuration_is_written(vendored, bare_python):
    shutil.copytree(CHECKOUT / "wsgicors_explain", vendored / "wsgicors_explain")
    shutil.copy(CHECKOUT / "wsgicors.py", vendored)
    (vendored / "service.py").write_text(VENDORED_APP.replace("https://app.", "app."))
    done = attempt(bare_python, "-m", "wsgicors", "check", "service:application", cwd=vendored)
    assert done.returncode == 1
    assert done.stdout.startswith("service.py:5: origin: 'app.example.com'")


# What a user writes, and what is wrong in the second file: the line -> mypy's name and pyright's.
GOOD = """
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from wsgicors import (
    CORS,
    ConfigError,
    OriginList,
    Policy,
    Problem,
    __version__,
    check_origins,
    make_middleware,
)
from wsgicors_explain import Browser, Response, Step, Verdict, main

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


def is_customer(origin: str, environ: WSGIEnvironment) -> bool:
    return origin == "https://customer.example.com"


class Customers(CORS):
    def __init__(self, app: WSGIApplication) -> None:
        super().__init__(app, origin=is_customer)


version: str = __version__
origins = OriginList(lambda: ["https://app.example.com"], every=30.0, initial=[], patterns=False)
origins.reload(timeout=1)
health: tuple[int, float | None, str | None] = len(origins), origins.loaded, origins.error
skipped: tuple[Problem, ...] = origins.problems
entries: Iterator[Any] = iter(origins)
wrong: tuple[Problem, ...] = check_origins(["a"], credentials=True, accept_risk=["null-origin"])
application: WSGIApplication = CORS(app, origin=["https://a.example", re.compile("https://b"), is_customer, origins])
inner: WSGIApplication = Customers(app).app
cors = CORS(app, {"origin": "*"}, maxage=timedelta(days=1))
policies: Mapping[str, Policy] = cors.policies
policy: Policy = policies["direct"]
seconds: int | None = policy.maxage
names: tuple[str, ...] = policy.methods + policy.headers + policy.expose_headers + policy.path
flags: bool = policy.credentials or policy.timing or policy.preflight_continue
risks: frozenset[str] = policy.accept_risk
allowed: bool = policy.allows("https://a.example", {})
wrapped: CORS = make_middleware(app, {}, origin="*")
factory = partial(make_middleware, origin="*")
try:
    cors.configure(origin="nonsense")
except ConfigError as error:
    problems: tuple[Problem, ...] = error.problems
    messages: dict[str, str] = {problem.key: problem.message for problem in problems}
    codes: list[tuple[object, str]] = [(problem.value, problem.code) for problem in problems]
browser = Browser(cors, "https://app.example.com", base_url="https://b.example", cookies={"a": "b"}, clock=lambda: 0.0)
verdict: Verdict = browser.fetch("/", method="PUT", headers={"X-Token": "1"}, credentials="include", body=b"x")
verdict = browser.fetch("/", headers=[("X-Token", "1")], preflight=True)
steps: Iterable[Step] = verdict.steps
texts: list[tuple[bool, str]] = [(step.ok, step.text) for step in verdict.steps]
reason: str = verdict.reason
response: Response | None = verdict.response or verdict.preflight
if response:
    parts: tuple[int, list[tuple[str, str]], bytes] = response.status, response.headers, response.body
readable: dict[str, str] = verdict.readable_headers
status: int = main(["--version"])
"""

BAD = """
from wsgicors import CORS, ConfigError
from wsgicors_explain import Browser


def app(environ, start_response):
    return [b"ok"]


CORS(42, origin="*")
CORS(app, origin="*").policies["direct"].max_age
seconds: str = CORS(app, origin="*").policies["direct"].credentials
Browser(app, "https://app.example.com").fetch("/", method=1)
CORS(origin="*")
number: int = ConfigError([]).problems[0].message
"""
BAD_LINES = [9, 10, 11, 12, 13, 14]


def test_user_above_uses_every_public_name():
    names = {*wsgicors.__all__, *wsgicors_explain.__all__}
    assert names - set(re.findall(r"\w+", GOOD.partition("if TYPE_CHECKING")[2])) == set()


@pytest.fixture
def user(tmp_path):
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD.lstrip("\n"))
    return tmp_path


@pytest.mark.once
def test_mypy_of_a_user_sees_the_types(installed, user):
    need(importlib.util.find_spec("mypy"), "mypy", TOOLS)
    mypy = (
        sys.executable,
        "-m",
        "mypy",
        "--no-incremental",
        "--python-executable",
        installed / "python",
    )
    assert (
        run(*mypy, "--strict", "good.py", cwd=user) == "Success: no issues found in 1 source file\n"
    )
    found = attempt(*mypy, "bad.py", cwd=user)
    assert found.returncode == 1
    assert [
        int(line) for line in re.findall(r"(?m)^bad\.py:(\d+): error:", found.stdout)
    ] == BAD_LINES, found.stdout


@pytest.mark.once
def test_pyright_of_a_user_sees_the_types(installed, user):
    need(importlib.util.find_spec("pyright"), "pyright", TOOLS)
    pyright = (sys.executable, "-m", "pyright", "--pythonpath", installed / "python")
    (user / "pyrightconfig.json").write_text(
        '{"typeCheckingMode": "strict", "include": ["good.py"]}'
    )
    assert "0 errors" in run(*pyright, cwd=user)
    (user / "pyrightconfig.json").write_text('{"include": ["bad.py"]}')
    found = attempt(*pyright, cwd=user)
    assert found.returncode == 1
    assert (
        sorted(map(int, set(re.findall(r"bad\.py:(\d+):\d+ - error:", found.stdout)))) == BAD_LINES
    ), found.stdout
