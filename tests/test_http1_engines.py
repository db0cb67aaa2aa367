"""Chromium, Firefox and WebKit read the responses of raw_responses.py as `Browser` does, but where the table says so."""

from __future__ import annotations

import json
from concurrent.futures import Future
from urllib.parse import quote

import pytest
from engines import ENGINES, serve, visit
from raw_responses import RESPONSES, TIMEOUT, serving

from wsgicors_explain import Browser

pytestmark = pytest.mark.once

# One fetch for each name, several at a time, then one report of what all of them came to.
PAGE = """<!doctype html><meta charset="utf-8"><title>wsgicors</title><script>
(async () => {
  const report = {}, queue = NAMES.values();
  await Promise.all(Array.from({length: 4}, async () => {
    for (const name of queue) {
      try {
        const response = await fetch("SERVER/" + encodeURIComponent(name), {signal: AbortSignal.timeout(30000)});
        report[name] = [response.status, Object.fromEntries(response.headers)];
      } catch (error) {
        report[name] = error.name === "TimeoutError" ? error.name : null;
      }
    }
  }));
  fetch("/report", {method: "POST", body: JSON.stringify(report)});
})();
</script>"""


def asked_of(engine, server):
    """The origin of a page, and for each name the status and headers that it read, or None."""
    report: Future = Future()
    page = PAGE.replace("NAMES", json.dumps(list(RESPONSES))).replace("SERVER", server)

    def pages(environ, start_response):
        found = environ["PATH_INFO"] == "/"
        if environ["REQUEST_METHOD"] == "POST":
            sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            report.set_result(json.loads(sent))
        start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/html")])
        return [page.encode()] if found else []

    with serve(pages) as port:
        origin = f"http://app.localhost:{port}"
        return origin, visit(engine, f"{origin}/", report)


def predicted(browser, name):
    verdict = browser.fetch(quote(name))
    return [verdict.response.status, verdict.readable_headers] if verdict else None


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_engine_reads_the_same_except_what_the_table_says(engine):
    engine.require()
    with serving({name: raw.data for name, raw in RESPONSES.items()}) as port:
        origin, seen = asked_of(engine, f"http://api.localhost:{port}")
        browser = Browser(f"http://127.0.0.1:{port}", origin, timeout=TIMEOUT)
        expected = {name: predicted(browser, name) for name in RESPONSES}
    otherwise = {name for name in RESPONSES if seen[name] != expected[name]}
    assert otherwise == {name for name, raw in RESPONSES.items() if engine.name in raw.but}
