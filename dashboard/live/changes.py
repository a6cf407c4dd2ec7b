"""Say that a row changed, in the transaction that changes it; the feed tells the screens."""

from dashboard.live.models import Change
from tenants.models import Tenant


def note(kind: str, ref: object, *, tenant: Tenant | int | None, version: int = 0) -> None:
    """`kind` is call, campaign, inventory or connection; `ref` its id. Never what is in the row."""
    pk = tenant if isinstance(tenant, int) or tenant is None else tenant.pk
    Change.objects.bulk_create([Change(tenant_id=pk, kind=kind, ref=str(ref), version=version)])
