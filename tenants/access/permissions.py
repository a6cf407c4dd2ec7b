"""Roles and their permissions; views and templates use these permission names."""

from django.db.models import TextChoices


class Permission(TextChoices):
    """What a view requires. The first block applies inside a client, the second across clients."""

    SEE_OVERVIEW = "see-overview"
    SEE_CALLS = "see-calls"
    SEE_TRANSCRIPTS = "see-transcripts"
    PLACE_CALLS = "place-calls"
    TAKE_BACK_CALLS = "take-back-calls"
    PLACE_TRANSIENT_CALLS = "place-transient-calls"  # of no role: see `Membership.may` and `Actor.may`
    CONTROL_CALLS = "control-calls"
    BLOCK_NUMBERS = "block-numbers"
    UNBLOCK_NUMBERS = "unblock-numbers"
    OVERRIDE_CONTACT_RULES = "override-contact-rules"
    EXPORT_CALLS = "export-calls"
    MANAGE_TRANSFER_TARGETS = "manage-transfer-targets"
    MANAGE_ACTIONS = "manage-actions"
    MANAGE_PRESETS = "manage-presets"
    SEE_CAMPAIGNS = "see-campaigns"
    RUN_CAMPAIGNS = "run-campaigns"
    SEE_TEAM = "see-team"
    MANAGE_TEAM = "manage-team"
    MANAGE_SETTINGS = "manage-settings"
    GIVE_SUPPORT_ACCESS = "give-support-access"
    SEE_ACTIVITY = "see-activity"

    SEE_CLIENTS = "see-clients"
    ENTER_CLIENTS = "enter-clients"
    OPEN_CLIENTS = "open-clients"
    INVITE_FIRST_OWNER = "invite-first-owner"
    INVITE_TO_CLIENTS = "invite-to-clients"
    SET_LIMITS = "set-limits"
    SET_COUNTRIES = "set-countries"
    SET_COSTLY_KINDS = "set-costly-kinds"
    SET_RETENTION = "set-retention"
    SET_CONTACT_RULES = "set-contact-rules"
    SET_COUNTRY_RULES = "set-country-rules"
    ALLOW_TRANSIENT_CALLS = "allow-transient-calls"
    SUSPEND_CLIENTS = "suspend-clients"
    CLOSE_CLIENTS = "close-clients"
    REOPEN_CLIENTS = "reopen-clients"
    END_CLIENT_CALLS = "end-client-calls"
    SEE_INVENTORY = "see-inventory"
    DEDICATE = "dedicate"
    RELEASE = "release"
    SEE_CONNECTIONS = "see-connections"
    MANAGE_CONNECTIONS = "manage-connections"
    SEE_ALL_CALLS = "see-all-calls"
    MANAGE_DO_NOT_CALL = "manage-do-not-call"
    SEE_ALL_ACTIVITY = "see-all-activity"
    MANAGE_STAFF = "manage-staff"
    MANAGE_MAIL = "manage-mail"
    USE_SANDBOX = "use-sandbox"


class Role(TextChoices):
    """The role of a member of a client."""

    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    OPERATOR = "operator", "Operator"
    VIEWER = "viewer", "Viewer"


class StaffRole(TextChoices):
    """The role of a member of the reseller's staff."""

    ADMIN = "admin", "Admin"
    SUPPORT = "support", "Support"
    FINANCE = "finance", "Finance"


P = Permission
VIEW = frozenset({P.SEE_OVERVIEW, P.SEE_CALLS, P.SEE_CAMPAIGNS})
OPERATE = VIEW | {P.SEE_TRANSCRIPTS, P.PLACE_CALLS, P.CONTROL_CALLS, P.BLOCK_NUMBERS, P.SEE_TEAM}
MANAGE = OPERATE | {
    P.TAKE_BACK_CALLS,
    P.UNBLOCK_NUMBERS,
    P.OVERRIDE_CONTACT_RULES,
    P.EXPORT_CALLS,
    P.MANAGE_TRANSFER_TARGETS,
    P.MANAGE_ACTIONS,
    P.MANAGE_PRESETS,
    P.RUN_CAMPAIGNS,
    P.SEE_ACTIVITY,
}
ADMINISTER = MANAGE | {P.MANAGE_TEAM, P.MANAGE_SETTINGS, P.GIVE_SUPPORT_ACCESS}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: ADMINISTER,
    Role.MANAGER: MANAGE,
    Role.OPERATOR: OPERATE,
    Role.VIEWER: VIEW,
}

STAFF_ROLE_PERMISSIONS: dict[StaffRole, frozenset[Permission]] = {
    # A client's consent to support access comes from its own owner; staff never give it in the client's place.
    StaffRole.ADMIN: frozenset(Permission) - {P.GIVE_SUPPORT_ACCESS},
    # Outside of a client support only reads; it may invite the first owner of a client that has none.
    StaffRole.SUPPORT: MANAGE
    | {
        P.PLACE_TRANSIENT_CALLS,
        P.SEE_CLIENTS,
        P.ENTER_CLIENTS,
        P.INVITE_FIRST_OWNER,
        P.SEE_INVENTORY,
        P.SEE_CONNECTIONS,
        P.SEE_ALL_CALLS,
        P.SEE_ALL_ACTIVITY,
        P.USE_SANDBOX,
    },
    StaffRole.FINANCE: frozenset({P.SEE_CLIENTS, P.SEE_CONNECTIONS}),
}


READ_ONLY = VIEW | {P.SEE_TRANSCRIPTS, P.SEE_TEAM, P.SEE_ACTIVITY}  # support inside a client that gave no pass
# Of support: only during a visit that an owner allowed.
NEEDS_SUPPORT_ACCESS = MANAGE - READ_ONLY | {P.PLACE_TRANSIENT_CALLS}
RESTRICTED_STAFF = MANAGE | {
    P.PLACE_TRANSIENT_CALLS,
    P.SEE_CLIENTS,
    P.ENTER_CLIENTS,
    P.SEE_ALL_CALLS,
    P.SEE_ALL_ACTIVITY,
}  # support that may not see every client


def client_may(role: Role, permission: Permission) -> bool:
    return permission in ROLE_PERMISSIONS[role]


def staff_may(role: StaffRole, permission: Permission, *, sees_all: bool = True) -> bool:
    return permission in STAFF_ROLE_PERMISSIONS[role] and (sees_all or permission in RESTRICTED_STAFF)
