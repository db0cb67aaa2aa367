"""Flask with wsgicors.

Run it, and send it a request from another terminal, as a browser would::

    pip install wsgicors waitress flask
    python examples/flask_app.py
    curl -i -H 'Origin: http://localhost:3000' localhost:8001
"""

import logging
import os

from flask import Flask
from waitress import serve

from wsgicors import CORS

app = Flask(__name__)


@app.get("/")
def hello():
    return {"hello": "Flask"}


# `flask run` and a server that loads `flask_app:app` use the middleware as well.
app.wsgi_app = CORS(
    app.wsgi_app, origin="http://localhost:3000", headers="Content-Type", maxage=600
)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)  # waitress logs its address
    serve(app, listen=f"127.0.0.1:{os.environ.get('PORT', '8001')}")
