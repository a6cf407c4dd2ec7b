"""Isolation of tenants in the database: row-level security, signed scopes, grants."""
