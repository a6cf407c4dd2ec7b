-- A call is sent only by right, whatever the application checked or forgot to check: once, by an active client, from a
-- number and with an assistant that are dedicated to this client for the next 45 seconds, to a country and a kind of
-- number that staff allow the client, to nobody on a do-not-call list of the client or the reseller, while no call of the client has an alarm about a wrong number or assistant, and
-- not after the end of the time that it was planned for (`not_after`).
-- A call with a one-time assistant (mode `transient`) needs no assistant of the client: instead staff allow the client
-- such calls, and whoever asked for this one is active and has the right to them, as a member or as staff who may call
-- for the client.
-- When the call was claimed, and what VoiceDock is asked for (the `asked_…` columns, from the dedications), is written
-- here alone. The rows that are read stay locked until the commit, so that a release or a suspension comes before or
-- after, never in between: `dedication_is_in_use` and `tenant_is_sending` take the same locks.
CREATE FUNCTION public.call_leaves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  number record;
  assistant record;
  client record;
  staff record;
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.state = 'sending' AND OLD.state NOT IN ('queued', 'sending') THEN
    RAISE EXCEPTION 'a call is sent once' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  IF NEW.not_after <= statement_timestamp() THEN
    RAISE EXCEPTION 'the time that this call was planned for is over'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  SELECT t.allowed_countries, t.allowed_kinds, t.transient_calls INTO client FROM public.tenants_tenant t
    WHERE t.id = NEW.tenant_id AND t.status = 'active' AND coalesce(t.calls_held_until <= statement_timestamp(), true) FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this client may not dial' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  -- Which country a number rings in and of what kind it is, the application reads and writes with the call; that the
  -- country fits the number is looked at here.
  IF NOT public.number_rings_in(NEW.counterpart, NEW.destination_country) THEN
    RAISE EXCEPTION 'the number that is called does not ring in that country'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  IF NEW.destination_kind IN ('premium-rate', 'shared-cost', 'personal', 'satellite') THEN
    IF NEW.destination_kind <> ALL (client.allowed_kinds) THEN
      RAISE EXCEPTION 'this client may not call this kind of number'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
    END IF;
  ELSIF NEW.destination_country = '' AND NEW.destination_kind <> 'toll-free' THEN
    RAISE EXCEPTION 'a network of no country has a kind' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  IF cardinality(client.allowed_countries) > 0 AND NEW.destination_country <> ALL (client.allowed_countries)
      AND NOT (NEW.destination_country = '' AND NEW.destination_kind <> 'toll-free') THEN
    RAISE EXCEPTION 'this client may not call that country'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  PERFORM 1 FROM public.contact_rules_donotcallentry e WHERE e.tenant_id = NEW.tenant_id AND e.number = NEW.counterpart;
  IF FOUND OR public.reseller_blocks(NEW.counterpart) THEN
    RAISE EXCEPTION 'this number is on a do-not-call list'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  SELECT d.e164, n.remote_id INTO number FROM public.tenants_numberdedication d
    JOIN public.tenants_number n ON n.id = d.number_id
    WHERE d.id = NEW.number_dedication_id AND d.tenant_id = NEW.tenant_id AND d.withdrawn_at IS NULL
    AND d.period @> statement_timestamp() AND d.period @> statement_timestamp() + interval '45 seconds'
    FOR SHARE OF d;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this number is not dedicated now' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  IF NEW.mode = 'transient' THEN
    IF NEW.assistant_dedication_id IS NOT NULL OR NEW.assistant_configuration = '{}' THEN
      RAISE EXCEPTION 'a one-time assistant is made for its call' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
    END IF;
    IF NOT client.transient_calls THEN
      RAISE EXCEPTION 'this client may not use one-time assistants'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
    END IF;
    PERFORM 1 FROM public.tenants_user u WHERE u.id = NEW.requested_by_id AND u.is_active FOR SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'this person is not active and may not use one-time assistants'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
    END IF;
    PERFORM 1 FROM public.tenants_membership m WHERE m.tenant_id = NEW.tenant_id AND m.user_id = NEW.requested_by_id
      AND m.places_transient_calls AND m.role IN ('owner', 'manager', 'operator') FOR SHARE;
    IF NOT FOUND THEN
      SELECT s.role INTO staff FROM public.tenants_staffmember s WHERE s.user_id = NEW.requested_by_id
        AND (s.role = 'admin' OR s.role = 'support' AND (s.sees_all OR EXISTS (SELECT 1 FROM public.tenants_staffgrant g
          WHERE g.staff_id = s.user_id AND g.tenant_id = NEW.tenant_id)))
        FOR SHARE;
      IF FOUND AND staff.role = 'support' THEN
        PERFORM 1 FROM public.tenants_supportpass p WHERE p.tenant_id = NEW.tenant_id AND p.withdrawn_at IS NULL
          AND p.until > statement_timestamp() FOR SHARE;
      END IF;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'this person may not use one-time assistants'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
      END IF;
    END IF;
    NEW.asked_assistant_remote_id := '';
  ELSE
    SELECT a.remote_id INTO assistant FROM public.tenants_assistantdedication d
      JOIN public.tenants_assistant a ON a.id = d.assistant_id
      WHERE d.id = NEW.assistant_dedication_id AND d.tenant_id = NEW.tenant_id AND d.withdrawn_at IS NULL
      AND d.period @> statement_timestamp() AND d.period @> statement_timestamp() + interval '45 seconds'
      FOR SHARE OF d;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'this assistant is not dedicated now'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
    END IF;
    NEW.asked_assistant_remote_id := assistant.remote_id;
  END IF;
  PERFORM 1 FROM public.calls_call c WHERE c.tenant_id = NEW.tenant_id AND c.alarm IN ('wrong-number', 'wrong-assistant');
  IF FOUND THEN
    RAISE EXCEPTION 'a call left from a wrong number or with a wrong assistant' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  IF NEW.line NOT IN ('', number.e164) THEN
    RAISE EXCEPTION 'the number that is meant is not the one that is dedicated'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'call_leaves';
  END IF;
  NEW.line := number.e164;
  NEW.claimed_at := statement_timestamp();
  IF TG_OP = 'UPDATE' THEN
    NEW.claimed_at := coalesce(OLD.claimed_at, NEW.claimed_at);
  END IF;
  NEW.asked_line := number.e164;
  NEW.asked_number_remote_id := number.remote_id;
  RETURN NEW;
END $$;

-- A new call that is sent at once, or that appears in a live state.
CREATE TRIGGER call_is_made_leaving BEFORE INSERT ON public.calls_call FOR EACH ROW
  WHEN (NEW.state = 'sending' OR NEW.origin = 'placed' AND NEW.state NOT IN ('queued', 'ended', 'ended-with-error',
    'transferred', 'failed', 'rejected', 'insufficient-credits', 'refused'))
  EXECUTE FUNCTION public.call_leaves();
-- A call that is claimed for sending, or whose right changes while it is sent; and one that waits or is over and
-- becomes live without an id at VoiceDock.
CREATE TRIGGER call_leaves BEFORE UPDATE ON public.calls_call FOR EACH ROW
  WHEN (NEW.state = 'sending' AND
    (OLD.state, OLD.tenant_id, OLD.number_dedication_id, OLD.assistant_dedication_id, OLD.mode, OLD.requested_by_id,
      OLD.counterpart, OLD.destination_country, OLD.destination_kind)
    IS DISTINCT FROM (NEW.state, NEW.tenant_id, NEW.number_dedication_id, NEW.assistant_dedication_id, NEW.mode,
      NEW.requested_by_id, NEW.counterpart, NEW.destination_country, NEW.destination_kind)
    OR NEW.origin = 'placed' AND NEW.remote_id = '' AND NEW.webhook_call_id = ''
    AND OLD.state IN ('queued', 'ended', 'ended-with-error', 'transferred', 'failed', 'rejected',
      'insufficient-credits', 'refused')
    AND NEW.state NOT IN ('queued', 'sending', 'ended', 'ended-with-error', 'transferred', 'failed', 'rejected',
      'insufficient-credits', 'refused'))
  EXECUTE FUNCTION public.call_leaves();
