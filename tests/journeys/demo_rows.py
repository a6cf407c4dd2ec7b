"""Ids of the demo's rows, for the addresses of the URL matrix: of each kind one that stands for all, and variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from dashboard.devserver.postgres import Postgres
from tenants.auditor_admin import site
from tests import stack
from tests.fixtures.canary_tenant import absent
from tests.promises.url_matrix import ADMIN_MODELS

CLIENT, EMPTY_CLIENT = "bloom-dental", "fysio-zuid"
MINE = f"tenant_id = (SELECT id FROM tenants_tenant WHERE slug = '{CLIENT}')"
QUERIES = {
    "call": f"""SELECT DISTINCT ON (finished, state, end_reason, outcome) id FROM calls_call WHERE {MINE}
        ORDER BY finished, state, end_reason, outcome, created_at DESC""",
    "live call": f"SELECT id FROM calls_call WHERE {MINE} AND NOT finished",
    "call with a report": f"SELECT call_id FROM calls_callreport WHERE {MINE} AND analysis IS NOT NULL LIMIT 1",
    "campaign": f"SELECT DISTINCT ON (status) id FROM campaigns_campaign WHERE {MINE} ORDER BY status, id",
    "campaign_draft": f"SELECT DISTINCT ON (state) id FROM campaigns_campaigndraft WHERE {MINE} ORDER BY state, id",
    "connection": "SELECT id FROM tenants_connection ORDER BY id",
    "colleague": "SELECT user_id FROM tenants_staffmember ORDER BY user_id DESC",
}


class Ids(dict[str, Any]):
    """What stands in URLs, by kind; of other kinds what nobody has, such as the token of an invitation."""

    def __missing__(self, kind: str) -> Any:
        return absent(kind)


@dataclass
class DemoRows:
    """`ids` as in `CanaryTenant`; `variants` are all ids of a kind that differ on the screen."""

    ids: Ids
    variants: dict[str, list[Any]]

    @property
    def has_live_call(self) -> bool:
        return bool(self.variants["live call"])

    def but(self, kind: str, row: Any) -> DemoRows:
        return DemoRows(Ids({**self.ids, kind: row}), self.variants)


def read(patchbay: stack.Stack) -> DemoRows:
    """As the superuser of the stack's own PostgreSQL, who sees the rows of every client."""
    places = patchbay.places
    password, port = places.secrets()["postgres"], places.ports()["postgres"]
    server = Postgres.below(places.data, places.name, port=port, password=password)
    with psycopg.connect(server.address("patchbay")) as connection:
        found = {kind: _column(connection, query) for kind, query in QUERIES.items()}
        for kind, model in {ADMIN_MODELS[one._meta.model_name]: one._meta for one in site.site._registry}.items():
            if kind not in found and model.pk:
                query = f"SELECT {model.pk.column} FROM {model.db_table} ORDER BY 1 DESC LIMIT 1"
                found[kind] = _column(connection, query)
    found["slug"] = [CLIENT, EMPTY_CLIENT]
    return DemoRows(Ids({kind: rows[0] for kind, rows in found.items() if rows}), found)


def _column(connection: Any, query: str) -> list[Any]:
    return [row[0] for row in connection.execute(query)]
