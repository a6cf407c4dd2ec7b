"""What proves the caller ID is written once, and a right cannot end between the claim of a call and its request.

- `call_leaves`: every way into a live state is looked at, and what is asked of VoiceDock is written by the database.
- `call_proof_stands`: once a call was sent or reported, its proof is not rewritten.
- `dedication_is_in_use`, `tenant_is_sending`: the other end of `call_leaves`.
- `proof_row_stands`, `proof_row_has_entry`: corrections and clearings are new rows with an audit entry.
- `report_stands`: a report goes when the retention of its client has ended, and not before.
"""

from django.db import migrations

LEAVES = """
CREATE OR REPLACE FUNCTION public.call_leaves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  number record;
  assistant record;
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.state = 'sending' AND OLD.state NOT IN ('queued', 'sending') THEN
    RAISE EXCEPTION 'a call is sent once' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM public.tenants_tenant t WHERE t.id = NEW.tenant_id AND t.status = 'active'
    AND coalesce(t.calls_held_until <= statement_timestamp(), true) FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this client may not dial' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  SELECT d.e164, n.remote_id INTO number FROM public.tenants_numberdedication d
    JOIN public.tenants_number n ON n.id = d.number_id
    WHERE d.id = NEW.number_dedication_id AND d.tenant_id = NEW.tenant_id AND d.withdrawn_at IS NULL
    AND d.period @> statement_timestamp() AND d.period @> statement_timestamp() + interval '45 seconds'
    FOR SHARE OF d;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this number is not dedicated now' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  SELECT a.remote_id INTO assistant FROM public.tenants_assistantdedication d
    JOIN public.tenants_assistant a ON a.id = d.assistant_id
    WHERE d.id = NEW.assistant_dedication_id AND d.tenant_id = NEW.tenant_id AND d.withdrawn_at IS NULL
    AND d.period @> statement_timestamp() AND d.period @> statement_timestamp() + interval '45 seconds'
    FOR SHARE OF d;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this assistant is not dedicated now' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM public.calls_call c WHERE c.tenant_id = NEW.tenant_id AND c.alarm = 'wrong-number';
  IF FOUND THEN
    RAISE EXCEPTION 'a call left from a wrong number' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  IF NEW.line NOT IN ('', number.e164) THEN
    RAISE EXCEPTION 'the number that is meant is not the one that is dedicated'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  NEW.line := number.e164;
  NEW.asked_line := number.e164;
  NEW.asked_number_remote_id := number.remote_id;
  NEW.asked_assistant_remote_id := assistant.remote_id;
  RETURN NEW;
END $$;
DROP TRIGGER call_is_made_leaving ON public.calls_call;
CREATE TRIGGER call_is_made_leaving BEFORE INSERT ON public.calls_call FOR EACH ROW
  WHEN (NEW.state = 'sending' OR NEW.origin = 'placed' AND NEW.state NOT IN ('queued', 'ended', 'ended-with-error',
    'transferred', 'failed', 'rejected', 'insufficient-credits', 'refused'))
  EXECUTE FUNCTION public.call_leaves();
DROP TRIGGER call_leaves ON public.calls_call;
CREATE TRIGGER call_leaves BEFORE UPDATE ON public.calls_call FOR EACH ROW
  WHEN (NEW.state = 'sending' AND
    (OLD.state, OLD.tenant_id, OLD.number_dedication_id, OLD.assistant_dedication_id)
    IS DISTINCT FROM (NEW.state, NEW.tenant_id, NEW.number_dedication_id, NEW.assistant_dedication_id)
    OR OLD.state = 'queued' AND NEW.remote_id = '' AND NEW.hook_id = '' AND NEW.state NOT IN ('queued', 'sending',
    'ended', 'ended-with-error', 'transferred', 'failed', 'rejected', 'insufficient-credits', 'refused'))
  EXECUTE FUNCTION public.call_leaves();
"""
PROOF = """
CREATE FUNCTION public.call_proof_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sent boolean := OLD.origin <> 'placed' OR OLD.state <> 'queued' OR OLD.sent_at IS NOT NULL;
  rewritten text;
BEGIN
  IF OLD.state = 'sending' AND NEW.state = 'queued' THEN  -- proven unsent: nothing was asked
    NEW.asked_line := '';
    NEW.asked_number_remote_id := '';
    NEW.asked_assistant_remote_id := '';
  END IF;
  rewritten := CASE
    WHEN sent AND (OLD.tenant_id, OLD.connection_id, OLD.number_dedication_id, OLD.assistant_dedication_id, OLD.origin,
        OLD.direction, OLD.client_token, OLD.requested_by_id)
      IS DISTINCT FROM (NEW.tenant_id, NEW.connection_id, NEW.number_dedication_id, NEW.assistant_dedication_id,
        NEW.origin, NEW.direction, NEW.client_token, NEW.requested_by_id) THEN 'whose it is and by what right'
    WHEN sent AND OLD.line <> '' AND OLD.line <> NEW.line THEN 'line'
    WHEN OLD.reported_line <> '' AND OLD.reported_line <> NEW.reported_line THEN 'reported_line'
    WHEN OLD.number_remote_id <> '' AND OLD.number_remote_id <> NEW.number_remote_id THEN 'number_remote_id'
    WHEN OLD.origin = 'placed' AND OLD.remote_id <> '' AND OLD.remote_id <> NEW.remote_id THEN 'remote_id'
    WHEN OLD.answered_at IS NOT NULL AND (OLD.answered_at, OLD.answered_status, OLD.answered_remote_id)
      IS DISTINCT FROM (NEW.answered_at, NEW.answered_status, NEW.answered_remote_id) THEN 'the answer'
    WHEN (OLD.asked_line, OLD.asked_number_remote_id, OLD.asked_assistant_remote_id)
        IS DISTINCT FROM (NEW.asked_line, NEW.asked_number_remote_id, NEW.asked_assistant_remote_id)
      AND NOT (OLD.state = 'queued' AND NEW.state <> 'queued')
      AND NOT (NEW.state = 'queued' AND NEW.asked_line || NEW.asked_number_remote_id || NEW.asked_assistant_remote_id = '')
      THEN 'what was asked'
    WHEN OLD.data_removed_at IS NOT NULL AND NEW.data_removed_at IS DISTINCT FROM OLD.data_removed_at
      THEN 'data_removed_at'
  END;
  IF rewritten IS NOT NULL THEN
    RAISE EXCEPTION 'what proves the caller ID is not rewritten: %', rewritten
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';
  END IF;
  IF OLD.data_removed_at IS NULL AND NEW.data_removed_at IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM public.tenants_tenant t WHERE t.id = NEW.tenant_id AND t.status = 'closed'
      AND t.closed_at + t.retention_days * interval '1 day' <= statement_timestamp()) THEN
    RAISE EXCEPTION 'the retention of this call has not ended'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';
  END IF;
  IF OLD.alarm = 'wrong-number' AND (OLD.alarm, OLD.alarm_at) IS DISTINCT FROM (NEW.alarm, NEW.alarm_at)
      AND NOT EXISTS (SELECT 1 FROM public.calls_alarmclearing c
        WHERE c.call_id = OLD.id AND c.alarm_at = coalesce(OLD.alarm_at, OLD.created_at)
        AND c.tenant_id = OLD.tenant_id) THEN
    RAISE EXCEPTION 'staff clear the alarm about a wrong number, with a reason'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';
  END IF;
  IF NEW.alarm = 'wrong-number' AND NEW.alarm_at IS NULL THEN
    NEW.alarm_at := statement_timestamp();
  END IF;
  IF OLD.reported_line = '' AND NEW.reported_line <> '' AND NEW.reported_line <> NEW.line AND NEW.origin = 'placed'
      AND NEW.alarm <> 'wrong-number' THEN
    RAISE EXCEPTION 'a caller ID that differs raises the alarm'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER call_proof_stands BEFORE UPDATE ON public.calls_call
  FOR EACH ROW EXECUTE FUNCTION public.call_proof_stands();

CREATE FUNCTION public.proof_row_has_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.calls_call c WHERE c.id = NEW.call_id AND c.tenant_id IS NOT DISTINCT FROM NEW.tenant_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such call of this client' USING ERRCODE = 'foreign_key_violation';
  END IF;
  PERFORM 1 FROM public.tenants_auditentry e WHERE e.id = NEW.entry_id AND e.subject = 'call:' || NEW.call_id
    AND e.tenant_id IS NOT DISTINCT FROM NEW.tenant_id AND e.action = ANY (TG_ARGV::text[]);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this needs its entry in the audit trail'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'proof_row_has_entry';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION public.proof_row_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'this is never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER correction_has_entry BEFORE INSERT ON public.calls_calleridcorrection FOR EACH ROW
  EXECUTE FUNCTION public.proof_row_has_entry('call.reported-again', 'call.wrong-number');
CREATE TRIGGER clearing_has_entry BEFORE INSERT ON public.calls_alarmclearing FOR EACH ROW
  EXECUTE FUNCTION public.proof_row_has_entry('call.wrong-number-cleared');
CREATE TRIGGER correction_stands BEFORE UPDATE OR DELETE ON public.calls_calleridcorrection FOR EACH ROW
  EXECUTE FUNCTION public.proof_row_stands();
CREATE TRIGGER clearing_stands BEFORE UPDATE OR DELETE ON public.calls_alarmclearing FOR EACH ROW
  EXECUTE FUNCTION public.proof_row_stands();

CREATE FUNCTION public.report_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (OLD.call_id, OLD.tenant_id) IS DISTINCT FROM (NEW.call_id, NEW.tenant_id) THEN
      RAISE EXCEPTION 'a report stays with its call' USING ERRCODE = 'check_violation', CONSTRAINT = 'report_stands';
    END IF;
    RETURN NEW;
  END IF;
  PERFORM 1 FROM public.calls_call c WHERE c.id = OLD.call_id AND c.data_removed_at IS NOT NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the retention of this call has not ended'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'report_stands';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER report_stands BEFORE UPDATE OR DELETE ON public.calls_callreport FOR EACH ROW
  EXECUTE FUNCTION public.report_stands();
"""
OTHER_END = """
CREATE FUNCTION public.tenant_is_sending() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM public.calls_call c WHERE c.tenant_id = OLD.id AND c.state = 'sending') THEN
    RAISE EXCEPTION 'a call of this client is being sent'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tenant_is_sending';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER tenant_is_sending BEFORE UPDATE ON public.tenants_tenant FOR EACH ROW
  WHEN (OLD.status = 'active' AND NEW.status <> 'active') EXECUTE FUNCTION public.tenant_is_sending();

CREATE FUNCTION public.dedication_is_in_use() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  used boolean;
BEGIN
  IF TG_RELID = 'public.tenants_numberdedication'::regclass THEN
    used := EXISTS (SELECT 1 FROM public.calls_call c WHERE c.number_dedication_id = OLD.id
      AND c.tenant_id = OLD.tenant_id AND (c.state = 'sending' OR c.sent_at >= upper(NEW.period)));
  ELSE
    used := EXISTS (SELECT 1 FROM public.calls_call c WHERE c.assistant_dedication_id = OLD.id
      AND c.tenant_id = OLD.tenant_id AND (c.state = 'sending' OR c.sent_at >= upper(NEW.period)));
  END IF;
  IF used THEN
    RAISE EXCEPTION 'a call is being sent by this dedication, or was sent after that end'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'dedication_is_in_use';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER number_dedication_is_in_use BEFORE UPDATE ON public.tenants_numberdedication FOR EACH ROW
  WHEN (OLD.period IS DISTINCT FROM NEW.period) EXECUTE FUNCTION public.dedication_is_in_use();
CREATE TRIGGER assistant_dedication_is_in_use BEFORE UPDATE ON public.tenants_assistantdedication FOR EACH ROW
  WHEN (OLD.period IS DISTINCT FROM NEW.period) EXECUTE FUNCTION public.dedication_is_in_use();
"""
RECORDED_ALREADY = """
ALTER TABLE public.calls_receipt NO FORCE ROW LEVEL SECURITY;
UPDATE public.calls_receipt SET recorded_at = answered_at WHERE answered_at IS NOT NULL;
ALTER TABLE public.calls_receipt FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0012_what_proves"), ("tenants", "0013_times_and_audit_triggers")]
    operations = [
        migrations.RunSQL(RECORDED_ALREADY, migrations.RunSQL.noop),
        migrations.RunSQL(LEAVES, migrations.RunSQL.noop),
        migrations.RunSQL(PROOF, migrations.RunSQL.noop),
        migrations.RunSQL(OTHER_END, migrations.RunSQL.noop),
    ]
