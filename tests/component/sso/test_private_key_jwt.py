"""Apps that prove themselves by keys of their own, once with each assertion (RFC 7523)."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from chassis.ids import uuid7
from component.sso.commands import facts, run
from component.sso.harness import APP, ORIGIN, SignOn
from sso.domain.client import ClientSettings
from sso.usecases.client_authentication import ASSERTION

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve"})
STRANGE = RSAKey.generate_key(2048, {"kid": "rsa"})
SIGNS = ["RS256", "PS256", "ES256", "RS512"]


def key_set(*keys: Any, private: bool = False) -> str:
    return json.dumps({"keys": [key.as_dict(private=private) for key in keys]})


@pytest.fixture(autouse=True)
async def server(sso: SignOn) -> None:
    settings = ClientSettings(public_keys=key_set(RSA, CURVE), service=True)
    await sso.use_cases.create_client("server", "Server", [], public=False, settings=settings)


def assertion(
    sso: SignOn,
    key: Any = RSA,
    alg: str = "RS256",
    header: Mapping[str, Any] | None = None,
    **changes: Any,
) -> str:
    now = int(sso.clock.now().timestamp())
    said = {
        "iss": "server",
        "sub": "server",
        "aud": ORIGIN,
        "jti": str(uuid7()),
        "iat": now,
        "exp": now + 300,
    }
    claims = {name: value for name, value in (said | changes).items() if value is not None}
    head = {"alg": alg, "kid": key.kid} | dict(header or {})
    return jwt.encode(head, claims, key, algorithms=SIGNS)


async def ask(
    http: httpx.AsyncClient, token: str, auth: Any = None, **changes: str
) -> httpx.Response:
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": token,
    }
    kept = {name: value for name, value in (fields | changes).items() if value}
    return await http.post("/oauth2/token", data=kept, auth=auth)


async def test_an_app_proves_itself_by_its_key(sso: SignOn) -> None:
    good = [
        assertion(sso),
        assertion(sso, alg="PS256"),
        assertion(sso, CURVE, "ES256"),
        assertion(sso, aud=f"{ORIGIN}/oauth2/token"),
        assertion(sso, aud=[ORIGIN, "https://other.test"]),
        assertion(sso, header={"typ": "JWT"}),
        assertion(sso, header={"typ": "client-authentication+jwt"}),
    ]
    async with sso.client() as http:
        for token in good:
            answered = await ask(http, token)
            assert answered.status_code == 200, answered.text
        named = await ask(http, assertion(sso), client_id="server")
        assert named.status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"key": STRANGE},
        {"alg": "RS512"},
        {"iss": "app"},
        {"sub": "app"},
        {"sub": None},
        {"iss": None},
        {"aud": "https://other.test"},
        {"aud": None},
        {"exp": None},
        {"exp": 1},
        {"exp": 10**12},
        {"exp": 10**400},
        {"exp": "soon"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 201},
        {"nbf": 10**11},
        {"header": {"typ": "at+jwt"}},
        {"header": {"kid": "curve"}},
        {"header": {"kid": "nobody"}},
    ],
)
async def test_what_proves_nothing_is_refused(sso: SignOn, changes: dict[str, Any]) -> None:
    async with sso.client() as http:
        refused = await ask(http, assertion(sso, **changes))
        assert refused.status_code == 401, changes
        assert refused.json()["error"] == "invalid_client"
        named = await ask(http, assertion(sso, **changes), client_id="server")
        assert named.status_code == 401


async def test_an_assertion_by_the_public_key_as_a_secret_is_refused(sso: SignOn) -> None:
    now = int(sso.clock.now().timestamp())
    said = {"iss": "server", "sub": "server", "aud": ORIGIN, "jti": "1", "exp": now + 60}
    secret = OctKey.import_key(RSA.as_pem(private=False).strip()[27:90])
    head = {"alg": "HS256", "kid": "rsa"}
    forged = jws.serialize_compact(head, json.dumps(said), secret, algorithms=["HS256"])
    async with sso.client() as http:
        for token in (forged, f"{assertion(sso).rpartition('.')[0]}.", "x", "a.b.c", "[" * 50):
            assert (await ask(http, token)).status_code == 401


async def test_an_assertion_is_good_once(sso: SignOn) -> None:
    token = assertion(sso)
    async with sso.client() as http:
        answers = await asyncio.gather(*(ask(http, token) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9
        sso.clock.ahead = timedelta(minutes=4)
        assert (await ask(http, token)).status_code == 401


async def test_an_app_has_one_way_to_prove_itself(sso: SignOn) -> None:
    async with sso.client() as http:
        for fields in ({}, {"client_secret": "x"}, {"client_secret": ""}):
            refused = await http.post(
                "/oauth2/token",
                data={"grant_type": "client_credentials", "client_id": "server", **fields},
            )
            assert refused.status_code == 401, fields
        both = await ask(http, assertion(sso), auth=("server", "x"))
        assert both.json()["error"] == "invalid_request"
        posted = await ask(http, assertion(sso), client_secret="x")
        assert posted.json()["error"] == "invalid_request"
        unknown = await ask(http, assertion(sso), client_assertion_type="urn:other")
        assert unknown.json()["error"] == "invalid_request"
        other = await ask(http, assertion(sso, iss="app", sub="app"), client_id="app")
        assert other.status_code == 401, "an app with a secret has no keys"
        await sso.use_cases.create_client("spa", "Spa", [APP], public=True)
        fields = {"grant_type": "refresh_token", "refresh_token": "x"}
        public = await ask(http, assertion(sso, iss="spa", sub="spa"), **fields)
        assert public.status_code == 401, "a public app has none either"


async def test_keys_are_registered_by_command(sso: SignOn, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(key_set(RSA, CURVE))
    base = ("client", "create", "shop", "--redirect-uri", APP, "--jwks", str(file))
    created = await facts(sso, *base)
    assert created["proves_itself_by"] == "private_key_jwt"
    assert created["secret"] is None
    assert created["kind"] == "confidential"


SHORT = "w" * 170 + "8"
"""An odd modulus of 1,024 bits."""
UNSOUND = {
    "private": key_set(RSA, private=True),
    "one id twice": key_set(RSA, STRANGE),
    "shared": key_set(OctKey.generate_key(256, {"kid": "oct"})),
    "another curve": key_set(ECKey.generate_key("P-384", {"kid": "large"})),
    "short": json.dumps({"keys": [{"kty": "RSA", "kid": "small", "e": "AQAB", "n": SHORT}]}),
    "no id": json.dumps({"keys": [{"kty": "RSA", "e": "AQAB", "n": "x" * 342}]}),
    "half": '{"keys": [{"kty": "RSA", "kid": "x"}]}',
    "none": '{"keys": []}',
    "no list": '{"keys": 1}',
    "no object": "[]",
    "page": "<html>",
    "empty": "",
}


@pytest.mark.parametrize("fault", UNSOUND)
async def test_keys_that_prove_nothing_are_not_registered(
    sso: SignOn, tmp_path: Path, fault: str
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(UNSOUND[fault])
    ended = await run(sso, "client", "create", "shop", "--redirect-uri", APP, "--jwks", str(file))
    assert ended.exit_code != 0
    assert "It is no JSON Web Key Set" in ended.output or "It needs one to" in ended.output
    assert "shop" not in (await run(sso, "client", "list")).stdout


async def test_a_public_app_has_no_keys(sso: SignOn, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(key_set(RSA))
    base = ("client", "create", "shop", "--redirect-uri", APP, "--jwks", str(file))
    assert (await run(sso, *base, "--public")).exit_code != 0


async def test_an_assertion_that_ends_far_ahead_is_refused(sso: SignOn) -> None:
    """Its id would have to be remembered for as long."""
    now = int(sso.clock.now().timestamp())
    async with sso.client() as http:
        assert (await ask(http, assertion(sso, exp=now + 590))).status_code == 200
        assert (await ask(http, assertion(sso, exp=now + 660))).status_code == 401
