"""Connections to VoiceDock: keys, organizations, webhook set-up and rotation of secrets."""
