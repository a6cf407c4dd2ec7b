"""How long a test waits for what happens in a moment on a quiet machine."""

PATIENCE = 60.0  # seconds; a test that measures how long something takes compares it with something else
