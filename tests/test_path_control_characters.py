"""Control characters in a path: a router may ignore what the path's policy is picked by.

Pyramid's routes end in ``$``, which in Python matches before a last newline, so ``/api%0A`` is served as ``/api``.
"""

from __future__ import annotations

import http.client

import pytest
from support import ORIGIN, OTHER, assert_cors
from test_browser_http import serving
from test_servers import Answer

from wsgicors import CORS

pytest.importorskip("pyramid")


def site():
    """What has `/api` and `/public` as routes, whose bodies name them."""
    from pyramid.config import Configurator
    from pyramid.response import Response

    with Configurator() as config:
        for name in ("api", "public"):
            config.add_route(name, f"/{name}")
            config.add_view(lambda request, name=name: Response(name), route_name=name)
        return config.make_wsgi_app()


@pytest.fixture(scope="module")
def ask():
    app = CORS(
        site(),
        policy="api, public",
        api_path="/api/*",
        api_origin=ORIGIN,
        public_origin="*",
    )
    with serving(app) as port:

        def ask(path, origin, method="GET", **headers):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers={"Origin": origin, **headers})
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
            connection.close()
            return answer

        yield ask


def test_a_newline_does_not_hide_a_path_from_its_policy(ask):
    answer = ask("/api%0A", OTHER)
    assert (answer.status, answer.body) == (200, b"api")
    assert_cors(answer, vary="Origin")
    # Nobody's: the path as sent and the path as served are governed by different policies.
    assert_cors(ask("/api%0A", ORIGIN), vary="Origin")


def test_a_preflight_with_a_newline_in_its_path_is_refused(ask):
    answer = ask("/api%0A", OTHER, "OPTIONS", Access_Control_Request_Method="PUT")
    assert answer.status == 403
    assert_cors(answer, vary="Origin")


@pytest.mark.parametrize(
    ("path", "body"), [("/api", b"api"), ("/api/%0A", None), ("/api%7F", None), ("/%00api", None)]
)
def test_other_controls_change_nothing_for_strangers(ask, path, body):
    answer = ask(path, OTHER)
    assert body is None or answer.body == body
    assert_cors(answer, vary="Origin")


def test_a_newline_within_one_group_is_allowed(ask):
    answer = ask("/public%0A", OTHER)
    assert (answer.status, answer.body) == (200, b"public")
    assert_cors(answer, allow_origin="*")
