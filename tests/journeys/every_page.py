"""Every page that somebody can read in the demo: who reads it, at which address, with which answer.

The pages are those of the URL matrix, so that a new one is loaded without being named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import NamedTuple

from tenants.access.permissions import Role, StaffRole
from tests.fixtures.two_tenants import Person
from tests.journeys.demo_rows import CLIENT, DemoRows
from tests.promises import url_matrix
from tests.promises.expectations import expected
from tests.promises.url_matrix import Endpoint

NOT_PAGES: dict[str, str] = {  # answers that no browser shows as a page, and what they are
    "client-status": "a part of a page",
    "call-number": "a part of a page",
    "client-choices": "a part of a page",
    "brand-css": "a stylesheet",
    "calls-export": "a file",
    "campaign-export": "a file",
    "campaign-draft-left-out-export": "a file",
    "campaign-draft-do-not-call-export": "a file",
    "campaign-do-not-call-export": "a file",
    "campaign-draft-refused": "a file",
    "campaign-caller-id-export": "a file",
    "caller-id-export": "a file",
    "staff-caller-id-export": "a file",
    "do-not-call-export": "a file",
    "staff-do-not-call-export": "a file",
    "call-recording": "a sound",
    "jsi18n": "a script",
    "events": "a stream",
    "confirm-identity": "says whether one has to confirm",
    "browser-report": "takes reports of browsers",
    "voicedock-webhook": "takes what VoiceDock sends",
    "healthz": "for machines",
    "readyz": "for machines",
    "robots": "for machines",
    "security-txt": "for machines",
    "mfa_login_webauthn": "a challenge for a passkey",
}
BESIDE = {  # pages that have another face under a query
    "call-now": ["preset=appointment-reminder&to=%2B31612345678&name=Ada"],
    "calls": ["q=insurance", "outcome=booked", "q=nothing-like-this"],
    "staff-calls": ["q=insurance"],
    "staff-clients": ["q=nobody"],
    "staff-live": [f"client={CLIENT}"],
    "caller_id_answer": ["client=" + CLIENT],
    "calls_call_changelist": ["q=nobody"],
}
MAIN = {  # looked at by axe with all rules at every width
    *("client-home", "call-now", "live", "calls", "call", "campaigns", "campaign", "team", "settings", "activity"),
    *("home", "staff-live", "staff-clients", "staff-client-new", "staff-client", "staff-inventory", "staff-calls"),
    *("campaign-report", "staff-campaign-calendar"),
    *("staff-campaigns", "staff-connections", "staff-connection", "staff-activity", "sandbox", "help", "account"),
    *("questions", "tenants_tenant_changelist", "calls_call_changelist", "tenants_auditentry_changelist"),
    *("account_login", "account_reset_password", "refused-missing"),
}
ANSWERS = {
    "invitation": 410,
    "shared-report": 404,
    "account_email_from_key": 410,
}  # such a token is in its mail alone: what is loaded has gone
REFUSED = {"forbidden": 403, "missing": 404}
NOBODY = object()  # a user of Patchbay, whoever it is


class Reader(NamedTuple):
    """Somebody who reads: `thorough` sees every variant of a page, such as a call of each outcome."""

    email: str
    person: Person
    thorough: bool = False


READERS = {
    "admin": Reader("admin@patchbay.test", Person("admin", NOBODY, staff=StaffRole.ADMIN, home="demo"), True),
    "support": Reader(
        "support@patchbay.test", Person("support", NOBODY, staff=StaffRole.SUPPORT, home="demo", read_only=True)
    ),
    "owner": Reader("owner@bloom.test", Person("owner", NOBODY, Role.OWNER, home="demo"), True),
    "operator": Reader("operator@bloom.test", Person("operator", NOBODY, Role.OPERATOR, home="demo")),
    "viewer": Reader("viewer@bloom.test", Person("viewer", NOBODY, Role.VIEWER, home="demo")),
    "auditor": Reader("auditor@patchbay.test", Person("auditor", NOBODY, auditor_access="all"), True),
    "nobody": Reader("", Person("nobody")),
}


class Page(NamedTuple):
    """`name` is that of the address, for the file of its picture; `django` a page in Django's own markup."""

    name: str
    path: str
    status: int = 200
    django: bool = False

    @property
    def is_main(self) -> bool:
        return self.name in MAIN


def pages(reader: Reader, rows: DemoRows, *, inside: bool = False) -> list[Page]:
    """What this reader can read, and one page of each refusal. `inside`: staff inside of the client."""
    found, refused = [], {}
    for endpoint in url_matrix.every():
        if (
            endpoint.name in NOT_PAGES
            or endpoint.name.endswith("_export")
            or "GET" not in endpoint.row.methods
            or not _concerns(endpoint, reader, inside)
        ):
            continue
        met = _met(endpoint, reader.person, rows)
        if met == "in":
            found += _of(endpoint, rows, reader.thorough and not inside)
        elif met in REFUSED and endpoint.name not in url_matrix.OWN_THINGS:
            refused[met] = Page(f"refused-{met}", endpoint.address(rows, rows), REFUSED[met], endpoint.auditor_admin)
    refused["missing"] = Page("refused-missing", "/nowhere/", 404)
    return [*found, *refused.values()]


def _concerns(endpoint: Endpoint, reader: Reader, inside: bool) -> bool:
    """The rest of the pages is refused to this reader: see tests/promises/test_tenant_walk.py."""
    who = reader.person
    if who.user is None:
        return endpoint.name in url_matrix.PUBLIC
    if endpoint.name in url_matrix.PUBLIC:
        return endpoint.name == "account_logout"
    if who.auditor_access:
        return endpoint.auditor_admin or endpoint.name in url_matrix.SIGNED_IN
    if who.staff:
        return endpoint.of_client if inside else not (endpoint.of_client or endpoint.auditor_admin)
    return endpoint.of_client or endpoint.name in url_matrix.SIGNED_IN


def _met(endpoint: Endpoint, who: Person, rows: DemoRows) -> str:
    if endpoint.name in url_matrix.PUBLIC:
        return "in"
    tenants = SimpleNamespace(tenants={"demo": rows}, name_of=lambda _: "demo")
    return expected(endpoint, who, rows, rows, tenants)  # type: ignore[arg-type]


def _of(endpoint: Endpoint, rows: DemoRows, thorough: bool) -> Iterator[Page]:
    kind = "slug" if endpoint.name == "staff-client" else endpoint.about
    known = rows.variants.get(kind, [])
    wanted = known if thorough else known[:1]
    if endpoint.auditor_admin and endpoint.about:
        wanted = known[:1] if kind != "call" else rows.variants["call with a report"]
    for at, row in enumerate(wanted if kind else [None]):
        place = rows.but(kind, row) if kind else rows
        name = f"{endpoint.name}-{at + 1}" if at else endpoint.name
        yield Page(name, endpoint.address(place, place), ANSWERS.get(endpoint.name, 200), endpoint.auditor_admin)
    for at, query in enumerate(BESIDE.get(endpoint.name, []) if thorough else []):
        address = f"{endpoint.address(rows, rows)}?{query}"
        yield Page(f"{endpoint.name}-query-{at + 1}", address, 200, endpoint.auditor_admin)
