"""A VoiceDock of our own, for local use, demos and tests: the vendor's protocol, an engine, a world, faults."""
