"""Seeds of second factors, sealed for nobody so far, are sealed for the user of their row."""

from django.db import migrations

from tenants.accounts import mfa_seeds


def bind(apps, schema_editor):
    for row in apps.get_model("mfa", "Authenticator").objects.filter(type__in=["totp", "recovery_codes"]).iterator():
        if mfa_seeds.bind(row.data, row.user_id):
            row.save(update_fields=["data"])


class Migration(migrations.Migration):

    dependencies = [
        ("tenants", "0014_visit_reason"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
