"""Single logout: an identity provider signs somebody out here, or we somebody there.

Browsers bring the messages, often in a frame that has no cookie of ours: what ends is found by the
message alone.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from chassis.clock import Clock
from sso.domain.assertion import SKEW
from sso.domain.connection import Connection, IdentityProvider, Use
from sso.domain.refusals import Code, Refused
from sso.domain.single_logout import (
    LOGOUT_LIFETIME,
    ProviderAnswer,
    ProviderRequest,
    SessionSubject,
    check_message,
)
from sso.usecases.addresses import Addresses
from sso.usecases.connections import no_such_connection
from sso.usecases.ports import Connections

MAX_RELAY_STATE = 1_000
log = structlog.get_logger()


class LogoutMessages(Protocol):
    """Reads and writes the messages, signed."""

    def read(
        self, query: bytes, provider: IdentityProvider
    ) -> tuple[ProviderRequest | ProviderAnswer, str | None]:
        """Return what the provider has signed, and the RelayState; or raise Refused."""
        ...

    def request(
        self,
        provider: IdentityProvider,
        subject: SessionSubject,
        *,
        request_id: str,
        entity_id: str,
        now: datetime,
        until: datetime,
    ) -> str | None:
        """Return where a browser goes to be signed out; None if there is no such place."""
        ...

    def answer(
        self,
        provider: IdentityProvider,
        *,
        response_id: str,
        entity_id: str,
        in_response_to: str,
        relay_state: str | None,
        now: datetime,
    ) -> str | None:
        """Return where a browser goes to say that it is done; None if there is no such place."""
        ...


class SingleLogouts(Protocol):
    """What single logout ends and remembers."""

    async def end(
        self,
        connection: Connection,
        message_id: str,
        remember_until: datetime,
        *,
        name_id: str,
        session_indexes: Sequence[str],
        at: datetime,
    ) -> int | None:
        """End the sessions that a request names, once; None if it was taken before."""
        ...

    async def subject_of(
        self, tenant_id: UUID, session_id: UUID
    ) -> tuple[UUID, SessionSubject] | None:
        """Return by which connection a session came, and as whom; None if it has no name."""
        ...

    async def begin(
        self, connection: Connection, request_id: str, return_to: str | None, until: datetime
    ) -> None:
        """Remember that a browser has left to be signed out."""
        ...

    async def complete(
        self, connection: Connection, request_id: str, at: datetime
    ) -> tuple[str | None] | None:
        """Return where a browser that comes back goes on to, once; None if nobody has left."""
        ...


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a browser goes on to; None: nowhere, it is told that it is done."""

    url: str | None
    ended: int | None = None
    """How many sessions ended at the request of the provider; None: it has answered ours."""


@dataclass(frozen=True, slots=True)
class ReceiveLogout:
    """Takes a signed message of single logout that a browser brings."""

    connections: Connections
    logouts: SingleLogouts
    messages: LogoutMessages
    addresses: Addresses
    clock: Clock

    async def __call__(self, connection_id: UUID, query: bytes) -> Onward:
        """Do what it asks for, or raise Refused and change nothing."""
        connection = await self.connections.find(connection_id)
        if connection is None:
            raise no_such_connection()
        try:
            return await self._receive(connection, query)
        except Refused as refusal:
            log.info(
                "single_logout.refused",
                tenant_id=str(connection.tenant_id),
                code=refusal.code.value,
            )
            raise

    async def _receive(self, connection: Connection, query: bytes) -> Onward:
        provider = connection.provider_for(Use.SIGN_IN)
        if provider is None:
            raise Refused(Code.CONNECTION_STATE, connection.state.value)
        message, relay_state = self.messages.read(query, provider)
        now = self.clock.now()
        remember_until = check_message(
            message.message, connection.kind, provider, self.addresses.slo(connection.id), now
        )
        if isinstance(message, ProviderAnswer):
            return await self._answered(connection, message, now)
        if message.not_on_or_after is not None and message.not_on_or_after + SKEW <= now:
            raise Refused(Code.EXPIRED, "NotOnOrAfter")
        ended = await self.logouts.end(
            connection,
            message.message.id,
            remember_until,
            name_id=message.name_id,
            session_indexes=message.session_indexes,
            at=now,
        )
        if ended is None:
            raise Refused(Code.REPLAYED)
        log.info("single_logout.done", tenant_id=str(connection.tenant_id), ended=ended)
        url = self.messages.answer(
            provider,
            response_id=_new_id(),
            entity_id=self.addresses.entity_id(connection.id),
            in_response_to=message.message.id,
            relay_state=relay_state[:MAX_RELAY_STATE] if relay_state is not None else None,
            now=now,
        )
        return Onward(url, ended)

    async def _answered(
        self, connection: Connection, answer: ProviderAnswer, now: datetime
    ) -> Onward:
        completed = await self.logouts.complete(connection, answer.in_response_to, now)
        if completed is None:
            raise Refused(Code.NOT_ASKED_FOR, "nobody waits for this answer")
        if not answer.succeeded:
            # It is over here all the same, and the person cannot mend it there.
            log.warning("single_logout.failed_there", tenant_id=str(connection.tenant_id))
        return Onward(completed[0])


@dataclass(frozen=True, slots=True)
class LeaveProvider:
    """Sends a browser whose session has ended here to its identity provider, to end it there."""

    connections: Connections
    logouts: SingleLogouts
    messages: LogoutMessages
    addresses: Addresses
    clock: Clock

    async def __call__(
        self, tenant_id: UUID, session_id: UUID, return_to: str | None
    ) -> str | None:
        """Return where it goes; None if its connection has no single logout, or not switched on."""
        found = await self.logouts.subject_of(tenant_id, session_id)
        if found is None:
            return None
        connection_id, subject = found
        connection = await self.connections.find(connection_id)
        if connection is None or not connection.single_logout:
            return None
        provider = connection.provider_for(Use.SIGN_IN)
        if provider is None:
            return None
        now, request_id = self.clock.now(), _new_id()
        until = now + LOGOUT_LIFETIME
        url = self.messages.request(
            provider,
            subject,
            request_id=request_id,
            entity_id=self.addresses.entity_id(connection.id),
            now=now,
            until=until,
        )
        if url is not None:
            await self.logouts.begin(connection, request_id, return_to, until)
        return url


def _new_id() -> str:
    # Entra refuses an id that begins with a digit.
    return f"id-{secrets.token_hex(20)}"
