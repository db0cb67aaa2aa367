"""Domains of tenants in a Django model. A change applies at once in this process, later in others.

Create the table, and serve it::

    pip install wsgicors django gunicorn
    cd examples
    python django_tenants.py
    gunicorn --workers 4 --threads 4 --bind 127.0.0.1:8001 django_tenants:application

Each tenant has its own host. Open http://acme.localhost:8001, add the domain
https://shop.example, and send requests as a page there would::

    curl -i -H 'Origin: https://shop.example' http://acme.localhost:8001/api/orders
    curl -i -H 'Origin: https://shop.example' http://other.localhost:8001/api/orders

The second is refused, because acme's domain must not read another tenant's orders.

In a project, the model and its validator belong in models.py, and the list and CORS in wsgi.py. With PostgreSQL, the database can notify every process: see postgresql_origins.py.
"""

import os
import sys
import threading
import time
from contextlib import closing

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.db.models.signals import post_delete, post_save
from django.forms import modelform_factory
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.template import RequestContext, Template
from django.urls import path

from wsgicors import CORS, ConfigError, OriginList, check_origins

settings.configure(
    ALLOWED_HOSTS=[".localhost"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for this example"),
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ.get("DATABASE", "tenants.sqlite"),
        }
    },
)
django_application = get_wsgi_application()


# The model


def validate_origin(text):
    """Show the problems in the form, and in Django's admin."""
    problems = check_origins([text], credentials=True, patterns=False)
    if problems:
        raise ValidationError([problem.message for problem in problems])


class Domain(models.Model):
    tenant = models.CharField(max_length=63)
    origin = models.CharField(max_length=512, validators=[validate_origin])

    class Meta:
        app_label = "shop"
        unique_together = ("tenant", "origin")


if __name__ == "__main__":
    with connection.schema_editor() as editor:
        editor.create_model(Domain)
    sys.exit()


# Permissions


def tenant_of(environ):
    return environ.get("HTTP_HOST", "").partition(".")[0]


def domains_of_the_tenant():
    """One entry, a predicate: it decides by the tenant of the request and the origin."""
    with closing(connection):  # of this thread
        domains = frozenset(Domain.objects.values_list("tenant", "origin"))
    return [lambda origin, environ: (tenant_of(environ), origin) in domains]


own = OriginList(domains_of_the_tenant, initial=[])
application = CORS(django_application, path="/api/*", origin=own, credentials=True)


# Changes


def reload():
    try:
        own.reload()
    except ConfigError:  # the log says why; the last good list stays
        return False
    return True


def after_commit(**_):
    """After the commit, because the load uses another connection."""
    transaction.on_commit(reload)


post_save.connect(after_commit, sender=Domain)
post_delete.connect(after_commit, sender=Domain)


def watch():
    """Apply the changes of other processes after a second, also without requests."""
    while True:
        time.sleep(1 if reload() else 5)


def start():
    threading.Thread(target=watch, name="watch", daemon=True).start()


start()
os.register_at_fork(after_in_child=start)  # for gunicorn --preload: threads do not survive a fork


# The pages

PAGE = Template("""<!doctype html>
<title>Domains</title>
<h1>Domains of {{ tenant }}</h1>
<form method="post">{% csrf_token %}{{ form }} <button>Add</button></form>
<form method="post">{% csrf_token %}
  {% for domain in domains %}
  <p>{{ domain.origin }} <button name="remove" value="{{ domain.pk }}">Remove</button></p>
  {% endfor %}
</form>
""")
DomainForm = modelform_factory(Domain, fields=["origin"])


def domains(request):
    """The tenant's own page. In a real service, protect it with a login."""
    tenant = tenant_of(request.META)
    form = DomainForm(request.POST or None, instance=Domain(tenant=tenant))
    if "remove" in request.POST:
        for domain in Domain.objects.filter(tenant=tenant, pk=request.POST["remove"]):
            domain.delete()
        return HttpResponseRedirect("/")
    if form.is_valid():
        form.save()
        return HttpResponseRedirect("/")
    values = {"tenant": tenant, "form": form, "domains": Domain.objects.filter(tenant=tenant)}
    page = PAGE.render(RequestContext(request, values))
    return HttpResponse(page, status=400 if form.is_bound else 200)


def orders(request):
    return JsonResponse({"orders of": tenant_of(request.META)})


urlpatterns = [path("", domains), path("api/orders", orders)]
