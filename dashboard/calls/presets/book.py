"""The presets of a client: read, saved and deleted, each change with its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.text import slugify

from dashboard.calls.models import CallPreset
from dashboard.calls.placing.changes import Changes, joined
from tenants import audit
from tenants.isolation import scope
from tenants.models import Tenant, User

MOST = 24
LONGEST_KEY = 50
FACTS = ("name", "assistant_dedication_id", "number_dedication_id", "changes", "position")


def of_tenant(tenant: Tenant) -> QuerySet[CallPreset]:
    """With what their names are read from, also where the dedication has ended."""
    return CallPreset.objects.filter(tenant=tenant).select_related(
        "assistant_dedication__assistant", "number_dedication__number"
    )


@scope.requires_scope
def named(tenant: Tenant) -> list[CallPreset]:
    """The presets of the client, in their order."""
    return list(of_tenant(tenant)[:MOST])


@scope.requires_scope
def with_key(tenant: Tenant, key: str) -> CallPreset | None:
    return of_tenant(tenant).filter(key=key).first() if key and "\x00" not in key else None


@scope.requires_scope
def with_name(tenant: Tenant, name: str) -> CallPreset | None:
    return of_tenant(tenant).filter(name__iexact=name).first() if name else None


@scope.requires_scope
def create(tenant: Tenant, facts: dict[str, Any], *, by: User) -> CallPreset:
    """A new preset of these `FACTS`; whoever calls has locked the tenant and checked the name."""
    taken = CallPreset.objects.filter(tenant=tenant).values_list("key", flat=True)
    made = CallPreset.objects.create(tenant=tenant, key=_free_key(facts["name"], taken), **facts)
    made = of_tenant(tenant).get(pk=made.pk)
    audit.record(by, tenant, "tenant.preset-made", made, name=made.name, what=in_words(made))
    return made


@scope.requires_scope
def change(preset: CallPreset, facts: dict[str, Any], *, by: User) -> bool:
    """False when nothing differs. Its key stays: links in other programs hold it."""
    before = {name: getattr(preset, name) for name in FACTS}
    if before == facts:
        return False
    CallPreset.objects.filter(pk=preset.pk, tenant=preset.tenant_id).update(**facts)
    now = of_tenant(preset.tenant).get(pk=preset.pk)
    what = [f"it was called {preset.name} before"] if now.name != preset.name else []
    what += [in_words(now)] if any(before[name] != facts[name] for name in FACTS[1:4]) else []
    what += [f"it is at place {now.position}"] if now.position != preset.position else []
    audit.record(by, preset.tenant, "tenant.preset-changed", now, name=now.name, what="; ".join(what))
    return True


@scope.requires_scope
def delete(preset: CallPreset, *, by: User) -> None:
    audit.record(by, preset.tenant, "tenant.preset-deleted", preset, name=preset.name)
    preset.delete()


def in_words(preset: CallPreset) -> str:
    """`Recall NL from Amsterdam line, with another opening sentence and 2 facts`; never the contents."""
    line = preset.number_dedication
    start = f"{preset.assistant_dedication.assistant} from {line.line_name or line.e164 if line else 'a line by rule'}"
    words = Changes.from_json(preset.changes).words()
    return f"{start}, {f'with {joined(words)}' if words else 'as it is saved'}"


def _free_key(name: str, taken: Iterable[str]) -> str:
    """The name as it stands in an address; with a number where another preset has it."""
    first, used = slugify(name)[:LONGEST_KEY].strip("-") or "preset", set(taken)
    numbered = (f"{first}-{number}" for number in range(2, len(used) + 3))
    return first if first not in used else next(key for key in numbered if key not in used)
