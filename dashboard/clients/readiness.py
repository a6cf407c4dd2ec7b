"""Whether a client can call: its status, and what is still missing before its first call.

The list of clients, a client's page and the overview all read it from here, so that they agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, TextChoices

from tenants.access.permissions import ROLE_PERMISSIONS, Permission
from tenants.models import AssistantDedication, Membership, NumberDedication, Tenant

FACTS = ("has_number", "has_assistant", "has_pair", "has_caller")  # that `annotated` gives
CALLERS = [role.value for role, may in ROLE_PERMISSIONS.items() if Permission.PLACE_CALLS in may]


class Missing(TextChoices):
    """What a client needs before its first call; the labels stand in a sentence."""

    NUMBER = "number", "a number"
    ASSISTANT = "assistant", "an assistant"
    PAIR = "pair", "an assistant on the connection of its number"
    OWNER = "owner", "an owner"


@dataclass(frozen=True)
class Readiness:
    """`missing` is in the order in which the steps are done; `status` is the client's own."""

    status: str
    missing: tuple[Missing, ...]

    @property
    def can_call(self) -> bool:
        return self.status == Tenant.Status.ACTIVE and not self.missing

    @property
    def is_set_up(self) -> bool:
        """Whether nothing is missing, also for a client that is suspended."""
        return not self.missing

    @property
    def state(self) -> str:
        """A key of `ui.states.STATES["client"]`; a suspended or closed client shows that first."""
        if self.status != Tenant.Status.ACTIVE:
            return self.status
        return "cannot-call" if self.missing else "can-call"

    @property
    def sentence(self) -> str:
        """`a number, an assistant and an owner are missing`; "" where nothing is."""
        labels = [str(one.label) for one in self.missing]
        if not labels:
            return ""
        if len(labels) == 1:
            return f"{labels[0]} is missing"
        return f"{', '.join(labels[:-1])} and {labels[-1]} are missing"


def annotated(clients: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """The clients with what `of` reads. Inside a scope that covers them."""
    numbers = NumberDedication.objects.filter(tenant=OuterRef("pk"), number__vanished_at=None).open()
    assistants = AssistantDedication.objects.filter(tenant=OuterRef("pk"), assistant__vanished_at=None).open()
    partners = AssistantDedication.objects.filter(
        tenant=OuterRef("tenant"), connection=OuterRef("connection"), assistant__vanished_at=None
    ).open()
    callers = Membership.objects.filter(tenant=OuterRef("pk"), role__in=CALLERS)
    return clients.annotate(
        has_number=Exists(numbers.order_by()),
        has_assistant=Exists(assistants.order_by()),
        has_pair=Exists(numbers.filter(Exists(partners.order_by())).order_by()),
        has_caller=Exists(callers.order_by()),
    )


def of(client: Tenant) -> Readiness:
    """Of a client that came from `annotated`."""
    return from_facts({name: getattr(client, name) for name in FACTS}, client.status)


def from_facts(facts: Mapping[str, bool], status: str = Tenant.Status.ACTIVE) -> Readiness:
    """`facts` are those that `annotated` gives, by their names."""
    has_both = facts["has_number"] and facts["has_assistant"]
    steps = {
        Missing.NUMBER: facts["has_number"],
        Missing.ASSISTANT: facts["has_assistant"],
        Missing.PAIR: facts["has_pair"] or not has_both,
        Missing.OWNER: facts["has_caller"],
    }
    return Readiness(status, tuple(step for step, is_done in steps.items() if not is_done))
