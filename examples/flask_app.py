"""Flask behind wsgicors.

Serve it, and ask as a browser would::

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


# `flask run` and `flask_app:app` serve the application with it, too.
app.wsgi_app = CORS(
    app.wsgi_app, origin="http://localhost:3000", headers="Content-Type", maxage=600
)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)  # waitress says where it serves
    serve(app, listen=f"127.0.0.1:{os.environ.get('PORT', '8001')}")
