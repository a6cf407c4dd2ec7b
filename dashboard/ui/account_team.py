"""Sentences that lead a client to its account team, for staff who read them in its place: who of them can do it."""

from __future__ import annotations

from typing import Any

from tenants.access.permissions import Permission

CAN_ALLOW_IT = "Your account team can allow it."
CAN_ALLOW_THEM = "Your account team can allow them."
CAN_ALLOW_MORE = "your account team can allow more"
ASK_TO_ALLOW_IT = "Ask your account team to allow it."
WHERE = "among the settings of this client"
FOR_STAFF = {  # by the words for a client: those for whoever may do it, and those for the others
    CAN_ALLOW_IT: (f"You can allow it {WHERE}.", f"An admin can allow it {WHERE}."),
    CAN_ALLOW_THEM: (f"You can allow them {WHERE}.", f"An admin can allow them {WHERE}."),
    CAN_ALLOW_MORE: (f"you can allow more {WHERE}", f"an admin can allow more {WHERE}"),
    ASK_TO_ALLOW_IT: (f"Allow it {WHERE}.", f"Ask an admin to allow it {WHERE}."),
}


def for_reader(words: str, actor: Any) -> str:
    """The words as the actor reads them: texts are kept as a client reads them."""
    if getattr(actor, "staff", None) is None:
        return words
    may = actor.may(Permission.SET_COUNTRIES)
    for of_client, (for_those, for_others) in FOR_STAFF.items():
        words = words.replace(of_client, for_those if may else for_others)
    return words
