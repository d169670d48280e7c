"""Asks an address that a customer gave: by https, at public addresses, so much and so long.

One deadline holds for everything together: a host that sends a byte a second is not waited for.
Certificates are verified for the host's name; proxies that the environment names are not used,
since they would look names up themselves.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from chassis.outbound.errors import OutboundError, Problem
from chassis.outbound.public import is_loopback
from chassis.outbound.resolving import CheckedBackend, Resolve, Rules, resolve_by_system

DEADLINE_SECONDS = 10.0
MAX_BYTES = 1_048_576
MAX_REDIRECTS = 3
MAX_ADDRESS = 2_048
AT_ONCE = 8
"""Requests of one process; others wait for their turn within their own deadline."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOCAL = "localhost"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was sent back."""

    body: bytes
    content_type: str


@dataclass(slots=True)
class OutboundClient:
    """Asks addresses; each request has a connection of its own."""

    rules: Rules = field(default_factory=Rules)
    resolve: Resolve = resolve_by_system
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    deadline: float = DEADLINE_SECONDS
    max_bytes: int = MAX_BYTES
    at_once: int = AT_ONCE
    _turns: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        """Make the turns."""
        self._turns = asyncio.Semaphore(self.at_once)

    async def get(self, url: str, *, accept: str = "*/*") -> Answer:
        """Return what an address answers with 200; redirects are followed, each as a new address.

        Raises:
            OutboundError: It came to nothing, for one of the kinds of Problem.
        """
        try:
            async with asyncio.timeout(self.deadline), self._turns:
                for _ in range(1 + MAX_REDIRECTS):
                    answer = await self._get(url, accept)
                    if isinstance(answer, Answer):
                        return answer
                    url = urljoin(url, answer)
        except TimeoutError:
            raise OutboundError(Problem.TOO_SLOW) from None
        raise OutboundError(Problem.REDIRECTS)

    async def post_form(self, url: str, form: str) -> int:
        """Return the status that an address answers a form with; what else it says is not read.

        Raises:
            OutboundError: It came to nothing, for one of the kinds of Problem.
        """
        headers: dict[bytes | str, bytes | str] = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(form)),
        }

        async def status(response: httpcore.Response) -> int:
            return response.status

        try:
            async with asyncio.timeout(self.deadline), self._turns:
                return await self._ask("POST", url, headers, status, form.encode("ascii"))
        except TimeoutError:
            raise OutboundError(Problem.TOO_SLOW) from None

    async def _get(self, url: str, accept: str) -> Answer | str:
        """Return the answer, or where it leads."""
        return await self._ask("GET", url, {"Accept": accept}, self._read)

    async def _ask(
        self,
        method: str,
        url: str,
        headers: dict[bytes | str, bytes | str],
        read: Callable[[httpcore.Response], Awaitable[T]],
        content: bytes | None = None,
    ) -> T:
        parts = _checked(url, self.rules)
        request = httpcore.Request(
            method,
            _target(parts),
            headers=headers
            | {
                "Host": parts.netloc,
                "Accept-Encoding": "identity",
                "User-Agent": "Portico",
                "Connection": "close",
            },
            content=content,
        )
        backend = CheckedBackend(self.rules, self.resolve)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self.tls, max_connections=1, network_backend=backend
        )
        try:
            async with pool:
                response = await pool.handle_async_request(request)
                try:
                    return await read(response)
                finally:
                    await response.aclose()
        except httpcore.ConnectError as error:
            raise OutboundError(_connect_problem(error)) from None
        except httpcore.TimeoutException:
            raise OutboundError(Problem.TOO_SLOW) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            raise OutboundError(Problem.NOT_HTTP) from None

    async def _read(self, response: httpcore.Response) -> Answer | str:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        if response.status in _REDIRECTS:
            if not headers.get("location"):
                raise OutboundError(Problem.REDIRECTS)
            return headers["location"]
        if response.status != 200:
            raise OutboundError(Problem.STATUS, str(response.status))
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise OutboundError(Problem.ENCODED)
        body = bytearray()
        async for part in response.aiter_stream():
            body += part
            if len(body) > self.max_bytes:
                raise OutboundError(Problem.TOO_LARGE)
        return Answer(bytes(body), headers.get("content-type", ""))


def _checked(url: str, rules: Rules) -> SplitResult:
    """Return an address that may be asked, in parts."""
    if len(url) > MAX_ADDRESS or not url.isascii() or not url.isprintable() or " " in url:
        raise OutboundError(Problem.NOT_AN_ADDRESS)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OutboundError(Problem.NOT_AN_ADDRESS) from None
    host = parts.hostname or ""
    if not host or "\\" in url:
        raise OutboundError(Problem.NOT_AN_ADDRESS)
    if rules.loopback and (host == _LOCAL or is_loopback(host)):
        allowed = parts.scheme in ("http", "https")
    else:
        allowed = parts.scheme == "https" and (port is None or port == 443 or port > 1_023)
        # Without a dot it is a name of our own network, or an IPv4 address as one number.
        allowed = allowed and ("." in host or ":" in host or rules.private)
    if not allowed or "@" in parts.netloc:
        raise OutboundError(Problem.NOT_ALLOWED)
    return parts


def _target(parts: SplitResult) -> httpcore.URL:
    path = parts.path or "/"
    return httpcore.URL(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port,
        target=f"{path}?{parts.query}" if parts.query else path,
    )


def _connect_problem(error: httpcore.ConnectError) -> Problem:
    """Tell a refused certificate from a refused connection: httpcore raises one for both."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Problem.CERTIFICATE
        cause = cause.__cause__ or cause.__context__
    return Problem.UNREACHABLE
