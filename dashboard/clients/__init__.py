"""Staff’s pages of clients: open, dedicate and release, limits, suspend, close, retention."""
