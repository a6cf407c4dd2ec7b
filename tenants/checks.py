"""System checks of `check --deploy`: keys of the audit trail, mail, security contact, database role of auditors."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from tenants.audit import checkpoints
from tenants.isolation import scope

MISSING = (
    "Neither PATCHBAY_AUDIT_PUBLIC_KEYS nor PATCHBAY_AUDIT_KEY is set: signed audit heads cannot be verified, so a "
    "chain written anew would not be noticed."
)
NOT_ALONE = (
    "PATCHBAY_AUDIT_KEY is set for the web. Only the signer needs it; PATCHBAY_AUDIT_PUBLIC_KEYS is enough here."
)
NO_AUDITORS = "DATABASE_AUDITOR_URL is not set: auditors have no log-in, so the web does not serve their pages."
UNUSABLE = "PATCHBAY_AUDIT_KEY or PATCHBAY_AUDIT_PUBLIC_KEYS is not base64 of 32 bytes."


@register(Tags.security, deploy=True)
def audit_key(**_: Any) -> list[Any]:
    try:
        keys = checkpoints.known_keys()
    except ValueError:
        return [Error(UNUSABLE, id="patchbay.E001")]
    if not keys:
        return [Warning(MISSING, id="patchbay.W001")]
    if settings.AUDIT_KEY and settings.PROCESS == "web" and not settings.DEMO:
        return [Warning(NOT_ALONE, id="patchbay.W011")]
    return []


NO_MAIL_SERVER = (
    "PATCHBAY_SMTP_HOST is not set, so no mail leaves: nobody can be invited or get a new password. "
    "`manage.py check_mail you@example.com` tries the settings."
)
NO_SENDER = "PATCHBAY_MAIL_FROM is not set to an address of yours: mail servers refuse mail from patchbay@localhost."
PLAIN_PASSWORD = "PATCHBAY_SMTP_SECURITY is none, so the password of the mail server travels unencrypted."

NO_CONTACT = "PATCHBAY_SECURITY_CONTACT is not set, so /.well-known/security.txt names nobody to tell of a weakness."


@register(Tags.security, deploy=True)
def security_contact(**_: Any) -> list[Any]:
    return [] if settings.SECURITY_CONTACT else [Warning(NO_CONTACT, id="patchbay.W006")]


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


@register(Tags.security, deploy=True)
def auditor_login(**_: Any) -> list[Any]:
    return [] if scope.AUDITORS in settings.DATABASES else [Warning(NO_AUDITORS, id="patchbay.W010")]
