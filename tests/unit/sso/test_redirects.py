"""Redirect URIs are compared to the letter: forty variants, none of which leads anywhere (O2)."""

import pytest

from sso.domain.redirects import may_return_to

REGISTERED = "https://app.test/callback"
VARIANTS = [
    "",
    "https://app.test/callback/",
    "https://app.test/callback?",
    "https://app.test/callback?x=1",
    "https://app.test/callback#",
    "https://app.test/callback#fragment",
    "https://app.test/Callback",
    "https://APP.test/callback",
    "HTTPS://app.test/callback",
    "http://app.test/callback",
    "https://app.test:443/callback",
    "https://app.test:8443/callback",
    "https://app.test./callback",
    "https://app.test//callback",
    "https://app.test/./callback",
    "https://app.test/x/../callback",
    "https://app.test/callback/../evil",
    "https://app.test/callback/..;/evil",
    "https://app.test/callback;x=1",
    "https://app.test/callback%2f",
    "https://app.test/%63allback",
    "https://app.test/callback%00",
    "https://app.test/callback\x00",
    "https://app.test/callback\n",
    " https://app.test/callback",
    "https://app.test/callback ",
    "https://app.test/callback.evil.test",
    "https://app.test.evil.test/callback",
    "https://evilapp.test/callback",
    "https://app.test@evil.test/callback",
    "https://app.test%40evil.test/callback",
    "https://app.test%25@evil.test/callback",
    "https://evil.test@app.test/callback",
    "https://a@b@app.test/callback",
    "https://app.test\\@evil.test/callback",
    "https://app.test\\callback",
    "https:app.test/callback",
    "https:///app.test/callback",
    "//app.test/callback",
    "/callback",
    "https://evil.test/https://app.test/callback",
    "https://evil.test/?https://app.test/callback",
    "javascript:alert(1)//https://app.test/callback",
    "data:text/html,https://app.test/callback",
    "https://localhost/callback",
    "https://app\u3002test/callback",
    "https://app.test/callb\u0430ck",
    "https://app.test/callback,https://app.test/callback",
    "https://app.test/callback https://app.test/callback",
    "https://*/callback",
]
LOOPBACK = ["http://127.0.0.1/callback", "http://[::1]:4000/callback?x=1"]
NOT_LOOPBACK = [
    "http://127.0.0.1/other",
    "http://127.0.0.1:80/callback/",
    "http://127.0.0.1:/callback",
    "http://127.0.0.1:999999/callback",
    "http://127.0.0.1:80@evil.test/callback",
    "http://127.0.0.1@evil.test/callback",
    "http://127.0.0.1.evil.test/callback",
    "http://127.0.0.1:80evil.test/callback",
    "http://127.0.0.1:80\\@evil.test/callback",
    "http://127.0.0.2:80/callback",
    "http://127.1/callback",
    "http://2130706433/callback",
    "http://0x7f.0.0.1/callback",
    "http://localhost:80/callback",
    "http://[::1]:80/callback",
    "http://[::1]:80/callback?x=2",
    "http://[0:0:0:0:0:0:0:1]:80/callback?x=1",
    "https://127.0.0.1:80/callback",
    "http://127.0.0.1:80/callback#x",
    "http://127.0.0.1:٤٢/callback",
]


def test_there_are_forty_of_them() -> None:
    assert len(set(VARIANTS)) >= 40


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("uri", VARIANTS)
def test_o2_nothing_but_the_very_same_text_leads_back(uri: str, native: bool) -> None:
    assert may_return_to(REGISTERED, [REGISTERED, *LOOPBACK], native=native)
    assert not may_return_to(uri, [REGISTERED, *LOOPBACK], native=native)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:49152/callback",
        "http://[::1]/callback?x=1",
        "http://[::1]:1/callback?x=1",
    ],
)
def test_an_installed_app_takes_the_port_that_it_finds(uri: str) -> None:
    assert may_return_to(uri, LOOPBACK, native=True)
    assert may_return_to(uri, LOOPBACK, native=False) == (uri in LOOPBACK)


@pytest.mark.parametrize("uri", NOT_LOOPBACK)
def test_nothing_else_of_an_address_on_the_own_machine_may_differ(uri: str) -> None:
    assert not may_return_to(uri, LOOPBACK, native=True)
    assert not may_return_to(uri, [REGISTERED], native=True)
