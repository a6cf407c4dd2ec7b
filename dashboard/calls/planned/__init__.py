"""Calls that are planned for a time: planned by a person, placed by Patchbay through the same checks as a call now."""
