"""The triggers that keep calls and what proves their caller ID: one file for each function in `sql/`.

Every function names its tables with their schema and looks for anything else in `pg_catalog` alone: a temporary table
cannot stand in place of ours. How a function is changed later is written in docs/migrations.md.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "0002_triggers"


class Migration(migrations.Migration):
    dependencies = [("calls", "0001_initial"), ("tenants", "0002_triggers"), ("contact_rules", "0002_functions")]
    operations = [
        migrations.RunSQL(file.read_text(encoding="utf-8"), migrations.RunSQL.noop) for file in sorted(SQL.iterdir())
    ]
