"""allauth's account adapter: no sign-up (users are invited), audit entries, and reauthentication."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from tenants.access import reauthentication
from tenants.accounts import lockout, sign_in_events
from tenants.models import User

METHOD_LABELS = {
    "reauthenticate": "With your password",
    "mfa_reauthenticate": "With a code",
    "mfa_reauthenticate:webauthn": "With a passkey",
}

TOO_MANY = "too_many_login_attempts"  # allauth's code of the error
PARTS = {"mfa": "two-factor", "account/messages/password_changed.txt": "password"}  # of the page of one's account


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = DefaultAccountAdapter.error_messages | {
        TOO_MANY: lockout.LOCKED.format(wait=lockout.LONGEST),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        sign_in_events.before_sign_in(request, user)
        super().login(request, user)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """The same words for an address that nobody has: its attempts are counted too."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            if error.code != TOO_MANY:
                raise
            left = lockout.seconds_left(request, self._get_login_attempts_cache_key(request, **credentials))
            raise ValidationError(lockout.LOCKED.format(wait=lockout.in_words(left)), code=TOO_MANY) from error

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        sign_in_events.password_failed(request, str(credentials.get("email", "")))

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *context: Any, **more: Any
    ) -> None:
        """What allauth did on the page of one's account is said in the part where it was done."""
        template = message_template or ""
        if part := PARTS.get(template) or PARTS.get(template.partition("/")[0], ""):
            more["extra_tags"] = part
        super().add_message(request, level, message_template, *context, **more)

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        sign_in_events.reset_asked(self.request, user)
        super().send_password_reset_mail(user, email, context)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At the public address, since the Host header is not trusted."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.PUBLIC_URL + path.replace("UID-KEY", quote(key))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """The e-mail address alone: allauth's key includes the Host header, so another host would not be counted."""
        return str(credentials.get("email", "")).strip().lower()

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """The same rule for allauth's views as for ours."""
        return not reauthentication.is_recent(context.request, reauthentication.MAX_AGE)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Users with a second factor have to use it: a password alone may be stolen."""
        methods = super().get_reauthentication_methods(user)
        factors = [method for method in methods if method["id"] != "reauthenticate"]
        return [method | {"description": METHOD_LABELS[method["id"]]} for method in factors or methods]


def display(user: User) -> str:
    return user.name or user.email
