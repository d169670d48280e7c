"""Tokens are read with every check; the issuer's keys are fetched rarely and kept (O5, O6)."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from chassis.tokens import ALGORITHMS, AccessTokens, PublishedKeys, fetch_keys, key_id_of
from kernel.errors import UnauthenticatedError

ISSUER = "https://login.portico.test"
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
KEYS = {
    name: RSAKey.generate_key(2048, {"kid": name, "use": "sig"})
    for name in ("first", "second", "strange")
}
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})


class Clock:
    def now(self) -> datetime:
        return NOW


class Issuer:
    """Publishes keys, and counts how often it is asked."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.fetches = 0
        self.at = 1_000.0
        self.fails = False
        self.said: list[Mapping[str, Any]] = []

    async def fetch(self) -> Mapping[str, Any]:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.fails:
            raise OSError
        return {"keys": self.said or [KEYS[name].as_dict(private=False) for name in self.names]}

    def keys(self) -> PublishedKeys:
        return PublishedKeys(self.fetch, lambda: self.at)


def claims(**changes: Any) -> dict[str, Any]:
    said = {
        "iss": ISSUER,
        "sub": "ann",
        "aud": "scim",
        "client_id": "app",
        "jti": "1",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def signed(said: Mapping[str, Any], key: str = "first", **header: Any) -> str:
    head = {"alg": "RS256", "typ": "at+jwt", "kid": key} | header
    kept = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(kept, dict(said), KEYS[key], algorithms=["RS256", "PS256"])


def reader(keys: PublishedKeys) -> AccessTokens:
    return AccessTokens(ISSUER, "scim", keys, Clock())


@pytest.mark.parametrize(
    ("said", "header"),
    [
        ({}, {}),
        ({"aud": ["other", "scim"]}, {}),
        ({}, {"typ": "application/AT+jwt"}),
        ({"exp": int(NOW.timestamp()) - 2}, {}),
    ],
)
async def test_a_good_token_is_read(said: dict[str, Any], header: dict[str, Any]) -> None:
    read = await reader(Issuer("first").keys()).read(signed(claims(**said), **header))
    assert read["sub"] == "ann"


@pytest.mark.parametrize(
    ("said", "header"),
    [
        ({"iss": "https://other.test"}, {}),
        ({"iss": None}, {}),
        ({"aud": "tenant-directory"}, {}),
        ({"aud": ["other"]}, {}),
        ({"aud": []}, {}),
        ({"aud": {"scim": 1}}, {}),
        ({"aud": None}, {}),
        ({"exp": int(NOW.timestamp()) - 6}, {}),
        ({"exp": None}, {}),
        ({"exp": "tomorrow"}, {}),
        ({"exp": True}, {}),
        ({"nbf": int(NOW.timestamp()) + 60}, {}),
        ({"sub": None}, {}),
        ({"client_id": None}, {}),
        ({"jti": None}, {}),
        ({}, {"typ": "JWT"}),
        ({}, {"typ": "logout+jwt"}),
        ({}, {"typ": None}),
        ({}, {"alg": "PS256"}),
        ({}, {"kid": None}),
        ({}, {"kid": "second"}),
    ],
)
async def test_o6_a_token_that_is_not_for_here_is_refused(
    said: dict[str, Any], header: dict[str, Any]
) -> None:
    """O6: an ID token, a logout token, another API's, another issuer's, or one that is over."""
    tokens = reader(Issuer("first", "second").keys())
    with pytest.raises(UnauthenticatedError):
        await tokens.read(signed(claims(**said), **header))


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged() -> Iterator[str]:
    good = signed(claims())
    header, payload, signature = good.split(".")
    yield f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': 'first'})}.{payload}."
    yield f"{header}.{part(claims(sub='mallory'))}.{signature}"
    yield f"{header}.{payload}."
    secret = OctKey.import_key(KEYS["first"].as_pem(private=False).strip()[27:90])
    head = {"alg": "HS256", "typ": "at+jwt", "kid": "first"}
    yield jws.serialize_compact(head, json.dumps(claims()), secret, algorithms=["HS256"])
    yield signed(claims(), "strange", kid="first")
    jwk = KEYS["strange"].as_dict(private=False)
    yield signed(claims(), "strange", kid="first", jwk=jwk)
    yield "." * 3
    yield ""
    yield "[" * 5_000
    yield part([]) + ".a.b"
    yield signed(claims(padding="x" * 8_192))


@pytest.mark.parametrize("token", list(forged()))
async def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await reader(Issuer("first").keys()).read(token)


async def test_a_key_of_a_curve_signs_as_well() -> None:
    async def fetch() -> Mapping[str, Any]:
        return {"keys": [CURVE.as_dict(private=False)]}

    head = {"alg": "ES256", "typ": "at+jwt", "kid": "curve"}
    token = jwt.encode(head, claims(), CURVE, algorithms=list(ALGORITHMS))
    assert (await reader(PublishedKeys(fetch)).read(token))["sub"] == "ann"


def test_what_a_token_says_of_its_key_is_read_without_harm() -> None:
    assert key_id_of(signed(claims())) == "first"
    assert [key_id_of(each) for each in ("", "é.é", part(1), part({"kid": 1}), "[" * 9_000)] == [
        None
    ] * 5


async def test_o5_a_thousand_made_up_key_ids_cause_one_fetch() -> None:
    """O5: every random kid caused a fetch."""
    issuer = Issuer("first")
    keys = issuer.keys()
    found = await asyncio.gather(*(keys.find(f"random-{number}") for number in range(1_000)))
    assert set(found) == {None}
    assert issuer.fetches == 1
    issuer.at += 9.9
    await keys.find("random")
    assert issuer.fetches == 1
    issuer.at += 0.2
    await keys.find("random")
    assert issuer.fetches == 2


async def test_o5_no_token_is_refused_while_keys_follow_each_other() -> None:
    """O5: a verifier kept old keys until it was restarted."""
    issuer = Issuer("first")
    tokens = reader(issuer.keys())
    await tokens.read(signed(claims()))
    issuer.names = ["second", "first"]
    issuer.at += 60
    readings = [tokens.read(signed(claims(), name)) for name in ("second", "first") * 50]
    assert len(await asyncio.gather(*readings)) == 100
    assert issuer.fetches == 2


async def test_a_key_that_is_taken_back_is_no_longer_good() -> None:
    issuer = Issuer("first", "second")
    keys = issuer.keys()
    assert await keys.find("first") is not None
    issuer.names = ["second"]
    issuer.at += 301
    await keys.find("second")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert issuer.fetches == 2
    assert await keys.find("first") is None


async def test_the_old_keys_stay_good_while_the_issuer_is_away() -> None:
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.fails = True
    issuer.at += 301
    for _ in range(3):
        assert await keys.find("first") is not None
        assert await keys.find("second") is None
    assert issuer.fetches == 2


@pytest.mark.parametrize("change", [{"use": "enc"}, {"kty": "oct"}, {"n": 1}])
async def test_a_set_without_a_key_that_signs_replaces_nothing(change: dict[str, Any]) -> None:
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.said = [KEYS["second"].as_dict(private=False) | change]
    issuer.at += 11
    await keys.find("second")
    assert await keys.find("first") is not None


async def test_who_leaves_does_not_end_the_fetch_of_the_others() -> None:
    issuer = Issuer("first")
    keys = issuer.keys()
    leaving = asyncio.create_task(keys.find("first"))
    staying = asyncio.create_task(keys.find("first"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying is not None
    assert issuer.fetches == 1


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    answers: list[tuple[int, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.pop(0)
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}/oauth2/jwks", answers
        http.shutdown()


async def test_keys_are_fetched_over_http(server: tuple[str, list[tuple[int, bytes]]]) -> None:
    url, answers = server
    answers.append((200, b'{"keys": []}'))
    assert await fetch_keys(url) == {"keys": []}
    for status, body in (
        (302, b"{}"),
        (500, b"{}"),
        (200, b" " * 70_000),
        (200, b"<html>"),
        (200, b"[]"),
    ):
        answers.append((status, body))
        with pytest.raises((OSError, ValueError)):
            await fetch_keys(url)


async def test_an_issuer_that_is_not_there_is_an_error_of_the_network() -> None:
    with pytest.raises(ConnectionError):
        await fetch_keys("http://127.0.0.1:9/jwks")
