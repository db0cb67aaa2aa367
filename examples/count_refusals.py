"""Count the requests that the middleware refuses, by reason and origin.

Run it, send it a request of a page that is not allowed, and print the counts::

    pip install wsgicors waitress
    python examples/count_refusals.py
    curl -H 'Origin: https://stranger.example' localhost:8001
    curl localhost:8001/refusals
"""

import json
import logging
import os
from collections import Counter

from waitress import serve

from wsgicors import CORS


class Refusals(logging.Handler):
    """Count by the attributes of the log records.

    Clients can send any origin, so only 1,000 are counted; the others are counted together.
    """

    LIMIT = 1000

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.reasons, self.origins = Counter(), Counter()

    def emit(self, record):  # logging holds the handler's lock: one thread at a time
        if not hasattr(record, "cors_reason"):
            return  # another message of the middleware
        origin = record.cors_origin
        if origin not in self.origins and len(self.origins) >= self.LIMIT:
            origin = "others"
        self.reasons[record.cors_reason] += 1
        self.origins[origin] += 1


refusals = Refusals()
logger = logging.getLogger("wsgicors")
logger.setLevel(logging.DEBUG)  # refusals are DEBUG
logger.addHandler(refusals)


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    if environ["PATH_INFO"] == "/refusals":
        counts = {"reasons": refusals.reasons, "origins": refusals.origins}
        return [json.dumps(counts, indent=2).encode()]
    return [b'{"hello": "page"}']


application = CORS(hello, origin="http://localhost:3000")

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)  # waitress logs its address
    logging.root.handlers[0].setLevel(logging.INFO)  # refusals are counted, not printed
    serve(application, listen=f"127.0.0.1:{os.environ.get('PORT', '8001')}")
