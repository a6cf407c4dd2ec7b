"""Calls with a one-time assistant: who may place them, its configuration, and the drafts of it."""
