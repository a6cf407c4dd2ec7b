"""Calls, their states and their alarms."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.calls import outcomes
from dashboard.calls.updates.voicemail import Source
from dashboard.contact_rules.verdict import Rule
from dashboard.sync import text_lengths
from dashboard.voicedock import states
from dashboard.voicedock.states import CallState
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import AssistantDedication, Connection, NumberDedication, Tenant, User


class State(models.TextChoices):
    """The label of each state; one that VoiceDock adds is kept and shown as it is (`voicedock-api.md §5.3`)."""

    QUEUED = CallState.QUEUED, "Waiting to be sent"
    SENDING = CallState.SENDING, "Being sent"
    DIALING = CallState.DIALING, "Dialing"
    CONNECTING = CallState.CONNECTING, "Connecting"
    RINGING = CallState.RINGING, "Ringing"
    IN_PROGRESS = CallState.IN_PROGRESS, "In progress"
    ENDED = CallState.ENDED, "Ended"
    ENDED_WITH_ERROR = CallState.ENDED_WITH_ERROR, "Ended with an error"
    TRANSFERRED = CallState.TRANSFERRED, "Transferred"
    FAILED = CallState.FAILED, "Not reached"
    REJECTED = CallState.REJECTED, "Rejected"
    INSUFFICIENT_CREDITS = CallState.INSUFFICIENT_CREDITS, "No credit left"
    REFUSED = CallState.REFUSED, "Refused, nothing was dialed"
    UNKNOWN = CallState.UNKNOWN, "Not certain"
    NEEDS_PERSON = CallState.NEEDS_PERSON, "Needs a person"
    LOST = CallState.LOST, "Lost at VoiceDock"


UNSENT = [State(state) for state in states.UNSENT]
LIVE = [State(state) for state in states.LIVE]
UNCERTAIN = [State(state) for state in states.UNCERTAIN]
OVER = [*(State(state) for state in states.TERMINAL), State.REFUSED]
WAITS = timedelta(minutes=2)  # an older queued call is refused: the person who requested it no longer expects it
END_IS_LATE = timedelta(seconds=11)  # an alarm is promised within 15 s: the rest is for beat, a worker and a page


class Alarm(models.TextChoices):
    """What makes a call ask for a person."""

    NONE = "", "None"
    NOT_CERTAIN = "not-certain", "We don't know if it was placed"
    END_NOT_CONFIRMED = "end-not-confirmed", "End call is not confirmed"
    WRONG_NUMBER = "wrong-number", "It left from a number that is not this client's"
    LOST = "lost", "VoiceDock does not know this call any more"
    WRONG_ASSISTANT = "wrong-assistant", "It was made with an assistant that is not this client's"


STOPS_DIALING = [Alarm.WRONG_NUMBER, Alarm.WRONG_ASSISTANT]  # until staff clear it, with a reason

CALL_BACK_WITHIN = timedelta(days=7)  # who asked longer ago is not waiting for it any more
REACHED = Q(started_at__isnull=False, machine_source="")  # a person: whom a machine answered for was not reached
TALKED = REACHED & Q(finished=True)
END_LATE = Q(finished=False, end_asked_at__lt=Now() - END_IS_LATE)


class CallQuerySet(models.QuerySet["Call"]):
    def live(self) -> CallQuerySet:
        """On the live board: being sent, ringing or talking, or waiting for a person."""
        return self.filter(finished=False)

    def against_limit(self) -> CallQuerySet:
        """Those that count against how many a client may have at once: not one that waits to be sent, or is lost.

        They may be more than the limit, which holds back calls that are placed here and no others.
        """
        return self.live().exclude(state__in=[State.LOST, State.QUEUED])

    def talking(self) -> CallQuerySet:
        return self.filter(state=State.IN_PROGRESS)

    def needing_attention(self) -> CallQuerySet:
        """Those with a `current_alarm`: a call that has ended needs nobody for an end that was late."""
        return self.filter(~Q(alarm="") | END_LATE).exclude(finished=True, alarm=Alarm.END_NOT_CONFIRMED)

    def to_call_back(self) -> CallQuerySet:
        """Calls of one client in which a person asked to be called back, to whom nobody has called since.

        Those that a person marked as done are not among them.
        """
        asked = self.filter(
            outcome=outcomes.CALL_BACK, created_at__gte=Now() - CALL_BACK_WITHIN, call_back_done_at=None
        )
        later = Call.objects.later_with(
            models.OuterRef("tenant"), models.OuterRef("counterpart"), models.OuterRef("created_at")
        )
        return asked.exclude(counterpart="").exclude(models.Exists(later.order_by()))

    def later_with(self, tenant: Any, counterpart: Any, since: Any) -> CallQuerySet:
        """Calls of a client with this person since then, without those that never left or wait to leave."""
        found = self.filter(tenant=tenant, counterpart=counterpart, created_at__gt=since)
        return found.exclude(state__in=[State.QUEUED, State.REFUSED])

    def with_end_age(self) -> CallQuerySet:
        """Annotate how long ago the end was requested, by the database's clock; `Call.current_alarm` reads it."""
        age = models.ExpressionWrapper(Now() - F("end_asked_at"), output_field=models.DurationField())
        return self.annotate(end_age=age)


LARGE = ("assistant_override", "assistant_configuration")  # written once, with the call

_CallManager = models.Manager.from_queryset(CallQuerySet)


class CallManager(_CallManager):
    """Leaves out what is large, until it is asked for: both repeat long prompts."""

    def get_queryset(self) -> Any:  # the stubs lose the type of the queryset here
        return super().get_queryset().defer(*LARGE)


class Mode(models.TextChoices):
    """What speaks in a call (`voicedock-api.md §5.5`); of a call that was not placed here it is not known."""

    REFERENCE = "reference", "Saved assistant"
    HYBRID = "hybrid", "Saved assistant with changes"
    TRANSIENT = "transient", "One-time assistant"


class Call(models.Model):
    """One phone call. `tenant` is null for calls that no client's dedication covers; staff alone see those."""

    class Origin(models.TextChoices):
        PLACED = "placed", "Placed here"
        ADOPTED = "adopted", "Found at VoiceDock"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="calls")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="calls", db_index=False)
    number_dedication = models.ForeignKey(
        NumberDedication, models.PROTECT, null=True, related_name="calls", db_constraint=False
    )
    assistant_dedication = models.ForeignKey(
        AssistantDedication, models.PROTECT, null=True, related_name="calls", db_constraint=False
    )
    origin = models.CharField(max_length=8, choices=Origin.choices)
    direction = models.CharField(max_length=10, default="outbound", help_text="outbound, inbound, web, or as sent")
    counterpart = models.CharField(
        "party", max_length=120, blank=True, help_text="The person: who is called, or who calls."
    )
    destination_country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        db_default="",
        help_text="ISO code of the country where a number that is called rings; empty for networks of no country.",
    )
    destination_kind = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="What kind of number is called."
    )
    line = models.CharField(max_length=32, blank=True, help_text="Our number: the one meant, or the one reported.")
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.REFERENCE)
    overrides = models.JSONField(
        default=dict, blank=True, help_text="What this call changes of the saved assistant, as it was typed."
    )
    assistant_override = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="The override as VoiceDock was sent it; blocks are whole."
    )
    assistant_configuration = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="The one-time assistant as VoiceDock was sent it."
    )
    preset_name = models.CharField(
        max_length=60, blank=True, default="", db_default="", help_text="Of the preset that it was made with."
    )
    rules_version = models.CharField(
        max_length=80, blank=True, db_default="", default="", help_text="Of the contact rules that allowed it."
    )
    overridden_rule = models.CharField(
        max_length=20,
        blank=True,
        db_default="",
        default="",
        help_text="The contact rules that somebody set aside, comma-separated.",
    )
    override_reason = models.CharField(
        max_length=300, blank=True, db_default="", default="", help_text="Why, in that person’s words."
    )
    client_token = models.UUIDField(null=True)
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    state = models.CharField(max_length=40, default=State.QUEUED, help_text="`State`, or what VoiceDock sent.")
    rank = models.SmallIntegerField(default=0, help_text="How far along `state` is; it never goes back.")
    finished = models.BooleanField(default=False)
    state_at = models.DateTimeField(default=timezone.now, help_text="When VoiceDock says the state was reached.")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(
        null=True, blank=True, help_text="Queued: not before; sending: whose answer is overdue; unknown: next look."
    )
    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was first claimed for sending; the database writes it."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    not_after = models.DateTimeField(
        null=True, blank=True, help_text="Of a planned call: the end of its window; it is never sent later."
    )
    placed_at = models.DateTimeField(null=True, blank=True, help_text="When VoiceDock accepted the call.")
    remote_id = models.CharField(max_length=200, blank=True)
    webhook_call_id = models.CharField(max_length=200, blank=True, help_text="Its id in webhooks, where that differs.")

    provider = models.CharField(max_length=60, blank=True)
    family = models.CharField(max_length=20, default="unknown")
    assistant_name = models.CharField(max_length=200, blank=True)
    assistant_remote_id = models.CharField(max_length=64, blank=True)
    number_remote_id = models.CharField(max_length=64, blank=True, help_text="As VoiceDock reported it.")
    reported_line = models.CharField(
        max_length=32, blank=True, help_text="The caller ID that VoiceDock reported first."
    )

    asked_line = models.CharField(
        max_length=32, blank=True, db_default="", help_text="The number that the request to VoiceDock names."
    )
    asked_number_remote_id = models.CharField(
        max_length=64, blank=True, db_default="", help_text="VoiceDock's id of that number."
    )
    asked_assistant_remote_id = models.CharField(max_length=64, blank=True, db_default="")
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When VoiceDock answered the request.")
    answered_status = models.CharField(
        max_length=40, blank=True, db_default="", help_text="The state in that answer, or refused."
    )
    answered_remote_id = models.CharField(max_length=200, blank=True, db_default="", help_text="The id in that answer.")

    started_at = models.DateTimeField(null=True, blank=True, help_text="Answered.")
    ended_at = models.DateTimeField(null=True, blank=True)
    duration_seconds = models.PositiveIntegerField(null=True, blank=True)
    end_reason = models.CharField(max_length=120, blank=True)
    machine_source = models.CharField(
        max_length=12,
        choices=Source.choices,
        blank=True,
        default="",  # of a call that is not saved yet
        db_default="",
        help_text="What says that a machine took it; empty: none.",
    )
    analysis_outcome = models.CharField(
        max_length=outcomes.MOST,
        blank=True,
        default="",  # of a call that is not saved yet
        db_default="",
        help_text="What its analysis says came of it.",
    )
    outcome = models.GeneratedField(
        expression=outcomes.expression(),
        output_field=models.CharField(max_length=outcomes.MOST, help_text="What came of it; empty while it is live."),
        db_persist=True,
    )
    error = models.CharField(max_length=500, blank=True, help_text="What went wrong, in VoiceDock's words or ours.")
    end_asked_at = models.DateTimeField(null=True, blank=True)
    end_late_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was recorded that the end-call is not confirmed."
    )
    end_due_at = models.DateTimeField(
        null=True, blank=True, help_text="When to send the end-call that was asked for together with others."
    )
    end_due_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", help_text="Who asked for it.")
    call_back_done_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody said that the call-back that was asked for is done."
    )
    call_back_done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    alarm = models.CharField(max_length=24, choices=Alarm.choices, default="", blank=True)
    alarm_at = models.DateTimeField(null=True, blank=True)
    alarm_mail_at = models.DateTimeField(null=True, blank=True, help_text="When a mail about it was last begun.")
    alarm_mailed_at = models.DateTimeField(null=True, blank=True, help_text="When staff were mailed.")

    created_at = models.DateTimeField(default=timezone.now)
    remote_updated_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(default=timezone.now, help_text="When we last heard of it.")
    missing_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when VoiceDock neither lists it nor finds it by its id."
    )
    missed_at = models.DateTimeField(
        null=True, blank=True, help_text="When VoiceDock last answered that it does not know the call."
    )
    field_versions = models.JSONField(
        default=dict, blank=True, help_text="Field name to the stamp of the newest update that contained it."
    )
    search_count = models.PositiveSmallIntegerField(default=0, help_text="Whole lists searched for it while unknown.")
    version = models.PositiveIntegerField(default=1)
    data_removed_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it holds no personal data; news of it are not taken in any more."
    )

    objects = CallManager()
    if TYPE_CHECKING:
        end_age: timedelta | None  # with `with_end_age`

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="call_key"),
            models.UniqueConstraint(fields=["tenant", "client_token"], name="one_call_per_token"),
            models.UniqueConstraint(  # by id first: whose call it is, is asked before its connection is known
                fields=["remote_id", "connection"], condition=~Q(remote_id=""), name="adopted_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "number_dedication", "counterpart"],
                condition=Q(origin="placed", state__in=["queued", "sending", "unknown"]),
                name="one_intent_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(number_dedication__isnull=True) | Q(tenant__isnull=False), name="number_has_tenant"
            ),
            models.CheckConstraint(
                condition=Q(assistant_dedication__isnull=True) | Q(tenant__isnull=False), name="assistant_has_tenant"
            ),
            models.CheckConstraint(
                condition=~Q(origin="placed")
                | Q(
                    Q(mode=Mode.TRANSIENT) ^ Q(assistant_dedication__isnull=False),
                    tenant__isnull=False,
                    number_dedication__isnull=False,
                    client_token__isnull=False,
                    direction="outbound",
                ),
                name="placed_call_is_whole",
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="call_mode"),
            models.CheckConstraint(
                condition=Q(mode=Mode.TRANSIENT) | Q(assistant_configuration={}), name="configuration_is_transient"
            ),
            CompositeForeignKey(
                name="call_number_dedication",
                columns=["tenant_id", "connection_id", "number_dedication_id"],
                to="tenants_numberdedication",
                target=["tenant_id", "connection_id", "id"],
            ),
            CompositeForeignKey(
                name="call_assistant_dedication",
                columns=["tenant_id", "connection_id", "assistant_dedication_id"],
                to="tenants_assistantdedication",
                target=["tenant_id", "connection_id", "id"],
            ),
            TenantRowPolicy(name="call_rows"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="calls_newest_first"),
            models.Index(fields=["-created_at", "-id"], name="all_calls_newest_first"),
            models.Index(fields=["tenant", "counterpart", "-created_at"], name="calls_with_a_person"),
            models.Index(fields=["connection", "counterpart"], name="calls_of_connection_with"),
            models.Index(
                fields=["answered_remote_id"],
                condition=Q(remote_id="") & ~Q(answered_remote_id=""),
                name="calls_answered",
            ),
            models.Index(fields=["tenant", "state"], condition=Q(finished=False), name="calls_live"),
            models.Index(fields=["state", "lease_until"], condition=Q(finished=False), name="calls_swept"),
            models.Index(
                fields=["webhook_call_id", "connection"], condition=~Q(webhook_call_id=""), name="calls_by_webhook_id"
            ),
            models.Index(
                fields=["end_due_at"], condition=Q(finished=False, end_due_at__isnull=False), name="calls_to_end"
            ),
            models.Index(fields=["tenant", "alarm"], condition=~Q(alarm=""), name="calls_asking"),
            models.Index(fields=["tenant"], condition=Q(state="sending"), name="calls_being_sent"),
            models.Index(
                fields=["tenant", "destination_country", "created_at"],
                condition=~Q(destination_country=""),
                name="calls_by_destination",
            ),
            models.Index(fields=["tenant", "outcome", "-created_at", "-id"], name="calls_by_outcome"),
            models.Index(fields=["tenant", "direction", "-created_at", "-id"], name="calls_by_direction"),
            models.Index(fields=["direction", "-created_at", "-id"], name="all_calls_by_direction"),
            models.Index(
                fields=["tenant", "preset_name", "-created_at", "-id"],
                condition=~Q(preset_name=""),
                name="calls_by_preset",
            ),
            models.Index(
                fields=["created_at", "tenant"],
                include=["id", "state", "started_at", "finished", "machine_source", "duration_seconds"],
                name="calls_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} call with {self.counterpart}"

    @property
    def overridden_rule_words(self) -> str:
        """`outside of calling hours`; "" where no rule was set aside."""
        return Rule.words(self.overridden_rule)

    @property
    def is_transient(self) -> bool:
        """Whether it is made with a one-time assistant, which has no dedication and no id at VoiceDock."""
        return self.mode == Mode.TRANSIENT

    @property
    def is_live(self) -> bool:
        return not self.finished

    @property
    def end_is_late(self) -> bool:
        """Whether the end-call is late. A page must not wait until the sweep has stored the alarm."""
        age = getattr(self, "end_age", None)
        return not self.finished and age is not None and age > END_IS_LATE

    @property
    def current_alarm(self) -> str:
        """The stored alarm, or the one that is due; as `needing_attention`. Needs a call read by `with_end_age`."""
        if self.finished and self.alarm == Alarm.END_NOT_CONFIRMED:
            return Alarm.NONE
        return self.alarm or (Alarm.END_NOT_CONFIRMED if self.end_is_late else Alarm.NONE)

    @property
    def alarm_words(self) -> str:
        return Alarm(self.current_alarm).label

    @property
    def seconds_to_alarm(self) -> int | None:
        """When a page has to be drawn again, since the end-call is late then; None when nothing is awaited."""
        age = getattr(self, "end_age", None)
        if self.finished or self.alarm == Alarm.END_NOT_CONFIRMED or age is None or age > END_IS_LATE:
            return None
        return int((END_IS_LATE - age).total_seconds()) + 1

    @property
    def needs_decision(self) -> bool:
        """Whether only a person can decide the outcome, now or later."""
        return not self.finished and self.state in UNCERTAIN

    @property
    def is_unsent(self) -> bool:
        return self.state in UNSENT

    @property
    def next_attempt_at(self) -> datetime | None:
        """When a call that waits is sent next, at the earliest; None where it is given up before."""
        if self.state != State.QUEUED or self.lease_until is None:
            return None
        return self.lease_until if self.lease_until < self.gives_up_at else None

    @property
    def gives_up_at(self) -> datetime:
        """When a call that could not be sent is refused."""
        waits = self.created_at + WAITS
        return min(waits, self.not_after) if self.not_after else waits

    @property
    def was_taken_back(self) -> bool:
        """Whether a person took it back while it waited: an unsent call can be asked to end in no other way."""
        return self.state == State.REFUSED and self.end_asked_at is not None

    @property
    def is_answered(self) -> bool:
        return self.state == State.IN_PROGRESS

    @property
    def can_be_controlled(self) -> bool:
        """Control works only in `in-progress` (`voicedock-api.md §4.1`), and only with the vendor's id."""
        live = self.is_answered and not self.finished
        return live and bool(self.remote_id) and not text_lengths.is_cut(self.remote_id)

    @property
    def is_unreachable(self) -> bool:
        """Whether no command can ever be sent to it: we hold a part of the vendor's id only."""
        return text_lengths.is_cut(self.remote_id)

    @property
    def meant_line(self) -> str:
        """The number that the call was to leave from; not known of a call that was not placed here."""
        return self.line if self.origin == self.Origin.PLACED else ""

    @property
    def state_words(self) -> str:
        return dict(State.choices).get(self.state, self.state)
