"""Views of connections and their organizations."""
