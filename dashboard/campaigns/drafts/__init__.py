"""Campaigns that are being made: what is typed into them, and when they are removed."""
