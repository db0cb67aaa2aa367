"""OriginList: entries that are too risky for one of the policies that use it."""

from __future__ import annotations

import pytest
from origin_list_support import NEVER, SOON, Source, allowed, logged, reload
from support import ORIGIN, client, cors_headers, request

from wsgicors import OriginList

pytestmark = pytest.mark.usefixtures("no_reload_outlives_its_test")

RISKY = {
    "insecure-origin": ("http://insecure.example.com", "http://insecure.example.com"),
    "public-suffix": ("https://*.github.io", "https://anyone.github.io"),
    "any-origin": ("https://*", "https://evil.example"),
    "null-origin": ("null", "null"),
}


@pytest.mark.parametrize("risk", RISKY)
def test_an_entry_that_is_too_risky_for_a_policy_is_left_out_of_this_policy(risk, caplog):
    pattern, origin = RISKY[risk]
    origins = OriginList(Source(ORIGIN, pattern), every=NEVER)
    paths = {"a_path": "/a", "b_path": "/b", "c_path": "/c"}
    test_client = client(
        {
            "policy": "a, b, c",
            "a_origin": origins,
            "b_origin": origins,
            "c_origin": origins,
            **paths,
        },
        a_credentials=True,
        b_credentials=True,
        b_accept_risk=risk,
    )
    answers = [cors_headers(request(test_client, origin, path=path)) for path in ("/a", "/b", "/c")]
    assert answers == [
        {"vary": "Origin"},
        {
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "vary": "Origin",
        },
        {"access-control-allow-origin": origin, "vary": "Origin"},
    ]
    assert all(
        cors_headers(request(test_client, ORIGIN, path=path))["access-control-allow-origin"]
        == ORIGIN
        for path in ("/a", "/b", "/c")
    )
    (message,) = (record.getMessage() for record in caplog.records)
    assert message.startswith(
        f"an origin from source is skipped: {pattern!r} with credentials is prohibited ({risk}): "
    )


def test_a_reload_of_valid_but_too_risky_origins_allows_nobody(caplog):
    source = Source(ORIGIN)
    test_client = client(origin=OriginList(source, every=SOON), credentials=True)
    source.gives = ["http://insecure.example.com"]
    reload(test_client, source)
    assert [allowed(test_client, origin) for origin in (ORIGIN, "http://insecure.example.com")] == [
        False,
        False,
    ]
    assert "insecure-origin" in logged(caplog)[0]
