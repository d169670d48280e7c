"""Reads ID tokens that come back as hints: ours by every key that there is, over or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from kernel.names import parse_id
from sso.domain.logout import Hint
from sso.oidc.keys import ALGORITHM

ID_TOKEN = "JWT"  # noqa: S105  # a media type
MAX_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class HintReader:
    """Reads hints."""

    issuer: str
    keys: Callable[[], Sequence[RSAKey]]
    """Returns ours at this moment."""

    def __call__(self, token: str) -> Hint | None:
        """Return what an ID token of ours says, also after its end; None for anything else."""
        if not token or len(token) > MAX_LENGTH:
            return None
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.issuer}, sub={"essential": True}
        )
        try:
            read = jwt.decode(token, KeySet(list(self.keys())), algorithms=[ALGORITHM])
            if read.header.get("typ") != ID_TOKEN:
                return None
            claims = {**read.claims}
            # That it is over means nothing here: people sign out of what they left open.
            for time in ("exp", "nbf", "iat"):
                claims.pop(time, None)
            registry.validate(claims)
        except (JoseError, ValueError, TypeError):
            return None
        ids = [parse_id(str(claims.get(name))) for name in ("tenant_id", "sub", "sid")]
        client_id = claims.get("aud")
        if None in ids or not isinstance(client_id, str):
            return None
        tenant_id, user_id, session_id = (each for each in ids if each is not None)
        return Hint(client_id, tenant_id, user_id, session_id)
