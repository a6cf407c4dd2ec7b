"""Whether this process has begun to stop. Imports nothing, so that it can be known before Django is set up."""

_begun = False


def begin() -> None:
    """From now on it is not ready, and each answer is the last of its connection."""
    global _begun
    _begun = True


def begun() -> bool:
    return _begun
