-- A dedication is never rewritten. It is ended, now or later and never later than it would end already; or it is
-- withdrawn before it has begun. One that has ended or is withdrawn does not change any more. Until then a line may get
-- another name, which proves nothing.
CREATE FUNCTION public.dedication_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  open_columns text[] := ARRAY['period', 'ended_by_id', 'withdrawn_at', 'name'];
BEGIN
  IF to_jsonb(OLD) - open_columns <> to_jsonb(NEW) - open_columns
     OR lower(OLD.period) IS DISTINCT FROM lower(NEW.period)
     OR upper(OLD.period) <= statement_timestamp() OR OLD.withdrawn_at IS NOT NULL
     OR (upper(OLD.period) IS NOT NULL AND coalesce(upper(NEW.period) > upper(OLD.period), true)) THEN
    RAISE EXCEPTION 'a dedication is never rewritten, only ended' USING ERRCODE = 'check_violation';
  END IF;
  IF upper(NEW.period) IS DISTINCT FROM upper(OLD.period)
     AND upper(NEW.period) < statement_timestamp() - interval '5 seconds' THEN
    RAISE EXCEPTION 'a dedication begins and ends now or later'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'dedication_begins';
  END IF;
  IF NEW.withdrawn_at IS NOT NULL AND lower(OLD.period) <= statement_timestamp() THEN
    RAISE EXCEPTION 'a dedication that has begun is ended, not withdrawn' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER number_dedication_stands BEFORE UPDATE ON public.tenants_numberdedication
  FOR EACH ROW EXECUTE FUNCTION public.dedication_stands();
CREATE TRIGGER assistant_dedication_stands BEFORE UPDATE ON public.tenants_assistantdedication
  FOR EACH ROW EXECUTE FUNCTION public.dedication_stands();
