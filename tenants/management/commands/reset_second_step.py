"""`reset_second_step ADDRESS --why "…"`: for a user who has lost app, passkeys and recovery codes."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import audit
from tenants.accounts import sessions
from tenants.isolation import scope
from tenants.models import User


class Command(BaseCommand):
    help = "Resets a person's two-factor authentication and signs them out everywhere. Be sure of their identity first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="their e-mail address")
        parser.add_argument("--why", required=True, help="kept in the audit trail: how you know that it is they")

    def handle(self, *args: Any, address: str, why: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=address).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {address}.")
        with scope.for_system("remove second factors"):
            removed, _ = Authenticator.objects.filter(user=user).delete()
            if not removed:
                raise CommandError(f"{address} has no two-factor authentication.")
            audit.record(None, None, "person.steps-reset", f"user:{user.pk}", email=user.email, why=why)
        sessions.end(user, UserSession.objects.filter(user=user))
        self.stdout.write(
            f"{address} signs in with the password alone until two-factor authentication is set up again."
        )
