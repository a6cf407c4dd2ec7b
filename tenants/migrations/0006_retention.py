"""How long after closing the personal data of calls is kept; clients that are closed already count from then."""

import django.core.validators
import tenants.models.tenant
from django.db import migrations, models


CLOSED_ALREADY = """
SELECT set_config('patchbay.reach', 'all', true);
UPDATE tenants_tenant t SET closed_at = coalesce(
  (SELECT max(e.at) FROM tenants_auditentry e WHERE e.tenant_id = t.id AND e.action = 'tenant.closed'), now())
  WHERE t.status = 'closed';
SELECT set_config('patchbay.reach', '', true);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0005_second_step'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='closed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='tenant',
            name='data_removed_at',
            field=models.DateTimeField(blank=True, help_text='When the personal data of its calls were removed last.', null=True),
        ),
        migrations.AddField(
            model_name='tenant',
            name='retention_days',
            field=models.PositiveIntegerField(db_default=365, default=tenants.models.tenant.usual_retention, help_text='How long after closing the personal data of its calls are kept.', validators=[django.core.validators.MaxValueValidator(3650)]),
        ),
        migrations.RunSQL(CLOSED_ALREADY, migrations.RunSQL.noop),
    ]
