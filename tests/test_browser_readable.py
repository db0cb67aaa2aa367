"""Browser: what the page can read."""

from __future__ import annotations

import pytest
from browser_support import ALLOW_ORIGIN, CREDENTIALS, Server, allow, fetch


def exposed(value):
    return ("Access-Control-Expose-Headers", value)


@pytest.mark.parametrize(
    ("sent", "credentials", "names"),
    [
        ([], "omit", ["content-type"]),
        ([exposed("x-a")], "omit", ["content-type", "x-a"]),
        ([exposed("X-A, x-c"), exposed("X-B")], "omit", ["content-type", "x-a", "x-b"]),
        ([exposed("*")], "omit", ["access-control-allow-credentials", ALLOW_ORIGIN.lower(), exposed("")[0].lower()]
         + ["content-type", "x-a", "x-b"]),
        ([exposed("*")], "include", ["content-type"]),
        ([exposed("Set-Cookie, X-A")], "omit", ["content-type", "x-a"]),
        ([exposed("x-a x-b")], "omit", ["content-type"]),
    ],
    ids=["safelisted", "one", "several", "any", "any_with_credentials", "never_cookies", "broken"],
)  # fmt: skip
def test_readable_headers(sent, credentials, names):
    own = [("X-A", "1"), ("x-a", " 2"), ("X-B", "3"), ("Set-Cookie", "a=b"), *sent]
    verdict = fetch(Server(response=allow(CREDENTIALS, *own)), "/", credentials=credentials)
    assert sorted(verdict.readable_headers) == names
    if "x-a" in names:
        assert verdict.readable_headers["x-a"] == "1, 2"


def test_repr_of_a_verdict_is_short_enough_for_a_failing_assert():
    verdict = fetch(Server(), "/")
    assert repr(verdict) == f"Verdict(allowed=False, status=200, reason={verdict.reason!r})"
