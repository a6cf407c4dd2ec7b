"""What a scope says counts only where it is signed; heads of audit chains are seen by the scopes of their clients.

`migrate` restates the conditions of all other policies by itself (`tenants/isolation/database_grants.py`).
"""

from django.db import migrations

import tenants.isolation.row_security
from tenants.isolation.row_security import IN_SCOPE, PERSON, REACHES_ALL

PEOPLE = f"""
CREATE OR REPLACE VIEW public.tenants_person WITH (security_barrier) AS
SELECT id, email, name, is_active, last_login FROM public.tenants_user u
WHERE {REACHES_ALL} OR u.id = {PERSON}
  OR EXISTS (SELECT 1 FROM public.tenants_staffmember s WHERE s.user_id = u.id)
  OR EXISTS (SELECT 1 FROM public.tenants_membership m WHERE m.user_id = u.id AND m.tenant_id = {IN_SCOPE})
"""
MEMBER = f"EXISTS (SELECT 1 FROM tenants_membership m WHERE m.tenant_id = tenants_tenant.id AND m.user_id = {PERSON})"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_outgoing_mail")]
    operations = [
        migrations.RemoveConstraint(model_name="auditorgrant", name="grant_rows"),
        migrations.RemoveConstraint(model_name="membership", name="membership_rows"),
        migrations.RemoveConstraint(model_name="staffgrant", name="staff_grant_rows"),
        migrations.RemoveConstraint(model_name="tenant", name="tenant_rows"),
        migrations.AddConstraint(model_name="audithead", constraint=tenants.isolation.row_security.ChainRows(name="head_rows")),
        migrations.AddConstraint(
            model_name="auditorgrant",
            constraint=tenants.isolation.row_security.Rows(also=f"auditor_id = {PERSON}", name="grant_rows", tenant="tenant_id"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=tenants.isolation.row_security.Rows(also=f"user_id = {PERSON}", name="membership_rows", tenant="tenant_id"),
        ),
        migrations.AddConstraint(
            model_name="staffgrant",
            constraint=tenants.isolation.row_security.Rows(also=f"staff_id = {PERSON}", name="staff_grant_rows", tenant="tenant_id"),
        ),
        migrations.AddConstraint(
            model_name="tenant", constraint=tenants.isolation.row_security.Rows(also=MEMBER, name="tenant_rows", tenant="id")
        ),
        migrations.RunSQL(PEOPLE, migrations.RunSQL.noop),
    ]
