"""Change the settings of a client: name, colours, time zone, default number and assistant, phrases."""

from __future__ import annotations

from typing import Any

from dashboard.calls.models import Phrase
from tenants import audit, dedications, tenant_status
from tenants.isolation import scope
from tenants.models import Tenant, User

NAMES = {
    "name": "name",
    "city": "city",
    "timezone": "time zone",
    "country": "country of numbers",
    "brand_hue": "colour",
    "brand_chroma": "colour",
    "requires_second_step": "two-factor authentication",
}


@scope.requires_scope
def change(tenant: Tenant, values: dict[str, Any], *, by: User) -> list[str]:
    """Save the values that are different; returns their names."""
    before = tenant_status.lock_tenant(tenant)
    fields = [name for name in NAMES if getattr(before, name) != values[name]]
    changed = list(dict.fromkeys(NAMES[name] for name in fields))
    if fields:
        Tenant.objects.filter(pk=tenant.pk).update(**{name: values[name] for name in fields})
    if _save_phrases(tenant, values["phrases"]):
        changed.append("saved phrases")
    number, assistant = values["default_number"], values["default_assistant"]
    defaults = (number.pk if number else None, assistant.pk if assistant else None)
    if changed:
        audit.record(by, tenant, "tenant.settings-changed", tenant, what=", ".join(changed))
    if defaults != (before.default_number_id, before.default_assistant_id):
        dedications.set_defaults(tenant, number=number, assistant=assistant, by=by)
        changed.append("usual line and assistant")
    return changed


def _save_phrases(tenant: Tenant, texts: list[str]) -> bool:
    phrases = Phrase.objects.filter(tenant=tenant)
    if list(phrases.values_list("text", flat=True)) == texts:
        return False
    phrases.delete()
    Phrase.objects.bulk_create(
        [Phrase(tenant=tenant, text=text, position=position) for position, text in enumerate(texts)]
    )
    return True
