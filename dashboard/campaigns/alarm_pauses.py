"""Pause the campaigns that can have made a call from a number, or with an assistant, that is not its client's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from dashboard.calls.models import STOPS_DIALING, Call
from dashboard.campaigns import control, pauses
from dashboard.campaigns.models import Campaign, Lead, PauseCause
from tenants.isolation import scope

WATCHED = timedelta(hours=1)  # for so long after the alarm was raised its campaigns are kept paused
PAGE = 200


def run() -> list[Campaign]:
    """Require the pauses that the alarms of the last hour ask for, and ask VoiceDock for them; for beat.

    Returns the campaigns about which VoiceDock was asked. Running it again changes nothing more. A call that Patchbay
    placed itself belongs to no campaign. Opens scopes of its own.
    """
    required = [campaign for page in _alarmed_calls() for campaign in _require(page)]
    control.ask_to_pause_all(required)  # all are recorded by now, so a request that hangs hides none from `rechecks`
    return required


def _alarmed_calls() -> Iterator[list[Call]]:
    """Found calls whose alarm about a caller ID or an assistant stands, the oldest alarm first, in pages."""
    after = Q()
    while True:
        with scope.for_system("calls whose alarm stops dialing"):
            calls = Call.objects.filter(
                alarm__in=STOPS_DIALING, origin=Call.Origin.ADOPTED, alarm_at__gt=Now() - WATCHED
            )
            page = list(calls.filter(after).order_by("alarm_at", "pk")[:PAGE])
        if page:
            yield page
        if len(page) < PAGE:
            return
        last = page[-1]
        after = Q(alarm_at__gt=last.alarm_at) | Q(alarm_at=last.alarm_at, pk__gt=last.pk)


def _require(calls: Iterable[Call]) -> list[Campaign]:
    """Those that have to be paused from now on; one that is being paused already is left to its next attempt."""
    by_connection: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        by_connection[call.connection_id].append(call)
    found = [campaign for connection, some in by_connection.items() for campaign in suspects(connection, some)]
    return [campaign for campaign in found if pauses.require(campaign, PauseCause.ALARM)]


@scope.opens_scope
def suspects(connection_id: int, calls: Iterable[Call]) -> list[Campaign]:
    """Started campaigns that can have made one of these calls of a connection: by its assistant, or by its lead."""
    assistants = {call.assistant_remote_id for call in calls} - {""}
    remote_ids = {call.remote_id for call in calls} - {""}
    with scope.for_system("which campaigns made these calls"):
        leads = Lead.objects.filter(call_remote_id__in=remote_ids).values("campaign")
        started = Campaign.objects.filter(
            Q(assistant__remote_id__in=assistants) | Q(pk__in=leads),
            connection_id=connection_id,
            status=Campaign.Status.SCHEDULED,
            pause_required_at=None,
        )
        return list(started.select_related("connection", "tenant").order_by("pk"))
