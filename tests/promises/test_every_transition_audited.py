"""P8: whatever changes something leaves an entry in the same transaction, and each entry has a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection

from dashboard.calls import outcomes
from dashboard.calls.models import Call
from dashboard.campaigns.models import Campaign, Lead
from tenants import audit
from tenants.audit.messages import SENTENCES, sentence
from tenants.isolation import scope
from tenants.models import Assistant, AuditEntry, Connection, Number, StaffGrant, Tenant
from tests.fixtures.two_tenants import TwoTenants
from tests.promises import url_matrix
from tests.promises.walking import ask

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
KINDS = {action.partition(".")[0] for action in SENTENCES}
ACTION = re.compile(rf"(?:{'|'.join(sorted(KINDS))})\.(?!html$)[a-z*][a-z*-]*$")  # templates have names of this form
FILES = {"dashboard/sandbox", "dashboard/voicedock", "dashboard/devserver"}  # another's words


def spoken() -> dict[str, str]:
    """Every action that the code writes, with its place; what a variable adds is a `*`."""
    found = {}
    for path in [*ROOT.glob("tenants/**/*.py"), *ROOT.glob("dashboard/**/*.py")]:
        place = str(path.relative_to(ROOT))
        if "/migrations/" in place or place == "tenants/audit/messages.py" or place.startswith(tuple(FILES)):
            continue
        tree = ast.parse(path.read_text())
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if (text := _text(node, inside)) and ACTION.match(text):
                found.setdefault(text, f"{place}:{node.lineno}")
    return found


def _text(node: Any, inside: set[int]) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
        return node.value
    return ""


def recorded() -> Iterator[tuple[str, str]]:
    """The action of each call of `audit.record`, where it is spelled out there."""
    for path in [*ROOT.glob("tenants/**/*.py"), *ROOT.glob("dashboard/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("audit.record"):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", _text(node.args[2], set())


def fits(pattern: str, action: str) -> bool:
    return re.fullmatch(pattern.replace(".", r"\.").replace("*", "[a-z-]+"), action) is not None


@pytest.mark.smoke
def test_every_action_has_a_sentence_and_every_sentence_an_action():
    actions = spoken()
    unnamed = {
        f"{action} at {place}" for action, place in actions.items() if not any(fits(action, one) for one in SENTENCES)
    }
    assert unnamed == set()
    assert {action for action in SENTENCES if not any(fits(one, action) for one in actions)} == set()


def test_every_record_names_an_action_that_could_be_found():
    """A new kind of action, which the search above would not know, is met here."""
    spelled = dict(recorded())
    assert len(spelled) >= 20
    assert {place: action for place, action in spelled.items() if action and not ACTION.match(action)} == {}
    handed_on = {place.partition(":")[0] for place, action in spelled.items() if not action}
    spelled_by_callers = {
        "dashboard/calls/transitions.py",
        "dashboard/calls/planned/planning.py",
        "dashboard/campaigns/forbidden_people.py",
        "dashboard/connections/organizations.py",
        "dashboard/connections/vendor_requests.py",
        "tenants/tenant_status.py",
        "tenants/accounts/mfa.py",
        "tenants/auditor_admin/read_only_admin.py",
        "tenants/accounts/sign_in_events.py",
    }
    assert handed_on <= spelled_by_callers


def test_every_sentence_stands_whatever_is_missing():
    for action, pattern in SENTENCES.items():
        entry = AuditEntry(actor="Zoë", action=action, body='{"details": {}}')
        assert "{" not in sentence(entry), pattern
        assert pattern[0].isupper() or pattern.startswith("{"), pattern


BOOKKEEPING = {  # written without an entry, and why
    "live_updates_change": "tells open pages which row changed",
    "sync_syncstate": "when to look at VoiceDock again",
    "sync_syncrun": "a look at VoiceDock",
    "rate_limits_sentrequest": "a request that left",
    "tenants_connection": "when VoiceDock last answered, and how",
    "tenants_user": "last log-in",
    "django_session": "a session",
}
NOT_HERE = {  # asks VoiceDock first, or changes nothing of ours; and where it is tested
    "connection-add": "tests/connections/test_connect.py",
    "connection-key": "tests/connections/test_connect.py",
    "connection-webhooks": "tests/connections/test_connect.py",
    "connection-sync": "only makes a look due",
    "connection-replay": "tests/webhooks/test_replay.py: needs a report that failed",
    "connection-secret": "tests/connections/test_webhook_secrets.py",
    "connection-secret-retire": "tests/connections/test_webhook_secrets.py",
    "connection-organization": "tests/connections/test_organizations.py",
    "connection-child-key": "tests/connections/test_organizations.py",
    "call-clear": "tests/calls/test_panel_screens.py: needs a call with the alarm",
    "call-stop-steering": "tests/calls/test_steering.py: needs a call that one steers",
    "call-preview": "changes nothing: says what the form would send",
    "campaign-draft-send": "tests/campaigns/test_sending.py: needs a connection that works",
    "campaign-draft-stop": "tests/campaigns/test_sending.py: needs one that is sent",
    "campaign-draft-resume": "tests/campaigns/test_sending.py: needs one that was stopped",
    "campaign-draft-preview": "changes nothing: fills in what is typed",
    "call-once-preview": "changes nothing: says what the form would send",
    **{
        name: "moves the sandbox, nothing of ours"
        for name, row in url_matrix.ROWS.items()
        if name.startswith("sandbox-") and row.methods == url_matrix.POST
    },
}


def given(name: str, setup: Any, spare: dict[str, int]) -> tuple[str, dict[str, Any]]:
    """Who does it, and the whole form."""
    ids = setup.ids
    whole: dict[str, tuple[str, dict[str, Any]]] = {
        "enter": ("support", {}),
        "leave": ("support on a visit", {}),
        "settings": (
            "owner",
            {"name": "Other", "city": "X", "timezone": "UTC", "brand_hue": 9, "brand_chroma": "0.05", "phrases": "Hi"},
        ),
        "staff-client-new": (
            "admin",
            {"name": "New", "slug": "new-one", "timezone": "UTC", "connection": ids["connection"]},
        ),
        "client-dedicate-number": ("admin", {"number": spare["number"]}),
        "client-dedicate-assistant": ("admin", {"assistant": spare["assistant"]}),
        "inventory-dedicate-number": ("admin", {"client": ids["slug"]}),
        "inventory-dedicate-assistant": ("admin", {"client": ids["slug"]}),
        "client-invite": ("admin", {"email": "x@people.test", "name": "X", "role": "viewer"}),
        "live-end": ("owner", {"call": ids["call"], "confirm": "1"}),
        "staff-live-end": ("admin", {"call": ids["call"], "confirm": "1"}),
        "client-limits": ("admin", {"max_concurrent_calls": 9, "max_calls_per_day": 99}),
    }
    if name in whole:
        return whole[name]
    of_client = next(endpoint.of_client for endpoint in ENDPOINTS if endpoint.name == name)
    return "owner" if of_client else "admin", url_matrix.ROWS[name].data(setup)


ENDPOINTS = [
    endpoint for endpoint in url_matrix.every() if endpoint.name in url_matrix.ROWS and "POST" in endpoint.row.methods
]


@pytest.fixture
def spare(two_tenants: TwoTenants) -> dict[str, int]:
    """A number and an assistant that nobody has, and a client without live calls, so that all may be done."""
    canary = two_tenants.tenants["one"]
    with scope.for_system("spare things"):
        conn = canary.setup.connection
        number = Number.objects.create(connection=conn, remote_id="spare", e164="+31205559999")
        assistant = Assistant.objects.create(connection=conn, remote_id="spare", name="Spare", family="pipeline")
        Call.objects.exclude(pk__in=[canary.ids["call"], canary.ids["lost"]]).update(finished=True)
    return {"number": number.pk, "assistant": assistant.pk}


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.name not in NOT_HERE], ids=lambda one: one.name)
def test_every_transition_audited(two_tenants: TwoTenants, spare, monkeypatch, endpoint):
    """Each action leaves an entry; when the trail refuses the entry, the action changes nothing."""
    canary = two_tenants.tenants["one"]
    if "release" in endpoint.name:
        with scope.for_system("nobody speaks"):
            Call.objects.update(finished=True, state="ended", alarm="")
    if endpoint.name == "client-reopen":
        with scope.for_system("it is suspended"):
            Tenant.objects.update(status="suspended")
    if endpoint.name == "staff-revoke-client":
        with scope.for_system("they were let in"):
            StaffGrant.objects.create(staff_id=canary.ids["colleague"], tenant=canary.tenant)
    if endpoint.name == "campaign-draft-send":
        with scope.for_system("VoiceDock can be reached"):
            Connection.objects.update(last_error="")
    if endpoint.name == "call-back-done":
        with scope.for_system("somebody asked to be called back"):
            Call.objects.filter(pk=canary.ids["call"]).update(
                finished=True, state="ended", machine_source="", analysis_outcome=outcomes.CALL_BACK
            )
    if endpoint.name == "campaign-retry":
        with scope.for_system("nobody is called any more"):
            Lead.objects.filter(pk=canary.ids["lead"]).update(status="no_answer", phone_number="+31612340077")
            Campaign.objects.filter(pk=canary.ids["campaign"]).update(status="completed")
    address = endpoint.address(canary, canary)
    if endpoint.name.startswith("inventory-dedicate-"):
        address = re.sub(r"\d+", str(spare["number" if "number" in endpoint.name else "assistant"]), address)
    who, data = given(endpoint.name, canary, spare)
    done = ask(two_tenants, two_tenants.people[who], "POST", address, data)
    assert done.status in (200, 302, 303, 409), (done.status, done.body[:3000])
    assert done.wrote - set(BOOKKEEPING) >= {"tenants_auditentry"}, done.wrote

    def closed(*_: Any, **__: Any) -> None:
        raise DatabaseError("the trail is closed")

    monkeypatch.setattr(audit, "record", closed)
    before, after = prints(), []
    again = ask(two_tenants, two_tenants.people[who], "POST", address, data, afterwards=lambda: after.append(prints()))
    assert again.status == 500
    assert after in ([], [before])


def test_nothing_is_left_out():
    assert set(NOT_HERE) <= {endpoint.name for endpoint in ENDPOINTS}


def prints() -> dict[str, str]:
    """Of every table that is not bookkeeping."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        names = sorted({name for (name,) in cursor.fetchall()} - set(BOOKKEEPING) - {"tenants_person"})
    with scope.for_system("look"), connection.cursor() as cursor:
        one = """SELECT '{0}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM "{0}" t"""
        cursor.execute(" UNION ALL ".join(one.format(name) for name in names))
        return dict(cursor.fetchall())
