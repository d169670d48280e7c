"""A person at a browser: follows redirects, fills the forms in, keeps cookies, runs no script."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urljoin

import httpx
from lxml import html

from demo.errors import DemoError

TIMEOUT = 15.0
MAX_PAGES = 12
"""More pages than any sign-in has: somebody is sent in circles."""


class Browser:
    """One person's browser."""

    def __init__(self, email: str, user_name: str) -> None:
        self._typed = {"email": email, "person": user_name}
        self._http = httpx.Client(follow_redirects=True, timeout=TIMEOUT, trust_env=False)

    def get(self, url: str) -> httpx.Response:
        """Open an address, and go no further."""
        return self._http.get(url)

    def sign_in(self, url: str) -> httpx.Response:
        """Open an address and fill in what is asked until there is nothing to fill in."""
        answer = self.get(url)
        for _ in range(MAX_PAGES):
            form = next(iter(_tree(answer).forms), None)
            wanted = self._wanted(form) if form is not None else None
            if form is None or wanted is None:
                return answer
            address = urljoin(str(answer.url), form.action or "")
            answer = self._http.post(address, data=dict(wanted))
        raise DemoError(f"{url} sends people in circles")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def _wanted(self, form: Any) -> Mapping[str, str] | None:
        """Return what this person answers to a form; None is nothing."""
        fields = {name: value or "" for name, value in form.form_values()}
        asked = {str(each.get("name")) for each in form.iter("input", "button")}
        typed = {name: value for name, value in self._typed.items() if name in asked}
        if not typed and "SAMLResponse" not in fields:
            return None
        return fields | typed


def text_of(answer: httpx.Response) -> str:
    """Return the words of a page."""
    return " ".join(str(_tree(answer).text_content()).split())


def _tree(answer: httpx.Response) -> Any:
    return html.document_fromstring(answer.text or "<html></html>")
