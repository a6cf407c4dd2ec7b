"""Secrets at rest: sealed with keys that are not in the database, and bound to the place they belong to."""

import hmac
import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """A sealed secret that none of our keys opens, or that was moved here from another row."""


def encrypt(secret: str, place: str) -> str:
    """Seal a secret for one place, such as `connection:7:api_key`; it opens nowhere else."""
    if not secret:
        return ""
    return _box().encrypt(json.dumps([place, secret]).encode()).decode()


def decrypt(sealed: str, place: str) -> str:
    """Open what `encrypt` sealed for this place; raises `Unreadable`."""
    if not sealed:
        return ""
    try:
        where, text = json.loads(_box().decrypt(sealed.encode()))
    except (InvalidToken, ValueError) as error:
        raise Unreadable("no key of ours opens this secret") from error
    if not hmac.compare_digest(where, place):
        raise Unreadable("this secret belongs to another row")
    return str(text)


def rotate(sealed: str) -> str:
    """Seal again under the newest key, without looking inside."""
    return _box().rotate(sealed.encode()).decode() if sealed else ""


def _box() -> MultiFernet:
    return _keys(tuple(settings.FIELD_KEYS))


@lru_cache(maxsize=4)
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
