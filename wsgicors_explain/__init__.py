"""The browser's side of CORS: a test client, and commands that explain blocked requests.

In tests, ``Browser`` is a client that follows the browser's rules::

    from wsgicors_explain import Browser

    def test_the_shop_may_change_the_basket():
        browser = Browser(app, "https://shop.example")
        verdict = browser.fetch("/basket", method="PUT")
        assert verdict, verdict.reason
        assert verdict.response.status == 200

On the command line, ``check`` reads a configuration, and
``explain`` plays a request::

    python -m wsgicors check production.ini
    python -m wsgicors explain https://api.example/basket \\
        --origin https://shop.example -X PUT

The terms, sections and step numbers are those of the Fetch
standard, https://fetch.spec.whatwg.org/, in its review draft of
December 2025. Unlike a browser, ``Browser`` does not have an HTTP
cache, a cookie jar or service workers, and ignores the page's
Content Security Policy.
"""

from __future__ import annotations

from .browser import Browser, Step, Verdict
from .commands import main
from .wire import Response

__all__ = ["Browser", "Response", "Step", "Verdict", "main"]
