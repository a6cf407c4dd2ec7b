"""The function that asks the reseller's do-not-call list: one file for each function in `sql/`."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "0002_functions"


class Migration(migrations.Migration):
    dependencies = [("contact_rules", "0001_initial"), ("tenants", "0002_triggers")]
    operations = [
        migrations.RunSQL(file.read_text(encoding="utf-8"), migrations.RunSQL.noop) for file in sorted(SQL.iterdir())
    ]
