"""Taking what an identity provider has posted, once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import structlog

from chassis import context
from chassis.clock import Clock
from chassis.ids import uuid7
from sso.domain.assertion import Assertion, Expected, check_assertion
from sso.domain.connection import Connection, IdentityProvider, Use
from sso.domain.login import LOGIN_LIFETIME, PendingLogin, Waiting
from sso.domain.matching import Subject, subject_of
from sso.domain.refusals import Code, Refused
from sso.usecases.addresses import Addresses
from sso.usecases.connections import no_such_connection
from sso.usecases.entitlement import may_sign_on
from sso.usecases.leaving import new_login
from sso.usecases.matching import FindUser, Match
from sso.usecases.ports import Connections, Logins, LogRow, ReadResponse, TenantConnection
from sso.usecases.secrets import digest_of, new_secret

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of a response: the way on, or what a test has shown."""

    login: PendingLogin
    proof: str | None
    """Of the login, for the browser that began it; None for a test."""
    rule: str
    user_name: str
    claims: dict[str, list[str]] = field(default_factory=dict)
    is_other: bool = False
    """Somebody else than who had typed their address; they are asked whether that is right."""
    waits: bool = False
    """Nobody knows them yet; the proof is of the one who looks again."""
    begin_at: str | None = None
    """Where the app begins a sign-in, if this one began at the identity provider."""


@dataclass(frozen=True, slots=True)
class Admit:
    """Finds the user of a verified assertion, and takes the assertion for its login."""

    logins: Logins
    find_user: FindUser

    async def __call__(
        self, known: TenantConnection, login: PendingLogin, subject: Subject, waiting: Waiting
    ) -> Returned:
        """Return who signed in, or that somebody unknown has to wait; or raise Refused."""
        now = waiting.since
        try:
            match = await self.find_user(known, subject)
        except Refused as refusal:
            if refusal.code is not Code.NOT_PROVISIONED or login.outcome is not None:
                raise
            # SCIM may be telling the directory of them at this moment.
            proof = new_secret()
            await self.logins.wait(login, waiting, digest_of(proof))
            return Returned(login, proof, "", "", waits=True)
        return await self.take(known, login, match, waiting, now)

    async def take(
        self,
        known: TenantConnection,
        login: PendingLogin,
        match: Match,
        waiting: Waiting,
        now: datetime,
    ) -> Returned:
        """Take the assertion, once."""
        proof = new_secret()
        typed = login.request.login_hint if login.request is not None else ""
        outcome = waiting.outcome(match.user, match.rule, typed)
        taken = await self.logins.take_assertion(
            login,
            waiting.assertion_id,
            waiting.remember_until,
            outcome=outcome,
            proof_digest=digest_of(proof),
            subject=waiting.stable,
            row=log_row(known.connection, "signed_in", now, user_id=match.user.id, rule=match.rule),
        )
        if not taken:
            again = login.id if login.outcome is not None else None
            raise Refused(Code.REPLAYED, answered_login=again)
        is_other = outcome.instead_as is not None
        return Returned(login, proof, match.rule, match.user.user_name, is_other=is_other)


@dataclass(frozen=True, slots=True)
class ReceiveResponse:
    """Takes what an identity provider has posted to a connection's ACS, once."""

    connections: Connections
    logins: Logins
    admit: Admit
    read: ReadResponse
    addresses: Addresses
    clock: Clock
    may_log: Callable[[UUID], bool] = lambda _connection_id: True
    """Tells whether a connection's refusals may have another row: anybody can post garbage."""

    async def __call__(
        self, connection_id: UUID, document: bytes, relay_state: UUID | None
    ) -> Returned:
        """Return who signed in, or raise Refused; either way the sign-in log has a row.

        The relay state says which login it may be, to save looking for it; what was signed decides.
        Of refusals it has so many rows at most, and a line of the service's own log for each.
        """
        found = await self.connections.find_with_login(connection_id, relay_state)
        if found is None:
            raise no_such_connection()
        known, guess = found
        connection = known.connection
        try:
            return await self._receive(known, document, guess)
        except Refused as refusal:
            log.info(
                "sign_in.refused", tenant_id=str(connection.tenant_id), code=refusal.code.value
            )
            if self.may_log(connection.id):
                row = log_row(
                    connection,
                    refusal.code.value,
                    self.clock.now(),
                    user_id=refusal.user_id,
                    detail=refusal.detail,
                )
                await self.logins.log(row)
            raise

    async def _receive(
        self, known: TenantConnection, document: bytes, guess: PendingLogin | None
    ) -> Returned:
        connection, now = known.connection, self.clock.now()
        login, provider, assertion = await self._verified(connection, document, guess, now)
        remember_until = check_assertion(
            assertion,
            Expected(
                idp_entity_id=provider.entity_id,
                sp_entity_id=self.addresses.entity_id(connection.id),
                acs_url=self.addresses.acs(connection.id),
                request_id=login.request_id if login is not None else None,
                now=now,
                asked_anew_at=_asked_anew_at(login),
            ),
        )
        if not may_sign_on(known.tenant):
            raise Refused(Code.NOT_ENTITLED)
        subject = subject_of(
            assertion,
            known.domains,
            email_claim=provider.email_claim,
            subject_claim=provider.subject_claim,
        )
        if login is None and connection.active is not None:
            return self._begin_at_app(known, provider, subject, now)
        # Entra's own test, while nobody signs in by the connection yet.
        login = login or new_login(connection, Use.TEST, now)
        waiting = _waiting(assertion, subject, remember_until, now)
        if login.use is Use.TEST:
            match = await self.admit.find_user(known, subject)
            return await self._pass_test(login, provider, connection, assertion, match, waiting)
        return await self.admit(known, login, subject, waiting)

    async def _pass_test(
        self,
        login: PendingLogin,
        provider: IdentityProvider,
        connection: Connection,
        assertion: Assertion,
        match: Match,
        waiting: Waiting,
    ) -> Returned:
        row = log_row(
            connection, "test_passed", waiting.since, user_id=match.user.id, rule=match.rule
        )
        if not await self.logins.pass_test(login, assertion.id, waiting.remember_until, row):
            raise Refused(Code.REPLAYED)
        await self.connections.change(connection.id, lambda stored: stored.passed_test(provider))
        claims = {name: list(values) for name, values in assertion.attributes.items()}
        return Returned(login, None, match.rule, match.user.user_name, claims)

    def _begin_at_app(
        self, known: TenantConnection, provider: IdentityProvider, subject: Subject, now: datetime
    ) -> Returned:
        """Let a sign-in that began at the identity provider begin anew, at the default app.

        Nobody is signed in by what was not asked for: it could be anybody's, in any browser.
        """
        connection = known.connection
        if provider != connection.provider_for(Use.SIGN_IN):
            raise Refused(Code.CONNECTION_STATE, "by metadata that is not activated")
        if known.initiate_login_uri is None:
            raise Refused(Code.NOT_ASKED_FOR, "the connection has no default app")
        query = {"iss": self.addresses.public_url}
        if subject.addresses:
            query["login_hint"] = subject.addresses[0].text
        joint = "&" if urlsplit(known.initiate_login_uri).query else "?"
        url = f"{known.initiate_login_uri}{joint}{urlencode(query)}"
        return Returned(new_login(connection, Use.SIGN_IN, now), None, "", "", begin_at=url)

    async def _verified(
        self, connection: Connection, document: bytes, guess: PendingLogin | None, now: datetime
    ) -> tuple[PendingLogin | None, IdentityProvider, Assertion]:
        """Return the login that was asked for, by whom it was answered, and what was signed.

        Nobody has asked for an answer that names no request: its login is None.

        Which of the two revisions is meant stands in the request; until the signature has been
        verified by that one's certificates, nothing else of the document is believed.
        """
        refusal = Refused(Code.CONNECTION_STATE, connection.state.value)
        for use in (Use.SIGN_IN, Use.TEST):
            provider = connection.provider_for(use)
            if provider is None:
                continue
            try:
                assertion, request_id = self.read(
                    document, provider, self.addresses.acs(connection.id)
                )
            except Refused as error:
                refusal = error
                continue
            if request_id is None and not any(c.in_response_to for c in assertion.confirmations):
                return None, provider, assertion
            login = await self._login(connection, request_id, assertion, guess)
            if login.expires_at <= now:
                raise Refused(Code.LOGIN_EXPIRED)
            if login.use is use:
                return login, provider, assertion
            refusal = Refused(Code.CONNECTION_STATE, f"asked for {login.use.value}")
        raise refusal

    async def _login(
        self,
        connection: Connection,
        request_id: str | None,
        assertion: Assertion,
        guess: PendingLogin | None,
    ) -> PendingLogin:
        asked = {c.in_response_to for c in assertion.confirmations if c.in_response_to}
        if request_id is not None:
            asked.add(request_id)
        if len(asked) != 1:
            raise Refused(Code.NOT_ASKED_FOR, "it answers no request, or several")
        answered = asked.pop()
        if guess is not None and guess.request_id == answered:
            return guess
        login = await self.logins.find(connection.tenant_id, connection.id, answered)
        if login is None:
            raise Refused(Code.NOT_ASKED_FOR, "nobody waits for this answer any more")
        return login


def _asked_anew_at(login: PendingLogin | None) -> datetime | None:
    if login is None or login.request is None or not login.request.asks_anew:
        return None
    return login.expires_at - LOGIN_LIFETIME


def _waiting(
    assertion: Assertion, subject: Subject, remember_until: datetime, now: datetime
) -> Waiting:
    return Waiting(
        since=now,
        assertion_id=assertion.id,
        remember_until=remember_until,
        stable=subject.stable,
        object_id=subject.object_id,
        addresses=tuple(each.text for each in subject.addresses),
        name_id=assertion.name_id,
        name_id_format=assertion.name_id_format,
        session_index=assertion.session_index,
        session_ends_at=assertion.session_not_on_or_after,
        acr=assertion.context_class,
        amr=("fed", "mfa") if assertion.is_multi_factor else ("fed",),
    )


def log_row(
    connection: Connection,
    outcome: str,
    now: datetime,
    *,
    user_id: UUID | None = None,
    rule: str | None = None,
    detail: str = "",
) -> LogRow:
    """Return a row of the sign-in log."""
    return LogRow(
        connection.tenant_id,
        uuid7(),
        now,
        connection.id,
        outcome,
        user_id,
        rule,
        detail or None,
        context.current().correlation_id or None,
    )
