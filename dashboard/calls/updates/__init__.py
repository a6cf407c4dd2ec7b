"""What VoiceDock reports about calls, from webhooks and lists, applied to our rows."""
