"""Checkpoints: the heads of the audit chains, signed and written outside of the database, out of its owner's reach.

The owner of the database can rewrite a whole chain, hashes and head included, but not a checkpoint that was copied
elsewhere. A checkpoint is one line of JSON in a file for each day: the heads that changed since the previous line (all
of them on the first line of a day), the hash of that line, and an Ed25519 signature over everything else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection
from django.utils import timezone

from tenants.isolation import scope
from tenants.models import AuditHead

LOCK = 0x5041
FILES = "heads-*.jsonl"
KEEP = (
    "The signed heads of every audit chain. Keep this mail: `manage.py verify_audit --heads FOLDER` compares the "
    "database with its last line, in a file of the same form."
)


class NoSigningKey(Exception):
    """PATCHBAY_AUDIT_KEY is not set, so no checkpoint can be signed."""


@dataclass
class Checkpoints:
    """Checkpoints that were read: chain → sequence number → (hash, time). `problems` describe invalid lines."""

    heads: dict[str, dict[int, tuple[bytes, str]]] = field(default_factory=lambda: defaultdict(dict))
    lines: int = 0
    last_at: str = ""
    last_line: str = ""
    problems: list[str] = field(default_factory=list)

    def of(self, chain: str) -> dict[int, tuple[bytes, str]]:
        return self.heads.get(chain, {})


@scope.opens_scope
def publish() -> str:
    """Write a checkpoint and return its line; "" if no chain has changed or another process is writing one.

    Raises `NoSigningKey`. The first line of a day is also mailed, if addresses are set.
    """
    key = _private()
    with scope.for_system("write a checkpoint of the audit chains"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return ""
        now = timezone.now()
        path = folder() / f"heads-{now:%Y-%m-%d}.jsonl"
        is_first, known = not path.exists(), _load_newest_file()
        heads = {head.chain: [head.seq, bytes(head.hash).hex()] for head in AuditHead.objects.order_by("chain")}
        changed = {chain: head for chain, head in heads.items() if is_first or head[0] not in known.of(chain)}
        if not changed:
            return ""
        content = {"at": now.isoformat(), "key": key_id(key.public_key()), "before": _hash(known.last_line)}
        line = _signed(content | {"heads": changed}, key)
        _append(path, line)
    if is_first and settings.AUDIT_MAIL:
        send_mail(f"Audit heads of {now:%Y-%m-%d}", f"{KEEP}\n\n{line}\n", None, settings.AUDIT_MAIL)
    return line


def load(where: Path | None = None, *, since: date | None = None) -> Checkpoints:
    """Read every file of the folder, or those since a day, and check each line: its signature, and that it follows the
    previous line."""
    found, before = Checkpoints(), ""
    files = sorted((where or folder()).glob(FILES))
    if since is not None:
        first = f"heads-{since:%Y-%m-%d}.jsonl"
        earlier = [path for path in files if path.name < first]
        files = files[len(earlier) :]
        before = earlier[-1].read_text().splitlines()[-1] if earlier else ""
    for path in files:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if problem := _read(line, before, found):
                found.problems.append(f"{path.name}, line {number}: {problem}")
            before = line
    found.last_line = before
    return found


def _load_newest_file() -> Checkpoints:
    """Read the newest file alone, whose first line has every chain, so that writing a line does not read all files."""
    found, files = Checkpoints(), sorted(folder().glob(FILES))
    lines = files[-1].read_text().splitlines() if files else []
    for number, line in enumerate(lines, 1):
        problem = _read(line, found.last_line or _last_line_of_previous(files), found)
        if problem:
            found.problems.append(f"{files[-1].name}, line {number}: {problem}")
        found.last_line = line
    return found


def _last_line_of_previous(files: list[Path]) -> str:
    return files[-2].read_text().splitlines()[-1] if len(files) > 1 else ""


def sign(content: bytes) -> bytes:
    """The Ed25519 signature of a file, with the key that signs checkpoints. Raises `NoSigningKey`."""
    return _private().sign(content)


def public_key_pem() -> str:
    """The public key as OpenSSL reads it. Raises `NoSigningKey`."""
    return _private().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def lines(since: date, until: date) -> Iterator[str]:
    """The checkpoints as they were signed, of the days from `since` to `until`."""
    for path in sorted(folder().glob(FILES)):
        if f"heads-{since:%Y-%m-%d}" <= path.stem <= f"heads-{until:%Y-%m-%d}":
            yield from path.read_text().splitlines()


def folder() -> Path:
    return Path(settings.AUDIT_HEADS)


def key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def public_key() -> str:
    """For PATCHBAY_AUDIT_PUBLIC_KEYS of those who verify: base64 of the raw key."""
    return base64.b64encode(_private().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _read(line: str, before: str, found: Checkpoints) -> str:
    """Add one line to `found`; returns what is wrong with it, or ""."""
    try:
        facts = json.loads(line)
        signature = base64.b64decode(facts.pop("signature"))
        key = known_keys()[facts["key"]]
        key.verify(signature, _canonical(facts))
        heads = {chain: (int(seq), bytes.fromhex(digest)) for chain, (seq, digest) in facts["heads"].items()}
        at = datetime.fromisoformat(facts["at"])
    except KeyError as error:
        return f"signed with a key that is not known here ({error})."
    except (ValueError, TypeError, AttributeError, InvalidSignature):
        return "its signature does not hold."
    for chain, (seq, digest) in heads.items():
        found.heads[chain][seq] = (digest, f"{at:%Y-%m-%d %H:%M} UTC")
    found.lines += 1
    found.last_at = f"{at:%Y-%m-%d %H:%M} UTC"
    return "" if facts["before"] == _hash(before) else "the line before it is missing or was changed."


def _signed(facts: dict[str, Any], key: Ed25519PrivateKey) -> str:
    signature = base64.b64encode(key.sign(_canonical(facts))).decode()
    return json.dumps(facts | {"signature": signature}, sort_keys=True)


def _canonical(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest() if line else ""


def _append(path: Path, line: str) -> None:
    """Write the line to disk before the transaction that holds the lock ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), "a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def _private() -> Ed25519PrivateKey:
    if not settings.AUDIT_KEY:
        raise NoSigningKey("PATCHBAY_AUDIT_KEY is not set.")
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.AUDIT_KEY))


def known_keys() -> dict[str, Ed25519PublicKey]:
    """The public keys by id: the present key, and earlier ones."""
    keys = [Ed25519PublicKey.from_public_bytes(base64.b64decode(key)) for key in settings.AUDIT_PUBLIC_KEYS]
    if settings.AUDIT_KEY:
        keys.append(_private().public_key())
    return {key_id(key): key for key in keys}
