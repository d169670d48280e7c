"""Makes a tenant on the running stack that an identity provider can provision into at once.

It uses the services' own commands, as an operator would, and their answers on the bus: the SCIM
service knows the tenant as soon as the directory's state has reached it.
"""

import time

from embedded.commands import error_text, json_of, run_command
from embedded.errors import EmbeddedError
from embedded.run_file import Run

KNOWN_WITHIN_SECONDS = 30


def make_tenant(run: Run, name: str, *, package: str, role: str) -> dict[str, str]:
    """Create the tenant and a SCIM token; return what its identity provider must be told."""
    directory, scim = run.services["tenant-directory"], run.services["scim"]
    options = ["--package", package, "--default-role", role, "--json"]
    tenant = json_of(run_command(directory, "tenant", "create", name, *options))
    tenant_id = str(tenant.get("id") or tenant["tenant_id"])
    deadline = time.monotonic() + KNOWN_WITHIN_SECONDS
    while True:
        made = run_command(scim, "token", "create", "--tenant", tenant_id, "--json")
        if made.returncode == 0:
            break
        if time.monotonic() > deadline:
            raise EmbeddedError(f"scim does not know the tenant {name} yet: {error_text(made)}")
        time.sleep(0.2)
    return {
        "tenant_id": tenant_id,
        "name": name,
        "scim_base_url": f"{scim.env['SCIM_PUBLIC_URL']}/scim/v2/{tenant_id}",
        "token": str(json_of(made)["token"]),
    }
