from django.db import migrations

import tenants.isolation.row_security


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0003_organizations_asked_for'),
        ('tenants', '0007_connections_that_are_used'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='syncrun',
            constraint=tenants.isolation.row_security.UsedRows(used='connection_id IN (SELECT id FROM tenants_connection)', name='run_rows'),
        ),
    ]
