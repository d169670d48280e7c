"""`python -m entra_sandbox`: an Entra-like provisioning client for any SCIM URL."""

from entra_sandbox.cli import app

if __name__ == "__main__":
    app()
