"""Posts logout tokens to apps (OpenID Connect back-channel logout 1.0 §2.5)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from chassis.outbound import OutboundClient, OutboundError
from sso.domain.logout_notice import Answer, Delivered


@dataclass(frozen=True, slots=True)
class Backchannel:
    """Posts logout tokens; of the answer only the status counts."""

    client: OutboundClient

    async def __call__(self, uri: str, logout_token: str) -> Delivered:
        """Post a token; whatever goes wrong is told, never raised."""
        try:
            status = await self.client.post_form(uri, urlencode({"logout_token": logout_token}))
        except OutboundError as error:
            return Delivered(Answer.FAILED, error.problem.value)
        if status in (200, 204):
            return Delivered(Answer.HEARD)
        return Delivered(Answer.REFUSED if status == 400 else Answer.FAILED, f"status {status}")
