"""The trigger of the caller ID names its tables with their schema: no temporary table stands in their place."""

from django.db import migrations

LEAVES = """
CREATE OR REPLACE FUNCTION public.call_leaves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.tenants_tenant t WHERE t.id = NEW.tenant_id AND t.status = 'active' FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this client may not dial' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM public.tenants_numberdedication d WHERE d.id = NEW.number_dedication_id
    AND d.tenant_id = NEW.tenant_id AND d.period @> statement_timestamp() FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this number is not dedicated now' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM public.tenants_assistantdedication d WHERE d.id = NEW.assistant_dedication_id
    AND d.tenant_id = NEW.tenant_id AND d.period @> statement_timestamp() FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this assistant is not dedicated now' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM public.calls_call c WHERE c.tenant_id = NEW.tenant_id AND c.alarm = 'wrong-number';
  IF FOUND THEN
    RAISE EXCEPTION 'a call left from a wrong number' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0006_data_removed"), ("tenants", "0009_qualified_names")]
    operations = [migrations.RunSQL(LEAVES, migrations.RunSQL.noop)]
