"""Signatures of scopes: the settings of a scope count only with a signature that SQL alone cannot make.

The key is derived from `PATCHBAY_SECRET_KEY`. `migrate` installs it in the database, in a schema that only the owner
may use; the policies call `scope_holds()`, which runs as the owner and compares. A signature covers the id of the
server process, so one that was copied from another session is not valid.

`enter_client()` turns the signed scope of a person into that of one client, if they are a member of it: the membership
is read under the policies, and the person's signature is gone when it returns. Whoever has no such signature enters
nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

KEYS_KEPT = 2  # the present one and the one before it, with which processes sign until they are restarted
PAD = 64  # bytes of a block of SHA-256
INSTALL = """
CREATE SCHEMA IF NOT EXISTS patchbay_private;
REVOKE ALL ON SCHEMA patchbay_private FROM PUBLIC;
CREATE TABLE IF NOT EXISTS patchbay_private.scope_key (
  id text PRIMARY KEY, inner_key bytea NOT NULL, outer_key bytea NOT NULL, added_at timestamptz NOT NULL
);
CREATE OR REPLACE FUNCTION public.scope_holds() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  given text := current_setting('patchbay.signature', true);
  inner_key bytea;
  outer_key bytea;
BEGIN
  IF session_user = current_user THEN  -- the owner of the tables needs no signature
    RETURN true;
  END IF;
  IF coalesce(given, '') = '' THEN
    RETURN false;
  END IF;
  SELECT k.inner_key, k.outer_key INTO inner_key, outer_key FROM patchbay_private.scope_key k
    WHERE k.id = split_part(given, '.', 1);
  IF encode(sha256(outer_key || sha256(inner_key || convert_to(concat_ws('|', pg_backend_pid(),
      coalesce(current_setting('patchbay.reach', true), ''), coalesce(current_setting('patchbay.tenants', true), ''),
      coalesce(current_setting('patchbay.person', true), '')), 'UTF8'))), 'hex')
      IS DISTINCT FROM split_part(given, '.', 2) THEN
    RAISE EXCEPTION 'the scope of this transaction is not signed with a key of this database'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN true;
END $$;
CREATE OR REPLACE FUNCTION public.enter_client(asked_person bigint, asked_slug text, given text)
RETURNS TABLE (client bigint, clients bigint, nearby jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  key_id text := split_part(given, '.', 1);
  ids text;
  signature text := '';
BEGIN
  PERFORM set_config('patchbay.reach', '', true), set_config('patchbay.tenants', '', true),
    set_config('patchbay.person', asked_person::text, true), set_config('patchbay.signature', given, true);
  IF NOT public.scope_holds() THEN  -- raises for a signature that is wrong
    RAISE EXCEPTION 'who enters a client is not signed' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT count(*), max(t.id) FILTER (WHERE t.slug = asked_slug) INTO clients, client
    FROM public.tenants_membership m JOIN public.tenants_tenant t ON t.id = m.tenant_id
    WHERE m.user_id = asked_person AND t.status <> 'closed';
  IF client IS NOT NULL THEN
    IF clients > 1 THEN
      SELECT jsonb_agg(jsonb_build_array(n.slug, n.name) ORDER BY n.name) INTO nearby FROM (
        SELECT t.slug, t.name FROM public.tenants_membership m JOIN public.tenants_tenant t ON t.id = m.tenant_id
        WHERE m.user_id = asked_person AND t.status <> 'closed'
        ORDER BY t.slug = asked_slug DESC, t.name LIMIT 8) n;
    END IF;
    ids := '{' || client || '}';
    SELECT key_id || '.' || encode(sha256(k.outer_key || sha256(k.inner_key ||
        convert_to(concat_ws('|', pg_backend_pid(), '', ids, ''), 'UTF8'))), 'hex')
      INTO signature FROM patchbay_private.scope_key k WHERE k.id = key_id;
  END IF;
  PERFORM set_config('patchbay.tenants', coalesce(ids, ''), true), set_config('patchbay.person', '', true),
    set_config('patchbay.signature', coalesce(signature, ''), true);
  IF client IS NOT NULL THEN
    RETURN NEXT;
  END IF;
END $$;
"""
_server_processes: WeakKeyDictionary[psycopg.Connection, int] = WeakKeyDictionary()


def sign(server_process: int, *, reach: str = "", tenants: str = "", person: str = "") -> str:
    """The signature of these settings in this process of the server; "" for settings that reach nothing."""
    if not (reach or tenants or person):
        return ""
    key = _key()
    message = "|".join((str(server_process), reach, tenants, person))
    return f"{_key_id(key)}.{hmac.new(key, message.encode(), hashlib.sha256).hexdigest()}"


def server_process(connection: BaseDatabaseWrapper) -> int:
    """The id of the server process behind a connection; queried, because a pooler reports another one at connect."""
    raw = connection.connection
    if raw not in _server_processes:
        _server_processes[raw] = raw.execute("SELECT pg_backend_pid()").fetchone()[0]
    return _server_processes[raw]


def install(cursor: CursorWrapper) -> None:
    """Install the function and this environment's key; runs as the owner, and is idempotent."""
    key = _key()
    cursor.execute(INSTALL)
    cursor.execute(
        "INSERT INTO patchbay_private.scope_key VALUES (%s, %s, %s, clock_timestamp()) "
        "ON CONFLICT (id) DO UPDATE SET added_at = excluded.added_at",
        [_key_id(key), padded(key, 0x36), padded(key, 0x5C)],
    )
    cursor.execute(
        "DELETE FROM patchbay_private.scope_key WHERE id NOT IN "
        "(SELECT id FROM patchbay_private.scope_key ORDER BY added_at DESC LIMIT %s)",
        [KEYS_KEPT],
    )


def _key() -> bytes:
    return hmac.new(settings.SECRET_KEY.encode(), b"patchbay: signatures of scopes", hashlib.sha256).digest()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"name of " + key).hexdigest()[:12]


def padded(key: bytes, by: int) -> bytes:
    """The inner or outer key of HMAC (RFC 2104), so that the database only needs a hash function."""
    return bytes(byte ^ by for byte in key.ljust(PAD, b"\0"))


if __name__ == "__main__":  # run by psql: see tenants/isolation/shell_scope.py
    _process, _reach, _tenants = sys.argv[1:]
    sys.stdout.write(sign(int(_process), reach=_reach, tenants=_tenants))
