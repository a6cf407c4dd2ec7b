-- Corrections of caller IDs and clearings of alarms are never changed or deleted.
CREATE FUNCTION public.proof_row_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'this is never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER correction_stands BEFORE UPDATE OR DELETE ON public.calls_calleridcorrection
  FOR EACH ROW EXECUTE FUNCTION public.proof_row_stands();
CREATE TRIGGER clearing_stands BEFORE UPDATE OR DELETE ON public.calls_alarmclearing
  FOR EACH ROW EXECUTE FUNCTION public.proof_row_stands();
