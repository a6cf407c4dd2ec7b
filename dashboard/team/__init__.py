"""A client’s team and settings, the reseller’s staff, invitations, support access."""
