"""How people sign in: allauth's adapter, with sign-up closed (invitations are the way in)."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest

from tenants import confirming
from tenants.models import User

WORDS = {
    "reauthenticate": "With your password",
    "mfa_reauthenticate": "With a code",
    "mfa_reauthenticate:webauthn": "With a passkey",
}


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """One rule for allauth's pages and for ours."""
        return not confirming.confirmed(context.request, confirming.FRESH)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Whoever has a second step confirms with that: a password alone may be in wrong hands."""
        ways = super().get_reauthentication_methods(user)
        steps = [way for way in ways if way["id"] != "reauthenticate"]
        return [way | {"description": WORDS[way["id"]]} for way in steps or ways]


def display(user: User) -> str:
    return user.name or user.email
