"""RFC 9457 problems: what an API responds when it cannot do what it was asked.

A problem says what happened and what to do; never what the code looks like inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import orjson
from starlette.exceptions import HTTPException

from kernel.errors import DomainError, Kind

PROBLEM_JSON = b"application/problem+json"

STATUS_OF_KIND: Mapping[Kind, int] = MappingProxyType(
    {
        Kind.INVALID: 422,
        Kind.UNAUTHENTICATED: 401,
        Kind.FORBIDDEN: 403,
        Kind.NOT_FOUND: 404,
        Kind.CONFLICT: 409,
        Kind.STALE: 412,
        Kind.TOO_LARGE: 413,
        Kind.TOO_MANY_REQUESTS: 429,
        Kind.UNAVAILABLE: 503,
    }
)
"""The HTTP status of each kind of domain error."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One response that is an error."""

    status: int
    slug: str
    """Stable name of the mistake, `tenant-name-taken`; the problem's `type` is made of it."""
    title: str
    detail: str | None = None
    """A sentence for the person who has to act."""
    retry_after: int | None = None
    """Seconds to wait before trying again."""
    extra: Mapping[str, object] = field(default_factory=dict)
    """Further members of the body."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that belong to this response, apart from its content type."""
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        if self.retry_after is not None:
            headers.append((b"retry-after", str(self.retry_after).encode()))
        return headers


class ProblemError(HTTPException):
    """Ends a request with a problem.

    It is an HTTPException because FastAPI turns any other error that is raised while it reads a
    body into a 400 of its own.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.status, problem.detail or problem.title)
        self.problem = problem


def domain_problem(error: DomainError) -> Problem:
    """Return the response when a rule says no."""
    title = error.kind.replace("_", " ").capitalize()
    status = STATUS_OF_KIND[error.kind]
    # RFC 9110 §15.5.2: a 401 says how to sign in.
    headers = {"WWW-Authenticate": "Bearer"} if error.kind is Kind.UNAUTHENTICATED else {}
    return Problem(status, error.slug, title, error.sentence, error.retry_after, headers=headers)


def problem_body(problem: Problem, correlation_id: str) -> tuple[bytes, bytes]:
    """Return the content type and the body of a problem."""
    body: dict[str, object] = {
        "type": f"urn:portico:problem:{problem.slug}",
        "title": problem.title,
        "status": problem.status,
    }
    if problem.detail is not None:
        body["detail"] = problem.detail
    body["correlation_id"] = correlation_id
    return PROBLEM_JSON, orjson.dumps(body | dict(problem.extra))


def internal_error() -> Problem:
    """Return the response to a fault of ours."""
    return Problem(
        500,
        "internal-error",
        "Something went wrong",
        "The request failed. Try again; if it fails again, report the correlation id.",
    )


def overloaded() -> Problem:
    """Return the response when too many requests wait already."""
    return Problem(503, "overloaded", "Too busy", "Too many requests at once. Try again soon.", 1)


def timed_out() -> Problem:
    """Return the response when a request took too long."""
    return Problem(503, "timed-out", "Too slow", "The request took too long. Try again soon.", 2)


def too_large(limit: int) -> Problem:
    """Return the response to a body over the limit."""
    return Problem(
        413, "body-too-large", "Body too large", f"The request body is larger than {limit} bytes."
    )
