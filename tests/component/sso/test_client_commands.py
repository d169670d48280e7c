"""Registering apps by command."""

import pytest

from component.sso.commands import facts, run
from component.sso.harness import APP, SignOn


async def test_an_app_is_registered_with_where_it_hears_of_the_end_of_sessions(
    sso: SignOn,
) -> None:
    created = await facts(
        sso,
        *("client", "create", "shop", "--redirect-uri", APP),
        *("--post-logout-redirect-uri", "https://app.test/bye"),
        *("--post-logout-redirect-uri", "https://app.test/bye?from=shop"),
        *("--backchannel-logout-uri", "https://app.test/ended"),
    )
    assert created["post_logout_redirect_uris"] == [
        "https://app.test/bye",
        "https://app.test/bye?from=shop",
    ]
    listed = {each["id"]: each for each in await facts(sso, "client", "list")}
    assert listed["shop"] == {
        name: created[name] for name in created if name not in ("issuer", "secret")
    }
    assert listed["shop"]["backchannel_logout_uri"] == "https://app.test/ended"
    assert listed["app"]["backchannel_logout_uri"] is None
    assert listed["app"]["post_logout_redirect_uris"] == []


@pytest.mark.parametrize("option", ["--post-logout-redirect-uri", "--backchannel-logout-uri"])
@pytest.mark.parametrize(
    "uri",
    ["http://app.test/x", "https://app.test/x#y", "https://me@app.test/", "/x", "javascript:x"],
)
async def test_addresses_that_hide_another_are_refused(sso: SignOn, option: str, uri: str) -> None:
    ended = await run(sso, "client", "create", "shop", "--redirect-uri", APP, option, uri)
    assert ended.exit_code != 0
    assert "https address" in ended.output
    assert "shop" not in (await run(sso, "client", "list")).stdout
