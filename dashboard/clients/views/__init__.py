"""Views of clients, their status, and the inventory they hold."""
