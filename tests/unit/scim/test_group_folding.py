"""A folded change does to any membership what its operations do one after the other."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from scim.domain.group import Group, GroupChange
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import normalise_group_patch
from unit.scim.shapes import op, patch_body

IDS = [UUID(int=n << 64) for n in range(1, 7)]
MEMBERS = st.lists(st.sampled_from(IDS), max_size=4)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "replace", "remove", "remove one", "remove all"]), MEMBERS),
    max_size=6,
)


def written(step: str, ids: list[UUID]) -> dict[str, object]:
    if step == "remove all":
        return op("remove", "members")
    if step == "remove one":
        return op("Remove", f'members[value eq "{(ids or IDS)[0]}"]')
    if step == "remove" and not ids:
        return op("add", "members", value=[])
    return op(step, "members", value=[{"value": str(i)} for i in ids])


def done(members: set[UUID], step: str, ids: list[UUID]) -> set[UUID]:
    match step:
        case "add":
            return members | set(ids)
        case "replace":
            return set(ids)
        case "remove":
            return members - set(ids)
        case "remove one":
            return members - {(ids or IDS)[0]}
    return set()


@given(st.sets(st.sampled_from(IDS)), STEPS)
def test_folding_equals_doing_in_order(
    present: set[UUID], steps: list[tuple[str, list[UUID]]]
) -> None:
    one_by_one = present
    for step, ids in steps:
        one_by_one = done(one_by_one, step, ids)

    body = patch_body(*[written(step, ids) for step, ids in steps])
    change = group_change(normalise_group_patch(body).operations)

    kept = set() if change.clear_members else present - set(change.remove)
    assert kept | set(change.add) == one_by_one


GROUP = Group(IDS[0], 4, "Sales", "e")


def test_a_rename_is_a_new_version() -> None:
    assert GroupChange(display_name="New").apply_to(GROUP) == Group(IDS[0], 5, "New", "e")
    assert GroupChange(changes_external_id=True).apply_to(GROUP) == Group(IDS[0], 5, "Sales", None)


def test_nothing_new_is_no_new_version() -> None:
    change = GroupChange(display_name="Sales", external_id="e", changes_external_id=True)

    assert change.apply_to(GROUP) is GROUP
    assert GroupChange(add=(IDS[1],)).apply_to(GROUP) is GROUP
