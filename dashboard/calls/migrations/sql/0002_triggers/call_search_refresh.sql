-- What a search looks into (`CallSearch`) follows the call, its report and the name of its lead: each row is computed
-- anew from these, so that doing it twice changes nothing, and a call without personal data has no row. The lead is of
-- the app `campaigns`, which has the trigger for it.
CREATE FUNCTION public.search_terms(written text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT left(word, 60) FROM regexp_split_to_table(lower(left(written, 200000)), '[^[:alnum:]]+') word
  WHERE word <> ''
$$;

CREATE FUNCTION public.call_search_refresh(wanted uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- One at a time, so that each reads what the one before it has committed.
  PERFORM 1 FROM public.calls_call c WHERE c.id = wanted FOR NO KEY UPDATE;
  INSERT INTO public.calls_callsearch AS kept (call_id, tenant_id, created_at, digits, words)
  SELECT c.id, c.tenant_id, c.created_at, d.digits, array_to_tsvector(ARRAY(
      SELECT public.search_terms(r.summary)
      UNION SELECT public.search_terms((SELECT string_agg(m.message ->> 'content', ' ')
        FROM jsonb_array_elements(r.messages) m(message) WHERE m.message ->> 'role' IN ('assistant', 'user')))
      UNION SELECT '#n' || public.search_terms(l.name)
      UNION SELECT '#n' || public.search_terms(c.counterpart) WHERE c.counterpart !~ '^[+]?[0-9]*$'
      UNION SELECT '#d' || substr(d.digits, n, 3) FROM generate_series(1, length(d.digits) - 2) n
      UNION SELECT '#h' WHERE c.counterpart = ''
      UNION SELECT '#m' || to_char(c.created_at AT TIME ZONE 'UTC', 'YYYYMM')
      UNION SELECT '#t' || c.tenant_id WHERE c.tenant_id IS NOT NULL))
    FROM public.calls_call c
      CROSS JOIN LATERAL (SELECT regexp_replace(c.counterpart, '[^0-9]', '', 'g') AS digits) d
      LEFT JOIN public.calls_callreport r ON r.call_id = c.id
      LEFT JOIN LATERAL (SELECT lead.variables ->> 'name' AS name FROM public.campaigns_lead lead
        JOIN public.campaigns_campaign campaign ON campaign.id = lead.campaign_id
        WHERE lead.call_remote_id = c.remote_id AND lead.call_remote_id <> ''
          AND campaign.connection_id = c.connection_id AND lead.tenant_id IS NOT DISTINCT FROM c.tenant_id
        LIMIT 1) l ON true
    WHERE c.id = wanted AND c.data_removed_at IS NULL
  ON CONFLICT (call_id) DO UPDATE SET tenant_id = excluded.tenant_id, created_at = excluded.created_at,
      digits = excluded.digits, words = excluded.words
    WHERE (kept.tenant_id, kept.created_at, kept.digits, kept.words)
      IS DISTINCT FROM (excluded.tenant_id, excluded.created_at, excluded.digits, excluded.words);
  DELETE FROM public.calls_callsearch s USING public.calls_call c
    WHERE s.call_id = wanted AND c.id = wanted AND c.data_removed_at IS NOT NULL;
END $$;

CREATE FUNCTION public.call_is_searched() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.call_search_refresh(NEW.id);
  RETURN NULL;
END $$;

CREATE FUNCTION public.report_is_searched() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.call_search_refresh(coalesce(NEW.call_id, OLD.call_id));
  RETURN NULL;
END $$;

CREATE TRIGGER call_is_searched AFTER INSERT ON public.calls_call
  FOR EACH ROW EXECUTE FUNCTION public.call_is_searched();
CREATE TRIGGER call_is_searched_anew AFTER UPDATE ON public.calls_call FOR EACH ROW
  WHEN ((OLD.tenant_id, OLD.connection_id, OLD.counterpart, OLD.created_at, OLD.remote_id, OLD.data_removed_at)
    IS DISTINCT FROM
    (NEW.tenant_id, NEW.connection_id, NEW.counterpart, NEW.created_at, NEW.remote_id, NEW.data_removed_at))
  EXECUTE FUNCTION public.call_is_searched();
CREATE TRIGGER report_is_searched AFTER INSERT OR DELETE ON public.calls_callreport
  FOR EACH ROW EXECUTE FUNCTION public.report_is_searched();
CREATE TRIGGER report_is_searched_anew AFTER UPDATE ON public.calls_callreport FOR EACH ROW
  WHEN ((OLD.tenant_id, OLD.summary, OLD.messages) IS DISTINCT FROM (NEW.tenant_id, NEW.summary, NEW.messages))
  EXECUTE FUNCTION public.report_is_searched();
