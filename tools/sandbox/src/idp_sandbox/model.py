"""What an Entra tenant holds for sign-in: people, applications, who may use which."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from idp_sandbox.keys import Key, new_key

NEEDED_KEYS = 2
"""Entra lists inactive certificates too: the active one is the first here."""


class Signing(StrEnum):
    """What is signed, as an application's signing option says."""

    ASSERTION = "assertion"
    RESPONSE = "response"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the tenant."""

    user_name: str
    """The user principal name; of guests `ann_partner.example#EXT#@…`."""
    object_id: str
    display_name: str
    email: str | None = None
    """None is a person without a mailbox."""
    given_name: str | None = None
    family_name: str | None = None
    enabled: bool = True
    guest: bool = False


@dataclass(slots=True)
class Application:
    """An enterprise application with SAML single sign-on."""

    app_id: str
    name: str
    entity_id: str
    acs_url: str
    keys: list[Key]
    """The first one signs; all are listed in the metadata."""
    sign_on_url: str | None = None
    """Where the tile in My Apps leads; without it, sign-in begins at the identity provider."""
    signing: Signing = Signing.ASSERTION
    encryption_certificate: bytes | None = None
    """PEM; assertions are encrypted to it."""
    assigned: frozenset[str] | None = None
    """User names; None is everybody."""
    logout_url: str | None = None
    """Where single logout leads."""

    def admits(self, person: Person) -> bool:
        """Tell whether a person is assigned."""
        return self.assigned is None or person.user_name in self.assigned


@dataclass(slots=True)
class EntraTenant:
    """One tenant of Entra."""

    tenant_id: str
    base_url: str
    now: Callable[[], datetime]
    people: dict[str, Person] = field(default_factory=dict)
    """By user name in lower case."""
    applications: dict[str, Application] = field(default_factory=dict)
    """By id."""

    @property
    def issuer(self) -> str:
        """Return the entity ID: the same for every application of the tenant."""
        return f"https://sts.windows.net/{self.tenant_id}/"

    @property
    def saml_url(self) -> str:
        """Return the address of single sign-on."""
        return f"{self.base_url}/{self.tenant_id}/saml2"

    @property
    def logout_issuer(self) -> str:
        """Return by which name single logout speaks: another than sign-in does."""
        return f"{self.base_url}/{self.tenant_id}/"

    def metadata_url(self, app_id: str) -> str:
        """Return the App Federation Metadata URL."""
        path = "federationmetadata/2007-06/federationmetadata.xml"
        return f"{self.base_url}/{self.tenant_id}/{path}?appid={app_id}"

    def keep_person(self, person: Person) -> None:
        """Add or replace a person."""
        self.people[person.user_name.lower()] = person

    def person(self, user_name: str) -> Person | None:
        """Return an enabled person by user name or address."""
        wanted = user_name.strip().lower()
        for known in self.people.values():
            if known.enabled and wanted in (known.user_name.lower(), (known.email or "").lower()):
                return known
        return None

    def keep_application(
        self,
        app_id: str,
        *,
        name: str,
        entity_id: str,
        acs_url: str,
        sign_on_url: str | None = None,
        signing: Signing = Signing.ASSERTION,
        encryption_certificate: bytes | None = None,
        assigned: frozenset[str] | None = None,
        logout_url: str | None = None,
    ) -> Application:
        """Add or replace an application; its certificates stay."""
        known = self.applications.get(app_id)
        keys = known.keys if known else [new_key(self.now()) for _ in range(NEEDED_KEYS)]
        kept = Application(
            app_id,
            name,
            entity_id,
            acs_url,
            keys,
            sign_on_url=sign_on_url,
            signing=signing,
            encryption_certificate=encryption_certificate,
            assigned=assigned,
            logout_url=logout_url,
        )
        self.applications[app_id] = kept
        return kept

    def by_entity_id(self, entity_id: str) -> Application | None:
        """Return the application with this identifier."""
        found = (each for each in self.applications.values() if each.entity_id == entity_id)
        return next(found, None)

    def add_certificate(self, app_id: str) -> Key:
        """Make an inactive certificate; it is listed at once."""
        key = new_key(self.now())
        self.applications[app_id].keys.append(key)
        return key

    def activate_certificate(self, app_id: str) -> Key:
        """Let the newest certificate sign from now on; the one before stays listed."""
        keys = self.applications[app_id].keys
        keys.insert(0, keys.pop())
        return keys[0]


def object_id_of(user_name: str) -> str:
    """Return the object id of a person nobody gave one."""
    return str(uuid5(NAMESPACE_URL, f"portico-sandbox/{user_name.lower()}"))
