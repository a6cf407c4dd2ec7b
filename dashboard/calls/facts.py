"""Several small questions as one statement: each is a branch of a union, whose rows have a name and JSON."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import JSONObject

Content = dict[str, Any]


def named(rows: QuerySet[Any], name: str, /, **content: Any) -> QuerySet[Any]:
    """A branch: `content` of each row, or of all where it counts."""
    found = rows.order_by().annotate(fact=Value(name, output_field=CharField())).values("fact")
    return found.annotate(content=JSONObject(**content)).values_list("fact", "content")


def read(*branches: QuerySet[Any]) -> dict[str, list[Content]]:
    """The contents of each name; none for a name without rows."""
    found: dict[str, list[Content]] = defaultdict(list)
    for name, content in branches[0].union(*branches[1:], all=True):
        found[name].append(content)
    return found
