"""One round of corrections is enough: what the messages of a wrong configuration say to write
gives one that loads."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ORIGIN, plain_app

from wsgicors import CORS, ConfigError

# option -> keys of other libraries, and near misses
KEYS = {
    "origin": ["origin", "origins", "allow_origins", "CORS_ALLOWED_ORIGINS", "orign"],
    "methods": ["methods", "allow_methods", "method", "methdos"],
    "headers": ["headers", "allow_headers", "allowedHeaders", "haeders"],
    "expose_headers": ["expose_headers", "exposed_headers", "exposeHeaders"],
    "credentials": ["credentials", "supports_credentials", "withCredentials"],
    "maxage": ["maxage", "max_age", "CORS_PREFLIGHT_MAX_AGE", "maxages"],
    "preflight_status": ["preflight_status", "optionsSuccessStatus"],
}
# option -> values, each with a remedy that its message spells out
VALUES = {
    "origin": [
        ORIGIN,
        "https://app.example.com/",
        "APP.example.com:443",
        "https://a.example; https://b.example",
        '["https://a.example"]',
        r"^https://.*\.example\.com$",
    ],
    "methods": ["GET, PUT", "GET;PUT", "['GET', 'PUT']", "patch"],
    "headers": ["X-A", "X-A;X-B", '["X-A", "X-B"]'],
    "expose_headers": ["ETag", "('ETag', 'X-A')"],
    "credentials": ["true", "False", True, "maybe"],
    "maxage": ["600", 600, "None", "1h", -1],
    "preflight_status": [200, "204", 302],
}
ABSENT = ["allow_private_network", "vary_header"]


@st.composite
def wrong_policies(draw, required=("origin",)):
    options = set(draw(st.sets(st.sampled_from([*KEYS])))) | {*required}
    found = {
        draw(st.sampled_from(KEYS[option])): draw(st.sampled_from(VALUES[option]))
        for option in sorted(options)
    }
    for key in draw(st.sets(st.sampled_from(ABSENT))):
        found[key] = True
    return found


@st.composite
def wrong_configurations(draw):
    shape = draw(st.sampled_from(["direct", "flat", "nested", "misnamed"]))
    if shape == "direct":
        return draw(wrong_policies())
    if shape == "nested":
        return {"policies": {name: draw(wrong_policies()) for name in ("api", "shop")}}
    found = {
        f"{name}_{key}": value
        for name in ("api", "shop")
        for key, value in draw(wrong_policies()).items()
    }
    if shape == "misnamed":  # its name is known by its origin alone
        found = {key: value for key, value in found.items() if not key.startswith("shop_")}
        return {"policy": "api, Shop", "shop_origin": ORIGIN, "shop_methods": "PUT", **found}
    key = draw(st.sampled_from(["policy", "policys"]))
    return {key: "api, shop", **found}


def correct(cfg, problem):
    """The configuration after what one message says, literally."""
    if problem.key.startswith("policies."):
        _, name, key = problem.key.split(".")
        inner = correct(cfg["policies"][name], problem._replace(key=key))
        return {**cfg, "policies": {**cfg["policies"], name: inner}}
    key, message = problem.key, problem.message
    if problem.code == "unknown-option":
        value = cfg[key]
        others = {name: cfg[name] for name in cfg if name != key}
        if found := re.search(r"did you mean '(.+?)'\?", message):
            return {**others, found[1]: value}
        assert ": remove it, because " in message
        return others
    if found := re.search(r"has no options; did you mean '(.+?)'\?", message):
        return {**cfg, key: cfg[key].replace(problem.value, found[1])}
    if found := re.search(r"write a whole number from (\d+)", message):
        remedy = found[1]
    elif found := re.search(r": write (['\"].+['\"])$", message):
        remedy = ast.literal_eval(found[1])
    elif "write true or false" in message:
        remedy = "false"
    else:
        pytest.fail(f"no remedy in {message}")
    text = cfg[key]
    whole = not isinstance(text, str) or problem.value == text
    return {**cfg, key: remedy if whole else text.replace(problem.value, remedy)}


@settings(max_examples=150, deadline=None)
@given(wrong_configurations())
def test_one_round_of_corrections_is_enough(cfg):
    try:
        CORS(plain_app, cfg)
    except ConfigError as error:
        # Values first: what is renamed is no longer found under the key of its message.
        for problem in sorted(error.problems, key=lambda found: found.code == "unknown-option"):
            cfg = correct(cfg, problem)
        CORS(plain_app, cfg)
