-- A client is not suspended or closed while one of its calls is being sent: the other end of `call_leaves`.
CREATE FUNCTION public.tenant_is_sending() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM public.calls_call c WHERE c.tenant_id = OLD.id AND c.state = 'sending') THEN
    RAISE EXCEPTION 'a call of this client is being sent'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tenant_is_sending';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER tenant_is_sending BEFORE UPDATE ON public.tenants_tenant FOR EACH ROW
  WHEN (OLD.status = 'active' AND NEW.status <> 'active') EXECUTE FUNCTION public.tenant_is_sending();
