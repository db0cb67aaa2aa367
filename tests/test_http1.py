"""What `Browser` reads of a response over HTTP, down to the byte; test_http1_engines.py asks the engines."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from raw_responses import ALWAYS, RESPONSES, serving

from wsgicors_explain import Browser

pytestmark = pytest.mark.once

PAGE = "http://page.example"


@pytest.fixture(scope="module")
def port():
    with serving({name: raw.data for name, raw in RESPONSES.items()}) as port:
        yield port


@pytest.mark.parametrize("name", RESPONSES)
def test_response_is_read_as_the_table_says(port, name):
    raw, server = RESPONSES[name], f"127.0.0.1:{port}"
    verdict = Browser(f"http://{server}", PAGE).fetch(quote(name))
    if raw.read is None:
        assert not verdict
        assert verdict.reason == raw.reason.replace("PAGE", PAGE).replace("SERVER", server)
    else:
        assert verdict, verdict.reason
        assert verdict.response.status == raw.status
        assert verdict.readable_headers == {**ALWAYS, **raw.read}
        assert verdict.response.ignored == raw.ignored
