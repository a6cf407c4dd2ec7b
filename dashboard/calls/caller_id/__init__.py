"""Proof that each call left from a number dedicated to its client: the report, the facts behind it, and alarms."""
