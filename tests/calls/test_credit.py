"""How long the minutes of a connection last, by what was talked in the past day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard.calls import credit
from tenants.isolation import scope
from tenants.models import Connection
from tests.fixtures.call_factories import make_call


def lasting(**balances):
    with scope.for_system("look"):
        for name, minutes in balances.items():
            Connection.objects.filter(name__startswith=name).update(minutes_balance=minutes)
        found = list(Connection.objects.all())
        estimates = credit.lasting(found)
        return {connection.name: credit.words(estimates.get(connection.pk)) for connection in found}


def test_the_pace_of_the_past_day_tells_how_long_minutes_last(bloom, harbor):
    make_call(bloom, state="ended", duration_seconds=1200)
    make_call(bloom, state="ended", duration_seconds=1200)
    make_call(bloom, state="ended", duration_seconds=9999, ago=2 * 24 * 3600)
    assert lasting(Bloom=20, Harbor=500) == {"Bloom Dental": "about 12\u00a0hours", "Harbor Logistics": ""}
    assert lasting(Bloom=400)["Bloom Dental"] == "about 10\u00a0days"
    assert lasting(Bloom=0)["Bloom Dental"] == "" and lasting(Bloom=999_999)["Bloom Dental"] == ""


def test_organizations_that_share_a_balance_are_counted_together(bloom, harbor):
    with scope.for_system("one below the other"):
        Connection.objects.filter(pk=bloom.connection.pk).update(parent=harbor.connection)
    make_call(bloom, state="ended", duration_seconds=600)
    make_call(harbor, state="ended", duration_seconds=600)
    assert set(lasting(Bloom=20, Harbor=20).values()) == {"about 24\u00a0hours"}


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0.2, "about 1\u00a0hour"), (2.4, "about 2\u00a0hours"), (47, "about 47\u00a0hours"), (60, "about 2\u00a0days")],
)
def test_words(hours, words):
    assert credit.words(timedelta(hours=hours)) == words


def test_no_estimate_is_no_words():
    assert credit.words(None) == ""
