"""The heads of the audit chains, signed and published outside of the database, where its owner cannot reach them.

Who owns the database can write a whole chain anew, hashes and heads included; not what was signed and carried away
before. A publication is one line of JSON in a file for each day: the chains that moved since the line before (all of
them on the first line of a day), the hash of that line, and an Ed25519 signature over everything else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
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
    "The signed heads of every audit chain. Keep this mail: its last line, in a file of the same form, is what "
    "`manage.py verify_audit --heads FOLDER` holds the database against."
)


class NoKey(Exception):
    """There is no key to sign with, so nothing can be published."""


@dataclass
class Published:
    """What was carried away: chain → sequence number → (hash, when). `troubles` are lines that cannot be believed."""

    heads: dict[str, dict[int, tuple[bytes, str]]] = field(default_factory=lambda: defaultdict(dict))
    lines: int = 0
    last_at: str = ""
    last_line: str = ""
    troubles: list[str] = field(default_factory=list)

    def of(self, chain: str) -> dict[int, tuple[bytes, str]]:
        return self.heads.get(chain, {})


@scope.opens_scope
def publish() -> str:
    """Write the next line, unless no chain has moved; the line. One at a time; opens a scope of its own.

    Raises `NoKey`. The first line of a day goes by mail too, where an address is set.
    """
    key = _private()
    with scope.for_system("publish the heads of the audit chains"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return ""
        now = timezone.now()
        path = folder() / f"heads-{now:%Y-%m-%d}.jsonl"
        whole, known = not path.exists(), _newest()
        heads = {head.chain: [head.seq, bytes(head.hash).hex()] for head in AuditHead.objects.order_by("chain")}
        moved = {chain: head for chain, head in heads.items() if whole or head[0] not in known.of(chain)}
        if not moved:
            return ""
        facts = {"at": now.isoformat(), "key": key_id(key.public_key()), "before": _hash(known.last_line)}
        line = _signed(facts | {"heads": moved}, key)
        _append(path, line)
    if whole and settings.AUDIT_MAIL:
        send_mail(f"Audit heads of {now:%Y-%m-%d}", f"{KEEP}\n\n{line}\n", None, settings.AUDIT_MAIL)
    return line


def published(where: Path | None = None) -> Published:
    """Everything in the folder, each line checked: its signature, and that it follows the line before it."""
    found, before = Published(), ""
    for path in sorted((where or folder()).glob(FILES)):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if trouble := _read(line, before, found):
                found.troubles.append(f"{path.name}, line {number}: {trouble}")
            before = line
    found.last_line = before
    return found


def _newest() -> Published:
    """The newest file alone, which begins with every chain: what came before is not read for each new line."""
    found, files = Published(), sorted(folder().glob(FILES))
    lines = files[-1].read_text().splitlines() if files else []
    for number, line in enumerate(lines, 1):
        trouble = _read(line, found.last_line or _last_line_before(files), found)
        if trouble:
            found.troubles.append(f"{files[-1].name}, line {number}: {trouble}")
        found.last_line = line
    return found


def _last_line_before(files: list[Path]) -> str:
    """That of the file before the newest one."""
    return files[-2].read_text().splitlines()[-1] if len(files) > 1 else ""


def folder() -> Path:
    return Path(settings.AUDIT_HEADS)


def key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def public_key() -> str:
    """To be kept by those who verify: base64 of the raw key."""
    return base64.b64encode(_private().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _read(line: str, before: str, found: Published) -> str:
    """Take one line in; what is wrong with it, or ""."""
    try:
        facts = json.loads(line)
        signature = base64.b64decode(facts.pop("signature"))
        key = known_keys()[facts["key"]]
        key.verify(signature, _canonical(facts))
        heads = {chain: (int(seq), bytes.fromhex(digest)) for chain, (seq, digest) in facts["heads"].items()}
        at = datetime.fromisoformat(facts["at"])
    except KeyError as missing:
        return f"signed with a key that is not known here ({missing})."
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
    """On the disk before the transaction that holds the lock ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), "a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def _private() -> Ed25519PrivateKey:
    if not settings.AUDIT_KEY:
        raise NoKey("PATCHBAY_AUDIT_KEY is not set.")
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.AUDIT_KEY))


def known_keys() -> dict[str, Ed25519PublicKey]:
    """The keys to believe: ours, and those that signed before it."""
    keys = [Ed25519PublicKey.from_public_bytes(base64.b64decode(one)) for one in settings.AUDIT_PUBLIC_KEYS]
    if settings.AUDIT_KEY:
        keys.append(_private().public_key())
    return {key_id(key): key for key in keys}
