"""The longest names that are accepted fit into every index of both services, compressed or not.

An index row of PostgreSQL has 2,704 bytes at most; a name that repeats itself is compressed and
passes whatever its length, so these are random.
"""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chassis.database import create_pool
from conformance.bridge import Bridge
from conformance.scim.harness import postgres_storage
from conformance.tenant_directory.harness import postgres_harness
from kernel.limits import MAX_NAME_BYTES
from kernel.names import comparison_key
from scim.storage.pool import open_pool
from support.databases import DatabaseFactory
from unit.scim.shapes import op, patch_body

ALPHABETS = {
    "letters": "".join(map(chr, range(33, 127))).replace('"', "").replace("\\", ""),
    "of two bytes": "".join(map(chr, range(0x0430, 0x0450))),
    "of three bytes": "".join(map(chr, range(0x4E00, 0x9000))),
    "of four bytes": "".join(map(chr, range(0x20000, 0x2A000))),
    "with keys that are longer": "".join(map(chr, range(0x1F80, 0x1FB0))),
}


def longest(alphabet: str, seed: int) -> str:
    """Return a random name that is as long as one may be, together with its key."""
    chosen = random.Random(seed)
    name, size, key_size = "", 0, 0
    while True:
        letter = chosen.choice(alphabet)
        size += len(letter.encode())
        key_size += len(comparison_key(letter).encode())
        if max(size, key_size) > MAX_NAME_BYTES:
            return name
        name += letter


@pytest.fixture
async def bridge(database: DatabaseFactory) -> AsyncIterator[Bridge]:
    scim = await open_pool(await database("scim"), size=4)
    directory = await create_pool(await database("tenant-directory"), size=4)
    try:
        yield await Bridge.open(postgres_storage(scim), postgres_harness(directory))
    finally:
        await scim.close()
        await directory.close()


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS.keys())
async def test_the_longest_names_are_stored_found_and_deleted(
    bridge: Bridge, alphabet: str
) -> None:
    seeds = iter(range(100))

    def name() -> str:
        return longest(alphabet, next(seeds))

    async def request(call: str, **more: Any) -> None:
        await bridge.request({"call": call, "which": 0, **more})

    one = name()
    assert max(len(one.encode()), len(comparison_key(one).encode())) > MAX_NAME_BYTES - 16
    emails = [{"type": kind, "value": name()} for kind in ("work", "home", "other")]
    person = {"userName": name(), "externalId": name(), "displayName": name(), "emails": emails}
    await request("create_user", body=person)
    await request("create_group", body={"displayName": name(), "externalId": name()})
    await request("join")
    await request("put_user", body={**person, "userName": name(), "externalId": name()})
    await request("put_group", body={"displayName": name(), "externalId": name()})
    for path in ("userName", "externalId", 'emails[type eq "work"].value'):
        await request("patch_user", body=patch_body(op("replace", path, value=name())))
    for path in ("displayName", "externalId"):
        await request("patch_group", body=patch_body(op("replace", path, value=name())))
    await request("soft_delete")
    assert bridge.refusals == []
    await bridge.check()
    await request("delete_user")
    await request("delete_group")
    assert bridge.refusals == []
    await bridge.check()
