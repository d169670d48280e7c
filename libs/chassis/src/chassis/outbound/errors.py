"""Why a request to somebody's address came to nothing, as a closed list.

The sentences tell an admin what to change. They never say which address a name has: whoever may
name addresses could map a network by it.
"""

from enum import StrEnum

from kernel.errors import InvalidError


class Problem(StrEnum):
    """The kinds."""

    NOT_AN_ADDRESS = "not_an_address"
    NOT_ALLOWED = "not_allowed"
    NAME_UNKNOWN = "name_unknown"
    NOT_PUBLIC = "not_public"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    STATUS = "status"
    REDIRECTS = "redirects"
    TOO_LARGE = "too_large"
    ENCODED = "encoded"
    TOO_SLOW = "too_slow"
    NOT_HTTP = "not_http"


SENTENCES = {
    Problem.NOT_AN_ADDRESS: "It is no web address.",
    Problem.NOT_ALLOWED: (
        "It must begin with https://, name a host by its full name, have no user name, and use "
        "port 443 or one above 1023."
    ),
    Problem.NAME_UNKNOWN: "Its host name is not known to DNS.",
    Problem.NOT_PUBLIC: "Its host is not on the public internet.",
    Problem.UNREACHABLE: "Its host does not take connections.",
    Problem.CERTIFICATE: "Its host shows no valid TLS certificate for its name.",
    Problem.STATUS: "Its host answers with an error.",
    Problem.REDIRECTS: "It leads on too often, or to somewhere without an address.",
    Problem.TOO_LARGE: "Its host sends too much.",
    Problem.ENCODED: "Its host sends compressed content without being asked.",
    Problem.TOO_SLOW: "Its host takes too long.",
    Problem.NOT_HTTP: "Its host does not answer by HTTP.",
}


class OutboundError(InvalidError):
    """A request came to nothing."""

    def __init__(self, problem: Problem, detail: str = "") -> None:
        self.problem = problem
        sentence = SENTENCES[problem]
        super().__init__(
            f"address-{problem.value.replace('_', '-')}",
            f"{sentence} ({detail})" if detail else sentence,
        )
