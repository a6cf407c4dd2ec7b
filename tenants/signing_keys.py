"""`python -m tenants.signing_keys`: prints a new key pair for signing and verifying checkpoints of the audit trail."""

import base64
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def new_pair() -> tuple[str, str]:
    """The private and the public half, each as base64 of 32 bytes."""
    key = Ed25519PrivateKey.generate()
    return base64.b64encode(key.private_bytes_raw()).decode(), public_half(base64.b64encode(key.private_bytes_raw()))


def public_half(private: str | bytes) -> str:
    """The public key of a `PATCHBAY_AUDIT_KEY`, for those who only verify."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private))
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


if __name__ == "__main__":
    private, public = new_pair()
    sys.stdout.write(f"PATCHBAY_AUDIT_KEY={private}\nPATCHBAY_AUDIT_PUBLIC_KEYS={public}\n")
