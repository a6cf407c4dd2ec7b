-- An audit entry is never changed or deleted, by any role.
CREATE FUNCTION public.audit_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege'; END $$;

CREATE TRIGGER audit_stands BEFORE UPDATE OR DELETE ON public.tenants_auditentry
  FOR EACH ROW EXECUTE FUNCTION public.audit_stands();
