"""`first_admin`: makes the first staff admin of an installation without a demo; everybody else is invited."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from tenants import audit
from tenants.access.permissions import StaffRole
from tenants.accounts.staff import password_link
from tenants.isolation import scope
from tenants.models import StaffMember, User


class Command(BaseCommand):
    help = "Make the first staff admin; prints a link that sets the password, once, within three days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        email, name = options["email"].strip().lower(), options["name"].strip()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email}: {error.message}") from error
        with scope.for_system("make the first staff admin"):
            admin = StaffMember.objects.select_related("user").filter(role=StaffRole.ADMIN).first()
            if admin and (admin.user.email != email or admin.user.last_login):
                raise CommandError(f"There is a staff admin already: {admin.user.email}.")
            user, created = User.objects.get_or_create(email=email, defaults={"name": name})
            if created:
                user.set_unusable_password()
                user.save(update_fields=["password"])
            StaffMember.objects.update_or_create(user=user, defaults={"role": StaffRole.ADMIN})
            audit.record(None, None, "staff.first-admin", user, name=name, email=email)
        self.stdout.write(f"{name} chooses a password here, once:\n{password_link(user)}")
