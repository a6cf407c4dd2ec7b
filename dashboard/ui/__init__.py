"""Template tags that render states, numbers, times and forms the same way on every screen."""
