"""Seeds of second factors are encrypted for one user: copied to another user's row, they cannot be decrypted.

allauth encrypts and decrypts a seed without passing its user. So the signals of the model attach the user to the text
when a row is read, and encrypt the seed for that user when it is saved.
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

UNBOUND = "second step"  # the place of a seed that is not saved yet
FIELDS = ("secret", "seed")  # of `Authenticator.data`


class BoundText(str):
    """Encrypted text with the user of the row it was read from."""

    user_id: int

    def __new__(cls, text: str, user_id: int) -> BoundText:
        bound = super().__new__(cls, text)
        bound.user_id = user_id
        return bound


def place_of(user_id: int) -> str:
    return f"{UNBOUND}:{user_id}"


def seal(text: str) -> str:
    """Encrypt a seed for no user yet; saving the row binds it to one."""
    return secrets.encrypt(text, UNBOUND)


def open_seed(sealed: str) -> str:
    """The seed; for one that belongs to another user a random seed, which matches no code."""
    place = place_of(sealed.user_id) if isinstance(sealed, BoundText) else UNBOUND
    try:
        return secrets.decrypt(sealed, place)
    except secrets.Unreadable:
        log.error("second_factor_unreadable", user=getattr(sealed, "user_id", None))
        return base64.b32encode(os.urandom(20)).decode()


def bind(data: dict[str, Any], user_id: int) -> None:
    """Encrypt the seeds of a row for its user, unless they are already."""
    for field in FIELDS:
        sealed = data.get(field)
        if not sealed or isinstance(sealed, BoundText):
            continue
        try:
            seed = secrets.decrypt(sealed, UNBOUND)
        except secrets.Unreadable:  # bound already, or encrypted with a key that was removed
            continue
        data[field] = BoundText(secrets.encrypt(seed, place_of(user_id)), user_id)


@receiver(post_init, sender=Authenticator)
def _read(instance: Authenticator, **_: Any) -> None:
    read = instance.__dict__  # so that deferred fields are not loaded
    if instance.pk and "user_id" in read and isinstance(read.get("data"), dict):
        for field in FIELDS:
            if field in instance.data:
                instance.data[field] = BoundText(instance.data[field], instance.user_id)


@receiver(pre_save, sender=Authenticator)
def _save(instance: Authenticator, **_: Any) -> None:
    bind(instance.data, instance.user_id)
