"""Debian's Chromium, headless, driven by Playwright; `make setup` installs it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

TIMEOUT_MS = 20_000


@asynccontextmanager
async def chromium_page(*, javascript: bool = True) -> AsyncIterator[Page]:
    """Open a page in a browser that has never been anywhere."""
    program = shutil.which("chromium")
    assert program is not None, "Chromium is missing: make setup installs it"
    async with async_playwright() as playwright:
        # The kernel lets no sandbox be made in many containers; only our own pages are opened.
        browser = await playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        try:
            context = await browser.new_context(java_script_enabled=javascript)
            context.set_default_timeout(TIMEOUT_MS)
            yield await context.new_page()
        finally:
            await browser.close()
