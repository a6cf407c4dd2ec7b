"""Store webhooks and count rejected ones: many rows by one statement, on a connection of Django's or another.

The parameters are binary: text with JSON in an array is otherwise quoted twice, which costs forty times as much.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.db import connection as database
from psycopg import Cursor

from dashboard.sync.models import Kind, SyncState
from dashboard.webhooks.models import Delivery, Rejection
from tenants.isolation import scope

STALE = "Signed too long ago, or ahead of time: not applied; the list of calls was synced instead."
CHANNEL = "patchbay_webhooks"  # notified when there is something to apply
Outcome = Delivery.Outcome
Rejected = Counter[tuple[int, str]]  # how many by connection and reason

STORE = f"""
WITH stored AS (
  INSERT INTO {Delivery._meta.db_table} AS d (connection_id, body_hash, event, call_id_sent, payload, signed_at,
    received_at, times, outcome, attempts, error)
  SELECT t.connection, t.hash, t.event, t.call, t.payload::jsonb, to_timestamp(t.signed), statement_timestamp(),
    t.times, CASE WHEN t.stale THEN '{Outcome.SET_ASIDE}' ELSE '{Outcome.WAITING}' END, 0,
    CASE WHEN t.stale THEN '{STALE}' ELSE '' END
  FROM unnest(%b::bigint[], %b::bytea[], %b::text[], %b::text[], %b::text[], %b::float8[], %b::int[], %b::bool[])
    WITH ORDINALITY AS t(connection, hash, event, call, payload, signed, times, stale, nth)
  ORDER BY t.nth
  ON CONFLICT (connection_id, body_hash) DO UPDATE SET times = d.times + excluded.times,
    outcome = CASE WHEN d.error = '{STALE}' AND d.outcome = '{Outcome.SET_ASIDE}' THEN excluded.outcome
      ELSE d.outcome END,
    error = CASE WHEN d.error = '{STALE}' AND d.outcome = '{Outcome.SET_ASIDE}' THEN excluded.error ELSE d.error END
  RETURNING d.id, d.outcome
), notified AS (SELECT pg_notify('{CHANNEL}', '') FROM stored WHERE outcome = '{Outcome.WAITING}' LIMIT 1)
SELECT id, outcome FROM stored WHERE (SELECT count(*) FROM notified) >= 0
"""
COUNT = f"""
INSERT INTO {Rejection._meta.db_table} AS r (connection_id, day, reason, times, last_at)
SELECT t.connection, %b::date, t.reason, t.times, statement_timestamp()
FROM unnest(%b::bigint[], %b::text[], %b::int[]) AS t(connection, reason, times) ORDER BY t.connection, t.reason
ON CONFLICT (connection_id, day, reason) DO UPDATE SET times = r.times + excluded.times, last_at = excluded.last_at
"""
ASK_LISTS = f"""
UPDATE {SyncState._meta.db_table} SET due_at = statement_timestamp() WHERE connection_id = ANY(%b::bigint[])
AND kind IN ('{Kind.LIVE_CALLS}', '{Kind.CALLS}')
"""


def count_parameters(rejected: Rejected, day: date) -> list[Any]:
    """Of `COUNT`."""
    keys = list(rejected)
    return [day, [pk for pk, _ in keys], [reason for _, reason in keys], [rejected[key] for key in keys]]


@scope.requires_scope
def count_rejected(rejected: Rejected, day: date) -> None:
    """One row a day and reason, so that forged webhooks cannot fill the tables. In a scope that reaches all."""
    with Cursor(database.connection) as cursor:
        cursor.execute(COUNT, count_parameters(rejected, day))
