"""Every function names its tables with their schema and looks for anything else in `pg_catalog` alone.

PostgreSQL searches `pg_temp` before everything that a `search_path` names, unless the path names it: a temporary table
would stand in place of ours, and its triggers would run as the owner inside a SECURITY DEFINER function.
"""

from django.db import migrations

FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION public.audit_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.tenants_audithead (chain, seq, hash) VALUES (NEW.chain, 0, ''::bytea) ON CONFLICT DO NOTHING;
  UPDATE public.tenants_audithead h SET seq = h.seq + 1, hash = sha256(h.hash || convert_to(
      (h.seq + 1) || E'\n' || NEW.chain || E'\n' || NEW.action || E'\n' || NEW.body, 'UTF8'))
    WHERE h.chain = NEW.chain RETURNING h.seq, h.hash INTO NEW.seq, NEW.hash;
  RETURN NEW;
END $$;
ALTER FUNCTION public.audit_stands() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION public.dedication_stands() SET search_path = pg_catalog, pg_temp;
ALTER VIEW public.tenants_person SET (security_barrier);
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_support")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
