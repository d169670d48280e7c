"""Our PATCH against scim2-models' own, on the shapes that both accept."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models import (
    Context,
    PatchOp,
    ResourceType,
    Schema,
    ScimPolicy,
    ScimProvider,
)

from scim.protocol import discovery
from scim.protocol.normalise import normalise_user
from unit.scim.shapes import CORE, ENTERPRISE, WORK, op, patch_body, patched
from unit.scim.strategies import EXTENSION, NAME_PARTS, SIMPLE, TEXT, USERS, entries

POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


def oracle_provider() -> ScimProvider:
    """Build scim2-models' view of us from what we publish about ourselves."""
    schemas = orjson.loads(discovery.schemas("http://x"))["Resources"]
    types = orjson.loads(discovery.resource_types("http://x"))["Resources"]
    return ScimProvider.from_discovery(
        [Schema.model_validate(s) for s in schemas],
        [ResourceType.model_validate(t) for t in types],
        policy=POLICY,
    )


PROVIDER = oracle_provider()
USER: Any = PROVIDER.model_for("User")


def expected(user: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    schemas = [CORE, ENTERPRISE]
    resource = USER.model_validate({"schemas": schemas, **user}, scim_policy=POLICY)
    for operation in operations:
        # An entry without a value takes nothing from others here, and vanishes.
        if operation == HOME_IS_PRIMARY and not _has_home(resource):
            continue
        patch = PatchOp[USER].model_validate(
            patch_body(operation),
            scim_ctx=Context.RESOURCE_PATCH_REQUEST,
            scim_policy=POLICY,
        )
        patch.patch(resource, POLICY)
    body: dict[str, Any] = resource.model_dump(scim_ctx=Context.DEFAULT)
    body.pop("schemas")
    # Entra's null updates need entries without a value to vanish; the RFC says nothing of it.
    for name in ("emails", "phoneNumbers"):
        body[name] = [e for e in body.get(name) or [] if "value" in e]
    return {name: value for name, value in body.items() if value not in ({}, [], None)}


def _has_home(resource: Any) -> bool:
    return any(each.type == "home" and each.value for each in resource.emails or ())


HOME_IS_PRIMARY = op("Add", 'emails[type eq "home"].primary', value=True)
VERBS = st.sampled_from(["Add", "replace"])
SINGLE = st.builds(
    lambda verb, path, value: op(verb, path, value=value),
    VERBS,
    st.one_of(
        st.sampled_from(SIMPLE),
        st.sampled_from(NAME_PARTS).map("name.{}".format),
        st.sampled_from(EXTENSION).map(f"{ENTERPRISE}:{{}}".format),
    ),
    TEXT,
)
OPERATIONS = st.one_of(
    SINGLE,
    st.builds(lambda verb, value: op(verb, WORK, value=value), VERBS, TEXT),
    st.builds(lambda value: op("replace", "emails", value=value), entries(st.just("work"))),
    st.builds(lambda value: op("replace", value={"active": value}), st.booleans()),
    st.builds(
        lambda name, family: op("replace", value={"displayName": name, "name.familyName": family}),
        TEXT,
        TEXT,
    ),
    st.builds(lambda path: op("remove", path), st.sampled_from([*SIMPLE, "name", "emails"])),
    st.builds(lambda path: op("Remove", f"{ENTERPRISE}:{path}"), st.sampled_from(EXTENSION)),
    st.builds(lambda part: op("Remove", f"name.{part}"), st.sampled_from(NAME_PARTS)),
    st.just(op("remove", 'emails[type eq "work"]')),
    st.just(HOME_IS_PRIMARY),
)


@settings(max_examples=60)
@given(USERS, st.lists(OPERATIONS, min_size=1, max_size=5))
def test_patch_agrees_with_scim2_models(
    user: dict[str, Any], operations: list[dict[str, Any]]
) -> None:
    before = normalise_user(user).document

    assert patched(before, *operations) == expected(before, operations)


@pytest.mark.parametrize("name", ["User", "Group"])
def test_the_oracle_knows_our_types(name: str) -> None:
    assert name in {t.name for t in PROVIDER.resource_types}
