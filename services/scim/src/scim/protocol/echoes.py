"""What a client repeats in a PATCH of what the server alone writes: `id`, `meta` and `schemas`.

An equal value asks for nothing and hinders nothing. Another one is refused (RFC 7644 §3.5.2,
`mutability`), or left out where it stands next to a change and nobody can mean it as one.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from kernel.names import parse_id_leniently
from scim.domain.errors import ScimError, mutability
from scim.protocol.schema import ResourceSchema
from scim.protocol.tolerances import Reading, Tolerance

ECHOED = frozenset({"id", "meta"})
"""In lower case: what a body without a path may repeat."""


def read_echoes(
    schema: ResourceSchema, echoed: dict[str, Any], reading: Reading, *, alone: bool
) -> None:
    """Understand repeated `id` and `meta`; `alone` says that the body asks for nothing else.

    Okta repeats the id next to what it changes, and others the whole of what they have read: their
    `meta` may be of an older version.
    """
    for name, given in echoed.items():
        reading.tolerate(Tolerance.ECHO, name)
        if name.lower() == "id" and given is not None:
            if not isinstance(given, str):
                raise _read_only(name)
            reading.repeated_ids.append(given)
        elif alone and given != {"resourceType": schema.name}:
            raise _read_only(name)


def check_repeated_ids(repeated: Iterable[str], resource_id: UUID) -> None:
    """Refuse a PATCH that calls its resource by the id of another."""
    for text in repeated:
        if parse_id_leniently(text) != resource_id:
            raise mutability("id is read-only, and it is not that of the resource in the URL.")


def check_read_only(schema: ResourceSchema, op: str, path: str, name: str, value: object) -> None:
    """Refuse to change what a path names; `name` is that of the attribute in lower case.

    `schemas` follows from what is stored: naming those that we know changes nothing.
    """
    known = {urn.lower() for urn in (schema.urn, *schema.extensions)}
    named = value if isinstance(value, list) else [value]
    equal = named and all(isinstance(n, str) and n.lower() in known for n in named)
    if name != "schemas" or op == "remove" or not equal:
        raise _read_only(path)


def _read_only(path: str) -> ScimError:
    """Tell that what a path names cannot be changed by a client."""
    return mutability(f"{path[:80]} is read-only: the server alone writes it.")
