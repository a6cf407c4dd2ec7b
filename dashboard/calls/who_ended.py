"""Who ended a call: the people whose end-call is confirmed (`control.effects`). Every screen and export asks here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from dashboard.calls import end_reasons
from dashboard.calls.models import Call, Receipt
from dashboard.voicedock import CommandType

if TYPE_CHECKING:
    from tenants.models import User


PERSON = JSONObject(id="asked_by_id", name="asked_by__name")  # each of `call.ended_by`


def receipts() -> QuerySet[Receipt]:
    """Those of a call, in the order in which they were sent: their `PERSON` is annotated on it as `ended_by`."""
    return Receipt.objects.filter(
        call=OuterRef("pk"), command=CommandType.END_CALL, effect=Receipt.Effect.CONFIRMED
    ).order_by("asked_at", "id")


def words(call: Call, me: User | None = None) -> str:
    """`Sanne Visser`, `you and Dora Bloom`; "" where no command is confirmed. Needs `queries.with_relations`."""
    if end_reasons.names_other_cause(call.end_reason):
        return ""
    people = {person["id"]: person["name"] or "Patchbay" for person in getattr(call, "ended_by", None) or ()}
    names = ["you" if me is not None and pk == me.pk else name for pk, name in people.items()]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
