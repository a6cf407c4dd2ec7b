"""A client with everything in it, each word of it marked; and what stands in an address where there is nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils import timezone

from dashboard.calls.models import Phrase
from dashboard.campaigns.models import Campaign, Lead
from dashboard.inventory.models import Kind, OrganizationRequest, SyncRun, SyncState, VendorRequest
from tenants import audit, members, scope, visits
from tenants.models import (
    AuditEntry,
    Connection,
    Membership,
    OutgoingMail,
    Tenant,
    User,
)
from tenants.roles import Role
from tests.calls.rows import a_call, a_receipt, a_report
from tests.cast import House, furnish


@dataclass
class Marked:
    """A client; `marks` are words that only its own people may read, by kind; `ids` are what stands in addresses."""

    house: House
    word: str
    ids: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, list[str]] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        return self.house.tenant


def marked(word: str, slug: str, digits: str) -> Marked:
    """Whatever has a text has the word in it; whatever is a number has its digits."""
    key, line = f"fl_{word}Key{uuid.uuid4().hex}", f"+3120{digits}42"
    house = furnish(f"{word}-name", slug, line, key)
    one = Marked(house, word)
    tenant, conn = house.tenant, house.connection
    for role in Role:
        user = User.objects.create(name=f"{word}-{role}", email=f"{role}@{word.lower()}.test")
        with scope.of(tenant):
            Membership.objects.create(tenant=tenant, user=user, role=role)
        one.people[role] = user
    owner = one.people[Role.OWNER]
    with scope.system("fill a client"):
        Tenant.objects.filter(pk=tenant.pk).update(
            city=f"{word}-city", default_number=house.number, default_assistant=house.assistant
        )
        type(house.number.number).objects.filter(pk=house.number.number_id).update(business_name=f"{word}-business")
        type(house.assistant.assistant).objects.filter(pk=house.assistant.assistant_id).update(
            first_message=f"{word}-hello"
        )
        Connection.objects.filter(pk=conn.pk).update(last_error=f"{word}-trouble")
        invitation, token = members.invite(
            tenant, email=f"invited@{word.lower()}.test", name=f"{word}-guest", role=Role.VIEWER, by=owner
        )
        campaign = Campaign.objects.create(
            tenant=tenant,
            connection=conn,
            assistant=house.assistant.assistant,
            remote_id=f"camp-{slug}",
            name=f"{word}-campaign",
            status="scheduled",
            template=f"{word}-template",
            total_leads=3,
            remote_created_at=timezone.now() - timedelta(days=2),
            timezone="Europe/Amsterdam",
        )
        lead = Lead.objects.create(
            tenant=tenant,
            campaign=campaign,
            remote_id=f"lead-{slug}",
            phone_number=f"+3163{digits}7",
            variables={"name": f"{word}-lead"},
            status="pending",
        )
        Phrase.objects.create(tenant=tenant, text=f"{word}-phrase")
        run = SyncRun.objects.create(connection=conn, kind=Kind.CALLS, outcome="failed", error=f"{word}-run")
        asked = OrganizationRequest.objects.create(parent=conn, name=f"{word}-asked", outcome="unknown")
        VendorRequest.objects.create(
            connection=conn, tenant=tenant, subject=f"campaign:{campaign.pk}", details={"name": f"{word}-request"}
        )
        for kind in Kind:
            SyncState.objects.create(connection=conn, kind=kind, fresh_at=timezone.now())
        visit = visits.enter(tenant, by=owner)
        audit.record(owner, tenant, "tenant.settings-changed", tenant, what=f"{word}-audit")
    live = a_call(house, by=owner, party=f"+3161{digits}1", error=f"{word}-wrong")
    over = a_call(house, by=owner, party=f"+3161{digits}2", state="ended", ago=400, end_reason=f"{word}-reason")
    lost = a_call(house, by=owner, party=f"+3161{digits}3", state="needs-person", ago=300, alarm="not-certain")
    for call in (live, over):
        said = [{"role": "user", "content": f"{word}-transcript"}]
        record = f"https://media.example/{word}"
        a_report(
            house,
            call,
            summary=f"{word}-summary",
            messages=said,
            analysis={"mood": f"{word}-analysis"},
            recording_url=record,
        )
    receipt = a_receipt(house, live, payload={"type": "say", "content": f"{word}-receipt"}, note=f"{word}-note")
    a_receipt(house, over, payload={"type": "say", "content": f"{word}-receipt"})
    with scope.system("what it is called by"):
        entry = AuditEntry.objects.filter(tenant=tenant).latest("seq")
        roles = dict(Membership.objects.filter(tenant=tenant).values_list("role", "pk"))
        secret = conn.secret
        token_of_hook = Connection.objects.get(pk=conn.pk).webhook_token
        secrets = [key, *secret.webhook_secrets]
        mail = OutgoingMail(subject="A notice", recipients=["somebody@people.test"], state="failed")
        mail.text = f"{word}-mail"
        mail.save()
    elsewhere = User.objects.create(name=f"{word}-elsewhere", email=f"elsewhere@{word.lower()}.test")
    session = UserSession.objects.create(user=elsewhere, ip="192.0.2.1", session_key=uuid.uuid4().hex, user_agent=word)
    passkey = Authenticator.objects.create(user=elsewhere, type="webauthn", data={"name": f"{word}-passkey"})
    one.marks = {
        "names": [word, word.lower()],
        "words": [f"{word}-{kind}" for kind in ("transcript", "summary", "analysis", "receipt")],
        "numbers": [line[1:], f"3161{digits}", f"3163{digits}"],
        "ids": [str(call.pk) for call in (live, over, lost)],
        "secrets": [*secrets, token_of_hook, token, invitation.token_hash],
    }
    one.ids = {
        "slug": slug,
        "call": live.pk,
        "over": over.pk,
        "lost": lost.pk,
        "receipt": receipt.pk,
        "membership": roles[Role.VIEWER],
        "invitation": invitation.pk,
        "number": house.number.number_id,
        "assistant": house.assistant.assistant_id,
        "number_dedication": house.number.pk,
        "assistant_dedication": house.assistant.pk,
        "connection": conn.pk,
        "campaign": campaign.pk,
        "lead": lead.pk,
        "person": one.people[Role.VIEWER].pk,
        "visit": visit.pk,
        "entry": entry.pk,
        "chain": f"tenant-{tenant.pk}",
        "run": run.pk,
        "mail": mail.pk,
        "asked": asked.pk,
        "tenant": tenant.pk,
        "token": token,
        "hook": token_of_hook,
        "session": session.pk,
        "passkey": passkey.pk,
    }
    return one


ABSENT: dict[str, Any] = {
    "slug": "nobody-here",
    **dict.fromkeys(("call", "over", "lost", "mail"), uuid.UUID(int=7)),
    "chain": "tenant-987654",
    **dict.fromkeys(("token", "hook"), "A" * 43),
}
ABSENT_ID = 987654


def absent(kind: str) -> Any:
    return ABSENT.get(kind, ABSENT_ID)
