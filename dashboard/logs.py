"""One logging configuration for every process: structlog's processors, secrets struck out, UTC, standard error.

What is logged by structlog and by the standard library takes the same way. JSON in production, lines to read in
development. Standard output belongs to commands, such as `dumpdata`.
"""

import logging
import logging.config
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

from tenants.log_redaction import redact_secrets

Event = MutableMapping[str, Any]
QUIET = {  # what would be said every second or with every request; failures are warnings and errors
    "celery.beat": "WARNING",
    "celery.worker.strategy": "WARNING",
    "celery.worker.request": "WARNING",  # of each task that expired; `expired_tasks` counts them
    "celery.app.trace": "WARNING",
    "django.request": "ERROR",  # what was not found or refused is in the access log, without the secrets of its address
    "httpx": "WARNING",
    "httpcore": "WARNING",
    "django.server": "WARNING",
}


def settings(*, as_json: bool, level: str = "INFO") -> dict[str, Any]:
    """Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"secrets": {"()": "tenants.log_redaction.RedactSecretsFilter"}},
        "formatters": {"lines": {"()": formatter, "as_json": as_json}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "filters": ["secrets"], "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": level} for name, level in QUIET.items()},
    }


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG; also for Celery, whose own handlers would pass by the filter."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(config)


def formatter(*, as_json: bool) -> logging.Formatter:
    """Tracebacks without the values of local variables: these are where keys and people's words are."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if not as_json:
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain, timestamp_key="time")
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.contextvars.merge_contextvars],
        processors=[
            _facts_of_record,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.UnicodeDecoder(),
            _strike_out_values,
            renderer,
            _strike_out,
        ],
    )


def _facts_of_record(logger: Any, method: str, event: Event) -> Event:
    """When, how grave and from where: first in each line, whoever wrote it."""
    record: logging.LogRecord = event["_record"]
    moment = datetime.fromtimestamp(record.created, UTC)
    facts = {"time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"}
    facts |= {"level": record.levelname.lower(), "logger": record.name}
    return {**facts, **event}


def _strike_out_values(logger: Any, method: str, event: Event) -> Event:
    """Before quotes are escaped: what is JSON inside a value would hide its keys afterwards."""
    return {name: _struck_out(value) for name, value in event.items()}


def _struck_out(value: Any) -> Any:
    match value:
        case dict():
            return {str(name): _struck_out(one) for name, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_struck_out(item) for item in value]
        case bool() | int() | float() | None:
            return value
    return redact_secrets(str(value))


def _strike_out(logger: Any, method: str, line: Any) -> str:
    """And once more in the whole line, where `token=` stands beside its value."""
    return redact_secrets(line)
