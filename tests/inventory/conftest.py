"""The sandbox's small world, connected."""

from tests.world import agency, asked, bloom_office, client_of, sandbox

__all__ = ["agency", "asked", "bloom_office", "client_of", "sandbox"]
