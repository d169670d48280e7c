"""`make sign-on NAME=acme`: a tenant with a domain, a connection and people, to try by hand."""

import asyncio
from pathlib import Path

from rich.console import Console
from rich.table import Table

from demo.domain_proof import prove_domain
from demo.errors import DemoError
from demo.sign_on import SignOn
from demo.stack import Stack, StackError
from entra_sandbox.runner import print_heading

PEOPLE = (("Ann", "Example"), ("Bob", "Example"))


def make_sign_on_tenant(data: Path, name: str) -> None:
    """Make the tenant on the stack in a data directory; say how to sign in."""
    run_file = data.absolute() / "run.json"
    if not run_file.exists():
        raise StackError(f"No stack is running in {data}. `make up` starts one.")
    console, stack = Console(), Stack(run_file)
    if not stack.run.get("sign_on"):
        raise DemoError("The running stack has no identity provider to sign in at.")
    tenant = stack.make_tenant(name)
    domain = asyncio.run(prove_domain(console, stack, tenant))
    if domain is None:
        raise DemoError("The running stack asks other resolvers than the sandbox's zone.")
    sign_on = SignOn(console, stack, tenant, domain)
    print_heading(console, "Connect sign-on", "a SAML connection, and an application in Entra")
    people = [sign_on.provision(*names) for names in PEOPLE]
    connection = sign_on.connect()
    sign_on.test(connection, people[0])
    table = Table(title=f"People of {name} can sign in", title_justify="left", show_header=False)
    table.add_row("open", f"{sign_on.app}/")
    table.add_row("as", " or ".join(each.email for each in people))
    table.add_row("who is who at Entra", f"{sign_on.identity_provider}/")
    table.add_row("connection", connection)
    table.add_row("tenant", tenant.tenant_id)
    console.print(table)
    console.print("Then disable one by SCIM (active=false), and open the app again.")
    console.print(f"SCIM: {tenant.scim_url}, token {tenant.token}", soft_wrap=True, markup=False)
