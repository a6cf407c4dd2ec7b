"""What Patchbay uses of httpx that is not its public interface, in one place.

httpx gives a transport no parameter for the backend of its connections, so `pyproject.toml` pins the version, and a
version that moves these attributes fails tests/test_private_interfaces.py.
"""

from __future__ import annotations

import httpcore
import httpx


def connect_through(transport: httpx.HTTPTransport, backend: httpcore.NetworkBackend) -> None:
    """Have every new connection of this transport made by `backend`."""
    transport._pool._network_backend = backend
