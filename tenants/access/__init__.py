"""Who may do what in which client: permissions, decorators of views, reauthentication, support access."""
