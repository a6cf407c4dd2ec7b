"""The activity lists: the audit trail in sentences, of one client and of all."""
