"""A simulator of VoiceDock's API for local use, demos and tests. It knows nothing of Patchbay."""
