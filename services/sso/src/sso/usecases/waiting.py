"""Looking again for somebody who signed in before the directory has told of them."""

from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from sso.domain.address import parse_address
from sso.domain.login import WAIT_TO_BE_PROVISIONED, PendingLogin, Waiting
from sso.domain.matching import Subject
from sso.domain.refusals import Code, Refused
from sso.usecases.entitlement import may_sign_on
from sso.usecases.ports import Connections, Logins, TenantConnection
from sso.usecases.responses import Admit, Returned, log_row
from sso.usecases.secrets import digest_of


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Looks for the user of a verified assertion once more; after ten seconds it is over."""

    connections: Connections
    logins: Logins
    admit: Admit
    clock: Clock

    async def __call__(self, login_id: UUID, proof: str) -> Returned | None:
        """Return who signed in; None: not yet. Raise Refused when it is over."""
        found = await self.logins.waiting(login_id, digest_of(proof)) if proof else None
        if found is None:
            raise Refused(Code.LOGIN_EXPIRED)
        login, waiting = found
        known = await self.connections.find_with_tenant(login.connection_id)
        now = self.clock.now()
        if known is None or login.expires_at <= now:
            raise Refused(Code.LOGIN_EXPIRED)
        try:
            return await self._look(known, login, waiting)
        except Refused as refusal:
            is_early = now < waiting.since + WAIT_TO_BE_PROVISIONED
            if refusal.code is Code.NOT_PROVISIONED and is_early:
                return None
            row = log_row(
                known.connection,
                refusal.code.value,
                now,
                user_id=refusal.user_id,
                detail=refusal.detail,
            )
            # One row for each login: whoever has the proof could come again and again.
            if await self.logins.forget(login):
                await self.logins.log(row)
            raise

    async def _look(
        self, known: TenantConnection, login: PendingLogin, waiting: Waiting
    ) -> Returned:
        if not may_sign_on(known.tenant):
            raise Refused(Code.NOT_ENTITLED)
        if known.connection.provider_for(login.use) is None:
            raise Refused(Code.CONNECTION_STATE, known.connection.state.value)
        addresses = [parse_address(text) for text in waiting.addresses]
        # As of now: a domain that the tenant has lost meanwhile says nothing any more.
        held = [each for each in addresses if each is not None and each.domain in known.domains]
        subject = Subject(waiting.stable, waiting.object_id, held)
        match = await self.admit.find_user(known, subject)
        return await self.admit.take(known, login, match, waiting, self.clock.now())
