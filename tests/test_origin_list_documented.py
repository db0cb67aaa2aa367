"""OriginList: the examples of the documentation."""

from __future__ import annotations

import re
import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path
from wsgiref.validate import validator

import pytest
import webtest
from support import ORIGIN, OTHER, assert_cors, plain_app, request

pytestmark = pytest.mark.usefixtures("no_reload_outlives_its_test")


def documented_example(start):
    """A client of what an example defines; `start` tells which one: how a line of it starts."""
    page = Path(__file__).parent.parent / "docs" / "origins-from-data.rst"
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    (example,) = [
        block
        for block in map(textwrap.dedent, blocks)
        if re.search(f"^{re.escape(start)}", block, re.MULTILINE)
    ]
    names = {"application": validator(plain_app)}
    exec(compile(example, str(page), "exec"), names)
    return webtest.TestApp(validator(names["application"]), lint=False)


def test_documented_table_in_sqlite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("shop.db")) as database, database:
        database.execute("CREATE TABLE customer (origin TEXT, active INTEGER)")
        database.executemany("INSERT INTO customer VALUES (?, ?)", [(ORIGIN, 1), (OTHER, 0)])
    test_client = documented_example("def customer_origins():")
    assert_cors(request(test_client, ORIGIN), allow_origin=ORIGIN, vary="Origin")
    assert_cors(request(test_client, OTHER), vary="Origin")


def test_documented_file_that_operations_edits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("origins.txt").write_text(f"{ORIGIN}\nhttps://*.example.org\n")
    test_client = documented_example(
        'application = CORS(application, origin=OriginList(Path("origins.txt").read_text'
    )
    assert_cors(
        request(test_client, "https://a.example.org"),
        allow_origin="https://a.example.org",
        vary="Origin",
    )
    assert_cors(request(test_client, OTHER), vary="Origin")


def test_documented_predicate_on_the_host():
    test_client = documented_example("def same_tenant(origin, environ):")
    origin = "https://shop.example.com"
    assert_cors(
        request(test_client, origin, Host="shop.api.example.com"),
        allow_origin=origin,
        vary="Origin",
    )
    assert_cors(request(test_client, origin, Host="other.api.example.com"), vary="Origin")
    assert_cors(
        request(test_client, "https://evil.example", Host="shop.api.example.com"), vary="Origin"
    )
