"""The records of refusals have their facts as attributes, so that a handler can count them."""

from __future__ import annotations

import logging

import pytest
from support import ORIGIN, client, preflight, request

from wsgicors import CORS

NOT_ALLOWED = "no policy for this path allows the origin"
STRANGER = "https://stranger.example"


def facts(caplog):
    names = ("cors_method", "cors_path", "cors_origin", "cors_reason")
    (record,) = caplog.records
    return tuple(getattr(record, name) for name in names)


def test_an_actual_request(caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    request(client(origin=ORIGIN), STRANGER, method="PUT", path="/x")
    assert facts(caplog) == ("PUT", "/x", STRANGER, NOT_ALLOWED)


def test_a_preflight(caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    preflight(client(origin=ORIGIN), STRANGER, path="/x")
    assert facts(caplog) == ("OPTIONS", "/x", STRANGER, NOT_ALLOWED)


@pytest.mark.parametrize("sent", ["https://x\r\nINFO all is well", "\u2028\x1b[2J" * 200])
def test_what_is_sent_is_one_short_line_of_plain_characters(sent, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/\n", "HTTP_ORIGIN": sent}
    CORS(lambda environ, respond: [], origin=ORIGIN)(environ, None)
    method, path, origin, reason = facts(caplog)
    assert (method, path) == ("GET", "/\\n")
    assert reason == "the Origin header is not what browsers send"
    assert origin.isprintable()
    assert len(origin) <= 200
    assert origin == repr(sent).strip("'")[:200]


@pytest.mark.parametrize(
    "options",
    [
        {"path": "/api/*", "origin": ORIGIN},
        {"policies": {"a": {"origin": ORIGIN}}, "matchstrategy": lambda environ: None},
    ],
    ids=["path", "strategy"],
)
def test_preflight_that_no_policy_governs_is_one_line(options, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    ungoverned = client(**options)
    asked = {"Access_Control_Request_Method": "PUT"}
    request(ungoverned, ORIGIN, path="/x")
    request(ungoverned, ORIGIN, path="/x", method="OPTIONS")
    request(ungoverned, path="/x", method="OPTIONS", **asked)
    request(ungoverned, ORIGIN, path="/x", **asked)
    assert caplog.records == []
    preflight(client(**options), ORIGIN, path="/x")
    assert facts(caplog) == ("OPTIONS", "/x", ORIGIN, "no policy governs it")
    assert [record.getMessage() for record in caplog.records] == [
        f"not governed: 'OPTIONS' '/x' from {ORIGIN!r}: no policy governs it"
    ]
