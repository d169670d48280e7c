"""Bounds the size of request bodies, also of those that do not announce it."""

from starlette.types import Message, Receive

from chassis.problems import ProblemError, too_large


def announced_too_large(content_length: bytes | None, limit: int) -> bool:
    """Tell whether a request says by itself that its body is over the limit."""
    # The server has refused anything but digits, and holds the client to what it announced.
    return content_length is not None and int(content_length) > limit


def limited(receive: Receive, limit: int) -> Receive:
    """Count what is received, and end the request as soon as it is over the limit."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise ProblemError(too_large(limit))
        return message

    return counting
