"""Reading what became of attempts to sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kernel.errors import InvalidError
from kernel.names import parse_id_leniently
from sso.domain.sign_in_log import OUTCOMES
from sso.usecases.ports import LogRow
from sso.usecases.session_ports import SignInLog
from sso.usecases.sessions import NEWEST


@dataclass(frozen=True, slots=True)
class ReadSignInLog:
    """Reads a tenant's sign-in log."""

    log: SignInLog

    async def __call__(
        self,
        tenant_id: UUID,
        *,
        outcome: str | None = None,
        user_id: UUID | None = None,
        before: str | None = None,
        limit: int,
    ) -> Sequence[LogRow]:
        """Return so many rows at most, the newest first, from before the row of an id."""
        if outcome is not None and outcome not in OUTCOMES:
            raise InvalidError("outcome-unknown", f"An outcome is one of {', '.join(OUTCOMES)}.")
        first = NEWEST if before is None else parse_id_leniently(before)
        if first is None:
            raise InvalidError("row-id-invalid", "A row's id is a UUID, as the list shows it.")
        return await self.log.read(
            tenant_id, before=first, limit=limit, outcome=outcome, user_id=user_id
        )
