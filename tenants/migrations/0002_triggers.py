"""The triggers of the audit trail and of dedications, and the view of people: one file for each function in `sql/`.

Every function names its tables with their schema and finds anything else in `pg_catalog` alone, so no temporary table
can replace ours. How a function is changed later is written in docs/migrations.md.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "0002_triggers"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [
        migrations.RunSQL(file.read_text(encoding="utf-8"), migrations.RunSQL.noop) for file in sorted(SQL.iterdir())
    ]
