"""The URL matrix: which permission each address requires. What each role meets there is in `expectations`.

Decorators of views carry the permission (tenants/access/decorators.py), roles follow from
tenants/access/permissions.py. An address without a decorator needs a row in `PUBLIC`, `SIGNED_IN` or `OWN_CHECK` that
says why; a new address without any row fails.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tenants.access.permissions import Permission
from tests.fixtures.canary_tenant import Marked, absent

GET, POST = ("GET",), ("POST",)
Data = Callable[[Marked], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """`about` names the thing in the address (of `Marked.ids`); `data` fills the form, with things of that client."""

    methods: tuple[str, ...] = GET
    about: str = ""
    data: Data = field(default=lambda house: {})
    path: dict[str, str] = field(default_factory=dict)
    staff_only: bool = False
    told: bool = False  # whether the form names things of a client
    owned: Permission | None = None  # asked besides, of a client that has an owner
    lost: bool = False  # 503 when the sandbox does not answer, as in this walk


def deed(about: str = "", data: Data = lambda house: {}, **more: Any) -> Row:
    return Row(POST, about, data, **more)


def form(data: Data) -> Row:
    return Row(("GET", "HEAD", "POST"), data=data, told=True)


def _place(house: Marked) -> dict[str, Any]:
    return {
        "number": house.ids["number_dedication"],
        "assistant": house.ids["assistant_dedication"],
        "destination": "+31612349999",
        "token": uuid.uuid4(),
    }


def _person(house: Marked) -> dict[str, Any]:
    return {"email": "new@people.test", "name": "New", "role": "viewer"}


ROWS: dict[str, Row] = {
    "client-home": Row(),
    "client-status": Row(),
    "enter": deed(),
    "leave": deed(),
    "team": Row(),
    "team-invite": deed(data=_person),
    "team-role": deed("membership", lambda house: {"role": "operator"}),
    "team-remove": deed("membership"),
    "team-withdraw": deed("invitation"),
    "support-pass": deed(data=lambda house: {"hours": 8}),
    "support-pass-withdraw": deed(),
    "staff-people": Row(),
    "staff-invite": deed(data=lambda house: {"email": "new@reseller.test", "name": "New", "role": "finance"}),
    "staff-browser-reports": Row(),
    "staff-person": Row(about="colleague"),
    "staff-change": deed("colleague", lambda house: {"role": "finance"}),
    "staff-remove": deed("colleague"),
    "staff-let-in": deed("colleague", lambda house: {"client": house.tenant.pk}),
    "staff-keep-out": deed("colleague"),
    "staff-mail": Row(),
    "staff-mail-retry": deed("mail"),
    "settings": form(lambda house: {"name": "X", "default_number": house.ids["number_dedication"]}),
    "activity": Row(),
    "staff-activity": Row(),
    "staff-clients": Row(),
    "staff-client-new": form(lambda house: {"name": "New", "slug": house.ids["slug"]}),
    "staff-client": Row(),
    "client-dedicate-number": deed(data=lambda house: {"number": house.ids["number"]}, told=True),
    "client-dedicate-assistant": deed(data=lambda house: {"assistant": house.ids["assistant"]}, told=True),
    "client-release-number": deed("number_dedication"),
    "client-release-assistant": deed("assistant_dedication"),
    "client-invite": deed(data=_person, owned=Permission.INVITE_TO_CLIENTS),
    "client-withdraw": deed("invitation"),
    "client-limits": deed(data=lambda house: {"max_concurrent_calls": 9, "max_calls_per_day": 9}),
    "client-countries": deed(data=lambda house: {"country": "NL", "allowed": "Netherlands, Belgium"}),
    "client-suspend": deed(data=lambda house: {"reason": "unpaid"}),
    "client-close": deed(data=lambda house: {"reason": "gone"}),
    "client-reopen": deed(data=lambda house: {"reason": "paid"}),
    "client-retention": deed(data=lambda house: {"retention_days": 9}),
    "client-end-calls": deed(),
    "staff-inventory": Row(),
    "stock-dedicate-number": deed("number", lambda house: {"client": house.ids["slug"]}, told=True),
    "stock-dedicate-assistant": deed("assistant", lambda house: {"client": house.ids["slug"]}, told=True),
    "staff-connections": Row(),
    "connection-add": deed(data=lambda house: {"name": "X", "api_key": "fl_something_else"}),
    "staff-connection": Row(about="connection"),
    "connection-sync": deed("connection"),
    "connection-replay": deed("connection"),
    "connection-hook-up": deed("connection"),
    "connection-key": deed("connection", lambda house: {"api_key": "fl_something_else"}),
    "connection-secret": deed("connection"),
    "connection-secret-retire": deed("connection"),
    "connection-organization": deed("connection", lambda house: {"name": "New"}),
    "connection-child-key": deed("connection", lambda house: {"organization": "org-x", "api_key": "fl_something"}),
    "connection-put-aside": deed("asked"),
    "staff-live": Row(),
    "staff-calls": Row(),
    "call-now": form(_place),
    "live": Row(),
    "calls": Row(),
    "calls-export": Row(),
    "caller-id": Row(),
    "caller-id-export": Row(),
    "staff-caller-id": Row(),
    "staff-caller-id-export": Row(),
    "call": Row(about="call"),
    "call-recording": Row(about="call"),
    "live-command": deed("call", lambda house: {"type": "say", "words": "Hello", "token": uuid.uuid4()}),
    "call-decide": deed("lost", lambda house: {"choice": "not-placed"}),
    "call-clear": deed("call", lambda house: {"reason": "because"}, staff_only=True),
    "sandbox": Row(lost=True),
    "sandbox-fault": deed(lost=True),
    "sandbox-clear": deed(lost=True),
    "sandbox-clock": deed(lost=True),
    "sandbox-scenario": deed(lost=True),
    "sandbox-outcome": deed(lost=True),
    "sandbox-ring": deed(lost=True),
    "sandbox-balance": deed(lost=True),
    "sandbox-mails": Row(lost=True),
    "staff-campaigns": Row(),
    "campaigns": Row(),
    "campaign": Row(about="campaign"),
    "campaign-command": deed("campaign", path={"deed": "pause"}),
}
PUBLIC: dict[str, str] = {  # no door; anybody may knock, and why
    "healthz": "says only that it lives",
    "readyz": "says only that it is ready",
    "robots": "for robots",
    "security-txt": "whom to tell of a weakness",
    "browser-report": "browsers send these by themselves; bounded, counted, and answered alike whatever they hold",
    "events": "answered outside of Django (dashboard/live/stream.py), which asks for the session itself; 404 here",
    "invitation": "the link's secret is the right to it; single use, expiring",
    "voicedock-hook": "VoiceDock signs what it sends; the address holds a secret besides",
    "account_login": "the way in",
    "account_logout": "the way out",
    "account_signup": "says that one needs an invitation",
    "account_inactive": "says that an account is closed",
    "account_reset_password": "for those who cannot sign in",
    "account_reset_password_done": "says to look for the mail",
    "account_reset_password_from_key": "the mail's secret is the right to it",
    "account_reset_password_from_key_done": "says that it is done",
    "mfa_authenticate": "the second step of the way in",
    "mfa_login_webauthn": "the way in with a passkey",
}
SIGNED_IN: dict[str, str] = {  # for everybody who is signed in, and why
    "home": "sends everybody to where they belong",
    "help": "the help sheet, in the frame of one's own room",
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
    "session-end": deed("session"),
    "fetch": Row(),
}
OWN_CHECK: dict[str, str] = {  # asks access.find itself: everybody of the client, whatever the role
    "brand-css": "two numbers of colour for every page of the client",
}
SHELVES: dict[str, str] = {  # of the reading room: by which of `Marked.ids` a row is asked for
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
    "campaign": "campaign",
    "lead": "lead",
}


@dataclass(frozen=True)
class Door:
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
    def reading_room(self) -> bool:
        return self.namespace == "admin:"

    @property
    def about(self) -> str:
        """What its address names beside the client."""
        if self.reading_room and "<path:object_id>" in self.route:
            return SHELVES[self.route.split("/")[2]]
        return self.row.about

    @property
    def row(self) -> Row:
        return ROWS.get(self.name) or OWN_THINGS.get(self.name) or Row()

    @property
    def known(self) -> bool:
        """Whether somebody has thought about it."""
        if self.reading_room:
            return self.name in ("index", "jsi18n", "app_list") or self.route.split("/")[2] in SHELVES
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
        if self.name in ("invitation", "voicedock-hook"):
            kind = {"invitation": "token", "voicedock-hook": "hook"}[self.name]
        return of.ids[kind] if of else absent(kind)


def every() -> list[Door]:
    return list(_of(get_resolver()))


def _of(resolver: URLResolver, before: str = "", namespace: str = "") -> Iterator[Door]:
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield Door(one.name or "", route, one.callback, namespace)
        else:
            yield from _of(one, route, f"{namespace}{one.namespace}:" if one.namespace else namespace)
