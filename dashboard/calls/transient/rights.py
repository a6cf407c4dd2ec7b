"""Whether a call with a one-time assistant may be sent.

Staff allow the client, its person has the right, and the assistant transfers only to where the client may.
"""

from __future__ import annotations

from dashboard.calls.models import Call
from dashboard.calls.transient import transfers
from tenants.access import support_access
from tenants.access.permissions import Permission, StaffRole
from tenants.isolation import scope
from tenants.models import Membership, StaffGrant, StaffMember, Tenant, User

CLIENT_MAY_NOT = "{name} may not use one-time assistants, so nothing was dialed. Your account team can allow them."
PERSON_MAY_NOT = "The right to use one-time assistants was taken back, so nothing was dialed."


@scope.requires_scope
def refusal(tenant: Tenant, call: Call) -> str:
    """Why this call may not leave with its one-time assistant, or "". The database looks again in `call_leaves`."""
    if not call.is_transient:
        return ""
    words = refusal_of(tenant, call.requested_by_id)
    return words or transfers.refusal(tenant, call.assistant_configuration)


@scope.requires_scope
def refusal_of(tenant: Tenant, user_id: int | None) -> str:
    """Why this person may not use one-time assistants for this client now, or ""."""
    if not tenant.transient_calls:
        return CLIENT_MAY_NOT.format(name=tenant.name)
    return "" if user_id is not None and _has_right(tenant, user_id) else PERSON_MAY_NOT


def _has_right(tenant: Tenant, user_id: int) -> bool:
    """A person who was deactivated keeps memberships and roles, and has no right by them."""
    if not User.objects.filter(pk=user_id, is_active=True).exists():
        return False
    membership = Membership.objects.filter(tenant=tenant, user_id=user_id).first()
    if membership is not None:
        membership.tenant = tenant
        return membership.may(Permission.PLACE_TRANSIENT_CALLS)
    staff = StaffMember.objects.filter(user_id=user_id).first()
    return staff is not None and staff.may(Permission.PLACE_TRANSIENT_CALLS) and _may_act(staff, tenant)


def _may_act(staff: StaffMember, tenant: Tenant) -> bool:
    """Whether this staff member may still act inside this client."""
    if not staff.sees_all and not StaffGrant.objects.filter(staff=staff, tenant=tenant).exists():
        return False
    return staff.role != StaffRole.SUPPORT or support_access.open_pass(tenant) is not None
