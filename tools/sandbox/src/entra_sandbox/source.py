"""What "Entra" holds: users, groups, assignments, and the target ids learnt from answers.

This is the sandbox's own truth. Nothing here is read back from the directory, so that comparing
the two proves something.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class SourceUser:
    """A user as an Entra tenant holds it; None means the attribute is empty there."""

    object_id: str
    upn: str
    mail: str
    mail_nickname: str
    given_name: str
    surname: str
    display_name: str
    department: str | None = None
    job_title: str | None = None
    employee_id: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone: str | None = None
    mobile: str | None = None
    language: str | None = None
    manager: str | None = None
    """Object id of another user."""
    account_enabled: bool = True
    soft_deleted: bool = False

    @property
    def bare(self) -> bool:
        """Tell whether the user has none of the optional attributes."""
        return not any((self.department, self.job_title, self.city, self.phone, self.employee_id))


@dataclass(slots=True)
class SourceGroup:
    """A group of an Entra tenant; members are object ids of users."""

    object_id: str
    display_name: str
    members: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Entra:
    """One Entra tenant with one enterprise application that provisions into one SCIM URL."""

    users: dict[str, SourceUser] = field(default_factory=dict)
    groups: dict[str, SourceGroup] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)
    """Object ids of users and groups that are in the application's scope."""
    links: dict[str, str] = field(default_factory=dict)
    """Object id to the id that the SCIM service answered."""
    synced_managers: dict[str, str | None] = field(default_factory=dict)
    synced_members: dict[str, set[str]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    """Object ids that the next incremental cycle looks at."""
    purged: set[str] = field(default_factory=set)
    """Object ids of linked objects that are gone for good: the next cycle deletes them."""
    purged_groups: set[str] = field(default_factory=set)
    """Those of the purged that were groups."""

    def add_user(self, user: SourceUser) -> None:
        """Create a user and assign it to the application."""
        self.users[user.object_id] = user
        self.assigned.add(user.object_id)
        self.changed.add(user.object_id)

    def add_group(self, group: SourceGroup) -> None:
        """Create a group and assign it to the application."""
        self.groups[group.object_id] = group
        self.assigned.add(group.object_id)
        self.changed.add(group.object_id)

    def is_active(self, user: SourceUser) -> bool:
        """Evaluate the default map's `Switch([IsSoftDeleted], …)` and the assignment."""
        in_scope = user.object_id in self.assigned
        return in_scope and user.account_enabled and not user.soft_deleted

    def unassign(self, object_id: str) -> None:
        """Take a user out of the application's scope."""
        self.assigned.discard(object_id)
        self.changed.add(object_id)

    def assign(self, object_id: str) -> None:
        """Bring a user back into the application's scope."""
        self.assigned.add(object_id)
        self.changed.add(object_id)

    def soft_delete(self, object_id: str) -> None:
        """Move a user to the recycle bin, which renames its UPN to object id + UPN."""
        user = self.users[object_id]
        user.soft_deleted = True
        user.upn = object_id.replace("-", "") + user.upn
        self.changed.add(object_id)

    def undelete(self, object_id: str) -> None:
        """Take a user out of the recycle bin, under its old UPN."""
        user = self.users[object_id]
        user.soft_deleted = False
        user.upn = user.upn.removeprefix(object_id.replace("-", ""))
        self.changed.add(object_id)

    def hard_delete(self, object_id: str) -> None:
        """Purge a user or group; whoever had the user as a manager or member loses it."""
        if self.users.pop(object_id, None) is not None:
            self._forget_user(object_id)
        else:
            self.groups.pop(object_id)
            self.purged_groups.add(object_id)
            self.synced_members.pop(object_id, None)
        self.assigned.discard(object_id)
        self.changed.discard(object_id)
        if object_id in self.links:
            self.purged.add(object_id)

    def _forget_user(self, object_id: str) -> None:
        for group in self.groups.values():
            group.members.discard(object_id)
            # The target drops the memberships of a deleted user by itself: nothing is sent.
            self.synced_members.get(group.object_id, set()).discard(object_id)
        for user in self.users.values():
            if user.manager == object_id:
                user.manager = None
                self.changed.add(user.object_id)
        self.synced_managers.pop(object_id, None)
