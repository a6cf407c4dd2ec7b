"""Calls that are ended together: one that waits to be sent is never dialed."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.calls.control import bulk_end
from dashboard.calls.models import Call, State
from dashboard.calls.placing import intents, sending
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.operator import PERSON


@pytest.fixture
def waiting(operator):
    """A call that waits to be sent."""
    call, _ = intents.request(
        operator.tenant,
        by=operator.user,
        number=operator.number.pk,
        assistant=operator.assistant.pk,
        destination=PERSON,
        token=uuid.uuid4(),
    )
    return call


def test_one_that_waits_is_taken_back_and_dials_nobody(operator, waiting):
    with scope.for_tenant(operator.tenant):
        assert bulk_end.request(Call.objects.filter(pk=waiting.pk), by=operator.user) == 1
    sending.send(waiting.pk)
    (call,) = operator.calls()
    assert call.state == State.REFUSED and call.was_taken_back and operator.dial_requests() == []
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="call.taken-back").count() == 1
    assert bulk_end.due() == []


def test_one_that_is_being_sent_is_ended_once_it_is_answered(operator, waiting):
    with scope.for_tenant(operator.tenant):
        sent = {"state": State.SENDING, "lease_until": timezone.now() + timedelta(seconds=45)}
        Call.objects.filter(pk=waiting.pk).update(**sent)
        assert bulk_end.request(Call.objects.filter(pk=waiting.pk), by=operator.user) == 1
    (call,) = operator.calls()
    assert call.state == State.SENDING and call.end_due_at is not None
