"""Synchronization with VoiceDock: what is due, runs with leases, and what came of them."""
