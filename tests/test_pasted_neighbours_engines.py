"""The messages that the three engines write about rules beside CORS, mixed content first, are understood.

The page is on https://127.0.0.1, and the same server is another origin by the name localhost.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
import ssl
from collections import defaultdict
from concurrent.futures import Future
from urllib.parse import urlsplit
from wsgiref.simple_server import make_server

import pytest
from engines import ENGINES, _QuietHandler, _Server, serve
from support import served
from test_browser_http import certificate, tls  # noqa: F401
from test_pasted_engines import LAST, WRITING, visit_writing

from wsgicors_explain import main
from wsgicors_explain.answers import CURES
from wsgicors_explain.copied import PasteError
from wsgicors_explain.pasted import read_pasted

pytestmark = pytest.mark.once

AO = ("Access-Control-Allow-Origin", "*")
JS = ("Content-Type", "text/javascript")
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# What the page does, and what the message is understood as: the same in each engine, or in Chromium, Firefox and
# WebKit. None: the engine writes nothing, or only into its developer tools.
CASES = {
    "mixed-fetch": ("fetch(HTTP)", "mixed-content"),
    "mixed-xhr": ("xhr(HTTP, () => 0)", "mixed-content"),
    "mixed-loopback": ("fetch(LOOPBACK)", (None, None, "mixed-content")),
    "mixed-redirect": ("fetch(OWN)", "mixed-content"),
    "mixed-script": ("element('script', {src: HTTP})", "mixed-content"),
    "mixed-socket": ("socket(HTTP)", ("mixed-content", "insecure", "mixed-content")),
    "mixed-image": ("element('img', {src: HTTP})", ("upgraded", None, "upgraded")),
    "socket": ("socket(URL)", (None, "websocket", "websocket")),
    "events": ("events(URL)", ("event-source", "event-source-failed", "event-source")),
    "opaque": ("fetch(URL)", "service-worker-opaque"),
    "rejecting": ("fetch(URL)", "service-worker"),
    "worker": ("new Worker(URL)", ("worker", "same-origin-only", "insecure")),
    "canvas": ("read(URL)", ("canvas", "insecure", "canvas")),
    "erring": ("erring(URL)", ("script-error", None, "script-error")),
    "integrity": ("element('script', {src: URL, integrity: HASH})", "integrity"),
    "sheet": ("rules(URL)", "stylesheet"),
    "framed": ("element('iframe', {src: URL})", "framing"),
    "embedded": ("element('img', {src: URL})", (None, "resource-policy", "resource-policy")),
    "typed": ("element('script', {src: URL, type: 'module'})", ("mime-type", "network", "mime-type")),
    "sniffed": ("element('script', {src: URL})", (None, "opaque-response", None)),
    "inside": ("inside(URL)", "frame-access"),
    "history": ("history.pushState(0, '', URL)", ("history", "same-origin-only", "history")),
    "user": ("fetch(URL.replace('//', '//a:b@'))", ("url-password", "url-password", None)),
    "forbidden": ("xhr(URL, (asked) => asked.setRequestHeader('Origin', 'x'))", "forbidden-header"),
    "unexposed": ("xhr(URL, () => 0, (asked) => asked.getResponseHeader('X-A'))", ("unexposed", None, None)),
    "cookie": ("element('img', {src: URL})", (None, "cookie", None)),
}  # fmt: skip
ANSWERS = {
    "events": ([AO, ("Content-Type", "application/json")], b"{}"),
    "canvas": ([("Content-Type", "image/png")], PNG),
    "erring": ([JS], b"throw new Error('hidden');"),
    "integrity": ([JS], b""),
    "sheet": ([("Content-Type", "text/css")], b"p { color: red }"),
    "framed": ([("Content-Type", "text/html"), ("X-Frame-Options", "DENY")], b"x"),
    "embedded": ([("Content-Type", "image/png"), ("Cross-Origin-Resource-Policy", "same-origin")], PNG),
    "typed": ([AO, ("Content-Type", "text/html")], b"<p>"),
    "sniffed": ([("Content-Type", "application/json")], b'{"a": 1}'),
    "inside": ([("Content-Type", "text/html")], b"x"),
    "unexposed": ([AO, ("X-A", "1")], b"x"),
    "forbidden": ([AO], b"x"),
    "cookie": ([AO, ("Set-Cookie", "a=1; SameSite=Lax")], b"x"),
}  # fmt: skip
SERVICE_WORKER = """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
self.addEventListener("fetch", (event) => {
  const {url, mode} = event.request;
  if (mode === "navigate") return;
  if (url.includes("/opaque?")) event.respondWith(fetch(url, {mode: "no-cors"}));
  if (url.includes("/rejecting?")) event.respondWith(Promise.reject(new Error("gone")));
});
"""
# Each case has a document of its own, whose URL the engines write beside what has none.
FRAME = """<!doctype html><body><script>
const NAMES = VALUES;
const {HTTP, LOOPBACK, OWN, URL, HASH} = NAMES;
const load = (target, add) => new Promise((resolve) => {
  target.onload = target.onerror = target.onclose = resolve;
  setTimeout(resolve, 3000);
  add(target);
});
const element = (name, properties) => load(document.createElement(name), (made) => {
  document.body.append(Object.assign(made, properties));
});
const xhr = (url, before, after) => load(new XMLHttpRequest(), (asked) => {
  asked.open("GET", url);
  before(asked);
  asked.send();
  if (after) asked.onload = () => { after(asked); asked.onerror(); };
});
const socket = (url) => load(new WebSocket(url.replace("http", "ws")), () => 0);
const events = (url) => load(new EventSource(url), () => 0);
const read = async (url) => {
  const image = new Image(), context = document.createElement("canvas").getContext("2d");
  await load(image, () => image.src = url);
  context.drawImage(image, 0, 0);
  context.getImageData(0, 0, 1, 1);
};
const erring = async (url) => {
  let found;
  window.onerror = (message) => { found = message; };
  await element("script", {src: url});
  window.onerror = null;
  throw new Error(found);
};
const rules = async (url) => {
  const link = document.createElement("link");
  await load(link, () => document.body.append(Object.assign(link, {rel: "stylesheet", href: url})));
  link.sheet.cssRules;
};
const inside = async (url) => {
  const frame = document.createElement("iframe");
  await load(frame, () => document.body.append(Object.assign(frame, {src: url})));
  frame.contentWindow.document;
};
console.log("case");
(async () => {
  try {
    await (WHAT);
  } catch (error) {
    setTimeout(() => { throw error; });
  }
  setTimeout(() => parent.postMessage("ended", "*"), 100);
})();
</script>"""
PAGE = """<!doctype html><body><script>
(async () => {
  await navigator.serviceWorker.register("/service-worker.js");
  await navigator.serviceWorker.ready;
  for (const name of NAMES) {
    const frame = document.createElement("iframe");
    const ended = new Promise((resolve) => { window.onmessage = resolve; });
    frame.src = `/${name}?page=frame`;
    document.body.append(frame);
    await ended;
  }
  console.log(LAST);
  await fetch("/done", {method: "POST"});
})();
</script>"""


def frame(name, own, other, plain):
    """The document of a case; each URL in it has its name."""
    values = {
        "HTTP": f"http://api.example.com/{name}?page=http",
        "LOOPBACK": f"http://127.0.0.1:{plain}/{name}?page=loopback",
        "OWN": f"{own}/{name}?page=redirect",
        "URL": f"{other}/{name}?page=other",
        "HASH": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    }
    return FRAME.replace("VALUES", json.dumps(values)).replace("WHAT", CASES[name][0]).encode()


def allowing(environ, start_response):
    """An http server on loopback, which allows every page."""
    start_response("200 OK", [AO, ("Content-Length", "0")])
    return []


def https_servers(context):
    """What gives the page's URL, on https, and what tells that all was asked."""

    @contextlib.contextmanager
    def servers():
        done = Future()

        def app(environ, start_response):
            name, query = environ["PATH_INFO"][1:], environ["QUERY_STRING"]
            port = environ["SERVER_PORT"]
            own, other = f"https://127.0.0.1:{port}", f"https://localhost:{port}"
            status, headers, body = "200 OK", [("Content-Type", "text/html")], b""
            if environ["REQUEST_METHOD"] == "POST":
                done.set_result(None)
            elif name == "":
                names = json.dumps(list(CASES))
                body = PAGE.replace("NAMES", names).replace("LAST", json.dumps(LAST)).encode()
            elif name == "service-worker.js":
                headers, body = [JS], SERVICE_WORKER.encode()
            elif query == "page=frame":
                body = frame(name, own, other, plain)
            elif query == "page=redirect":
                status, headers = (
                    "302 Found",
                    [("Location", f"http://api.example.com/{name}?page=http")],
                )
            elif name == "socket":
                status = "403 Forbidden"
            else:
                headers, body = ANSWERS.get(name, ([], b""))
            start_response(status, [*headers, ("Content-Length", str(len(body)))])
            return [body]

        server = make_server("127.0.0.1", 0, app, _Server, _QuietHandler)
        # Without its handshake here, in the thread that accepts all connections.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        with serve(allowing) as plain, served(server) as port:
            yield f"https://127.0.0.1:{port}/", done

    return servers


def trusting(engine):
    """The engine, with the server's certificate as one that a person has accepted."""

    def start(program, profile, url):
        command = engine.start(program, profile, url)
        port = urlsplit(url).port
        pem = ssl.get_server_certificate(("127.0.0.1", port))
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        pairs = ":".join(re.findall("..", digest))
        lines = [
            f"{host}:{port}:\tOID.2.16.840.1.101.3.4.2.1\t{pairs}\t\n"
            for host in ("127.0.0.1", "localhost")
        ]
        (profile / "cert_override.txt").write_text("".join(lines))  # of Firefox
        return command

    return engine._replace(start=start)


TRUSTING = {"chromium": ["--ignore-certificate-errors"], "webkit": ["--ignore-tls-errors"]}


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_messages_of_a_real_engine_about_other_rules_are_understood(
    engine, tls, tmp_path, monkeypatch, capsys  # noqa: F811
):  # fmt: skip
    engine.require()
    switches, read = WRITING[engine.name]
    switches = [*switches, *TRUSTING.get(engine.name, [])]
    origin, lines = visit_writing(
        trusting(engine), tmp_path / "log", switches, read, https_servers(tls)
    )
    kinds, answers = {}, {}
    for case, text in by_case(lines).items():
        kinds[case] = kind_of(text)
        if kinds[case] is not None:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
            assert main(["explain", "-", "--offline", "--origin", origin]) == 1, case
            answers[case] = capsys.readouterr().out.splitlines()[-1]
    at = ENGINES.index(engine)
    expected = {
        case: kind if isinstance(kind, str) else kind[at] for case, (_, kind) in CASES.items()
    }
    assert {**dict.fromkeys(CASES), **kinds} == expected, "".join(lines)
    for case, answer in answers.items():
        known = kinds[case] in CURES
        assert re.match("BLOCKED: (this is not CORS|CORS applies here): ", answer) or not known, (
            case
        )


def kind_of(text):
    """What the message in a text is understood as, if there is one."""
    try:
        said = read_pasted(text).said
    except PasteError:
        return None
    return said and said.kind


def by_case(lines):
    """What was written of each case: the lines with its name in a URL, and those below that have none."""
    texts, case = defaultdict(str), ""
    for line in lines:
        found = re.search(r"/([a-z-]+)\?page=", line)
        case = found[1] if found else case
        texts[case] += line.rstrip("\n") + "\n"
    texts.pop("", None)
    return texts
