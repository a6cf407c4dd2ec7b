"""Chance that can be repeated: every choice and every id follows from the seed and from what it is about."""

import random
import string
import uuid

_LETTERS = string.ascii_letters + string.digits


def about(*parts: object) -> random.Random:
    """A generator of its own for one subject, so that the order of requests does not change other choices."""
    return random.Random(":".join(map(str, parts)))


def uuid_of(*parts: object) -> str:
    return str(uuid.UUID(int=about("uuid", *parts).getrandbits(128), version=4))


def token_of(length: int, *parts: object) -> str:
    return "".join(about("token", *parts).choices(_LETTERS, k=length))
