"""Keeps an Entra tenant in a file, so that a restart does not change its certificates."""

import json
import os
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from idp_sandbox.keys import Key
from idp_sandbox.model import Application, EntraTenant, Person, Signing


def save(tenant: EntraTenant, file: Path) -> None:
    """Write everything, private keys too, in one step; only the owner may read it."""
    state = {
        "people": [_person(each) for each in tenant.people.values()],
        "applications": [_application(each) for each in tenant.applications.values()],
    }
    unfinished = file.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(state, opened, indent=1)
    unfinished.replace(file)


def load(tenant: EntraTenant, file: Path) -> None:
    """Fill a tenant with what was saved, if anything was."""
    if not file.exists():
        return
    state = json.loads(file.read_text())
    for each in state["people"]:
        tenant.keep_person(Person(**each))
    for each in state["applications"]:
        application = _read_application(each)
        tenant.applications[application.app_id] = application


def _person(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in Person.__slots__}


def _application(application: Application) -> dict[str, Any]:
    state = {name: getattr(application, name) for name in Application.__slots__}
    certificate, assigned = application.encryption_certificate, application.assigned
    return state | {
        "keys": [{"private": _private(key), "certificate": key.pem} for key in application.keys],
        "encryption_certificate": certificate.decode() if certificate else None,
        "assigned": None if assigned is None else sorted(assigned),
    }


def _read_application(state: dict[str, Any]) -> Application:
    certificate, assigned = state["encryption_certificate"], state["assigned"]
    return Application(
        **state
        | {
            "keys": [_key(each["private"], each["certificate"]) for each in state["keys"]],
            "signing": Signing(state["signing"]),
            "encryption_certificate": certificate.encode() if certificate else None,
            "assigned": None if assigned is None else frozenset(assigned),
        }
    )


def _private(key: Key) -> str:
    return key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _key(private: str, certificate: str) -> Key:
    loaded = serialization.load_pem_private_key(private.encode(), None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise ValueError("the saved key is no RSA key")
    return Key(loaded, x509.load_pem_x509_certificate(certificate.encode()))
