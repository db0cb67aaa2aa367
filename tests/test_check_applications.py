"""The command `check`: an application as module:attribute, and the middleware within it."""

from __future__ import annotations

import shutil
import sys

import pytest
from check_support import FILTER

import wsgicors


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
