"""Plays the admin of a running sandbox tenant: what Entra's portal is to a person."""

from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

TIMEOUT = 10.0


class EntraAdmin:
    """The tenant behind a control API."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=False)

    def keep_person(self, user_name: str, **facts: object) -> str:
        """Add or replace a person; return the object id."""
        return str(
            self._send("PUT", f"/control/people/{quote(user_name, safe='')}", facts)["object_id"]
        )

    def keep_application(self, app_id: str, **facts: object) -> dict[str, Any]:
        """Add or replace an application; return what is known of it, `metadata_url` too."""
        return self._send("PUT", f"/control/applications/{app_id}", facts)

    def add_certificate(self, app_id: str) -> str:
        """Make an inactive certificate; return its SHA-256 fingerprint."""
        return self._certificate(app_id, "certificates")

    def activate_certificate(self, app_id: str) -> str:
        """Let the newest certificate sign; return its SHA-256 fingerprint."""
        return self._certificate(app_id, "certificates/activate")

    def __enter__(self) -> "EntraAdmin":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def _certificate(self, app_id: str, path: str) -> str:
        return str(self._send("POST", f"/control/applications/{app_id}/{path}", {})["fingerprint"])

    def _send(self, method: str, path: str, body: dict[str, object]) -> dict[str, Any]:
        answer = self._http.request(method, path, json=body)
        if answer.status_code == 422:
            raise ValueError(answer.json()["error"])
        sent: dict[str, Any] = answer.raise_for_status().json()
        return sent
