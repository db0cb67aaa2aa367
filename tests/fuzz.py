"""Fuzzing with atheris (``pip install atheris``, CPython 3.11 or later): each target starts with its invariant.

All targets, a minute each, starting from the tables of the tests::

    python tests/fuzz.py 60

One target, for longer::

    python tests/fuzz.py 3600 ini

It ends with an error as soon as an invariant does not hold, and leaves the input in a file that it names. What was
found before is in test_fuzz.py, which runs the targets on their seeds as well.
"""

from __future__ import annotations

import contextlib
import io
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).parent
MAX_INPUT = 4096  # bytes; what is longer finds nothing new
MAX_SECONDS = 10  # for one input: cost is linear, so this is a thousand times more than it takes

if __name__ == "__main__":
    import atheris

    sys.path[:0] = [str(TESTS.parent), str(TESTS)]
    with atheris.instrument_imports(include=["wsgicors", "wsgicors_explain"]):
        import wsgicors
        import wsgicors_explain
else:
    import wsgicors
    import wsgicors_explain
from raw_responses import RESPONSES  # noqa: E402  after the instrumented imports
from support import plain_app  # noqa: E402
from test_ini import WAYS  # noqa: E402
from test_origins import MENDED, OKAY, REFUSED  # noqa: E402
from test_pasted import CODE, CONSOLE, COPIES, PAGE, TYPED, UNREADABLE, WRAPPED  # noqa: E402
from test_properties import is_token, loads, matches, respond, well_formed  # noqa: E402

from wsgicors_explain.http1 import call_http  # noqa: E402
from wsgicors_explain.wire import URL, Unreachable  # noqa: E402

OTHER_ORIGINS = [
    "https://app.example.com",
    "null",
    "https://pr-1.example.com:8443",
    "http://[::1]",
    "https://a.b.",
    "",
]


def origins(data):
    """A pattern loads, or its message shows one that does; it admits exactly the well-formed origins of its words."""
    pattern, _, origin = data.partition(b"\n")
    pattern, origin = pattern.decode("utf-8", "surrogateescape"), origin.decode("latin-1")
    if len(origin) <= wsgicors.MAX_ORIGIN:
        assert (origin != "null" and wsgicors.is_origin(origin)) == well_formed(origin)
    if pattern in ("*", "copy"):
        return
    try:
        policy = wsgicors.CORS(plain_app, origin=[pattern]).policies["direct"]
    except wsgicors.ConfigError as error:
        (problem,) = error.problems
        assert problem.value == pattern and len(str(error).splitlines()) == 2, error
        said, mended, form = problem.message.rpartition("): write '")
        if mended and "is not what browsers send" in said:
            assert loads(origin=[form[:-1]]), error
        return
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    admitted = policy.allows(origin, environ)
    expected = (
        origin == "null" if pattern == "null" else well_formed(origin) and matches(pattern, origin)
    )
    assert admitted is expected, (pattern, origin)


def headers(data):
    """Requested headers are named once each if they are names, else refused; Vary keeps each name, once."""
    asked, _, vary = (part.decode("latin-1") for part in data.partition(b"\n"))
    environ = {
        **{"REQUEST_METHOD": "OPTIONS", "PATH_INFO": "/", "HTTP_ORIGIN": "https://a.example"},
        **{
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
            "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": asked,
        },
    }
    status, answered = respond(ECHOING, environ)
    echoed = [value for name, value in answered if name == "Access-Control-Allow-Headers"]
    names = [name.strip(" ") for name in asked.split(",")]
    if len(asked) <= 4096 and all(map(is_token, names)) and asked == asked.strip(" "):
        assert status == 200
        (named,) = [value.split(", ") for value in echoed]
        assert named[:2] == ["Authorization", "Content-Type"]
        lower = [name.lower() for name in named]
        assert sorted(set(lower)) == sorted(lower)
        assert set(lower[:2]) | {name.lower() for name in names} == set(lower)
    elif asked:
        assert (status, echoed) == (403, [])
    else:
        assert (status, echoed) == (200, ["Authorization, Content-Type"])

    merged = [name.strip() for name in wsgicors.merge_vary([vary], "Origin").split(",")]
    wanted = {name.strip().lower() for name in vary.split(",")} - {""} | {"origin"}
    assert merged == ["*"] if "*" in wanted else {name.lower() for name in merged} == wanted
    assert len(merged) == 1 or len(merged) == len(wanted)


ECHOING = wsgicors.CORS(plain_app, origin="https://a.example", headers="*", credentials=True)


def ini(data):
    """`check` reads any file to its end: status 0, 1 or 2, each line printable, and each problem says in which file."""
    text = data.replace(b"call:", b"cal:").replace(
        b"config:/", b"config:"
    )  # objects and files of this machine
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "app.ini")
        path.write_bytes(text)
        with (
            contextlib.redirect_stdout(io.StringIO()) as output,
            contextlib.redirect_stderr(io.StringIO()),
        ):
            status = wsgicors_explain.main(["check", str(path)])
        found = wsgicors_explain.iniapps.read_ini(str(path), {})
    problems = [*found.problems, *(problem for use in found.uses for problem in use.problems)]
    assert status == (1 if problems else 0 if found.uses else 2), problems
    assert all(problem.startswith(directory) for problem in problems), problems
    assert all(line.isprintable() for line in output.getvalue().split("\n"))


def pastes(data):
    """Any paste is answered: a last line or an error, each line printable, and nothing is sent."""
    given, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(data))
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()) as output,
            contextlib.redirect_stderr(io.StringIO()) as errors,
        ):
            status = wsgicors_explain.main(["explain", "-", "--offline", "--origin", PAGE])
    finally:
        sys.stdin = given
    lines = output.getvalue().splitlines()
    assert status == 2 or lines[-1].startswith(("ALLOWED", "BLOCKED", "UNKNOWN"))
    assert (status == 2) == errors.getvalue().startswith("wsgicors: ")
    assert all(
        line.isprintable() for text in (output, errors) for line in text.getvalue().split("\n")
    )


def responses(data):
    """Whatever a server sends is soon a response with well-formed headers, or none and a line that says why."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = URL.parse(f"http://127.0.0.1:{listener.getsockname()[1]}/")

        def serve():
            connection, _ = listener.accept()
            with listener, connection:
                connection.recv(4096)
                connection.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        started = time.monotonic()
        try:
            status, headers, body, _ = call_http(60, "GET", url, [("Host", "a")], b"")
        except Unreachable as error:
            assert str(error).isprintable()
        else:
            assert 200 <= status <= 999
            assert len(body) <= min(len(data), 65536)
            assert all(is_token(name) for name, _ in headers)
            assert not any(set(value) & set("\0\r\n") for _, value in headers)
        assert time.monotonic() - started < 30  # no part of it waits for the time limit
        thread.join()


def rule(parameter):
    return parameter.values[0]


TARGETS = {
    origins: [
        f"{pattern}\n{origin}".encode("utf-8", "surrogateescape")
        for pattern in map(rule, [*OKAY, *REFUSED, *MENDED])
        for origin in (*OTHER_ORIGINS, pattern.replace(":*", ":1").replace("*", "a"))
        if origin.isascii()
    ],
    headers: [
        f"{asked}\n{vary}".encode("latin-1")
        for asked in ("", "x-a", "x-a,x-b", "x-a, x-b", "x-a\t,x-b", "x-a,,x-b", ",", "\xe9", "x" * 4096, "x" * 4097)
        for vary in ("", "*", "Accept", "accept, Origin", "Accept,, ,origin,Accept")
    ],
    ini: [text.format(here="test_ini", origin=origin).replace("  ", "").encode() for text in WAYS.values()
          for origin in ("*", "", "https://a.example/", "a\n b\norigins = x\npolicy = a, deny, b\na_origin = *")],
    responses: [raw.data for raw in RESPONSES.values() if len(raw.data) <= MAX_INPUT],
    pastes: [*(text.encode() for text, *_ in CONSOLE.values()), *map(str.encode, COPIES.values()),
             *(text.encode() for text, *_ in [*UNREADABLE.values(), *TYPED.values(), *CODE.values()]),
             *map(str.encode, WRAPPED.values())],
}  # fmt: skip


def main():
    seconds, *names = sys.argv[1:]
    if not names:  # each in a process of its own, which atheris ends
        for target in TARGETS:
            subprocess.run([sys.executable, __file__, seconds, target.__name__], check=True)
        return
    target = next(target for target in TARGETS if target.__name__ == names[0])
    print(f"{target.__name__}: {target.__doc__}", flush=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(TARGETS[target]):
            Path(corpus, f"seed{number}").write_bytes(seed)
        limits = [f"-max_total_time={seconds}", f"-max_len={MAX_INPUT}", f"-timeout={MAX_SECONDS}"]
        atheris.Setup(
            [sys.argv[0], *limits, f"-artifact_prefix={tempfile.gettempdir()}/", corpus], target
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
