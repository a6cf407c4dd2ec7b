"""VoiceDock's paths under /api/v1: each module has the operations of one resource and their routes."""
