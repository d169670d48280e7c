"""The addresses of this service."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where this service is, as browsers and identity providers see it."""

    public_url: str
    """Without a slash at the end; the issuer of tokens."""

    def entity_id(self, connection_id: UUID) -> str:
        """Return our entity ID towards one identity provider, which is where our metadata is."""
        return f"{self.public_url}/saml/{connection_id}/metadata"

    def acs(self, connection_id: UUID) -> str:
        """Return where responses are posted (Assertion Consumer Service)."""
        return f"{self.public_url}/saml/{connection_id}/acs"

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url.startswith("https://")
