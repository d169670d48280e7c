"""The registry of SCIM attributes (RFC 7643), made once from the schemas that are published.

Normaliser, PATCH, filters and projection look attributes up here. Names are found without case;
what comes back carries the canonical name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from scim.domain.user import ENTERPRISE_URN
from scim.protocol.published import published_schemas

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"

SERVER_OWNED = frozenset({"id", "meta", "groups"})
"""Names of attributes that are the server's, in no schema here."""

# Common attributes (RFC 7643 §3.1) are in no schema.
_EXTERNAL_ID = {"name": "externalId", "type": "string", "caseExact": True}


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute or sub-attribute; compared by identity, since there is one of each."""

    name: str
    label: str
    """The name with its parent or URN, as an admin would look for it."""
    type: str
    multi_valued: bool
    required: bool
    case_exact: bool
    read_only: bool
    extension: str | None
    """The URN of the extension it belongs to; None in the core schema."""
    subs: Mapping[str, "Attribute"]
    """Sub-attributes by lower-case name."""

    @property
    def is_complex(self) -> bool:
        """Whether it has sub-attributes."""
        return bool(self.subs)

    def __repr__(self) -> str:
        return f"<{self.label}>"


@dataclass(frozen=True, slots=True, eq=False)
class ResourceSchema:
    """A resource type's core schema with its extension."""

    name: str
    urn: str
    core: Mapping[str, Attribute]
    extensions: Mapping[str, Mapping[str, Attribute]]
    prefixes: Sequence[tuple[str, str | None]]
    """Lower-case URNs as clients spell them, with the extension they mean (None: core)."""

    def attribute(self, name: str, extension: str | None = None) -> Attribute | None:
        """Find an attribute; a bare name may also be one of an extension."""
        key = name.lower()
        if extension is not None:
            return self.extensions[extension].get(key)
        found = self.core.get(key)
        if found is not None:
            return found
        return next((a[key] for a in self.extensions.values() if key in a), None)

    def strip_urn(self, name: str) -> tuple[str | None, str] | None:
        """Split off a leading URN: its extension (None: core) and the rest; None if unknown."""
        lower = name.lower()
        for urn, extension in self.prefixes:
            if lower == urn:
                return extension, ""
            if lower.startswith(urn) and lower[len(urn)] in ":.":
                return extension, name[len(urn) + 1 :]
        return None

    def bare_name(self, name: str) -> str:
        """Return an attribute name without its URN; an unknown URN stays and matches nothing."""
        split = self.strip_urn(name) if name[:4].lower() == "urn:" else None
        return name if split is None else split[1]


@cache
def user_schema() -> ResourceSchema:
    """Return the schema of users, with the enterprise extension."""
    return ResourceSchema(
        name="User",
        urn=USER_URN,
        core=_registry(USER_URN, common=(_EXTERNAL_ID,)),
        extensions={ENTERPRISE_URN: _registry(ENTERPRISE_URN, extension=ENTERPRISE_URN)},
        prefixes=_prefixes(USER_URN, None) + _prefixes(ENTERPRISE_URN, ENTERPRISE_URN),
    )


@cache
def group_schema() -> ResourceSchema:
    """Return the schema of groups."""
    return ResourceSchema(
        name="Group",
        urn=GROUP_URN,
        core=_registry(GROUP_URN, common=(_EXTERNAL_ID,)),
        extensions={},
        prefixes=_prefixes(GROUP_URN, None),
    )


def _registry(
    urn: str, *, extension: str | None = None, common: Sequence[dict[str, Any]] = ()
) -> dict[str, Attribute]:
    return _attributes([*published_schemas()[urn]["attributes"], *common], extension)


def _prefixes(urn: str, extension: str | None) -> list[tuple[str, str | None]]:
    """Entra's documents also print the URN as `…:2.0User`."""
    lower = urn.lower()
    return [(lower, extension), (lower.replace(":2.0:", ":2.0"), extension)]


def _attributes(
    entries: list[dict[str, Any]], extension: str | None, parent: str = ""
) -> dict[str, Attribute]:
    return {e["name"].lower(): _attribute(e, extension, parent) for e in entries}


def _attribute(entry: dict[str, Any], extension: str | None, parent: str) -> Attribute:
    label = f"{parent}{entry['name']}"
    return Attribute(
        name=entry["name"],
        label=label,
        type=entry["type"],
        multi_valued=entry.get("multiValued", False),
        required=entry.get("required", False),
        case_exact=entry.get("caseExact", False),
        read_only=entry.get("mutability") == "readOnly",
        extension=extension,
        subs=_attributes(entry.get("subAttributes", []), extension, f"{label}."),
    )
