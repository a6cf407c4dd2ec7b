"""The second step at sign-in: who must have one, whether a session went through it, and what became of it.

The steps themselves (authenticator apps, passkeys, recovery codes) are allauth's.
"""

from __future__ import annotations

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
HARD = ("totp", "webauthn")  # recovery codes alone are no step


class SecondFactorRequired(PermissionDenied):
    """Whoever asks for it wants this session to have gone through a second step; `who` is said on the page."""

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} asks for a second step at sign-in.")
        self.who = who


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's, with its seeds sealed, and the last step kept where one is required."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That code is not right, or it was used already. Codes change every 30 seconds.",
        "cannot_delete_authenticator": "This is your only second step, and you need one here. Add another one first.",
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
        others = Authenticator.objects.filter(user=user, type__in=HARD).exclude(pk=authenticator.pk)
        return others.exists() or not required_of(user)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        n = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {n + 1}" if n else "Passkey"


def gone_through(request: HttpRequest, user: User) -> bool:
    """Whether this session is proved by more than a password."""
    return any(proof.get("method") == "mfa" for proof in get_authentication_records(request, user))


def enough_for_staff(request: HttpRequest, user: User) -> bool:
    return not settings.STAFF_SECOND_STEP or gone_through(request, user)


def enough_for(request: HttpRequest, user: User, tenant: Tenant) -> bool:
    return not tenant.requires_second_step or gone_through(request, user)


def of_staff(request: HttpRequest, user: User) -> None:
    """For the doors of the reseller's people and the auditors; raises `SecondFactorRequired`."""
    session_limits.require_staff_limits(request)
    if not enough_for_staff(request, user):
        raise SecondFactorRequired(settings.RESELLER_NAME)


def of_client(request: HttpRequest, user: User, tenant: Tenant) -> None:
    """For the doors of a client, to its own people; raises `SecondFactorRequired`."""
    if not enough_for(request, user, tenant):
        raise SecondFactorRequired(tenant.name)


def required_of(user: User) -> str:
    """Who asks for one of this person, or "". Opens a scope of its own."""
    if settings.STAFF_SECOND_STEP and (hasattr(user, "staff") or hasattr(user, "auditor")):
        return settings.RESELLER_NAME
    with scope.for_user(user):
        strict = Membership.objects.filter(user=user, tenant__requires_second_step=True).select_related("tenant")
        first = strict.first()
    return first.tenant.name if first else ""


@receiver(signals.authenticator_added)
def _added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Whoever has just set a step up holds it in hand: the session counts as gone through it."""
    if authenticator.type in HARD:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)
    _write(user, "person.step-added", authenticator)


@receiver(signals.authenticator_removed)
def _removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    _write(user, "person.step-removed", authenticator)


@receiver(signals.authenticator_reset)
def _made_anew(user: User, authenticator: Authenticator, **_: Any) -> None:
    _write(user, "person.step-renewed", authenticator)


def _write(user: User, action: str, authenticator: Authenticator) -> None:
    with scope.for_system("a second step changed"):
        audit.record(user, None, action, f"user:{user.pk}", step=NAMES[authenticator.type], email=user.email)
