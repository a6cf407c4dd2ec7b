-- What proves the caller ID of a call is written once: whose it is and by what right, the number, what VoiceDock was
-- asked for and with which override, answered and reported. A call whose request left never goes back into the queue.
-- Personal data are removed only after the retention of a client whose closing is in the audit trail. A caller ID that
-- differs raises the alarm about a wrong number; that alarm and the one about a wrong assistant go away only with a row
-- in `calls_alarmclearing`. Triggers run in the order of their names: `call_leaves` has written the `asked_…` columns
-- before this one reads them.
CREATE FUNCTION public.call_proof_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sent boolean := OLD.origin <> 'placed' OR OLD.state <> 'queued' OR OLD.sent_at IS NOT NULL;
  rewritten text;
BEGIN
  IF NEW.state = 'queued' AND OLD.state <> 'queued' AND NOT (OLD.state = 'sending' AND OLD.answered_at IS NULL
      AND OLD.remote_id || OLD.webhook_call_id || OLD.reported_line = '') THEN
    RAISE EXCEPTION 'a call is sent once' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';
  END IF;
  IF OLD.state = 'sending' AND NEW.state = 'queued' THEN  -- proven unsent: nothing was asked
    NEW.asked_line := '';
    NEW.asked_number_remote_id := '';
    NEW.asked_assistant_remote_id := '';
  END IF;
  rewritten := CASE
    WHEN OLD.id <> NEW.id THEN 'id'
    WHEN OLD.claimed_at IS DISTINCT FROM NEW.claimed_at AND (OLD.claimed_at IS NOT NULL
      OR NOT (OLD.state = 'queued' AND NEW.state = 'sending')
      AND NOT (NEW.origin = 'placed' AND NEW.remote_id = '' AND NEW.webhook_call_id = ''
        AND OLD.state IN ('queued', 'ended', 'ended-with-error', 'transferred', 'failed', 'rejected',
          'insufficient-credits', 'refused')
        AND NEW.state NOT IN ('queued', 'sending', 'ended', 'ended-with-error', 'transferred', 'failed', 'rejected',
          'insufficient-credits', 'refused'))) THEN 'claimed_at'
    WHEN sent AND (OLD.tenant_id, OLD.connection_id, OLD.number_dedication_id, OLD.assistant_dedication_id, OLD.origin,
        OLD.direction, OLD.client_token, OLD.requested_by_id)
      IS DISTINCT FROM (NEW.tenant_id, NEW.connection_id, NEW.number_dedication_id, NEW.assistant_dedication_id,
        NEW.origin, NEW.direction, NEW.client_token, NEW.requested_by_id) THEN 'whose it is and by what right'
    WHEN sent AND OLD.line <> '' AND OLD.line <> NEW.line THEN 'line'
    WHEN OLD.reported_line <> '' AND OLD.reported_line <> NEW.reported_line THEN 'reported_line'
    WHEN OLD.number_remote_id <> '' AND OLD.number_remote_id <> NEW.number_remote_id THEN 'number_remote_id'
    WHEN OLD.origin = 'placed' AND OLD.remote_id <> '' AND OLD.remote_id <> NEW.remote_id THEN 'remote_id'
    WHEN OLD.origin = 'placed' AND OLD.webhook_call_id <> '' AND OLD.webhook_call_id <> NEW.webhook_call_id THEN 'webhook_call_id'
    WHEN OLD.answered_at IS NOT NULL AND (OLD.answered_at, OLD.answered_status, OLD.answered_remote_id)
      IS DISTINCT FROM (NEW.answered_at, NEW.answered_status, NEW.answered_remote_id) THEN 'the answer'
    WHEN (OLD.asked_line, OLD.asked_number_remote_id, OLD.asked_assistant_remote_id)
        IS DISTINCT FROM (NEW.asked_line, NEW.asked_number_remote_id, NEW.asked_assistant_remote_id)
      AND NOT (OLD.state = 'queued' AND NEW.state = 'sending')
      AND NOT (NEW.origin = 'placed' AND NEW.remote_id = '' AND NEW.webhook_call_id = ''
        AND OLD.state IN ('queued', 'ended', 'ended-with-error', 'transferred', 'failed', 'rejected',
          'insufficient-credits', 'refused')
        AND NEW.state NOT IN ('queued', 'sending', 'ended', 'ended-with-error', 'transferred', 'failed', 'rejected',
          'insufficient-credits', 'refused'))  -- written by call_leaves, which comes before
      AND NOT (NEW.state = 'queued'
        AND NEW.asked_line || NEW.asked_number_remote_id || NEW.asked_assistant_remote_id = '')
      THEN 'what was asked'
    -- What speaks is not changed while it waits, either: it was shown before it was asked for. Nor is who asked for a
    -- one-time assistant, since the right to it is that person's.
    WHEN (OLD.overrides, OLD.assistant_override, OLD.assistant_configuration)
        IS DISTINCT FROM (NEW.overrides, NEW.assistant_override, NEW.assistant_configuration)
      AND (NEW.data_removed_at IS NULL OR NEW.overrides <> '{}' OR NEW.assistant_override <> '{}'
        OR NEW.assistant_configuration <> '{}')
      THEN 'what it changes of its assistant'
    WHEN OLD.mode <> NEW.mode OR OLD.mode = 'transient' AND OLD.requested_by_id IS DISTINCT FROM NEW.requested_by_id
      THEN 'what speaks in it'
    WHEN OLD.data_removed_at IS NOT NULL AND NEW.data_removed_at IS DISTINCT FROM OLD.data_removed_at
      THEN 'data_removed_at'
  END;
  IF rewritten IS NOT NULL THEN
    RAISE EXCEPTION 'what proves the caller ID is not rewritten: %', rewritten
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';
  END IF;
  IF OLD.data_removed_at IS NULL AND NEW.data_removed_at IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM public.tenants_tenant t WHERE t.id = NEW.tenant_id AND t.status = 'closed'
      AND t.closed_at + t.retention_days * interval '1 day' <= statement_timestamp()
      AND EXISTS (SELECT 1 FROM public.tenants_auditentry e
        WHERE e.tenant_id = t.id AND e.action = 'tenant.closed')) THEN
    RAISE EXCEPTION 'the retention of this call has not ended'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';
  END IF;
  IF OLD.alarm IN ('wrong-number', 'wrong-assistant')
      AND (OLD.alarm, OLD.alarm_at) IS DISTINCT FROM (NEW.alarm, NEW.alarm_at)
      AND NOT (OLD.alarm = 'wrong-assistant' AND NEW.alarm = 'wrong-number')
      AND NOT EXISTS (SELECT 1 FROM public.calls_alarmclearing c
        WHERE c.call_id = OLD.id AND c.alarm_at = coalesce(OLD.alarm_at, OLD.created_at)
        AND c.tenant_id = OLD.tenant_id) THEN
    RAISE EXCEPTION 'staff clear an alarm that stops dialing, with a reason'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';
  END IF;
  IF NEW.alarm IN ('wrong-number', 'wrong-assistant') AND NEW.alarm_at IS NULL THEN
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
