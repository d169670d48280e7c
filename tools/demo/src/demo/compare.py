"""Compares what "Entra" holds with what the directory holds, attribute by attribute.

Entra's side is the sandbox's own memory, the directory's side what the directory itself says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.markup import escape
from rich.table import Table

from entra_sandbox.attributes import ENTERPRISE, read, user_attributes
from entra_sandbox.dialect import Dialect
from entra_sandbox.source import Entra, SourceUser

MANAGER = f"{ENTERPRISE}:manager"
_COLUMNS = {
    "displayName": "display_name",
    "name.givenName": "given_name",
    "name.familyName": "family_name",
    'emails[type eq "work"].value': "email",
    "externalId": "external_id",
}
_ABSENT = {"userName", "active", "name.formatted"}
"""Compared under another name, or not kept by the directory."""

Objects = Mapping[str, Mapping[str, Any]]
"""What one side holds: facts by the id that both sides share."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One side: users with their facts, groups by name, memberships as pairs of ids."""

    users: Objects
    groups: Mapping[str, str]
    memberships: frozenset[tuple[str, str]]


@dataclass(slots=True)
class Comparison:
    """Both sides, fact by fact."""

    rows: list[tuple[str, int, int, int]] = field(default_factory=list)
    """What is compared, how many Entra has, how many the directory has, how many differ."""
    differences: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Tell whether nothing differs."""
        return not self.differences


def entra_snapshot(entra: Entra, dialect: Dialect) -> Snapshot:
    """Return what the directory should hold."""
    users = {
        entra.links[user.object_id]: _expected(entra, user, dialect)
        for user in entra.users.values()
        if user.object_id in entra.links
    }
    groups = {entra.links[group.object_id]: group.display_name for group in entra.groups.values()}
    memberships = {
        (entra.links[group.object_id], entra.links[member])
        for group in entra.groups.values()
        for member in group.members
        if member in entra.links
    }
    return Snapshot(users, groups, frozenset(memberships))


def directory_snapshot(
    users: Iterable[Mapping[str, Any]], groups: Iterable[Mapping[str, Any]]
) -> Snapshot:
    """Return what the directory says, from its lists."""
    listed = list(groups)
    return Snapshot(
        {user["id"]: {**user, **_flat(user["attributes"])} for user in users},
        {group["id"]: group["display_name"] for group in listed},
        frozenset((group["id"], member["id"]) for group in listed for member in group["members"]),
    )


def compare(entra: Snapshot, directory: Snapshot) -> Comparison:
    """Find every difference."""
    result = Comparison()
    _ids(result, "users", set(entra.users), set(directory.users))
    names = sorted({name for facts in entra.users.values() for name in facts})
    shared = sorted(set(entra.users) & set(directory.users))
    for name in names:
        _fact(result, name, entra.users, directory.users, shared)
    _ids(result, "groups", set(entra.groups.items()), set(directory.groups.items()))
    _ids(result, "memberships", set(entra.memberships), set(directory.memberships))
    return result


def comparison_table(comparison: Comparison, title: str) -> Table:
    """Draw a comparison."""
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    for name in ("Entra", "directory", "differ"):
        table.add_column(name, justify="right")
    table.add_column("")
    for name, ours, theirs, differ in comparison.rows:
        sign = "[green]equal[/]" if not differ else "[red]DIFFERENT[/]"
        label = name.replace(f"{ENTERPRISE}:", "enterprise: ")
        table.add_row(escape(label), str(ours), str(theirs), str(differ), sign)
    return table


def _expected(entra: Entra, user: SourceUser, dialect: Dialect) -> dict[str, Any]:
    external_id = user.mail_nickname if dialect is Dialect.VERBOSE else user.object_id
    mapped = user_attributes(entra, user, external_id=external_id)
    facts = {_COLUMNS.get(path, path): mapped[path] for path in mapped if path not in _ABSENT}
    prefix = user.object_id.replace("-", "") if user.soft_deleted else ""
    return {
        "user_name": user.upn.removeprefix(prefix),
        "status": "active" if entra.is_active(user) else "inactive",
        **facts,
        MANAGER: entra.synced_managers.get(user.object_id),
    }


def _flat(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes by the paths that Entra maps to."""
    paths = (
        "title",
        "preferredLanguage",
        f"{ENTERPRISE}:employeeNumber",
        f"{ENTERPRISE}:department",
    )
    filtered = [
        'addresses[type eq "work"].streetAddress',
        'addresses[type eq "work"].locality',
        'addresses[type eq "work"].postalCode',
        'addresses[type eq "work"].country',
        'phoneNumbers[type eq "work"].value',
        'phoneNumbers[type eq "mobile"].value',
    ]
    flat = {path: read(attributes, path) for path in (*paths, *filtered)}
    manager = read(attributes, MANAGER)
    return flat | {MANAGER: manager.get("value") if isinstance(manager, dict) else manager}


def _ids(result: Comparison, what: str, ours: set[Any], theirs: set[Any]) -> None:
    missing, extra = ours - theirs, theirs - ours
    result.rows.append((what, len(ours), len(theirs), len(missing) + len(extra)))
    result.differences += [f"{what}: only Entra has {item}" for item in sorted(missing)]
    result.differences += [f"{what}: only the directory has {item}" for item in sorted(extra)]


def _fact(result: Comparison, name: str, ours: Objects, theirs: Objects, shared: list[str]) -> None:
    differing = [key for key in shared if ours[key].get(name) != theirs[key].get(name)]
    counts = [sum(side[key].get(name) is not None for key in shared) for side in (ours, theirs)]
    result.rows.append((name, counts[0], counts[1], len(differing)))
    result.differences += [
        f"{name} of {key}: Entra has {ours[key].get(name)!r}, "
        f"the directory {theirs[key].get(name)!r}"
        for key in differing
    ]
