"""Presets: ways to call that a client saves by name, picked on Call now or named in a link."""
