"""A person begins to send a draft, stops that, and goes on."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from dashboard.campaigns.drafts import readiness
from dashboard.campaigns.models import CampaignDraft
from dashboard.campaigns.sending import checks
from dashboard.live_updates import publish
from tenants import audit
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import User

State = CampaignDraft.State
NOT_A_DRAFT = "It is being sent already, or was sent."
CHANGED = "It was changed since you read it. Look at it again before you send it."
NOT_SENDING = "It is not being sent now, so there is nothing to stop."
NOT_STOPPED = "It was not stopped, so there is nothing to go on with."


class SendingRefused(ActionRefused):
    """Nothing was changed."""


@scope.opens_scope
def begin(draft: CampaignDraft, by: User, version: str = "") -> CampaignDraft:
    """Check what its review checks and have it sent by the workers. `version` is the one that was read, if known.

    Raises `SendingRefused`. Opens scopes of its own.
    """
    with scope.for_system("begin to send a draft"):
        held = _held(draft, State.DRAFT, NOT_A_DRAFT)
        if version and version != str(held.version):
            raise SendingRefused(CHANGED)
        if message := " ".join(missing.words for missing in readiness.of_draft(held)) or checks.blocker(held):
            raise SendingRefused(message)
        _change(held, state=State.SENDING, try_at=Now(), begun_by=by, begun_at=Now(), reason="")
        people = held.leads.filter(state="ready").count()
        audit.record(by, held.tenant, "campaign.sending-begun", held, name=held.name, count=people)
    return held


@scope.opens_scope
def stop(draft: CampaignDraft, by: User) -> CampaignDraft:
    """No further request leaves; one that is under way is still recorded. Opens scopes of its own."""
    with scope.for_system("stop sending a draft"):
        held = _held(draft, State.SENDING, NOT_SENDING)
        _change(held, state=State.STOPPED, reason=f"Stopped by {by}.")
        audit.record(by, held.tenant, "campaign.sending-stopped", held, name=held.name)
    return held


@scope.opens_scope
def resume(draft: CampaignDraft, by: User) -> CampaignDraft:
    """Go on where it stopped. Raises `SendingRefused`. Opens scopes of its own."""
    with scope.for_system("go on sending a draft"):
        held = _held(draft, State.STOPPED, NOT_STOPPED)
        if message := checks.blocker(held):
            raise SendingRefused(message)
        _change(held, state=State.SENDING, try_at=Now(), begun_by=by, reason="")
        audit.record(by, held.tenant, "campaign.sending-resumed", held, name=held.name)
    return held


@scope.opens_scope
def stop_by_itself(draft: CampaignDraft, reason: str) -> None:
    """A worker cannot go on before a person has looked. Opens a scope of its own."""
    with scope.for_system("sending stops"):
        rows = CampaignDraft.objects.select_for_update(of=("self",), no_key=True).select_related("tenant")
        held = rows.filter(pk=draft.pk, state=State.SENDING).first()
        if held is None:
            return  # a person stopped it meanwhile, and may have deleted it
        _change(held, state=State.STOPPED, reason=reason[:500])
        audit.record(None, held.tenant, "campaign.sending-failed", held, name=held.name, why=reason)


def _held(draft: CampaignDraft, state: str, message: str) -> CampaignDraft:
    """The row as it is now, locked. Raises `SendingRefused` where it is in another state.

    Its campaign is read by a statement of its own: a join would show it as it was before the wait.
    """
    rows = CampaignDraft.objects.select_for_update(of=("self",), no_key=True).select_related("tenant")
    held = rows.get(pk=draft.pk, tenant=draft.tenant_id)
    if held.state != state:
        raise SendingRefused(message)
    return held


def _change(held: CampaignDraft, **values: Any) -> None:
    CampaignDraft.objects.filter(pk=held.pk).update(changed_at=Now(), version=F("version") + 1, **values)
    held.refresh_from_db(fields=[*values, "version"])
    publish.row_changed("campaign-draft", held.pk, tenant=held.tenant_id, version=held.version)
