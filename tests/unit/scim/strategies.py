"""Users, edits and hostile JSON for the property tests."""

from typing import Any

from hypothesis import strategies as st

from unit.scim.shapes import CORE, ENTERPRISE, GROUP, WORK

TEXT = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=20
)
NAMES = st.sampled_from(
    [
        *("userName", "USERNAME", "active", "name", "name.givenName", "title", "roles", "emails"),
        *(WORK, 'roles[primary eq "True"].value', "manager", "department", "addresses", "type"),
        *("value", "primary", "displayName", "members", "externalId", "givenName", "id", "meta"),
        *(CORE, ENTERPRISE, GROUP, f"{ENTERPRISE}:manager", f"{ENTERPRISE}.department", "nope"),
        *(
            'emails[type eq ""].value',
            'roles[value eq "{\\"value\\":\\"x\\"}"].type',
            "roles.value",
        ),
        *("op", "path", "Operations", "schemas", "roles.value", "emails[", 'members[value eq "x"]'),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    NAMES,
    st.sampled_from(["True", "false", "", "work", '{"value":"{\\"value\\":\\"x\\"}"}']),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(NAMES, st.text(max_size=8)), inner, max_size=5),
    ),
    max_leaves=12,
)
LIKELY_BODIES = st.dictionaries(NAMES, JSON, max_size=6).map(
    lambda body: {"userName": "ann@x", "displayName": "G", **body}
)
LIKELY_PATCHES = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["Add", "replace", "REMOVE"])},
        optional={"path": NAMES, "value": JSON},
    ),
    max_size=4,
).map(lambda operations: {"Operations": operations})


def entries(kind: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return entries with distinct types and at most one primary value."""
    entry = st.fixed_dictionaries({"type": kind, "value": TEXT})
    lists = st.lists(entry, min_size=1, max_size=3, unique_by=lambda e: e["type"])
    return st.tuples(lists, st.integers(-1, 2)).map(
        lambda pair: [
            e | ({"primary": True} if i == pair[1] else {}) for i, e in enumerate(pair[0])
        ]
    )


SIMPLE = ["displayName", "title", "nickName", "preferredLanguage", "userType", "externalId"]
EXTENSION = ["department", "employeeNumber", "costCenter", "division"]
NAME_PARTS = ["givenName", "familyName", "formatted"]
FILTERED = [WORK, 'phoneNumbers[type eq "mobile"].value', 'addresses[type eq "work"].locality']

USERS = st.fixed_dictionaries(
    {"userName": TEXT.filter(lambda t: not t.isspace())},
    optional={
        **dict.fromkeys(SIMPLE, TEXT),
        "active": st.booleans(),
        "name": st.dictionaries(st.sampled_from(NAME_PARTS), TEXT, min_size=1),
        "emails": entries(st.sampled_from(["work", "home", "other"])),
        "phoneNumbers": entries(st.sampled_from(["work", "mobile", "fax"])),
        ENTERPRISE: st.dictionaries(st.sampled_from(EXTENSION), TEXT, min_size=1),
    },
)
"""Bodies of users in the canonical spelling."""

EDITS = st.dictionaries(
    st.one_of(
        st.sampled_from(SIMPLE),
        st.sampled_from(NAME_PARTS).map("name.{}".format),
        st.sampled_from(EXTENSION).map(f"{ENTERPRISE}:{{}}".format),
        st.just(f"{ENTERPRISE}:manager"),
        st.sampled_from(FILTERED),
    ),
    st.one_of(TEXT, st.none(), st.just("")),
    min_size=1,
    max_size=6,
)
"""What an edit sets: paths of the default attribute map, with new values."""
