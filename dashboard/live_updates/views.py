"""The fallback view of `/events/` where no ASGI server serves the stream."""

from django.http import Http404, HttpRequest, HttpResponse


def events(request: HttpRequest) -> HttpResponse:
    """`/events/` belongs to `stream.app`. Behind a plain WSGI server there is none, and pages poll instead."""
    raise Http404
