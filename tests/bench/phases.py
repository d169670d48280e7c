"""The SCIM phases of the design's budget table: which requests, how many, and what they may cost.

A phase is a list of rounds; before each round its `reset` requests run outside the measurement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.load import Client

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(slots=True)
class World:
    """What earlier phases left behind for later ones."""

    client: Client
    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    big_group: str = ""
    outsiders: int = 0
    """The last so many users are in no big group."""
    turn: int = 0
    """Makes names and values of every phase new."""


@dataclass(frozen=True, slots=True)
class Round:
    """Requests that are measured, after requests that are not."""

    requests: Sequence[bytes]
    reset: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """One line of the table."""

    name: str
    budget: float | None
    """CPU of the serving process, as a multiple of the floor's; None where that says nothing."""
    budget_statements: float
    rounds: Callable[[World, int], list[Round]]
    count: int
    keeps: str = ""
    """Where the ids of the answers go: `users`, `groups` or nowhere."""


def _json(document: Any) -> bytes:
    return orjson.dumps(document)


def user_body(name: str) -> bytes:
    """Return a user as Entra posts it."""
    return _json(
        {
            "schemas": [CORE_USER, ENTERPRISE],
            "externalId": name,
            "userName": f"{name}@bench.example",
            "active": True,
            "displayName": f"Bench {name}",
            "title": "Engineer",
            "emails": [{"primary": True, "type": "work", "value": f"{name}@bench.example"}],
            "phoneNumbers": [{"type": "work", "value": "+49 89 1234567"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": f"B {name}", "familyName": name, "givenName": "B"},
            ENTERPRISE: {"department": "Engineering", "employeeNumber": "000123"},
            "roles": [],
        }
    )


def _patch(*operations: dict[str, Any]) -> bytes:
    return _json({"schemas": [PATCH_OP], "Operations": operations})


def display_name_body(name: str) -> bytes:
    """Return a PATCH that gives a user this display name."""
    return _patch({"op": "Replace", "path": "displayName", "value": name})


def members_body(op: str, users: Sequence[str]) -> bytes:
    """Return a PATCH of a group's members, as Entra words it without the flag."""
    values = [{"$ref": None, "value": user} for user in users]
    return _patch({"op": op, "path": "members", "value": values})


def _post_users(world: World, count: int) -> list[Round]:
    world.turn += 1
    names = [f"u{world.turn}-{number}" for number in range(count)]
    return [Round([world.client.request("POST", "/Users", user_body(name)) for name in names])]


def _filter(world: World, count: int) -> list[Round]:
    # The second batch of users is the measured one, and never smaller than this.
    names = [f"u2-{number % 48}%40bench.example" for number in range(count)]
    path = "/Users?filter=userName+eq+%22{}%22"
    return [Round([world.client.request("GET", path.format(name)) for name in names])]


def _get(world: World, count: int) -> list[Round]:
    ids = [world.users[number % len(world.users)] for number in range(count)]
    return [Round([world.client.request("GET", f"/Users/{key}") for key in ids])]


def _patch_users(world: World, count: int) -> list[Round]:
    world.turn += 1
    requests = []
    for number in range(count):
        body = _patch(
            {"op": "Replace", "path": "displayName", "value": f"New {world.turn}-{number}"},
            {
                "op": "Replace",
                "path": 'emails[type eq "work"].value',
                "value": f"{number}@b.example",
            },
            {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": f"D{number}"},
        )
        key = world.users[number % len(world.users)]
        requests.append(world.client.request("PATCH", f"/Users/{key}", body))
    return [Round(requests)]


def _list_first(world: World, count: int) -> list[Round]:
    return [Round([world.client.request("GET", "/Users?count=100")] * count)]


def _list_deep(world: World, count: int) -> list[Round]:
    start = max(1, len(world.users) - 150)
    return [Round([world.client.request("GET", f"/Users?startIndex={start}&count=100")] * count)]


def _post_groups(world: World, count: int) -> list[Round]:
    world.turn += 1
    bodies = [
        _json(
            {"schemas": [CORE_GROUP], "externalId": f"g{n}", "displayName": f"G {world.turn}-{n}"}
        )
        for n in range(count)
    ]
    return [Round([world.client.request("POST", "/Groups", body) for body in bodies])]


def _small_group(members: int) -> Callable[[World, int], list[Round]]:
    def rounds(world: World, count: int) -> list[Round]:
        world.turn += 1
        requests = []
        for number in range(count):
            start = (world.turn * 131 + number * members) % (len(world.users) - members)
            body = members_body("Add", world.users[start : start + members])
            group = world.groups[number % len(world.groups)]
            requests.append(world.client.request("PATCH", f"/Groups/{group}", body))
        return [Round(requests)]

    return rounds


def _big_group(members: int) -> Callable[[World, int], list[Round]]:
    def rounds(world: World, count: int) -> list[Round]:
        outside = world.users[-world.outsiders :]
        path = f"/Groups/{world.big_group}"
        chunks = [outside[at : at + members] for at in range(0, len(outside), members)]
        adds = [world.client.request("PATCH", path, members_body("Add", chunk)) for chunk in chunks]
        hundreds = [outside[at : at + 100] for at in range(0, len(outside), 100)]
        reset = [
            world.client.request("PATCH", path, members_body("Remove", chunk)) for chunk in hundreds
        ]
        made: list[Round] = []
        while count > 0:
            made.append(Round(adds[:count], reset))
            count -= len(adds)
        return made

    return rounds


PHASES = (
    Phase("POST /Users", 2.4, 1, _post_users, 3000, keeps="users"),
    Phase("filter userName", 1.6, 1, _filter, 4000),
    Phase("GET by id", 1.4, 1, _get, 4000),
    Phase("PATCH user", 2.8, 2, _patch_users, 3000),
    Phase("list 100, first", None, 2, _list_first, 400),
    Phase("list 100, last", None, 2, _list_deep, 400),
    Phase("POST /Groups", 2.0, 2, _post_groups, 2000, keeps="groups"),
    Phase("group +1, small", 2.2, 2, _small_group(1), 2000),
    Phase("group +100, small", None, 2, _small_group(100), 200),
    Phase("group +1, big", 2.2, 2, _big_group(1), 2000),
    Phase("group +100, big", None, 2, _big_group(100), 200),
)
