"""What the OpenID Foundation's Config OP plan asks for; each test names the one it stands for."""

from component.sso.harness import ORIGIN, SignOn
from sso.domain.keys import Purpose


async def test_oidcc_discovery_endpoint_verification(sso: SignOn) -> None:
    """`oidcc-discovery-endpoint-verification`: exactly what there is."""
    async with sso.client() as http:
        answered = await http.get("/.well-known/openid-configuration")
        assert answered.headers["content-type"] == "application/json"
        said = answered.json()
        for name, address in said.items():
            if name.endswith("_endpoint") or name == "jwks_uri":
                assert address.startswith("https://")
                found = await http.get(address.removeprefix(ORIGIN))
                assert found.status_code != 404, name
    assert said["issuer"] == ORIGIN
    assert said["response_types_supported"] == ["code"]
    assert said["response_modes_supported"] == ["query"]
    assert said["subject_types_supported"] == ["public"]
    assert said["id_token_signing_alg_values_supported"] == ["RS256"]
    assert {"openid", "profile", "email", "offline_access"} == set(said["scopes_supported"])
    assert {"sub", "auth_time", "sid", "email", "tenant_id"} <= set(said["claims_supported"])
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["prompt_values_supported"] == ["none", "login", "select_account", "consent"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["claims_parameter_supported"] is False
    assert said["request_parameter_supported"] is False
    assert said["request_uri_parameter_supported"] is False
    assert said["end_session_endpoint"]


async def test_every_grant_that_discovery_names_is_offered_and_no_other(sso: SignOn) -> None:
    known = ("authorization_code", "refresh_token", "client_credentials", "password", "implicit")
    async with sso.client() as http:
        said = (await http.get("/.well-known/openid-configuration")).json()
        offered = []
        for grant in known:
            proved = ("app", sso.app.secret)
            answered = await http.post("/oauth2/token", data={"grant_type": grant}, auth=proved)
            if answered.json()["error"] != "unsupported_grant_type":
                offered.append(grant)
    assert offered == said["grant_types_supported"]


async def test_oidcc_server_jwks(sso: SignOn) -> None:
    """Keys with a `kid` of their own, `use`, and no private parts; the next one is there too."""
    await sso.use_cases.rotate_keys(Purpose.OPENID)
    await sso.keys.tokens.refresh()
    async with sso.client() as http:
        keys = (await http.get("/oauth2/jwks")).json()["keys"]
    assert len(keys) == 2
    assert len({each["kid"] for each in keys}) == 2
    for each in keys:
        assert (each["use"], each["alg"], each["kty"]) == ("sig", "RS256", "RSA")
        assert not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & each.keys()
