"""What the present piece of work belongs to: correlation id, tenant and trace.

HTTP middleware binds it for each request and the consumer for each event; the outbox writes it into
new events and the log adds it to each line, so that one id is found at every step of a change.
"""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """What the present piece of work belongs to."""

    correlation_id: str
    """Empty when nobody has bound a context."""
    tenant_id: str | None = None
    traceparent: str | None = None
    """W3C Trace Context header of the span that caused this work."""


_UNBOUND = Context(correlation_id="")
_current: ContextVar[Context] = ContextVar("chassis.context", default=_UNBOUND)


def current() -> Context:
    """Return the bound context, or an empty one."""
    return _current.get()


class bind:  # noqa: N801  # It is used like a function.
    """Bind a context for the length of a `with` block."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: Context) -> None:
        self._context = context

    def __enter__(self) -> None:
        self._token = _current.set(self._context)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
