"""Private interfaces of Django that Patchbay uses.

A version of Django that changes one of them fails tests/test_private_interfaces.py.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper


def has_open_transaction(connection: BaseDatabaseWrapper) -> bool:
    """Whether a transaction is open, apart from the one around each test of Django's `TestCase`."""
    return any(not block._from_testcase for block in connection.atomic_blocks)  # type: ignore[attr-defined]
