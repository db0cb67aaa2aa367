"""``application`` for gunicorn: the example that EXAMPLE names; each response says who sent it."""

from __future__ import annotations

import importlib
import os

example = importlib.import_module(os.environ["EXAMPLE"])
served = getattr(example, "application", None) or example.app


def application(environ, start_response):
    def respond(status, headers, *exc_info):
        return start_response(status, [*headers, ("X-Worker", str(os.getpid()))], *exc_info)

    return served(environ, respond)
