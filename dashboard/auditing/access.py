"""Who had access on a day? Answered from history: joining, roles and removal in the audit trail, and visits of staff.

The tables say who has access now; what they said on a day is computed by applying the entries since then backwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.auditing.answers import Answer, counted
from dashboard.auditing.periods import Period
from tenants.access.permissions import Role, StaffRole
from tenants.audit.log import RESELLER
from tenants.isolation import scope
from tenants.models import AuditEntry, Membership, Person, Visit

TEAM = ("person.joined", "person.role-changed", "person.removed")
STAFF = ("staff.invited", "staff.first-admin", "staff.changed", "staff.removed")
GRANTS = ("support.let-in", "support.kept-out")
SHOWN = 500


@dataclass(frozen=True)
class Access:
    """One person who could enter, in one role, from `since` (None: before the trail) to `until` (None: still)."""

    person: str
    email: str
    role: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class AccessAnswer:
    """`staff` is None for an auditor who may not read the reseller's own trail."""

    short: Answer
    team: list[Access]
    staff: list[Access] | None
    visits: list[Visit]
    is_cut: bool


def short(period: Period, *, sees_all: bool) -> Answer:
    return answer(period, sees_all=sees_all).short


@scope.requires_scope
def answer(period: Period, *, sees_all: bool) -> AccessAnswer:
    team = _within(period, team_of(period))
    staff = _within(period, staff_of(period)) if sees_all else None
    visits = list(
        Visit.objects.filter(tenant=period.client, started_at__lt=period.ends)
        .exclude(ended_at__lt=period.begins)
        .order_by("started_at")[: SHOWN + 1]
    )
    _name_visitors(visits)
    return AccessAnswer(_short(period, team, staff, visits), team, staff, visits[:SHOWN], len(visits) > SHOWN)


@scope.requires_scope
def team_of(period: Period) -> list[Access]:
    """Everybody who was ever in the client's team, each role for itself."""
    entries = AuditEntry.objects.filter(tenant=period.client, action__in=TEAM).order_by("seq")
    history = _TeamHistory()
    for entry in entries:
        history.take(entry)
    history.complete(Membership.objects.filter(tenant=period.client))
    return history.finished()


@scope.requires_scope
def staff_of(period: Period) -> list[Access]:
    """The reseller's staff who could enter this client, by the reseller's own trail and what the client's says of
    support that was let in. Finance enters no client, and support that sees granted clients only the granted ones."""
    own = AuditEntry.objects.filter(chain=RESELLER, action__in=STAFF)
    of_client = AuditEntry.objects.filter(tenant=period.client, action__in=GRANTS)
    history = _StaffHistory()
    for entry in sorted([*own, *of_client], key=lambda entry: (entry.at, entry.pk)):
        history.take(entry)
    return [*history.closed, *history.open.values()]


@dataclass(frozen=True)
class _Colleague:
    """What the entries up to a moment say of one member of staff; `sees_all` is True where an old entry is silent."""

    person: str
    email: str
    role: str
    sees_all: bool

    def role_in_client(self, granted: bool) -> str:
        """ "" for somebody who cannot enter it."""
        if self.role == StaffRole.ADMIN.label or (self.role == StaffRole.SUPPORT.label and self.sees_all):
            return self.role
        return f"{self.role}, this client" if self.role == StaffRole.SUPPORT.label and granted else ""


class _StaffHistory:
    def __init__(self) -> None:
        self.colleagues: dict[str, _Colleague] = {}
        self.granted: set[str] = set()
        self.open: dict[str, Access] = {}
        self.closed: list[Access] = []

    def take(self, entry: AuditEntry) -> None:
        details, key = _details(entry), entry.subject
        if entry.action in GRANTS:
            (self.granted.add if entry.action == "support.let-in" else self.granted.discard)(key)
        elif entry.action == "staff.removed":
            self.colleagues.pop(key, None)
        else:
            self.colleagues[key] = self._read(entry, details, self.colleagues.get(key))
        self._follow(key, entry.at)

    def _read(self, entry: AuditEntry, details: dict[str, object], before: _Colleague | None) -> _Colleague:
        after = str(details.get("after", ""))
        role, _, reach = after.partition(", ")
        return _Colleague(
            person=str(details.get("person") or details.get("name") or ""),
            email=str(details.get("email") or (before.email if before else "")),
            role=role or str(details.get("role") or StaffRole.ADMIN.label),
            sees_all=bool(details.get("sees_all", reach != "granted clients")),
        )

    def _follow(self, key: str, at: datetime) -> None:
        """Ends and begins the access of one person, when it is another one from now on."""
        colleague = self.colleagues.get(key)
        role = colleague.role_in_client(key in self.granted) if colleague else ""
        before = self.open.get(key)
        if before is not None and before.role == role:
            return
        if before is not None:
            self.closed.append(replace(self.open.pop(key), until=at))
        if colleague is not None and role:
            self.open[key] = Access(colleague.person, colleague.email, role, at, None)


class _TeamHistory:
    """Entries since version 0.2 name the user; older ones are matched by the person's name."""

    def __init__(self) -> None:
        self.open: dict[str, Access] = {}
        self.closed: list[Access] = []

    def take(self, entry: AuditEntry) -> None:
        details = _details(entry)
        if entry.action == "person.joined":
            access = Access(entry.actor, str(details.get("email", "")), str(details.get("role", "")), entry.at, None)
            self.open[f"user:{entry.actor_id}"] = access
            return
        name, user = str(details.get("person", "")), details.get("user")
        key = f"user:{user}" if user and f"user:{user}" in self.open else self._key_of(name)
        before = self.open.pop(key, None) or Access(name, "", str(details.get("before", "")), None, None)
        self.closed.append(replace(before, until=entry.at))
        if entry.action == "person.role-changed":
            self.open[key] = replace(before, role=str(details.get("role", "")), since=entry.at)

    def _key_of(self, name: str) -> str:
        return next((key for key, access in self.open.items() if access.person == name), f"name:{name}")

    def complete(self, members: Iterable[Membership]) -> None:
        """Who is in the team without an entry of having joined has been since the membership was made."""
        people = {person.pk: person for person in Person.objects.filter(pk__in=[member.user_id for member in members])}
        for member in members:
            person = people.get(member.user_id)
            if f"user:{member.user_id}" in self.open or person is None or self._key_of(person.name) in self.open:
                continue
            self.open[f"user:{member.user_id}"] = Access(
                person.name, person.email, member.role, member.created_at, None
            )

    def finished(self) -> list[Access]:
        return [replace(access, role=_role(access.role)) for access in (*self.closed, *self.open.values())]


def _within(period: Period, found: list[Access]) -> list[Access]:
    """Those who could enter at some moment of the period, in the order of their names."""
    return sorted(
        (
            access
            for access in found
            if (access.since is None or access.since < period.ends)
            and (access.until is None or access.until > period.begins)
        ),
        key=lambda access: (access.person.casefold(), access.until is None, access.until or period.ends),
    )


def _details(entry: AuditEntry) -> dict[str, object]:
    details: dict[str, object] = json.loads(entry.body)["details"]
    return details


def _role(role: str) -> str:
    return str(Role(role).label) if role in Role.values else role


def _name_visitors(visits: list[Visit]) -> None:
    """Names come from the view without password hashes, the only one of users that auditors read."""
    names = dict(Person.objects.filter(pk__in={visit.user_id for visit in visits}).values_list("pk", "name"))
    for visit in visits:
        visit.visitor = names.get(visit.user_id, "")  # type: ignore[attr-defined]


def _short(period: Period, team: list[Access], staff: list[Access] | None, visits: list[Visit]) -> Answer:
    members = len({(access.person, access.email) for access in team})
    source = "From the entries of the audit trail, not from today's tables"
    verdict = f"{counted(members, 'person', 'people')} of {period.client.name}"
    entered = len({visit.user_id for visit in visits})
    came = f"{counted(entered, 'person', 'people')} of the reseller entered." if entered else "Nobody else entered."
    if staff is None:
        return Answer("ended", verdict, f"could enter. {came}", counted(members, "person", "people"), source)
    others = len({(access.person, access.email) for access in staff})
    total = counted(members + others, "person", "people")
    return Answer("ended", f"{verdict}, {others} of the reseller", f"could enter. {came}", total, source)
