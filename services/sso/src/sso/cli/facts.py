"""What is printed of connections and apps."""

import hashlib
from typing import Any

from sso.domain.connection import Connection
from sso.domain.keys import KeyState, StoredKey
from sso.domain.login import Client
from sso.usecases.addresses import Addresses

CONNECTION_COLUMNS = ("id", "name", "kind", "state", "created")
KEY_COLUMNS = ("id", "purpose", "state", "created", "active_from")
CLIENT_COLUMNS = ("id", "name", "kind", "redirect_uris", "state")


def connection_facts(connection: Connection, addresses: Addresses) -> dict[str, Any]:
    """Return what an operator must know of a connection."""
    candidate = connection.candidate
    return {
        "id": connection.id,
        "tenant_id": connection.tenant_id,
        "name": connection.name,
        "kind": connection.kind.value,
        "state": connection.state.value,
        "tested": connection.tested,
        "created": connection.created_at,
        "entity_id": addresses.entity_id(connection.id),
        "acs_url": addresses.acs(connection.id),
        "idp_entity_id": candidate.entity_id if candidate else None,
        "idp_sso_url": candidate.sso_url if candidate else None,
        "idp_certificates": [
            hashlib.sha256(each).hexdigest()
            for each in (candidate.certificates if candidate else ())
        ],
        "waits_for_activation": candidate is not None and candidate != connection.active,
    }


def client_facts(client: Client) -> dict[str, Any]:
    """Return what an operator must know of an app."""
    return {
        "id": client.id,
        "name": client.name,
        "kind": "public" if client.secret_digest is None else "confidential",
        "redirect_uris": list(client.redirect_uris),
        "state": "disabled" if client.disabled else "enabled",
    }


def key_facts(key: StoredKey, state: KeyState) -> dict[str, Any]:
    """Return what an operator may know of a key."""
    return {
        "id": key.id,
        "purpose": key.purpose.value,
        "state": state.value,
        "created": key.created_at,
        "active_from": key.active_from,
    }
