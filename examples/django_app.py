"""Django with wsgicors.

Run it, and send it a request from another terminal, as a browser would::

    pip install wsgicors waitress django
    python examples/django_app.py
    curl -i -H 'Origin: http://localhost:3000' localhost:8001

In a project, the call of CORS belongs in wsgi.py.
"""

import logging
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from waitress import serve

from wsgicors import CORS

settings.configure(ALLOWED_HOSTS=["localhost", "127.0.0.1"], ROOT_URLCONF=__name__)


def hello(request):
    return JsonResponse({"hello": "Django"})


urlpatterns = [path("", hello)]

application = CORS(
    get_wsgi_application(), origin="http://localhost:3000", headers="Content-Type", maxage=600
)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)  # waitress logs its address
    serve(application, listen=f"127.0.0.1:{os.environ.get('PORT', '8001')}")
