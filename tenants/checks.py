"""What `check --deploy` says of a deployment: whether the audit trail can be verified from outside, and about mail."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from tenants import heads

MISSING = "PATCHBAY_AUDIT_KEY is not set, so no audit head is signed: a chain written anew would not be noticed."
UNUSABLE = "PATCHBAY_AUDIT_KEY or PATCHBAY_AUDIT_PUBLIC_KEYS is not base64 of 32 bytes."


@register(Tags.security, deploy=True)
def audit_key(**_: Any) -> list[Any]:
    try:
        keys = heads.known_keys()
    except ValueError:
        return [Error(UNUSABLE, id="patchbay.E001")]
    return [] if keys and settings.AUDIT_KEY else [Warning(MISSING, id="patchbay.W001")]


NO_MAIL_SERVER = (
    "PATCHBAY_SMTP_HOST is not set, so no mail leaves: nobody can be invited or get a new password. "
    "`manage.py check_mail you@example.com` tries the settings."
)
NO_SENDER = "PATCHBAY_MAIL_FROM is not set to an address of yours: mail servers refuse mail from patchbay@localhost."
PLAIN_PASSWORD = "PATCHBAY_SMTP_SECURITY is none, so the password of the mail server travels unencrypted."


@register(Tags.security, deploy=True)
def mail(**_: Any) -> list[Any]:
    found = []
    if not settings.EMAIL_HOST and not settings.MAIL_IS_KEPT:
        found.append(Warning(NO_MAIL_SERVER, id="patchbay.W002"))
    if settings.DEFAULT_FROM_EMAIL.endswith("@localhost") and not settings.MAIL_IS_KEPT:
        found.append(Warning(NO_SENDER, id="patchbay.W003"))
    if settings.SMTP_SECURITY == "none" and settings.EMAIL_HOST_PASSWORD:
        found.append(Warning(PLAIN_PASSWORD, id="patchbay.W004"))
    return found
