"""The Docker stack, seen from outside: commands run in its containers, SCIM goes to its gateway."""

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from demo.stack import StackError, Tenant

COMMAND_WITHIN = 60.0
KNOWN_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class ComposeStack:
    """A running compose project."""

    compose: Sequence[str]
    """The command with its file and project: `docker-compose -f … -p …`."""
    gateway: str
    """Base URL of the gateway."""

    def directory(self, *arguments: str) -> Any:
        """Run a command of the directory and return what it prints as JSON."""
        return self._json("directory", "tenant_directory", *arguments)

    def verifier(self, *arguments: str) -> Any:
        """Run a command of the domain verifier and return what it prints as JSON."""
        return self._json("domain-verifier", "domain_verifier", *arguments)

    def make_tenant(self, name: str) -> Tenant:
        """Make a tenant with a default role and a SCIM token."""
        made = self.directory("tenant", "create", name, "--default-role", "member")
        tenant_id = str(made["id"])
        deadline = time.monotonic() + KNOWN_WITHIN
        while True:
            try:
                token = self._json("scim", "scim", "token", "create", "--tenant", tenant_id)
            except StackError:
                # The SCIM service hears of the tenant over the bus.
                if time.monotonic() > deadline:
                    raise
            else:
                url = f"{self.gateway}/scim/v2/{tenant_id}"
                return Tenant(name, tenant_id, url, str(token["token"]))

    def _json(self, container: str, module: str, *arguments: str) -> Any:
        inside = ["exec", "-T", container, "python", "-m", module, *arguments, "--json"]
        done = subprocess.run(
            [*self.compose, *inside],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_WITHIN,
            check=False,
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip()
            raise StackError(f"`{module} {' '.join(arguments)}` failed: {words}")
        return json.loads(done.stdout)
