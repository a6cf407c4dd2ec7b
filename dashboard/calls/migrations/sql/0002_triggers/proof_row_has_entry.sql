-- A correction of a caller ID, or the clearing of an alarm, belongs to a call of the same client and to its entry in
-- the audit trail; the arguments of the trigger are the actions that such an entry may have.
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

CREATE TRIGGER correction_has_entry BEFORE INSERT ON public.calls_calleridcorrection FOR EACH ROW
  EXECUTE FUNCTION public.proof_row_has_entry('call.reported-again', 'call.wrong-number');
CREATE TRIGGER clearing_has_entry BEFORE INSERT ON public.calls_alarmclearing FOR EACH ROW
  EXECUTE FUNCTION public.proof_row_has_entry('call.wrong-number-cleared');
