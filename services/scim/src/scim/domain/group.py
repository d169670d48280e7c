"""A provisioned group, and a change to one that never needs to know its members.

Membership is rows of its own: a group may have 200,000 members, and a change names only those
that it adds and removes.
"""

from dataclasses import dataclass
from uuid import UUID

from kernel.names import comparison_key


def display_name_key(display_name: str) -> str:
    """Return the key that group names are found and held unique by."""
    return comparison_key(display_name)


@dataclass(frozen=True, slots=True)
class Group:
    """A group as the identity provider sees it, at one version, without its members."""

    id: UUID
    version: int
    display_name: str
    external_id: str | None

    @property
    def display_name_key(self) -> str:
        """The key of the display name."""
        return display_name_key(self.display_name)


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What one request changes; its operations are already folded in their order.

    Afterwards the members are exactly `add` when `clear_members` is set, else the present ones
    without `remove` and with `add`. No id is in both.
    """

    display_name: str | None = None
    """The new name, or None when it stays."""
    external_id: str | None = None
    changes_external_id: bool = False
    """Whether `external_id` is to be stored; None then clears it."""
    clear_members: bool = False
    add: tuple[UUID, ...] = ()
    remove: tuple[UUID, ...] = ()

    @property
    def is_one_way(self) -> bool:
        """Whether the change only adds or only removes named members."""
        renames = self.display_name is not None or self.changes_external_id
        return not (renames or self.clear_members or (self.add and self.remove))

    @property
    def size(self) -> int:
        """How many members are named."""
        return len(self.add) + len(self.remove)

    def apply_to(self, group: Group) -> Group:
        """Return the group after the change: the same object when nothing of it differs."""
        name = group.display_name if self.display_name is None else self.display_name
        external_id = self.external_id if self.changes_external_id else group.external_id
        if (name, external_id) == (group.display_name, group.external_id):
            return group
        return Group(group.id, group.version + 1, name, external_id)
