"""Hashes of texts that can be asked for and not be read back, such as the numbers that nobody of the reseller calls.

The key is random, and stored encrypted with `PATCHBAY_FIELD_KEYS`: `reseal` encrypts it anew, and the hashes stay.
`migrate` and `restore` put it into a schema that only the owner of the tables may use, for `keyed_hash()`.
So neither the app nor an auditor reads the key, and no backup holds it.
"""

from __future__ import annotations

from collections.abc import Collection
from secrets import token_hex
from typing import TYPE_CHECKING

from tenants import secrets
from tenants.isolation import scope_signature

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

TABLE, KEY = "tenants_hashkey", "patchbay_private.hash_key"
PLACE = "hash-key"  # what the encrypted key is bound to
PREPARE = """
CREATE TABLE IF NOT EXISTS patchbay_private.hash_key (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only), inner_key bytea NOT NULL, outer_key bytea NOT NULL
);
CREATE OR REPLACE FUNCTION public.keyed_hash(given text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  key record;
BEGIN
  SELECT k.inner_key, k.outer_key INTO STRICT key FROM patchbay_private.hash_key k;  -- without one, nothing is answered
  RETURN encode(sha256(key.outer_key || sha256(key.inner_key || convert_to(given, 'UTF8'))), 'hex');
END $$;
"""


class KeyUnreadable(Exception):
    """None of the field keys of this environment opens the key of the hashes in this database."""

    def __init__(self) -> None:
        super().__init__(
            "None of PATCHBAY_FIELD_KEYS opens the key of the do-not-call list for all clients. Put the key "
            "that encrypted it there, and run this again."
        )


def prepare(cursor: CursorWrapper) -> None:
    """What functions in migrations refer to; after `scope_signature.install`, which makes the schema."""
    cursor.execute(PREPARE)


def install(cursor: CursorWrapper, existing: Collection[str]) -> None:
    """Make the key, once, and put it where `keyed_hash()` reads it; runs as the owner, and is idempotent."""
    if TABLE not in existing:
        return
    cursor.execute("SELECT set_config('patchbay.reach', 'all', true)")
    cursor.execute(f"SELECT sealed_key FROM public.{TABLE}")
    if row := cursor.fetchone():
        key = _opened(row[0])
    else:
        text = token_hex(32)
        cursor.execute(f"INSERT INTO public.{TABLE} (id, sealed_key) VALUES (1, %s)", [secrets.encrypt(text, PLACE)])
        key = bytes.fromhex(text)
    cursor.execute(
        f"INSERT INTO {KEY} (inner_key, outer_key) VALUES (%s, %s) ON CONFLICT (is_only) "
        "DO UPDATE SET inner_key = excluded.inner_key, outer_key = excluded.outer_key",
        [scope_signature.padded(key, 0x36), scope_signature.padded(key, 0x5C)],
    )


def _opened(sealed: str) -> bytes:
    try:
        return bytes.fromhex(secrets.decrypt(sealed, PLACE))
    except secrets.Unreadable:
        raise KeyUnreadable from None
