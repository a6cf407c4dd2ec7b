"""Mails that people of a client choose to get."""
