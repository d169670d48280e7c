"""The keys that an issuer publishes, as a process has them in memory (RFC 7517).

They are fetched when a token names a key that is not known, and again when they are old. Whoever
sends tokens with made-up key ids causes one fetch in ten seconds, however many there are; while
the issuer cannot be reached, the keys that were known stay good.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

KEPT_SECONDS = 300.0
"""How old a set may be before it is fetched anew, in the background."""
BETWEEN_FETCHES = 10.0
"""Seconds between two fetches, whether or not they succeed."""
FETCH_TIMEOUT = 5.0

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]
"""Returns the issuer's set of keys."""

log = structlog.get_logger()


class PublishedKeys:
    """An issuer's public keys by their ids."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._tried_at = float("-inf")
        self._fetched_at = float("-inf")
        self._running: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> Key | None:
        """Return a key; one that is not known is asked for, and waited for."""
        found = self._keys.get(key_id)
        if found is None:
            running = self._begin()
            if running is not None:
                # Whoever waits may leave; the fetch is everybody's.
                await asyncio.shield(running)
            return self._keys.get(key_id)
        if self._clock() - self._fetched_at > KEPT_SECONDS:
            self._begin()
        return found

    def _begin(self) -> "asyncio.Task[None] | None":
        """Return the fetch that is on its way or begins now; None if the last was just now."""
        if self._running is None and self._clock() - self._tried_at >= BETWEEN_FETCHES:
            self._tried_at = self._clock()
            self._running = asyncio.create_task(self._refresh())
        return self._running

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                said = await self._fetch()
            self._keys = _signing_keys(said)
            self._fetched_at = self._clock()
        except (OSError, ValueError, TypeError, KeyError, JoseError) as error:
            log.warning("keys.not_fetched", error=type(error).__name__)
        finally:
            self._running = None


def _signing_keys(said: Mapping[str, Any]) -> Mapping[str, Key]:
    """Return the keys that sign, by their ids.

    Raises:
        ValueError: One cannot be read, or there is none: a set that lets nobody in is a fault.
    """
    read = KeySet.import_key_set({"keys": [key for key in said["keys"] if _may_sign(key)]})
    return {key.kid: key for key in read.keys if key.kid}


def _may_sign(key: Mapping[str, Any]) -> bool:
    return key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"
