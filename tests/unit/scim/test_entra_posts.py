"""Every oddity of Entra's POST bodies for users: what comes in, what is stored."""

from typing import Any

import pytest

from scim.domain.errors import ScimError
from scim.protocol.normalise import normalise_user
from unit.scim.shapes import CORE, ENTERPRISE, M, unknown

BASE = {"userName": "ann@example.com", "active": True}

DOCUMENTED_FIRST = {
    "schemas": [CORE, ENTERPRISE],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Test_User_ab6490ee",
    "active": True,
    "emails": [{"primary": True, "type": "work", "value": "Test_User_fd0ea19b@TESTUSER.com"}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "given family", "familyName": "family", "givenName": "given"},
    "roles": [],
}
DOCUMENTED_SECOND = {
    "schemas": [CORE, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
    "externalId": "jyoung",
    "userName": "jyoung@example.com",
    "active": True,
    "addresses": None,
    "emails": [{"type": "work", "value": "jyoung@example.com", "primary": True}],
    "meta": {"resourceType": "User"},
    "name": {"familyName": "Young", "givenName": "Joy"},
    "phoneNumbers": None,
    "preferredLanguage": None,
    "title": None,
    "department": None,
    "manager": None,
}
ROLE = {"primary": False, "type": "WindowsAzureActiveDirectoryRole", "value": "Admin"}

STORED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "first documented shape: meta and roles [] ignored, enterprise URN without container": (
        DOCUMENTED_FIRST,
        {k: v for k, v in DOCUMENTED_FIRST.items() if k not in ("schemas", "meta", "roles")},
    ),
    "second documented shape: mistyped URN, nulls, bare null department and manager": (
        DOCUMENTED_SECOND,
        {
            k: v
            for k, v in DOCUMENTED_SECOND.items()
            if v is not None and k not in ("schemas", "meta")
        },
    ),
    "active as the string True": ({**BASE, "active": "True"}, BASE),
    "active as the string false": ({**BASE, "active": "false"}, {**BASE, "active": False}),
    "active left out": ({"userName": "ann@example.com"}, BASE),
    "active null": ({**BASE, "active": None}, BASE),
    "unknown schema URN": ({**BASE, "schemas": ["urn:foo:bar"]}, BASE),
    "no schemas at all": (BASE, BASE),
    "schemas null": ({**BASE, "schemas": None}, BASE),
    "container without its URN in schemas": (
        {**BASE, "schemas": [CORE], ENTERPRISE: {"department": "Sales"}},
        {**BASE, ENTERPRISE: {"department": "Sales"}},
    ),
    "mistyped URN as container": (
        {**BASE, ENTERPRISE.replace(":User", "User"): {"department": "Sales"}},
        {**BASE, ENTERPRISE: {"department": "Sales"}},
    ),
    "container URN in other case": (
        {**BASE, ENTERPRISE.upper(): {"DEPARTMENT": "Sales"}},
        {**BASE, ENTERPRISE: {"department": "Sales"}},
    ),
    "empty container": ({**BASE, ENTERPRISE: {}}, BASE),
    "container null": ({**BASE, ENTERPRISE: None}, BASE),
    "bare department and manager": (
        {**BASE, "department": "Sales", "manager": M},
        {**BASE, ENTERPRISE: {"department": "Sales", "manager": {"value": M}}},
    ),
    "manager in the container as a string": (
        {**BASE, ENTERPRISE: {"manager": M}},
        {**BASE, ENTERPRISE: {"manager": {"value": M}}},
    ),
    "manager with foreign $ref and displayName, both read-only": (
        {**BASE, ENTERPRISE: {"manager": {"value": M, "$ref": "http://x/M", "displayName": "B"}}},
        {**BASE, ENTERPRISE: {"manager": {"value": M}}},
    ),
    "manager as a list of one": (
        {**BASE, "manager": [{"$ref": None, "value": M}]},
        {**BASE, ENTERPRISE: {"manager": {"value": M}}},
    ),
    "manager empty": ({**BASE, ENTERPRISE: {"manager": {"value": ""}}}, BASE),
    "manager as an empty string": ({**BASE, "manager": ""}, BASE),
    "colon key of an extension attribute": (
        {**BASE, f"{ENTERPRISE}:department": "Sales"},
        {**BASE, ENTERPRISE: {"department": "Sales"}},
    ),
    "attribute and sub-attribute names in any case": (
        {
            "USERNAME": "ann@example.com",
            "Active": True,
            "Name": {"GivenName": "Ann"},
            "eMails": [{"Type": "work", "VALUE": "a@b.c"}],
        },
        {
            **BASE,
            "name": {"givenName": "Ann"},
            "emails": [{"type": "work", "value": "a@b.c"}],
        },
    ),
    "dotted and filtered keys": (
        {**BASE, "name.givenName": "Ann", 'phoneNumbers[type eq "work"].value': "+41"},
        {
            **BASE,
            "name": {"givenName": "Ann"},
            "phoneNumbers": [{"type": "work", "value": "+41"}],
        },
    ),
    "values are kept verbatim": (
        {**BASE, "emails": [{"type": "work", "value": " Ann@EXAMPLE.COM"}], "title": " ü\u0308 "},
        {**BASE, "emails": [{"type": "work", "value": " Ann@EXAMPLE.COM"}], "title": " ü\u0308 "},
    ),
    "an address that is no e-mail address": (
        {**BASE, "emails": [{"type": "work", "value": "not an address"}]},
        {**BASE, "emails": [{"type": "work", "value": "not an address"}]},
    ),
    "primary as a string": (
        {**BASE, "emails": [{"type": "work", "value": "a@b.c", "primary": "True"}]},
        {**BASE, "emails": [{"type": "work", "value": "a@b.c", "primary": True}]},
    ),
    "one object for a list": (
        {**BASE, "emails": {"type": "work", "value": "a@b.c"}},
        {**BASE, "emails": [{"type": "work", "value": "a@b.c"}]},
    ),
    "bare strings for entries": (
        {**BASE, "roles": ["Admin", "User"]},
        {**BASE, "roles": [{"value": "Admin"}, {"value": "User"}]},
    ),
    "entries without a value disappear": (
        {**BASE, "emails": [{"type": "work", "primary": True, "value": None}, None]},
        BASE,
    ),
    "empty strings mean no value": (
        {**BASE, "title": "", "name": {"givenName": ""}, "emails": ""},
        BASE,
    ),
    "SingleAppRoleAssignment": ({**BASE, "roles": [ROLE]}, {**BASE, "roles": [ROLE]}),
    "AppRoleAssignmentsComplex: many roles of one type, displayName for display": (
        {**BASE, "roles": [ROLE, {**ROLE, "value": "User", "displayName": "User"}]},
        {**BASE, "roles": [ROLE, {**ROLE, "value": "User", "display": "User"}]},
    ),
    "role as JSON inside of the value": (
        {**BASE, "roles": [{"value": '{"id":"1","value":"Admin","displayName":"Boss"}'}]},
        {**BASE, "roles": [{"value": "Admin", "display": "Boss"}]},
    ),
    "role value that only looks like JSON": (
        {**BASE, "roles": [{"value": "{Admin"}]},
        {**BASE, "roles": [{"value": "{Admin"}]},
    ),
    "read-only and server-owned names": (
        {**BASE, "id": "x", "groups": [{"value": "g"}], "meta": {"version": "1"}},
        BASE,
    ),
}


@pytest.mark.parametrize(("body", "stored"), STORED.values(), ids=STORED.keys())
def test_post_is_understood(body: dict[str, Any], stored: dict[str, Any]) -> None:
    normalised = normalise_user(body, "create")

    assert normalised.document == stored
    assert normalised.dropped == ()


DROPPED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "password is never kept": ({"password": "t0p"}, ("password",)),
    "unknown attribute": ({"shoeSize": 42}, ("shoeSize",)),
    "unknown null is no mistake of a mapping": ({"shoeSize": None}, ()),
    "unknown sub-attribute": ({"name": {"nick": "A", "givenName": "B"}}, ("name.nick",)),
    "custom extension": (
        {"urn:ietf:params:scim:schemas:extension:Custom:2.0:User": {"tag": "x"}},
        ("urn:ietf:params:scim:schemas:extension:Custom:2.0:User",),
    ),
    "unknown attribute of a known extension": (
        {ENTERPRISE: {"desk": "4", "division": "D"}},
        (f"{ENTERPRISE}:desk",),
    ),
    "a key that is no path": ({"emails[": "x"}, ("emails[…]",)),
    "a filter keeps its values to itself": (
        {'emails[value eq "ann@x"].colour': "x"},
        ("emails[…].colour",),
    ),
}


@pytest.mark.parametrize(("extra", "names"), DROPPED.values(), ids=DROPPED.keys())
def test_unknown_names_are_left_out_and_reported(
    extra: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert normalise_user({**BASE, **extra}).dropped == unknown(*names)


REFUSED: dict[str, tuple[Any, str, str]] = {
    "no object": ([], "invalidSyntax", "JSON object"),
    "nothing": (None, "invalidSyntax", "JSON object"),
    "no userName": ({"displayName": "Ann"}, "invalidValue", "userName is required"),
    "userName null": ({"userName": None}, "invalidValue", "userName is required"),
    "userName empty": ({"userName": ""}, "invalidValue", "userName is required"),
    "userName blank": ({"userName": " \t"}, "invalidValue", "userName must not be blank"),
    "userName a number": ({"userName": 5}, "invalidValue", "userName must be a string"),
    "title an object": ({**BASE, "title": {"a": 1}}, "invalidValue", "title must be a string"),
    "title a boolean": ({**BASE, "title": True}, "invalidValue", "not a boolean"),
    "active maybe": ({**BASE, "active": "maybe"}, "invalidValue", "active must be true or false"),
    "active a number": ({**BASE, "active": 1}, "invalidValue", "active must be true or false"),
    "name a string": ({**BASE, "name": "Ann"}, "invalidValue", "name must be an object"),
    "emails a number": ({**BASE, "emails": 3}, "invalidValue", "emails must be an object"),
    "list in a list": ({**BASE, "emails": [["a"]]}, "invalidValue", "emails must be an object"),
    "two managers": ({**BASE, "manager": [M, M]}, "invalidValue", "manager must be one value"),
    "number in the container": (
        {**BASE, ENTERPRISE: {"employeeNumber": 4711}},
        "invalidValue",
        "employeeNumber must be a string",
    ),
    "container a list": ({**BASE, ENTERPRISE: ["x"]}, "invalidValue", "must be an object"),
    "NUL character": ({**BASE, "title": "a\x00"}, "invalidValue", "NUL"),
    "two primary values": (
        {**BASE, "emails": [{"value": "a", "primary": True}, {"value": "b", "primary": "true"}]},
        "invalidValue",
        "two primary values",
    ),
    "too many values": (
        {**BASE, "roles": [str(n) for n in range(201)]},
        "invalidValue",
        "more than 200",
    ),
}


@pytest.mark.parametrize(("body", "scim_type", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_post_gets_a_sentence(body: Any, scim_type: str, sentence: str) -> None:
    with pytest.raises(ScimError, match=sentence) as refusal:
        normalise_user(body, "create")

    assert refusal.value.scim_type == scim_type
