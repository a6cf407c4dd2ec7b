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
    """The key now opens an organization that is not this connection's: nothing of it may be taken for ours."""


def organization(connection: Connection) -> None:
    """Name, credit and parent (`voicedock-api.md §9.1`); opens scopes of its own.

    The state's cursor keeps `active_calls`, and `children`: organizations below it, [{"id", "name"}].
    """
    with runs.run_sync(connection, Kind.ORGANIZATION) as run:
        with run.client_for(Priority.REST) as vendor:
            found = vendor.organization(include_children=True)
        check_organization(connection, found)
        run.seen = 1
        run.cursor |= {
            "active_calls": found.active_calls,
            "children": [{"id": one.id, "name": names.clean(one.name)} for one in found.children],
        }
        with scope.for_system("copy an organization"):
            run.changed = _organization(connection, found)


def check_organization(connection: Connection, found: voicedock.RemoteOrganization) -> None:
    """Raises `AnotherOrganization` when what the key opens is not this connection's."""
    if found.id != connection.organization_id:
        raise AnotherOrganization(f"This key belongs to {found.name}, not to {connection.organization_name}.")


def _organization(connection: Connection, found: voicedock.RemoteOrganization) -> int:
    parent = Connection.objects.filter(organization_id=found.parent_id).first() if found.parent_id else None
    values = {
        "organization_name": names.clean(found.name, 200),
        "minutes_balance": found.minutes_balance,
        "parent_id": parent.pk if parent else connection.parent_id,
    }
    stale = Connection.objects.filter(pk=connection.pk)
    before = stale.values(*values).get()
    changed = {name: value for name, value in values.items() if before[name] != value}
    if changed:
        stale.update(**changed)
        publish.row_changed("connection", connection.pk, tenant=None)
    return int(bool(changed))
