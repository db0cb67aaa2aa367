"""The middleware around real applications: what each framework answers reaches the page, with the policy's headers."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import threading
from wsgiref.validate import validator

import pytest
import waitress
import webtest
from framework_apps import ETAG, FRAMEWORKS, Stream
from support import CORS_NAMES, ORIGIN, OTHER, assert_cors, client, need, preflight, request
from waitress import wasyncore
from waitress.buffers import ReadOnlyFileBasedBuffer

from wsgicors import CORS

OPTIONS = {
    "origin": ORIGIN,
    "methods": "GET, PUT",
    "headers": "Authorization, X-Token",
    "expose_headers": "X-App",
    "credentials": True,
    "maxage": 600,
}
ALLOWED = {
    "allow_origin": ORIGIN,
    "allow_credentials": "true",
    "expose_headers": "X-App",
    "vary": "Origin",
}
CONTENT = b"the content of a file\n" * 5000


class Site:
    """One framework's application: ``make(propagate)`` gives it, ``file`` and ``stream`` are what it serves."""

    def __init__(self, framework, tmp_path):
        need(importlib.util.find_spec(framework), framework, "pip install -e '.[test]'")
        self.file = tmp_path / "file.txt"
        self.file.write_bytes(CONTENT)
        self.stream = Stream()
        self.framework = framework

    def make(self, propagate=False):
        return FRAMEWORKS[self.framework](str(self.file), self.stream, propagate)

    def client(self, propagate=False, **options):
        return client(None, self.make(propagate), **{**OPTIONS, **options})


@pytest.fixture(params=FRAMEWORKS)
def site(request, tmp_path):
    return Site(request.param, tmp_path)


@contextlib.contextmanager
def on_waitress(app):
    """The port of a real server on loopback, in a thread of this process, so that a test sees what it is handed."""
    sockets: dict[int, wasyncore.dispatcher] = {}
    server = waitress.create_server(app, map=sockets, host="127.0.0.1", port=0, threads=1)
    thread = threading.Thread(target=server.run)
    thread.start()
    left: dict[int, wasyncore.dispatcher] = {}

    def leave():
        left.update(sockets)
        sockets.clear()

    try:
        yield server.effective_port
    finally:
        # All is closed after the threads have ended: one that wakes the loop writes to a file descriptor, which by then
        # may be another file's.
        server.trigger.pull_trigger(leave)
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(left)


# What the framework answers to any request that is no preflight, whoever asks.
ANSWERS = [
    pytest.param("/ok", {}, 200, id="success"),
    pytest.param("/no-such-page", {}, 404, id="not-found"),
    pytest.param("/fresh", {"If_None_Match": ETAG}, 304, id="not-modified"),
    pytest.param("/error", {}, 500, id="error-that-the-framework-answers"),
    pytest.param("/private", {"Authorization": "Bearer token"}, None, id="wrong-method"),
]


@pytest.mark.parametrize(("path", "sent", "status"), ANSWERS)
@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        pytest.param(ORIGIN, ALLOWED, id="allowed"),
        pytest.param(OTHER, {"vary": "Origin"}, id="refused"),
        pytest.param(None, {"vary": "Origin"}, id="without-origin"),
    ],
)
def test_every_answer_gets_the_headers_of_the_policy_and_keeps_its_own(
    site, path, sent, status, origin, ours
):
    bare = request(webtest.TestApp(validator(site.make()), lint=False), origin, path=path, **sent)
    assert status in (None, bare.status_int)

    response = request(site.client(), origin, path=path, **sent)
    vary = [value for value in (bare.headers.get("Vary"), "Origin") if value]
    assert_cors(response, **{**ours, "vary": ", ".join(vary)})
    assert response.status == bare.status
    assert response.body == bare.body
    assert own_headers(response) == own_headers(bare)


def own_headers(response):
    """All but ours, and but the time."""
    return [
        header for header in response.headerlist if header[0].lower() not in {*CORS_NAMES, "date"}
    ]


def test_exception_of_a_view_propagates(site):
    page = site.client(propagate=True)
    with pytest.raises(RuntimeError, match="a bug in a view"):
        request(page, ORIGIN, path="/error")


def test_catch_errors_answers_an_exception_of_a_view(site, caplog):
    page = site.client(propagate=True, catch_errors=True)
    response = request(page, ORIGIN, path="/error")
    assert (response.status, response.body) == (
        "500 Internal Server Error",
        b"Internal Server Error\n",
    )
    assert_cors(response, **ALLOWED)
    logged = [record for record in caplog.records if record.name == "wsgicors"]
    assert [record.levelname for record in logged] == ["ERROR"]
    assert logged[0].exc_info[0] is RuntimeError

    refused = request(page, OTHER, path="/error")
    assert refused.status_int == 500
    assert_cors(refused, vary="Origin")


def test_stream_stays_lazy_and_is_closed(site):
    environ = webtest.TestRequest.blank("/stream", headers={"Origin": ORIGIN}).environ
    app = validator(CORS(validator(site.make()), **OPTIONS))
    sent = []

    def start_response(status, headers, exc_info=None):
        sent.append((status, headers))
        return lambda data: None

    answer = app(environ, start_response)
    chunks = iter(answer)
    assert next(chunks) == b"chunk 1\n"
    assert sent[0][0] == "200 OK"
    assert dict(sent[0][1])["Access-Control-Allow-Origin"] == ORIGIN
    assert site.stream.made < 3
    assert next(chunks) == b"chunk 2\n"
    assert not site.stream.closed
    # The client is gone: the server closes before the last chunk, and the framework gets to know.
    answer.close()
    assert site.stream.closed
    assert site.stream.made < 3


def test_file_response_reaches_the_server_as_its_file_wrapper(site):
    handed = []
    app = CORS(site.make(), **OPTIONS)

    def server_side(environ, start_response):
        answer = app(environ, start_response)
        handed.append(answer)
        return answer

    with (
        on_waitress(server_side) as port,
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as page,
    ):
        page.request("GET", "/file", headers={"Origin": ORIGIN})
        response = page.getresponse()
        assert response.read() == CONTENT
        assert response.status == 200
        assert response.headers.get_all("Access-Control-Allow-Origin") == [ORIGIN]
        assert response.headers.get_all("Access-Control-Allow-Credentials") == ["true"]
        assert response.headers.get_all("Vary") == ["Origin"]
    # The very test by which waitress decides to send the file itself.
    assert [type(answer) for answer in handed] == [ReadOnlyFileBasedBuffer]


def test_file_response_is_valid_on_both_sides(site):
    response = request(site.client(), ORIGIN, path="/file")
    assert response.body == CONTENT
    assert_cors(response, **ALLOWED)


def test_cookies_come_and_go(site):
    page = site.client()
    response = request(page, ORIGIN, path="/ok")
    cookie = response.headers["Set-Cookie"]
    assert cookie.split(";")[0].strip() == "session=s3cret"
    assert "samesite=none" in cookie.lower()

    response = request(page, ORIGIN, path="/whoami", Cookie="session=s3cret")
    assert response.body == b"s3cret"
    assert_cors(response, **ALLOWED)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"Origin": ORIGIN}, id="no-method-asked-for"),
        pytest.param({"Access-Control-Request-Method": "PUT"}, id="no-origin"),
        pytest.param({}, id="neither"),
    ],
)
def test_options_that_is_no_preflight_reaches_the_application(site, sent):
    response = site.client().request("/ok", method="OPTIONS", headers=sent)
    assert (response.status_int, response.body) == (200, b"my own OPTIONS")
    assert_cors(response, **(ALLOWED if "Origin" in sent else {"vary": "Origin"}))


def test_preflight_does_not_meet_authentication(site):
    page = site.client()
    response = preflight(page, path="/private", headers="authorization")
    assert (response.status, response.body) == ("200 OK", b"")
    assert_cors(
        response,
        allow_origin=ORIGIN,
        allow_credentials="true",
        allow_methods="GET, PUT",
        allow_headers="Authorization, X-Token",
        max_age="600",
        vary="Origin",
    )
    # The page can see that it has to log in, and then gets what it asked for.
    response = request(page, ORIGIN, "PUT", "/private")
    assert response.status_int == 401
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    response = request(page, ORIGIN, "PUT", "/private", Authorization="Bearer token")
    assert (response.status_int, response.body) == (200, b"private")
    assert_cors(response, **ALLOWED)


def test_preflight_over_a_socket(site):
    """The first thing that a browser does, on a real server."""
    app = validator(CORS(validator(site.make()), **OPTIONS))
    with (
        on_waitress(app) as port,
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as page,
    ):
        page.request(
            "OPTIONS",
            "/private",
            headers={"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"},
        )
        response = page.getresponse()
        assert (response.status, response.read()) == (200, b"")
        assert response.headers.get_all("Access-Control-Allow-Origin") == [ORIGIN]

        page.request("PUT", "/private", headers={"Origin": ORIGIN, "Authorization": "Bearer token"})
        response = page.getresponse()
        assert (response.status, response.read()) == (200, b"private")
        assert response.headers.get_all("Access-Control-Allow-Origin") == [ORIGIN]
