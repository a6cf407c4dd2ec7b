"""Dedications begin and end now or later, never before; the ids under them stand; audit columns follow their body."""

from django.db import migrations

EARLIEST = "statement_timestamp() - interval '5 seconds'"  # clocks of application servers differ a little

BEGINS = f"""
CREATE OR REPLACE FUNCTION public.dedication_begins() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The owner's log-in may: it alone furnishes the demo with a past. The web and the workers never have it.
  IF session_user = (SELECT pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c WHERE c.oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF lower(NEW.period) < {EARLIEST} OR upper(NEW.period) < {EARLIEST} OR NEW.withdrawn_at IS NOT NULL THEN
    RAISE EXCEPTION 'a dedication begins and ends now or later'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'dedication_begins';
  END IF;
  RETURN NEW;
END $$;
"""
STANDS = f"""
CREATE OR REPLACE FUNCTION public.dedication_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  open_columns text[] := ARRAY['period', 'ended_by_id', 'withdrawn_at'];
BEGIN
  IF to_jsonb(OLD) - open_columns <> to_jsonb(NEW) - open_columns
     OR lower(OLD.period) IS DISTINCT FROM lower(NEW.period)
     OR upper(OLD.period) <= statement_timestamp() OR OLD.withdrawn_at IS NOT NULL
     OR (upper(OLD.period) IS NOT NULL AND coalesce(upper(NEW.period) > upper(OLD.period), true)) THEN
    RAISE EXCEPTION 'a dedication is never rewritten, only ended' USING ERRCODE = 'check_violation';
  END IF;
  IF upper(NEW.period) IS DISTINCT FROM upper(OLD.period) AND upper(NEW.period) < {EARLIEST} THEN
    RAISE EXCEPTION 'a dedication begins and ends now or later'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'dedication_begins';
  END IF;
  IF NEW.withdrawn_at IS NOT NULL AND lower(OLD.period) <= statement_timestamp() THEN
    RAISE EXCEPTION 'a dedication that has begun is ended, not withdrawn' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
"""
REMOTE_IDS = """
CREATE FUNCTION public.dedicated_id_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held boolean;
BEGIN
  IF TG_RELID = 'public.tenants_number'::regclass THEN
    held := EXISTS (SELECT 1 FROM public.tenants_numberdedication d WHERE d.number_id = OLD.id
      AND (upper(d.period) IS NULL OR upper(d.period) > statement_timestamp()));
  ELSE
    held := EXISTS (SELECT 1 FROM public.tenants_assistantdedication d WHERE d.assistant_id = OLD.id
      AND (upper(d.period) IS NULL OR upper(d.period) > statement_timestamp()));
  END IF;
  IF held THEN
    RAISE EXCEPTION 'what is dedicated keeps its id at VoiceDock' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER dedicated_number_id_stands BEFORE UPDATE ON public.tenants_number FOR EACH ROW
  WHEN (OLD.remote_id IS DISTINCT FROM NEW.remote_id OR OLD.connection_id IS DISTINCT FROM NEW.connection_id)
  EXECUTE FUNCTION public.dedicated_id_stands();
CREATE TRIGGER dedicated_assistant_id_stands BEFORE UPDATE ON public.tenants_assistant FOR EACH ROW
  WHEN (OLD.remote_id IS DISTINCT FROM NEW.remote_id OR OLD.connection_id IS DISTINCT FROM NEW.connection_id)
  EXECUTE FUNCTION public.dedicated_id_stands();
"""
AUDIT = r"""
CREATE OR REPLACE FUNCTION public.audit_link() RETURNS trigger
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
"""
TRIGGERS = """
CREATE TRIGGER number_dedication_begins BEFORE INSERT ON public.tenants_numberdedication
  FOR EACH ROW EXECUTE FUNCTION public.dedication_begins();
CREATE TRIGGER assistant_dedication_begins BEFORE INSERT ON public.tenants_assistantdedication
  FOR EACH ROW EXECUTE FUNCTION public.dedication_begins();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0012_what_proves")]
    operations = [
        migrations.RunSQL(BEGINS, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
        migrations.RunSQL(STANDS, migrations.RunSQL.noop),
        migrations.RunSQL(REMOTE_IDS, migrations.RunSQL.noop),
        migrations.RunSQL(AUDIT, migrations.RunSQL.noop),
    ]
