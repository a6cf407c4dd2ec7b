"""People and their sign-in: members, staff, second factors, sessions."""
