"""Every page in a real browser: light and dark, wide and narrow, by the rules of axe (WCAG)."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe

from sso.pages import render
from support.chromium import chromium_page

LONG = "a-very-long-name-of-somebody@a-long-domain-of-a-company.corporation.example"
PAGES: dict[str, dict[str, Any]] = {
    "account": {
        "typed": LONG,
        "user_name": f"b.{LONG}",
        "onward": [("login", "x")],
        "hidden": [("state", "x")],
    },
    "consent": {"app": "Shop", "known": ["your name"], "hidden": [("scope", "openid")]},
    "leave": {"action": "https://idp.test/", "hidden": [("SAMLRequest", "x")]},
    "login": {"hidden": [("state", "x")], "email": LONG, "notice": "We do not know this address."},
    "message": {
        "title": "You are not signed in",
        "sentence": "Ask your IT admin.",
        "code": "not_provisioned",
        "correlation_id": "01a21cd0-3008-744f-a025-4cea8ada6887",
    },
    "sign_out": {"user_name": LONG, "hidden": [("proof", "x")], "return_refused": True},
    "signed_out": {"offered": "https://app.test/", "return_refused": True},
    "tested": {"user_name": LONG, "rule": "object id", "claims": [("emailaddress", [LONG])]},
    "waiting": {"again": "https://login.portico.test/login/wait"},
}
WIDTHS = (1280, 320)


def test_every_page_is_looked_at() -> None:
    names = render._environment().list_templates()
    assert {name.removesuffix(".html") for name in names} == {*PAGES, "base"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_accessible_and_fits(scheme: Any) -> None:
    sheet = f"<style>{render.stylesheet().decode()}</style></head>"
    found: dict[str, Any] = {}
    async with chromium_page() as page:
        await page.emulate_media(color_scheme=scheme)
        for name, values in PAGES.items():
            html = bytes(render.page(name, base="https://login.portico.test", **values).body)
            await page.set_content(html.decode().replace("</head>", sheet))
            violations = (await Axe().run(page)).response["violations"]
            found |= {f"{name}: {each['id']}": each["nodes"][0]["html"] for each in violations}
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 700})
                if await page.evaluate("document.documentElement.scrollWidth") > width:
                    found[f"{name}: wider than {width}"] = ""
    assert found == {}
