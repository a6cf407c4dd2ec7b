"""*Call again* for a call with a one-time assistant: with the version that spoke in it, as far as that still exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.calls import queries
from dashboard.calls.models import Call
from dashboard.calls.placing.changes import Changes
from dashboard.calls.transient import drafts, placing
from dashboard.calls.transient.one_time import VERSION, OneTime
from tenants import names
from tenants.isolation import scope
from tenants.models import Tenant

GONE = "{name} was deleted meanwhile. Choose another one-time assistant below."
NEWEST = "The version that spoke in that call was deleted. The newest version of {name} is chosen below."


@dataclass(frozen=True)
class RepeatedCall:
    """`version` is None where its draft was deleted; `note` tells what of it does not exist any more.

    `values` are those that were filled in for its variables.
    """

    version: OneTime | None
    note: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@scope.requires_scope
def read(tenant: Tenant, call_id: str) -> RepeatedCall | None:
    """None for anything but a call of this client that was made with a one-time assistant."""
    call = queries.call_of(tenant, call_id)
    if call is None or not call.is_transient:
        return None
    values = Changes.from_json(call.overrides).variables
    if version := drafts.version_with_key(tenant, _key(call)):
        return RepeatedCall(OneTime.of(version), values=values)
    name = placing.draft_name(call)
    same_name = drafts.listed(tenant).filter(name__iexact=name).first()
    newest = drafts.version_of(same_name) if same_name else None
    words = NEWEST if newest else GONE
    return RepeatedCall(
        OneTime.of(newest) if newest else None,
        words.format(name=names.isolate(name or "This one-time assistant")),
        values,
    )


def _key(call: Call) -> int:
    key = call.overrides.get(VERSION, 0)
    return key if isinstance(key, int) else 0
