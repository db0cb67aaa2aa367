"""What is logged of a refusal, and that the text of a request breaks no line."""

from __future__ import annotations

import logging

import pytest
from response_support import API_ONLY, Recorder, call
from support import ENVIRON, ORIGIN, OTHER, ask, client, ignore, plain_app, request

from wsgicors import CORS


def lines(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "wsgicors"]


@pytest.mark.parametrize(
    ("options", "origin"),
    [
        pytest.param({"origin": "*"}, ORIGIN, id="static"),
        pytest.param({"origin": "*"}, "malformed", id="static-malformed"),
        pytest.param({"origin": ORIGIN}, ORIGIN, id="allowed"),
        pytest.param({"origin": ORIGIN}, None, id="no-origin"),
        pytest.param(API_ONLY, ORIGIN, id="not-governed"),
    ],
)
def test_what_is_not_refused_logs_nothing(options, origin, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    request(client(**options), origin)
    assert lines(caplog) == []


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "same"),
    [
        pytest.param("https", "app.example.com", "https://app.example.com", True, id="same"),
        pytest.param("http", "localhost:8080", "http://localhost:8080", True, id="port"),
        pytest.param("http", "app.example.com", "https://app.example.com", True, id="tls-proxy"),
        pytest.param("https", "app.example.com", "http://app.example.com", False, id="no-tls"),
        pytest.param("http", "", "http://", False, id="no-host"),
        pytest.param(
            "https", "app.example.com", "https://other.example.com", False, id="other-host"
        ),
        pytest.param(
            "https", "app.example.com:8443", "https://app.example.com", False, id="other-port"
        ),
    ],
)
def test_refusal_of_the_servers_own_origin_is_called_so(scheme, host, origin, same, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    middleware = CORS(plain_app, origin="https://nobody.example")
    call(middleware, Recorder(), "POST", origin, **{"wsgi.url_scheme": scheme, "HTTP_HOST": host})
    (line,) = lines(caplog)
    assert line.endswith("same origin") is same


@pytest.mark.parametrize(
    "text",
    [
        "x\r\nforged: line",
        "\n",
        "\x1b[31m",
        "\x00",
        "\u2028",
        "\x85",
        "%s%s%n",
        "a" * 100_000,
        "é",
        "'\"",
    ],
    ids=ascii,
)
def test_request_text_in_the_log_is_quoted_and_cut_short(text, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    middleware = CORS(plain_app, origin=ORIGIN)
    asked = {"PATH_INFO": "/" + text, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": text}
    call(middleware, Recorder(), "OPTIONS", text, **asked)
    call(middleware, Recorder(), "GET" + text, text, **asked)
    first, second = lines(caplog)
    for line in (first, second):
        assert line.isprintable()
        assert len(line) < 1000
    assert ("forged" not in text) or "\\r\\nforged" in first


def test_nothing_is_formatted_where_nobody_listens(caplog):
    class Method(str):
        def __getitem__(self, part):
            formatted.append(part)
            return str(self)[part]

    formatted = []
    middleware = CORS(plain_app, origin=ORIGIN)
    caplog.set_level(logging.INFO, "wsgicors")
    call(middleware, Recorder(), Method("GET"), OTHER)
    assert lines(caplog) == formatted == []
    caplog.set_level(logging.DEBUG, "wsgicors")
    call(middleware, Recorder(), Method("GET"), OTHER)
    assert len(lines(caplog)) == 1
    assert formatted


# flask-cors, CVE-2024-1681
@pytest.mark.parametrize(
    "key",
    [
        "PATH_INFO",
        "HTTP_ORIGIN",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
    ],
)
def test_request_text_does_not_break_a_log_line(key, caplog):
    caplog.set_level(logging.DEBUG, "wsgicors")
    sent = {
        "PATH_INFO": "/",
        "HTTP_ORIGIN": OTHER,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-a",
        key: "/\r\nINFO forged\n",
    }
    options = {"origin": [ORIGIN], "credentials": True, "methods": "*", "headers": "*"}
    for method in ("OPTIONS", "GET"):
        for origins in ([ORIGIN], [OTHER]):
            seen = []
            ask(
                CORS(plain_app, **{**options, "origin": origins}),
                lambda *args, seen=seen: seen.append(args),
                method,
                **sent,
            )
            assert "forged" not in str(seen)
    for record in caplog.records:
        assert record.getMessage().isprintable()
    assert len(caplog.records) >= 2


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("null", "no policy for this path allows the origin"),
        (ORIGIN, "no policy for this path allows the origin"),
        ("NULL", "the Origin header is not what browsers send"),
    ],
)
def test_log_says_why_an_origin_is_refused(caplog, origin, reason):
    caplog.set_level(logging.DEBUG, "wsgicors")
    CORS(plain_app, origin="https://other.example")({**ENVIRON, "HTTP_ORIGIN": origin}, ignore)
    assert [text for _, _, text in caplog.record_tuples] == [
        f"refused 'GET' '/' from {origin!r}: {reason}"
    ]
