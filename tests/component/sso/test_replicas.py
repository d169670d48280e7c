"""Two processes that serve and one that works: a sign-in goes on at whichever is asked."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import cycle

import httpx
import pytest

from component.sso.harness import ORIGIN, SignOn, code_of
from support.identity_provider import response_bytes
from support.processes import ServiceProcess
from support.waiting import eventually

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., ServiceProcess]
EMAIL = "ann@corp.example"


class InTurn(httpx.AsyncBaseTransport):
    """Sends each request to another replica, as a gateway does; browsers see one address."""

    def __init__(self, addresses: list[str]) -> None:
        self._next = cycle([httpx.URL(f"http://{address}") for address in addresses])
        self._http = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        there = next(self._next)
        url = request.url.copy_with(scheme="http", host=there.host, port=there.port)
        sent = httpx.Request(
            request.method,
            url,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._http.handle_async_request(sent)

    async def aclose(self) -> None:
        await self._http.aclose()


class Replicated(SignOn):
    """The same tenant and connection, served by processes."""

    def __init__(self, sso: SignOn) -> None:
        super().__init__(**vars(sso))
        self.addresses: list[str] = []
        self.opened: list[httpx.AsyncClient] = []

    def client(self) -> httpx.AsyncClient:
        transport = InTurn(self.addresses)
        client = httpx.AsyncClient(transport=transport, base_url=ORIGIN, timeout=20)
        self.opened.append(client)
        return client


def address_of(process: ServiceProcess) -> str | None:
    """Return where a process answers HTTP, once it says so."""
    for line in process.output.splitlines():
        found = re.search(r"address=(\S+)", line)
        if found and re.search(r"\bloop=http\b", line):
            return found[1]
    return None


@pytest.fixture
def environment(sso: SignOn, own_kafka: str) -> Mapping[str, str]:
    keys = sso.settings.encryption_keys.get_secret_value()
    return {
        "SSO_DATABASE_URL": sso.settings.database_url,
        "SSO_HTTP_PORT": "0",
        "SSO_METRICS_PORT": "0",
        "SSO_PUBLIC_URL": ORIGIN,
        "SSO_ENCRYPTION_KEYS": keys,
        "KAFKA_BOOTSTRAP_SERVERS": own_kafka,
        "ENVIRONMENT": "test",
    }


@pytest.fixture
async def replicas(
    sso: SignOn, environment: Mapping[str, str], start_process: Start
) -> AsyncIterator[Replicated]:
    started = [start_process("sso", "serve", env=environment) for _ in range(2)]
    start_process("sso", "work", env=environment)
    made = Replicated(sso)

    async def listen() -> bool:
        made.addresses = [each for each in map(address_of, started) if each is not None]
        return len(made.addresses) == len(started)

    await eventually(listen, within=60, every=0.2)
    yield made
    for client in made.opened:
        await client.aclose()


async def test_a_sign_in_goes_on_at_whichever_is_asked(replicas: Replicated) -> None:
    """Every request goes to the other one than the one before."""
    await replicas.add_user(EMAIL)
    browser = replicas.browser()
    code = await replicas.sign_in(browser, EMAIL)
    async with replicas.client() as http:
        tokens = (await replicas.app.redeem(http, code)).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        for _ in range(4):
            answer = await http.get("/oauth2/userinfo", headers=bearer)
            assert answer.json()["email"] == EMAIL
        documents = [(await http.get("/oauth2/jwks")).json() for _ in range(2)]
        assert documents[0] == documents[1]
        # Who signs out at one is out at the other at once.
        await browser.http.get("/oauth2/logout", params={"id_token_hint": tokens["id_token"]})
        for _ in range(4):
            assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 401


async def test_one_answer_posted_to_both_at_once_is_one_session(replicas: Replicated) -> None:
    await replicas.add_user(EMAIL)
    browser = replicas.browser()
    request_id = await replicas.leave(browser, EMAIL)
    document = response_bytes(replicas.response(request_id, EMAIL))
    answers = await asyncio.gather(*(replicas.post_document(document) for _ in range(50)))
    taken = [each for each in answers if "proof=" in each.headers.get("location", "")]
    assert len(taken) == 1
    assert {each.status_code for each in answers} <= {303, 403}
    assert code_of(await browser.get(taken[0].headers["location"]))
    assert await replicas.pool.fetchval("SELECT count(*) FROM sessions") == 1
