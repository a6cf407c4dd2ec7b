"""What only triggers and a view can do: the audit chain, dedications that stand, names without password hashes."""

from django.db import migrations

from tenants.audit.log import TRIGGER

DEDICATIONS_STAND = """
CREATE FUNCTION dedication_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was jsonb := to_jsonb(OLD) - 'period' - 'ended_by_id'; becomes jsonb := to_jsonb(NEW) - 'period' - 'ended_by_id';
BEGIN
  IF was <> becomes OR lower(OLD.period) IS DISTINCT FROM lower(NEW.period)
     OR upper(OLD.period) <= now()
     OR (upper(OLD.period) IS NOT NULL AND coalesce(upper(NEW.period) > upper(OLD.period), true)) THEN
    RAISE EXCEPTION 'a dedication is never rewritten, only ended' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER number_dedication_stands BEFORE UPDATE ON tenants_numberdedication
  FOR EACH ROW EXECUTE FUNCTION dedication_stands();
CREATE TRIGGER assistant_dedication_stands BEFORE UPDATE ON tenants_assistantdedication
  FOR EACH ROW EXECUTE FUNCTION dedication_stands();
"""
UNDO = """
DROP TRIGGER number_dedication_stands ON tenants_numberdedication;
DROP TRIGGER assistant_dedication_stands ON tenants_assistantdedication; DROP FUNCTION dedication_stands();
"""
PERSON = "CREATE VIEW tenants_person AS SELECT id, email, name, is_active, last_login FROM tenants_user"
UNDO_AUDIT = """
DROP TRIGGER audit_stands ON tenants_auditentry; DROP FUNCTION audit_stands();
DROP TRIGGER audit_link ON tenants_auditentry; DROP FUNCTION audit_link();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [
        migrations.RunSQL(TRIGGER, UNDO_AUDIT),
        migrations.RunSQL(DEDICATIONS_STAND, UNDO),
        migrations.RunSQL(PERSON, "DROP VIEW tenants_person"),
    ]
