"""Suspend, close and reopen a client: its campaigns are paused with it; staff choose whether its live calls end.

These functions open scopes of their own; none is open during requests to VoiceDock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from dashboard.calls.control import bulk_end
from dashboard.calls.models import Call, State
from dashboard.calls.planned import planning
from dashboard.campaigns import control as campaigns
from dashboard.campaigns.models import PauseCause
from dashboard.clients import dedicating
from dashboard.live_updates import publish
from tenants import audit, tenant_status
from tenants.access import support_access
from tenants.isolation import scope
from tenants.models import Tenant, User

IN_USE = "A call is being sent at this moment. Nothing new is sent meanwhile: try again in a few seconds."
HOLD = timedelta(minutes=1)  # longer than a request to place a call may take
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5)  # seconds; then the user is asked to try again


@dataclass(frozen=True)
class EndedCalls:
    """The live calls that are being ended, and how many of them nobody has answered yet."""

    requested: bulk_end.Requested = field(default_factory=bulk_end.Requested)
    ringing: int = 0

    @property
    def asked(self) -> int:
        return self.requested.count


def suspend(tenant: Tenant, *, by: User, reason: str, end_calls: bool = False) -> EndedCalls:
    """Stop all dialing. Live calls continue, or are ended with `end_calls`.

    Raises `tenant_status.StatusChangeRefused`, and `dedicating.InUse` while a call is being sent.
    """
    with _holding_calls(tenant), scope.for_tenant(tenant):
        tenant_status.lock_tenant(tenant)
        if dedicating.is_sending(tenant):
            raise dedicating.InUse(IN_USE)
        ended = _ask_to_end(tenant, by) if end_calls else EndedCalls()
        publish.access_changed(tenant=tenant)
        publish.row_changed("client", tenant.pk, tenant=tenant)
        tenant_status.suspend(tenant, by=by, reason=reason, live=_live(tenant).count(), ended=end_calls)
        if end_calls:
            _record_ended(tenant, by, ended)
    campaigns.pause_all(tenant, PauseCause.STOPPED)  # after a crash `campaigns.rechecks` does the rest
    return ended


def close(tenant: Tenant, *, by: User, reason: str, end_calls: bool = False) -> EndedCalls:
    """Release all it holds, cancel what is planned and end its people's access; its data stays for its retention.

    Raises `tenant_status.StatusChangeRefused`, and `dedicating.InUse` while a call is being sent.
    """
    with _holding_calls(tenant), scope.for_tenant(tenant):
        ended = _ask_to_end(tenant, by) if end_calls else EndedCalls()
        publish.access_changed(tenant=tenant)
        publish.row_changed("client", tenant.pk, tenant=tenant)
        cancelled = planning.cancel_all(tenant)
        numbers, assistants = dedicating.release_everything(tenant, by=by)
        support_access.end_all(tenant)
        details = {"live": _live(tenant).count(), "ended": end_calls, "numbers": numbers, "assistants": assistants}
        tenant_status.close(tenant, by=by, reason=reason, **details)
        for planned in cancelled:
            planning.record(planned, "call.plan-cancelled", by=by)
        if end_calls:
            _record_ended(tenant, by, ended)
    campaigns.pause_all(tenant, PauseCause.STOPPED)  # after a crash `campaigns.rechecks` does the rest
    return ended


def reopen(tenant: Tenant, *, by: User, reason: str) -> None:
    """Let it dial again; its campaigns stay paused.

    Raises `tenant_status.StatusChangeRefused`.
    """
    with scope.for_tenant(tenant):
        publish.access_changed(tenant=tenant)
        publish.row_changed("client", tenant.pk, tenant=tenant)
        tenant_status.reopen(tenant, by=by, reason=reason)


def end_live_calls(tenant: Tenant, *, by: User) -> EndedCalls:
    """Have all live calls ended by tasks; one that still rings is ended once it is answered."""
    with scope.for_tenant(tenant):
        ended = _ask_to_end(tenant, by)
        _record_ended(tenant, by, ended)
    return ended


def _ask_to_end(tenant: Tenant, by: User) -> EndedCalls:
    """Record that the calls are to be ended. Before any audit entry: calls are locked before the audit chain."""
    ringing = _live(tenant).exclude(state=State.IN_PROGRESS).count()
    return EndedCalls(bulk_end.request(_live(tenant), by=by), ringing)


def _record_ended(tenant: Tenant, by: User, ended: EndedCalls) -> None:
    bulk_end.record_before(ended.requested, by=by)
    audit.record(by, tenant, "tenant.calls-ended", tenant, asked=ended.asked, ringing=ended.ringing)


@contextmanager
def _holding_calls(tenant: Tenant) -> Iterator[None]:
    """Hold back new calls, and wait a moment for those that are being sent: their requests cannot be cancelled.

    Without this, a client that calls all the time would always have one. The hold expires by itself, or is removed when
    the change fails; after `InUse` it stays, so that no call is being sent at the next attempt.
    """
    with scope.for_tenant(tenant):
        active = Tenant.objects.filter(pk=tenant.pk, status=Tenant.Status.ACTIVE)
        active.update(calls_held_until=Now() + HOLD)
    _wait_for_calls(tenant)
    try:
        yield
    except dedicating.InUse:
        raise
    except Exception:
        with scope.for_tenant(tenant):
            Tenant.objects.filter(pk=tenant.pk).update(calls_held_until=None)
        raise


def _wait_for_calls(tenant: Tenant) -> None:
    for wait in WAITS:
        with scope.for_tenant(tenant):
            if not dedicating.is_sending(tenant):
                return
        time.sleep(wait)


def _live(tenant: Tenant) -> QuerySet[Call]:
    return Call.objects.live().filter(tenant=tenant)
