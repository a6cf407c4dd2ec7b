"""What comes with an address, made fit to be looked for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

NUL = "%00"


class StripNulMiddleware:
    """Middleware: takes NULs out of what follows the question mark. Nobody types one, and PostgreSQL fails over it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.META.get("QUERY_STRING", "")
        while NUL in asked:  # what is left may make another
            asked = asked.replace(NUL, "")
        request.META["QUERY_STRING"] = asked
        return self.get_response(request)
