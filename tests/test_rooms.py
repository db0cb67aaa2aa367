"""How the modules of wsgicors_explain depend on each other and on the middleware."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest

import wsgicors

pytestmark = pytest.mark.once

PACKAGE = Path(__file__).parent.parent / "wsgicors_explain"
ROOMS = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.glob("*.py")}

# Besides __all__, what the middleware keeps for the other side. Whatever else it has may change at any time.
FOR_THE_OTHER_SIDE = """
    ALLOW_ORIGIN ALLOW_CREDENTIALS ALLOW_METHODS ALLOW_HEADERS MAX_AGE EXPOSE_HEADERS POLICY_HEADERS
    SAFELISTED_RESPONSE_HEADERS FORBIDDEN_RESPONSE_HEADERS NORMALIZED_METHODS DEFAULT_PORTS OPAQUE_SCHEMES OPTIONS TOKEN
    REFUSED_PREFLIGHT UNSAFE_HEADERS
    AMBIGUOUS_PATH DENIED NOT_ALLOWED PREDICATE_FAILED STRATEGY_FAILED VERB_NOT_ALLOWED
    Call is_local normal_path parse_host parse_pattern public_suffix_list show
    CORS ConfigError OriginList Policy make_middleware
""".split()


def imports_of(tree, level, module=None):
    """The names that a module imports from others of its package (level 1), or from another one."""
    return {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == level
        if module is None or node.module == module
        for alias in node.names
    }


def test_names_of_the_middleware_are_those_it_keeps_for_the_other_side():
    used = {name for _, name in imports_of(ROOMS["middleware"], 0, "wsgicors")}
    assert sorted(used) == sorted(FOR_THE_OTHER_SIDE)


@pytest.mark.parametrize("room", sorted(ROOMS.keys() - {"middleware"}))
def test_room_knows_the_middleware_by_one_room_only(room):
    names = [
        alias.name
        for node in ast.walk(ROOMS[room])
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    assert "wsgicors" not in names
    assert imports_of(ROOMS[room], 0, "wsgicors") == set()


def test_no_private_attribute_of_another_object_is_read():
    found = [
        f"{room}.py:{node.lineno}: {node.attr}"
        for room, tree in ROOMS.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_")
        if not node.attr.startswith("__")
        and node.attr != "_replace"  # of a named tuple
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
        and not isinstance(node.value, ast.Call)
    ]
    assert found == []


def test_no_private_name_of_another_room_is_imported():
    found = [
        (room, name)
        for room, tree in ROOMS.items()
        for _, name in imports_of(tree, 1)
        if name.startswith("_") and name != "__version__"
    ]
    assert found == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_room_can_be_read_in_one_sitting(room):
    lines = (PACKAGE / f"{room}.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 600


def test_no_room_imports_itself_by_way_of_another():
    """A room that is imported by itself, in any order, needs none that is still being imported."""
    imports = {
        room: {module for module, _ in imports_of(tree, 1) if module}
        for room, tree in ROOMS.items()
    }
    assert imports["browser"] == {"headers", "http1", "middleware", "origins", "reasons", "wire"}
    free = set()
    while len(free) < len(imports):
        ready = {room for room, needed in imports.items() if needed <= free} - free
        assert ready, f"a circle in {imports.keys() - free}"
        free |= ready


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_room_has_a_docstring_of_one_sentence(room):
    first = (ast.get_docstring(ROOMS[room]) or "").split("\n\n")[0]
    assert first.endswith(".")
    assert ". " not in first


def test_package_is_a_program(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["wsgicors", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("wsgicors_explain", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"wsgicors {wsgicors.__version__}\n"


def test_table_of_modules_names_each_of_them_below_what_it_imports():
    text = (PACKAGE.parent / "CONTRIBUTING.rst").read_text(encoding="utf-8")
    listed = re.findall(
        r"^(\w+)\.py ", text[text.index("Each module imports only") :], re.MULTILINE
    )
    assert sorted(listed) == sorted(ROOMS)
    for index, room in enumerate(listed):
        imported = {module for module, _ in imports_of(ROOMS[room], 1) if module}
        assert imported <= set(listed[:index])
