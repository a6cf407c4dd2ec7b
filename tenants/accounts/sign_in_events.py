"""Audit entries of sign-ins, failures, lockouts and password changes, and mails about those a user should know.

The entries are in the reseller's own chain.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account import signals
from allauth.account.adapter import get_adapter
from allauth.mfa import signals as mfa_signals
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from tenants import audit
from tenants.accounts import known_devices, sessions
from tenants.accounts.allauth_private import ratelimit
from tenants.accounts.network import network_of
from tenants.isolation import scope
from tenants.models import AuditEntry, User

LOCKED_AFTER = 5  # failures within five minutes, as allauth refuses the next one
BEFORE_LOCK = {"failures": f"{LOCKED_AFTER - 1}/300s/key"}
UNKNOWN_INTERVAL = timedelta(hours=1)


@receiver(signals.user_logged_in)
def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    known = getattr(request, "device_was_known", True)
    _record(user, "person.signed-in", user, **client_details(request), device="a known" if known else "a new")
    if not known and not getattr(request, "is_first_sign_in", False):
        get_adapter().send_notification_mail("account/email/new_device", user, {"browser": _browser(request)})


@scope.opens_scope
def password_failed(request: HttpRequest, email: str) -> None:
    """A wrong password. An address that no user has is not recorded: it may be a password in the wrong field."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        _unknown_address(request)
    else:
        _failed(request, user, "wrong password")


@receiver(mfa_signals.authentication_failed)
def _code_failed(request: HttpRequest, user: User, **_: Any) -> None:
    _failed(request, user, "wrong code")


@scope.opens_scope
def reset_asked(request: HttpRequest, user: User) -> None:
    _record(None, "person.reset-asked", user, email=user.email, **client_details(request))


@receiver(signals.password_reset)
@receiver(signals.password_set)
def _reset(request: HttpRequest, user: User, **_: Any) -> None:
    _record(user, "person.password-reset", user, **client_details(request))


@receiver(signals.password_changed)
def _changed(request: HttpRequest, user: User, **_: Any) -> None:
    _record(user, "person.password-changed", user, **client_details(request))


def _failed(request: HttpRequest, user: User, what: str) -> None:
    _record(None, "person.sign-in-failed", user, email=user.email, what=what, **client_details(request))
    within = ratelimit.consume(request, app="tenants", action="failures", config=BEFORE_LOCK, key=f"{user.pk} {what}")
    if not within:
        _record(None, "person.locked-out", user, email=user.email, **client_details(request))
        get_adapter().send_notification_mail("account/email/locked_out", user, {"browser": _browser(request)})


def _unknown_address(request: HttpRequest) -> None:
    """Recorded once an hour for each network (of IPv6 too), so that guessing does not flood the trail."""
    details = client_details(request)
    subject, since = f"address:{network_of(details['ip'])}", timezone.now() - UNKNOWN_INTERVAL
    with scope.for_system("record a failed sign-in"):
        seen = AuditEntry.objects.filter(subject=subject, action="person.sign-in-unknown", at__gt=since)
        if not seen.exists():
            audit.record(None, None, "person.sign-in-unknown", subject, **details)


def _record(by: User | None, action: str, user: User, **details: str) -> None:
    with scope.for_system("record a sign-in event"):
        audit.record(by, None, action, f"user:{user.pk}", **details)


def client_details(request: HttpRequest) -> dict[str, str]:
    return {"ip": str(get_adapter().get_client_ip(request) or "an unknown address"), "browser": _browser(request)}


def _browser(request: HttpRequest) -> str:
    return sessions.browser_of(request.headers.get("User-Agent", ""))


def before_sign_in(request: HttpRequest, user: User) -> None:
    """Note on the request what the sign-in itself changes: the last sign-in and the known device."""
    request.is_first_sign_in = user.last_login is None  # type: ignore[attr-defined]
    request.device_was_known = known_devices.is_known(request, user.pk)  # type: ignore[attr-defined]
