-- Whether the reseller's own do-not-call list has this number. A client's scope cannot read that list: it learns of one
-- number at a time, and nothing of what other clients have on theirs.
CREATE FUNCTION public.reseller_blocks(called text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM public.contact_rules_donotcallentry e WHERE e.tenant_id IS NULL AND e.number = called)
$$;
