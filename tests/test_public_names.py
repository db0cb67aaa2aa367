"""The names that wsgicors exports."""

from __future__ import annotations

import re

from support import plain_app

import wsgicors
from wsgicors import CORS


def test_public_names():
    assert {"CORS", "ConfigError", "OriginList", "Policy", "make_middleware", "__version__"} <= set(
        wsgicors.__all__
    )
    assert all(hasattr(wsgicors, name) for name in wsgicors.__all__)
    assert type(CORS(plain_app, origin="*").policies["direct"]) is wsgicors.Policy
    assert re.fullmatch(r"1\.\d+\.\d+", wsgicors.__version__)
