"""The messages that the three engines really write are understood, and each has an answer from its text alone."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import threading
from collections import defaultdict
from concurrent.futures import Future
from urllib.parse import parse_qs

import pytest
from engines import ENGINES, serve, visit

from wsgicors_explain import main
from wsgicors_explain.answers import WITHOUT_CAUSE
from wsgicors_explain.pasted import read_pasted

pytestmark = pytest.mark.once

AO = "Access-Control-Allow-Origin"
AC = "Access-Control-Allow-Credentials"
AM = "Access-Control-Allow-Methods"
AH = "Access-Control-Allow-Headers"
ANY = {AO: "*"}
PUT = {"method": "PUT"}
INCLUDE = {"credentials": "include"}
NAMED = {"headers": {"X-A": "1"}}
MISSING = ("allow-origin-missing", "allow-origin-missing", "allow-origin-refused")

# The status and headers of each response, the page's options, and what the message is understood as: the same in each
# engine, or in Chromium, Firefox and WebKit. None: the engine writes nothing that is about CORS.
FAULTS = {
    "missing": (200, {}, {}, MISSING),
    "error": (500, {}, {}, MISSING),
    "several": (200, {AO: "http://a.example, http://b.example"}, {},
                "allow-origin-multiple"),
    "twice": (200, {AO: "http://a.example", AO.lower(): "http://b.example"}, {}, "allow-origin-multiple"),
    "invalid": (200, {AO: "nonsense"}, {},
                ("allow-origin-invalid", "allow-origin-differs", "allow-origin-refused")),
    "differs": (200, {AO: "http://a.example"}, {},
                ("allow-origin-differs", "allow-origin-differs", "allow-origin-refused")),
    "wildcard": (200, ANY, INCLUDE, "wildcard-with-credentials"),
    "credentials": (200, {AO: "PAGE", AC: "True"}, INCLUDE, "allow-credentials"),
    "uncredited": (200, {AO: "PAGE"}, INCLUDE, "allow-credentials"),
    "preflight": (200, {}, PUT, MISSING),
    "broken": (500, {}, PUT, (*MISSING[:2], "status")),
    "status": (404, ANY, PUT, "status"),
    "redirect": (302, {**ANY, "Location": "/x"}, PUT, "preflight-redirect"),
    "method": (200, ANY, PUT, "method"),
    "header": (200, ANY, NAMED, "header"),
    "authorization": (200, {**ANY, AH: "*"}, {"headers": {"Authorization": "x"}},
                      (None, "authorization-wildcard", None)),
    "methods": (200, {**ANY, AM: "a b"}, PUT, "invalid-list"),
    "headers": (200, {**ANY, AH: "a b"}, NAMED, "invalid-list"),
    "elsewhere": (302, {**ANY, "Location": "OTHER/elsewhere?page=PAGE"}, {}, MISSING),
    "password": (302, {**ANY, "Location": "SECRET/password?page=PAGE"}, {},
                 ("redirect-password", "network", "redirect-password")),
    "loop": (302, {**ANY, "Location": "/loop?page=PAGE"}, {}, (None, "network", "redirects")),
    "mode": (200, ANY, {"mode": "same-origin"}, ("same-origin-mode", "same-origin-only", "unknown")),
    "down": (0, {}, {}, (None, "network", None)),
    "policy": (200, ANY, {}, "security-policy"),
    "xhr": (200, {}, {"by": "xhr"}, MISSING),
    "xhr-wildcard": (200, ANY, {"by": "xhr", **INCLUDE}, "wildcard-with-credentials"),
    "image": (200, {}, {"by": "image"}, MISSING),
    "script": (200, {"Content-Type": "text/javascript"}, {"by": "script"}, (*MISSING[:2], None)),
    "events": (200, {}, {"by": "events"}, MISSING),
    "font": (200, {}, {"by": "font"}, (*MISSING[:2], None)),
}  # fmt: skip
LAST = "every request has ended"
PAGE = """<!doctype html>
<meta http-equiv="Content-Security-Policy" content="connect-src http://127.0.0.1:*"><script>
const load = (element, add) => new Promise((resolve) => {
  element.onload = element.onerror = resolve;
  add(element);
});
const ways = {
  fetch: (url, options) => fetch(url, options),
  xhr: (url, {credentials}) => load(new XMLHttpRequest(), (asked) => {
    asked.open("GET", url);
    asked.withCredentials = credentials === "include";
    asked.send();
  }),
  image: (url) => load(new Image(), (image) => Object.assign(image, {crossOrigin: "", src: url})),
  script: (url) => load(document.createElement("script"), (script) => {
    document.head.append(Object.assign(script, {type: "module", src: url}));
  }),
  events: async (url) => {
    const source = new EventSource(url);
    await load(source, () => 0);
    source.close();
  },
  font: (url) => new FontFace("a", `url(${url})`).load(),
};
(async () => {
  for (const [url, {by, ...options}] of CASES) {
    await Promise.resolve(ways[by || "fetch"](url, options)).catch(() => 0);
  }
  console.log(LAST);
  await fetch("/done", {method: "POST"});
})();
</script>"""


def other(environ, start_response):
    """Another origin, which knows nothing of CORS."""
    start_response("200 OK", [("Content-Length", "0")])
    return []


def faulty(elsewhere):
    """Answers with the status and the headers of the fault that the path names."""

    def app(environ, start_response):
        status, headers, *_ = FAULTS[environ["PATH_INFO"][1:]]
        values = {
            "PAGE": parse_qs(environ["QUERY_STRING"])["page"][0],
            "OTHER": f"http://127.0.0.1:{elsewhere}",
            "SECRET": f"http://me:geheim@127.0.0.1:{elsewhere}",
        }
        sent = [
            (name, re.sub("[A-Z]{4,}", lambda match: values[match[0]], value))
            for name, value in headers.items()
        ]
        start_response(f"{status} Status", [("Content-Length", "0"), *sent])
        return []

    return app


@contextlib.contextmanager
def refusing():
    """A port of this machine that is taken, and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextlib.contextmanager
def servers():
    """The ports of the page, the API, another origin and a server that is down; and what tells that all was asked."""
    done = Future()

    def pages(environ, start_response):
        if environ["REQUEST_METHOD"] == "POST":
            done.set_result(None)
        page = f"http://{environ['HTTP_HOST']}"
        cases = [
            # The page's own policy allows the address, and not the name.
            (
                f"http://{'localhost' if name == 'policy' else '127.0.0.1'}:{api if status else down}"
                f"/{name}?page={page}",
                options,
            )
            for name, (status, _, options, _) in FAULTS.items()
        ]
        start_response("200 OK", [("Content-Type", "text/html")])
        return [PAGE.replace("CASES", json.dumps(cases)).replace("LAST", json.dumps(LAST)).encode()]

    with (
        serve(other) as third,
        serve(faulty(third)) as api,
        refusing() as down,
        serve(pages) as own,
    ):
        yield f"http://127.0.0.1:{own}/", done


def visit_writing(engine, log, switches, read, servers):
    """Open the page of the servers in the engine, and give each line that it writes to `read`, in a thread.

    Gives the page's origin, and what `read` puts into its second argument; the third one tells that all was asked.
    """
    os.mkfifo(log)

    def start(program, profile, url):
        command = [*engine.start(program, profile, url), *switches]
        if engine.name == "webkit":
            command = [program, *switches, url]
        elif engine.name == "firefox":
            with open(profile / "user.js", "a", encoding="utf-8") as preferences:
                preferences.write('user_pref("marionette.port", 0);\n')
        return ["sh", "-c", 'exec "$@" > "$0" 2>&1', str(log), *command]

    def follow():
        with open(log, encoding="utf-8", errors="replace") as lines:
            read(lines, found, asked)

    found = Future()
    threading.Thread(target=follow, daemon=True).start()
    with servers() as (url, asked):
        return url.rstrip("/"), visit(engine._replace(start=start), url, found)


def lines_of_chromium(lines, found, asked):
    """Up to the page's last line, which may be written after its last request."""
    written = []
    for line in lines:
        written.append(line)
        if LAST in line and "CONSOLE" in line and not found.done():
            found.set_result(written)


def lines_of_webkit(lines, found, asked):
    """All that is written before the page's last request."""
    written = []
    asked.add_done_callback(lambda _: found.set_result(written))
    written.extend(lines)


def lines_of_firefox(lines, found, asked):
    """Those of its browser console, as Marionette gives them: its output has none of them."""
    for line in lines:
        listening = re.search(r"Listening on port (\d+)", line)
        if listening:
            asked.result()
            found.set_result(firefox_console(int(listening[1])))


def firefox_console(port):
    """https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html"""
    script = "return Services.console.getMessageArray().map(({message}) => message)"
    with socket.create_connection(("127.0.0.1", port), 30) as connected:
        stream = connected.makefile("rwb")

        def receive():
            length = b"".join(iter(lambda: stream.read(1), b":"))
            return json.loads(stream.read(int(length)))

        def command(number, name, **parameters):
            sent = json.dumps([0, number, name, parameters]).encode()
            stream.write(b"%d:%s" % (len(sent), sent))
            stream.flush()
            _, _, error, result = receive()
            assert error is None, error
            return result

        assert receive()["marionetteProtocol"] == 3
        command(1, "WebDriver:NewSession")
        command(2, "Marionette:SetContext", value="chrome")
        return command(3, "WebDriver:ExecuteScript", script=script, args=[])["value"]


WRITING = {
    "chromium": (["--enable-logging=stderr"], lines_of_chromium),
    "firefox": (["--marionette", "--remote-allow-system-access"], lines_of_firefox),
    "webkit": (["--enable-write-console-messages-to-stdout=true"], lines_of_webkit),
}


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_messages_of_a_real_engine_are_understood(engine, tmp_path, monkeypatch, capsys):
    engine.require()
    origin, lines = visit_writing(engine, tmp_path / "log", *WRITING[engine.name], servers)
    texts = by_fault(lines)
    kinds, answers = {}, {}
    for fault, text in texts.items():
        pasted = read_pasted(text)
        assert pasted.said.engine.lower() == engine.name, text
        assert pasted.url.endswith(f"/{fault}?page={origin}"), text
        assert pasted.origin in (None, "null" if fault == "elsewhere" else origin, origin), text
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert main(["explain", "-", "--offline", "--origin", origin]) == 1
        kinds[fault] = pasted.said.kind
        answers[fault] = capsys.readouterr().out.splitlines()[-1]
    at = ENGINES.index(engine)
    expected = {
        fault: kind if isinstance(kind, str) else kind[at] for fault, (*_, kind) in FAULTS.items()
    }
    assert kinds == {fault: kind for fault, kind in expected.items() if kind}, "".join(lines)
    for fault, kind in kinds.items():
        assert answers[fault].startswith("UNKNOWN: " if kind in WITHOUT_CAUSE else "BLOCKED: "), (
            fault
        )
        assert "geheim" not in answers[fault]


def by_fault(lines):
    """What there is to paste of each fault: the lines with its URL, and those before them that name none."""
    texts, before = defaultdict(str), ""
    for line in lines:
        found = re.search(r"/([a-z-]+)\?page=", line)
        before += line.rstrip("\n") + "\n"
        if found:
            texts[found[1]] += before
            before = ""
    return texts
