"""A page and its part come from one view: a browser gets the page, htmx the part."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page_or_part(
    request: HttpRequest, page: str, part: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """`part` for htmx, unless it asks for a whole page (a boosted link or form does); `page` for everybody else."""
    htmx: Any = getattr(request, "htmx", False)
    wanted = part if htmx and not htmx.boosted else page
    response = render(request, wanted, context or {}, status=status)
    response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), "HX-Request"]))
    return response
