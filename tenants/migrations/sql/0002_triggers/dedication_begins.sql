-- A dedication begins and ends now or later: nobody can claim that a number belonged to a client in the past.
-- Five seconds are allowed because the clocks of application servers differ a little.
CREATE FUNCTION public.dedication_begins() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The owner may, for the history of the demo. Web and workers never connect as the owner.
  IF session_user = (SELECT pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c WHERE c.oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF lower(NEW.period) < statement_timestamp() - interval '5 seconds'
     OR upper(NEW.period) < statement_timestamp() - interval '5 seconds' OR NEW.withdrawn_at IS NOT NULL THEN
    RAISE EXCEPTION 'a dedication begins and ends now or later'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'dedication_begins';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER number_dedication_begins BEFORE INSERT ON public.tenants_numberdedication
  FOR EACH ROW EXECUTE FUNCTION public.dedication_begins();
CREATE TRIGGER assistant_dedication_begins BEFORE INSERT ON public.tenants_assistantdedication
  FOR EACH ROW EXECUTE FUNCTION public.dedication_begins();
