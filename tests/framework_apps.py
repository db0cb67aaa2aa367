"""The same small application in five frameworks, each written the way that framework's users write it.

Its routes:

    GET /ok             200, with a cookie, ``X-App: 1`` and ``Vary: Accept``
    GET /whoami         200, the value of the cookie ``session``
    GET /fresh          200 with an ETag; 304 where If-None-Match names that
    GET /error          raises RuntimeError
    GET /stream         200, three chunks from a Stream
    GET /file           200, the file that the application was made with
    OPTIONS /ok         200, the application's own answer to OPTIONS
    PUT /private        200; 401 from the framework's own hook where there is no Authorization
    anything else       the framework's 404

Each function takes the path of a file to serve, a Stream, and whether an exception of a view is to propagate
(else the framework makes a 500 of it). Frameworks are imported when they are used.
"""

from __future__ import annotations

import sys
from types import ModuleType

ETAG = '"v1"'


class Stream:
    """Three chunks, and notes of what has become of them: ``made`` counts them, ``closed`` tells of a call of close."""

    def __init__(self):
        self.made = 0
        self.closed = False

    def __iter__(self):
        return self

    def __next__(self):
        if self.made == 3:
            raise StopIteration
        self.made += 1
        return b"chunk %d\n" % self.made

    def close(self):
        self.closed = True


def make_django(file, stream, propagate):
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import FileResponse, HttpResponse, StreamingHttpResponse
    from django.test.utils import override_settings
    from django.urls import path
    from django.views.decorators.http import etag, require_http_methods

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="for tests", LOGGING_CONFIG=None)
        django.setup()

    @require_http_methods(["GET", "HEAD", "OPTIONS"])
    def ok(request):
        if request.method == "OPTIONS":
            return HttpResponse("my own OPTIONS", content_type="text/plain")
        response = HttpResponse(
            "ok", content_type="text/plain", headers={"X-App": "1", "Vary": "Accept"}
        )
        response.set_cookie("session", "s3cret", samesite="None", secure=True)
        return response

    def whoami(request):
        return HttpResponse(request.COOKIES["session"], content_type="text/plain")

    @etag(lambda request: ETAG)
    def fresh(request):
        return HttpResponse("fresh", content_type="text/plain")

    def error(request):
        raise RuntimeError("a bug in a view")

    def streamed(request):
        return StreamingHttpResponse(stream, content_type="text/plain")

    def served(request):
        return FileResponse(open(file, "rb"), content_type="text/plain")

    @require_http_methods(["PUT"])
    def private(request):
        return HttpResponse("private", content_type="text/plain")

    def authenticate(get_response):
        def middleware(request):
            if request.path == "/private" and "Authorization" not in request.headers:
                return HttpResponse("who are you?", status=401, content_type="text/plain")
            return get_response(request)

        return middleware

    module = ModuleType("wsgicors_tests_django")
    module.authenticate = authenticate
    module.urlpatterns = [
        path("ok", ok),
        path("whoami", whoami),
        path("fresh", fresh),
        path("error", error),
        path("stream", streamed),
        path("file", served),
        path("private", private),
    ]
    sys.modules[module.__name__] = module  # Django finds its middleware by a dotted name
    ours = {
        "ROOT_URLCONF": module,
        "MIDDLEWARE": [f"{module.__name__}.authenticate"],
        "DEBUG_PROPAGATE_EXCEPTIONS": propagate,
    }
    with override_settings(**ours):
        handler = WSGIHandler()

    def application(environ, start_response):
        with override_settings(**ours):
            return handler(environ, start_response)

    return application


def make_bottle(file, stream, propagate):
    import os

    import bottle

    app = bottle.Bottle()
    app.config["catchall"] = not propagate

    @app.hook("before_request")
    def authenticate():
        if bottle.request.path == "/private" and "Authorization" not in bottle.request.headers:
            bottle.abort(401, "who are you?")

    @app.get("/ok")
    def ok():
        bottle.response.set_header("X-App", "1")
        bottle.response.set_header("Vary", "Accept")
        bottle.response.set_cookie("session", "s3cret", samesite="none", secure=True)
        return "ok"

    @app.route("/ok", method="OPTIONS")
    def options():
        return "my own OPTIONS"

    @app.get("/whoami")
    def whoami():
        return bottle.request.get_cookie("session")

    @app.get("/fresh")
    def fresh():
        status = 304 if bottle.request.get_header("If-None-Match") == ETAG else 200
        return bottle.HTTPResponse("fresh" if status == 200 else "", status, ETag=ETAG)

    @app.get("/error")
    def error():
        raise RuntimeError("a bug in a view")

    @app.get("/stream")
    def streamed():
        return stream

    @app.get("/file")
    def served():
        return bottle.static_file(
            os.path.basename(file), root=os.path.dirname(file), mimetype="text/plain"
        )

    @app.put("/private")
    def private():
        return "private"

    return app


def make_pyramid(file, stream, propagate):
    from pyramid.config import Configurator
    from pyramid.response import FileResponse, Response

    def ok(request):
        if request.method == "OPTIONS":
            return Response("my own OPTIONS")
        response = Response("ok", content_type="text/plain", vary=("Accept",))
        response.headers["X-App"] = "1"
        response.set_cookie("session", "s3cret", samesite="None", secure=True)
        return response

    def whoami(request):
        return Response(request.cookies["session"])

    def fresh(request):
        return Response("fresh", etag=ETAG.strip('"'), conditional_response=True)

    def error(request):
        raise RuntimeError("a bug in a view")

    def streamed(request):
        return Response(app_iter=stream, content_type="text/plain")

    def served(request):
        return FileResponse(file, request=request, content_type="text/plain")

    def private(request):
        return Response("private")

    def failed(request):
        return Response("a 500 of the application", status=500)

    def authenticating(handler, registry):
        def tween(request):
            if request.path == "/private" and "Authorization" not in request.headers:
                return Response("who are you?", status=401)
            return handler(request)

        return tween

    with Configurator() as config:
        for view in (ok, whoami, fresh, error, streamed, served, private):
            route = {streamed: "stream", served: "file"}.get(view, view.__name__)
            config.add_route(route, f"/{route}")
            config.add_view(
                view, route_name=route, request_method="PUT" if view is private else None
            )
        if not propagate:
            config.add_exception_view(failed, context=RuntimeError)
        # Tweens are found by a dotted name, like Django's middleware.
        module = ModuleType("wsgicors_tests_pyramid")
        module.authenticating = authenticating
        sys.modules[module.__name__] = module
        config.add_tween(f"{module.__name__}.authenticating")
        return config.make_wsgi_app()


def make_flask(file, stream, propagate):
    import flask

    app = flask.Flask("wsgicors_tests")
    app.config["PROPAGATE_EXCEPTIONS"] = propagate

    @app.before_request
    def authenticate():
        if flask.request.path == "/private" and "Authorization" not in flask.request.headers:
            return "who are you?", 401
        return None

    @app.get("/ok", provide_automatic_options=False)
    def ok():
        response = flask.Response(
            "ok", headers={"X-App": "1", "Vary": "Accept"}, mimetype="text/plain"
        )
        response.set_cookie("session", "s3cret", samesite="None", secure=True)
        return response

    @app.route("/ok", methods=["OPTIONS"], provide_automatic_options=False)
    def options():
        return "my own OPTIONS"

    @app.get("/whoami")
    def whoami():
        return flask.request.cookies["session"]

    @app.get("/fresh")
    def fresh():
        response = flask.Response("fresh", mimetype="text/plain")
        response.set_etag(ETAG.strip('"'))
        return response.make_conditional(flask.request)

    @app.get("/error")
    def error():
        raise RuntimeError("a bug in a view")

    @app.get("/stream")
    def streamed():
        return flask.Response(stream, mimetype="text/plain")

    @app.get("/file")
    def served():
        return flask.send_file(file, mimetype="text/plain")

    @app.put("/private")
    def private():
        return "private"

    return app


def make_falcon(file, stream, propagate):
    import os

    import falcon

    class Authenticate:
        def process_request(self, req, resp):
            if req.path == "/private" and not req.auth:
                raise falcon.HTTPUnauthorized(description="who are you?")

    class Ok:
        def on_get(self, req, resp):
            resp.text = "ok"
            resp.content_type = "text/plain"
            resp.set_header("X-App", "1")
            resp.append_header("Vary", "Accept")
            resp.set_cookie("session", "s3cret", same_site="None", secure=True)

        def on_options(self, req, resp):
            resp.text = "my own OPTIONS"

    class Whoami:
        def on_get(self, req, resp):
            resp.text = req.cookies["session"]

    class Fresh:
        def on_get(self, req, resp):
            resp.etag = ETAG.strip('"')
            if any(tag == resp.etag.strip('"') for tag in req.if_none_match or ()):
                resp.status = falcon.HTTP_304
            else:
                resp.text = "fresh"

    class Error:
        def on_get(self, req, resp):
            raise RuntimeError("a bug in a view")

    class Streamed:
        def on_get(self, req, resp):
            resp.content_type = "text/plain"
            resp.stream = stream

    class Served:
        def on_get(self, req, resp):
            resp.content_type = "text/plain"
            resp.set_stream(open(file, "rb"), os.path.getsize(file))  # noqa: SIM115 (the server closes it)

    class Private:
        def on_put(self, req, resp):
            resp.text = "private"

    def reraise(req, resp, error, params):
        raise error

    app = falcon.App(middleware=[Authenticate()])
    if propagate:
        app.add_error_handler(RuntimeError, reraise)
    resources = {
        "ok": Ok(),
        "whoami": Whoami(),
        "fresh": Fresh(),
        "error": Error(),
        "stream": Streamed(),
        "file": Served(),
        "private": Private(),
    }
    for route, resource in resources.items():
        app.add_route(f"/{route}", resource)
    return app


# What a framework is called where it is installed from -> its application.
FRAMEWORKS = {
    "django": make_django,
    "bottle": make_bottle,
    "pyramid": make_pyramid,
    "flask": make_flask,
    "falcon": make_falcon,
}
