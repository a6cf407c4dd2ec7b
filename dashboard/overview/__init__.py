"""The overviews of staff and of a client, and the layout of every page."""
