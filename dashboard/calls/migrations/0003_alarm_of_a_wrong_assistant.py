"""A call that was made with a wrong assistant stops its client's dialing, as one from a wrong number does."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql" / "0003_alarm_of_a_wrong_assistant"


class Migration(migrations.Migration):
    dependencies = [("calls", "0002_triggers")]
    operations = [
        migrations.AlterField(
            model_name="call",
            name="alarm",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "None"),
                    ("not-certain", "We don't know if it was placed"),
                    ("end-not-confirmed", "End call is not confirmed"),
                    ("wrong-number", "It left from a number that is not this client's"),
                    ("lost", "VoiceDock does not know this call any more"),
                    ("wrong-assistant", "It was made with an assistant that is not this client's"),
                ],
                default="",
                max_length=24,
            ),
        ),
        *(migrations.RunSQL(file.read_text(encoding="utf-8"), migrations.RunSQL.noop) for file in sorted(SQL.iterdir())),
    ]
