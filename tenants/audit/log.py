"""Record in the audit trail what was done, by whom and to what, in the transaction that does it."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils import timezone

from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant, User

RESELLER = "reseller"
ONCE = timedelta(hours=1)


@dataclass(frozen=True)
class _Attribution:
    user_id: int
    label: str
    details: dict[str, Any]


_attribution: contextvars.ContextVar[_Attribution | None] = contextvars.ContextVar("attribution", default=None)

_dated: contextvars.ContextVar[datetime | None] = contextvars.ContextVar("dated", default=None)


@contextmanager
def dated(at: datetime) -> Iterator[None]:
    """Entries inside the block bear this time instead of now. Only the demo has a past of its own making."""
    if not settings.DEMO:
        raise RuntimeError("Only the entries of the demo are given a time.")
    token = _dated.set(at)
    try:
        yield
    finally:
        _dated.reset(token)


@contextmanager
def acting_as(user_id: int, label: str, **details: Any) -> Iterator[None]:
    """Entries of this user inside the block have `label` as the actor, and these details besides their own."""
    token = _attribution.set(_Attribution(user_id, label, details))
    try:
        yield
    finally:
        _attribution.reset(token)


@scope.requires_scope
def record(
    by: User | None, tenant: Tenant | None, action: str, subject: Model | str = "", **details: Any
) -> AuditEntry:
    """Write one entry and return it. `by` None is Patchbay itself; `tenant` None is the reseller's own chain.

    Entries of one transaction belong to one tenant and are written last: the chain stays locked until the commit.
    `details` are plain values (text, numbers, lists of them); never secrets.
    """
    at, actor = _dated.get() or timezone.now(), str(by) if by else "Patchbay"
    if by and (attribution := _attribution.get()) and attribution.user_id == by.pk:
        actor, details = attribution.label[:200], details | attribution.details
    name = _subject_name(subject)
    chain = f"tenant-{tenant.pk}" if tenant else RESELLER
    body = {
        "at": at.isoformat(),
        "by": by.pk if by else None,
        "actor": actor,
        "action": action,
        "subject": name,
        "details": details,
    }
    entry = AuditEntry(
        chain=chain,
        body=json.dumps(body, sort_keys=True, ensure_ascii=False, default=str),
        tenant=tenant,
        at=at,
        actor_id=by.pk if by else None,
        actor=actor,
        action=action,
        subject=name,
    )
    AuditEntry.objects.bulk_create([entry])
    return entry


@scope.requires_scope
def record_once(by: User | None, tenant: Tenant | None, action: str, subject: Model, **details: Any) -> None:
    """Record a reading, once an hour for each user and subject, since some pages refresh every second.

    `by` is None of people who need no sign-in.
    """
    if not readings(by, tenant, action, subject).exists():
        record(by, tenant, action, subject, **details)


def readings(by: User | None, tenant: Tenant | None, action: str, subject: Model) -> QuerySet[AuditEntry]:
    """Those because of which `record_once` records nothing."""
    return _recent(by, action).filter(subject=_subject_name(subject), tenant=tenant)


@scope.requires_scope
def not_recorded(by: User, tenants: Iterable[Tenant], action: str) -> list[Tenant]:
    """The clients of which `record_once` would write that this user read them; in one query for all.

    For pages of several clients: a transaction writes to the chain of one, so that each is recorded afterwards.
    """
    found = {_subject_name(tenant): tenant for tenant in tenants}
    if not found:
        return []
    recent = _recent(by, action).filter(subject__in=found, tenant__in=found.values())
    known = set(recent.values_list("tenant_id", flat=True))
    return [tenant for tenant in found.values() if tenant.pk not in known]


def _recent(by: User | None, action: str) -> QuerySet[AuditEntry]:
    """Readings that are not recorded again."""
    return AuditEntry.objects.filter(action=action, actor_id=by.pk if by else None, at__gt=timezone.now() - ONCE)


def _subject_name(subject: Model | str) -> str:
    return subject if isinstance(subject, str) else f"{subject._meta.model_name}:{subject.pk}"
