"""Makes a tenant on the running stack that an identity provider can provision into at once.

It uses the services' own commands, as an operator would, and their answers on the bus: the SCIM
service knows the tenant as soon as the directory's state has reached it.
"""

import json
import os
import subprocess
import sys
import time

from embedded.errors import EmbeddedError
from embedded.run_file import Run, RunningService

KNOWN_WITHIN_SECONDS = 30
COMMAND_SECONDS = 60


def make_tenant(run: Run, name: str, *, package: str, role: str) -> dict[str, str]:
    """Create the tenant and a SCIM token; return what its identity provider must be told."""
    directory, scim = run.services["tenant-directory"], run.services["scim"]
    options = ["--package", package, "--default-role", role, "--json"]
    tenant = _json(_command(directory, "tenant", "create", name, *options))
    tenant_id = str(tenant.get("id") or tenant["tenant_id"])
    deadline = time.monotonic() + KNOWN_WITHIN_SECONDS
    while True:
        made = _command(scim, "token", "create", "--tenant", tenant_id, "--json")
        if made.returncode == 0:
            break
        if time.monotonic() > deadline:
            raise EmbeddedError(f"scim does not know the tenant {name} yet: {_error_text(made)}")
        time.sleep(0.2)
    return {
        "tenant_id": tenant_id,
        "name": name,
        "scim_base_url": f"{scim.env['SCIM_PUBLIC_URL']}/scim/v2/{tenant_id}",
        "token": str(_json(made)["token"]),
    }


def _command(service: RunningService, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", service.package, *arguments],
        env={**os.environ, **service.env},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )


def _json(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    if done.returncode != 0:
        raise EmbeddedError(_error_text(done))
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def _error_text(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip() or done.stdout.strip())[-2000:]
