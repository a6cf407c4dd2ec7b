from django.db import migrations

import tenants.walls


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0003_organizations_asked_for'),
        ('tenants', '0007_connections_of_auditors'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='syncrun',
            constraint=tenants.walls.Auditors(granted='connection_id IN (SELECT id FROM tenants_connection)', name='runs_of_auditors'),
        ),
    ]
