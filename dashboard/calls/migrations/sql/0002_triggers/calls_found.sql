-- Calls in which these words occur, or whose number has one of these digits in it, newest first: at most `size` that
-- are older than a key (`before`, `before_id`), not older than `since`, and of this client where one is named.
--
-- Row-level security would keep the planner from the index of words, because `@@` might leak what it compares. So this
-- runs as the owner, for whom the policy below leaves the rows of this one table open. Whose rows it gives is decided
-- here, by the scope's signed settings alone and never by an argument: a client that is named only narrows them. Words
-- reach a query as lexemes of letters and digits, so that no text of a person becomes an operator or a mark. What reads
-- the calls of these ids is held by their own row-level security.
--
-- First the newest rows are read in order, which is enough for what is common; what is not among 1,000 is rare, and read
-- from the index at once; what is between is read from the index by months.
CREATE FUNCTION public.calls_found(
  written text, with_words boolean, numbers text[], hidden boolean, client bigint, since timestamptz,
  before timestamptz, before_id uuid, size integer
) RETURNS TABLE (call_id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_custom_plan
ROWS 100 AS $$
DECLARE
  everything boolean := coalesce(current_setting('patchbay.reach', true) = 'all' AND public.scope_holds(), false);
  clients bigint[] := CASE WHEN current_setting('patchbay.tenants', true) <> '' AND public.scope_holds()
    THEN current_setting('patchbay.tenants', true)::bigint[] END;
  said tsquery;
  asked tsquery;
  wanted tsquery;
  parts text[];
  walk integer := 1000;
  got integer := 0;
  hits integer;
  ids uuid[];
  moments timestamptz[];
  walked integer;
  month timestamptz;
  months integer := 1;
  oldest timestamptz;
BEGIN
  IF client IS NOT NULL THEN
    IF NOT everything AND NOT coalesce(client = ANY (clients), false) THEN
      RETURN;
    END IF;
    everything := false;
    clients := ARRAY[client];
  ELSIF NOT everything AND clients IS NULL THEN
    RETURN;
  END IF;
  said := (SELECT string_agg(CASE WHEN with_words THEN '(' || quote_literal(t.word) || t.more || '|' ELSE '(' END
      || quote_literal('#n' || t.word) || t.more || ')', '&')
    FROM (SELECT w.word, CASE WHEN length(w.word) > 1 THEN ':*' ELSE '' END AS more
      FROM public.search_terms(written) w(word)) t)::tsquery;
  asked := (SELECT string_agg('(' || g.grams || ')', '|') FROM (
    SELECT string_agg(quote_literal('#d' || substr(n.number, i, 3)), '&') AS grams
    FROM unnest(numbers) n(number), generate_series(1, length(n.number) - 2) i WHERE n.number ~ '^[0-9]+$'
    GROUP BY n.number) g)::tsquery;
  asked := CASE WHEN said IS NULL THEN asked WHEN asked IS NULL THEN said ELSE said || asked END;
  IF hidden THEN
    asked := CASE WHEN asked IS NULL THEN '''#h'''::tsquery ELSE asked || '''#h'''::tsquery END;
  END IF;
  parts := (SELECT array_agg('%' || n.number || '%') FROM unnest(numbers) n(number) WHERE n.number ~ '^[0-9]+$');
  IF asked IS NULL AND parts IS NULL THEN
    RETURN;
  END IF;
  before_id := CASE WHEN before IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'
    ELSE coalesce(before_id, '00000000-0000-0000-0000-000000000000') END;
  before := coalesce(before, 'infinity');
  since := coalesce(since, '-infinity');
  IF EXISTS (SELECT 1 FROM unnest(numbers) n(number) WHERE length(n.number) < 3) THEN
    walk := NULL;  -- the index knows three digits and more
  END IF;
  LOOP
    WITH walked_rows AS MATERIALIZED (
      (SELECT s.call_id, s.created_at, coalesce(s.digits LIKE ANY (parts), false) OR coalesce(s.words @@ said, false)
          OR hidden AND s.words @@ '''#h'''::tsquery AS hit
        FROM public.calls_callsearch s
        WHERE everything AND (s.created_at, s.call_id) < (before, before_id) AND s.created_at >= since
        ORDER BY s.created_at DESC, s.call_id DESC LIMIT walk)
      UNION ALL
      (SELECT s.call_id, s.created_at, coalesce(s.digits LIKE ANY (parts), false) OR coalesce(s.words @@ said, false)
          OR hidden AND s.words @@ '''#h'''::tsquery
        FROM public.calls_callsearch s
        WHERE NOT everything AND cardinality(clients) = 1 AND s.tenant_id = clients[1]
          AND (s.created_at, s.call_id) < (before, before_id) AND s.created_at >= since
        ORDER BY s.created_at DESC, s.call_id DESC LIMIT walk)
      UNION ALL
      (SELECT s.call_id, s.created_at, coalesce(s.digits LIKE ANY (parts), false) OR coalesce(s.words @@ said, false)
          OR hidden AND s.words @@ '''#h'''::tsquery
        FROM public.calls_callsearch s
        WHERE NOT everything AND cardinality(clients) > 1 AND s.tenant_id = ANY (clients)
          AND (s.created_at, s.call_id) < (before, before_id) AND s.created_at >= since
        ORDER BY s.created_at DESC, s.call_id DESC LIMIT walk)
    ), hit_rows AS (
      SELECT w.call_id, w.created_at FROM walked_rows w WHERE w.hit
      ORDER BY w.created_at DESC, w.call_id DESC LIMIT size - got
    )
    SELECT array_agg(h.call_id ORDER BY h.created_at DESC, h.call_id DESC),
        array_agg(h.created_at ORDER BY h.created_at DESC, h.call_id DESC), count(*), (SELECT count(*) FROM walked_rows),
        coalesce((SELECT w.created_at FROM walked_rows w ORDER BY w.created_at, w.call_id LIMIT 1), before),
        coalesce((SELECT w.call_id FROM walked_rows w ORDER BY w.created_at, w.call_id LIMIT 1), before_id)
      INTO ids, moments, hits, walked, before, before_id FROM hit_rows h;
    RETURN QUERY SELECT f.id, f.moment FROM unnest(ids, moments) f(id, moment);
    got := got + hits;
    IF got >= size OR walk IS NULL OR walked < walk THEN
      RETURN;
    END IF;
    EXIT WHEN walk > 1000 OR got < 50;
    walk := least(50000, (size - got) * 1300 / got + 1000);
  END LOOP;
  IF NOT everything THEN
    asked := (SELECT string_agg(quote_literal('#t' || c.id), '|') FROM unnest(clients) c(id))::tsquery && asked;
  END IF;
  month := date_trunc('month', before AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  oldest := greatest(since, (SELECT min(s.created_at) FROM public.calls_callsearch s));
  LOOP
    wanted := CASE WHEN got = 0 THEN asked ELSE asked && (
      SELECT string_agg(quote_literal('#m' || to_char((month AT TIME ZONE 'UTC') - make_interval(months => i), 'YYYYMM')),
        '|') FROM generate_series(0, months - 1) i)::tsquery END;
    WITH hit_rows AS MATERIALIZED (
      SELECT s.call_id, s.created_at FROM public.calls_callsearch s
      WHERE s.words @@ wanted AND (everything OR s.tenant_id = ANY (clients))
        AND (s.created_at, s.call_id) < (before, before_id) AND s.created_at >= since
        AND (coalesce(s.digits LIKE ANY (parts), false) OR coalesce(s.words @@ said, false)
          OR hidden AND s.words @@ '''#h'''::tsquery)
    ), newest AS (
      SELECT h.call_id, h.created_at FROM hit_rows h ORDER BY h.created_at DESC, h.call_id DESC LIMIT size - got
    )
    SELECT array_agg(n.call_id ORDER BY n.created_at DESC, n.call_id DESC),
        array_agg(n.created_at ORDER BY n.created_at DESC, n.call_id DESC), count(*)
      INTO ids, moments, hits FROM newest n;
    RETURN QUERY SELECT f.id, f.moment FROM unnest(ids, moments) f(id, moment);
    EXIT WHEN got = 0;  -- all months were asked for at once
    got := got + hits;
    month := ((month AT TIME ZONE 'UTC') - make_interval(months => months)) AT TIME ZONE 'UTC';
    months := months * 2;
    EXIT WHEN got >= size OR ((month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC' <= oldest;
  END LOOP;
END $$;

CREATE POLICY search_reads ON public.calls_callsearch FOR SELECT TO patchbay_owner USING (true);
