"""A sandbox, and the agency connected to it."""

from tests.world import agency, sandbox

__all__ = ["agency", "sandbox"]
