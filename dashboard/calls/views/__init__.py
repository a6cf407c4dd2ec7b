"""The doors of this room: placing a call, one call, the live walls, the list and its export."""
