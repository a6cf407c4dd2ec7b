"""Outgoing mail: a queue in the database, and Django's mail backend that fills it."""
