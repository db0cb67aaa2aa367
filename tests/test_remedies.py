"""What the last line advises is enough: applied to the letter, the request passes and the configuration loads."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wsgicors_explain import main

ORIGINS = ("https://app.example.com", "https://b.example", "http://localhost:3000")
OTHERS = ("https://*.example.com", "http://app.example.com", "https://www.b.example", "*")
options = st.fixed_dictionaries(
    {},
    optional={
        "path": st.sampled_from(["/api/*", "/api", "/x, /y/*"]),
        "methods": st.sampled_from(["*", "GET", "GET, PATCH, DELETE"]),
        "headers": st.sampled_from(["*", "X-A", "X-A, Authorization"]),
        "credentials": st.sampled_from(["true", "false"]),
    },
)
policies = st.lists(
    st.tuples(st.sampled_from([*ORIGINS, *OTHERS]), options), min_size=1, max_size=3
)
requests = st.fixed_dictionaries(
    {
        "origin": st.sampled_from(ORIGINS),
        "path": st.sampled_from(["/api/", "/api", "/api/items", "/x", "/API/x", "/y//z"]),
        "method": st.sampled_from(["GET", "PUT", "PATCH", "patch", "put"]),
        "headers": st.lists(
            st.sampled_from(["X-A", "X-B", "Authorization", "Access-Control-Allow-Origin"]),
            max_size=2,
            unique=True,
        ),
        "include": st.booleans(),
    }
)


def written(entries, strategy):
    """The lines of an ini file."""
    names = [f"p{number}" for number in range(len(entries))]
    lines = ["[filter:cors]", "use = egg:wsgicors", f"matchstrategy = {strategy}"]
    lines.append(f"policy = {', '.join(names)}")
    for name, (origin, given_options) in zip(names, entries):
        lines.append(f"{name}_origin = {origin}")
        lines += [f"{name}_{key} = {value}" for key, value in given_options.items()]
    return lines


def explain(path, request, capsys):
    """The last line."""
    arguments = ["-X", request["method"]]
    for name in request["headers"]:
        arguments += ["-H", f"{name}: 1"]
    arguments += ["--credentials"] * request["include"]
    url = "http://localhost" + request["path"]
    main(["explain", str(path), "--origin", request["origin"], "--path", url, *arguments])
    return capsys.readouterr().out.splitlines()[-1]


def follow(advice, lines, request):
    """Do what the advice says; where it names several ways, the first."""
    first = advice.partition(", or ")[0]
    for clause in first.split(" and "):
        word, _, rest = clause.partition(" ")
        key = re.search(r"(p[0-9]_[a-z]+) \(a\.ini:[0-9]+\)$", clause)
        if key:
            change(word, re.split(" (?:to|in|instead)", rest)[0], key[1], lines)
        elif word == "write":
            request["method"] = rest.split()[0]
        elif word == "remove":
            request["headers"].remove("Access-Control-Allow-Origin")
        elif word == "request":
            request["path"] = rest.split()[0].removesuffix("*")
        else:
            request["origin"] = clause.split()[-1]


def change(word, values, key, lines):
    """Write the values, or add them to what is written."""
    at = [number for number, line in enumerate(lines) if line.startswith(f"{key} =")]
    if not at:
        lines.append(f"{key} = {values}")
    elif word == "add":
        lines[at[0]] += f", {values}"
    else:
        lines[at[0]] = f"{key} = {values}"


@pytest.mark.once
@given(entries=policies, request=requests, strategy=st.sampled_from(["firstmatch", "verbmatch"]))
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_advice_is_enough(entries, request, strategy, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.ini"
    lines = written(entries, strategy)
    path.write_text("\n".join(lines))
    last = explain("a.ini", request, capsys)
    if last.startswith("ALLOWED") or "does not load" in last:
        return
    _, separator, advice = last.partition(". To fix it, ")
    assert separator, last
    follow(advice, lines, request)
    path.write_text("\n".join(lines))
    assert explain("a.ini", request, capsys).startswith("ALLOWED"), (last, lines, request)
