"""Pyramid with wsgicors.

Run it, and send it a request from another terminal, as a browser would::

    pip install wsgicors waitress pyramid
    python examples/pyramid_app.py
    curl -i -H 'Origin: http://localhost:3000' localhost:8001

With pyramid.ini, the middleware is configured in the ini file instead.
"""

import logging
import os

from pyramid.config import Configurator
from waitress import serve

from wsgicors import CORS


def hello(request):
    return {"hello": "Pyramid"}


def main(global_config, **settings):
    with Configurator(settings=settings) as config:
        config.add_route("hello", "/")
        config.add_view(hello, route_name="hello", renderer="json")
        return config.make_wsgi_app()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)  # waitress logs its address
    application = CORS(main({}), origin="http://localhost:3000", headers="Content-Type", maxage=600)
    serve(application, listen=f"127.0.0.1:{os.environ.get('PORT', '8001')}")
