"""Change how a client's house looks and what its calls start with."""

from __future__ import annotations

from typing import Any

from dashboard.calls.models import Phrase
from tenants import audit, dedications
from tenants.isolation import scope
from tenants.models import Tenant, User

NAMES = {
    "name": "name",
    "city": "city",
    "timezone": "time zone",
    "country": "country of numbers",
    "brand_hue": "colour",
    "brand_chroma": "colour",
    "requires_second_step": "second step at sign-in",
}


@scope.requires_scope
def change(tenant: Tenant, wish: dict[str, Any], *, by: User) -> list[str]:
    """Write what is different and say what that was. Runs inside the tenant's scope."""
    before = Tenant.objects.select_for_update().get(pk=tenant.pk)
    fields = [name for name in NAMES if getattr(before, name) != wish[name]]
    changed = list(dict.fromkeys(NAMES[name] for name in fields))
    if fields:
        Tenant.objects.filter(pk=tenant.pk).update(**{name: wish[name] for name in fields})
    if _keep_phrases(tenant, wish["phrases"]):
        changed.append("saved phrases")
    number, assistant = wish["default_number"], wish["default_assistant"]
    usual = (number.pk if number else None, assistant.pk if assistant else None)
    if changed:
        audit.record(by, tenant, "tenant.settings-changed", tenant, what=", ".join(changed))
    if usual != (before.default_number_id, before.default_assistant_id):
        dedications.set_defaults(tenant, number=number, assistant=assistant, by=by)
        changed.append("usual line and assistant")
    return changed


def _keep_phrases(tenant: Tenant, texts: list[str]) -> bool:
    mine = Phrase.objects.filter(tenant=tenant)
    if list(mine.values_list("text", flat=True)) == texts:
        return False
    mine.delete()
    Phrase.objects.bulk_create([Phrase(tenant=tenant, text=text, position=at) for at, text in enumerate(texts)])
    return True
