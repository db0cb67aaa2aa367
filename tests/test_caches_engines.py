"""What an image without ``crossorigin`` leaves in the cache of a real engine, for the page's own fetch of it.

Chromium gives the page the stored response, unless ``Vary`` names Origin; Firefox and WebKit ask again.
"""

from __future__ import annotations

import base64
from concurrent.futures import Future

import pytest
from engines import ENGINES, serve, visit

pytestmark = pytest.mark.once

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
PAGE = """<!doctype html><script>
const told = (outcome) => fetch("/told", {method: "POST", body: outcome});
const image = new Image();
image.onload = image.onerror = () =>
  fetch(image.src).then(() => told("read"), () => told("blocked"));
image.src = "http://127.0.0.1:PORT/image";
</script>"""


class Site:
    """A page and, by the other name of this machine, its image; vary: whether responses say that they differ."""

    def __init__(self, vary):
        self.vary = vary
        self.told = Future()
        self.asked = []

    def __call__(self, environ, start_response):
        path, origin = environ["PATH_INFO"], environ.get("HTTP_ORIGIN")
        headers, body = [("Content-Type", "text/html")], b""
        if path == "/told":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.told.set_result(body.decode())
        elif path == "/image":
            self.asked.append(origin)
            headers = [("Content-Type", "image/gif"), ("Cache-Control", "max-age=600")]
            headers += [("Access-Control-Allow-Origin", origin)] if origin else []
            headers += [("Vary", "Origin")] if self.vary else []
            body = PIXEL
        else:
            body = PAGE.replace("PORT", environ["SERVER_PORT"]).encode()
        start_response("200 OK", headers)
        return [body]


@pytest.mark.parametrize("vary", [True, False])
@pytest.mark.parametrize("engine", ENGINES, ids=str)
def test_stored_image_blocks_the_page_in_chromium_only_without_vary(engine, vary):
    site = Site(vary)
    with serve(site) as port:
        outcome = visit(engine, f"http://localhost:{port}/", site.told)
    if engine.name == "chromium" and not vary:
        assert (outcome, site.asked) == ("blocked", [None])
    else:
        assert (outcome, site.asked) == ("read", [None, f"http://localhost:{port}"])
