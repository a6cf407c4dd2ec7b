"""The vendor's paths under /api/v1: each module lists its routes and what they do."""
