"""Screens of clients, inventory and connections; all of them are the reseller's."""
