"""What a deployment must have before it serves anybody: each thing that is missing with the sentence that says so."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.fernet import Fernet

REDIS = ("redis://", "rediss://")


def problems(settings: Any, environment: Mapping[str, str] = os.environ, *, web: bool = False) -> Iterator[str]:
    """Nothing in the demo. `web`: whether this process serves pages, and so needs to know its proxies."""
    if settings.DEMO:
        return
    if settings.DEVELOPMENT or settings.DEBUG:
        yield (
            "The development mode is on, for PATCHBAY_DEVELOPMENT is 1 or nothing is configured: set PATCHBAY_URL, "
            "PATCHBAY_SECRET_KEY, PATCHBAY_FIELD_KEYS and DATABASE_URL, and PATCHBAY_DEVELOPMENT to 0 or not at all."
        )
    if not settings.CELERY_BROKER_URL.startswith(REDIS):
        yield "CELERY_BROKER_URL is not set: give the broker's address, such as redis://:password@broker:6379/0."
    if not _checks_certificate(settings.CELERY_BROKER_URL):
        yield (
            "CELERY_BROKER_URL is rediss:// and would not check the broker's certificate: add "
            "?ssl_cert_reqs=CERT_REQUIRED, and &ssl_ca_certs=/ca.pem for an authority of your own."
        )
    if not environment.get("CACHE_URL", "").startswith(REDIS):
        yield "CACHE_URL is not set: give the cache's address, such as redis://:password@cache:6379/0."
    for nth, key in enumerate(settings.FIELD_KEYS, 1):
        if not _is_field_key(key):
            yield (
                f"PATCHBAY_FIELD_KEYS: key {nth} is not a Fernet key. Make one: "
                'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            )
    yield from _audit_keys(settings)
    if web:
        yield from _proxies(environment)


def refuse(settings: Any, *, web: bool = False) -> None:
    """Ends the process with every sentence when something is missing."""
    if found := list(problems(settings, web=web)):
        raise SystemExit("Patchbay does not start:\n" + "\n".join(f"- {sentence}" for sentence in found))


def _checks_certificate(address: str) -> bool:
    """Whether TLS, where the address asks for it, is verified. The broker's client does so only when it is told."""
    parts = urlsplit(address)
    return parts.scheme != "rediss" or parse_qs(parts.query).get("ssl_cert_reqs") in (["CERT_REQUIRED"], ["required"])


def _is_field_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def _audit_keys(settings: Any) -> Iterator[str]:
    make = "Make both: python -m tenants.signing_keys"
    if not settings.AUDIT_PUBLIC_KEYS and not settings.AUDIT_KEY:
        yield f"PATCHBAY_AUDIT_PUBLIC_KEYS is not set: nothing could verify the audit trail. {make}"
    if settings.AUDIT_KEY and not _is_32_bytes(settings.AUDIT_KEY):
        yield f"PATCHBAY_AUDIT_KEY is not 32 bytes in base64. {make}"
    if not all(_is_32_bytes(key) for key in settings.AUDIT_PUBLIC_KEYS):
        yield f"PATCHBAY_AUDIT_PUBLIC_KEYS holds a key that is not 32 bytes in base64. {make}"


def _is_32_bytes(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 32
    except binascii.Error:
        return False


def _proxies(environment: Mapping[str, str]) -> Iterator[str]:
    if environment.get("PATCHBAY_PROXY") != "1":
        yield "PATCHBAY_PROXY is not 1: put a proxy that ends TLS in front, and set it."
        return
    named = [part.strip() for part in environment.get("PATCHBAY_PROXY_IPS", "").split(",") if part.strip()]
    if not named:
        yield (
            "PATCHBAY_PROXY_IPS is not set: name the addresses or networks of your proxies, such as 10.0.0.5 or "
            "10.0.0.0/24. X-Forwarded-For is believed from these alone."
        )
    for address in named:
        if not _is_network(address):
            yield f"PATCHBAY_PROXY_IPS: {address} is not an IP address or network."


def _is_network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).prefixlen > 0
    except ValueError:
        return False
