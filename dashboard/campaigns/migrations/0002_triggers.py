"""The triggers of leads: one file for each function in `sql/`. docs/migrations.md says how one is changed later."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "0002_triggers"


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial"), ("calls", "0002_triggers")]
    operations = [
        migrations.RunSQL(file.read_text(encoding="utf-8"), migrations.RunSQL.noop) for file in sorted(SQL.iterdir())
    ]
