"""Pages, as a WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

application = get_wsgi_application()

import dashboard.celery  # noqa: E402, F401  views enqueue: tasks must know the broker
