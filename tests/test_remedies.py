"""What the last line advises is enough: applied to the letter, the request passes and the configuration loads."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_browser_http import serving

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


def asking(origin, path, include):
    return {"origin": origin, "path": path, "method": "GET", "headers": [], "include": include}


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
@example(
    entries=[("http://app.example.com", {"path": "/api/*"})],
    request=asking(ORIGINS[0], "/y//z", include=True),
    strategy="firstmatch",
)
@example(
    entries=[("https://localhost:3000", {"path": "/api/*"})],
    request=asking(ORIGINS[2], "/y//z", include=False),
    strategy="firstmatch",
)
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


PAGE = ORIGINS[0]
AO, AC, AM, AH = (
    f"Access-Control-Allow-{name}" for name in ("Origin", "Credentials", "Methods", "Headers")
)
FOREIGN = (
    PAGE,
    f"{PAGE}/",
    "app.example.com",
    "https://b.example",
    f"{PAGE}, https://b.example",
    "*",
    "null",
)
answers = st.fixed_dictionaries(
    {
        AO: st.lists(st.sampled_from(FOREIGN), max_size=2),
        AC: st.lists(st.sampled_from(["true", "True", "false"]), max_size=2),
        AM: st.lists(st.sampled_from(["GET", "GET POST", "put, patch", "GET PATCH", "*", "PUT", ";"]), max_size=1),
        AH: st.lists(st.sampled_from(["x-a", "X-A; X-B", "*", "Authorization X-A", "content-type", ";"]), max_size=1),
        "Vary": st.lists(st.just("Origin"), max_size=1),
        "Allow": st.lists(st.just("GET, PUT"), max_size=1),
    }
)  # fmt: skip
asked = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "PUT", "PATCH", "patch", "purge"]),
        "headers": st.lists(
            st.sampled_from(["X-A", "X-B", "Authorization", "Content-Type", AO]),
            max_size=3,
            unique=True,
        ),
        "include": st.booleans(),
    }
)


@pytest.fixture(scope="module")
def server():
    """Its URL, and what it sends, by the names of the headers; each has a list of values."""
    sent = {}

    def app(environ, start_response):
        headers = [(name, value) for name, values in sent.items() for value in values]
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [b""]

    with serving(app) as port:
        yield f"http://127.0.0.1:{port}/x", sent


def explain_server(url, request, capsys):
    """The lines of the output."""
    arguments = ["-X", request["method"]]
    for name in request["headers"]:
        arguments += ["-H", f"{name}: {'application/json' if name == 'Content-Type' else 1}"]
    arguments += ["--credentials"] * request["include"]
    main(["explain", url, "--origin", PAGE, "--send", *arguments])
    return capsys.readouterr().out.splitlines()


# A clause -> the header that the server sends then; the value is the last group.
WHOLE = (
    (AO, r"add (\S+) to (?:the origins that the server allows|WithOrigins of the policy)"),
    (AO, r"write (\S+) where the server has .*"),
    (AO, r"let the server compare .* that matches: (\S+)"),
    (AC, r"let it send Access-Control-Allow-Credentials: (true)(?: once)?"),
    (AC, r"let only one of them send it, with the value (true)"),
    (AO, r"let only one of them send it, with the value (\S+)"),
    (AM, r"let the server send Access-Control-Allow-Methods: (.+)"),
    (AH, r"let the server send Access-Control-Allow-Headers: (.+)"),
)
ADDED = r"add (.+) to the (methods|request headers) that the server allows"


def follow_for_server(clause, output, sent, request):
    """Do what a clause says."""
    for name, pattern in WHOLE:
        if found := re.fullmatch(pattern, clause):
            sent[name] = [found[1]]
            return
    if found := re.fullmatch(ADDED, clause):
        name = AM if found[2] == "methods" else AH
        sent[name] = [", ".join([*sent[name], found[1]])]
    elif found := re.fullmatch(r"write (\S+) in upper case on the server", clause):
        sent[AM] = [re.sub(rf"(?i)\b{found[1]}\b", found[1], *sent[AM])]
    elif found := re.fullmatch(r"write (\S+) instead of \S+ in the page", clause):
        request["method"] = found[1]
    elif found := re.fullmatch(
        r"remove (\S+)(?:, a response header,)? from the page's request(?:; only .*)?", clause
    ):
        request["headers"] = [
            name for name in request["headers"] if name.lower() != found[1].lower()
        ]
    elif found := re.fullmatch(r"keep the server from sending (\S+)", clause):
        sent[found[1]] = []
    else:
        assert "let the server send the headers above" in clause
        for line in output:
            if found := re.fullmatch(r"--    (\S+): (.+)", line):
                sent[found[1]] = [found[2]]


@pytest.mark.once
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")  # by wsgiref.validate
@given(answer=answers, request=asked)
@example(
    answer={AO: [PAGE], AC: [], AM: [], AH: [";"], "Vary": [], "Allow": []},
    request={"method": "PUT", "headers": [], "include": True},
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_advice_for_another_server_is_enough(answer, request, server, capsys):
    url, sent = server
    sent.clear()
    sent.update(answer)
    output = explain_server(url, request, capsys)
    if output[-1].startswith("ALLOWED"):
        return
    _, separator, advice = output[-1].partition(". To fix it, ")
    assert separator, output
    first = advice.partition(", or ")[0]
    for clause in re.split("(?<![,;]) and ", first):
        follow_for_server(clause, output, sent, request)
    assert explain_server(url, request, capsys)[-1].startswith("ALLOWED"), (output, sent, request)
