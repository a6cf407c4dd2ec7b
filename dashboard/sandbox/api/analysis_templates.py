"""Analysis templates (voicedock-api.md §9.4), in any of the three documented envelopes (§3.1).

The sandbox's own choice: an option picks the envelope. The SDK's has no total, so a list without limit and offset is
whole there; the documents' form always has pages, 50 by default.
"""

from typing import Any

from ..http_messages import Response
from ..records import StoredResource
from . import validation
from .context import Context, Routes
from .crud import CrudEndpoints

DEFAULTS = {"name": None, "description": None, "system_prompt": None, "user_prompt": None, "schema": None}
REQUIRED = ("name", "system_prompt", "user_prompt", "schema")
DEFAULT_LIMIT, MAX_LIMIT = 50, 100


def _validated(ctx: Context, body: dict[str, Any], before: StoredResource | None) -> dict[str, Any]:
    body = validation.known(ctx, body, DEFAULTS)
    validation.required(body, REQUIRED, changing=before is not None)
    validation.text(body, "name", empty=False)
    for name in ("description", "system_prompt", "user_prompt"):
        validation.text(body, name)
    validation.mapping(body, "schema")
    return body


ENDPOINTS = CrudEndpoints(
    "analysis_templates", "Analysis template", "analysis_template", "analysis_templates", _validated,
    lambda ctx, template: DEFAULTS | template.settings | {"org_id": template.org_id},
)  # fmt: skip


def listed(ctx: Context) -> Response:
    form, templates = ctx.state.options.analysis_templates, ctx.all_own("analysis_templates")
    limit, offset = ctx.page(DEFAULT_LIMIT, MAX_LIMIT)
    paged = form == "docs" or {"limit", "offset"} & set(ctx.request.query)
    shown = [ENDPOINTS.show(ctx, template) for template in (templates[offset : offset + limit] if paged else templates)]
    if form == "docs":
        return Response(body={"data": shown, "total": len(templates), "limit": limit, "offset": offset})
    return Response(body={"analysisTemplates" if form == "old" else "analysis_templates": shown})


def create(ctx: Context) -> Response:
    return _enveloped(ctx, ENDPOINTS.create(ctx))


def read(ctx: Context, key: str) -> Response:
    return _enveloped(ctx, ENDPOINTS.read(ctx, key))


def change(ctx: Context, key: str) -> Response:
    return _enveloped(ctx, ENDPOINTS.change(ctx, key))


def _enveloped(ctx: Context, response: Response) -> Response:
    form, body = ctx.state.options.analysis_templates, response.body
    if isinstance(body, dict) and form != "sdk":
        template = body["analysis_template"]
        response.body = template if form == "docs" else {"analysisTemplate": template}
    return response


ROUTES: Routes = [
    ("GET", "/analysis-templates", listed),
    ("POST", "/analysis-templates", create),
    ("GET", "/analysis-templates/{id}", read),
    ("PATCH", "/analysis-templates/{id}", change),
    ("DELETE", "/analysis-templates/{id}", ENDPOINTS.delete),
]
