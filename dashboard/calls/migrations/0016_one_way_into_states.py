"""No detour: several statements in a row lead nowhere that one is not allowed to lead.

- A call that is over, or waits, becomes live by a claim, or because VoiceDock shows it under an id of its own.
- Only a call whose request never left goes back into the queue: elsewhere it could be rewritten and sent again.
- The id of a call, and the one it has in webhooks, stand; what is asked of VoiceDock is written by the claim alone.
"""

import importlib

from django.db import migrations

OVER = "'ended', 'ended-with-error', 'transferred', 'failed', 'rejected', 'insufficient-credits', 'refused'"
LEAVES = f"""
DROP TRIGGER call_leaves ON public.calls_call;
CREATE TRIGGER call_leaves BEFORE UPDATE ON public.calls_call FOR EACH ROW
  WHEN (NEW.state = 'sending' AND
    (OLD.state, OLD.tenant_id, OLD.number_dedication_id, OLD.assistant_dedication_id)
    IS DISTINCT FROM (NEW.state, NEW.tenant_id, NEW.number_dedication_id, NEW.assistant_dedication_id)
    OR NEW.origin = 'placed' AND NEW.remote_id = '' AND NEW.hook_id = '' AND OLD.state IN ('queued', {OVER})
    AND NEW.state NOT IN ('queued', 'sending', {OVER}))
  EXECUTE FUNCTION public.call_leaves();
"""
EARLIER = importlib.import_module("dashboard.calls.migrations.0013_proof_triggers").PROOF
CUT = "CREATE TRIGGER call_proof_stands"
CHANGES = (
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "  IF OLD.state = 'sending' AND NEW.state = 'queued' THEN",
        "  IF NEW.state = 'queued' AND OLD.state <> 'queued' AND NOT (OLD.state = 'sending' AND OLD.answered_at IS NULL\n"
        "      AND OLD.remote_id || OLD.hook_id || OLD.reported_line = '') THEN\n"
        "    RAISE EXCEPTION 'a call is sent once' USING ERRCODE = 'check_violation', CONSTRAINT = 'call_proof_stands';\n"
        "  END IF;\n"
        "  IF OLD.state = 'sending' AND NEW.state = 'queued' THEN",
    ),
    (
        "    WHEN sent AND (OLD.tenant_id,",
        "    WHEN OLD.id <> NEW.id THEN 'id'\n    WHEN sent AND (OLD.tenant_id,",
    ),
    (
        "    WHEN OLD.answered_at IS NOT NULL AND",
        "    WHEN OLD.origin = 'placed' AND OLD.hook_id <> '' AND OLD.hook_id <> NEW.hook_id THEN 'hook_id'\n"
        "    WHEN OLD.answered_at IS NOT NULL AND",
    ),
    (
        "      AND NOT (OLD.state = 'queued' AND NEW.state <> 'queued')\n",
        "      AND NOT (OLD.state = 'queued' AND NEW.state = 'sending')\n"
        "      AND NOT (NEW.origin = 'placed' AND NEW.remote_id = '' AND NEW.hook_id = ''\n"
        f"        AND OLD.state IN ('queued', {OVER})\n"
        f"        AND NEW.state NOT IN ('queued', 'sending', {OVER}))  -- written by call_leaves, which comes before\n",
    ),
)


def _proof() -> str:
    """The function as it was, with these changes; each of them has to be found."""
    function = EARLIER[: EARLIER.index(CUT)]
    for old, new in CHANGES:
        assert function.count(old) == 1, old
        function = function.replace(old, new)
    return function


class Migration(migrations.Migration):
    dependencies = [("calls", "0015_voicemail")]
    operations = [
        migrations.RunSQL(LEAVES, migrations.RunSQL.noop),
        migrations.RunSQL(_proof(), migrations.RunSQL.noop),
    ]
