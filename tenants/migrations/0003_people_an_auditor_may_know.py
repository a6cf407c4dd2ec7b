"""Auditors of some clients read the names of those clients' people and of the reseller's, not of everybody."""

from django.db import migrations

from tenants.isolation.row_security import IN_SCOPE, PERSON, REACHES_ALL

NARROW = f"""
CREATE OR REPLACE VIEW tenants_person AS SELECT id, email, name, is_active, last_login FROM tenants_user u
WHERE {REACHES_ALL} OR u.id = {PERSON}
  OR EXISTS (SELECT 1 FROM tenants_staffmember s WHERE s.user_id = u.id)
  OR EXISTS (SELECT 1 FROM tenants_membership m WHERE m.user_id = u.id AND m.tenant_id = {IN_SCOPE})
"""
EVERYBODY = "CREATE OR REPLACE VIEW tenants_person AS SELECT id, email, name, is_active, last_login FROM tenants_user"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_triggers")]
    operations = [migrations.RunSQL(NARROW, EVERYBODY)]
