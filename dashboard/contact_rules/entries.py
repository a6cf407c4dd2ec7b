"""Put numbers on a do-not-call list and take them off; without a client, on the list of the reseller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.db import connection as database
from django.db.models import QuerySet

from dashboard.contact_rules import number_list
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.ui.phone_numbers import E164
from tenants import audit
from tenants.isolation import scope
from tenants.models import Tenant, User

Source = DoNotCallEntry.Source
_notified: list[Callable[[], object]] = []
LOCK = 0x444E43  # with the client, 0 for the reseller


def notify_with(enqueue: Callable[[], object]) -> None:
    """Register what is called, inside the transaction, when numbers were added to a list."""
    _notified.append(enqueue)


def notify() -> None:
    """Inside the transaction in which numbers were added to a list."""
    for enqueue in _notified:
        enqueue()


def is_number(text: str) -> bool:
    """Whether it can stand on a list: of a call out of the web, or a hidden number, nothing can."""
    return E164.fullmatch(text) is not None and E164.fullmatch(number_list.normalized(text)) is not None


@scope.requires_scope
def of_list(tenant: Tenant | None) -> QuerySet[DoNotCallEntry]:
    return DoNotCallEntry.objects.filter(tenant=tenant).select_related("added_by")


@scope.requires_scope
def listed_for_all(numbers: Sequence[str]) -> dict[str, int]:
    """Which of these numbers (E.164) are on the list of the reseller, each with the id of its entry.

    The list has hashes alone, so that it can be asked and not be read.
    """
    with database.cursor() as cursor:
        cursor.execute("SELECT number, entry FROM public.listed_for_all(%s::text[])", [list(numbers)])
        return dict(cursor.fetchall())


@scope.requires_scope
def add(
    tenant: Tenant | None,
    numbers: Sequence[str],
    *,
    source: DoNotCallEntry.Source,
    by: User | None,
    notes: Mapping[str, str] | None = None,
    call_id: UUID | None = None,
) -> list[str]:
    """Those of these numbers (E.164) that were not on the list yet. Last in its transaction. `notes` are by number.

    One entry in the audit trail: with the number, or with how many. Numbers are kept as they are dialed; on the list of
    the reseller the database puts their hash in their place.
    """
    with database.cursor() as cursor:  # one after the other, so that what is recorded is what was added
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, tenant.pk if tenant else 0])
    numbers = [number_list.normalized(number) for number in numbers]
    known = _known(tenant, numbers)
    new = [number for number in dict.fromkeys(numbers) if number not in known]
    notes = notes or {}
    facts = {"tenant": tenant, "source": source, "call_id": call_id, "added_by": by}
    rows = [DoNotCallEntry(number=number, note=notes.get(number, ""), **facts) for number in new]
    DoNotCallEntry.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    if new:
        notify()
        _record(by, tenant, "added" if source != Source.HEARD else "heard", new)
    return new


def _known(tenant: Tenant | None, numbers: Sequence[str]) -> set[str]:
    if tenant is None:
        return set(listed_for_all(numbers))
    found = DoNotCallEntry.objects.filter(tenant=tenant, number__in=numbers)
    return set(found.values_list("number", flat=True))


@scope.requires_scope
def remove(tenant: Tenant | None, entry_id: int, *, by: User, reason: str) -> DoNotCallEntry | None:
    """The entry that was removed; None when it is gone already. Last in its transaction."""
    entry = of_list(tenant).filter(pk=entry_id).first()
    if entry is None or not DoNotCallEntry.objects.filter(pk=entry.pk, tenant=tenant).delete()[0]:
        return None
    more = {"fingerprint": entry.fingerprint} if tenant is None else {}
    _record(by, tenant, "removed", [entry.number], why=reason, **more)
    return entry


def _record(by: User | None, tenant: Tenant | None, what: str, numbers: list[str], **more: str) -> None:
    """Of the list of the reseller without the numbers themselves: the trail tells no more than the list does."""
    suffix = "-for-all" if tenant is None else ""
    if len(numbers) > 1:
        audit.record(by, tenant, f"do-not-call.{what}-list{suffix}", "do-not-call", numbers=len(numbers), **more)
    elif tenant is None:
        audit.record(by, None, f"do-not-call.{what}-for-all", "do-not-call", **more)
    else:
        audit.record(by, tenant, f"do-not-call.{what}", "do-not-call", counterpart=numbers[0], **more)
