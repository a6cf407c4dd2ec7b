"""Calls from the intent to the report, the commands sent into them, and what became of each."""

from dashboard.calls.models.action import Action
from dashboard.calls.models.assistant_draft import AssistantDraft, AssistantDraftVersion
from dashboard.calls.models.call import (
    END_IS_LATE,
    LARGE,
    LIVE,
    OVER,
    REACHED,
    STOPS_DIALING,
    TALKED,
    UNCERTAIN,
    UNSENT,
    WAITS,
    Alarm,
    Call,
    CallQuerySet,
    Mode,
    State,
)
from dashboard.calls.models.call_preset import CallPreset
from dashboard.calls.models.caller_id import AlarmClearing, CallerIdCorrection
from dashboard.calls.models.phrase import Phrase
from dashboard.calls.models.planned_call import PlannedCall
from dashboard.calls.models.receipt import TRANSFER_IS_LATE, Receipt
from dashboard.calls.models.report import CallReport
from dashboard.calls.models.search import CallSearch
from dashboard.calls.models.steering_lease import SteeringLease
from dashboard.calls.models.transfer_target import TransferTarget

__all__ = [
    "END_IS_LATE",
    "LARGE",
    "LIVE",
    "OVER",
    "REACHED",
    "STOPS_DIALING",
    "TALKED",
    "TRANSFER_IS_LATE",
    "UNCERTAIN",
    "UNSENT",
    "WAITS",
    "Action",
    "Alarm",
    "AlarmClearing",
    "AssistantDraft",
    "AssistantDraftVersion",
    "Call",
    "CallPreset",
    "CallQuerySet",
    "CallReport",
    "CallSearch",
    "CallerIdCorrection",
    "Mode",
    "Phrase",
    "PlannedCall",
    "Receipt",
    "State",
    "SteeringLease",
    "TransferTarget",
]
