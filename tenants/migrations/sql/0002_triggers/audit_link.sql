-- The audit trail is a hash chain: each entry gets the next number of its chain and a hash over the entry before it,
-- its own text and its id. The columns are taken from `body`, which is what the hash covers. `tenants/audit/verification.py`
-- computes the same hash in `link`. Runs as the owner, because the application may not write `tenants_audithead`.
CREATE FUNCTION public.audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  facts json := NEW.body::json;
BEGIN
  NEW.at := (facts ->> 'at')::timestamptz;
  NEW.actor_id := (facts ->> 'by')::bigint;
  NEW.actor := facts ->> 'actor';
  NEW.action := facts ->> 'action';
  NEW.subject := facts ->> 'subject';
  INSERT INTO public.tenants_audithead (chain, seq, hash) VALUES (NEW.chain, 0, ''::bytea) ON CONFLICT DO NOTHING;
  UPDATE public.tenants_audithead h SET seq = h.seq + 1, hash = sha256(h.hash || convert_to(
      (h.seq + 1) || E'\n' || NEW.chain || E'\n' || NEW.action || E'\n' || NEW.body || E'\n' || NEW.id, 'UTF8'))
    WHERE h.chain = NEW.chain RETURNING h.seq, h.hash INTO NEW.seq, NEW.hash;
  RETURN NEW;
END $$;

CREATE TRIGGER audit_link BEFORE INSERT ON public.tenants_auditentry
  FOR EACH ROW EXECUTE FUNCTION public.audit_link();
