"""Models: connections, tenants, people, dedications, outgoing mail and the audit trail."""

from tenants.models.audit import AuditEntry, AuditHead
from tenants.models.connection import Assistant, AssistantConfiguration, Connection, ConnectionSecret, Number
from tenants.models.dedications import AssistantDedication, Dedication, NumberDedication
from tenants.models.hash_key import HashKey
from tenants.models.mail import OutgoingMail
from tenants.models.people import (
    Auditor,
    AuditorGrant,
    Invitation,
    MailKind,
    Membership,
    Person,
    StaffGrant,
    StaffMember,
    SupportPass,
    User,
    Visit,
)
from tenants.models.tenant import Tenant

__all__ = [
    "Assistant",
    "AssistantConfiguration",
    "AssistantDedication",
    "AuditEntry",
    "AuditHead",
    "Auditor",
    "AuditorGrant",
    "Connection",
    "ConnectionSecret",
    "Dedication",
    "HashKey",
    "Invitation",
    "MailKind",
    "Membership",
    "Number",
    "NumberDedication",
    "OutgoingMail",
    "Person",
    "StaffGrant",
    "StaffMember",
    "SupportPass",
    "Tenant",
    "User",
    "Visit",
]
