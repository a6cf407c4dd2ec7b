-- A number on the list of the reseller is stored as its keyed hash alone, whatever the application hands over.
CREATE FUNCTION public.hash_number_for_all() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.number <> '' THEN
    NEW.digest := public.keyed_hash(NEW.number);
    NEW.number := '';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER hash_number_for_all BEFORE INSERT OR UPDATE ON public.contact_rules_donotcallentry FOR EACH ROW
  WHEN (NEW.tenant_id IS NULL)
  EXECUTE FUNCTION public.hash_number_for_all();
