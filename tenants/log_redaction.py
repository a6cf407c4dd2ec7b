"""Redacts secrets in log records: keys, tokens, passwords, and URLs that hold one."""

import logging
import re

SECRET = re.compile(
    r"(?i)(\bBearer\s+|(?:api[_-]?key|secret|token|password)[\"']?\s*[:=]\s*[\"']?"
    r"|/invitation/|/hooks/voicedock/|/password/reset/key/|/email/confirm/)([^\s\"',;&]{4,})|\b(fl_[A-Za-z0-9_]{6,})"
)


class RedactSecretsFilter(logging.Filter):
    """Redacts the message of each record with its arguments, and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):  # from structlog: its formatter redacts them (`dashboard/logs.py`)
            return True
        record.msg, record.args = redact_secrets(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact_secrets(record.exc_text)
        return True


def redact_secrets(text: str) -> str:
    """The text with `[secret]` in place of whatever looks like a key, token or password."""
    return SECRET.sub(lambda match: f"{match[1] or ''}[secret]", text)
