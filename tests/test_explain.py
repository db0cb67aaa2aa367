"""The command `explain`: the conversation, the verdict, what it is careful about. Mistakes are in test_diagnosis.py."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
import textwrap
from wsgiref.validate import validator

import pytest
from test_browser_http import answering, serving

import wsgicors
from wsgicors_explain import main

APP = "https://app.example.com"
ORIGIN = ("Access-Control-Allow-Origin", APP)
VARY = ("Vary", "Origin")


@pytest.fixture
def explain(tmp_path, monkeypatch, capsys):
    """Run `explain` in a directory of its own; gives the exit status and the lines of standard output and error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(target, *arguments, origin=APP):
        status = main(["explain", target, "--origin", origin, *arguments])
        captured = capsys.readouterr()
        return status, captured.out.splitlines(), captured.err.splitlines()

    return run


def write(path, text):
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


@pytest.fixture
def ini(tmp_path):
    write(
        tmp_path / "a.ini",
        """
        [filter:cors]
        use = egg:wsgicors#middleware
        policy = api, public
        api_path = /api/*
        api_origin = https://app.example.com
        api_methods = GET, PUT
        api_headers = X-Token
        api_credentials = true
        api_maxage = 600
        public_origin = *
        """,
    )
    return "a.ini"


def answer(*headers, status="200 OK", preflight=None):
    """An application that answers every request with these headers; it notes the methods."""
    asked = []

    def app(environ, start_response):
        asked.append(environ["REQUEST_METHOD"])
        sent = headers if preflight is None or asked[-1] != "OPTIONS" else preflight
        start_response(status, [("Content-Type", "text/plain"), *sent])
        return [b""]

    app.asked = asked
    return app


# --- the whole output ---


def test_allowed_request_with_its_preflight(ini, explain):
    arguments = ("--path", "/api/x?y=1", "-X", "put", "-H", "X-Token: 1", "--credentials")
    assert explain(ini, *arguments) == (
        0,
        [
            "ok  a preflight is needed: PUT is not a safelisted method; x-token is not a safelisted request header",
            "> OPTIONS /api/x?y=1 HTTP/1.1",
            "> Host: localhost",
            "> Accept: */*",
            "> Access-Control-Request-Method: PUT",
            "> Access-Control-Request-Headers: x-token",
            "> Origin: https://app.example.com",
            "> User-Agent: Mozilla/5.0 (compatible; wsgicors-explain)",
            "< 200 OK",
            "< Access-Control-Allow-Origin: https://app.example.com",
            "< Access-Control-Allow-Credentials: true",
            "< Access-Control-Allow-Methods: GET, PUT",
            "< Access-Control-Allow-Headers: X-Token",
            "< Access-Control-Max-Age: 600",
            "< Vary: Origin",
            "< Content-Type: text/plain; charset=utf-8",
            "< Content-Length: 0",
            "ok  the preflight returned 200",
            "ok  Access-Control-Allow-Origin in the preflight response fits: https://app.example.com",
            "ok  Access-Control-Allow-Methods in the preflight response fits: GET, PUT",
            "ok  Access-Control-Allow-Headers in the preflight response fits: X-Token",
            "> PUT /api/x?y=1 HTTP/1.1",
            "> Host: localhost",
            "> X-Token: 1",
            "> Origin: https://app.example.com",
            "> Content-Length: 0",
            "> Accept: */*",
            "> User-Agent: Mozilla/5.0 (compatible; wsgicors-explain)",
            "< 200 OK",
            "< Content-Type: text/plain",
            "< Content-Length: 0",
            "< Access-Control-Allow-Origin: https://app.example.com",
            "< Access-Control-Allow-Credentials: true",
            "< Vary: Origin",
            "ok  PUT http://localhost/api/x?y=1 returned 200",
            "ok  Access-Control-Allow-Origin fits: https://app.example.com",
            "ok  the page may read the response; of its headers: content-length, content-type",
            "--  a.ini was read without loading its application: an empty 200 takes its place",
            "ALLOWED: put http://localhost/api/x?y=1 for a page on https://app.example.com",
        ],
        [],
    )


def test_same_origin_is_allowed(ini, explain):
    status, lines, _ = explain(ini, "--path", "/api/x", origin="http://localhost")
    assert (status, lines[0]) == (
        0,
        "ok  http://localhost is the page's own origin: CORS does not apply",
    )
    assert lines[-1] == "ALLOWED: GET http://localhost/api/x for a page on http://localhost"


def test_forbidden_method_is_blocked_before_anything_is_sent(ini, explain):
    status, lines, _ = explain(ini, "-X", "TRACE")
    assert (status, lines[-1]) == (
        1,
        "BLOCKED: TRACE is a forbidden method: no page may send it. To fix it, use another method,"
        " such as POST, in the page and on the server",
    )
    assert not any(line.startswith(">") for line in lines)


EFFECT = "servers return a 500 without CORS headers for that, unless catch_errors = true"
IN_BODY = "it came from the body, so catch_errors = true does not catch it"

# --- refusals whose cause is in the configuration, but in no option's value ---

POLICIES = """
    from wsgicors import CORS
    def inner(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Total", "5"), ("Set-Cookie", "a=b")])
        return [b"inner"]
    def broken(*arguments):
        raise LookupError("mine")
    predicate = CORS(inner, origin=broken)
    strategy = CORS(inner, policies={"a": {"origin": "*"}}, matchstrategy=broken)
    alone = CORS(inner, policies={"a": {"origin": "*"}}, matchstrategy=lambda environ: None)
    plain = CORS(inner, origin="https://app.example.com")
    failing = CORS(broken, origin="https://app.example.com")
    def exiting(*arguments):
        raise SystemExit("mine")
    later = CORS(exiting, origin="https://app.example.com", methods="PUT")
    caught = CORS(broken, origin="https://app.example.com", catch_errors=True)
    continued = CORS(inner, origin="https://app.example.com", methods="PUT", preflight_continue=True)
    def refusing(environ, start_response):
        start_response("401 Unauthorized", [("Content-Type", "text/plain")])
        return [b""]
    missing = CORS(refusing, origin="https://app.example.com", path="/api/*")
    login = CORS(refusing, origin="https://app.example.com", methods="PUT", preflight_continue=True)
    def redirecting(environ, start_response):
        start_response("302 Found", [("Content-Type", "text/plain"), ("Location", "ftp://a.example/")])
        return [b""]
    redirected = CORS(redirecting, policy="a", a_origin="https://app.example.com")
    def by_itself(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", "null")])
        return [b""]
    outside = CORS(by_itself, policy="a", a_origin="https://app.example.com", a_path="/api/*")
    policies = CORS(inner, policies={"a": {"origin": "https://a.example", "path": "/api/*", "methods": "GET"},
                                     "b": {"origin": "https://b.example"}})
    def around(app, header, value):
        def layer(environ, start_response):
            def change(status, headers, exc_info=None):
                kept = [pair for pair in headers if pair[0].lower() != header.lower()]
                return start_response(status, kept + [(header, value)] * bool(value))
            return app(environ, change)
        return layer
    removing = around(plain, "Access-Control-Allow-Origin", "")
    replacing = around(plain, "access-control-allow-origin", "https://b.example")
    adding = around(plain, "X-Other", "1")
    guarded = lambda environ, start_response: refusing(environ, start_response)
    def raising(environ, start_response):
        app = plain if environ["REQUEST_METHOD"] == "OPTIONS" else broken
        return app(environ, start_response)
    class Outer:
        app = plain
        def __call__(self, environ, start_response):
            return self.app(environ, start_response)
    outer = Outer()
    text = "no application"
    def breaking_off(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"a"
        raise LookupError("late")
    broken_off = CORS(breaking_off, origin="https://app.example.com")
    uncaught = CORS(breaking_off, origin="https://app.example.com", catch_errors=True)
    echoing = CORS(inner, origin="https://app.example.com", credentials=True, methods="*")
"""


@pytest.fixture
def module(tmp_path):
    """The name of a module with the applications above."""
    write(tmp_path / "explained.py", POLICIES)
    yield "explained"
    sys.modules.pop("explained", None)


@pytest.mark.parametrize(
    ("attribute", "arguments", "last"),
    [
        (
            "predicate", (),
            "BLOCKED: a predicate of the configuration failed; see the server's log."
            " To fix it, let broken() (explained.py:5) return True or False",
        ),
        (
            "strategy", (),
            "BLOCKED: the matchstrategy of the configuration failed; see the server's log."
            " To fix it, let broken() (explained.py:5) return the name of a policy, 'deny' or None",
        ),
        (
            "echoing", ("-X", "A" * 65),
            "BLOCKED: Access-Control-Request-Method is not a token of at most 64 bytes",
        ),
        ("broken_off", (), f"BLOCKED: the application raised LookupError: late; {IN_BODY}"),
        ("uncaught", (), f"BLOCKED: the application raised LookupError: late; {IN_BODY}"),
        (
            "alone", (),
            "BLOCKED: the matchstrategy leaves this request alone. To fix it, let it return the name of a policy",
        ),
        (
            "login", ("-X", "PUT"),
            "BLOCKED: the preflight to http://localhost/ returned 401 Unauthorized:"
            " the server requires a login, which a preflight never carries."
            " To fix it, let OPTIONS pass without a login: handle CORS before authentication",
        ),
        (
            "missing", ("--path", "/x"),
            "BLOCKED: no policy governs the path /x, and the application returns 401."
            " To fix it, add /x to path (explained.py:20)",
        ),
        (
            "outside", ("--path", "/x"),
            "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'null'; it should be https://app.example.com."
            " To fix it, let the server send the headers above",
        ),
        (
            "removing", (),
            "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be https://app.example.com"
            " or *; wsgicors sent https://app.example.com, and something outside of it removed it."
            " To fix it, make CORS the outermost layer around the application for this path",
        ),
        (
            "replacing", (),
            "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'https://b.example'; it should be"
            " https://app.example.com; wsgicors sent https://app.example.com, and something outside of it replaced it."
            " To fix it, make CORS the outermost layer around the application for this path",
        ),
        (
            "adding", ("-H", "X-Token: 1"),
            "BLOCKED: Access-Control-Allow-Headers in the preflight response is missing; it must include x-token."
            " To fix it, add x-token to headers (explained.py:10)",
        ),
        (
            "guarded", ("-H", "X-Token: 1"),
            "BLOCKED: the preflight to http://localhost/ returned 401 Unauthorized: the server requires a login, which a preflight never carries"
            "; the request did not reach wsgicors."
            " To fix it, make CORS the outermost layer around the application for this path",
        ),
        (
            "raising", ("-H", "X-Token: 1", "--path", "/?x"),
            "BLOCKED: Access-Control-Allow-Headers in the preflight response is missing; it must include x-token."
            " To fix it, add x-token to headers (explained.py:10)",
        ),
        (
            "raising", ("--preflight",), "BLOCKED: the application raised LookupError: mine; " + EFFECT,
        ),
        (
            "redirected", (),
            "BLOCKED: the redirect to ftp://a.example/ does not lead to an http:// or https:// URL",
        ),
        (
            "policies", ("--path", "/x"),
            "BLOCKED: no policy for this path allows the origin: https://app.example.com."
            " To fix it, add https://app.example.com to b_origin (explained.py:30)",
        ),
    ],
)  # fmt: skip
def test_cause_in_an_application(attribute, arguments, last, module, explain):
    status, lines, _ = explain(f"{module}:{attribute}", *arguments)
    assert (status, lines[-1]) == (1, last)


def test_failure_without_a_cors_request_is_not_blamed_on_the_configuration(module, explain):
    status, lines, _ = explain(f"{module}:redirected", origin="http://localhost")
    assert (status, lines[-1]) == (
        1,
        "BLOCKED: the redirect to ftp://a.example/ does not lead to an http:// or https:// URL",
    )


def test_application_and_its_layers_are_asked(module, explain):
    for attribute in ("plain", "outer"):
        status, lines, _ = explain(f"{module}:{attribute}")
        assert (status, lines[-1]) == (
            0,
            "ALLOWED: GET http://localhost/ for a page on https://app.example.com",
        )
        status, lines, _ = explain(f"{module}:{attribute}", "-X", "PUT")
        assert lines[-1].endswith("To fix it, add PUT to methods (explained.py)")


def test_bound_call_of_the_middleware_is_the_middleware(tmp_path, explain):
    write(
        tmp_path / "bound.py",
        """
        from wsgicors import CORS

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok"]

        application = CORS(app, origin="https://app.example.com").__call__
        """,
    )
    status, lines, _ = explain("bound:application", origin="https://b.example")
    assert status == 1
    assert lines[-1] == (
        "BLOCKED: no policy for this path allows the origin: https://b.example."
        " To fix it, add https://b.example to origin (bound.py:7)"
    )


def test_application_without_the_middleware_is_asked_too(module, explain):
    status, lines, _ = explain(f"{module}:inner")
    assert status == 1
    assert lines[-1] == (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be "
        + APP
        + " or *; the request did not reach wsgicors. To fix it, make CORS the outermost layer around the application for this path"
    )


def test_application_without_any_middleware_is_told_what_to_send(tmp_path, explain):
    write(
        tmp_path / "bare.py",
        """
        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b""]
        """,
    )
    status, lines, _ = explain("bare:app")
    assert (status, lines[-4:]) == (
        1,
        [
            "--  a response to GET that passes has:",
            f"--    Access-Control-Allow-Origin: {APP}",
            "--    Vary: Origin",
            "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
            f" {APP} or *. To fix it, let the server send the headers above",
        ],
    )


def test_interruption_ends_the_command_in_one_line(tmp_path, explain):
    text = "from wsgicors import CORS\ndef slow(*_):\n    raise KeyboardInterrupt\napp = CORS(slow, origin='*')\n"
    write(tmp_path / "interrupted.py", text)
    status, _, errors = explain("interrupted:app")
    assert (status, errors) == (1, ["wsgicors: interrupted"])


def test_preflight_continue_is_followed(module, explain):
    assert explain(f"{module}:continued", "-X", "PUT")[0] == 0


def test_exception_of_the_application_is_the_cause(module, explain):
    status, lines, errors = explain(f"{module}:failing")
    assert status == 1
    assert lines[-1] == "BLOCKED: the application raised LookupError: mine; " + EFFECT
    assert any("in broken" in line for line in errors)
    assert not any("direct cause" in line for line in errors)


def test_exception_after_the_preflight_leaves_the_evidence(module, explain):
    status, lines, _ = explain(f"{module}:failing", "-X", "PUT", "-H", "X-Token: 1")
    assert status == 1
    assert lines[-1].endswith("add x-token to headers (explained.py:11)")
    status, lines, _ = explain(f"{module}:later", "-X", "PUT")
    assert (status, lines[-1]) == (1, "BLOCKED: the application raised SystemExit: mine; " + EFFECT)
    assert "ok  the preflight returned 200" in lines


def test_caught_exception_can_be_read_by_the_page(module, explain):
    status, lines, _ = explain(f"{module}:caught")
    assert status == 0
    assert "< 500 Internal Server Error" in lines
    assert (
        lines[-1]
        == f"ALLOWED: GET http://localhost/ for a page on {APP}; what it may read is an error,"
        " 500 Internal Server Error: the application failed"
    )


# --- what the page cannot read, what caches do ---


def test_header_that_the_page_cannot_read_is_named(module, explain):
    status, lines, _ = explain(f"{module}:plain")
    note = "--  the page cannot read x-total: list it in Access-Control-Expose-Headers"
    assert (status, lines[-2]) == (0, f"{note}, option expose_headers")


def test_header_that_the_page_cannot_read_is_named_for_any_server(explain):
    with serving(answer(ORIGIN, VARY, ("X-Total", "1"))) as port:
        status, lines, _ = explain(f"http://127.0.0.1:{port}")
    note = "--  the page cannot read x-total: list it in Access-Control-Expose-Headers"
    assert (status, lines[-2]) == (0, note)


def test_missing_vary_is_pointed_out(explain):
    with serving(answer(ORIGIN)) as port:
        status, lines, _ = explain(f"http://127.0.0.1:{port}")
    assert status == 0
    assert lines[-2] == (
        "--  Vary does not include Origin, so a cache may serve this response, with its Access-Control-Allow-Origin, to pages of other origins"
    )


@pytest.mark.parametrize(
    "headers", [(ORIGIN, VARY), (ORIGIN, ("Vary", "*")), (("Access-Control-Allow-Origin", "*"),)]
)
def test_sufficient_vary_is_not_pointed_out(headers, explain):
    with serving(answer(*headers)) as port:
        _, lines, _ = explain(f"http://127.0.0.1:{port}")
    assert not any(line.startswith("--  Vary") for line in lines)


# --- URLs ---

PREFLIGHT = [ORIGIN, VARY, ("Access-Control-Allow-Methods", "PUT")]


def test_put_is_not_sent_without_being_asked_for(explain):
    app = answer(*PREFLIGHT)
    with serving(app) as port:
        url = f"http://127.0.0.1:{port}/x"
        status, lines, _ = explain(url, "-X", "PUT")
        assert (status, app.asked) == (1, ["OPTIONS"])
        assert lines[-1] == (
            f"UNKNOWN: the preflight allows PUT {url} for a page on {APP}; the request itself is only sent with --send"
        )
        status, lines, _ = explain(url, "-X", "PUT", "--send")
        assert (status, app.asked) == (0, ["OPTIONS", "OPTIONS", "PUT"])
        assert lines[-1] == f"ALLOWED: PUT {url} for a page on {APP}"


def test_post_that_needs_no_preflight_is_unknown(explain):
    app = answer(ORIGIN)
    with serving(app) as port:
        url = f"http://127.0.0.1:{port}/x"
        status, lines, _ = explain(url, "-X", "POST")
        assert (status, app.asked) == (1, [])
        assert (
            lines[-1]
            == f"UNKNOWN: POST {url} for a page on {APP} needs no preflight, and without --send it is not sent"
        )
        assert explain(url, "-X", "POST", "--send")[0] == 0
        assert app.asked == ["POST"]


def test_blocked_preflight_is_blocked_without_send(explain):
    with serving(answer()) as port:
        assert explain(f"http://127.0.0.1:{port}/x", "-X", "PUT")[0] == 1


@pytest.mark.parametrize(
    ("preflight", "status", "last"),
    [
        ([ORIGIN, VARY], 0, "ALLOWED: GET {url} for a page on https://app.example.com"),
        (
            [],
            1,
            "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
            " should be https://app.example.com or *. To fix it, let the server send the headers"
            " above",
        ),
    ],
)
def test_preflight_can_be_forced(preflight, status, last, explain):
    app = answer(ORIGIN, VARY, preflight=preflight)
    with serving(app) as port:
        url = f"http://127.0.0.1:{port}/"
        done, lines, _ = explain(url, "--preflight")
    assert (done, lines[-1]) == (status, last.format(url=url))
    assert app.asked == ["OPTIONS", "GET"][: 2 - status]


def test_preflight_that_is_forced_asks_the_configuration(ini, explain):
    status, lines, _ = explain(ini, "--path", "/api/x", "--preflight", origin="https://b.example")
    assert (status, lines[-1]) == (
        1,
        "BLOCKED: no policy for this path allows the origin: https://b.example; public would"
        " allow it, but is not for this path. To fix it,"
        " add https://b.example to api_origin (a.ini:5)",
    )
    assert [line for line in lines if line.startswith("> OPTIONS")] == ["> OPTIONS /api/x HTTP/1.1"]


def limited(environ, start_response):
    """An application that takes ten bytes."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    read = len(environ["wsgi.input"].read(size))
    if read > 10:
        start_response("413 Request Entity Too Large", [("Content-Type", "text/plain")])
        return [b"%d bytes are too many" % read]
    start_response("200 OK", [("Content-Type", "text/plain"), ORIGIN, VARY])
    return [b""]


@pytest.mark.parametrize(
    ("size", "status", "last"),
    [
        ("10", 0, "ALLOWED: POST {url} for a page on https://app.example.com"),
        (
            "11",
            1,
            'BLOCKED: POST {url} returned 413 "11 bytes are too many" by Python\'s wsgiref:'
            " the body is larger than the server accepts, and this error lacks"
            " Access-Control-Allow-Origin. To fix it, raise its limit (client_max_body_size in"
            " nginx, for example), or send less",
        ),
    ],
)
def test_body_has_the_size_that_is_given(size, status, last, explain):
    with serving(limited) as port:
        url = f"http://127.0.0.1:{port}/"
        done, lines, _ = explain(url, "-X", "POST", "--send", "--data-size", size)
    assert (done, lines[-1]) == (status, last.format(url=url))
    assert f"> Content-Length: {size}" in lines


def test_method_without_a_body_and_a_data_size_are_wrong_usage(ini, explain):
    message = "wsgicors: --data-size: GET has no body: choose another method with -X"
    assert explain(ini, "--data-size", "1") == (2, [], [message])


@pytest.mark.parametrize("size", ["-1", "1e3", "x", "", "100000001", "9" * 5000])
def test_bad_data_size_is_wrong_usage(size, ini, explain):
    status, _, errors = explain(ini, f"--data-size={size}")
    expected = (
        f"argument --data-size: {size!r} is not a size: write a number of bytes, at most 100000000"
    )
    assert (status, errors[-1]) == (2, f"wsgicors explain: error: {expected}")


def test_get_and_head_are_sent(explain):
    app = answer(ORIGIN)
    with serving(app) as port:
        for method in ("GET", "HEAD"):
            assert explain(f"http://127.0.0.1:{port}/x", "-X", method)[0] == 0
    assert app.asked == ["GET", "HEAD"]


@pytest.mark.parametrize("path", ["robots.txt", "a.har", "a.ini", "a%20b.TXT"])
def test_url_is_not_taken_for_a_file(path, explain):
    app = answer(("Access-Control-Allow-Origin", "*"))
    with serving(app) as port:
        url = f"http://127.0.0.1:{port}/{path}"
        status, lines, _ = explain(url)
    assert (status, lines[-1]) == (0, f"ALLOWED: GET {url} for a page on {APP}")


def test_path_is_relative_to_the_url(explain):
    with serving(answer(ORIGIN)) as port:
        _, lines, _ = explain(f"http://127.0.0.1:{port}/x/y", "--path", "../z")
    assert lines[-1] == f"ALLOWED: GET http://127.0.0.1:{port}/z for a page on {APP}"


def test_network_failures_are_one_line(explain, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")  # whatever the machine has
    status, lines, _ = explain("http://nowhere.invalid/", origin="http://a.example")
    assert status == 1
    assert lines[-1].startswith("BLOCKED: the host name nowhere.invalid does not resolve: ")
    with answering(None) as port:
        status, lines, _ = explain(f"http://127.0.0.1:{port}/", "--timeout", "1")
    assert status == 1
    assert lines[-1].startswith(
        f"UNKNOWN: 127.0.0.1:{port} did not respond within 1 second. To find out, "
    )


def test_foreign_text_cannot_play_with_the_terminal(explain):
    with answering(
        b"HTTP/1.1 200 OK\r\nX-A: \x1b[2Jgone\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
    ) as port:
        status, lines, _ = explain(f"http://127.0.0.1:{port}/")
    assert status == 0
    assert "< X-A: \\x1b[2Jgone" in lines


# --- usage ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("localhost:8000",),
            "localhost:8000 is not a URL without its scheme: write http://localhost:8000 or https://localhost:8000",
        ),
        (
            ("nothing:app",),
            "nothing:app cannot be loaded: ModuleNotFoundError: No module named 'nothing'",
        ),
        (("a.ini", "-X", "a b"), "method='a b' is not the name of a method"),
        (("http://[::1", "-X", "GET"), "'http://[::1' Invalid IPv6 URL"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments, message, ini, explain):
    assert explain(*arguments) == (2, [], [f"wsgicors: {message}"])


def test_bad_origin_is_wrong_usage(ini, explain):
    status, _, errors = explain(ini, origin="app.example.com")
    assert (status, errors) == (
        2,
        [
            "wsgicors: 'app.example.com' is not what browsers send (no scheme): write 'https://app.example.com'"
        ],
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "x", "1e9", ""])
def test_bad_timeout_is_wrong_usage(seconds, ini, explain):
    status, _, errors = explain(ini, "--timeout", seconds)
    expected = f"argument --timeout: {seconds!r} is not a time: write seconds, such as 10 or 0.5"
    assert (status, errors[-1]) == (2, f"wsgicors explain: error: {expected}")


def test_user_name_in_the_url_is_wrong_usage(explain):
    message = "wsgicors: a page cannot fetch a URL with a user name or password in it: write http://a.example/"
    assert explain("http://user:password@a.example") == (2, [], [message])


def test_bad_header_is_wrong_usage(ini, explain):
    status, _, errors = explain(ini, "-H", "X-Token")
    assert (status, errors[-1]) == (
        2,
        "wsgicors explain: error: argument -H/--header: 'X-Token' is not a header: write 'Name: value'",
    )


def test_one_of_several_sections_must_be_chosen(ini, tmp_path, explain):
    with (tmp_path / ini).open("a", encoding="utf-8") as file:
        file.write("[filter:other]\nuse = egg:wsgicors\norigin = *\n")
    assert explain(ini) == (
        2,
        [],
        [
            "wsgicors: a.ini has several uses of wsgicors: choose one with --section: filter:cors, filter:other"
        ],
    )
    assert explain(ini, "--section", "other")[0] == 0


HELP = {
    "": """
usage: wsgicors [-h] [--version] check | explain ...

Checks configurations of wsgicors, and explains why a browser blocks a request.

options:
  -h, --help       show this help message and exit
  --version        show program's version number and exit

commands:
  check | explain
    check          print policies, problems and advice
    explain        make a request as a browser does, and say why it is blocked

examples:
  wsgicors check production.ini
  wsgicors explain https://api.example.com/ --origin https://shop.example.com

exit status: 0 valid or allowed, 1 problems, blocked or unknown, 2 wrong usage
""",
    "check": """
usage: wsgicors check [-h] [--section NAME] TARGET [NAME=VALUE ...]

Print policies, problems and advice.

options:
  -h, --help      show this help message and exit

the target:
  TARGET          an ini file, or an application as module:attribute or module:factory()
  NAME=VALUE      variables of an ini file, as pserve takes them
  --section NAME  the section of the ini file, such as filter:cors

examples:
  wsgicors check production.ini
  wsgicors check shop.wsgi:application

exit status: 0 valid, 1 problems, 2 wrong usage
""",
    "explain": """
usage: wsgicors explain TARGET [NAME=VALUE]... --origin ORIGIN [options]
       wsgicors explain PASTE [options]

Make a request as a browser does, and say why it is blocked.

options:
  -h, --help            show this help message and exit

the target:
  TARGET                the URL of any server, an ini file, or a WSGI application as
                        module:attribute or module:factory(). Or a paste: the console's message,
                        a curl command, fetch(...), headers, or a HAR file. - reads the paste
                        from standard input
  NAME=VALUE            variables of an ini file, as pserve takes them
  --section NAME        the section of the ini file, such as filter:cors

the request:
  --origin ORIGIN       the origin of the page that makes the request, or the page's URL
  --path PATH           a path, or a URL, relative to TARGET
  --script-name PATH    the path at which a server mounts the application; --path includes it
  -X METHOD, --method METHOD
                        the method of the request; default: GET
  -H 'NAME: VALUE', --header 'NAME: VALUE'
                        a request header that the page sets; may be repeated
  --credentials         as fetch(..., {credentials: 'include'}) does
  --preflight           send a preflight even before a simple request, as browsers do if the
                        page listens to the progress of an upload
  --data-size BYTES     send a body of this size

how it is sent to a URL:
  --send                also send methods other than GET and HEAD, and the cookies in a paste
  --timeout SECONDS     how long to wait for a response; default: 10

the paste:
  --pasted FILE         a file with a paste, whose request is sent to TARGET
  --offline             use the paste alone, and send nothing

examples:
  a server, in any language:
    wsgicors explain https://api.example.com/basket --origin https://shop.example.com \\
        -X PUT -H 'Content-Type: application/json' --credentials
  your configuration:
    wsgicors explain production.ini --path /basket --origin https://shop.example.com
  a paste: the console's message, "Copy as cURL", "Copy as fetch" or headers:
    wsgicors explain -

exit status: 0 allowed, 1 blocked or unknown, 2 wrong usage
""",
}


def flowing(text):
    """A help text on one line, in the words of the newest Python."""
    text = text.replace("optional arguments:", "options:")  # before 3.10
    text = re.sub("(-[XH]) ('.*?'|[A-Z]+), (--[a-z]+) ", r"\1, \3 ", text)  # before 3.13
    return " ".join(text.split())


@pytest.mark.parametrize("command", HELP)
def test_help_is_complete(command, capsys):
    assert main([*command.split(), "--help"]) == 0
    assert flowing(capsys.readouterr().out) == flowing(HELP[command])


def test_version_is_that_of_the_middleware(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"wsgicors {wsgicors.__version__}\n"


# --- colour ---


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_colour_is_for_terminals_and_adds_nothing_to_the_text(ini, explain, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, plain, _ = explain(ini, "--path", "/api/x", origin="https://b.example")

    def on_terminal():
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal)
            main(["explain", ini, "--path", "/api/x", "--origin", "https://b.example"])
        return terminal.getvalue()

    coloured = on_terminal()
    assert "\033[1;31mBLOCKED: " in coloured
    assert coloured.replace("\033[1;31m", "").replace("\033[0m", "").splitlines() == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert on_terminal().splitlines() == plain


# --- pipes ---


def test_text_is_written_in_the_characters_that_the_output_has(ini, explain, monkeypatch):
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", pipe)
        main(["explain", ini, "--path", "/api/x", "--origin", APP, "-H", "X-Token: \xfc"])
    pipe.seek(0)
    assert "> X-Token: \\xfc" in pipe.read()


def test_reader_that_has_seen_enough_is_no_error(ini, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as pipe, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", pipe)
        assert main(["explain", ini, "--origin", APP]) == 1


# --- as a user calls it ---


def run_process(directory, *arguments):
    """Run this Python in a directory where only PYTHONPATH leads to the two modules."""
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.abspath(wsgicors.__file__))}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command,
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("start", [["-m", "wsgicors"], [wsgicors.__file__]], ids=["module", "file"])
def test_command_runs_as_a_process(start, ini, tmp_path):
    done = run_process(tmp_path, *start, "explain", ini, "--origin", APP, "--path", "/api/x")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout.splitlines()[-1] == f"ALLOWED: GET http://localhost/api/x for a page on {APP}"
    )


def test_application_of_the_working_directory_is_found(module, tmp_path):
    done = run_process(tmp_path, wsgicors.__file__, "explain", f"{module}:plain", "--origin", APP)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_stand_in_application_is_valid(ini):
    """What explain puts behind the middleware of an ini file keeps to PEP 3333."""
    from wsgicors_explain import Browser
    from wsgicors_explain.configuration import empty_app

    assert not Browser(validator(empty_app), APP).fetch("/")


@pytest.mark.parametrize(
    "change",
    [
        "environ.clear()",
        "environ.pop('HTTP_ORIGIN')",
        "environ.update(HTTP_ORIGIN='https://b.example', REQUEST_METHOD='X', PATH_INFO='/x')",
    ],
)
def test_what_a_predicate_does_to_its_environ_changes_no_diagnosis(change, explain, tmp_path):
    code = f"""
        from wsgicors import CORS
        def inner(environ, start_response):
            start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
            return [b""]
        asked = []
        def changing(origin, environ):
            asked.append(origin)
            {change}
            return False
        changed = CORS(inner, origin=changing)
        """
    (tmp_path / "changing.py").write_text(textwrap.dedent(code))
    try:
        status, lines, errors = explain("changing:changed", "--origin", "https://app.example.com")
        asked = sys.modules["changing"].asked
    finally:
        sys.modules.pop("changing", None)
    assert (status, errors) == (1, [])
    # By the request, by its diagnosis, and by the search for a remedy.
    assert asked.count("https://app.example.com") == 3
    assert lines[-2:] == [
        "--  the application sent Access-Control-Allow-Origin: *;"
        " it was removed, because no policy allows this request",
        "BLOCKED: no policy for this path allows the origin: https://app.example.com."
        " To fix it, let changing() (changing.py:7) return True for https://app.example.com",
    ]


def test_error_of_a_predicate_is_logged_once(module, explain, caplog):
    status, lines, _ = explain(f"{module}:predicate", "--origin", "https://app.example.com")
    assert status == 1
    (record,) = caplog.records
    assert record.getMessage().startswith("the predicate broken (explained.py:5) failed")
    assert record.exc_info[0] is LookupError
    assert not logging.getLogger("wsgicors").disabled
