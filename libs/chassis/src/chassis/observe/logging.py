"""Structured logs on stderr: JSON lines in production, readable ones in development.

The tenant and the correlation id of the work at hand are added to every line. Secrets never get
through: a field whose name says that it holds one is blanked before it is written.
"""

import logging
import sys
from collections.abc import MutableMapping
from io import StringIO
from typing import Any, TextIO

import orjson
import structlog

from chassis.context import current
from chassis.printable import printable
from chassis.settings import Environment

REDACTED = "[redacted]"
_SECRET_WORDS = (
    "token", "password", "passwd", "secret", "authorization", "assertion", "samlresponse",
    "cookie", "api_key", "apikey", "private_key", "credential", "payload", "body",
)  # fmt: skip
_HARMLESS_ENDINGS = ("_id", "_prefix", "_name", "_at")

EventDict = MutableMapping[str, Any]


def configure_logging(*, service: str, environment: Environment, level: str) -> None:
    """Set up structlog and route the standard library's logging through it."""
    readable = environment != "production"
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _ServiceName(service),
        add_context,
        redact,
    ]
    renderer: list[structlog.typing.Processor] = (
        [
            escape,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                sort_keys=False,
                # The default one shows local variables, and those may be secrets.
                exception_formatter=_plain_traceback,
            ),
        ]
        if readable
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_to_json)]
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=environment != "test",
    )
    _route_standard_logging(shared, renderer, level)


def add_context(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Add the tenant and correlation id of the request or event that is being handled."""
    context = current()
    if context.correlation_id:
        event.setdefault("correlation_id", context.correlation_id)
    if context.tenant_id is not None:
        event.setdefault("tenant_id", context.tenant_id)
    return event


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Blank every field whose name says that it holds a secret or a payload, nested ones too."""
    for key, value in event.items():
        if isinstance(value, str | bytes | list | dict) and _names_a_secret(key):
            event[key] = REDACTED
        elif isinstance(value, dict):
            event[key] = redact(None, "", dict(value))
    return event


def escape(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Show what steers a terminal as its escape: values may be names that a stranger chose."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = printable(value)
    return event


def _names_a_secret(key: object) -> bool:
    name = str(key).lower().replace("-", "_")
    return not name.endswith(_HARMLESS_ENDINGS) and any(word in name for word in _SECRET_WORDS)


def _plain_traceback(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    text = StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    out.write("\n".join(map(printable, text.getvalue().split("\n"))))


class _ServiceName:
    """Adds the service's name to every line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        event["service"] = self._name
        return event


def _to_json(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _route_standard_logging(
    shared: list[structlog.typing.Processor],
    renderer: list[structlog.typing.Processor],
    level: str,
) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # What these say at `info` is said better, once, by the chassis itself.
    for noisy in ("uvicorn", "uvicorn.error", "aiokafka", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
