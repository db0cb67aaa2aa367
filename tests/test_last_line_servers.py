"""The last line of `explain`, for real servers: Express, nginx, Starlette, Django, Flask.

What they answer differs from version to version; the cause and the remedy must not.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import flask
import pytest
from support import need
from test_browser_http import serving
from test_caches import Front, running
from test_caches_explained import on_a_port

from wsgicors_explain import main

pytestmark = pytest.mark.once

PAGE = "https://app.example.com"
JSON = ("-H", "Content-Type: application/json")
TOKEN = ("-H", "Authorization: Bearer x")

EXPRESS = """
const express = require('express'), cors = require('cors');
const only = cors({origin: 'https://app.example.com'});
const ok = (request, response) => response.json({});
const app = express();
app.get('/without-options', only, ok);
app.put('/without-options', only, ok);
app.get('/fails', () => { throw new Error('no such table') });
app.use('/star', cors({credentials: true}), ok);
app.use('/small', express.json({limit: 10}), only, ok);
app.use('/slash', cors({origin: 'https://app.example.com/'}), ok);
app.use('/list', cors({origin: ['https://a.example', 'https://b.example']}), ok);
app.use('/function', cors({origin: (origin, done) => done(new Error('Not allowed by CORS'))}), ok);
app.use('/headers', cors({allowedHeaders: ['X-A']}), ok);
app.use('/login', (request, response) => response.sendStatus(401));
const server = app.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
"""

NGINX = """
daemon off; master_process off; pid {0}/pid; error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {0}/body; proxy_temp_path {0}/temp; fastcgi_temp_path {0}/fastcgi;
    uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
    map $http_origin $allowed {{ "https://app.example.com" $http_origin; }}
    server {{
        listen unix:{0}/front;
        add_header Access-Control-Allow-Origin $allowed;
        location = /lost {{ return 301 http://127.0.0.1:4/; }}
        location /files/ {{ root {0}; }}
        location = /limited {{ limit_except GET {{ deny all; }} root {0}; }}
        location = /moved {{ return 301 /moved/; }}
        location = /only-options {{
            if ($request_method = OPTIONS) {{
                add_header Access-Control-Allow-Origin $allowed;
                add_header Access-Control-Allow-Headers authorization;
                return 204;
            }}
            add_header X-A 1;
            return 200 ok;
        }}
        location = /small {{ client_max_body_size 1k; proxy_pass http://unix:{0}/nobody:/; }}
        location = /down {{ proxy_pass http://unix:{0}/nobody:/; }}
        location = /login {{ auth_basic x; auth_basic_user_file /dev/null; root {0}; }}
        location = /twice {{
            add_header Access-Control-Allow-Origin *;
            proxy_pass http://unix:{0}/front:/allowed;
        }}
        location = /allowed {{ return 200 ok; }}
    }}
}}
"""

STARLETTE = """
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route


async def items(request):
    return JSONResponse({})


async def fails(request):
    raise RuntimeError("no such table")


routes = [Route("/items", items, methods=["GET", "PUT"]), Route("/fails", fails)]
allowing = dict(allow_origins=["https://app.example.com"], allow_headers=["X-A"])
cors = Starlette(routes=routes, middleware=[Middleware(CORSMiddleware, **allowing)])
uvicorn.run(Starlette(routes=[Mount("/cors", cors), Mount("/plain", Starlette(routes=routes))]), port=0)
"""

DJANGO = """
from wsgiref.simple_server import make_server

import django
from django.conf import settings

settings.configure(
    DEBUG=True,
    ROOT_URLCONF=__name__,
    SECRET_KEY="x",
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=[
        "django.middleware.common.CommonMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.decorators import login_required
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST


def ok(request):
    return JsonResponse({})


def fails(request):
    raise LookupError("no such table")


urlpatterns = [
    path("items/", ok),
    path("fails", fails),
    path("mine", login_required(ok)),
    path("post", require_POST(ok)),
]
with make_server("127.0.0.1", 0, get_wsgi_application()) as server:
    print(f"port {server.server_port}", flush=True)
    server.serve_forever()
"""


@contextlib.contextmanager
def running_on_a_port(command, started=r"port ([0-9]+)"):
    with running(command, started) as (_, found):
        yield f"http://127.0.0.1:{found[1]}"


@contextlib.contextmanager
def express(directory):
    npm = need(
        shutil.which("node") and shutil.which("npm"), "Node.js", "apt-get install nodejs npm"
    )
    install = [npm, "install", "--no-audit", "--no-fund", "--silent", "express@5", "cors@2"]
    subprocess.run(install, cwd=directory, check=True, timeout=300)
    Path(directory, "app.js").write_text(EXPRESS, encoding="utf-8")
    with running_on_a_port(["node", f"{directory}/app.js"]) as url:
        yield url


@contextlib.contextmanager
def nginx(directory):
    path = need(
        shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"),
        "nginx",
        "apt-get install nginx",
    )
    Path(directory, "files").mkdir()
    Path(directory, "files", "a.txt").write_text("a", encoding="utf-8")
    Path(directory, "conf").write_text(NGINX.format(directory), encoding="utf-8")
    command = [path, "-p", str(directory), "-c", f"{directory}/conf", "-e", "stderr"]
    with running(command, r"nginx/[0-9.]+"), on_a_port(Front(f"{directory}/front")) as port:
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def starlette(directory):
    pytest.importorskip("uvicorn")
    with running_on_a_port([sys.executable, "-c", STARLETTE], r"running on .*:([0-9]+)") as url:
        yield url


@contextlib.contextmanager
def django(directory):
    with running_on_a_port([sys.executable, "-c", DJANGO]) as url:
        yield url


@contextlib.contextmanager
def flask_(directory):
    app = flask.Flask(__name__)
    app.add_url_rule("/items/", "items", lambda: "ok", methods=["GET", "POST"])
    app.add_url_rule("/forbidden", "forbidden", lambda: flask.abort(403))
    app.add_url_rule("/fails", "fails", lambda: 1 / 0)
    app.add_url_rule("/bare", "bare", lambda: "ok", provide_automatic_options=False)
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


STARTED = {
    "express": express,
    "nginx": nginx,
    "starlette": starlette,
    "django": django,
    "flask": flask_,
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """The URL of each server, which is started when it is asked for."""
    with contextlib.ExitStack() as stack:
        urls = {}

        def url_of(name):
            if name not in urls:
                directory = tmp_path_factory.mktemp(name)
                urls[name] = stack.enter_context(STARTED[name](directory))
            return urls[name]

        yield url_of


SITUATIONS = {
    ("express", "/without-options", "-X", "PUT"): (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        " should be https://app.example.com or *; it has Allow: GET, HEAD, PUT instead, the"
        " usual response to OPTIONS of a framework without CORS. To fix it, switch CORS on for"
        " this path: let the server send the headers above"
    ),
    ("express", "/without-options", "-X", "DELETE"): (
        "BLOCKED: the response to the preflight: Access-Control-Allow-Origin is missing; it"
        " should be https://app.example.com or *; it has Allow: GET, HEAD, PUT instead, the"
        " usual response to OPTIONS of a framework without CORS, and DELETE is not in it. To fix"
        " it, switch CORS on for this path: let the server send the headers above; and let it"
        " take DELETE"
    ),
    ("express", "/fails"): (
        'BLOCKED: GET URL/fails returned 500 "Error: no such table" by Express: the'
        " application failed, and this error lacks Access-Control-Allow-Origin. To fix it, read"
        " the server's log for the exception and fix that"
    ),
    ("express", "/star", "--credentials"): (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is *, which browsers refuse"
        " with credentials; it should be https://app.example.com. To fix it, let the server send"
        " the headers above"
    ),
    ("express", "/small", "-X", "POST", *JSON, "--data-size", "20", "--send"): (
        'BLOCKED: POST URL/small returned 413 "PayloadTooLargeError: request entity too'
        ' large" by Express: the body is larger than Express accepts; the preflight passed, so'
        " only this error lacks Access-Control-Allow-Origin. To fix it, raise the limit of"
        " express.json() or express.urlencoded(), or send less"
    ),
    ("express", "/slash"): (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is 'https://app.example.com/';"
        " it should be https://app.example.com (a trailing slash). To fix it, write"
        " https://app.example.com where the server has https://app.example.com/"
    ),
    ("express", "/list"): (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        " https://app.example.com or *; it has Vary: Origin, so the server supports CORS but does not"
        " allow this origin. To fix it, add https://app.example.com to the origins that the"
        " server allows"
    ),
    ("express", "/function"): (
        'BLOCKED: GET URL/function returned 500 "Error: Not allowed by CORS" by Express:'
        " the application refuses the origin https://app.example.com in a function of its own,"
        " and this error lacks Access-Control-Allow-Origin. To fix it, add"
        " https://app.example.com to the origins that this function allows"
    ),
    ("express", "/headers", "-H", "X-B: 1"): (
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is 'X-A'; it must include x-b. To"
        " fix it, add x-b to the request headers that the server allows"
    ),
    ("express", "/login", *TOKEN): (
        "BLOCKED: the preflight to URL/login returned 401 Unauthorized by Express: the server requires a login, which a preflight never carries"
        ". To fix it, let OPTIONS pass without a"
        " login: handle CORS before authentication"
    ),
    ("express", "/nowhere"): (
        'BLOCKED: GET URL/nowhere returned 404 "Cannot GET /nowhere" by Express: the'
        " Express application has no route for GET URL/nowhere, and this error lacks"
        " Access-Control-Allow-Origin. To fix it, correct the URL or the method, or add the"
        " route"
    ),
    ("express", "/nowhere", "-X", "PUT"): (
        'BLOCKED: the preflight to URL/nowhere returned 404 "Cannot OPTIONS /nowhere" by'
        " Express: the Express application has no handler for OPTIONS here. To fix it, put"
        " app.use(cors()) before the routes"
    ),
    ("nginx", "/files/b.txt"): (
        "BLOCKED: GET URL/files/b.txt returned 404 Not Found by nginx: the server has"
        " nothing at this URL, and this error lacks Access-Control-Allow-Origin. To fix it,"
        " check the host, the path and a trailing slash of the URL"
    ),
    ("nginx", "/files/a.txt", "-X", "POST", *JSON): (
        "BLOCKED: the preflight to URL/files/a.txt returned 405 Not Allowed by nginx: the"
        " server does not handle OPTIONS at this URL. To fix it, answer OPTIONS there with a"
        " status from 200 to 299 and the headers above"
    ),
    ("nginx", "/limited", "-X", "POST", *JSON): (
        "BLOCKED: the preflight to URL/limited returned 403 Forbidden by nginx: nginx"
        " itself refuses the request, before any application. To fix it, look for deny and"
        " limit_except in nginx's configuration of this path, and at the permissions of the file"
    ),
    ("nginx", "/moved"): (
        "BLOCKED: URL/moved redirects (301) to http://127.0.0.1/moved/, and there: nothing"
        " listens on 127.0.0.1 port 80: the connection was refused. To fix it, request"
        " URL/moved/ (with the slash), and let the redirect keep the port: with a relative"
        " Location, as nginx sends it with absolute_redirect off"
    ),
    ("nginx", "/lost"): (
        "BLOCKED: URL/lost redirects (301) to http://127.0.0.1:4/, and there: nothing listens on"
        " 127.0.0.1 port 4: the connection was refused. To fix it, let the server redirect to an"
        " address that the browser reaches: behind a proxy, it has to know the host that the page requests "
        "(X-Forwarded-Host)"
    ),
    ("nginx", "/moved", *JSON): (
        "BLOCKED: the preflight to URL/moved was redirected (301) to http://127.0.0.1/moved/,"
        " which browsers do not follow. To fix it, request URL/moved/ (with the slash), and let the"
        " redirect keep the port: with a relative Location, as nginx sends it with"
        " absolute_redirect off"
    ),
    ("nginx", "/only-options", *TOKEN): (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        " https://app.example.com or *; the preflight passed, so only OPTIONS has the headers."
        " To fix it, let the server send the headers above with GET as well"
    ),
    ("nginx", "/small", "-X", "POST", "--data-size", "5000000", "--send"): (
        "BLOCKED: POST URL/small returned 413 Request Entity Too Large by nginx: the body"
        " is larger than the server accepts, and this error lacks Access-Control-Allow-Origin. To"
        " fix it, raise its limit (client_max_body_size in nginx, for example), or send less"
    ),
    ("nginx", "/down"): (
        "BLOCKED: GET URL/down returned 502 Bad Gateway by nginx: a gateway got no valid"
        " response from the application behind it, and this error lacks"
        " Access-Control-Allow-Origin. To fix it, see whether the application runs, and read its"
        " log"
    ),
    ("nginx", "/login", *TOKEN): (
        "BLOCKED: the preflight to URL/login returned 401 Authorization Required by nginx:"
        " the server requires a login, which a preflight never carries. To fix it, let OPTIONS pass"
        " without a login: handle CORS before authentication"
    ),
    ("nginx", "/twice"): (
        "BLOCKED: Access-Control-Allow-Origin was sent 2 times: 'https://app.example.com' and"
        " '*'; usually by the application and by a proxy in front of it (nginx, perhaps). To fix it,"
        " let only one of them send it, with the value https://app.example.com"
    ),
    ("starlette", "/cors/items", "-X", "PUT", "-H", "X-B: 1", "--origin", "https://b.example"): (
        'BLOCKED: the preflight to URL/cors/items returned 400 "Disallowed CORS origin,'
        ' method, headers" by uvicorn: the CORSMiddleware of Starlette or FastAPI does not allow'
        " the origin https://b.example, the method PUT and all of x-b. To fix it, add"
        " https://b.example to allow_origins, add PUT to allow_methods and add x-b to"
        " allow_headers"
    ),
    ("starlette", "/cors/items", *TOKEN): (
        'BLOCKED: the preflight to URL/cors/items returned 400 "Disallowed CORS headers" by'
        " uvicorn: the CORSMiddleware of Starlette or FastAPI does not allow all of"
        " authorization. To fix it, add authorization to allow_headers"
    ),
    ("starlette", "/cors/items", "--origin", "https://b.example"): (
        "BLOCKED: the response to GET: Access-Control-Allow-Origin is missing; it should be"
        " https://b.example or *; it has Vary: Origin, so the server supports CORS but does not"
        " allow this origin. To fix it, add https://b.example to the origins that the server"
        " allows"
    ),
    ("starlette", "/cors/fails"): (
        "BLOCKED: GET URL/cors/fails returned 500 Internal Server Error by uvicorn: the"
        " application failed, and this error lacks Access-Control-Allow-Origin. To fix it, read"
        " the server's log for the exception and fix that"
    ),
    ("starlette", "/plain/items", "-X", "PUT"): (
        "BLOCKED: the preflight to URL/plain/items returned 405 Method Not Allowed by"
        " uvicorn: the server does not handle OPTIONS at this URL. To fix it, answer OPTIONS"
        " there with a status from 200 to 299 and the headers above"
    ),
    ("django", "/items"): (
        "BLOCKED: GET URL/items was redirected (301) to URL/items/, and the redirect itself"
        " does not allow https://app.example.com. To fix it, request URL/items/ (with the slash) directly"
    ),
    ("django", "/items", "-X", "POST", *JSON): (
        "BLOCKED: the preflight to URL/items was redirected (301) to URL/items/, which browsers do not follow"
        ". To fix it, request URL/items/ (with the slash) directly"
    ),
    ("django", "/items/", "-X", "POST", "--send"): (
        "BLOCKED: POST URL/items/ returned 403 Forbidden by Python's wsgiref: Django's CSRF"
        " protection refuses the request, and this error lacks Access-Control-Allow-Origin. To"
        " fix it, add https://app.example.com to CSRF_TRUSTED_ORIGINS, and send the token"
    ),
    ("django", "/fails"): (
        'BLOCKED: GET URL/fails returned 500 "LookupError at /fails" by Python\'s wsgiref:'
        " the application failed, and this error lacks Access-Control-Allow-Origin. To fix it,"
        " read the server's log for the exception and fix that"
    ),
    ("django", "/mine"): (
        "BLOCKED: GET URL/mine was redirected (302) to URL/accounts/login/?next=/mine, and the"
        " redirect itself does not allow https://app.example.com; that looks like a login, so"
        " the request was not authenticated. To fix it, log in before the request and send the"
        " cookie or token with it; let the server answer 401 to scripts"
    ),
    ("django", "/mine", *JSON): (
        "BLOCKED: the preflight to URL/mine was redirected (302) to"
        " URL/accounts/login/?next=/mine, which browsers do not follow; that looks like a login. To"
        " fix it, let OPTIONS pass without a login: handle CORS before authentication"
    ),
    ("django", "/post"): (
        "BLOCKED: GET URL/post returned 405 Method Not Allowed by Python's wsgiref: the server does not accept this method"
        " here (Allow: POST), and this error lacks"
        " Access-Control-Allow-Origin. To fix it, check the URL, and allow the method on this"
        " route"
    ),
    ("django", "/post", "-X", "PUT"): (
        "BLOCKED: the preflight to URL/post returned 405 Method Not Allowed by Python's"
        " wsgiref: the server does not handle OPTIONS at this URL, nor PUT (Allow: POST). To fix"
        " it, answer OPTIONS there with a status from 200 to 299 and the headers above; and let"
        " it take PUT"
    ),
    ("django", "/items/", "--path", "http://localhost:PORT/items/"): (
        'BLOCKED: GET http://localhost:PORT/items/ returned 400 "DisallowedHost at /items/"'
        " by Python's wsgiref: Django does not know the host localhost, and this error lacks"
        " Access-Control-Allow-Origin. To fix it, add localhost to ALLOWED_HOSTS"
    ),
    ("flask", "/items", *JSON): (
        "BLOCKED: the preflight to URL/items was redirected (308) to URL/items/, which browsers do not follow"
        ". To fix it, request URL/items/ (with the slash) directly"
    ),
    ("flask", "/forbidden"): (
        "BLOCKED: GET URL/forbidden returned 403 Forbidden by Python's wsgiref: the server refuses the request"
        ", and this error lacks Access-Control-Allow-Origin. To fix it, read the"
        " server's log for the reason"
    ),
    ("flask", "/fails"): (
        "BLOCKED: GET URL/fails returned 500 Internal Server Error by Python's wsgiref: the"
        " application failed, and this error lacks Access-Control-Allow-Origin. To fix it, read"
        " the server's log for the exception and fix that"
    ),
    ("flask", "/bare", *JSON): (
        "BLOCKED: the preflight to URL/bare returned 405 Method Not Allowed by Python's"
        " wsgiref: the server does not handle OPTIONS at this URL. To fix it, answer OPTIONS"
        " there with a status from 200 to 299 and the headers above"
    ),
}


@pytest.mark.parametrize("asked", SITUATIONS, ids=" ".join)
def test_last_line(asked, servers, capsys):
    name, path, *arguments = asked
    url = servers(name)
    origin = [] if "--origin" in arguments else ["--origin", PAGE]
    arguments = [argument.replace("PORT", url.rpartition(":")[2]) for argument in arguments]
    status = main(["explain", f"{url}{path}", *origin, *arguments])
    last = capsys.readouterr().out.splitlines()[-1]
    last = last.replace(url, "URL").replace(url[7:], "HOST").replace(url.rpartition(":")[2], "PORT")
    assert (status, last) == (1, SITUATIONS[asked])
