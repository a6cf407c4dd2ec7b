"""Middleware for every request: NULs out of the query string, and pages that no cache keeps."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

NUL = "%00"


class StripNulMiddleware:
    """Removes NULs from the query string: PostgreSQL fails on them, and no person types one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        while NUL in query:  # removing one may join the text around it into another
            query = query.replace(NUL, "")
        request.META["QUERY_STRING"] = query
        return self.get_response(request)


class NoStoreMiddleware:
    """Sends `Cache-Control: no-store` unless the view has set its own header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response
