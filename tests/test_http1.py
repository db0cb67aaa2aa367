"""What `Browser` reads of a response over HTTP, down to the byte; test_http1_engines.py asks the engines."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from raw_responses import ALWAYS, CHUNKED, RESPONSES, TIMEOUT, message, serving

from wsgicors_explain import Browser, main

pytestmark = pytest.mark.once

PAGE = "http://page.example"


@pytest.fixture(scope="module")
def port():
    with serving({name: raw.data for name, raw in RESPONSES.items()}) as port:
        yield port


@pytest.mark.parametrize("name", RESPONSES)
def test_response_is_read_as_the_table_says(port, name):
    raw, server = RESPONSES[name], f"127.0.0.1:{port}"
    verdict = Browser(f"http://{server}", PAGE, timeout=TIMEOUT).fetch(quote(name))
    if raw.read is None:
        assert not verdict
        assert verdict.reason == raw.reason.replace("PAGE", PAGE).replace("SERVER", server)
    else:
        assert verdict, verdict.reason
        assert verdict.response.status == raw.status
        assert verdict.readable_headers == {**ALWAYS, **raw.read}
        assert verdict.response.ignored == raw.ignored


LENGTH = b"Content-Length: "
BODIES = {
    "length": (message(LENGTH + b"3", body=b"abcdef"), b"abc"),
    "length of nothing": (message(LENGTH + b"0", body=b"abc"), b""),
    "cut": (message(LENGTH + b"9", body=b"abc"), b"abc"),
    "length that is no number": (message(LENGTH + b"3 bytes", body=b"abcdef"), b"abcdef"),
    "length beyond all bounds": (message(LENGTH + b"9" * 5000, body=b"abc"), b"abc"),
    "no length": (message(body=b"abc"), b"abc"),
    "long": (message(body=b"x" * 70000), b"x" * 65536),
    "chunks": (
        message(CHUNKED, body=b"3\r\nabc\r\nA;a=b\r\ndefghijklm\r\n0\r\nX: y\r\n\r\n"),
        b"abcdefghijklm",
    ),
    "chunks and length": (message(CHUNKED, LENGTH + b"1", body=b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
    "chunks with line feeds": (message(CHUNKED, body=b"3\nabc\n0\n\n"), b"abc"),
    "chunks in capitals": (message(CHUNKED.upper(), body=b" 3 \r\nabc\r\n0\r\n\r\n"), b"abc"),
    "chunks beside a coding": (
        message(CHUNKED.replace(b":", b": x,"), body=b"3\r\nabc\r\n0\r\n\r\n"),
        b"abc",
    ),
    "chunk that is cut": (message(CHUNKED, body=b"3\r\nab"), b"ab"),
    "chunks without an end": (message(CHUNKED, body=b"3\r\nabc\r\n"), b"abc"),
    "chunk without a size": (message(CHUNKED, body=b"3\r\nabc\r\nxyz\r\n"), b"abc"),
    "chunk that is longer than said": (message(CHUNKED, body=b"3\r\nabcXX\r\n0\r\n\r\n"), b"abc"),
    "204": (message(status=b"HTTP/1.1 204 No Content", body=b"abc"), b""),
    "304": (message(status=b"HTTP/1.1 304 Not Modified", body=b"abc"), b""),
}


@pytest.mark.parametrize(("data", "body"), BODIES.values(), ids=BODIES)
def test_body_is_taken_out_of_its_framing(data, body):
    with serving({"": data}) as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/")
    assert verdict.response.body == body


def test_response_to_head_has_no_body():
    with serving({"": message(LENGTH + b"3", body=b"abc")}) as port:
        verdict = Browser(f"http://127.0.0.1:{port}", PAGE).fetch("/", "HEAD")
    assert verdict
    assert verdict.response.body == b""


def test_last_line_names_the_line_that_browsers_ignore(capsys):
    line = b"Access-Control-Allow-Origin : *"
    with serving({"": message(line, headers=())}) as port:
        assert main(["explain", f"http://127.0.0.1:{port}/", "--origin", PAGE]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing (browsers ignore the line "
        "'Access-Control-Allow-Origin : *'); it should be http://page.example or *. To fix it, "
        "send that header on a line of its own, with no white space before its colon"
    )
