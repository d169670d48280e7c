"""Our keys: the first ones, the ones that follow, and what encrypts them at rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chassis.clock import Clock
from kernel.errors import ConflictError
from sso.domain.keys import (
    KeyState,
    Purpose,
    StoredKey,
    begins_at,
    in_order,
    is_due,
    state_of,
    worn_out,
)

MakeKey = Callable[[Purpose, datetime, datetime], StoredKey]
"""Makes a key: for what, now, and from when it is the current one."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What becomes of the keys of a purpose."""

    add: StoredKey | None = None
    remove: Sequence[StoredKey] = ()


class Keys(Protocol):
    """The deployment's keys."""

    async def list(self, purpose: Purpose) -> Sequence[StoredKey]:
        """Return those of a purpose."""
        ...

    async def change(
        self, purpose: Purpose, decide: Callable[[Sequence[StoredKey]], KeyChange]
    ) -> KeyChange:
        """Lock the keys of a purpose, decide, store what was decided."""
        ...

    async def rewrap(self, wrap: Callable[[bytes], bytes]) -> int:
        """Store every private key as `wrap` returns it; returns how many there are."""
        ...


@dataclass(frozen=True, slots=True)
class ListKeys:
    """Lists the keys with their states."""

    keys: Keys
    clock: Clock

    async def __call__(self) -> Sequence[tuple[StoredKey, KeyState]]:
        """Return them by purpose, the current one first."""
        now = self.clock.now()
        listed = []
        for purpose in Purpose:
            known = await self.keys.list(purpose)
            listed += [(each, state_of(each, known, now)) for each in in_order(known, now)]
        return listed


@dataclass(frozen=True, slots=True)
class RotateKeys:
    """Lets a new key follow the current one, in a day."""

    keys: Keys
    make: MakeKey
    clock: Clock

    async def __call__(self, purpose: Purpose) -> StoredKey:
        """Return the new key; raises ConflictError while one is waiting already."""
        now = self.clock.now()

        def decide(known: Sequence[StoredKey]) -> KeyChange:
            if any(each.active_from > now for each in known):
                raise ConflictError(
                    "key-waits",
                    "A next key is published already; wait until it is current.",
                )
            return KeyChange(add=self.make(purpose, now, begins_at(known, now)))

        added = (await self.keys.change(purpose, decide)).add
        assert added is not None  # noqa: S101  # decide always adds
        return added


@dataclass(frozen=True, slots=True)
class KeepKeys:
    """Makes keys that are due, and removes those that nothing needs any more."""

    keys: Keys
    make: MakeKey
    clock: Clock

    async def __call__(self) -> int:
        """Return how many were removed."""
        removed = 0
        for purpose in Purpose:
            removed += len((await self.keys.change(purpose, self._decide(purpose))).remove)
        return removed

    def _decide(self, purpose: Purpose) -> Callable[[Sequence[StoredKey]], KeyChange]:
        now = self.clock.now()

        def decide(known: Sequence[StoredKey]) -> KeyChange:
            due = is_due(purpose, known, now)
            made = self.make(purpose, now, begins_at(known, now)) if due else None
            return KeyChange(made, worn_out(purpose, known, now))

        return decide


@dataclass(frozen=True, slots=True)
class RewrapKeys:
    """Encrypts every private key by the first of the deployment's keys, so that others can go."""

    keys: Keys
    wrap: Callable[[bytes], bytes]

    async def __call__(self) -> int:
        """Return how many there are."""
        return await self.keys.rewrap(self.wrap)
