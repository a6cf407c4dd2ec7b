"""Users, and their roles at the reseller and in clients."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from tenants import names
from tenants.access.permissions import Permission, Role, StaffRole, client_may, staff_may
from tenants.isolation.row_security import PERSON, TenantRowPolicy
from tenants.models.tenant import Tenant

LONGEST_REASON = 300


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **more: Any) -> User:
        more["name"] = names.clean(more.get("name", ""), 120)
        user = self.model(email=self.normalize_email(email).lower(), **more)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **more: Any) -> User:
        raise ValueError("Patchbay has no superusers: `manage.py first_admin` makes the first of the staff.")

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser, PermissionsMixin):
    """A user, who signs in with an e-mail address and a password."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    email_changed_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """Read by Django; the auditors' admin itself checks `auditor_for` in `tenants.auditor_admin.site`."""
        return hasattr(self, "auditor") or (hasattr(self, "staff") and self.staff.role == StaffRole.ADMIN)


class Person(models.Model):
    """A database view of the users without password hashes, for auditors."""

    email = models.EmailField()
    name = models.CharField(max_length=120)
    is_active = models.BooleanField()
    last_login = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "tenants_person"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return f"{self.name} ({self.email})"


class StaffMember(models.Model):
    """A user of the reseller's staff. Support may be limited to some clients; the other roles see every client."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="staff")
    role = models.CharField(max_length=12, choices=StaffRole.choices)
    sees_all = models.BooleanField(default=True, help_text="Every client, or only those granted.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=StaffRole.values), name="staff_role"),
            models.CheckConstraint(condition=Q(sees_all=True) | Q(role="support"), name="staff_reach"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}, {self.role}"

    def may(self, permission: Permission) -> bool:
        return staff_may(StaffRole(self.role), permission, sees_all=self.sees_all)


class StaffGrant(models.Model):
    """A client that a support member who does not see every client may see and enter."""

    staff = models.ForeignKey(StaffMember, models.CASCADE, related_name="grants")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "tenant"], name="one_staff_grant_per_client"),
            TenantRowPolicy(name="staff_grant_rows", also=f"staff_id = {PERSON}"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} supports {self.tenant_id}"


class Auditor(models.Model):
    """A user who may read in the auditors' admin."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="auditor")
    sees_all = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"auditor {self.user_id}"


class AuditorGrant(models.Model):
    """A client that an auditor may read."""

    auditor = models.ForeignKey(Auditor, models.CASCADE, related_name="grants")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["auditor", "tenant"], name="one_grant_per_client"),
            TenantRowPolicy(name="grant_rows", also=f"auditor_id = {PERSON}"),
        ]

    def __str__(self) -> str:
        return f"{self.auditor_id} reads {self.tenant_id}"


class MailKind(models.TextChoices):
    """What a member may choose to get mails about (`tenants.accounts.notifications`)."""

    NEEDS_PERSON = "needs-person", "A call needs a person"
    CALL_BACK = "call-back", "Somebody asks to be called back"
    CAMPAIGN = "campaign", "A campaign ends or pauses itself"


class Membership(models.Model):
    """The role of a user in a client."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    sees_transcripts = models.BooleanField(default=False, help_text="For viewers; every other role reads them anyway.")
    places_transient_calls = models.BooleanField(
        default=False, db_default=False, help_text="With one-time assistants, where the client may have them."
    )
    mails = ArrayField(
        models.CharField(max_length=20, choices=MailKind.choices),
        default=list,
        blank=True,
        help_text="What this person chose to get mails about.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="one_role_per_tenant"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role"),
            TenantRowPolicy(name="membership_rows", also=f"user_id = {PERSON}"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.tenant_id}, {self.role}"

    def may(self, permission: Permission) -> bool:
        if permission == Permission.SEE_TRANSCRIPTS and self.sees_transcripts:
            return True
        if permission == Permission.PLACE_TRANSIENT_CALLS:
            return self.may_have_transient_calls and self.places_transient_calls and self.tenant.transient_calls
        return client_may(Role(self.role), permission)

    @property
    def may_have_transient_calls(self) -> bool:
        """Whether somebody in this role can be given the right; `call_leaves` knows these roles too."""
        return client_may(Role(self.role), Permission.PLACE_CALLS)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Can still be accepted, by the clock of the database."""
        return self.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=Now())


class Invitation(models.Model):
    """A single-use invitation to a client; only the hash of its token is stored."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=12, choices=Role.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role"),
            TenantRowPolicy(name="invitation_rows"),
        ]

    def __str__(self) -> str:
        return f"invitation of {self.email}"

    @property
    def is_open(self) -> bool:
        return not self.accepted_at and not self.withdrawn_at and self.expires_at > timezone.now()


class SupportPass(models.Model):
    """A client lets the reseller's support act in it for some hours; without a pass, support can only read."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="passes")
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [TenantRowPolicy(name="pass_rows")]

    def __str__(self) -> str:
        return f"support may act in {self.tenant_id} until {self.until:%F %T}"


class Visit(models.Model):
    """The stay of a staff member in a client, which its members can see."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="visits")
    user = models.ForeignKey(User, models.PROTECT, related_name="visits")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(
        max_length=LONGEST_REASON, blank=True, help_text="Why an admin entered without the client's consent."
    )

    class Meta:
        constraints = [TenantRowPolicy(name="visit_rows")]
        indexes = [
            models.Index(fields=["-started_at", "-id"], condition=models.Q(ended_at=None), name="visits_open"),
            models.Index(fields=["tenant", "-started_at"], name="visits_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.tenant_id} since {self.started_at:%F %T}"
