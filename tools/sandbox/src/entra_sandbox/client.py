"""Sends Entra's requests to a SCIM URL, at a steady rate, and checks the responses.

Every answer is checked as strictly as Entra needs it: status, media type, list shape. A refusal of
the credentials ends the job; every other failure is the caller's to retry.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from entra_sandbox.dialect import Dialect
from entra_sandbox.request_log import RequestLog
from entra_sandbox.requests import ScimRequest

MEDIA_TYPE = "application/scim+json"
TIMEOUT = 30.0
BUSY = frozenset({429, 503})
BUSY_ATTEMPTS = 5
LONGEST_PAUSE = 10.0


class ProvisioningError(Exception):
    """The service did not do what was asked."""

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(f"{operation}: {reason}")
        self.operation = operation
        self.reason = reason


class CredentialsError(ProvisioningError):
    """The service does not accept the token: Entra quarantines the job at once."""


@dataclass(slots=True)
class RateLimiter:
    """Lets requests start at a steady rate; `rate` 0 lets them start at will."""

    rate: float
    _next: float = 0.0

    async def wait(self) -> None:
        """Return when the next request may start."""
        if self.rate <= 0:
            return
        now = time.monotonic()
        start = max(self._next, now)
        self._next = start + 1 / self.rate
        if start > now:
            await asyncio.sleep(start - now)


@dataclass(slots=True)
class ScimResponse:
    """A checked response: its status, its JSON document and when it had arrived."""

    status: int
    document: Mapping[str, Any]
    at: float


@dataclass(slots=True)
class ScimClient:
    """Talks to one SCIM URL with one token, in one dialect."""

    url: str
    token: str
    dialect: Dialect
    rate_limiter: RateLimiter
    request_log: RequestLog = field(default_factory=RequestLog)
    connections: int = 16
    transport: httpx.AsyncBaseTransport | None = None
    """Instead of the network, for tests."""
    _http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> "ScimClient":
        limits = httpx.Limits(max_connections=self.connections)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": MEDIA_TYPE}
        self._http = httpx.AsyncClient(
            timeout=TIMEOUT, limits=limits, headers=headers, transport=self.transport
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.aclose()

    @property
    def base_url(self) -> str:
        """Return the tenant URL without the query that an admin may have appended."""
        return urlsplit(self.url)._replace(query="", fragment="").geturl().rstrip("/")

    async def send(self, request: ScimRequest) -> ScimResponse:
        """Send a request; wait and repeat while the service says that it is busy."""
        for attempt in range(1, BUSY_ATTEMPTS + 1):
            await self.rate_limiter.wait()
            response, seconds = await self._exchange(request)
            busy = response.status_code in BUSY
            failed = busy or response.status_code not in request.expect
            self.request_log.record(request.operation, response.status_code, seconds, failed=failed)
            if not busy:
                break
            await asyncio.sleep(_pause(response, attempt))
        return _checked(request, response)

    async def _exchange(self, request: ScimRequest) -> tuple[httpx.Response, float]:
        if self._http is None:
            raise RuntimeError("the client is used outside its `async with` block")
        queries = [part for part in (self._flag(), request.query) if part]
        target = f"{self.base_url}{request.path}" + ("?" + "&".join(queries) if queries else "")
        content, headers = None, {}
        if request.body is not None:
            content = json.dumps(request.body, ensure_ascii=False).encode()
            headers = {"Content-Type": f"{MEDIA_TYPE}; charset=utf-8"}
        started = time.perf_counter()
        try:
            response = await self._http.request(
                request.method, target, content=content, headers=headers
            )
        except httpx.HTTPError as error:
            seconds = time.perf_counter() - started
            self.request_log.record(request.operation, 0, seconds, failed=True)
            reason = f"no answer ({type(error).__name__}: {error})"
            raise ProvisioningError(request.operation, reason) from error
        return response, time.perf_counter() - started

    def _flag(self) -> str:
        return urlsplit(self.url).query or self.dialect.flag


def _pause(response: httpx.Response, attempt: int) -> float:
    retry_after = response.headers.get("Retry-After", "")
    return min(float(retry_after) if retry_after.isdigit() else 0.2 * 2**attempt, LONGEST_PAUSE)


def _checked(request: ScimRequest, response: httpx.Response) -> ScimResponse:
    status = response.status_code
    at = time.monotonic()
    if status in (401, 403):
        raise CredentialsError(request.operation, _explain(response))
    if status not in request.expect:
        raise ProvisioningError(request.operation, _explain(response))
    document = _document(request, response)
    if status == 200 and "filter=" in request.query:
        _check_list(request, document)
    if status == 201 and not (document.get("id") and response.headers.get("Location")):
        raise ProvisioningError(request.operation, "201 without `id` or Location")
    return ScimResponse(status, document, at)


def _document(request: ScimRequest, response: httpx.Response) -> Mapping[str, Any]:
    if response.status_code == 204:
        return {}
    media_type = response.headers.get("Content-Type", "").split(";")[0].strip()
    if media_type != MEDIA_TYPE:
        raise ProvisioningError(request.operation, f"the answer is {media_type or 'untyped'}")
    try:
        document = response.json()
    except ValueError as error:
        raise ProvisioningError(request.operation, "the answer is not JSON") from error
    if not isinstance(document, dict):
        raise ProvisioningError(request.operation, "the answer is not a JSON object")
    return document


def _check_list(request: ScimRequest, document: Mapping[str, Any]) -> None:
    total = document.get("totalResults")
    if not isinstance(total, int) or (total > 0 and not document.get("Resources")):
        raise ProvisioningError(request.operation, "the answer is no SCIM ListResponse")


def _explain(response: httpx.Response) -> str:
    """Say what the service said, as Entra shows it to its admin."""
    try:
        problem = response.json()
        words = [str(problem[key]) for key in ("scimType", "detail") if problem.get(key)]
    except (ValueError, AttributeError, TypeError):
        words = []
    return " ".join([str(response.status_code), *words])
