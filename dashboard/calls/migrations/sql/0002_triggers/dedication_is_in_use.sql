-- A dedication does not end while a call is being sent by it, nor before a call that was sent by it: the other end of
-- `call_leaves`.
CREATE FUNCTION public.dedication_is_in_use() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  used boolean;
BEGIN
  IF TG_RELID = 'public.tenants_numberdedication'::regclass THEN
    used := EXISTS (SELECT 1 FROM public.calls_call c WHERE c.number_dedication_id = OLD.id
      AND c.tenant_id = OLD.tenant_id AND (c.state = 'sending' OR c.sent_at >= upper(NEW.period)));
  ELSE
    used := EXISTS (SELECT 1 FROM public.calls_call c WHERE c.assistant_dedication_id = OLD.id
      AND c.tenant_id = OLD.tenant_id AND (c.state = 'sending' OR c.sent_at >= upper(NEW.period)));
  END IF;
  IF used THEN
    RAISE EXCEPTION 'a call is being sent by this dedication, or was sent after that end'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'dedication_is_in_use';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER number_dedication_is_in_use BEFORE UPDATE ON public.tenants_numberdedication FOR EACH ROW
  WHEN (OLD.period IS DISTINCT FROM NEW.period) EXECUTE FUNCTION public.dedication_is_in_use();
CREATE TRIGGER assistant_dedication_is_in_use BEFORE UPDATE ON public.tenants_assistantdedication FOR EACH ROW
  WHEN (OLD.period IS DISTINCT FROM NEW.period) EXECUTE FUNCTION public.dedication_is_in_use();
