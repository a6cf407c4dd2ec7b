-- A number or an assistant keeps its id at VoiceDock and its connection while a dedication of it is open: otherwise a
-- dedication could be made to refer to another number.
CREATE FUNCTION public.dedicated_id_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held boolean;
BEGIN
  IF TG_RELID = 'public.tenants_number'::regclass THEN
    held := EXISTS (SELECT 1 FROM public.tenants_numberdedication d WHERE d.number_id = OLD.id
      AND (upper(d.period) IS NULL OR upper(d.period) > statement_timestamp()));
  ELSE
    held := EXISTS (SELECT 1 FROM public.tenants_assistantdedication d WHERE d.assistant_id = OLD.id
      AND (upper(d.period) IS NULL OR upper(d.period) > statement_timestamp()));
  END IF;
  IF held THEN
    RAISE EXCEPTION 'what is dedicated keeps its id at VoiceDock' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER dedicated_number_id_stands BEFORE UPDATE ON public.tenants_number FOR EACH ROW
  WHEN (OLD.remote_id IS DISTINCT FROM NEW.remote_id OR OLD.connection_id IS DISTINCT FROM NEW.connection_id)
  EXECUTE FUNCTION public.dedicated_id_stands();
CREATE TRIGGER dedicated_assistant_id_stands BEFORE UPDATE ON public.tenants_assistant FOR EACH ROW
  WHEN (OLD.remote_id IS DISTINCT FROM NEW.remote_id OR OLD.connection_id IS DISTINCT FROM NEW.connection_id)
  EXECUTE FUNCTION public.dedicated_id_stands();
