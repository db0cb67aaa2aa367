"""CORS.configure, also while requests are served."""

from __future__ import annotations

from wsgiref.validate import validator

import pytest
import webtest
from response_support import SAFE, WITH
from support import ORIGIN, OTHER, assert_cors, client, plain_app, preflight, request

from wsgicors import CORS, ConfigError


def test_configure_replaces_the_whole_configuration():
    middleware = CORS(validator(plain_app), origin=ORIGIN, credentials=True, maxage=5)
    both = webtest.TestApp(validator(middleware), lint=False)
    assert_cors(request(both, ORIGIN), **WITH, vary="Origin")
    middleware.configure(origin="*")
    assert_cors(request(both, ORIGIN), allow_origin="*")
    assert_cors(preflight(both), allow_origin="*", max_age="600", allow_methods=SAFE)
    middleware.configure({"policy": "a", "a_origin": OTHER})
    assert_cors(request(both, ORIGIN), vary="Origin")
    assert_cors(request(both, OTHER), allow_origin=OTHER, vary="Origin")


def test_configure_with_a_bad_configuration_raises_and_changes_nothing():
    both = client(origin=ORIGIN, maxage=5)
    middleware = CORS(plain_app, origin=ORIGIN, maxage=5)
    before = middleware.policies
    for cfg, options in (
        ({}, {}),
        ({"origin": "x/"}, {}),
        (None, {"origin": "*", "zzz": 1}),
        ("x", {}),
    ):
        with pytest.raises(ConfigError):
            middleware.configure(cfg, **options)
        assert middleware.policies == before
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, vary="Origin")


def test_configure_forgets_what_was_before():
    middleware = CORS(plain_app, origin=ORIGIN, maxage=5, catch_errors=True)
    assert middleware.configure({"policy": "a"}, a_origin="*") is None
    assert list(middleware.policies) == ["a"]
    assert middleware.policies["a"].maxage == 600
