-- A call is transferred to people: never to a line of the same client, where its own assistant would take it.
CREATE FUNCTION public.transfer_target_is_no_line() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.tenants_numberdedication d WHERE d.tenant_id = NEW.tenant_id AND d.e164 = NEW.destination
    AND d.withdrawn_at IS NULL AND d.period @> statement_timestamp();
  IF FOUND THEN
    RAISE EXCEPTION 'a transfer target is no line of the client'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_target_is_no_line';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER transfer_target_is_no_line BEFORE INSERT OR UPDATE ON public.calls_transfertarget
  FOR EACH ROW EXECUTE FUNCTION public.transfer_target_is_no_line();
