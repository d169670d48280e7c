"""What the inbox makes of an error: how long it tries, and what it says of it where."""

import pytest

from chassis.bus import Undecodable
from chassis.inbox.errors import is_outage, is_permanent, is_rejection
from chassis.inbox.parking import describe, summarize
from chassis.inbox.subscription import Rejected
from kernel.errors import ConflictError, DomainError, Kind

PASSING = {Kind.UNAVAILABLE, Kind.TOO_MANY_REQUESTS}


KERNEL_ERRORS = [
    each for each in DomainError.__subclasses__() if each.__module__ == "kernel.errors"
]
"""Those of services, which another test may have imported, are made in other ways."""


@pytest.mark.parametrize("error_type", KERNEL_ERRORS)
def test_a_domain_error_is_an_outage_or_a_rejection(error_type: type[DomainError]) -> None:
    error = error_type("slug", "A sentence.")
    passes = error.kind in PASSING
    assert (is_outage(error), is_rejection(error), is_permanent(error)) == (
        passes,
        not passes,
        not passes,
    )


def test_a_lost_connection_is_an_outage_and_a_fault_is_neither() -> None:
    assert is_outage(ConnectionRefusedError())
    assert not is_outage(ZeroDivisionError())
    assert not is_permanent(ZeroDivisionError())


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (ConflictError("name-taken", "ada@acme.com is taken."), "ConflictError: name-taken"),
        (Rejected("ada@acme.com is nobody"), "Rejected: event-rejected"),
        (Undecodable("ce_time has no offset"), "Undecodable: ce_time has no offset"),
        (ValueError("ada@acme.com"), "ValueError"),
    ],
)
def test_the_log_has_no_sentence_that_may_hold_personal_data(error: Exception, logged: str) -> None:
    assert summarize(error) == logged
    assert describe(error) == f"{type(error).__name__}: {error}"
