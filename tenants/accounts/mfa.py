"""Multi-factor authentication: who must use it, whether a session did, and audit entries about changes.

The factors (authenticator apps, passkeys, recovery codes) are allauth's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.mfa import signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from tenants import audit
from tenants.accounts import mfa_seeds, session_limits
from tenants.accounts.allauth_private import get_authentication_records, record_authentication
from tenants.isolation import scope
from tenants.models import Membership, Tenant, User

NAMES = {"totp": "an authenticator app", "webauthn": "a passkey", "recovery_codes": "recovery codes"}
STRONG_TYPES = ("totp", "webauthn")  # recovery codes alone do not count as a second factor


class SecondFactorRequired(PermissionDenied):
    """The session was authenticated without a second factor, which `who` requires; the page shows that name."""

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} requires two-factor authentication.")
        self.who = who


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's adapter with encrypted seeds; the last factor cannot be removed where one is required."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That code is not right, or it was used already. Codes change every 30 seconds.",
        "cannot_delete_authenticator": "This is your only method, and you need one. Add another one first.",
        "cannot_generate_recovery_codes": "Set up an authenticator app or a passkey first.",
    }

    def encrypt(self, text: str) -> str:
        return mfa_seeds.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return mfa_seeds.open_seed(encrypted_text)

    def get_totp_issuer(self) -> str:
        return f"Patchbay, {settings.RESELLER_NAME}"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user: Any = authenticator.user
        others = Authenticator.objects.filter(user=user, type__in=STRONG_TYPES).exclude(pk=authenticator.pk)
        return others.exists() or not required_by(user)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        n = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {n + 1}" if n else "Passkey"


def session_has_mfa(request: HttpRequest, user: User) -> bool:
    """Whether this session was authenticated with a second factor."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))


def staff_mfa_is_satisfied(request: HttpRequest, user: User) -> bool:
    return not settings.STAFF_SECOND_STEP or session_has_mfa(request, user)


def client_mfa_is_satisfied(request: HttpRequest, user: User, tenant: Tenant) -> bool:
    return not tenant.requires_second_step or session_has_mfa(request, user)


def require_for_staff(request: HttpRequest, user: User) -> None:
    """For views of the reseller's staff and of auditors; raises `SecondFactorRequired`."""
    session_limits.require_staff_limits(request)
    if not staff_mfa_is_satisfied(request, user):
        raise SecondFactorRequired(settings.RESELLER_NAME)


def require_for_member(request: HttpRequest, user: User, tenant: Tenant) -> None:
    """For views of a client, opened by its members; raises `SecondFactorRequired`."""
    if not client_mfa_is_satisfied(request, user, tenant):
        raise SecondFactorRequired(tenant.name)


@scope.opens_scope
def required_by(user: User) -> str:
    """The name of the reseller or the client that requires a second factor of this user, or ""."""
    if settings.STAFF_SECOND_STEP and (hasattr(user, "staff") or hasattr(user, "auditor")):
        return settings.RESELLER_NAME
    with scope.for_user(user):
        strict = Membership.objects.filter(user=user, tenant__requires_second_step=True).select_related("tenant")
        first = strict.first()
    return first.tenant.name if first else ""


@dataclass(frozen=True)
class Factors:
    """The second factors of a user; the app and the codes are None where there are none."""

    app: Authenticator | None
    passkeys: list[Any]
    codes_left: int | None

    def __bool__(self) -> bool:
        return bool(self.app or self.passkeys)


def factors_of(user: User) -> Factors:
    found = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    of_type = {kind: [one for one in found if one.type == kind] for kind in ("totp", "webauthn", "recovery_codes")}
    codes = of_type["recovery_codes"]
    return Factors(
        app=next(iter(of_type["totp"]), None),
        passkeys=[passkey.wrap() for passkey in of_type["webauthn"]],
        codes_left=len(codes[0].wrap().get_unused_codes()) if codes else None,
    )


@receiver(signals.authenticator_added)
def _added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Whoever has just set a factor up has it at hand, so the session counts as authenticated with it."""
    if authenticator.type in STRONG_TYPES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)
    _record(user, "person.step-added", authenticator)


@receiver(signals.authenticator_removed)
def _removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    _record(user, "person.step-removed", authenticator)


@receiver(signals.authenticator_reset)
def _renewed(user: User, authenticator: Authenticator, **_: Any) -> None:
    _record(user, "person.step-renewed", authenticator)


def _record(user: User, action: str, authenticator: Authenticator) -> None:
    with scope.for_system("a second step changed"):
        audit.record(user, None, action, f"user:{user.pk}", step=NAMES[authenticator.type], email=user.email)
