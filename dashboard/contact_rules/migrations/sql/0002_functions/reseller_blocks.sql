-- Whether the reseller's own do-not-call list has this number: asked when a call leaves (`call_leaves`).
CREATE FUNCTION public.reseller_blocks(called text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM public.listed_for_all(ARRAY[called]))
$$;
