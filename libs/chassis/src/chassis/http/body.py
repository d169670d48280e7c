"""Bounds the size of request bodies, and waits for slow ones where nobody waits behind them."""

from collections import Counter
from collections.abc import Hashable

from starlette.types import Message, Receive

from chassis.http.problems import ProblemError, overloaded, too_large


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


class Uploads:
    """Receives whole bodies before their requests take a slot that others wait for.

    Most bodies come with their request's head and are passed on as they are. What trickles in is
    collected here, all of it together within a bound, and that of each party within a quarter of
    it. Of whom nothing is known (None) makes no difference to the others.
    """

    def __init__(self, limit: int) -> None:
        self.held = 0
        """Bytes of bodies that came in pieces, until their requests have ended."""
        self._limit = limit
        self._share = limit // 4
        self._held_of: Counter[Hashable] = Counter()

    async def receive_whole(self, receive: Receive, party: Hashable = None) -> tuple[Receive, int]:
        """Return what gives the whole body at once, and the bytes to `release` in the end."""
        first = await receive()
        if not first.get("more_body", False):
            return _replay(first, receive), 0
        parts = [first.get("body", b"")]
        taken = 0
        try:
            while True:
                taken += len(parts[-1])
                self._take(len(parts[-1]), party)
                message = await receive()
                if message["type"] != "http.request":
                    self.release(taken, party)
                    return _replay(message, receive), 0
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    break
        except BaseException:
            self.release(taken, party)
            raise
        body: Message = {"type": "http.request", "body": b"".join(parts), "more_body": False}
        return _replay(body, receive), taken

    def release(self, taken: int, party: Hashable = None) -> None:
        """Give the room back."""
        self.held -= taken
        self._held_of[party] -= taken
        if not self._held_of[party]:
            del self._held_of[party]

    def _take(self, size: int, party: Hashable) -> None:
        self.held += size
        self._held_of[party] += size
        if self._held_of[party] > self._share or (
            party is not None and self.held - self._held_of[None] > self._limit
        ):
            raise ProblemError(overloaded())


def _replay(message: Message, receive: Receive) -> Receive:
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return message

    return replay
