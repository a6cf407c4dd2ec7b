"""The trigger of changes, in `sql/`. docs/migrations.md says how one is changed later."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "0002_triggers"


class Migration(migrations.Migration):
    dependencies = [("live_updates", "0001_initial")]
    operations = [
        migrations.RunSQL(file.read_text(encoding="utf-8"), migrations.RunSQL.noop) for file in sorted(SQL.iterdir())
    ]
