"""Finds the user that an assertion speaks of (sign-on decisions: binding, object id, address)."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.names import comparison_key
from sso.domain.address import parse_address
from sso.domain.connection import Connection
from sso.domain.login import User
from sso.domain.matching import Subject
from sso.domain.refusals import Code, Refused
from sso.usecases.ports import People, TenantConnection


@dataclass(frozen=True, slots=True)
class Match:
    """Who it is, and by which rule."""

    user: User
    rule: str
    """`binding`, `object_id` or `address`."""


@dataclass(frozen=True, slots=True)
class FindUser:
    """Finds the user that an assertion speaks of, inside the connection's tenant alone."""

    people: People

    async def __call__(self, known: TenantConnection, subject: Subject) -> Match:
        """Return the user, or raise Refused."""
        connection = known.connection
        match = await self._match(connection, subject)
        if match.rule != "binding" and known.is_confined:
            _refuse_foreign(match.user, known.domains)
        if not match.user.active:
            raise Refused(Code.DEACTIVATED, user_id=match.user.id)
        if match.rule != "binding" and subject.stable is not None:
            await self._refuse_other_subject(connection, match.user, subject.stable)
        return match

    async def _match(self, connection: Connection, subject: Subject) -> Match:
        tenant_id = connection.tenant_id
        if subject.stable is not None:
            bound = await self.people.bound(tenant_id, connection.id, subject.stable)
            if bound is not None:
                return Match(bound, "binding")
        if subject.object_id is not None:
            found = await self.people.with_external_id(tenant_id, subject.object_id)
            if user := _only(found, "two users have its object id as externalId"):
                return Match(user, "object_id")
        for address in subject.addresses:
            found = await self.people.with_address(tenant_id, comparison_key(address.text))
            if user := _only(found, "two users have this address"):
                return Match(user, "address")
        raise Refused(Code.NOT_PROVISIONED)

    async def _refuse_other_subject(self, connection: Connection, user: User, subject: str) -> None:
        """Refuse who comes by the address of a user that is bound to somebody else.

        Not to the subject itself: two first sign-ins of a person at once bind it but once.
        """
        subjects = await self.people.bound_subjects(connection.tenant_id, connection.id, user.id)
        if subjects and subject not in subjects:
            detail = "the user is bound to another object id"
            raise Refused(Code.OTHER_SUBJECT, detail, user_id=user.id)


def _refuse_foreign(user: User, domains: frozenset[str]) -> None:
    """Refuse somebody for whom another connection of the tenant speaks, however it was found.

    An object id proves nothing here: any identity provider can claim any.
    """
    addresses = [parse_address(text) for text in (user.user_name, user.email or "")]
    if not any(each is not None and each.domain in domains for each in addresses):
        detail = "another connection speaks for this user's domain"
        raise Refused(Code.FOREIGN_ADDRESS, detail, user_id=user.id)


def _only(found: Sequence[User], fault: str) -> User | None:
    """Return the one user; several are refused, for nobody may be guessed at."""
    if len(found) > 1:
        raise Refused(Code.AMBIGUOUS_USER, fault)
    return found[0] if found else None
