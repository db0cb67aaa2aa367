"""The messages that Chromium and WebKit really write are understood; Firefox's are in test_pasted.py."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import Future
from urllib.parse import parse_qs

import pytest
from engines import ENGINES, serve, visit

from wsgicors_explain.console import read_console

pytestmark = pytest.mark.once

AO = "Access-Control-Allow-Origin"
AC = "Access-Control-Allow-Credentials"
ANY = {AO: "*"}
PUT = {"method": "PUT"}
INCLUDE = {"credentials": "include"}

# The status and headers of each response, the page's options, and what the message is understood as.
FAULTS = {
    "missing": (200, {}, {}, "allow-origin-missing allow-origin-refused"),
    "error": (500, {}, {}, "allow-origin-missing allow-origin-refused"),
    "several": (200, {AO: "http://a.example, http://b.example"}, {},
                "allow-origin-multiple"),
    "differs": (200, {AO: "http://a.example"}, {}, "allow-origin-differs allow-origin-refused"),
    "wildcard": (200, ANY, INCLUDE, "wildcard-with-credentials"),
    "credentials": (200, {AO: "PAGE", AC: "True"}, INCLUDE, "allow-credentials"),
    "preflight": (200, {}, PUT, "allow-origin-missing allow-origin-refused"),
    "status": (404, ANY, PUT, "status"),
    "redirect": (302, {**ANY, "Location": "/x"}, PUT, "preflight-redirect status"),
    "method": (200, ANY, PUT, "method"),
    "header": (200, ANY, {"headers": {"X-A": "1"}}, "header"),
    "methods": (200, {**ANY, "Access-Control-Allow-Methods": "a b"}, PUT, "invalid-list"),
    "headers": (200, {**ANY, "Access-Control-Allow-Headers": "a b"},
                {"headers": {"X-A": "1"}}, "invalid-list"),
}  # fmt: skip
LAST = "every request has ended"
PAGE = """<script>
(async () => {
  for (const [url, options] of CASES) await fetch(url, options).catch(() => 0);
  console.log(LAST);
  await fetch("/done", {method: "POST"});
})();
</script>"""


def faulty(environ, start_response):
    """Answers with the status and the headers of the fault that the path names."""
    status, headers, *_ = FAULTS[environ["PATH_INFO"][1:]]
    page = parse_qs(environ["QUERY_STRING"])["page"][0]
    sent = [(name, value.replace("PAGE", page)) for name, value in headers.items()]
    start_response(f"{status} Status", [("Content-Length", "0"), *sent])
    return []


def writing(engine, log):
    """The engine, with its console in `log`, a named pipe."""

    def start(program, profile, url):
        command = engine.start(program, profile, url)
        if engine.name == "chromium":
            command[1:1] = ["--enable-logging=stderr"]
        else:
            command = [program, "--enable-write-console-messages-to-stdout=true", url]
        return ["sh", "-c", 'exec "$@" > "$0" 2>&1', str(log), *command]

    return engine._replace(start=start)


@pytest.mark.parametrize(
    "engine",
    [each for each in ENGINES if each.name != "firefox"],
    ids=lambda engine: engine.name,
)
def test_messages_of_a_real_engine_are_understood(engine, tmp_path):
    engine.require()
    done, log, lines = Future(), tmp_path / "log", []
    os.mkfifo(log)

    def read():
        """Collect what is written. Chromium may write it after the page's last request."""
        with open(log, errors="replace") as written:
            for line in written:
                lines.append(line)
                if LAST in line and engine.name == "chromium" and "CONSOLE" in line:
                    done.set_result(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with serve(faulty) as api:

        def pages(environ, start_response):
            origin = f"http://{environ['HTTP_HOST']}"
            if environ["REQUEST_METHOD"] == "POST" and engine.name == "webkit":
                done.set_result(None)
            cases = [
                (f"http://127.0.0.1:{api}/{name}?page={origin}", options)
                for name, (_, _, options, _) in FAULTS.items()
            ]
            start_response("200 OK", [("Content-Type", "text/html")])
            page = PAGE.replace("CASES", json.dumps(cases)).replace("LAST", json.dumps(LAST))
            return [page.encode()]

        with serve(pages) as port:
            visit(writing(engine, log), f"http://127.0.0.1:{port}/", done)
    reader.join(30)
    text, origin = "".join(lines), f"http://127.0.0.1:{port}"
    found = understood(engine, text)
    assert found.keys() == FAULTS.keys(), text
    for name, message in found.items():
        assert message.said.kind in FAULTS[name][-1].split(), text
        assert message.origin in (None, origin)


def understood(engine, text):
    """The message for each fault: Chromium's are in one text, WebKit's end with the URL."""
    parts = [text] if engine.name == "chromium" else text.split("due to access control checks")
    found = {}
    for part in parts if len(parts) == 1 else parts[:-1]:
        whole = part if len(parts) == 1 else f"{part}due to access control checks"
        for message in read_console(whole):
            if message.url:
                found[message.url.rpartition("?")[0].rpartition("/")[2]] = message
    return found
