"""Discovery documents: readable by scim2-models, and shaped as Entra's gallery check wants."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from scim2_models import EnterpriseUser, ResourceType, Schema, ServiceProviderConfig, User

from scim.domain.errors import ScimError
from scim.protocol import discovery, published
from unit.scim.shapes import CORE, ENTERPRISE, GROUP

BASE = "https://scim.example.com/scim/v2/t"


def resources(raw: bytes) -> list[dict[str, Any]]:
    body = orjson.loads(raw)
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert body["totalResults"] == len(body["Resources"]) == body["itemsPerPage"]
    listed: list[dict[str, Any]] = body["Resources"]
    return listed


def values(tree: Any) -> Iterator[Any]:
    yield tree
    if isinstance(tree, dict | list):
        for inner in tree.values() if isinstance(tree, dict) else tree:
            yield from values(inner)


def attributes(urn: str) -> dict[str, dict[str, Any]]:
    return {a["name"]: a for a in orjson.loads(discovery.schema(BASE, urn))["attributes"]}


def test_schemas_are_a_list_that_scim2_models_reads() -> None:
    listed = resources(discovery.schemas(BASE))

    assert [s["id"] for s in listed] == [CORE, ENTERPRISE, GROUP]
    for schema in listed:
        assert Schema.model_validate(schema).id == schema["id"]
        assert schema["meta"]["location"] == f"{BASE}/Schemas/{schema['id']}"


def test_resource_types_are_a_list_that_scim2_models_reads() -> None:
    listed = resources(discovery.resource_types(BASE))

    assert [(t["name"], t["endpoint"]) for t in listed] == [
        ("User", "/Users"),
        ("Group", "/Groups"),
    ]
    for kind in listed:
        assert ResourceType.model_validate(kind).id == kind["id"]


def test_the_service_provider_config_is_read_by_scim2_models() -> None:
    config = ServiceProviderConfig.model_validate_json(discovery.service_provider_config(BASE))

    assert config.patch is not None
    assert config.patch.supported


@pytest.mark.parametrize(
    "raw",
    [
        discovery.schemas(BASE),
        discovery.resource_types(BASE),
        discovery.service_provider_config(BASE),
    ],
    ids=["schemas", "resource types", "config"],
)
def test_nothing_is_null(raw: bytes) -> None:
    assert None not in list(values(orjson.loads(raw)))


def test_types_have_canonical_values_and_passwords_are_not_advertised() -> None:
    user = attributes(CORE)

    for name in ("emails", "phoneNumbers", "addresses"):
        subs = {s["name"]: s for s in user[name]["subAttributes"]}
        assert "work" in subs["type"]["canonicalValues"]
    ims = {s["name"]: s for s in user["ims"]["subAttributes"]}
    assert {"skype", "other"} <= set(ims["type"]["canonicalValues"])
    assert not user.keys() & {"password", "id", "meta", "schemas"}


@pytest.mark.parametrize(("urn", "model"), [(CORE, User), (ENTERPRISE, EnterpriseUser)])
def test_attributes_have_the_types_of_the_rfc(urn: str, model: Any) -> None:
    ours = attributes(urn)
    rfc = {a.name: a for a in model.to_schema().attributes}

    assert rfc.keys() - ours.keys() <= {"password"}
    for name, attribute in ours.items():
        assert attribute["type"] == rfc[name].type.value
        assert attribute["multiValued"] == rfc[name].multi_valued
        subs = {s["name"] for s in attribute.get("subAttributes", [])}
        assert subs <= {s.name for s in rfc[name].sub_attributes or []}


def test_a_schema_is_found_without_case_and_an_unknown_one_is_not_there() -> None:
    assert orjson.loads(discovery.schema(BASE, ENTERPRISE.upper()))["id"] == ENTERPRISE
    with pytest.raises(ScimError, match="There is no such schema"):
        discovery.schema(BASE, "urn:nope")
    with pytest.raises(ScimError, match="There is no such resource type"):
        discovery.resource_type(BASE, "Device")


def paths(listed: list[dict[str, Any]], parent: str = "") -> set[str]:
    found = {parent + attribute["name"] for attribute in listed}
    for attribute in listed:
        found |= paths(attribute.get("subAttributes", []), f"{parent}{attribute['name']}.")
    return found


def test_what_differs_from_the_rfc_is_in_the_rfc() -> None:
    for model, _, differences in published._SOURCES:
        assert differences.keys() <= paths(model.to_schema().model_dump()["attributes"])


def test_what_is_not_supported_is_not_published() -> None:
    user, group = attributes(CORE), attributes(GROUP)
    assert not paths([*user.values(), *group.values()]) & {"password"}
    assert user["groups"]["returned"] == "request"
    [member_type] = [s for s in group["members"]["subAttributes"] if s["name"] == "type"]
    assert member_type["canonicalValues"] == ["User"]
    assert group["displayName"]["uniqueness"] == "server"


@pytest.mark.parametrize("urn", [CORE, ENTERPRISE, GROUP])
def test_every_attribute_has_the_characteristics_of_the_rfc(urn: str) -> None:
    for attribute in attributes(urn).values():
        for each in (attribute, *attribute.get("subAttributes", [])):
            assert each.keys() >= {
                *("name", "type", "multiValued", "description", "required"),
                *("caseExact", "mutability", "returned", "uniqueness"),
            }
            assert "\n" not in each["description"]
