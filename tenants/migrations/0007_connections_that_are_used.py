from django.db import migrations

import tenants.isolation.row_security


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0006_retention'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='connection',
            constraint=tenants.isolation.row_security.UsedRows(used='id IN (SELECT home_connection_id FROM tenants_tenant UNION SELECT connection_id FROM tenants_numberdedication UNION SELECT connection_id FROM tenants_assistantdedication)', name='connection_rows'),
        ),
    ]
