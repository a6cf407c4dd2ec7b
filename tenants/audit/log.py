"""Say what was done, by whom, to what: in the same transaction, append-only, chained."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.utils import timezone

from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant, User

RESELLER = "reseller"
ONCE = timedelta(hours=1)


@dataclass(frozen=True)
class _Known:
    pk: int
    words: str
    facts: dict[str, Any]


_known_as: contextvars.ContextVar[_Known | None] = contextvars.ContextVar("known as", default=None)


@contextmanager
def acting_as(pk: int, words: str, **facts: Any) -> Iterator[None]:
    """Entries of this person, written meanwhile, have these words for its name and these facts beside."""
    token = _known_as.set(_Known(pk, words, facts))
    try:
        yield
    finally:
        _known_as.reset(token)


@scope.requires_scope
def record(
    by: User | None, tenant: Tenant | None, action: str, subject: Model | str = "", **details: Any
) -> AuditEntry:
    """Write one entry, and return it. `by` None is Patchbay itself; `tenant` None is the reseller's own chain.

    Entries of one transaction belong to one tenant and come last: the chain stays locked until the commit.
    `details` are plain values (text, numbers, lists of them); never secrets.
    """
    at, actor = timezone.now(), str(by) if by else "Patchbay"
    if by and (known := _known_as.get()) and known.pk == by.pk:
        actor, details = known.words[:200], details | known.facts
    name = _named(subject)
    chain = f"tenant-{tenant.pk}" if tenant else RESELLER
    facts = {
        "at": at.isoformat(),
        "by": by.pk if by else None,
        "actor": actor,
        "action": action,
        "subject": name,
        "details": details,
    }
    entry = AuditEntry(
        chain=chain,
        body=json.dumps(facts, sort_keys=True, ensure_ascii=False, default=str),
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
def record_once(by: User, tenant: Tenant | None, action: str, subject: Model, **details: Any) -> None:
    """The same for what is only looked at: one entry for each person and thing within the hour.

    A page that asks for itself anew every second must not flood the trail; that somebody read is told either way.
    """
    name, since = _named(subject), timezone.now() - ONCE
    mine = AuditEntry.objects.filter(subject=name, action=action, actor_id=by.pk, at__gt=since)
    if not mine.filter(tenant=tenant).exists():
        record(by, tenant, action, subject, **details)


def _named(subject: Model | str) -> str:
    return subject if isinstance(subject, str) else f"{subject._meta.model_name}:{subject.pk}"
