"""An identity provider of the sandbox and an app that is registered at `sso`, to sign in by hand.

Only in development. Both are on another site than Portico (`localhost` beside `127.0.0.1`), as
Entra and customers' apps are: browsers treat cookies and forms between sites differently.
"""

import asyncio
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from embedded.commands import error_text, json_of, run_command
from embedded.concurrent import concurrently
from embedded.errors import EmbeddedError
from embedded.group import ProcessGroup
from embedded.options import Options, Ports
from embedded.ports import HOST
from embedded.processes import Process, python_command
from embedded.run_file import RunningService
from embedded.waiting import until_ready

PROCESSES = (IDENTITY_PROVIDER, APP) = ("sandbox-entra", "demo-app")
IDENTITY_PROVIDER_PORT = 8_085
APP_PORT = 8_086
OTHER_SITE = "localhost"
READY_SECONDS = 60


def wants_sign_on(options: Options) -> bool:
    """Tell whether this is a stack to try things on."""
    return (options.setting("ENVIRONMENT") or "development") == "development"


@dataclass(frozen=True, slots=True)
class SignOnSandbox:
    """Where both answer, and for whom."""

    sso: RunningService
    data: Path
    identity_provider_port: int
    app_port: int

    @classmethod
    def on(cls, ports: Ports, sso: RunningService, data: Path) -> "SignOnSandbox":
        """Choose the ports."""
        return cls(
            sso,
            data,
            ports.choose("SANDBOX_ENTRA_PORT", IDENTITY_PROVIDER_PORT),
            ports.choose("DEMO_APP_PORT", APP_PORT),
        )

    @property
    def identity_provider(self) -> str:
        """Return where browsers reach the identity provider; its control API is there too."""
        return f"http://{OTHER_SITE}:{self.identity_provider_port}"

    @property
    def app(self) -> str:
        """Return where browsers reach the app."""
        return f"http://{OTHER_SITE}:{self.app_port}"

    def facts(self) -> dict[str, object]:
        """Return what `run.json` says."""
        return {"identity_provider": self.identity_provider, "app": self.app}

    async def start(self, group: ProcessGroup) -> None:
        """Start both; the app is registered first."""
        async with concurrently() as starting:
            starting.create_task(self._start_identity_provider(group))
            starting.create_task(self._start_app(group))

    async def _start_identity_provider(self, group: ProcessGroup) -> None:
        arguments = ["idp_sandbox", "serve", "--port", str(self.identity_provider_port)]
        arguments += ["--url", self.identity_provider]
        arguments += ["--file", str(self.data / "sandbox-entra.json")]
        await _start(group, IDENTITY_PROVIDER, arguments, {}, self.identity_provider_port)

    async def _start_app(self, group: ProcessGroup) -> None:
        client = await asyncio.to_thread(self._client)
        arguments = ["demo_app", "serve", "--port", str(self.app_port), "--url", self.app]
        arguments += ["--issuer", client["issuer"], "--client-id", client["client_id"]]
        secret = {"DEMO_APP_CLIENT_SECRET": client["secret"]}
        await _start(group, APP, arguments, secret, self.app_port)

    def _client(self) -> dict[str, str]:
        """Return the app's registration, kept in a file; register it where it is not known."""
        file, issuer = self.data / "demo-app.json", self.sso.env["SSO_PUBLIC_URL"]
        kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if (kept.get("issuer"), kept.get("url")) == (issuer, self.app) and self._knows(kept):
            return kept
        # The id may be taken by one whose secret is lost, or that had another address.
        client_id = f"demo-app-{secrets.token_hex(4)}" if kept else "demo-app"
        made = run_command(self.sso, *self._registration(client_id))
        if made.returncode != 0 and "already" in error_text(made):
            made = run_command(self.sso, *self._registration(f"demo-app-{secrets.token_hex(4)}"))
        created = json_of(made)
        client = {
            "issuer": issuer,
            "url": self.app,
            "client_id": str(created["id"]),
            "secret": str(created["secret"]),
        }
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            json.dump(client, opened)
        return client

    def _registration(self, client_id: str) -> list[str]:
        arguments = ["client", "create", client_id, "--name", "Demo app", "--json"]
        arguments += ["--redirect-uri", f"{self.app}/callback"]
        arguments += ["--post-logout-redirect-uri", f"{self.app}/"]
        arguments += ["--backchannel-logout-uri", f"{self.app}/backchannel-logout"]
        return [*arguments, "--initiate-login-uri", f"{self.app}/login"]

    def _knows(self, kept: Mapping[str, str]) -> bool:
        listed = run_command(self.sso, "client", "list", "--json")
        if listed.returncode != 0:
            raise EmbeddedError(error_text(listed))
        clients: list[dict[str, Any]] = json.loads(listed.stdout)
        return any(
            each["id"] == kept["client_id"] and each["state"] != "disabled" for each in clients
        )


async def _start(
    group: ProcessGroup, name: str, arguments: list[str], env: Mapping[str, str], port: int
) -> None:
    process = Process(python_command(name, arguments, env), group.logs, started=group.add)
    await process.start()
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:

        async def answers() -> bool:
            try:
                return (await client.get(f"http://{HOST}:{port}/")).is_success
            except httpx.HTTPError:
                return False

        await until_ready(process, answers, within=READY_SECONDS)
