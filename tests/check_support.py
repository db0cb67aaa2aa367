"""What the ini files of the tests of the command `check` name."""

from __future__ import annotations

from support import app_sending


def inner_app(global_conf, **local_conf):
    """What stands at the end of every pipeline here."""
    return app_sending(body=b"")


made = []


def make_middleware(app, global_conf, **local_conf):
    """The factory of this module, which PasteDeploy calls in place of ours: it notes the arguments."""
    made.append(({**global_conf}, {**local_conf}))
    return app


APPLICATION = """
[app:inner]
paste.app_factory = check_support:inner_app
"""
FACTORY = "paste.filter_app_factory = wsgicors:make_middleware"

FILTER = "[filter:cors]\nuse = egg:wsgicors#middleware\n"

POLICIES = ["a"]


def strategy(environ):
    return "a"


def allow(origin, environ):
    raise AssertionError("no advice asks a predicate")
