"""Processes of the release before, which do not know the column, go on writing calls while new ones are started."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calls", "0016_one_way_into_states")]
    operations = [
        migrations.AlterField(
            model_name="call",
            name="machine_source",
            field=models.CharField(
                blank=True,
                choices=[
                    ("end-reason", "the end reason"),
                    ("analysis", "the analysis"),
                    ("transcript", "the transcript"),
                    ("summary", "the summary"),
                ],
                db_default="",
                default="",
                help_text="What says that a machine took it; empty: none.",
                max_length=12,
            ),
        ),
    ]
