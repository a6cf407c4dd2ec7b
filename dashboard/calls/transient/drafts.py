"""Drafts of one-time assistants: each saving is a version, and an older one can be opened and saved again."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from dashboard.calls.models import AssistantDraft, AssistantDraftVersion
from dashboard.calls.transient import transfers
from dashboard.calls.transient.configuration import SECRET
from dashboard.voicedock.capabilities import family_of
from dashboard.voicedock.configuration import secret_paths
from tenants import audit, names, tenant_status
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import Tenant, User

MOST = 100  # drafts of a client
LISTED = 50  # versions of a draft that its page lists, the newest
TAKEN = "Another one-time assistant is called that already. Choose another name."
TOO_MANY = f"{MOST} one-time assistants are saved here, which is the most. Delete one that is not used any more."
CHANGED = (
    "{by} saved version {number} meanwhile. What you typed stands below; saving once more makes it the version after "
    "that one."
)
DELETED = (
    "Somebody deleted this one-time assistant meanwhile, so nothing was saved. What you typed stands below; saving "
    "makes a new one of it."
)


class DraftRefused(ActionRefused):
    """Nothing was saved. `field` is name or ""; `newest` is the version to begin from when it is saved once more."""

    def __init__(self, field: str, message: str, newest: int = 0) -> None:
        super().__init__(message)
        self.field, self.newest = field, newest


class DraftDeleted(Exception):
    """Nothing was saved: it was deleted meanwhile."""


def listed(tenant: Tenant) -> QuerySet[AssistantDraft]:
    """By name, each with the number and time of its newest version, and the provider of its model."""
    newest = AssistantDraftVersion.objects.filter(draft=OuterRef("pk")).order_by("-number")
    return AssistantDraft.objects.filter(tenant=tenant).annotate(
        number=Subquery(newest.values("number")[:1]),
        saved_at=Subquery(newest.values("made_at")[:1]),
        saved_by=Subquery(newest.values("made_by__name")[:1]),
        version_id=Subquery(newest.values("pk")[:1]),
        provider=Subquery(newest.annotate(provider=F("configuration__llm_config__provider")).values("provider")[:1]),
    )


@scope.requires_scope
def shown(tenant: Tenant) -> list[AssistantDraft]:
    """Those that a page lists, each with the family of its model."""
    found = list(listed(tenant)[:MOST])
    for draft in found:
        draft.family = family_of(draft.provider or "")  # type: ignore[attr-defined]
    return found


def versions(draft: AssistantDraft) -> QuerySet[AssistantDraftVersion]:
    """The newest first, without what they are made of."""
    found = AssistantDraftVersion.objects.filter(draft=draft, tenant_id=draft.tenant_id)
    return found.select_related("made_by").defer("configuration").order_by("-number")


@scope.requires_scope
def version_of(draft: AssistantDraft, wanted: str = "") -> AssistantDraftVersion | None:
    """The version with this number, else the newest."""
    found = versions(draft).defer(None).select_related("made_by")
    if wanted.isdecimal() and len(wanted) < 10:
        return found.filter(number=int(wanted)).first()
    return found.first()


@scope.requires_scope
def version_with_key(tenant: Tenant, key: int) -> AssistantDraftVersion | None:
    """A version of one of the client's drafts, with its draft."""
    return AssistantDraftVersion.objects.select_related("draft").filter(tenant=tenant, pk=key).first()


@scope.requires_scope
def save(
    tenant: Tenant,
    draft: AssistantDraft | None,
    *,
    name: str,
    configuration: dict[str, Any],
    made_from: int,
    by: User | None,
) -> tuple[AssistantDraft, bool]:
    """Save a new version, and the name; returns the draft and whether anything differed.

    `made_from` is the number of the version that was the newest when the page was opened, 0 of a new draft. Raises
    `DraftRefused` and `DraftDeleted`. The configuration has been checked (`transfers.all_errors`); what must never be
    stored is refused here too.
    """
    if next(secret_paths(configuration), None) is not None:
        raise DraftRefused("", SECRET)
    for path, words in transfers.transfer_errors(tenant, configuration).items():
        raise DraftRefused("", f"{path}: {words}")
    name = names.clean(name, 80)
    tenant_status.lock_tenant(tenant)
    if draft is None:
        return _create(tenant, name, configuration, by), True
    if not AssistantDraft.objects.filter(pk=draft.pk, tenant=tenant).exists():
        raise DraftDeleted
    newest = version_of(draft)
    if newest is not None and newest.number != made_from:
        words = CHANGED.format(by=names.isolate(newest.made_by or "Somebody"), number=newest.number)
        raise DraftRefused("", words, newest.number)
    renamed = name != draft.name and _rename(draft, name, by)
    is_new = newest is None or newest.configuration != configuration
    if is_new:
        _add_version(draft, made_from + 1, configuration, by)
    return draft, renamed or is_new


@scope.requires_scope
def delete(draft: AssistantDraft, *, by: User) -> None:
    """Delete it with all of its versions. Calls keep what they were sent with."""
    tenant = draft.tenant
    deleted, _ = AssistantDraft.objects.filter(pk=draft.pk, tenant=tenant).delete()
    if deleted:
        audit.record(by, tenant, "tenant.draft-deleted", tenant, name=draft.name)


def _create(tenant: Tenant, name: str, configuration: dict[str, Any], by: User | None) -> AssistantDraft:
    if AssistantDraft.objects.filter(tenant=tenant).count() >= MOST:
        raise DraftRefused("", TOO_MANY)
    _require_free(tenant, name)
    draft = AssistantDraft.objects.create(tenant=tenant, name=name)
    _add_version(draft, 1, configuration, by)
    return draft


def _rename(draft: AssistantDraft, name: str, by: User | None) -> bool:
    _require_free(draft.tenant, name, except_for=draft)
    before, draft.name = draft.name, name
    draft.save(update_fields=["name"])
    audit.record(by, draft.tenant, "tenant.draft-renamed", draft.tenant, before=before, name=name)
    return True


def _require_free(tenant: Tenant, name: str, except_for: AssistantDraft | None = None) -> None:
    same = AssistantDraft.objects.filter(tenant=tenant, name__iexact=name)
    if (same.exclude(pk=except_for.pk) if except_for else same).exists():
        raise DraftRefused("name", TAKEN)


def _add_version(draft: AssistantDraft, number: int, configuration: dict[str, Any], by: User | None) -> None:
    AssistantDraftVersion.objects.create(
        tenant_id=draft.tenant_id, draft=draft, number=number, configuration=configuration, made_by=by
    )
    audit.record(by, draft.tenant, "tenant.draft-saved", draft.tenant, name=draft.name, number=number)
