"""Applications with several middlewares, or with one that is mounted below a path."""

from __future__ import annotations

import re
import textwrap
import zlib

import paste.deploy.config
import paste.urlmap
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import without_age

from wsgicors_explain import main
from wsgicors_explain.mounts import Prefix, URLMap, address_of

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
    leaves = CORS(lambda environ, start_response: start_response(
        "302 Found", [("Location", "/login")]) and [] or [b""], origin="*")

    def allowed(origin, environ):
        return False

    asking = CORS(inner, origin=allowed)
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
        output = without_age(capsys.readouterr().out.replace(name, "apps"))
        return status, output.splitlines()

    return command


@pytest.mark.parametrize(
    ("attribute", "arguments", "last"),
    [
        (
            "make()",
            ("--path", "/api/items"),
            "BLOCKED: no policy governs the path /items, the part of the URL after /api, where the"
            " application is mounted; path includes /api, which the mount removes."
            " To fix it, add /* to path (apps.py:18)",
        ),
        (
            "api",
            ("--path", "/api/items/"),
            "BLOCKED: no policy governs the path /items/, the part of the URL after /api, where the"
            " application is mounted; path has /items, and a trailing slash matters."
            " To fix it, request /api/items, or add /items/ to path (apps.py:20)",
        ),
        (
            "api",
            ("--path", "/api/items", "-X", "PUT", "--credentials"),
            "BLOCKED: Access-Control-Allow-Methods in the preflight response is 'GET, HEAD, POST'; it must include"
            " PUT. To fix it, add PUT to methods (apps.py:20)",
        ),
        (
            "twice",
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, add https://app.example.com to origin (apps.py:22)",
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
            "BLOCKED: no policy governs the path /a b, the part of the URL after /api, where the"
            " application is mounted",
        ),
        (
            "gate",
            (),
            'BLOCKED: GET http://localhost/ returned 403 "members only": the server refuses the request'
            ", and this error lacks Access-Control-Allow-Origin; the request did not reach wsgicors."
            " To fix it, read the server's log for the reason; and make CORS the outermost layer around the application for this path"
            "",
        ),
        (
            "asking",
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, let allowed() (apps.py:44) return True for https://app.example.com",
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
        "apps.py:22: this CORS wraps another one: for a path that both govern,"
        " only the outer one's headers are sent",
        "apps:make() (apps.py:23)",
        "apps:make() (apps.py:23)",
        "apps.py:23: this CORS wraps another one: for a path that both govern,"
        " only the outer one's headers are sent",
        "apps:make() (apps.py:24)",
        "apps:make() (apps.py:32)",
        "apps:make() (apps.py:37)",
        "apps:make() (apps.py:41)",
        "apps:make() (apps.py:47)",
        "apps:make() (apps.py:18)",
    ]


# --- ini files ---

INI = """\
[composite:main]
use = egg:Paste#urlmap
/api = below
domain admin.example port 8080 /x = elsewhere
/other = elsewhere
[app:elsewhere]
paste.app_factory = elsewhere:make
[pipeline:below]
pipeline = prefix cors items
[filter:prefix]
use = egg:PasteDeploy#prefix
prefix = /v1
[filter:cors]
use = egg:wsgicors#middleware
policy = items
items_path = /items/*
items_origin = https://app.example.com
items_methods = %(methods)s
[app:items]
paste.app_factory = items:make
"""
NESTED = """\
[pipeline:main]
pipeline = outer map
[filter:outer]
use = egg:wsgicors
path = /other/*
origin = https://app.example.com
[composite:map]
use = egg:Paste#urlmap
/api = inside
/ = plain
[app:plain]
use = egg:plain
[filter-app:inside]
use = egg:wsgicors
next = plain
path = /items
origin = https://app.example.com
"""
CASCADED = """\
[composite:main]
use = egg:Paste#cascade
app1 = files
app2 = inside
catch = 404
[app:files]
use = egg:Paste#static
[filter-app:inside]
use = egg:wsgicors
next = config:other.ini
origin = https://b.example
"""
FALLBACK = """\
[DEFAULT]
not_found_app = site
[composite:main]
use = egg:Paste#urlmap
/api = api
[app:api]
use = egg:api
[app:site]
use = egg:site
filter-with = cors
[filter:cors]
use = egg:wsgicors
path = /items
origin = https://app.example.com
"""


@pytest.fixture
def explain_ini(tmp_path, monkeypatch, capsys):
    """explain an ini file; the exit status and the last line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.ini").write_text("[app:main]\nuse = egg:other\n")

    def command(text, *arguments):
        (tmp_path / "main.ini").write_text(text.replace("%(methods)s", "GET"))
        status = main(["explain", "main.ini", "--origin", PAGE, *arguments])
        captured = capsys.readouterr()
        return status, (captured.out + captured.err).splitlines()[-1]

    return command


@pytest.mark.parametrize(
    ("ini", "arguments", "last"),
    [
        pytest.param(
            INI,
            ("--path", "/api/v1/things?x=/items"),
            "BLOCKED: no policy governs the path /things, the part of the URL after /api/v1, where the"
            " application is mounted. To fix it, add /things to items_path (main.ini:16)",
            id="urlmap and prefix",
        ),
        pytest.param(
            INI,
            ("--path", "/shop/api/items", "--script-name", "/shop/", "-X", "PUT"),
            "BLOCKED: Access-Control-Allow-Methods in the preflight response is 'GET'; it must include PUT."
            " To fix it, add PUT to items_methods (main.ini:18)",
            id="script name",
        ),
        pytest.param(
            INI,
            ("--path", "/shop/api", "--script-name", "/shop"),
            "BLOCKED: no policy governs the path /, the part of the URL after /v1, where the"
            " application is mounted. To fix it, add / to items_path (main.ini:16)",
            id="the mount itself",
        ),
        pytest.param(
            INI,
            ("--path", "/other/1"),
            "BLOCKED: the application for /other/1 has no CORS middleware around it; there is"
            " filter:cors (main.ini:13) below /api/v1 only. To fix it, request a path below it,"
            " or wrap what is mounted for /other/1 as well",
            id="mount without the middleware",
        ),
        pytest.param(
            INI,
            ("--path", "/elsewhere/%C3%A9"),
            "BLOCKED: nothing is mounted for the path /elsewhere/é: composite:main (main.ini:1)"
            " mounts /api, admin.example:8080/x, /other. To fix it, request a path below one of"
            " them",
            id="no mount",
        ),
        pytest.param(
            NESTED,
            ("--path", "/api/things"),
            "BLOCKED: no policy governs the path /things, the part of the URL after /api, where the"
            " application is mounted. To fix it, add /things to path (main.ini:16)",
            id="inner of two",
        ),
        pytest.param(
            NESTED.replace("= /items", "= /x /api/items/*"),
            ("--path", "/api/items/1"),
            "BLOCKED: no policy governs the path /items/1, the part of the URL after /api, where the"
            " application is mounted; path includes /api, which the mount removes."
            " To fix it, add /items/* to path (main.ini:16)",
            id="policy with the mount",
        ),
        pytest.param(
            NESTED,
            ("--path", "/site"),
            "BLOCKED: no policy governs the path /site. To fix it, add /site to path (main.ini:5)",
            id="outer of two",
        ),
        pytest.param(
            CASCADED,
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, add https://app.example.com to origin (main.ini:11)",
            id="cascade",
        ),
        pytest.param(
            CASCADED.replace("egg:Paste#cascade", "egg:shop#tree"),
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, add https://app.example.com to origin (main.ini:11)",
            id="unknown composite",
        ),
        pytest.param(
            CASCADED.replace("app1 = files\napp2 = inside", "app1 = inside\napp2 = files"),
            (),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, add https://app.example.com to origin (main.ini:11)",
            id="cascade, another application last",
        ),
        pytest.param(
            FALLBACK,
            ("--path", "/item"),
            "BLOCKED: no policy governs the path /item. To fix it, add /item to path (main.ini:13)",
            id="not_found_app",
        ),
    ],
)
def test_mounts_of_an_ini_file_are_played(ini, arguments, last, explain_ini):
    assert explain_ini(ini, *arguments) == (1, last)


OUTSIDE = "[app:lonely]\nuse = egg:x\n[filter:unused]\nuse = egg:wsgicors\norigin = *\n"


@pytest.mark.parametrize(
    ("ini", "line"),
    [
        pytest.param(
            NESTED.replace("path = /items", "path = items"),
            "main.ini:16: path: 'items' is not a path: write '/items'",
            id="of the inner one",
        ),
        pytest.param(
            NESTED.replace("/ = plain", "slash = plain") + OUTSIDE,
            "main.ini:10: slash: it is not a path: write /path, or domain a.example /path",
            id="of a mount",
        ),
        pytest.param(
            NESTED.replace("pipeline = outer map", "pipeline = map\nfilter-with = outer"),
            "main.ini:1: filter-with: PasteDeploy cannot apply it to a pipeline: name the filter in"
            " a pipeline",
            id="of a filter-with",
        ),
        pytest.param(
            NESTED.replace("next = plain", "next = gone"),
            "main.ini:15: next: no section has the name app:gone in main.ini",
            id="of a name",
        ),
    ],
)
def test_application_that_does_not_load_is_not_played(ini, line, explain_ini):
    status, last = explain_ini(ini, "--path", "/")
    assert (status, last) == (1, f"BLOCKED: this configuration does not load: {line}")


@pytest.mark.parametrize("section", ["app:main", "app:lonely"])
def test_filter_that_no_application_has_allows_nothing(section, explain_ini):
    outside = OUTSIDE.replace("app:lonely", section)
    assert explain_ini(outside) == (
        1,
        "BLOCKED: filter:unused (main.ini:3) has no effect: no pipeline and no filter-with names it, so the"
        " application has no CORS middleware. To fix it, write filter-with = unused in the section app:...,"
        " or add unused to the pipeline if there is one",
    )
    allowed = f"ALLOWED: GET http://localhost/ for a page on {PAGE}"
    assert explain_ini(outside, "--section", "unused") == (0, allowed)
    applied = outside.replace("egg:x\n", "egg:x\nfilter-with = unused\n")
    assert explain_ini(applied) == (0, allowed)
    piped = outside + "[pipeline:main]\npipeline = unused lonely\n"
    assert explain_ini(piped.replace("app:main", "app:lonely")) == (0, allowed)


def test_filter_is_played_by_itself_where_there_is_no_application(explain_ini):
    allowed = f"ALLOWED: GET http://localhost/ for a page on {PAGE}"
    assert explain_ini(OUTSIDE.partition("use = egg:x\n")[2]) == (0, allowed)


def test_section_is_asked_for_where_several_applications_have_the_middleware(explain_ini):
    text = NESTED.replace("main", "first").replace("map", "second")
    text = text.replace("pipeline = outer second", "pipeline = outer plain")
    status, last = explain_ini(text)
    assert (status, last) == (
        2,
        "wsgicors: main.ini has several uses of wsgicors: choose one with --section: filter:outer, filter-app:inside",
    )
    status, last = explain_ini(text, "--section", "outer", "--path", "/other/")
    assert (status, last[:7]) == (0, "ALLOWED")


@pytest.mark.parametrize("factory", ["egg:Paste#cascade", "egg:shop#tree"])
def test_what_an_unknown_choice_of_applications_allows_is_not_allowed_for_certain(
    factory, explain_ini
):
    text = CASCADED.replace("egg:Paste#cascade", factory)
    text = text.replace("https://b.example", PAGE)
    status, last = explain_ini(text)
    assert (status, last) == (
        1,
        f"UNKNOWN: GET http://localhost/ for a page on {PAGE} is allowed if"
        " composite:main (main.ini:1) picks the application that was called",
    )


def test_application_that_servers_do_not_load_is_not_played_for_the_main_one(explain_ini):
    text = """
        [app:main]
        use = egg:x
        [app:other]
        use = egg:x
        filter-with = cors
        [filter:cors]
        use = egg:wsgicors
        origin = https://app.example.com
        """
    assert explain_ini(text) == (
        2,
        "wsgicors: the main application of main.ini does not use wsgicors, but another one does:"
        " choose it with --section: filter:cors",
    )
    status, last = explain_ini(text, "--section", "cors")
    assert (status, last[:7]) == (0, "ALLOWED")


@pytest.mark.parametrize(
    ("ini", "arguments", "url"),
    [
        (INI, ("--path", "/api/v1/items/1"), "/api/v1/items/1"),
        (INI, ("--path", "/api/items/1"), "/api/items/1"),
        (INI, ("--path", "/items/1", "--section", "cors"), "/items/1"),
        (NESTED, ("--path", "/other/1"), "/other/1"),
        (NESTED, ("--path", "/api/items"), "/api/items"),
        (NESTED, ("--path", "/items", "--section", "filter-app:inside"), "/items"),
        (FALLBACK, ("--path", "/items"), "/items"),
        (INI, ("--path", "/a b/api/items", "--script-name", "/a%20b"), "/a%20b/api/items"),
    ],
)
def test_request_that_an_ini_file_allows_below_its_mounts(ini, arguments, url, explain_ini):
    allowed = f"ALLOWED: GET http://localhost{url} for a page on {PAGE}"
    assert explain_ini(ini, *arguments) == (0, allowed)


def test_redirect_to_where_a_server_mounts_nothing_is_told(run):
    status, lines = run(
        "explain", "leaves", "--origin", PAGE, "--path", "/shop/x", "--script-name", "/shop"
    )
    assert (status, lines[-1]) == (
        1,
        "BLOCKED: nothing is mounted for the path /login: the application is mounted at /shop."
        " To fix it, request a path below one of them",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--path", "/api", "--script-name", "/shop"),
            "--path /api is not below --script-name /shop: write the whole path of the URL,"
            " such as /shop/api",
        ),
        (
            ("--path", "/shopping", "--script-name", "/shop"),
            "--path /shopping is not below --script-name /shop: write the whole path of the URL,"
            " such as /shop/shopping",
        ),
        (
            ("--path", "http://h.example/api?x", "--script-name", "/shop"),
            "--path /api is not below --script-name /shop: write the whole path of the URL,"
            " such as /shop/api",
        ),
        (
            ("--script-name", "/shop"),
            "--path / is not below --script-name /shop: write the whole path of the URL,"
            " such as /shop/",
        ),
        (
            ("--path", "/shop", "--script-name", "shop"),
            "--script-name shop is not a path: write /shop",
        ),
    ],
)
def test_path_that_is_not_below_the_script_name_is_wrong_usage(arguments, message, explain_ini):
    assert explain_ini(INI, *arguments) == (2, f"wsgicors: {message}")


def test_script_name_and_variables_need_what_is_in_process(capsys):
    url = ("explain", "http://localhost:1/", "--origin", PAGE)
    for option, message in {
        (
            "--script-name",
            "/x",
        ): "--script-name is for an ini file or an application, not for a URL",
        ("a=b",): "a=b: only an ini file takes variables, not a URL",
    }.items():
        assert main([*url, *option]) == 2
        assert capsys.readouterr().err == f"wsgicors: {message}\n"
    for word in ("check", "explain"):
        assert (
            main([word, "mounts:app", "a=b", "--origin", PAGE][: 3 if word == "check" else 5]) == 2
        )
        error = "wsgicors: a=b: only an ini file takes variables, not mounts:app\n"
        assert capsys.readouterr().err == error


# --- the same as Paste and PasteDeploy ---

HOSTS = st.sampled_from(["", "a.example", "A.example", "a.example:80", "a.example:8080"])
PATHS = st.sampled_from(["", "/", "/api", "/api/", "/api/v1", "//api", "/apis", "/API", "api"])
KEYS = st.one_of(
    PATHS,
    st.builds("domain {} {}".format, st.sampled_from(["a.example", "b.example"]), PATHS),
    st.builds("domain a.example port {} {}".format, st.sampled_from(["80", "8080"]), PATHS),
    st.builds("http://a.example{}".format, PATHS),
    st.lists(st.sampled_from(["domain", "port", "80", "/a", "a.example"])).map(" ".join),
)


def told(name):
    """An application that answers with its name and with what it sees of the request."""

    def app(environ, start_response):
        keys = "SCRIPT_NAME PATH_INFO HTTP_HOST SERVER_NAME SERVER_PORT REMOTE_ADDR wsgi.url_scheme"
        return [name, *[environ.get(key) for key in keys.split()]]

    return app


def ours(keys):
    mounts = {address_of(key): told(key) for key in keys}
    return URLMap(mounts, told("nothing"))


def theirs(keys):
    urlmap = paste.urlmap.URLMap(not_found_app=told("nothing"))
    for key in keys:
        urlmap[paste.urlmap.parse_path_expression(key)] = told(key)
    return urlmap


def outcome(make, *arguments, **options):
    try:
        return make(*arguments, **options)
    except (AssertionError, TypeError, ValueError, re.error):
        return None


def see(app, environ):
    return (
        None
        if app is None
        else app({"wsgi.url_scheme": "http", "SCRIPT_NAME": "/s", **environ}, None)
    )


@given(st.lists(KEYS, max_size=4), HOSTS, PATHS)
def test_urlmap_is_the_one_of_paste(keys, host, path):
    environ = {"SERVER_NAME": "a.example", "PATH_INFO": path if path[:1] == "/" else ""}
    if host:
        environ["HTTP_HOST"] = host
    assert see(outcome(ours, keys), {**environ}) == see(outcome(theirs, keys), {**environ})


OPTIONS = {
    "prefix": st.sampled_from(["/", "/api", "/api/", "", "/a.i", "("]),
    "translate_forwarded_server": st.sampled_from(["true", " No", "0", "x"]),
    "force_port": st.sampled_from(["", "80"]),
    "scheme": st.sampled_from(["http", "https"]),
    "unknown": st.just(""),
}
FORWARDED = {
    f"HTTP_X_FORWARDED_{name}": st.sampled_from(["a, b", "https", ""])
    for name in ("SERVER", "HOST", "FOR", "SCHEME", "PROTO")
}


@given(
    st.fixed_dictionaries({}, optional=OPTIONS),
    st.fixed_dictionaries({}, optional=FORWARDED),
    PATHS,
)
def test_prefix_is_the_one_of_pastedeploy(options, headers, path):
    environ = {"HTTP_HOST": "h:1", "PATH_INFO": path, **headers}
    made = outcome(Prefix, told("app"), **options)
    real = outcome(paste.deploy.config.make_prefix_middleware, told("app"), {}, **options)
    assert see(made, {**environ}) == see(real, {**environ})
