-- The audit trail is a hash chain: each entry gets the next number of its chain and a hash over the entry before it,
-- its own text and its id. The columns are taken from `body`, which is what the hash covers. `tenants/audit/verification.py`
-- computes the same hash in `link`. Runs as the owner, because the application may not write `tenants_audithead`.
-- It refuses a body that `disagreement` there would read as something else than the columns, or not at all: such an entry
-- breaks its chain for good. Casts here take more than Python does.
CREATE FUNCTION public.audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  facts json := NEW.body::json;
  person text := facts ->> 'by';
BEGIN
  IF json_typeof(facts) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'the body of an audit entry is an object' USING ERRCODE = 'check_violation';
  ELSIF (json_typeof(facts -> 'by') = 'null' OR json_typeof(facts -> 'by') = 'number' AND person ~ '^-?[0-9]+$')
      IS NOT TRUE THEN
    RAISE EXCEPTION 'by, in the body of an audit entry, is a whole number or null' USING ERRCODE = 'check_violation';
  ELSIF (json_typeof(facts -> 'at') = 'string' AND facts ->> 'at' ~
      '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{6})?[+-][0-9]{2}:[0-9]{2}$')
      IS NOT TRUE THEN
    RAISE EXCEPTION 'at, in the body of an audit entry, is a time with its offset from UTC' USING ERRCODE = 'check_violation';
  ELSIF (json_typeof(facts -> 'actor') = 'string' AND json_typeof(facts -> 'action') = 'string'
      AND json_typeof(facts -> 'subject') = 'string') IS NOT TRUE THEN
    RAISE EXCEPTION 'actor, action and subject of an audit entry are text' USING ERRCODE = 'check_violation';
  END IF;
  NEW.at := (facts ->> 'at')::timestamptz;
  NEW.actor_id := person::bigint;
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
