"""What was answered before changes nothing."""

from __future__ import annotations

import random
import re

import pytest
from response_support import API, CHOSEN, DENY, STAR_LAST, VERBS, Recorder, call
from support import ORIGIN, OTHER, app_sending, plain_app

from wsgicors import CORS, OriginList

REMEMBERED = [
    pytest.param({"origin": "*"}, id="static"),
    pytest.param(
        {"origin": [ORIGIN, OTHER, "null"], "maxage": 5, "expose_headers": "X-A"}, id="list"
    ),
    pytest.param({"origin": "https://*.example.com:*", "timing": True}, id="wildcard"),
    pytest.param({"origin": "copy", "methods": "*", "headers": "*"}, id="copy"),
    pytest.param(
        {"origin": re.compile(r"https://.*\.net"), "matchstrategy": "verbmatch"}, id="verbmatch"
    ),
    pytest.param(
        {"origin": lambda origin, environ: environ["HTTP_X_ALLOW"] == "yes"}, id="predicate"
    ),
    pytest.param(
        {
            "origin": [ORIGIN, OTHER],
            "credentials": True,
            "methods": "*",
            "headers": "*",
            "expose_headers": "*",
        },
        id="echo",
    ),
    pytest.param(
        {**API, "api_credentials": True, "api_headers": "*", "rest_methods": "*"}, id="paths"
    ),
    pytest.param(
        {**CHOSEN, "matchstrategy": lambda environ: environ["HTTP_X_POLICY"] or None}, id="function"
    ),
    pytest.param(VERBS, id="verbs"),
    pytest.param({"origin": [ORIGIN, OTHER], "preflight_status": 200}, id="preflight-status"),
    pytest.param({"origin": "*", "preflight_status": 299}, id="static-preflight-status"),
    pytest.param({"origin": [ORIGIN, OTHER], "preflight_continue": True}, id="preflight-continue"),
    pytest.param({**STAR_LAST, "a_credentials": True, "a_methods": "*"}, id="echo-then-star"),
    pytest.param(
        {"origin": OriginList(lambda: [ORIGIN, "https://*.net"]), "credentials": True},
        id="origin-list",
    ),
    pytest.param({**DENY, "a_expose_headers": "*", "a_credentials": True}, id="deny"),
]

# Method, and what a preflight asks for.
VERBS_ASKED = [
    ("GET", None),
    ("PUT", None),
    ("OPTIONS", None),
    ("OPTIONS", "PUT"),
    ("OPTIONS", "a b"),
]


def many_requests():
    """Every combination of what a decision could depend on."""
    for path in ("/", "/api/x", "//api"):
        for origin in (ORIGIN, OTHER, "null", "malformed/", None):
            for method, asked in VERBS_ASKED:
                for headers in (None, "x-a", "x-a, x-b", "a b") if asked else (None,):
                    for number in range(2):
                        environ = {
                            "HTTP_X_ALLOW": ("yes", "no")[number],
                            "HTTP_X_POLICY": ("a", "")[number],
                            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked,
                            "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": headers,
                        }
                        yield (
                            path,
                            origin,
                            method,
                            {key: value for key, value in environ.items() if value is not None},
                        )


@pytest.mark.parametrize("options", REMEMBERED)
def test_answer_does_not_depend_on_what_was_asked_before(options):
    def answer(middleware, path, origin, method, environ):
        recorder = Recorder()
        body = call(middleware, recorder, method, origin, PATH_INFO=path, **environ)
        return recorder.calls, list(body)

    app = app_sending(("X-App", "1"), ("Vary", "Accept"))
    alone = [(asked, answer(CORS(app, **options), *asked)) for asked in many_requests()]
    together = CORS(app, **options)
    order = random.Random(1)
    for _ in range(5):
        order.shuffle(alone)
        for asked, expected in alone:
            assert answer(together, *asked) == expected


@pytest.mark.parametrize("asked", [None, "PUT"], ids=["request", "preflight"])
def test_remembered_answer_is_what_was_sent_and_is_sent_again(asked):
    middleware = CORS(plain_app, origin=ORIGIN, methods="PUT", expose_headers="X-A")
    group = middleware._rules.everywhere
    environ = {} if asked is None else {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked}
    method = "OPTIONS" if asked else "GET"
    first, again = Recorder(), Recorder()
    call(middleware, first, method, ORIGIN, **environ)
    ours = group.preflights[ORIGIN][1] if asked else group.responses[ORIGIN]
    assert [header for header in first.headers if header in ours] == ours
    ours.append(("X-Remembered", "1"))
    call(middleware, again, method, ORIGIN, **environ)
    assert again.headers == [*first.headers, ("X-Remembered", "1")]


@pytest.mark.parametrize("asked", [None, "PUT"], ids=["request", "preflight"])
def test_long_origin_is_not_remembered_and_what_is_remembered_stays(asked):
    middleware = CORS(plain_app, origin="*")
    environ = {} if asked is None else {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked}
    group = middleware._rules.everywhere
    remembered = group.preflights if asked else group.responses
    origins = [f"https://shop-{number}.example.com" for number in range(8192)]
    for origin in [*origins, "https://" + "a" * 505]:
        call(middleware, Recorder(), "OPTIONS" if asked else "GET", origin, **environ)
    assert [*remembered] == origins
