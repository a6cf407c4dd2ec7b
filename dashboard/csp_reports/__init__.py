"""What browsers report about the content security policy."""
