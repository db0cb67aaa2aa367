"""The browser's side of CORS.

Plays the browser, and explains why a request is blocked. In a test suite,
``Browser`` is a client that obeys CORS::

    from wsgicors_explain import Browser

    def test_the_shop_may_change_the_basket():
        browser = Browser(app, "https://shop.example")
        assert browser.fetch("/basket", method="PUT")

On the command line, ``check`` reads a configuration and ``explain`` a request::

    wsgicors check production.ini
    wsgicors explain https://api.example/basket \\
        --origin https://shop.example -X PUT

Terms, section and step numbers are those of the Fetch standard,
https://fetch.spec.whatwg.org/, in its review draft of December 2025.

What differs from a browser:

- there is no HTTP cache, no cookie jar and no service worker;
- a response is received once its headers are there;
- of the page only the origin is known, not its Content Security Policy.
"""

from __future__ import annotations

from .browser import Browser, Step, Verdict
from .commands import main
from .wire import Response

__all__ = ["Browser", "Response", "Step", "Verdict", "main"]
