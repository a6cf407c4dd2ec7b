-- Only a call that was claimed for sending holds anything that VoiceDock told of it. A call that is placed is inserted
-- waiting or being sent, with nothing told of it; until it is claimed (`claimed_at`, which `call_leaves` alone writes) it
-- can only wait or be refused. A call that was found at VoiceDock has nothing of a call that was placed here, and is of a
-- dedication only by that dedication's own number, at a time at which it held.
CREATE FUNCTION public.call_facts_follow_claim() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  told boolean := NEW.remote_id || NEW.webhook_call_id || NEW.reported_line || NEW.number_remote_id || NEW.answered_status
      || NEW.answered_remote_id || NEW.end_reason || NEW.machine_source || NEW.analysis_outcome <> ''
    OR num_nonnulls(NEW.answered_at, NEW.placed_at, NEW.started_at, NEW.ended_at, NEW.duration_seconds) > 0;
  asked boolean := NEW.asked_line || NEW.asked_number_remote_id || NEW.asked_assistant_remote_id <> '';
  wrong text;
BEGIN
  -- The owner's log-in may: the web and the workers never have it.
  IF session_user = (SELECT pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c WHERE c.oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF NEW.origin NOT IN ('placed', 'adopted') THEN
    wrong := 'a call was placed here or found';
  ELSIF NEW.origin = 'adopted' THEN
    IF asked OR NEW.mode <> 'reference' OR NEW.answered_status || NEW.answered_remote_id <> '' OR num_nonnulls(NEW.claimed_at, NEW.sent_at,
        NEW.answered_at, NEW.placed_at, NEW.client_token, NEW.requested_by_id) > 0 THEN
      wrong := 'a call that was found is not one that was placed here';
    ELSIF NEW.number_dedication_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM public.tenants_numberdedication d WHERE d.id = NEW.number_dedication_id
        AND NEW.line IN ('', d.e164)) THEN
      wrong := 'a call that was found has the number of its dedication';
    ELSIF TG_OP = 'INSERT' AND NEW.number_dedication_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM public.tenants_numberdedication d WHERE d.id = NEW.number_dedication_id
        AND d.withdrawn_at IS NULL AND d.period @> NEW.created_at) THEN
      wrong := 'the number of a call that was found was not dedicated then';
    END IF;
  ELSIF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ('queued', 'sending') OR told OR NEW.finished OR NEW.alarm <> ''
        OR num_nonnulls(NEW.data_removed_at, NEW.alarm_at, NEW.end_asked_at, NEW.missing_since) > 0
        OR NEW.state = 'queued' AND (asked OR NEW.sent_at IS NOT NULL OR NEW.claimed_at IS NOT NULL) THEN
      wrong := 'a call that is placed begins with nothing told of it';
    END IF;
  ELSIF NEW.claimed_at IS NULL AND (NEW.state NOT IN ('queued', 'refused') OR told OR asked
      OR NEW.sent_at IS NOT NULL) THEN
    wrong := 'nothing is told of a call that was never claimed';
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '%', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'call_facts_follow_claim';
  END IF;
  RETURN NEW;
END $$;

-- Triggers run in the order of their names: this one comes last, and looks at what the others have written.
CREATE TRIGGER facts_follow_claim BEFORE INSERT OR UPDATE ON public.calls_call
  FOR EACH ROW EXECUTE FUNCTION public.call_facts_follow_claim();
