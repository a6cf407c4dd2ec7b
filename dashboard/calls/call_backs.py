"""People who asked to be called back: whether it is still to be done, and who said that it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from dashboard.calls import outcomes
from dashboard.calls.models import Call
from dashboard.calls.transitions import transition
from tenants.isolation import scope
from tenants.models import User

ASKED = Q(outcome=outcomes.CALL_BACK)


@dataclass(frozen=True)
class CallBack:
    """What is known of a call-back that a person asked for; `later` is the newest call with them since."""

    done_at: datetime | None = None
    done_by: User | None = None
    later: Call | None = None

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.later is None


@scope.requires_scope
def of_call(call: Call) -> CallBack | None:
    """None where nobody asked to be called back."""
    if call.outcome != outcomes.CALL_BACK:
        return None
    if call.call_back_done_at:
        return CallBack(call.call_back_done_at, call.call_back_done_by)
    calls = Call.objects.later_with(call.tenant_id, call.counterpart, call.created_at)
    return CallBack(later=calls.exclude(counterpart="").only("id", "created_at").first())


@scope.requires_scope
def mark(call: Call, *, is_done: bool, by: User) -> bool:
    """Say that it is done, or that it is not after all; False where that is so already, or nobody asked for it."""
    asked = Call.objects.filter(ASKED, pk=call.pk, tenant=call.tenant_id, call_back_done_at__isnull=is_done)
    if asked.select_for_update().values_list("pk").first() is None:
        return False
    if is_done:
        change: dict[str, Any] = {"call_back_done_at": Now(), "call_back_done_by": by}
        return transition(call, [call.state], "call.called-back", by=by, **change)
    return transition(
        call, [call.state], "call.call-back-reopened", by=by, call_back_done_at=None, call_back_done_by=None
    )
