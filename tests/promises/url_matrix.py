"""The URL matrix: which permission each address requires. What each role meets there is in `expectations`.

Decorators of views carry the permission (tenants/access/decorators.py), roles follow from
tenants/access/permissions.py. An address without a decorator needs a row in `PUBLIC`, `SIGNED_IN` or `OWN_CHECK` that
says why; a new address without any row fails.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dashboard.calls.control import action_book, transfer_book
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tests.fixtures.canary_tenant import CanaryTenant, absent

GET, POST = ("GET",), ("POST",)
Data = Callable[[CanaryTenant], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """`about` names the row in the URL, as in `CanaryTenant.ids`; `data` fills the form with rows of that tenant."""

    methods: tuple[str, ...] = GET
    about: str = ""
    data: Data = field(default=lambda canary: {})
    path: dict[str, str] = field(default_factory=dict)
    staff_only: bool = False
    names_things: bool = False  # whether the form names things of a client
    others_permission: Permission | None = None  # needed for what the owner of the client did, by everybody else
    owner_permission: Permission | None = None  # needed besides, for a client that has an owner
    needs_sandbox: bool = False  # answers 503 without the sandbox, as in this walk


def post_row(about: str = "", data: Data = lambda canary: {}, **more: Any) -> Row:
    return Row(POST, about, data, **more)


def form_row(data: Data) -> Row:
    return Row(("GET", "HEAD", "POST"), data=data, names_things=True)


def _place(canary: CanaryTenant) -> dict[str, Any]:
    return {
        "number": canary.ids["number_dedication"],
        "assistant": canary.ids["assistant_dedication"],
        "destination": "+31612349999",
        "token": uuid.uuid4(),
    }


def _preset(canary: CanaryTenant) -> dict[str, Any]:
    return {
        "name": f"Reminder {uuid.uuid4().hex[:6]}",
        "assistant": canary.ids["assistant_dedication"],
        "number": canary.ids["number_dedication"],
        "position": 2,
    }


def _transfer_targets(canary: CanaryTenant) -> str:
    """What a form of these targets was made from."""
    with scope.for_system("read the targets of a form"):
        return transfer_book.fingerprint(transfer_book.named(canary.tenant))


def _actions(canary: CanaryTenant) -> str:
    """What a form of these actions was made from."""
    with scope.for_system("read the actions of a form"):
        return action_book.fingerprint(action_book.named(canary.tenant))


def _place_once(canary: CanaryTenant) -> dict[str, Any]:
    return {
        "number": canary.ids["number_dedication"],
        "version": canary.ids["draft_version"],
        "destination": "+31612349999",
        "token": uuid.uuid4(),
    }


def _draft(canary: CanaryTenant) -> dict[str, Any]:
    """A one-time assistant as JSON, in place of the version that the canary has."""
    model = {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}
    return {"name": "Other", "made_from": 1, "side": "json", "text": json.dumps({"llm_config": model})}


def _campaign_draft(canary: CanaryTenant) -> dict[str, Any]:
    return {"basics-name": f"Recall {uuid.uuid4().hex[:6]}", "basics-assistant": canary.ids["assistant_dedication"]}


def _lead_file(canary: CanaryTenant) -> dict[str, Any]:
    return {"part": "file", "text": "name;number\nNoor;+31612349996\n"}


def _country_rule(canary: CanaryTenant) -> dict[str, Any]:
    return {"monday": "9:00-12:00", "on_holidays": "nobody", "source": "A law", "read_on": "2026-01-02"}


def _number(canary: CanaryTenant) -> dict[str, Any]:
    return {"numbers": "+31612340197"}


def _test_call(canary: CanaryTenant) -> dict[str, Any]:
    return {"trial-destination": "+31612349997", "trial-line": 2, "trial-token": uuid.uuid4()}


def _person(canary: CanaryTenant) -> dict[str, Any]:
    return {"email": "new@people.test", "name": "New", "role": "viewer"}


ROWS: dict[str, Row] = {
    "client-home": Row(),
    "client-status": Row(),
    "enter": post_row(),
    "leave": post_row(),
    "team": Row(),
    "team-invite": post_row(data=_person),
    "team-role": post_row("membership", lambda canary: {"role": "operator"}),
    "team-transient-calls": post_row("operator"),
    "team-remove": post_row("membership"),
    "team-withdraw": post_row("invitation"),
    "support-pass": post_row(data=lambda canary: {"hours": 8}),
    "support-pass-withdraw": post_row(),
    "staff-people": Row(),
    "staff-invite": post_row(data=lambda canary: {"email": "new@reseller.test", "name": "New", "role": "finance"}),
    "staff-browser-reports": Row(),
    "staff-person": Row(about="colleague"),
    "staff-change": post_row("colleague", lambda canary: {"role": "finance"}),
    "staff-remove": post_row("colleague"),
    "staff-grant-client": post_row("colleague", lambda canary: {"client": canary.tenant.pk}),
    "staff-revoke-client": post_row("colleague"),
    "staff-mail": Row(),
    "staff-mail-retry": post_row("mail"),
    "settings": form_row(lambda canary: {"name": "X", "default_number": canary.ids["number_dedication"]}),
    "activity": Row(),
    "staff-activity": Row(),
    "staff-clients": Row(),
    "client-choices": Row(),
    "staff-client-new": form_row(lambda canary: {"name": "New", "slug": canary.ids["slug"]}),
    "staff-client": Row(),
    "client-dedicate-number": post_row(data=lambda canary: {"number": canary.ids["number"]}, names_things=True),
    "client-dedicate-assistant": post_row(
        data=lambda canary: {"assistant": canary.ids["assistant"]}, names_things=True
    ),
    "client-name-number": post_row("number_dedication"),
    "client-release-number": post_row("number_dedication"),
    "client-release-assistant": post_row("assistant_dedication"),
    "client-invite": post_row(data=_person, owner_permission=Permission.INVITE_TO_CLIENTS),
    "client-withdraw": post_row("invitation"),
    "client-limits": post_row(data=lambda canary: {"max_concurrent_calls": 9, "max_calls_per_day": 9}),
    "client-kinds": post_row(data=lambda canary: {"kinds": ["shared-cost"]}),
    "client-transient-calls": post_row(data=lambda canary: {"transient_calls": "on"}),
    "client-countries": post_row(data=lambda canary: {"country": "NL", "allowed": "Netherlands, Belgium"}),
    "client-suspend": post_row(data=lambda canary: {"reason": "unpaid"}),
    "client-close": post_row(data=lambda canary: {"reason": "gone"}),
    "client-reopen": post_row(data=lambda canary: {"reason": "paid"}),
    "client-retention": post_row(data=lambda canary: {"retention_days": 9}),
    "client-end-calls": post_row(),
    "staff-inventory": Row(),
    "inventory-dedicate-number": post_row("number", lambda canary: {"client": canary.ids["slug"]}, names_things=True),
    "inventory-dedicate-assistant": post_row(
        "assistant", lambda canary: {"client": canary.ids["slug"]}, names_things=True
    ),
    "staff-connections": Row(),
    "connection-add": post_row(data=lambda canary: {"name": "X", "api_key": "fl_something_else"}),
    "staff-connection": Row(about="connection"),
    "connection-sync": post_row("connection"),
    "connection-replay": post_row("connection"),
    "connection-webhooks": post_row("connection"),
    "connection-key": post_row("connection", lambda canary: {"api_key": "fl_something_else"}),
    "connection-secret": post_row("connection"),
    "connection-secret-retire": post_row("connection"),
    "connection-organization": post_row("connection", lambda canary: {"name": "New"}),
    "connection-child-key": post_row("connection", lambda canary: {"organization": "org-x", "api_key": "fl_something"}),
    "organization-dismiss": post_row("asked"),
    "staff-live": Row(),
    "staff-live-end": form_row(lambda canary: {"call": canary.ids["call"]}),
    "staff-calls": Row(),
    "staff-commands": Row(),
    "call-now": form_row(_place),
    "call-number": Row(),
    "call-preview": post_row(data=_place, names_things=True),
    "drafts": Row(),
    "call-once": form_row(_place_once),
    "call-once-preview": post_row(data=_place_once, names_things=True),
    "draft-new": form_row(_draft),
    "draft": Row(("GET", "HEAD", "POST"), about="draft", data=_draft),
    "draft-delete": post_row("draft"),
    "transfer-targets": Row(
        ("GET", "HEAD", "POST"),
        data=lambda canary: {
            "target-TOTAL_FORMS": 1,
            "target-INITIAL_FORMS": 0,
            "target-0-name": "Reception",
            "target-0-destination": "+31205550155",
            "made_from": _transfer_targets(canary),
        },
    ),
    "actions": Row(
        ("GET", "HEAD", "POST"),
        data=lambda canary: {
            "action-TOTAL_FORMS": 1,
            "action-INITIAL_FORMS": 0,
            "action-0-name": "Customer facts",
            "action-0-key": 2,
            "action-0-command": "say",
            "action-0-text": "Hello",
            "made_from": _actions(canary),
        },
    ),
    "call-presets": Row(),
    "call-preset-new": form_row(_preset),
    "call-preset": Row(("GET", "HEAD", "POST"), about="preset", data=_preset, names_things=True),
    "call-preset-delete": post_row("preset"),
    "live": Row(),
    "live-end": form_row(lambda canary: {"call": canary.ids["call"]}),
    "calls": Row(),
    "calls-export": Row(),
    "caller-id": Row(),
    "caller-id-export": Row(),
    "staff-caller-id": Row(),
    "staff-caller-id-export": Row(),
    "call": Row(about="call"),
    "call-recording": Row(about="call"),
    "live-command": post_row("call", lambda canary: {"type": "say", "words": "Hello", "token": uuid.uuid4()}),
    "call-steer": post_row("call"),
    "call-stop-steering": post_row("call"),
    "call-take-back": post_row("queued", others_permission=Permission.TAKE_BACK_CALLS),
    "planned-calls": Row(),
    "planned-cancel": post_row("planned", others_permission=Permission.TAKE_BACK_CALLS),
    "call-block": post_row("call"),
    "call-back-done": post_row("call"),
    "do-not-call": form_row(lambda canary: {"numbers": "+31612340199"}),
    "do-not-call-remove": post_row("blocked", lambda canary: {"reason": "because"}),
    "do-not-call-export": Row(),
    "contact-rules": Row(),
    "staff-contact-rules": Row(),
    "staff-contact-rules-change": post_row(data=lambda canary: {"gap_days": 3}, path={"key": "gap"}),
    "staff-country-rules": Row(),
    "staff-country-rule": Row(("GET", "HEAD", "POST"), data=_country_rule, path={"code": "FR"}),
    "staff-country-rule-reset": post_row(path={"code": "NL"}),
    "staff-do-not-call": form_row(lambda canary: {"numbers": "+31612340198"}),
    "staff-do-not-call-remove": post_row("blocked_for_all", lambda canary: {"reason": "because"}),
    "staff-do-not-call-export": Row(),
    "call-decide": post_row("lost", lambda canary: {"choice": "not-placed"}),
    "call-clear": post_row("call", lambda canary: {"reason": "because"}, staff_only=True),
    "sandbox": Row(needs_sandbox=True),
    "sandbox-fault": post_row(needs_sandbox=True),
    "sandbox-clear-faults": post_row(needs_sandbox=True),
    "sandbox-clock": post_row(needs_sandbox=True),
    "sandbox-scenario": post_row(needs_sandbox=True),
    "sandbox-outcome": post_row(needs_sandbox=True),
    "sandbox-inbound-call": post_row(needs_sandbox=True),
    "sandbox-balance": post_row(needs_sandbox=True),
    "sandbox-mails": Row(needs_sandbox=True),
    "staff-campaigns": Row(),
    "staff-campaign-calendar": Row(),
    "campaigns": Row(),
    "campaign": Row(about="campaign"),
    "campaign-export": Row(about="campaign"),
    "campaign-caller-id": Row(about="campaign"),
    "campaign-caller-id-export": Row(about="campaign"),
    "campaign-copy": post_row("campaign"),
    "campaign-retry": post_row("campaign", lambda canary: {"which": "matching", "token": uuid.uuid4()}),
    "campaign-report": Row(about="campaign"),
    "campaign-report-share": post_row("campaign", lambda canary: {"days": 7, "token": uuid.uuid4()}),
    "campaign-report-revoke": post_row("report_link"),
    "campaign-new": post_row(),
    "campaign-draft": Row(("GET", "HEAD", "POST"), about="campaign_draft", data=_campaign_draft),
    "campaign-draft-people": Row(("GET", "HEAD", "POST"), about="campaign_draft", data=_lead_file),
    "campaign-draft-refused": Row(about="campaign_draft"),
    "campaign-draft-review": Row(about="campaign_draft"),
    "campaign-draft-sending": Row(about="campaign_draft"),
    "campaign-draft-send": post_row("campaign_draft"),
    "campaign-draft-stop": post_row("campaign_draft"),
    "campaign-draft-resume": post_row("campaign_draft"),
    "campaign-draft-copy": post_row("campaign_draft"),
    "campaign-draft-delete": post_row("campaign_draft"),
    "campaign-draft-preview": post_row("campaign_draft", lambda canary: {"says-template": "Hello {{name}}"}),
    "campaign-draft-test-call": post_row("campaign_draft", _test_call),
    "campaign-draft-left-out": Row(about="campaign_draft"),
    "campaign-draft-left-out-export": Row(about="campaign_draft"),
    "campaign-do-not-call": Row(("GET", "HEAD", "POST"), about="campaign", data=_number),
    "campaign-do-not-call-remove": post_row("campaign_blocked", lambda canary: {"reason": "because"}),
    "campaign-do-not-call-export": Row(about="campaign"),
    "campaign-draft-do-not-call": Row(("GET", "HEAD", "POST"), about="campaign_draft", data=_number),
    "campaign-draft-do-not-call-export": Row(about="campaign_draft"),
    "campaign-command": post_row("campaign", path={"action": "pause"}),
}
PUBLIC: dict[str, str] = {  # without a permission, for everybody, and why
    "healthz": "says only that it lives",
    "readyz": "says only that it is ready",
    "robots": "for robots",
    "security-txt": "whom to tell of a weakness",
    "browser-report": "browsers send these by themselves; bounded, counted, and answered alike whatever they hold",
    "events": "answered outside of Django (dashboard/live_updates/stream.py), which asks for the session; 404 here",
    "invitation": "the link's secret is the right to it; single use, expiring",
    "voicedock-webhook": "VoiceDock signs what it sends; the address holds a secret besides",
    "shared-report": "the link's secret is the right to it; figures only, expiring",
    "account_login": "the way in",
    "account_logout": "the way out",
    "account_signup": "says that one needs an invitation",
    "account_inactive": "says that an account is closed",
    "account_reset_password": "for those who cannot sign in",
    "account_reset_password_done": "says to look for the mail",
    "account_reset_password_from_key": "the mail's secret is the right to it",
    "account_reset_password_from_key_done": "says that it is done",
    "account_email_from_key": "the mail's secret is the right to it",
    "mfa_authenticate": "the second step of the way in",
    "mfa_login_webauthn": "the way in with a passkey",
}
SIGNED_IN: dict[str, str] = {  # for everybody who is signed in, and why
    "home": "sends everybody to where they belong",
    "help": "the help sheet, in the frame of one's own part",
    "account": "one's own account",
    "account_profile": "one's own name",
    "account_change_email": "one's own address",
    "account_notifications": "one's own mails",
    "confirm-identity": "whether one has to confirm one's identity",
    "account_reauthenticate": "one's own password",
    "account_change_password": "one's own password",
    "mfa_index": "one's own second steps",
    "mfa_reauthenticate": "one's own code",
    "mfa_reauthenticate_webauthn": "one's own passkey",
    "mfa_activate_totp": "an app of one's own",
    "mfa_add_webauthn": "a passkey of one's own",
    "mfa_generate_recovery_codes": "codes of one's own",
    "usersessions_list": "where one is signed in oneself",
}
OWN_THINGS: dict[str, Row] = {  # the same, of which nobody who walks here has one: always missing
    "mfa_deactivate_totp": Row(),
    "mfa_view_recovery_codes": Row(),
    "mfa_remove_webauthn": Row(about="passkey"),
    "session-end": post_row("session"),
    "fetch": Row(),
}
OWN_CHECK: dict[str, str] = {  # asks access.find itself: everybody of the client, whatever the role
    "brand-css": "two numbers of colour for every page of the client",
}
AUDITOR_QUESTIONS = {"questions", "caller_id_answer", "reading_answer", "trail_answer", "access_answer"} | {
    "evidence_answer",
    "evidence_export",
}
ADMIN_MODELS: dict[str, str] = {  # of the auditors' admin site: by which of `CanaryTenant.ids` a row is named
    "tenant": "tenant",
    "connection": "connection",
    "numberdedication": "number_dedication",
    "assistantdedication": "assistant_dedication",
    "number": "number",
    "assistant": "assistant",
    "person": "person",
    "membership": "membership",
    "visit": "visit",
    "auditentry": "entry",
    "audithead": "chain",
    "syncrun": "run",
    "call": "call",
    "callreport": "call",
    "receipt": "receipt",
    "action": "action",
    "callpreset": "preset",
    "plannedcall": "planned",
    "donotcallentry": "blocked",
    "contactsettings": "tenant",
    "countrypreset": "country_preset",
    "assistantdraft": "draft",
    "assistantdraftversion": "draft_version",
    "campaign": "campaign",
    "lead": "lead",
    "campaigndraft": "campaign_draft",
    "draftlead": "draft_lead",
    "campaigndonotcallentry": "campaign_blocked",
    "campaignschedule": "schedule",
}

SECRET_OF = {"invitation": "token", "voicedock-webhook": "hook", "shared-report": "report_token"}  # in its address


@dataclass(frozen=True)
class Endpoint:
    """One address of the resolver."""

    name: str
    route: str
    view: Any
    namespace: str = ""

    @property
    def permission(self) -> Permission | None:
        return getattr(self.view, "permission", None)

    @property
    def of_client(self) -> bool:
        return self.route.startswith("c/<slug:slug>/") or self.name in OWN_CHECK

    @property
    def auditor_admin(self) -> bool:
        return self.namespace == "admin:"

    @property
    def about(self) -> str:
        """What its address names beside the client."""
        if self.auditor_admin and "<path:object_id>" in self.route:
            return ADMIN_MODELS[self.route.split("/")[2]]
        return self.row.about

    @property
    def row(self) -> Row:
        return ROWS.get(self.name) or OWN_THINGS.get(self.name) or Row()

    @property
    def known(self) -> bool:
        """Whether somebody has thought about it."""
        if self.auditor_admin:
            return (
                self.name in {"index", "jsi18n", "app_list"} | AUDITOR_QUESTIONS
                or self.route.split("/")[2] in ADMIN_MODELS
            )
        listed = self.name in ROWS if self.permission else self.name in PUBLIC | SIGNED_IN | OWN_THINGS | OWN_CHECK
        return listed and bool(self.permission) == (self.name in ROWS)

    def address(self, place: Any, thing: Any) -> str:
        """With the ids of two clients, or of nobody: `place` owns the slug, `thing` what the address is about."""
        names = re.findall(r"<(?:\w+:)?(\w+)>", self.route)
        words = {name: self._word(name, place, thing) for name in names}
        return reverse(f"{self.namespace}{self.name}", kwargs=words)

    def _word(self, name: str, place: Any, thing: Any) -> Any:
        if name in self.row.path:
            return self.row.path[name]
        if name == "app_label":
            return "calls"
        of, kind = (place, "slug") if name == "slug" else (thing, self.about or name)
        kind = SECRET_OF.get(self.name, kind)
        return of.ids[kind] if of else absent(kind)


def every() -> list[Endpoint]:
    return list(_of(get_resolver()))


def _of(resolver: URLResolver, before: str = "", namespace: str = "") -> Iterator[Endpoint]:
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield Endpoint(one.name or "", route, one.callback, namespace)
        else:
            yield from _of(one, route, f"{namespace}{one.namespace}:" if one.namespace else namespace)
