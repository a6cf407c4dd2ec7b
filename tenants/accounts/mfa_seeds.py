"""Seeds of second factors are sealed for one user: moved to another user's row, they open nothing.

allauth seals and opens a seed without saying whose it is, so the row is asked: it is read with its user beside the
sealed text, and saved with the text sealed for that user.
"""

from __future__ import annotations

import base64
import os
from typing import Any

import structlog
from allauth.mfa.models import Authenticator
from django.db.models.signals import post_init, pre_save
from django.dispatch import receiver

from tenants import secrets

log = structlog.get_logger()

UNBOUND = "second step"  # where a seed is sealed that is not saved yet
FIELDS = ("secret", "seed")  # of `Authenticator.data`


class BoundText(str):
    """Sealed text that knows whose row it was read from."""

    user_id: int

    def __new__(cls, text: str, user_id: int) -> BoundText:
        bound = super().__new__(cls, text)
        bound.user_id = user_id
        return bound


def place_of(user_id: int) -> str:
    return f"{UNBOUND}:{user_id}"


def seal(text: str) -> str:
    """Not bound yet; saving the row binds it."""
    return secrets.encrypt(text, UNBOUND)


def open_seed(sealed: str) -> str:
    """What is sealed; for a seed that belongs to somebody else one that no code fits."""
    place = place_of(sealed.user_id) if isinstance(sealed, BoundText) else UNBOUND
    try:
        return secrets.decrypt(sealed, place)
    except secrets.Unreadable:
        log.error("second_factor_unreadable", user=getattr(sealed, "user_id", None))
        return base64.b32encode(os.urandom(20)).decode()


def bind(data: dict[str, Any], user_id: int) -> None:
    """Seal the seeds of one row, which are not sealed for anybody yet, for its user."""
    for field in FIELDS:
        sealed = data.get(field)
        if not sealed or isinstance(sealed, BoundText):
            continue
        try:
            seed = secrets.decrypt(sealed, UNBOUND)
        except secrets.Unreadable:  # bound already, or of a key that is gone
            continue
        data[field] = BoundText(secrets.encrypt(seed, place_of(user_id)), user_id)


@receiver(post_init, sender=Authenticator)
def _read(instance: Authenticator, **_: Any) -> None:
    read = instance.__dict__  # without asking for what a query left out
    if instance.pk and "user_id" in read and isinstance(read.get("data"), dict):
        for field in FIELDS:
            if field in instance.data:
                instance.data[field] = BoundText(instance.data[field], instance.user_id)


@receiver(pre_save, sender=Authenticator)
def _save(instance: Authenticator, **_: Any) -> None:
    bind(instance.data, instance.user_id)
