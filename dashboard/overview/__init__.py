"""The overviews of staff and of a client, and the frame around every page."""
