"""Another e-mail address for one's account: the new one proves that its mail is read, the old one is warned.

Nothing is stored until then: the mailed link holds both addresses, signed, and stops working after an hour, once it was
used, and when the password or the address changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.core import signing
from django.db import IntegrityError
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac

from tenants import audit
from tenants.accounts.allauth_private import ratelimit
from tenants.accounts.sign_in_events import client_details
from tenants.isolation import scope
from tenants.models import User

LINK_WORKS = 60 * 60  # seconds
MOST_MAILS = {"email-change": "5/h/key"}
SALT = "tenants.accounts.email_change"
SAME = "You sign in with this address already."
TOO_MANY = "Five mails were sent within the hour. Wait an hour, then ask for a new link."


class EmailForm(forms.Form):
    """Whether somebody else signs in with the address is not told here: a mail to it tells its owner."""

    email = forms.EmailField(
        label="New e-mail address",
        max_length=254,  # as `User.email`
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if email == self.user.email.lower():
            raise forms.ValidationError(SAME)
        return email


@dataclass(frozen=True)
class Change:
    """What a link that still works asks for."""

    user: User
    email: str


@scope.opens_scope
def ask(request: HttpRequest, user: User, email: str) -> bool:
    """Mail the link to the new address and a warning to the old one; False when that was done too often."""
    within = ratelimit.consume(request, app="tenants", action="email-change", config=MOST_MAILS, key=str(user.pk))
    if not within:
        return False
    with scope.for_system("a user asked for another e-mail address"):
        audit.record(user, None, "person.email-asked", f"user:{user.pk}", email=email, **client_details(request))
    adapter, facts = get_adapter(), {"person": user, "email": email}
    if User.objects.filter(email__iexact=email).exists():
        adapter.send_mail("account/email/email_taken", email, facts)
    else:
        link = settings.PUBLIC_URL + reverse("account_email_from_key", args=[_token(user, email)])
        adapter.send_mail("account/email/email_confirm", email, facts | {"link": link})
    adapter.send_notification_mail("account/email/email_asked", user, facts, email=user.email)
    return True


def read(token: str) -> Change | None:
    """What the link asks for; None when it does not work, or no more."""
    try:
        pk, before, email, password = signing.loads(token, salt=SALT, max_age=LINK_WORKS)
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=pk, email=before, is_active=True).first()
    return Change(user, email) if user is not None and _fingerprint(user) == password else None


@scope.opens_scope
def confirm(request: HttpRequest, change: Change) -> bool:
    """Sign in with the new address from now on; False when somebody else has it meanwhile."""
    user, before = change.user, change.user.email
    try:
        with scope.for_system("a user confirmed another e-mail address"):
            if not User.objects.filter(pk=user.pk, email=before).update(email=change.email, email_changed_at=Now()):
                return False
            # allauth finds a person by these rows too: the old address must not set a password any more
            EmailAddress.objects.filter(user=user).delete()
            details = {"before": before, "email": change.email} | client_details(request)
            audit.record(user, None, "person.email-changed", f"user:{user.pk}", **details)
    except IntegrityError:
        return False
    get_adapter().send_notification_mail("account/email/email_changed", user, {"email": change.email}, email=before)
    return True


def _token(user: User, email: str) -> str:
    return signing.dumps([user.pk, user.email, email, _fingerprint(user)], salt=SALT)


def _fingerprint(user: User) -> str:
    """Of the password hash and the last change: a link stops working with the next password or address."""
    return salted_hmac(SALT, f"{user.password} {user.email_changed_at}").hexdigest()[:20]
