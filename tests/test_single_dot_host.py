"""The host "." of pages of Electron."""

from __future__ import annotations

import re

import pytest
from support import assert_cors, client, plain_app, problems, request

from wsgicors import CORS


@pytest.mark.parametrize(
    "entry",
    ["app://.", "app://*", "copy", re.compile(r"app://\."), lambda origin, environ: True],
    ids=["exact", "wildcard", "copy", "expression", "predicate"],
)
def test_origin_with_the_host_of_a_single_dot_is_allowed(entry):
    application = client(origin=entry)
    assert_cors(request(application, "app://."), allow_origin="app://.", vary="Origin")
    assert_cors(request(application, "app://.."), vary="Origin")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_web_pages_never_have_a_single_dot_as_host(scheme):
    assert_cors(request(client(origin="copy"), f"{scheme}://."), vary="Origin")
    ((_, _, message),) = problems(origin=f"{scheme}://.")
    assert message.startswith(f"'{scheme}://.' has an invalid host: ")


def test_expression_for_a_single_dot_is_safe_if_it_spells_out_the_scheme():
    assert CORS(plain_app, origin=re.compile(r"app://\."), credentials=True).policies
    ((_, _, message),) = problems(origin=re.compile(r"[a-z]+://\."), credentials=True)
    assert "it may admit 'a://.', whose scheme it does not spell out" in message
