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

    def test(self, connection_id: UUID, login_id: UUID) -> str:
        """Return where a test begins that has to begin at a page of ours."""
        return f"{self.public_url}/saml/{connection_id}/test?login={login_id}"

    def slo(self, connection_id: UUID) -> str:
        """Return where messages of single logout come (SingleLogoutService)."""
        return f"{self.public_url}/saml/{connection_id}/slo"

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url.startswith("https://")
