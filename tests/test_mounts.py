"""Applications with several middlewares, or with one that is mounted below a path."""

from __future__ import annotations

import textwrap
import zlib

import pytest

from wsgicors_explain import main

PAGE = "https://app.example.com"
APPS = """
    from wsgicors import CORS, OriginList

    def inner(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    def mount(prefix, app):
        def dispatch(environ, start_response):
            path = environ["PATH_INFO"]
            if not path.startswith(prefix + "/"):
                return inner(environ, start_response)
            environ = dict(environ, SCRIPT_NAME=prefix, PATH_INFO=path[len(prefix):])
            return app(environ, start_response)
        return dispatch

    def make():
        return mount("/api", CORS(inner, origin="https://app.example.com", path="/api/*"))

    items = CORS(inner, origin="https://app.example.com", path="/items", credentials=True)
    api = mount("/api", items)
    twice = CORS(CORS(inner, origin="*"), origin="https://b.example")
    partly = CORS(CORS(inner, origin="https://b.example"), origin="*", path="/public")
    listed = CORS(inner, origin=OriginList(lambda: ["https://b.example", "https://c.example"]))
    late = lambda environ, start_response: CORS(inner, origin="https://b.example")(
        environ, start_response)

    class Origins:
        def __call__(self):
            return ["https://d.example"]

    objects = CORS(inner, origin=["https://b.example", OriginList(Origins())])

    def fails():
        raise OSError("no database")

    started = CORS(inner, origin=OriginList(fails, initial=["https://b.example"]))
    gate = lambda environ, start_response: start_response(
        "403 Forbidden", [("Content-Type", "text/plain")]) and [] or [b"members only"]
    gate.app = items
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, request):
    """A command on a module of applications; the exit status and the lines of the output."""
    name = f"mounts_{zlib.crc32(request.node.name.encode())}"  # new for each test, and short
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(APPS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def command(word, attribute, *arguments):
        status = main([word, f"{name}:{attribute}", *arguments])
        output = capsys.readouterr().out.replace(name, "apps")
        return status, output.splitlines()

    return command


@pytest.mark.parametrize(
    ("attribute", "arguments", "last"),
    [
        (
            "make()",
            ("--path", "/api/items"),
            "BLOCKED: no policy governs the path /items, which is what follows /api, where the"
            " application is mounted. To fix it, add /items to path (apps.py:18)",
        ),
        (
            "api",
            ("--path", "/api/items/"),
            "BLOCKED: no policy governs the path /items/, which is what follows /api, where the"
            " application is mounted; path has /items, and a trailing slash counts."
            " To fix it, ask for /api/items, or add /items/ to path (apps.py:20)",
        ),
        (
            "api",
            ("--path", "/api/items", "-X", "PUT", "--credentials"),
            "BLOCKED: Access-Control-Allow-Methods of the preflight is 'GET, HEAD, POST';"
            " it must name PUT. To fix it, add PUT to methods (apps.py:20)",
        ),
        (
            "twice",
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, add https://app.example.com to origin (apps.py)",
        ),
        (
            "partly",
            ("--path", "/private"),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, add https://app.example.com to origin (apps.py:23)",
        ),
        (
            "listed",
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com; it is"
            " missing from the list of <lambda>() (apps.py:24): 2 origins, loaded 0 s ago."
            " To fix it, add https://app.example.com to what <lambda>() (apps.py:24) returns",
        ),
        (
            "objects",
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com; it is"
            " missing from the list of Origins(): 1 origin, loaded 0 s ago."
            " To fix it, add https://app.example.com to what Origins() returns",
        ),
        (
            "started",
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com; it is"
            " missing from the list of fails() (apps.py:34): 1 origin, not loaded yet."
            " To fix it, add https://app.example.com to what fails() (apps.py:34) returns",
        ),
        (
            "api",
            ("--path", "/api/a%20b"),
            "BLOCKED: no policy governs the path /a b, which is what follows /api, where the"
            " application is mounted",
        ),
        (
            "gate",
            (),
            'BLOCKED: GET http://localhost/ was answered 403 "members only": the server refuses'
            " it, and this error lacks Access-Control-Allow-Origin; wsgicors was not asked."
            " To fix it, read the server's log for the reason; and let CORS wrap what answers this"
            " path, outside of every other layer",
        ),
        (
            "late",
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, add https://app.example.com to origin (apps.py)",
        ),
    ],
)
def test_the_middleware_that_answered_is_explained(attribute, arguments, last, run):
    status, lines = run("explain", attribute, "--origin", PAGE, *arguments)
    assert (status, lines[-1]) == (1, last)


def test_request_that_the_mounted_middleware_allows_is_allowed(run):
    status, lines = run("explain", "api", "--origin", PAGE, "--path", "/api/items")
    assert (status, lines[-1][:7]) == (0, "ALLOWED")


def test_every_middleware_that_is_made_is_checked(run):
    status, lines = run("check", "make()")
    assert status == 0
    titles = [line for line in lines if line.startswith("apps")]
    assert titles == [
        "apps:make() (apps.py:20)",
        "apps:make() (apps.py:22)",
        "apps:make() (apps.py:22)",
        "apps.py:22: it wraps another CORS: of a path that both govern,"
        " only the outer one's headers are sent",
        "apps:make() (apps.py:23)",
        "apps:make() (apps.py:23)",
        "apps.py:23: it wraps another CORS: of a path that both govern,"
        " only the outer one's headers are sent",
        "apps:make() (apps.py:24)",
        "apps:make() (apps.py:32)",
        "apps:make() (apps.py:37)",
        "apps:make() (apps.py:18)",
    ]


URLMAP = """
[composite:main]
use = egg:Paste#urlmap
/api = below
/other = elsewhere
[app:elsewhere]
paste.app_factory = elsewhere:make
"""
MOUNTED = """
[pipeline:below]
pipeline = cors items
[filter:cors]
use = egg:wsgicors#middleware
policy = items
items_path = /items/*
items_origin = https://app.example.com
[app:items]
paste.app_factory = items:make
"""


def test_mount_of_an_ini_file_is_told_where_no_policy_governs_the_path(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.ini").write_text(URLMAP + MOUNTED)
    asked = ("explain", "main.ini", "--origin", PAGE, "--path", "/api/items/1")
    assert main(list(asked)) == 1
    assert capsys.readouterr().out.splitlines()[-1] == (
        "BLOCKED: no policy governs the path /api/items/1. To fix it, leave out of --path the"
        " prefix under which composite:main mounts it, or add /api/items/1 to items_path"
        " (main.ini:14)"
    )
    assert main([*asked[:-1], "/items/1"]) == 0
