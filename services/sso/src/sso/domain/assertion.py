"""What an assertion says, and whether it was meant for us, now, and for this request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sso.domain.refusals import Code, Refused

SKEW = timedelta(seconds=60)
METHODS_CLAIM = "http://schemas.microsoft.com/claims/authnmethodsreferences"
MULTI_FACTOR = "http://schemas.microsoft.com/claims/multipleauthn"
REFEDS_MFA = "https://refeds.org/profile/mfa"
LONGEST = timedelta(hours=2)
"""How long an assertion may be good for: as long its id has to be remembered."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A bearer confirmation of the subject (SAML core §2.4.1.1)."""

    recipient: str | None
    in_response_to: str | None
    not_on_or_after: datetime | None


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion."""

    id: str
    issuer: str
    name_id: str | None
    name_id_format: str | None
    confirmations: Sequence[Confirmation]
    not_before: datetime | None
    not_on_or_after: datetime | None
    audiences: Sequence[frozenset[str]]
    """Of each AudienceRestriction: all of them must name us (SAML core §2.5.1.4)."""
    session_index: str | None
    session_not_on_or_after: datetime | None
    statements: int
    """Number of AuthnStatements."""
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    authenticated_at: datetime | None = None
    """When the identity provider has asked the person (AuthnInstant)."""
    context_class: str | None = None
    """How it has asked (AuthnContextClassRef, SAML core §2.7.2.2)."""

    @property
    def is_multi_factor(self) -> bool:
        """Whether the identity provider says that the person has shown a second factor."""
        methods = self.attributes.get(METHODS_CLAIM, ())
        return MULTI_FACTOR in methods or self.context_class == REFEDS_MFA


@dataclass(frozen=True, slots=True)
class Expected:
    """What an assertion has to fit."""

    idp_entity_id: str
    sp_entity_id: str
    acs_url: str
    request_id: str | None
    """What it must answer; None for one that nobody asked for."""
    now: datetime
    asked_anew_at: datetime | None = None
    """When we asked for the person to be asked again; None if we did not (ForceAuthn)."""


def check_assertion(assertion: Assertion, expected: Expected) -> datetime:
    """Return until when its id must be remembered, or raise Refused with what does not fit."""
    _check_issuer(assertion, expected)
    _check_times(assertion, expected.now)
    _check_audience(assertion, expected.sp_entity_id)
    _check_confirmation(assertion, expected)
    _check_statements(assertion, expected.now)
    _check_asked_anew(assertion.authenticated_at, expected.asked_anew_at)
    # The assertion's own word, so that it is remembered under the same key whenever it comes.
    return (assertion.not_on_or_after or expected.now) + SKEW


def _check_issuer(assertion: Assertion, expected: Expected) -> None:
    if assertion.issuer != expected.idp_entity_id:
        raise Refused(Code.ISSUER, assertion.issuer[:200])


def _check_times(assertion: Assertion, now: datetime) -> None:
    if assertion.not_on_or_after is None:
        raise Refused(Code.EXPIRED, "no NotOnOrAfter")
    if assertion.not_on_or_after + SKEW <= now:
        raise Refused(Code.EXPIRED, "NotOnOrAfter")
    if assertion.not_on_or_after > now + LONGEST:
        raise Refused(Code.EXPIRED, "it would be good for too long")
    if assertion.not_before is not None and assertion.not_before - SKEW > now:
        raise Refused(Code.NOT_YET_VALID)


def _check_statements(assertion: Assertion, now: datetime) -> None:
    if not assertion.statements:
        raise Refused(Code.NO_STATEMENT)
    ends = assertion.session_not_on_or_after
    if ends is not None and ends + SKEW <= now:
        raise Refused(Code.EXPIRED, "SessionNotOnOrAfter")


def _check_asked_anew(authenticated_at: datetime | None, since: datetime | None) -> None:
    """Take no sign-in of before for a new one: the app relies on it (`prompt=login`, `max_age`)."""
    if since is not None and (authenticated_at is None or authenticated_at + SKEW < since):
        raise Refused(Code.NOT_ASKED_AGAIN)


def _check_audience(assertion: Assertion, sp_entity_id: str) -> None:
    if not assertion.audiences:
        raise Refused(Code.AUDIENCE, "no AudienceRestriction")
    for restriction in assertion.audiences:
        if sp_entity_id not in restriction:
            raise Refused(Code.AUDIENCE, ", ".join(sorted(restriction))[:300])


def _check_confirmation(assertion: Assertion, expected: Expected) -> None:
    """One bearer confirmation must fit; the refusal names what did not fit of the last one."""
    refusal = Refused(Code.NO_CONFIRMATION)
    for confirmation in assertion.confirmations:
        if confirmation.recipient != expected.acs_url:
            refusal = Refused(Code.RECIPIENT, (confirmation.recipient or "none")[:300])
        elif confirmation.not_on_or_after is None:
            refusal = Refused(Code.NO_CONFIRMATION, "no NotOnOrAfter")
        elif confirmation.not_on_or_after + SKEW <= expected.now:
            refusal = Refused(Code.EXPIRED, "SubjectConfirmationData")
        elif confirmation.in_response_to != expected.request_id:
            refusal = Refused(Code.NOT_ASKED_FOR)
        else:
            return
    raise refusal
