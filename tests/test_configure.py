"""CORS.configure, also while requests are served."""

from __future__ import annotations

from wsgiref.validate import validator

import webtest
from response_support import SAFE, WITH
from support import ORIGIN, OTHER, assert_cors, plain_app, preflight, request

from wsgicors import CORS


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
