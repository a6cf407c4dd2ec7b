"""How requests come in: which threads serve them, how large a body may be, whether this process is ready."""
