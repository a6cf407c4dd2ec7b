"""Copy an organization from VoiceDock: its name, credit, parent and children."""

from __future__ import annotations

from dashboard import voicedock
from dashboard.live_updates import publish
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs
from dashboard.sync.models import Kind
from tenants import names
from tenants.isolation import scope
from tenants.models import Connection


class AnotherOrganization(voicedock.VoiceDockError):
    """The key now belongs to another organization than this connection's, so its data must not be copied."""


def organization(connection: Connection) -> None:
    """Name, credit and parent (`voicedock-api.md §9.1`); opens scopes of its own.

    The state's cursor stores `active_calls`, and `children`: the organizations below it, as [{"id", "name"}].
    """
    with runs.run_sync(connection, Kind.ORGANIZATION) as run:
        with run.client_for(Priority.REST) as vendor:
            found = vendor.organization(include_children=True)
        check_organization(connection, found)
        run.seen = 1
        run.cursor |= {
            "active_calls": found.active_calls,
            "children": [{"id": child.id, "name": names.clean(child.name)} for child in found.children],
        }
        with scope.for_system("copy an organization"):
            run.changed = _update(connection, found)


def check_organization(connection: Connection, found: voicedock.RemoteOrganization) -> None:
    """Raises `AnotherOrganization` when the organization of the key is not this connection's."""
    if found.id != connection.organization_id:
        raise AnotherOrganization(f"This key belongs to {found.name}, not to {connection.organization_name}.")


def _update(connection: Connection, found: voicedock.RemoteOrganization) -> int:
    parent = Connection.objects.filter(organization_id=found.parent_id).first() if found.parent_id else None
    values = {
        "organization_name": names.clean(found.name, 200),
        "minutes_balance": found.minutes_balance,
        "parent_id": parent.pk if parent else connection.parent_id,
    }
    row = Connection.objects.filter(pk=connection.pk)
    before = row.values(*values).get()
    changed = {name: value for name, value in values.items() if before[name] != value}
    if changed:
        row.update(**changed)
        publish.row_changed("connection", connection.pk, tenant=None)
    return int(bool(changed))
