"""One application behind the middleware, for servers of any kind, and the start of those that have no command line.

As a module it offers ``application`` for gunicorn and uWSGI, and the factories of an ini file. As a program::

    python server_app.py wsgiref|waitress|cheroot [FILE.ini]

it serves on a free port of 127.0.0.1, which its first line of output tells, until it is ended.

What is under ``/caught`` goes through a middleware with ``catch_errors``, all else through one without. The last
segment of the path says what the application does, so that each can be asked for under every policy.
"""

from __future__ import annotations

import io
import json
import sys
import threading
from wsgiref.util import FileWrapper, shift_path_info
from wsgiref.validate import validator

from wsgicors import CORS

CONFIGURATION = {
    "policy": "api, public, kept",
    "api_path": "/api/*",
    "api_origin": "https://app.example.com, https://*.apps.example.com",
    "api_methods": "*",
    "api_headers": "*",
    "api_expose_headers": "*",
    "api_credentials": "true",
    "api_maxage": "600",
    "public_path": "/public/*",
    "public_origin": "*",
    "public_methods": "*",
    "public_headers": "*",
    "public_expose_headers": "X-App",
    "public_timing": "true",
    "kept_path": "/kept/*",
    "kept_origin": "https://app.example.com",
    "kept_methods": "PUT",
    "kept_preflight_status": "200",
}

# What the application has done, and which answers have come to the server as they were, for whoever asks for /notes.
NOTES = {"calls": 0, "closed": 0, "reads": 0, "unchanged": 0}
LAST_ANSWER = []
CLOSING = threading.Condition()  # notified when "closed" is counted

TEXT = ("Content-Type", "text/plain")


class NotedFile(io.FileIO):
    """A file that notes each time it is read. A server that sends it by its file descriptor does not read it."""

    def read(self, size=-1):
        NOTES["reads"] += 1
        return super().read(size)

    def readline(self, size=-1):
        NOTES["reads"] += 1
        return super().readline(size)


class Chunks:
    """Chunks of a body, the last of which may be an exception to raise; close is noted."""

    def __init__(self, *chunks):
        self.chunks = iter(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        chunk = next(self.chunks)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self):
        with CLOSING:
            NOTES["closed"] += 1
            CLOSING.notify_all()


def app(environ, start_response):
    """The application proper: see the names of its routes."""
    route = environ["PATH_INFO"].rpartition("/")[2]
    if route == "notes":
        # A server may close the iterable after the client has the body: whoever expects that names the count.
        expected = int(environ["QUERY_STRING"] or 0)
        with CLOSING:
            CLOSING.wait_for(lambda: NOTES["closed"] >= expected, timeout=10)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(NOTES).encode()]
    NOTES["calls"] += 1
    if route == "ok":
        body = f"{environ['REQUEST_METHOD']} ok".encode()
        cookie = ("Set-Cookie", "session=s3cret; Secure; SameSite=None")
        length = ("Content-Length", str(len(body)))
        start_response("200 OK", [TEXT, ("X-App", "1"), ("Vary", "Accept"), cookie, length])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
    if route == "own":
        own = [
            ("access-control-allow-origin", "https://wrong.example"),
            ("Access-Control-Allow-Credentials", "true"),
        ]
        start_response("200 OK", [*own, TEXT, ("ACCESS-CONTROL-MAX-AGE", "5"), ("vary", "*")])
        return [b"own"]
    if route == "fresh":
        start_response("304 Not Modified", [("ETag", '"v1"')])
        return []
    if route == "error":
        raise RuntimeError("a bug before the answer")
    if route == "half-way":
        start_response("200 OK", [TEXT, ("X-App", "1")])
        raise RuntimeError("a bug after start_response")
    if route == "recovered":
        try:
            start_response("200 OK", [TEXT, ("X-App", "1")])
            raise RuntimeError("a bug that the application answers itself")
        except RuntimeError:
            start_response("500 Recovered", [TEXT, ("X-App", "2")], sys.exc_info())
        return [b"recovered"]
    if route == "late":
        start_response("200 OK", [TEXT, ("Content-Length", "100")])
        return Chunks(b"first", RuntimeError("a bug after the first chunk"))
    if route == "stream":
        start_response("200 OK", [TEXT])
        return Chunks(b"one ", b"two ", b"three")
    if route == "write":
        write = start_response("200 OK", [TEXT])
        write(b"written, ")
        return [b"returned"]
    if route == "file":
        start_response("200 OK", [TEXT])
        # As https://peps.python.org/pep-3333/#optional-platform-specific-file-handling has it
        LAST_ANSWER[:] = [environ.get("wsgi.file_wrapper", FileWrapper)(NotedFile(__file__))]
        return LAST_ANSWER[0]
    if route == "file-iterated":
        start_response("200 OK", [TEXT])
        return iter(NotedFile(__file__))
    start_response("404 Not Found", [TEXT])
    return [b"missing"]


def linted(application):
    """The application under wsgiref.validate, but for files: that would hide the server's own file wrapper from it."""
    checked = validator(application)

    def choose(environ, start_response):
        is_file = environ["PATH_INFO"].endswith("/file")
        return (application if is_file else checked)(environ, start_response)

    return choose


def site(governed, caught):
    """What the server gets: two applications as one, of which the second is all under /caught."""

    def choose(environ, start_response):
        chosen = governed
        if environ["PATH_INFO"].startswith("/caught/"):
            shift_path_info(environ)
            chosen = caught
        answer = chosen(environ, start_response)
        NOTES["unchanged"] += any(answer is returned for returned in LAST_ANSWER)
        return answer

    return choose


application = site(
    linted(CORS(linted(app), CONFIGURATION)),
    linted(CORS(linted(app), CONFIGURATION, catch_errors=True)),
)


def make_app(global_conf):
    """For an ini file: paste.app_factory."""
    return app


def make_linted(application, global_conf):
    """For an ini file: paste.filter_app_factory."""
    return linted(application)


def make_site(loader, global_conf, governed, caught):
    """For an ini file: paste.composite_factory."""
    return site(loader.get_app(governed), loader.get_app(caught))


def main(server, ini=None):
    served = application
    if ini is not None:
        from paste.deploy import loadapp

        served = loadapp(f"config:{ini}")
    if server == "wsgiref":
        from wsgiref.simple_server import make_server

        running = make_server("127.0.0.1", 0, served)
        port, run = running.server_port, running.serve_forever
    elif server == "waitress":
        import waitress

        running = waitress.create_server(served, host="127.0.0.1", port=0)
        port, run = running.effective_port, running.run
    else:
        from cheroot.wsgi import Server

        running = Server(("127.0.0.1", 0), served)
        running.prepare()
        port, run = running.bind_addr[1], running.serve
    print(f"listening on 127.0.0.1:{port}", flush=True)
    run()


if __name__ == "__main__":
    main(*sys.argv[1:])
