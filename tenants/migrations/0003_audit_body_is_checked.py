"""The trigger that chains audit entries refuses a body that the verification could not read as the columns say."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "0003_audit_body_is_checked"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_triggers")]
    operations = [
        migrations.RunSQL(file.read_text(encoding="utf-8"), migrations.RunSQL.noop) for file in sorted(SQL.iterdir())
    ]
