"""A call leaves only by right: the database itself looks, whatever the application checked or forgot to check.

Foreign keys keep the tenant of line and assistant; this keeps the moment: an active client, dedications that hold
now, and no alarm about a wrong number that nobody has cleared. The rows it looks at are locked until the commit, so a
release or a suspension that is under way comes before or after, never in between.
"""

from django.db import migrations

LEAVES = """
CREATE FUNCTION call_leaves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM 1 FROM tenants_tenant t WHERE t.id = NEW.tenant_id AND t.status = 'active' FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this client may not dial' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM tenants_numberdedication d WHERE d.id = NEW.number_dedication_id AND d.tenant_id = NEW.tenant_id
    AND d.period @> statement_timestamp() FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this number is not dedicated now' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM tenants_assistantdedication d WHERE d.id = NEW.assistant_dedication_id
    AND d.tenant_id = NEW.tenant_id AND d.period @> statement_timestamp() FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this assistant is not dedicated now' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM calls_call c WHERE c.tenant_id = NEW.tenant_id AND c.alarm = 'wrong-number';
  IF FOUND THEN
    RAISE EXCEPTION 'a call left from a wrong number' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER call_is_made_leaving BEFORE INSERT ON calls_call
  FOR EACH ROW WHEN (NEW.state = 'sending') EXECUTE FUNCTION call_leaves();
CREATE TRIGGER call_leaves BEFORE UPDATE ON calls_call FOR EACH ROW WHEN (NEW.state = 'sending' AND
  (OLD.state, OLD.tenant_id, OLD.number_dedication_id, OLD.assistant_dedication_id)
  IS DISTINCT FROM (NEW.state, NEW.tenant_id, NEW.number_dedication_id, NEW.assistant_dedication_id))
  EXECUTE FUNCTION call_leaves();
"""
UNDO = """
DROP TRIGGER call_leaves ON calls_call; DROP TRIGGER call_is_made_leaving ON calls_call; DROP FUNCTION call_leaves();
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0003_said_before"), ("tenants", "0002_triggers")]
    operations = [migrations.RunSQL(LEAVES, UNDO)]
