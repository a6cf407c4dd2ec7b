"""Encryption of stored secrets, with keys that are not in the database; each is bound to the place it belongs to."""

import hmac
import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """None of our keys decrypts this secret, or it was copied here from another row."""


def encrypt(secret: str, place: str) -> str:
    """Encrypt a secret for one place, such as `connection:7:api_key`; `decrypt` refuses it for any other."""
    if not secret:
        return ""
    return _fernet().encrypt(json.dumps([place, secret]).encode()).decode()


def decrypt(sealed: str, place: str) -> str:
    """Decrypt what `encrypt` made for this place; raises `Unreadable`."""
    if not sealed:
        return ""
    try:
        bound_to, text = json.loads(_fernet().decrypt(sealed.encode()))
    except (InvalidToken, ValueError) as error:
        raise Unreadable("no key of ours opens this secret") from error
    if not hmac.compare_digest(bound_to, place):
        raise Unreadable("this secret belongs to another row")
    return str(text)


def rotate(sealed: str) -> str:
    """Encrypt again with the newest key."""
    return _fernet().rotate(sealed.encode()).decode() if sealed else ""


def _fernet() -> MultiFernet:
    return _fernet_of(tuple(settings.FIELD_KEYS))


@lru_cache(maxsize=4)
def _fernet_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
