"""Repeatable randomness: every choice and every id follows from the seed and from what it is for."""

import random
import string
import uuid

_LETTERS = string.ascii_letters + string.digits


def rng_for(*parts: object) -> random.Random:
    """A separate generator for each subject, so that the order of requests does not change other choices."""
    return random.Random(":".join(map(str, parts)))


def uuid_for(*parts: object) -> str:
    return str(uuid.UUID(int=rng_for("uuid", *parts).getrandbits(128), version=4))


def token_for(length: int, *parts: object) -> str:
    return "".join(rng_for("token", *parts).choices(_LETTERS, k=length))
