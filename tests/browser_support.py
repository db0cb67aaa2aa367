"""What the tests of Browser share: a server that answers as it is told, and the headers that it sends."""

from __future__ import annotations

from wsgiref.validate import validator

from wsgicors_explain import Browser

PAGE = "https://page.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


class Server:
    """A WSGI application that answers with given headers, validated, and keeps what it was asked."""

    def __init__(
        self, preflight=(), response=(), status="200 OK", preflight_status="204 No Content"
    ):
        self.preflight, self.response = list(preflight), list(response)
        self.status, self.preflight_status = status, preflight_status
        self.requests = []
        self.app = validator(self._answer)

    def _answer(self, environ, start_response):
        self.requests.append({k: v for k, v in environ.items() if isinstance(v, str)})
        if (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            typed = (
                []
                if self.preflight_status[:3] in ("204", "304")
                else [("Content-Type", "text/plain")]
            )
            start_response(self.preflight_status, [*typed, *self.preflight])
            return [b""]
        start_response(self.status, [("Content-Type", "text/plain"), *self.response])
        return [b"", b"body"]

    @property
    def methods(self):
        return [request["REQUEST_METHOD"] for request in self.requests]


def allow(*extra, origin=PAGE):
    return [("Access-Control-Allow-Origin", origin), *extra]


CREDENTIALS = ("Access-Control-Allow-Credentials", "true")


def methods(value):
    return ("Access-Control-Allow-Methods", value)


def headers(value):
    return ("Access-Control-Allow-Headers", value)


def fetch(server, *args, origin=PAGE, **kwargs):
    return Browser(server.app, origin).fetch(*args, **kwargs)
