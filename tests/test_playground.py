"""examples/playground.py as a visitor uses it: clicks in Chromium, each lesson in each engine, and what it refuses."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from engines import ENGINES, Engine, serve, visit
from support import need

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "examples" / "playground.py"


class Playground(NamedTuple):
    """A running playground: the address that it printed, and the ports of its two servers."""

    url: str
    page: int
    api: int


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    # -S: without site-packages, since nothing has to be installed.
    command = [sys.executable, "-S", str(SCRIPT), *arguments]
    # A shell lets what it runs in the background ignore Ctrl-C, and a child process inherits that.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, inherited)
    with running as started:
        try:
            yield started
        finally:
            started.kill()


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with process("--port", "0") as started:
        assert started.stdout is not None
        url = started.stdout.readline().split()[1]
        page = int(url.rstrip("/").rpartition(":")[2])
        site = command(page, "/site", {})
        yield Playground(url, page, int(json.loads(site.text)["api"].rpartition(":")[2]))


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str


def ask(
    port: int, method: str, path: str, headers: Mapping[str, str], body: str | None = None
) -> Reply:
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    ) as connection:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read().decode())


def command(port: int, path: str, asked: Mapping[str, Any], **headers: str | None) -> Reply:
    """What the playground's page sends to its server; a header that is None is left out."""
    host = f"shop.localhost:{port}"
    sent = {"Host": host, "Origin": f"http://{host}", "Content-Type": "application/json"}
    sent = {name: value for name, value in {**sent, **headers}.items() if value is not None}
    return ask(port, "POST", path, sent, json.dumps(asked))


def prepare(playground: Playground, ini: str) -> Any:
    request = {
        "session": "1",
        "ini": ini,
        "origin": f"http://shop.localhost:{playground.page}",
        "path": "/products",
    }
    request.update({"method": "GET", "headers": [], "credentials": "omit"})  # type: ignore[dict-item]  # a JSON object
    reply = command(playground.page, "/prepare", request)
    assert reply.status == 200, reply.text
    return json.loads(reply.text)


# ---------------------------------------------------------------------------------------------------------------------
# What it refuses
# ---------------------------------------------------------------------------------------------------------------------


def test_foreign_host_names_are_refused(playground: Playground) -> None:
    for port in (playground.page, playground.api):
        for host in (
            "rebound.example",
            f"rebound.example:{port}",
            "shop.localhost",
            f"shop.localhost.:{port}",
            "",
        ):
            assert ask(port, "GET", "/", {"Host": host}).status == 403
    assert (
        command(playground.page, "/site", {}, Host=f"rebound.example:{playground.page}").status
        == 403
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": "http://evil.localhost:{port}"},
        {"Origin": "http://evil.localhost:{port}", "Host": "evil.localhost:{port}"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_only_its_own_page_gives_commands(
    playground: Playground, headers: Mapping[str, str | None]
) -> None:
    sent = {name: value and value.format(port=playground.page) for name, value in headers.items()}
    for path in ("/site", "/prepare", "/wire", "/explain"):
        assert command(playground.page, path, {}, **sent).status == 403


def test_it_listens_on_loopback_only(playground: Playground) -> None:
    for port in (playground.page, playground.api):
        with pytest.raises(OSError):
            http.client.HTTPConnection("127.0.0.2", port, timeout=5).connect()


def test_call_is_never_loaded(playground: Playground) -> None:
    for value in (
        "call:antigravity:x",
        "https://a.example, call:antigravity:x",
        " CALL:antigravity:x",
        "\n  call:a:b",
    ):
        (problem,) = prepare(playground, f"origin = *\nmatchstrategy ={value}")["problems"]
        assert problem["key"] == "matchstrategy"
        assert "the playground does not allow it" in problem["message"]


def test_malformed_commands_are_errors_of_the_page(playground: Playground) -> None:
    assert command(playground.page, "/prepare", {}).status == 400
    assert command(playground.page, "/nothing", {}).status == 400
    assert command(playground.page, "/explain", {"text": "x"}).status == 400
    assert command(playground.page, "/site", {"long": "x" * 30_000}).status == 413
    too_long = {"Content-Length": "4000001"}
    assert command(playground.page, "/explain", {}, **too_long).text == "At most 4000000 bytes.\n"


@pytest.mark.parametrize(
    ("ini", "line", "message"),
    [
        ("origin", 1, "this is not an ini section"),
        ("origin = *\norigin = *", 2, "this is not an ini section"),
        ("[a]\norigin = *\n[b]\norigin = *", 0, "one section is needed"),
        ("[filter:cors]\nuse = egg:other\norigin = *", 2, "has only egg:wsgicors#middleware"),
        ("\norgin = *\norigin = *", 2, "remove it, because 'origin' is set as well"),
    ],
)
def test_wrong_configurations_say_where(
    playground: Playground, ini: str, line: int, message: str
) -> None:
    (problem,) = prepare(playground, ini)["problems"]
    assert problem["line"] == line
    assert message in problem["message"]


def test_a_section_with_its_header_is_a_configuration(playground: Playground) -> None:
    prepared = prepare(playground, "[filter:cors]\nuse = egg:wsgicors#middleware\norigin = *")
    assert prepared["prediction"]["allowed"] is True


# ---------------------------------------------------------------------------------------------------------------------
# A paste
# ---------------------------------------------------------------------------------------------------------------------

SHOP = "https://shop.example.com"
MESSAGE = f"Access to fetch at 'https://api.example.com/' from origin '{SHOP}' has been blocked by CORS policy: "
MISSING = MESSAGE + "No 'Access-Control-Allow-Origin' header is present on the requested resource."
MARKUP = "<img/src=x/onerror=document.title='run'>"
MARKED = (
    MESSAGE
    + f"Request header field {MARKUP} is not allowed by Access-Control-Allow-Headers in preflight"
)
DUMP = f"""\
GET / HTTP/1.1
Host: api.example.com
Referer: {SHOP}/cart
Cookie: session=geheim
HTTP/1.1 200 OK
Content-Type: text/plain
"""
FIREFOX = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
    "https://api.example.com/. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing)."
)
ERROR_FIRST = "; if the network panel shows an error status for it, fix that first, as errors often lack the header"
ANSWERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "message": (MISSING, "", {"lines": [
        "--  this is a message of Chromium: No 'Access-Control-Allow-Origin' header is present",
        "BLOCKED: Access-Control-Allow-Origin is missing. To fix it, send "
        f"Access-Control-Allow-Origin: {SHOP}{ERROR_FIRST}"]}),
    "headers": (DUMP, "", {"lines": [
        "--  this is a dump of headers",
        "--  ignored in the paste because browsers set them: Host, Referer, Cookie",
        "--  a response to GET that passes has:",
        f"--    Access-Control-Allow-Origin: {SHOP}",
        "--    Access-Control-Allow-Credentials: true",
        "--    Vary: Origin",
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be "
        f"{SHOP}. To fix it, let the server send the headers below"]}),
    "origin": (FIREFOX, f" {SHOP}/cart ", {"lines": [
        "--  this is a message of Firefox: CORS header ‘Access-Control-Allow-Origin’ missing",
        "BLOCKED: Access-Control-Allow-Origin is missing. To fix it, send "
        f"Access-Control-Allow-Origin: {SHOP}{ERROR_FIRST}"]}),
    "no-origin": (FIREFOX, "", {"error":
        "this is a message of Firefox: CORS header ‘Access-Control-Allow-Origin’ missing; the page's "
        "origin is unknown: write it in the field below the paste"}),
    "no-origin-either": (FIREFOX, "https://*.example.com", {"error":
        "'https://*.example.com' is not the origin of one page: write one such as 'https://app.example.com'"}),
    "prose": ("it does not work", "", {"error":
        "no request was found in this paste: paste the console's message, a curl command, fetch(...), a HAR "
        "file or the request's and the response's headers"}),
    "escape": ("fetch('\x1b[1m')", "", {"error":
        "the arguments of fetch( cannot be read: copy it with 'Copy as fetch'"}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "origin", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_paste_is_answered_from_its_text(
    playground: Playground, text: str, origin: str, answer: dict[str, Any]
) -> None:
    reply = command(playground.page, "/explain", {"text": text, "origin": origin})
    assert (reply.status, json.loads(reply.text)) == (200, answer)


def test_paste_is_sent_nowhere_and_written_nowhere() -> None:
    asked = []

    def api(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return []

    with serve(api) as port, process("--port", "0") as started:
        assert started.stdout is not None
        page = int(started.stdout.readline().split()[1].rstrip("/").rpartition(":")[2])
        copied = f"curl http://127.0.0.1:{port}/geheim -H 'Origin: {SHOP}' -b a=geheim"
        for text in (copied, copied.replace("curl", "curl '"), "geheim", DUMP):
            assert command(page, "/explain", {"text": text, "origin": ""}).status == 200
        started.send_signal(signal.SIGINT)
        assert "geheim" not in "".join(started.communicate(timeout=20))
    assert asked == []


# ---------------------------------------------------------------------------------------------------------------------
# The program
# ---------------------------------------------------------------------------------------------------------------------


def test_ctrl_c_ends_it_cleanly() -> None:
    with process("--port", "0") as started:
        assert started.stdout is not None
        assert re.match(r"Open http://shop\.localhost:[0-9]+/ ", started.stdout.readline())
        started.stdout.readline()
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=20)
        assert (started.returncode, out.strip(), err) == (0, "", "")


def test_a_port_in_use_is_named(playground: Playground) -> None:
    with process("--port", str(playground.page)) as started:
        _, err = started.communicate(timeout=20)
        assert started.returncode == 1
        assert err.startswith(f"port {playground.page} cannot be used")


# ---------------------------------------------------------------------------------------------------------------------
# In every engine: each lesson does what Browser predicted
# ---------------------------------------------------------------------------------------------------------------------

# Added to the page's own script: takes each lesson as a click does, and reports what the page then shows.
VISITOR = """
addEventListener("load", async () => {
  const ready = () => document.querySelector("#with .banner");
  await new Promise((resolve) => {
    if (ready()) return resolve();
    new MutationObserver(() => ready() && resolve()).observe(document.body, {childList: true, subtree: true});
  });
  const text = (selector) => document.querySelector(selector).textContent;
  const report = {"Without": text("#without"), "With": text("#with")};
  const {pages} = await command("/site");
  for (const button of byId("lessons").children) {
    await take(lessons(pages).find(({name}) => name === button.textContent), button);
    report[button.textContent] = text("#result");
  }
  for (const [name, paste] of Object.entries(PASTES)) {
    byId("paste").value = paste;
    await explain();
    report[name] = text("#answer");
  }
  report.Markup = `${document.querySelectorAll("#answer img").length} ${document.title}`;
  await fetch("/report", {method: "POST", body: JSON.stringify(report)});
});
"""

# What the first line of each says.
LESSONS = {
    "Without": "✗ Blocked",
    "With": "✓ Allowed",
    "Everyone": "✓ Allowed",
    "One origin": "✓ Allowed",
    "Another page": "✗ Blocked",
    "Subdomains": "✓ Allowed",
    "One path": "✗ Blocked",
    "Preflight refused": "✗ Blocked",
    "Preflight allowed": "✓ Allowed",
    "Cookies": "✗ Blocked",
    "Read a header": "✓ Allowed",
    "Sandboxed frame": "✗ Blocked",
    "A defect": "✗ Blocked",
    "Typing errors": "3 problems in the configuration",
    "A risk": "1 problem in the configuration",
    "Message": "✗ BlockedAccess-Control-Allow-Origin is missing. To fix it, send",
    "Headers": "✗ Blockedthe response to GET: Access-Control-Allow-Origin is missing",
    "Prose": "This paste could not be explainedno request was found in this paste",
    "Marked": f"✗ BlockedAccess-Control-Allow-Headers does not include {MARKUP}. To fix it, add {MARKUP}",
    "Markup": "0 CORS playground",
}
PASTES = {"Message": MISSING, "Headers": DUMP, "Prose": "it does not work", "Marked": MARKED}


def load_script() -> Any:
    spec = importlib.util.spec_from_file_location("playground", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["playground"] = module  # where its NamedTuple looks its types up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_lessons_come_out_as_predicted(engine: Engine) -> None:
    engine.require()
    script, report = load_script(), Future[dict[str, str]]()

    def pages(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/report":
            report.set_result(
                json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            )
            start_response("204 No Content", [])
            return []
        if environ["PATH_INFO"] == "/page.js":
            body = (SCRIPT.parent / "playground" / "page.js").read_bytes()
            body += VISITOR.replace("PASTES", json.dumps(PASTES)).encode()
            start_response(
                "200 OK", [("Content-Type", "text/javascript"), ("Content-Length", str(len(body)))]
            )
            return [body]
        return playground.pages(environ, start_response)

    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(script.Server(("127.0.0.1", 0), script.Handler))
            for _ in ("pages", "api")
        ]
        playground = script.Playground(*(server.server_port for server in servers))
        for server, app in zip(servers, (pages, playground.api)):
            server.set_app(app)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        shown = visit(
            engine, f"http://shop.localhost:{servers[0].server_port}/", report, timeout=90
        )
    assert {name: text[: len(LESSONS[name])] for name, text in shown.items()} == LESSONS
    assert [name for name, text in shown.items() if "did otherwise" in text] == []


# ---------------------------------------------------------------------------------------------------------------------
# By mouse and keyboard, in Chromium
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    program = ENGINES[0].require()
    need(importlib.util.find_spec("playwright"), "playwright", "pip install playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, playground: Playground) -> Iterator[Any]:
    opened = chromium.new_page()
    errors: list[Any] = []
    opened.on("pageerror", lambda error: errors.append(error))
    opened.goto(playground.url)
    opened.locator("#with .banner").wait_for()
    yield opened
    opened.close()
    assert errors == []


def run(page: Any) -> str:
    """Press Run, and wait for the result."""
    page.evaluate("document.getElementById('result').replaceChildren()")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("#result .banner").wait_for()
    return str(page.locator("#result").inner_text())


def test_the_tutorial_runs_at_once(page: Any) -> None:
    assert "TypeError: Failed to fetch" in page.locator("#without").inner_text()
    assert "Access-Control-Allow-Origin is missing" in page.locator("#without").inner_text()
    assert "Kettle" in page.locator("#with").inner_text()
    page.get_by_role("button", name="Run both again").click()
    page.locator("#again:enabled").wait_for()
    assert "Kettle" in page.locator("#with").inner_text()


def test_a_configuration_can_be_edited_until_it_works(page: Any, playground: Playground) -> None:
    page.get_by_label("Method").fill("DELETE")
    page.get_by_label("Path").fill("/basket")
    page.get_by_label("Headers, one a line").fill("X-Token: 1\nX-Other: 2")
    shown = run(page)
    assert "✗ Blocked" in shown
    assert re.search("To allow it: .*DELETE.* methods .*x-other, x-token.* headers ", shown)
    page.get_by_label("Options, one a line").fill(
        f"origin = http://shop.localhost:{playground.page}\nmethods = DELETE\nheaders = X-Token, X-Other\nmaxage = 600"
    )
    shown = run(page)
    assert "✓ Allowed" in shown
    for on_the_wire in (
        "OPTIONS /basket",
        "Access-Control-Request-Headers: x-other,x-token",
        "200 OK",
        "X-Other: 2",
    ):
        assert on_the_wire in shown
    # The preflight is in the browser's cache now, and in the one that Browser has.
    shown = run(page)
    assert "OPTIONS /basket" not in shown
    assert "an earlier answer is in its cache" in shown
    assert "did otherwise" not in shown


def test_the_page_can_be_another(page: Any, playground: Playground) -> None:
    for origin, allowed in (
        (f"http://shop.localhost:{playground.page}", True),
        (f"http://admin.shop.localhost:{playground.page}", False),
        (f"http://evil.localhost:{playground.page}", False),
        ("null", False),
    ):
        page.get_by_label("Page", exact=True).select_option(origin)
        shown = run(page)
        assert ("✓ Allowed" in shown) is allowed
        assert f"Origin: {origin}\n" in shown
        assert "Content-Type: text/plain" not in shown  # what was not on the wire is not shown


def test_credentials_send_the_cookie(page: Any) -> None:
    page.get_by_label("with credentials").check()
    shown = run(page)
    assert "✗ Blocked" in shown
    assert "Cookie: visitor=Ada" in shown
    assert re.search("To allow it: .*true.* credentials ", shown)


def test_what_the_page_cannot_run_is_explained(page: Any) -> None:
    page.get_by_label("Headers, one a line").fill("not a name: 1")
    assert "This could not be run" in run(page)


def test_the_keyboard_is_enough(page: Any) -> None:
    page.get_by_label("Options, one a line").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("origin = *")
    focused = []
    for _ in range(6):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.id"))
    assert focused == ["page", "method", "path", "headers", "credentials", "run"]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.locator("#result .banner").wait_for()
    assert page.locator("#result").get_by_role("heading", name="✓ Allowed").count() == 1
    assert page.evaluate("document.activeElement.id") == "run"
    page.evaluate("document.getElementById('result').replaceChildren()")
    page.get_by_label("Options, one a line").focus()
    page.keyboard.press("Control+Enter")
    page.locator("#result .banner").wait_for()


def explained(page: Any, text: str) -> str:
    """Paste a text, and wait for the answer."""
    page.get_by_label("Error in the console").fill(text)
    page.evaluate("document.getElementById('answer').replaceChildren()")
    page.get_by_role("button", name="Explain").click()
    page.locator("#answer .banner").wait_for()
    return str(page.locator("#answer").inner_text())


def test_paste_is_explained_and_leaves_the_page_only_for_its_server(page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(page.url)))
    assert explained(page, MISSING).splitlines() == [
        "✗ Blocked",
        "",
        f"Access-Control-Allow-Origin is missing. To fix it, send Access-Control-Allow-Origin: {SHOP}{ERROR_FIRST}",
        "",
        "Details",
        "this is a message of Chromium: No 'Access-Control-Allow-Origin' header is present",
    ]
    assert asked == ["explain"]
    assert "? Unknown" in explained(page, f"curl https://api.example.com -e {SHOP}/")
    assert "✓ Allowed" in explained(page, f"{DUMP}Access-Control-Allow-Origin: {SHOP}\n"
                                    "Access-Control-Allow-Credentials: true")  # fmt: skip
    assert asked == ["explain"] * 3


def test_paste_that_is_not_understood_is_an_error_of_the_field(page: Any) -> None:
    field = page.get_by_label("Error in the console")
    assert "no request was found in this paste" in explained(page, MARKUP)
    assert field.get_attribute("aria-invalid") == "true"
    assert f"does not include {MARKUP}" in explained(page, MARKED)
    assert field.get_attribute("aria-invalid") is None
    assert (page.locator("#answer img").count(), page.title()) == (0, "CORS playground")
    assert "the page's origin is unknown" in explained(page, FIREFOX)
    page.get_by_label("Address of the page").fill(SHOP)
    assert "✗ Blocked" in explained(page, FIREFOX)
    assert "at most 3999000 are read" in explained(page, "x" * 4_000_000)


def test_paste_needs_no_mouse_and_no_eyes(page: Any) -> None:
    page.get_by_label("Error in the console").focus()
    page.keyboard.insert_text(MISSING)
    focused = []
    for _ in range(2):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.id"))
    assert focused == ["paste-origin", "explain"]
    page.keyboard.press("Enter")
    answer = page.get_by_role("region", name="Answer")
    answer.get_by_role("heading", name="✗ Blocked").wait_for()
    assert answer.get_attribute("aria-live") == "polite"
    assert page.evaluate("document.activeElement.id") == "explain"
    page.evaluate("document.getElementById('answer').replaceChildren()")
    page.get_by_label("Error in the console").focus()
    page.keyboard.press("Control+Enter")
    answer.get_by_role("heading", name="✗ Blocked").wait_for()
    assert page.get_by_label("Error in the console").get_attribute("aria-describedby") == "private"


def test_everything_has_a_label(page: Any) -> None:
    unnamed = """[...document.querySelectorAll("input, select, textarea")].filter((field) => !field.labels.length)"""
    assert page.evaluate(f"{unnamed}.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_is_readable(
    chromium: Any, playground: Playground, scheme: str
) -> None:
    phone = chromium.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    phone.goto(playground.url)
    phone.locator("#with .banner").wait_for()
    for lesson in ("Preflight allowed", "A defect", "Typing errors"):
        phone.get_by_role("button", name=lesson).click()
        phone.locator("#run:not([aria-disabled])").wait_for()
        assert phone.evaluate("document.documentElement.scrollWidth") == 360
    for paste in (DUMP, MARKED.replace("x/", "x" * 60)):
        explained(phone, paste)
        assert phone.evaluate("document.documentElement.scrollWidth") == 360
    assert phone.evaluate(CONTRAST) >= 4.5
    phone.close()


@pytest.mark.once
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_violation(
    chromium: Any, playground: Playground, width: int, scheme: str
) -> None:
    found = need(
        importlib.util.find_spec("axe_playwright_python"),
        "axe-core",
        "pip install axe-playwright-python",
    )
    axe = (Path(found.origin).parent / "axe.min.js").read_text("utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.goto(playground.url)
    page.locator("#with .banner").wait_for()
    page.evaluate(axe)
    pastes = [f"curl https://api.example.com -e {SHOP}/", MARKUP, DUMP, MISSING]
    for lesson in ("Preflight allowed", "Cookies", "A defect", "Typing errors"):
        page.get_by_role("button", name=lesson).click()
        page.locator("#run:not([aria-disabled])").wait_for()
        explained(page, pastes.pop())
        result = page.evaluate("axe.run()")
        assert [(each["id"], each["nodes"]) for each in result["violations"]] == []
        assert len(result["passes"]) > 30
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


# The least contrast of any text with what is behind it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
CONTRAST = """() => {
  const numbers = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = (color) => numbers(color).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    found.push((a + 0.05) / (b + 0.05));
  }
  return Math.min(...found);
}"""
