"""What SCIM accepts, the directory applies: every event of every sequence of requests."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.bridge import Bridge
from kernel.limits import MAX_NAME_BYTES, MAX_VALUE_BYTES
from tenant_directory.domain.user import UserStatus
from unit.scim.shapes import op, patch_body
from unit.scim.strategies import LIKELY_BODIES, LIKELY_PATCHES


def _lengths(letter: str) -> Iterator[int]:
    for most in (MAX_NAME_BYTES, MAX_VALUE_BYTES):
        for size in (len(letter.encode()), len(letter.casefold().encode())):
            yield from (most // size, most // size + 1)


LONG = st.sampled_from(
    [
        letter * length
        for letter in ("a", "A", "é", "\u0130", "\u0390", "\ufb03", "\U0001d538", "\x01")
        for length in _lengths(letter)
    ]
)
NAME = st.one_of(st.sampled_from(["ann@x", "ANN@X", "stra\u00dfe@x", "STRASSE@x"]), LONG)
ENTRIES = st.builds(
    lambda kind, value, n: {kind: [{"type": f"t{i}", "value": value} for i in range(n)]},
    st.sampled_from(["emails", "phoneNumbers", "photos", "x509Certificates"]),
    LONG,
    st.sampled_from([1, 16, 100]),
)
USER_BODY = st.builds(
    lambda name, extra, body: {**body, **extra, "userName": name},
    NAME,
    st.one_of(
        ENTRIES,
        st.fixed_dictionaries(
            {}, optional={"externalId": LONG, "title": LONG, "displayName": LONG}
        ),
    ),
    LIKELY_BODIES,
)
USER_PATCH = st.one_of(
    LIKELY_PATCHES,
    st.builds(
        lambda path, value: patch_body(op("Replace", path, value=value)),
        st.sampled_from(["userName", "externalId", "title", 'emails[type eq "work"].value']),
        NAME,
    ),
    st.builds(lambda active: patch_body(op("Replace", "active", value=active)), st.booleans()),
    st.builds(lambda entries: patch_body(op("add", value=entries)), ENTRIES),
)
GROUP_BODY = st.builds(
    lambda name, external_id: {"displayName": name, "externalId": external_id}, NAME, NAME
)
GROUP_PATCH = st.builds(
    lambda path, value: patch_body(op("Replace", path, value=value)),
    st.sampled_from(["displayName", "externalId"]),
    NAME,
)
SOME = st.lists(st.integers(0, 3), max_size=5)
REQUESTS = st.one_of(
    st.fixed_dictionaries({"call": st.just("create_user"), "body": USER_BODY}),
    st.fixed_dictionaries(
        {"call": st.just("patch_user"), "body": USER_PATCH, "which": st.integers(0, 3)}
    ),
    st.fixed_dictionaries(
        {"call": st.just("put_user"), "body": USER_BODY, "which": st.integers(0, 3)}
    ),
    st.fixed_dictionaries({"call": st.just("create_group"), "body": GROUP_BODY}),
    st.fixed_dictionaries(
        {"call": st.just("patch_group"), "body": GROUP_PATCH, "which": st.integers(0, 3)}
    ),
    st.fixed_dictionaries(
        {"call": st.just("put_group"), "body": GROUP_BODY, "which": st.integers(0, 3)}
    ),
    st.fixed_dictionaries(
        {
            "call": st.just("replace_members"),
            "path": st.sampled_from(["members", None]),
            "members": SOME,
            "which": st.integers(0, 3),
        }
    ),
    st.fixed_dictionaries(
        {
            "call": st.sampled_from(
                ["soft_delete", "delete_user", "join", "leave", "delete_group"]
            ),
            "which": st.integers(0, 3),
        }
    ),
)


@settings(max_examples=150)
@given(st.lists(REQUESTS, min_size=1, max_size=12))
def test_whatever_scim_accepts_the_directory_applies(requests: list[dict[str, Any]]) -> None:
    async def run() -> None:
        bridge = await Bridge.open()
        for request in requests:
            await bridge.request(request)
        await bridge.check()

    asyncio.run(run())


@pytest.mark.parametrize("path", ["members", None])
async def test_members_who_are_replaced_have_left_the_directory_too(path: str | None) -> None:
    bridge = await Bridge.open()
    for name in ("ann", "bob", "cai"):
        await bridge.request({"call": "create_user", "body": {"userName": f"{name}@x"}})
    ann, bob, cai = bridge.users
    await bridge.request({"call": "create_group", "body": {"displayName": "Sales"}})
    group = bridge.groups[0]

    def everybody(*members: UUID) -> list[dict[str, str]]:
        return [{"value": str(member)} for member in members]

    for body, left in (
        ({"members": everybody(ann, bob, cai)}, {ann, bob, cai}),
        ({"members": everybody(cai)}, {cai}),
        ({"members": everybody(ann, bob)}, {ann, bob}),
        ({}, set()),
    ):
        put = {"call": "put_group", "which": 0, "body": {"displayName": "Sales", **body}}
        await bridge.request(put)
        assert await bridge.directory.members(bridge.tenant, group) == left
    for numbers, left in (([0, 1, 2, 2], {ann, cai}), ([1, 0], {bob}), ([], set())):
        await bridge.request(
            {"call": "replace_members", "which": 0, "members": numbers, "path": path}
        )
        assert await bridge.directory.members(bridge.tenant, group) == left
    assert bridge.refusals == []
    await bridge.check()


async def test_a_soft_delete_after_a_change_of_everything_fits() -> None:
    bridge = await Bridge.open()
    for letter in ("\x01", "\x02"):
        big = {
            "x509Certificates": [{"value": letter * 10_000 + str(i)} for i in range(2)],
            "emails": [{"type": "work", "value": letter * MAX_NAME_BYTES}],
            "name": {"givenName": letter * MAX_VALUE_BYTES, "familyName": letter * MAX_VALUE_BYTES},
            "displayName": letter * MAX_VALUE_BYTES,
        }
        body = {"userName": letter * MAX_NAME_BYTES, **big}
        call: dict[str, Any] = {"call": "create_user", "body": body}
        if bridge.users:
            call = {"call": "patch_user", "body": patch_body(op("Replace", value=big)), "which": 0}
        await bridge.request(call)
    await bridge.request({"call": "soft_delete", "which": 0})
    assert bridge.refusals == []
    user = await bridge.directory.user(bridge.tenant, bridge.users[0])
    assert (user.soft_deleted, user.status) == (True, UserStatus.INACTIVE)


@pytest.mark.parametrize("letter", ["a", "\u0130", "\ufb03"])
async def test_a_name_too_long_for_an_index_is_refused_where_it_is_sent(letter: str) -> None:
    bridge = await Bridge.open()
    name = letter * MAX_NAME_BYTES
    await bridge.request({"call": "create_user", "body": {"userName": "ann@x"}})
    await bridge.request({"call": "create_group", "body": {"displayName": "Sales"}})
    before = bridge.sent
    for path in ("userName", "externalId", 'emails[type eq "work"].value'):
        body = patch_body(op("Replace", path, value=name + "x"))
        await bridge.request({"call": "patch_user", "body": body, "which": 0})
    for path in ("displayName", "externalId"):
        body = patch_body(op("Replace", path, value=name + "x"))
        await bridge.request({"call": "patch_group", "body": body, "which": 0})
    assert bridge.sent == before
    assert len(bridge.refusals) == 5
    assert all("longer than" in sentence for sentence in bridge.refusals)
