"""People: a client’s team, the reseller’s staff, invitations, support access, settings."""
