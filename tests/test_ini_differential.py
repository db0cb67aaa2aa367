"""Generated ini files, read by PasteDeploy itself and by ``check`` and ``explain``: both must see the same."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError
from random import Random

import pytest
from paste.deploy import loadapp

import wsgicors
from wsgicors_explain import iniapps
from wsgicors_explain.inifile import APP, IniError, IniFile

HERE = __name__

# --- what stands in the files ---

noted = []


class Noted:
    """What the factory of the middleware makes here: it notes how it was made, and what it is asked."""

    policies: dict[str, object] = {}

    def __init__(self, app, global_conf, /, **local_conf):
        self.app = app
        noted.append((dict(global_conf), dict(local_conf)))

    def __call__(self, environ, start_response):
        noted.append([environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["wsgi.url_scheme"]])
        return self.app(environ, start_response)


def leaf(global_conf, **local_conf):
    return lambda environ, start_response: [b""]


def wrapping(app, global_conf, **local_conf):
    return app


def making_filters(global_conf, **local_conf):
    return lambda app: app


# --- the files ---

NAMES = ["main", "a", "b", "c"]
KEYS = ["origin", "maxage", "policy", "a_origin", "x", "/x", "debug", "not_found_app", "next", "A"]
VALUES = ["*", "https://a.example.com", "a", "a", "b", "", "%(x)s", "%(debug)s%(http_port)s"]
VALUES += ["%(here)s %(__file__)s", "100%%", "x ; y # z", "u\x0cv", "ü\u2028"]
BAD_VALUES = ["100%", "%(missing)s", "%(origin)s", "%(A)s", "%(A"]
ODD = ["; comment", "\x0c", "set x = 5", "set origin = s", "set  debug = 2", "get x = debug"]
ODD += ["get /x = x", "get y = x", "require = wsgicors", "filter-with = a", "filter-with = b"]
ODD += ["set policy = %(x)s", "set a_origin = 100%%"]
BAD_LINES = ["loose", "get y = no", "set policy = %(origin)s"]
OTHERS = ["config:other.ini", "config:other.ini#b", "config:other.ini#a", "config: no.ini"]
OURS = ["egg:wsgicors", "egg:WSGIcors#main", "egg:wsgicors#middleware"]
WRONG = ["egg:wsgicors#no", "py:x", "call:no", "a b"]
LEAF = f"call:{HERE}:leaf"
FACTORY = "paste.filter_app_factory"
APPS = [
    *[("use", LEAF)] * 50,
    *[("paste.app_factory", f"{HERE}:leaf")] * 30,
    *[("use", name) for name in [*NAMES, *OTHERS, *OURS[:1], *WRONG, "egg:Paste#urlmap"]],
]
FILTERS = [
    *[("use", name) for name in OURS] * 15,
    *[(FACTORY, "wsgicors:make_middleware"), (FACTORY, "wsgicors : make_middleware [x]")] * 15,
    *[(FACTORY, f"{HERE}:wrapping")] * 3,
    *[("use", "egg:PasteDeploy#prefix\nprefix = /x")] * 10,
    *[("use", name) for name in ["a", "b", *OTHERS[1:3]]] * 4,
    (FACTORY, "paste.deploy.config:make_prefix_middleware"),
    ("paste.filter_factory", f"{HERE}:making_filters"),
    ("paste.filter_factory", "wsgicors:make_middleware"),
    *[("use", name) for name in [*NAMES, *OTHERS, *OURS, *WRONG, "egg:Paste#urlmap"]],
]
MOUNTS = ["/", "/x", "domain h port 80 /x", "domain h", "not_found_app", "/x/y", "/z"]


def rarely(random, good, bad):
    """One of the good ones, but now and then a bad one."""
    return random.choice(bad if random.random() < 0.01 else good)


def written(random, key, value):
    """An option as text, in one of the ways in which people write it."""
    plain = f"{key} = {value}"
    first, _, rest = value.partition(" ")
    ways = [f"{key}={value}", f"{key}:\t{value} ", f"{plain}\n\n", f"{plain}\n  # c\n"]
    ways += [f"# {plain}\n{plain}", f"{plain}\x0b", f"{plain}\r", f"{key} = {first}\n\t{rest}"]
    bad_ways = [f"\x0c{plain}", f" {plain}", f"{key} =\n  {value}", f"{plain}\n{plain}"]
    return random.choice([*[plain] * 30, *ways, random.choice(bad_ways)])


def section(random, kind, name):
    """A section, most of whose lines make sense there; it refers to those that come after it."""
    after = {"main": "abc", "a": "bc"}.get(name, "c")

    def an_app():
        return rarely(random, [*after * 9, OTHERS[0]], [*NAMES, *OTHERS])

    if kind == "pipeline":
        filters = random.choices("aabb" * 8 + "c", k=random.randrange(4))
        filters += random.choices([*OTHERS[1:3], *OURS[:1]], k=random.random() < 0.2)
        own = [("pipeline", " ".join([*filters, an_app()]))]
    elif kind in ("composite", "composit"):
        mounts = [
            *random.sample(MOUNTS, random.choice([1, 2])),
            *rarely(random, [[]], [["port 1"]]),
        ]
        own = [("use", "egg:Paste#urlmap"), *((mount, an_app()) for mount in mounts)]
    elif kind == "filter-app":
        own = [random.choice(FILTERS), ("next", an_app())]
    else:
        own = [random.choice(FILTERS if kind == "filter" else APPS)]
    lines = [written(random, *pair) for pair in own]
    if kind not in ("pipeline", "composite", "composit"):
        lines += options(random)
        if random.random() < 0.4:
            lines.append(rarely(random, ODD, BAD_LINES))
    elif random.random() < 0.2:
        lines.append(random.choice(["set x = 1", "filter-with = a", "require = wsgicors", "y = 1"]))
    random.shuffle(lines)
    head = f"[{kind}:{name}]"
    odd_heads = [f"[{kind}: {name} ]", f" {head}", f"[{kind}]", f"{head} x", f"\x0c{head}"]
    return "\n".join([rarely(random, [head], odd_heads), *lines])


def options(random):
    keys = random.sample(KEYS, random.randrange(3))
    return [written(random, key, rarely(random, VALUES, BAD_VALUES)) for key in keys]


def ini_file(random):
    kinds = ["app", "app", "pipeline", "pipeline", "filter-app", "composite"]
    sections = [
        ("pipeline" if random.random() < 0.5 else random.choice(kinds), "main"),
        ("filter", "a"),
        ("filter", "b"),
        *((random.choice(kinds), name) for name in "ab"),
        ("app", "c"),
    ]
    if random.random() < 0.05:
        sections.append(
            (random.choice(["application", "composit", "filter"]), random.choice(NAMES))
        )
    parts = [section(random, *each) for each in sections]
    default = ["[DEFAULT]", "http_port = 1", *random.choice([[], [], [], ["set y = 1"]])]
    keys = random.sample(KEYS[:-3], random.choice([0, 0, 1]))
    default += [written(random, key, rarely(random, VALUES, BAD_VALUES)) for key in keys]
    default += [f"{key} = 1" for key in ("x", "debug") if key not in keys]
    parts.insert(random.choice([0, 0, 3]), "\n".join(default))
    mark = "\ufeff" if random.random() < 0.005 else ""
    return mark + "\n".join(parts) + "\n"


def variables(random):
    keys = random.sample(["http_port", "debug", "origin", "here", "x"], random.choice([0, 0, 1, 2]))
    return {key: random.choice(["8080", "8080", "", "%%"]) for key in keys}


# --- the comparison ---

REQUESTS = [("http", "/"), ("http", "/x"), ("http", "/x/y"), ("https", "/z")]


def asked(app):
    """What the middlewares note of some requests."""
    for scheme, path in REQUESTS:
        environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path}
        app({**environ, "HTTP_HOST": "h", "wsgi.url_scheme": scheme}, lambda *arguments: None)


def theirs(path, variables):
    noted.clear()
    try:
        asked(loadapp(f"config:{path}", global_conf=variables))
    except (Exception, SystemExit) as error:  # whatever PasteDeploy, or what it made, raises
        return error
    return list(noted)


def ours(path, variables):
    noted.clear()
    try:
        file = IniFile(path, variables)
        asked(iniapps.build(file.load(APP, "main", variables, path, "main")).app)
    except (IniError, OSError) as error:
        return error
    return list(noted)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wsgicors, "make_middleware", Noted)
        patch.setattr(iniapps, "make_middleware", Noted)
        yield tmp_path_factory.mktemp("ini")


def difference(directory, files, given):
    """What PasteDeploy sees and what we see, if that is not the same."""
    for name, text in files.items():
        (directory / name).write_bytes(text.encode())  # with its own line ends
    real = theirs(str(directory / "main.ini"), given)
    found = ours(str(directory / "main.ini"), given)
    # Neither the distributions of a server are known where a file is checked, nor what the
    # factories of others do: here, the one of an application is used as a filter.
    if isinstance(real, PackageNotFoundError) or str(real).startswith("leaf."):
        return None
    if isinstance(found, IniError) and "PasteDeploy cannot apply it" in str(found):
        return None  # it makes an application that fails when it is called, perhaps by none of ours
    if isinstance(real, BaseException) and isinstance(found, BaseException):
        return None
    return None if real == found else (real, found)


def shortened(directory, files, given):
    """The files without the lines that the difference does not need."""
    for name in files:
        lines = files[name].split("\n")
        for index in range(len(lines) - 1, -1, -1):
            fewer = {**files, name: "\n".join([*lines[:index], *lines[index + 1 :]])}
            if difference(directory, fewer, given):
                files = fewer
                del lines[index]
    return files


# A few seconds here; for more, WSGICORS_INI_SEEDS=20000.
SEEDS = int(os.environ.get("WSGICORS_INI_SEEDS", "400"))
FIRST_SEED = int(os.environ.get("WSGICORS_INI_FIRST_SEED", "0"))


def test_generated_files_are_read_as_pastedeploy_reads_them(directory):
    loaded = 0
    for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
        random = Random(seed)
        files = {"main.ini": ini_file(random), "other.ini": ini_file(random)}
        given = variables(random)
        if difference(directory, files, given):
            files = shortened(directory, files, given)
            pytest.fail(f"{seed} {given} {files}: {difference(directory, files, given)}")
        loaded += bool(noted)
    assert loaded > SEEDS / 10
