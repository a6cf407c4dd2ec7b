-- A report stays with its call, and is deleted only once the personal data of that call were removed.
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

CREATE TRIGGER report_stands BEFORE UPDATE OR DELETE ON public.calls_callreport
  FOR EACH ROW EXECUTE FUNCTION public.report_stands();
