"""The Django admin for auditors: read-only, in transactions that cannot write."""
