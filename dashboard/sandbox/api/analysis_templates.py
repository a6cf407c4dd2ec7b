"""Analysis templates (voicedock-api.md §9.4), in any of the three envelopes that are told of them (§3.1).

The sandbox's own choice: a switch picks the envelope. The SDK's has no total, so a list without limit and offset is
whole there; the documents' form always pages, 50 unless told otherwise.
"""

from ..exchange import Answer
from ..records import Kept
from . import validation
from .context import Context, Routes
from .store import Store

DEFAULTS = {"name": None, "description": None, "system_prompt": None, "user_prompt": None, "schema": None}
NEEDED = ("name", "system_prompt", "user_prompt", "schema")
USUAL, MOST = 50, 100


def _fields(ctx: Context, body: dict, before: Kept | None) -> dict:
    body = validation.known(ctx, body, DEFAULTS)
    validation.needed(body, NEEDED, changing=before is not None)
    validation.text(body, "name", empty=False)
    for name in ("description", "system_prompt", "user_prompt"):
        validation.text(body, name)
    validation.mapping(body, "schema")
    return body


STORE = Store(
    "analysis_templates", "Analysis template", "analysis_template", "analysis_templates", _fields,
    lambda ctx, one: DEFAULTS | one.settings | {"org_id": one.org_id},
)  # fmt: skip


def listed(ctx: Context) -> Answer:
    form, all_of_them = ctx.world.switches.analysis_templates, ctx.all_own("analysis_templates")
    limit, offset = ctx.page(USUAL, MOST)
    paged = form == "docs" or {"limit", "offset"} & set(ctx.request.query)
    shown = [STORE.show(ctx, one) for one in (all_of_them[offset : offset + limit] if paged else all_of_them)]
    if form == "docs":
        return Answer(body={"data": shown, "total": len(all_of_them), "limit": limit, "offset": offset})
    return Answer(body={"analysisTemplates" if form == "old" else "analysis_templates": shown})


def create(ctx: Context) -> Answer:
    return _enveloped(ctx, STORE.create(ctx))


def read(ctx: Context, key: str) -> Answer:
    return _enveloped(ctx, STORE.read(ctx, key))


def change(ctx: Context, key: str) -> Answer:
    return _enveloped(ctx, STORE.change(ctx, key))


def _enveloped(ctx: Context, answer: Answer) -> Answer:
    form, body = ctx.world.switches.analysis_templates, answer.body
    if isinstance(body, dict) and form != "sdk":
        template = body["analysis_template"]
        answer.body = template if form == "docs" else {"analysisTemplate": template}
    return answer


ROUTES: Routes = [
    ("GET", "/analysis-templates", listed),
    ("POST", "/analysis-templates", create),
    ("GET", "/analysis-templates/{id}", read),
    ("PATCH", "/analysis-templates/{id}", change),
    ("DELETE", "/analysis-templates/{id}", STORE.delete),
]
