"""What Django's own checks shall say of a deployment: whether the audit trail can be held against anything outside."""

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
