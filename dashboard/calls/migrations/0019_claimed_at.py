"""Only a call that was claimed for sending holds anything that VoiceDock told of it.

- `claimed_at` is written by `call_leaves` alone, which looks at the right to line and assistant, and stands afterwards.
- `call_facts_follow_claim`: a placed call is inserted waiting or being sent, with nothing told of it; until it is
  claimed it can only wait or be refused. A call that was found at VoiceDock has nothing of a call that was placed
  here, and is of a dedication only by that dedication's own number, at a time at which it held.
"""

import importlib

from django.db import migrations, models

LEAVES = importlib.import_module("dashboard.calls.migrations.0013_proof_triggers").LEAVES
PROOF = importlib.import_module("dashboard.calls.migrations.0018_removal_follows_the_trail")
OVER = importlib.import_module("dashboard.calls.migrations.0016_one_way_into_states").OVER

CLAIMED_ALREADY = """
ALTER TABLE public.calls_call NO FORCE ROW LEVEL SECURITY;
ALTER TABLE public.calls_call DISABLE TRIGGER USER;
UPDATE public.calls_call SET claimed_at = coalesce(sent_at, created_at) WHERE origin = 'placed'
  AND (sent_at IS NOT NULL OR state NOT IN ('queued', 'refused') OR remote_id || hook_id || reported_line <> '');
ALTER TABLE public.calls_call ENABLE TRIGGER USER;
ALTER TABLE public.calls_call FORCE ROW LEVEL SECURITY;
"""
OWNER = "session_user = (SELECT pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c WHERE c.oid = TG_RELID)"
FOLLOW = f"""
CREATE OR REPLACE FUNCTION public.call_facts_follow_claim() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  told boolean := NEW.remote_id || NEW.hook_id || NEW.reported_line || NEW.number_remote_id || NEW.answered_status
      || NEW.answered_remote_id || NEW.end_reason || NEW.machine_source <> ''
    OR num_nonnulls(NEW.answered_at, NEW.placed_at, NEW.started_at, NEW.ended_at, NEW.duration_seconds) > 0;
  asked boolean := NEW.asked_line || NEW.asked_number_remote_id || NEW.asked_assistant_remote_id <> '';
  wrong text;
BEGIN
  -- The owner's log-in may: the web and the workers never have it.
  IF {OWNER} THEN
    RETURN NEW;
  END IF;
  IF NEW.origin NOT IN ('placed', 'adopted') THEN
    wrong := 'a call was placed here or found';
  ELSIF NEW.origin = 'adopted' THEN
    IF asked OR NEW.answered_status || NEW.answered_remote_id <> '' OR num_nonnulls(NEW.claimed_at, NEW.sent_at,
        NEW.answered_at, NEW.placed_at, NEW.client_token, NEW.requested_by_id) > 0 THEN
      wrong := 'a call that was found is not one that was placed here';
    ELSIF NEW.number_dedication_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM public.tenants_numberdedication d WHERE d.id = NEW.number_dedication_id
        AND NEW.line IN ('', d.e164)) THEN
      wrong := 'a call that was found has the number of its dedication';
    ELSIF TG_OP = 'INSERT' AND NEW.number_dedication_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM public.tenants_numberdedication d WHERE d.id = NEW.number_dedication_id
        AND d.withdrawn_at IS NULL AND d.period @> NEW.created_at) THEN
      wrong := 'the number of a call that was found was not dedicated then';
    END IF;
  ELSIF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ('queued', 'sending') OR told OR NEW.finished OR NEW.alarm <> ''
        OR num_nonnulls(NEW.data_removed_at, NEW.alarm_at, NEW.end_asked_at, NEW.missing_since) > 0
        OR NEW.state = 'queued' AND (asked OR NEW.sent_at IS NOT NULL OR NEW.claimed_at IS NOT NULL) THEN
      wrong := 'a call that is placed begins with nothing told of it';
    END IF;
  ELSIF NEW.claimed_at IS NULL AND (NEW.state NOT IN ('queued', 'refused') OR told OR asked
      OR NEW.sent_at IS NOT NULL) THEN
    wrong := 'nothing is told of a call that was never claimed';
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '%', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'call_facts_follow_claim';
  END IF;
  RETURN NEW;
END $$;
"""
# PostgreSQL runs triggers in the order of their names, and this one looks at what the others have written.
TRIGGER = """
CREATE TRIGGER facts_follow_claim BEFORE INSERT OR UPDATE ON public.calls_call
  FOR EACH ROW EXECUTE FUNCTION public.call_facts_follow_claim();
"""
CLAIM = (
    "  NEW.asked_line := number.e164;",
    "  NEW.claimed_at := statement_timestamp();\n"
    "  IF TG_OP = 'UPDATE' THEN\n"
    "    NEW.claimed_at := coalesce(OLD.claimed_at, NEW.claimed_at);\n"
    "  END IF;\n"
    "  NEW.asked_line := number.e164;",
)
STANDS = (
    "    WHEN OLD.id <> NEW.id THEN 'id'\n",
    "    WHEN OLD.id <> NEW.id THEN 'id'\n"
    "    WHEN OLD.claimed_at IS DISTINCT FROM NEW.claimed_at AND (OLD.claimed_at IS NOT NULL\n"
    "      OR NOT (OLD.state = 'queued' AND NEW.state = 'sending')\n"
    "      AND NOT (NEW.origin = 'placed' AND NEW.remote_id = '' AND NEW.hook_id = ''\n"
    f"        AND OLD.state IN ('queued', {OVER})\n"
    f"        AND NEW.state NOT IN ('queued', 'sending', {OVER}))) THEN 'claimed_at'\n",
)


def _changed(function: str, change: tuple[str, str]) -> str:
    assert function.count(change[0]) == 1, change
    return function.replace(*change)


LEAVES_NOW = _changed(LEAVES[: LEAVES.index("DROP TRIGGER")], CLAIM)
PROOF_NOW = _changed(PROOF.EARLIER.replace(PROOF.ENDED, PROOF.IN_THE_TRAIL), STANDS)


class Migration(migrations.Migration):
    dependencies = [("calls", "0018_removal_follows_the_trail"), ("tenants", "0013_times_and_audit_triggers")]
    operations = [
        migrations.AddField(
            model_name="call",
            name="claimed_at",
            field=models.DateTimeField(
                blank=True, help_text="When it was first claimed for sending; the database writes it.", null=True
            ),
        ),
        migrations.RunSQL(CLAIMED_ALREADY, migrations.RunSQL.noop),
        migrations.RunSQL(LEAVES_NOW, migrations.RunSQL.noop),
        migrations.RunSQL(PROOF_NOW, migrations.RunSQL.noop),
        migrations.RunSQL(FOLLOW, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGER, migrations.RunSQL.noop),
    ]
