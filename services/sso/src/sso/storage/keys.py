"""The deployment's keys in PostgreSQL, and in the memory of a process that uses them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import asyncpg
import structlog

from chassis.clock import Clock
from chassis.database import DATABASE_FAILURES, read_queries, transaction
from chassis.retry import every
from sso.domain.keys import KeyState, Purpose, StoredKey, in_order, state_of
from sso.storage import rows
from sso.usecases.keys import KeyChange, Keys

QUERIES = read_queries("sso.storage", "keys")
REFRESH_SECONDS = 30.0
"""Far less than the day for which a key is published before it is used."""
_LOCK = 0x73736F
"""Of the advisory lock under which keys change."""

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PostgresKeys:
    """The deployment's keys."""

    pool: asyncpg.Pool

    async def list(self, purpose: Purpose) -> Sequence[StoredKey]:
        """Return those of a purpose."""
        found = await self.pool.fetch(*QUERIES["list_keys"](purpose=purpose.value))
        return [rows.stored_key(row) for row in found]

    async def change(
        self, purpose: Purpose, decide: Callable[[Sequence[StoredKey]], KeyChange]
    ) -> KeyChange:
        """Lock, decide, store what was decided."""
        async with transaction(self.pool) as database:
            await database.execute(*QUERIES["lock_keys"](key=_LOCK))
            found = await database.fetch(*QUERIES["list_keys"](purpose=purpose.value))
            change = decide([rows.stored_key(row) for row in found])
            if change.add is not None:
                await database.execute(
                    *QUERIES["insert_key"](
                        id=change.add.id,
                        purpose=change.add.purpose.value,
                        private_key=change.add.private_key,
                        certificate=change.add.certificate,
                        created_at=change.add.created_at,
                        active_from=change.add.active_from,
                    )
                )
            for each in change.remove:
                await database.execute(*QUERIES["delete_key"](id=each.id))
        return change

    async def rewrap(self, wrap: Callable[[bytes], bytes]) -> int:
        """Store every private key as `wrap` returns it."""
        async with transaction(self.pool) as database:
            await database.execute(*QUERIES["lock_keys"](key=_LOCK))
            found = await database.fetch(*QUERIES["list_private_keys"]())
            for row in found:
                wrapped = wrap(row["private_key"])
                await database.execute(
                    *QUERIES["save_private_key"](id=row["id"], private_key=wrapped)
                )
        return len(found)


@dataclass(slots=True)
class Keyring(Generic[T]):
    """The opened keys of a purpose in this process, read again every half minute."""

    keys: Keys
    purpose: Purpose
    open: Callable[[StoredKey], T]
    clock: Clock
    _opened: dict[str, T] = field(default_factory=dict)
    _stored: Sequence[StoredKey] = ()

    def __call__(self) -> list[T]:
        """Return the current key, retired ones from the newest, then what comes next."""
        return [self._opened[key.id] for key in in_order(self._stored, self.clock.now())]

    def in_use(self) -> list[T]:
        """Return the current key, then what comes next: what others may encrypt to."""
        now = self.clock.now()
        return [
            self._opened[key.id]
            for key in in_order(self._stored, now)
            if state_of(key, self._stored, now) is not KeyState.RETIRED
        ]

    async def refresh(self) -> None:
        """Read the keys again; each is opened once."""
        stored = await self.keys.list(self.purpose)
        self._opened = {
            key.id: self._opened[key.id] if key.id in self._opened else self.open(key)
            for key in stored
        }
        self._stored = stored

    async def run(self) -> None:
        """Refresh for ever; while the database is away, the keys that are here go on."""
        async for _ in every(REFRESH_SECONDS, beats=True):
            try:
                await self.refresh()
            except DATABASE_FAILURES as error:
                log.warning("keys.not_refreshed", purpose=self.purpose.value, error=repr(error))
