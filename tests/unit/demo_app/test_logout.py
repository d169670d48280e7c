"""The demo app ends a session on a logout token of Portico, and on nothing else."""

import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.routing import Route

from demo_app.app import LOGOUT_EVENT, DemoApp
from demo_app.sessions import Sessions

ISSUER, URL = "https://login.portico.test", "http://localhost:8086"
KEY, OTHER = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
HEADER = {"alg": "RS256", "typ": "logout+jwt"}


class Portico:
    """What Authlib knows of the issuer."""

    client_id = "demo-app"

    async def load_server_metadata(self) -> dict[str, str]:
        return {"issuer": ISSUER}

    async def fetch_jwk_set(self, *, force: bool) -> dict[str, Any]:
        assert force
        return {"keys": [KEY.as_dict(private=False)]}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    said = {
        "iss": ISSUER,
        "aud": "demo-app",
        "iat": now,
        "exp": now + 120,
        "jti": "1",
        "sid": "s1",
        "events": {LOGOUT_EVENT: {}},
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


async def post(sessions: Sessions, token: str) -> int:
    app = DemoApp(Portico(), sessions, URL)
    route = Route("/backchannel-logout", app.backchannel_logout, methods=["POST"])
    transport = httpx.ASGITransport(app=Starlette(routes=[route]))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
        answer = await http.post("/backchannel-logout", data={"logout_token": token})
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code


def signed_in() -> Sessions:
    sessions = Sessions()
    sessions.of(None)[1].update(sid="s1", token="t1")
    sessions.of(None)[1].update(sid="s2", token="t2")
    return sessions


def who_is_in(sessions: Sessions) -> list[str]:
    return [str(each["sid"]) for each in sessions.known.values() if "token" in each]


async def test_a_logout_token_ends_its_session_alone() -> None:
    sessions = signed_in()
    assert await post(sessions, jwt.encode(HEADER, claims(), KEY)) == 200
    assert who_is_in(sessions) == ["s2"]


@pytest.mark.parametrize(
    ("header", "changes", "key"),
    [
        (HEADER, {}, OTHER),
        ({"alg": "RS256", "typ": "JWT"}, {}, KEY),
        (HEADER, {"iss": "https://evil.example"}, KEY),
        (HEADER, {"aud": "another-app"}, KEY),
        (HEADER, {"exp": 1}, KEY),
        (HEADER, {"exp": None}, KEY),
        (HEADER, {"jti": None}, KEY),
        (HEADER, {"sid": None}, KEY),
        (HEADER, {"events": {}}, KEY),
        (HEADER, {"events": None}, KEY),
        (HEADER, {"nonce": "n"}, KEY),
    ],
)
async def test_nothing_else_ends_one(
    header: dict[str, str], changes: dict[str, Any], key: RSAKey
) -> None:
    sessions = signed_in()
    assert await post(sessions, jwt.encode(header, claims(**changes), key)) == 400
    assert who_is_in(sessions) == ["s1", "s2"]


@pytest.mark.parametrize("token", ["", "a.b.c", "e30.e30."])
async def test_what_is_no_token_is_refused(token: str) -> None:
    sessions = signed_in()
    assert await post(sessions, token) == 400
    assert who_is_in(sessions) == ["s1", "s2"]


def test_sessions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo_app.sessions.MAX_SESSIONS", 2)
    sessions = Sessions()
    first, _ = sessions.of(None)
    for _ in range(2):
        sessions.of(None)
    assert len(sessions.known) == 2
    assert first not in sessions.known
