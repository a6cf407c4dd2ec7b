"""Calls that are over: the list with its filters, the timeline of one call, exports, and removal of personal data."""
