"""The look: template tags that draw states, numbers, times and forms the same way on every screen."""
