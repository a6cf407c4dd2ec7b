"""Personal data of a call goes only where the audit trail tells that its client was closed: status and date of a client
are columns that the application may write, and its entries stay."""

import importlib

from django.db import migrations

EARLIER = importlib.import_module("dashboard.calls.migrations.0016_one_way_into_states")._proof()
ENDED = "      AND t.closed_at + t.retention_days * interval '1 day' <= statement_timestamp()) THEN"
IN_THE_TRAIL = ENDED.removesuffix(") THEN") + (
    "\n      AND EXISTS (SELECT 1 FROM public.tenants_auditentry e"
    " WHERE e.tenant_id = t.id AND e.action = 'tenant.closed')) THEN"
)
assert EARLIER.count(ENDED) == 1


class Migration(migrations.Migration):
    dependencies = [("calls", "0017_machine_source_default")]
    operations = [migrations.RunSQL(EARLIER.replace(ENDED, IN_THE_TRAIL), migrations.RunSQL.noop)]
