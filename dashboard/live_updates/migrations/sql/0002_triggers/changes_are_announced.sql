-- The reader of the changes feed is woken when a transaction that noted changes commits. The notification says nothing:
-- what changed is in the table.
CREATE FUNCTION public.changes_are_announced() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NOTIFY patchbay_changes;
  RETURN NULL;
END $$;

CREATE TRIGGER changes_are_announced AFTER INSERT ON public.live_updates_change
  FOR EACH STATEMENT EXECUTE FUNCTION public.changes_are_announced();
