"""The report of a campaign: to print, and to share by a link that expires."""
