"""The numbers that are not to be called, and what a client's calls are held to besides."""

from __future__ import annotations

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from tenants.isolation.row_security import AS_OWNER, SharedRowPolicy, TenantRowPolicy
from tenants.models import Tenant, User


class ListedNumber(models.Model):
    """A number on a do-not-call list: who added it, when, from what and why."""

    class Source(models.TextChoices):
        BY_HAND = "by-hand", "Added by hand"
        LIST = "list", "From a list"
        CALL = "call", "On the page of a call"
        HEARD = "heard", "Asked for in a call"

    number = models.CharField(max_length=16, help_text="E.164.")
    source = models.CharField(max_length=10, choices=Source.choices)
    note = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(db_default=Now())
    compared_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was compared with the people who waited in campaigns."
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number


class DoNotCallEntry(ListedNumber):
    """A number that a client does not call; without a client, one that no client of the reseller calls.

    It outlives the retention of calls, so that a person who asked not to be called is never called again, and goes
    with the data of a closed client. Of the reseller's list the database keeps a keyed hash alone.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, blank=True, related_name="do_not_call")
    number = models.CharField(max_length=16, blank=True, help_text="E.164; empty on the list of the reseller.")
    digest = models.CharField(
        max_length=64, blank=True, help_text="Of the number, in its place; made by the database (`keyed_hash`)."
    )
    call_id = models.UUIDField(null=True, blank=True, help_text="Patchbay's id of the call that it comes from.")

    class Meta:
        ordering = ["-added_at", "-id"]
        verbose_name_plural = "do-not-call entries"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"], condition=models.Q(tenant__isnull=False), name="do_not_call_once"
            ),
            models.UniqueConstraint(
                fields=["digest"], condition=models.Q(tenant__isnull=True), name="do_not_call_once_for_all"
            ),
            models.CheckConstraint(
                condition=models.Q(tenant__isnull=False, digest="", number__regex=r"^\+[1-9][0-9]{6,14}$")
                | models.Q(tenant__isnull=True, number="", digest__regex=r"^[0-9a-f]{64}$"),
                name="do_not_call_number",
            ),
            TenantRowPolicy(name="do_not_call_rows", also=AS_OWNER),  # `listed_for_all` reads as the owner
        ]
        indexes = [
            models.Index(fields=["tenant", "-added_at", "-id"], name="do_not_call_newest_first"),
            models.Index(fields=["-added_at", "-id"], name="all_do_not_call_newest_first"),
            models.Index(fields=["id"], condition=models.Q(compared_at=None), name="do_not_call_not_compared"),
        ]

    def __str__(self) -> str:
        return self.number or self.fingerprint

    @property
    def fingerprint(self) -> str:
        """By which an entry of the reseller's list is told from others: no number can be made of it."""
        return self.digest[:8]


def monday_to_saturday() -> list[int]:
    """As `date.weekday()` has them."""
    return [0, 1, 2, 3, 4, 5]


LONGEST_PERIOD = 365  # days
MOST_ATTEMPTS = 100
FEWEST_CALLS, MOST_CALLS = 5, 500  # of which a share of failures is told
MOST_MINUTES = 100_000


class ContactSettings(models.Model):
    """What the calls of a client are held to besides the do-not-call lists; without a row, the defaults here.

    Staff change it. Single and planned calls are held to nothing of it until staff switch that on. `OF_PAUSES` say when
    a campaign is paused.
    """

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="contact_settings")
    calls_keep_hours = models.BooleanField(default=False, help_text="Single and planned calls keep calling hours.")
    campaigns_keep_hours = models.BooleanField(default=True)
    uses_country_hours = models.BooleanField(
        default=True, help_text="In countries whose own calling hours are known, those."
    )
    opens = models.TimeField(default=time(8), help_text="On the clock of the person who is called.")
    closes = models.TimeField(default=time(20))
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=monday_to_saturday)
    skips_holidays = models.BooleanField(default=True, help_text="Of the country of the person who is called.")
    calls_keep_attempts = models.BooleanField(default=False)
    campaigns_keep_attempts = models.BooleanField(default=True)
    most_attempts = models.PositiveSmallIntegerField(
        default=4, validators=[MinValueValidator(1), MaxValueValidator(MOST_ATTEMPTS)]
    )
    attempt_days = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_PERIOD)]
    )
    gap_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MaxValueValidator(LONGEST_PERIOD)],
        help_text="Between two campaigns that call the same person; 0 for none.",
    )
    needs_consent = models.BooleanField(default=False, help_text="Campaigns call nobody without a consent in the file.")
    most_failed = models.PositiveSmallIntegerField(
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Percent of the last calls of a campaign: as many failures pause it.",
    )
    failed_of_last = models.PositiveSmallIntegerField(
        default=40,
        validators=[MinValueValidator(FEWEST_CALLS), MaxValueValidator(MOST_CALLS)],
        help_text="Of how many calls `most_failed` is; fewer pause nothing.",
    )
    low_credit = models.PositiveIntegerField(
        default=60,
        validators=[MaxValueValidator(MOST_MINUTES)],
        help_text="Minutes below which campaigns pause; 0 for once none is left.",
    )
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="When staff last changed anything here that is not about pauses."
    )
    OF_PAUSES = ("most_failed", "failed_of_last", "low_credit")

    class Meta:
        verbose_name_plural = "contact settings"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")), name="contact_settings_hours_in_order"
            ),
            models.CheckConstraint(
                condition=models.Q(most_attempts__gte=1, attempt_days__gte=1), name="contact_settings_attempts"
            ),
            models.CheckConstraint(
                condition=models.Q(most_failed__gte=1, most_failed__lte=100, failed_of_last__gte=1),
                name="contact_settings_pauses",
            ),
            TenantRowPolicy(name="contact_settings_rows"),
        ]

    def __str__(self) -> str:
        return f"contact settings of {self.tenant_id}"


class CountryPreset(models.Model):
    """Calling hours of a country that staff have put in the place of ours, for all clients that use those.

    Spans are pairs of `HH:MM`. Every client reads them, since each is held to them.
    """

    country = models.CharField(max_length=2, primary_key=True, help_text="ISO 3166.")
    days = models.JSONField(help_text="The spans of Monday to Sunday.")
    holidays = models.JSONField(null=True, blank=True, help_text="Those of public holidays; null: as on other days.")
    most_attempts = models.PositiveSmallIntegerField(null=True, blank=True)
    attempt_days = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=200, help_text="Where they are written.")
    read_on = models.DateField(help_text="When they were read there last.")
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["country"]
        constraints = [
            models.CheckConstraint(condition=models.Q(country__regex=r"^[A-Z]{2}$"), name="country_preset_code"),
            models.CheckConstraint(
                condition=models.Q(most_attempts__isnull=True, attempt_days__isnull=True)
                | models.Q(
                    most_attempts__isnull=False, attempt_days__isnull=False, most_attempts__gte=1, attempt_days__gte=1
                ),
                name="country_preset_attempts",
            ),
            SharedRowPolicy(name="country_preset_rows", used="true"),
        ]

    def __str__(self) -> str:
        return self.country
