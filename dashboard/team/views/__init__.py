"""Views of a client’s people, staff, invitations, support access and settings."""
