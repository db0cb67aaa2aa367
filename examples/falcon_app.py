"""Falcon with wsgicors.

Run it, and send it a request from another terminal, as a browser would::

    pip install wsgicors waitress falcon
    python examples/falcon_app.py
    curl -i -H 'Origin: http://localhost:3000' localhost:8001
"""

import logging
import os

import falcon
from waitress import serve

from wsgicors import CORS


class Hello:
    def on_get(self, request, response):
        response.media = {"hello": "Falcon"}


app = falcon.App()
app.add_route("/", Hello())

application = CORS(app, origin="http://localhost:3000", headers="Content-Type", maxage=600)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)  # waitress logs its address
    serve(application, listen=f"127.0.0.1:{os.environ.get('PORT', '8001')}")
