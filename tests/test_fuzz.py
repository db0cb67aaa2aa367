"""The targets of fuzz.py hold on the inputs that fuzzing starts from, and on those that it found a mistake with."""

from __future__ import annotations

import pytest
from fuzz import TARGETS, ini, origins, pastes

FOUND = [
    pytest.param(origins, "https://＊＊.example.com\n".encode(), id="wildcard-in-full-width"),
    pytest.param(ini, b"[pipeline:main]\npipeline =\n", id="empty-pipeline"),
    pytest.param(
        ini,
        b"[DEFAULT]\ngrowth = 100%\n[filter:cors]\nuse = egg:wsgicors\norigin = *\n",
        id="percent-sign",
    ),
    pytest.param(
        ini,
        b"[filter:cors]\nuse = egg:wsgicors\norigin = *\napp = 1\n",
        id="key-named-as-a-parameter",
    ),
    pytest.param(
        ini, b"[app:main]\nuse = egg:a\nfilter-with = egg:wsgicors\n", id="filter-without-a-section"
    ),
    pytest.param(
        pastes,
        b'{"log": {"entries": [{"request": {}, "response": {"status": 1e999}}]}}',
        id="endless-status-in-a-har-file",
    ),
]


@pytest.mark.parametrize("target", TARGETS)
def test_target_holds_on_each_seed(target):
    assert len(TARGETS[target]) > 20
    for seed in TARGETS[target]:
        target(seed)


@pytest.mark.parametrize(("target", "data"), FOUND)
def test_target_holds_on_what_was_found(target, data):
    target(data)
