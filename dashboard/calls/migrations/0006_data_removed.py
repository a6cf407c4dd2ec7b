"""Calls know since when they hold no personal data."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0005_alarms_by_mail'),
    ]

    operations = [
        migrations.AddField(
            model_name='call',
            name='data_removed_at',
            field=models.DateTimeField(blank=True, help_text='Since when it holds no personal data; news of it are not taken in any more.', null=True),
        ),
    ]
