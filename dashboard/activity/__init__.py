"""What happened, from the audit trail: one client’s and all clients’."""
