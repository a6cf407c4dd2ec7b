-- A dedication begins and ends now or later: nobody writes a past in which a number belonged to a client.
-- Five seconds are allowed because the clocks of application servers differ a little.
CREATE FUNCTION public.dedication_begins() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The owner's log-in may: it alone gives the demo a past. The web and the workers never have it.
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
