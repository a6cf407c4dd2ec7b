"""What VoiceDock's reason of an end says of its cause; the list is open (`voicedock-api.md §5.4`)."""

from __future__ import annotations

import re

OTHER_CAUSES = frozenset([  # words of reasons that name another cause than a command that was sent
    "user", "customer", "caller", "callee", "person", "human", "client", "remote", "participant",
    "max", "maximum", "duration", "time", "timeout", "timed", "limit", "silence", "silent", "inactivity", "idle",
    "voicemail", "voice", "mailbox", "machine", "amd", "tool", "function", "phrase",
    "error", "failed", "failure", "exception", "crash", "network", "connection",
    "busy", "answer", "unanswered", "rejected", "declined", "credit", "credits", "balance",
    "transfer", "transferred", "forwarded",
])  # fmt: skip
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def names_other_cause(reason: str) -> bool:
    """Whether no command ended the call. `assistant_ended` may mean one, since the assistant carries it out."""
    return any(word.lower() in OTHER_CAUSES for word in WORD.findall(reason))
