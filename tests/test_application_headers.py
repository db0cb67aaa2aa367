"""The headers that the application sends itself: which are replaced, removed or passed on."""

from __future__ import annotations

import pytest
from response_support import OWN, WITH, Recorder, call
from support import ENVIRON, ORIGIN, OTHER, app_sending, assert_cors, client, ignore, request

import wsgicors
from wsgicors import CORS


@pytest.mark.parametrize("kind", [tuple, list])
def test_header_list_of_any_kind_is_served_each_time_alike(kind):
    def app(environ, start_response):
        start_response("200 OK", kind([("Content-Type", "text/plain"), ("Content-Length", "0")]))
        return []

    middleware, recorder = CORS(app, origin="*"), Recorder()
    for _ in range(3):
        call(middleware, recorder)
    assert {tuple(args[1]) for args in recorder.calls} == {
        (
            ("Content-Type", "text/plain"),
            ("Content-Length", "0"),
            ("Access-Control-Allow-Origin", "*"),
        )
    }


@pytest.mark.parametrize(
    ("options", "origin", "expected"),
    [
        pytest.param({"origin": "*"}, ORIGIN, {"allow_origin": "*"}, id="static"),
        pytest.param(
            {"origin": ORIGIN}, ORIGIN, {"allow_origin": ORIGIN, "vary": "Origin"}, id="allowed"
        ),
        pytest.param({"origin": ORIGIN}, OTHER, {"vary": "Origin"}, id="refused"),
        pytest.param({"origin": ORIGIN}, None, {"vary": "Origin"}, id="no-origin"),
        pytest.param({"origin": []}, ORIGIN, {"vary": "Origin"}, id="nobody"),
        pytest.param({"policy": "deny"}, ORIGIN, {"vary": "Origin"}, id="deny"),
        pytest.param(
            {"origin": ORIGIN, "credentials": True, "expose_headers": "X-Ours"},
            ORIGIN,
            {**WITH, "expose_headers": "X-Ours", "vary": "Origin"},
            id="credentials",
        ),
    ],
)
@pytest.mark.parametrize(
    "own", [OWN, *([header] for header in OWN)], ids=lambda own: own[0][0] if own != OWN else "all"
)
def test_applications_own_headers_are_replaced_or_removed_in_any_case(
    options, origin, expected, own
):
    app = app_sending(("X-Before", "1"), *own, ("X-After", "2"))
    for _ in range(2):
        response = request(client(app=app, **options), origin)
        assert_cors(response, **expected)
        assert (response.headers["X-Before"], response.headers["X-After"]) == ("1", "2")


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"origin": "*"}, ["*"]), ({"origin": []}, [])],
    ids=["star", "nobody"],
)
def test_any_number_of_header_names_of_any_length_is_passed_on(options, expected):
    names = [f"X-{number}" for number in range(3000)] + ["X-" + "a" * 10_000]
    sent = []
    middleware = CORS(
        lambda environ, start_response: start_response("200 OK", sent) and [], **options
    )
    for name in [*names, "access-control-allow-ORIGIN", *names]:
        sent[:] = [(name, "1"), ("Access-Control-allow-Origin", "https://mine.example")]
        recorder = Recorder()
        call(middleware, recorder)
        found = [
            value for key, value in recorder.headers if key.lower() == "access-control-allow-origin"
        ]
        assert found == expected
        assert ((name, "1") in recorder.headers) is (name in names)


def test_headers_that_no_policy_sets_are_the_applications():
    own = [
        ("Access-Control-Allow-Private-Network", "true"),
        ("Timing-Allow-Origin", "https://mine.example"),
    ]
    for options in ({"origin": "*"}, {"origin": ORIGIN}):
        response = request(client(app=app_sending(*own), **options), ORIGIN)
        assert [header for header in response.headerlist if header in own] == own


def test_timing_allow_origin_is_ours_where_timing_is_set():
    own = [("timing-allow-origin", "https://mine.example")]
    assert_cors(
        request(client(app=app_sending(*own), origin="*", timing=True)),
        allow_origin="*",
        timing_allow_origin="*",
    )
    assert_cors(
        request(client(app=app_sending(*own), origin=ORIGIN, timing=True), ORIGIN),
        allow_origin=ORIGIN,
        timing_allow_origin=ORIGIN,
        vary="Origin",
    )


def test_header_of_the_application_is_not_doubled():
    app = app_sending(("Access-Control-Allow-Origin", "*"), ("access-control-allow-origin", ORIGIN))
    for origin, expected in ((ORIGIN, {"allow_origin": ORIGIN}), (OTHER, {})):
        assert_cors(request(client(origin=ORIGIN, app=app), origin), **expected, vary="Origin")


@pytest.mark.parametrize("name", ["Access-Control-Allow-Origin", "access-control-max-age", "VARY"])
def test_the_only_header_of_an_application_may_be_one_of_ours(name):
    def app(environ, start_response):
        start_response("204 No Content", [(name, "Accept")])
        return []

    answers = []
    CORS(app, origin=ORIGIN)(
        {**ENVIRON, "HTTP_ORIGIN": ORIGIN}, lambda status, headers: answers.append(headers)
    )
    vary = "Accept, Origin" if name == "VARY" else "Origin"
    assert answers == [[("Access-Control-Allow-Origin", ORIGIN), ("Vary", vary)]]


def test_names_that_need_no_look_are_forgotten_where_they_are_too_many(monkeypatch):
    known = set()
    monkeypatch.setattr(wsgicors, "PLAIN_NAMES", known)
    names = ["Content-Type", "X" * 64, "Y" * 65, *(f"X-{number}" for number in range(2000))]

    def app(environ, start_response):
        start_response("204 No Content", [(name, "1") for name in names])
        return []

    CORS(app, origin=ORIGIN)(ENVIRON, ignore)
    # 2,002 short names: the first 1,024 go when the next one comes, and the last 978 stay.
    assert known == {f"X-{number}" for number in range(1022, 2000)}
