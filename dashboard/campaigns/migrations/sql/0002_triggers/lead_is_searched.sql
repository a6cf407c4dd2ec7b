-- The name of a lead is found by a search of calls: what the search looks into is computed anew for the lead's call when
-- the name changes, and when the lead gets a call or goes.
CREATE FUNCTION public.lead_is_searched() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM public.call_search_refresh(c.id) FROM public.campaigns_campaign campaign
      JOIN public.calls_call c ON c.connection_id = campaign.connection_id AND c.remote_id <> ''
      WHERE campaign.id = OLD.campaign_id AND c.remote_id = OLD.call_remote_id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM public.call_search_refresh(c.id) FROM public.campaigns_campaign campaign
      JOIN public.calls_call c ON c.connection_id = campaign.connection_id AND c.remote_id <> ''
      WHERE campaign.id = NEW.campaign_id AND c.remote_id = NEW.call_remote_id;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER lead_is_searched AFTER INSERT ON public.campaigns_lead FOR EACH ROW
  WHEN (NEW.call_remote_id <> '') EXECUTE FUNCTION public.lead_is_searched();
CREATE TRIGGER lead_is_searched_anew AFTER UPDATE ON public.campaigns_lead FOR EACH ROW
  WHEN ((OLD.call_remote_id, OLD.campaign_id, OLD.tenant_id, OLD.variables -> 'name')
    IS DISTINCT FROM (NEW.call_remote_id, NEW.campaign_id, NEW.tenant_id, NEW.variables -> 'name'))
  EXECUTE FUNCTION public.lead_is_searched();
CREATE TRIGGER lead_is_searched_no_more AFTER DELETE ON public.campaigns_lead FOR EACH ROW
  WHEN (OLD.call_remote_id <> '') EXECUTE FUNCTION public.lead_is_searched();
