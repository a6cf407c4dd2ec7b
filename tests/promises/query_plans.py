"""What PostgreSQL does for each query of a request: every one of a growing table is explained as it runs.

Scans of whole tables are switched off meanwhile: where one remains, no index can answer the query, and PostgreSQL plans
for small tables as it does for large ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

SHOWN = 50  # rows of a page at least: what a query with one row may read follows from it
PER_ROW = 20  # rows read for each that is shown, at most
CAPPED = 1_100  # rows of a count that ends at 1,001, and some that are passed over
SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan", "Tid Scan")


@dataclass(frozen=True)
class Step:
    """One scan of a plan. `read` counts the rows that it took up or threw away, of all its loops."""

    kind: str
    table: str
    read: int
    removed: int


@dataclass(frozen=True)
class Explained:
    sql: str
    rows: int
    steps: tuple[Step, ...]

    def wrong(self, growing: Collection[str], most: int = 0) -> list[tuple[str, int]]:
        """The scans of `growing` tables that read more than 20 rows for each shown, or than `most`, and how many."""
        allowed = max(PER_ROW * max(SHOWN, self.rows), CAPPED, most)
        steps = [step for step in self.steps if step.table in growing and step.read > allowed]
        return [(f"{step.kind} of {step.table}", step.read) for step in steps]

    @property
    def short(self) -> str:
        """The statement without its columns."""
        sql = re.sub(r"(%s, )+%s", "…", re.sub(r"\s+", " ", self.sql)).strip()
        return re.sub(r"SELECT .* FROM (?=\S+ (INNER|LEFT|WHERE|ORDER|LIMIT))", "SELECT … FROM ", sql, count=1)[:700]


@contextmanager
def explaining(tables: dict[str, int]) -> Iterator[list[Explained]]:
    """Each SELECT of one of these tables, explained in the scope and with the rights with which it runs."""
    found: list[Explained] = []
    pattern = re.compile(r"\b(" + "|".join(tables) + r")\b|\bcalls_found\(")

    def explain(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if isinstance(sql, str) and re.match(r"\s*(SELECT|WITH|\()", sql) and pattern.search(sql):
            with context["connection"].connection.cursor() as cursor:
                plan = cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params).fetchone()[0]
            found.append(_explained(sql, plan[0]["Plan"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        _let_scan("off")
        try:
            yield found
        finally:
            _let_scan("on")


def _let_scan(state: str) -> None:
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_seqscan', %s, false)", [state])


def _explained(sql: str, plan: dict[str, Any]) -> Explained:
    return Explained(sql, round(plan["Actual Rows"]), tuple(_steps(plan)))


def _steps(node: dict[str, Any], table: str = "") -> Iterator[Step]:
    table = node.get("Relation Name", table)
    if node["Node Type"].removeprefix("Parallel ") in SCANS:
        removed = sum(count for name, count in node.items() if name.startswith("Rows Removed"))
        read = round((node["Actual Rows"] + removed) * node["Actual Loops"])
        yield Step(node["Node Type"].removeprefix("Parallel "), table, read, round(removed * node["Actual Loops"]))
    for child in node.get("Plans", []):
        yield from _steps(child, table)
