"""Print the error of a configuration full of mistakes: ``python3 examples/mistakes.py``."""

import sys
from pathlib import Path
from wsgiref.simple_server import demo_app

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wsgicors import CORS, ConfigError

try:
    CORS(
        demo_app,
        origin="example.com https://App.Example.com:443/ http://app.example.com https://*.com",
        methods="GET, patch",
        max_age="10m",
        credentials=True,
    )
except ConfigError as error:
    print(error)
