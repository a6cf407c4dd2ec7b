"""Record that a row changed, in the transaction that changes it; the feed passes it on to open streams."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models.functions import Now

from dashboard.live_updates.listeners import ACCESS, EVERYBODY, person_ref
from dashboard.live_updates.models import Change
from tenants import slices
from tenants.isolation import scope
from tenants.models import Tenant, User

KEPT = timedelta(minutes=10)


def row_changed(kind: str, ref: object, *, tenant: Tenant | int | None, version: int = 0) -> None:
    """`kind` is call, campaign, inventory, connection, client or access; `ref` its id. Never what is in the row."""
    pk = tenant if isinstance(tenant, int) or tenant is None else tenant.pk
    Change.objects.bulk_create([Change(tenant_id=pk, kind=kind, ref=str(ref), version=version)])


def rows_changed(kind: str, rows: Iterable[tuple[object, int | None, int]]) -> None:
    """The same for many rows: id, tenant and version of each."""
    Change.objects.bulk_create(
        [Change(tenant_id=pk, kind=kind, ref=str(ref), version=version) for ref, pk, version in rows]
    )


def access_changed(*, tenant: Tenant | None = None, person: User | None = None) -> None:
    """Access has changed, of everybody in a client or of one `person`: their open streams are checked again at once."""
    row_changed(ACCESS, person_ref(person.pk) if person else EVERYBODY, tenant=tenant)


@scope.opens_scope
def prune() -> int:
    """Delete changes that every stream has long received; opens its own scope."""
    return slices.delete("delete old changes", Change.objects.filter(at__lt=Now() - KEPT))
