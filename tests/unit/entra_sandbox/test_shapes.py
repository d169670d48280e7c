"""The bodies and queries are those of the wire facts, letter by letter."""

from entra_sandbox import dialect, requests
from entra_sandbox.dialect import Dialect

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
RESOURCE = {
    "displayName": "Old",
    "active": True,
    "name": {"givenName": "G"},
    "emails": [{"type": "work", "value": "old@x"}],
}
WANTED: dict[str, str | bool] = {
    "displayName": "Pvlo",
    "active": False,
    "name.givenName": "K",
    'emails[type eq "work"].value': "T@x",
    f"{ENTERPRISE}:employeeNumber": "E",
}


def test_a_verbose_change_is_one_operation_per_attribute_with_string_booleans() -> None:
    assert dialect.change_attributes(Dialect.VERBOSE, RESOURCE, WANTED) == [
        {"op": "Replace", "path": "displayName", "value": "Pvlo"},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Replace", "path": "name.givenName", "value": "K"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "T@x"},
        {"op": "Add", "path": f"{ENTERPRISE}:employeeNumber", "value": "E"},
    ]


def test_a_compact_change_batches_what_has_no_filter() -> None:
    assert dialect.change_attributes(Dialect.COMPACT, RESOURCE, WANTED) == [
        {"op": "replace", "value": {"displayName": "Pvlo", "name.givenName": "K"}},
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "T@x"},
        {"op": "add", "value": {f"{ENTERPRISE}:employeeNumber": "E"}},
    ]


def test_equal_attributes_send_nothing() -> None:
    assert dialect.change_attributes(Dialect.COMPACT, RESOURCE, {"displayName": "Old"}) == []


def test_a_full_user_is_posted_with_meta_and_empty_roles() -> None:
    attributes: dict[str, str | bool] = {
        "userName": "a@x",
        "active": True,
        'emails[type eq "work"].value': "a@x",
        'addresses[type eq "work"].locality': "Paris",
        'addresses[type eq "work"].country': "FR",
        "name.givenName": "A",
        f"{ENTERPRISE}:department": "D",
    }
    assert dialect.create_user(attributes, bare=False) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": "a@x",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": "a@x"}],
        "addresses": [{"type": "work", "locality": "Paris", "country": "FR"}],
        "name": {"givenName": "A"},
        ENTERPRISE: {"department": "D"},
        "meta": {"resourceType": "User"},
        "roles": [],
    }


def test_a_bare_user_is_posted_with_nulls_and_the_mistyped_urn() -> None:
    assert dialect.create_user({"userName": "a@x", "active": True}, bare=True) == {
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
        ],
        "userName": "a@x",
        "active": True,
        "preferredLanguage": None,
        "addresses": None,
        "phoneNumbers": None,
        "title": None,
        "department": None,
        "manager": None,
        "meta": {"resourceType": "User"},
    }


def test_a_group_is_posted_with_a_foreign_urn_and_without_members() -> None:
    assert dialect.create_group({"displayName": "G", "externalId": "o"}) == {
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "externalId": "o",
        "displayName": "G",
        "meta": {"resourceType": "Group"},
    }


def test_members_carry_a_null_ref_and_leave_by_value_or_by_filter() -> None:
    assert dialect.add_members(Dialect.VERBOSE, ["U"]) == {
        "op": "Add",
        "path": "members",
        "value": [{"$ref": None, "value": "U"}],
    }
    assert dialect.remove_members(Dialect.VERBOSE, ["U"]) == [
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "U"}]}
    ]
    assert dialect.remove_members(Dialect.COMPACT, ["U"]) == [
        {"op": "remove", "path": 'members[value eq "U"]'}
    ]


def test_a_first_manager_is_added_by_the_bare_path_with_a_ref() -> None:
    assert dialect.set_manager(Dialect.VERBOSE, "http://h/scim", "M", replaces=False) == {
        "op": "Add",
        "path": "manager",
        "value": [{"$ref": "http://h/scim/Users/M", "value": "M"}],
    }
    assert dialect.set_manager(Dialect.COMPACT, "http://h", "M", replaces=False) == {
        "op": "add",
        "path": f"{ENTERPRISE}:manager",
        "value": "M",
    }


def test_a_manager_is_cleared_in_four_ways() -> None:
    values = [dialect.clear_manager(Dialect.VERBOSE, "M", turn=turn) for turn in range(4)]
    assert [(value["op"], value["value"]) for value in values] == [
        ("Replace", ""),
        ("Replace", {"value": ""}),
        ("Replace", None),
        ("Remove", "M"),
    ]


def test_queries_are_spelt_as_entra_spells_them() -> None:
    assert requests.match_user('o"x@y').query == "filter=userName+eq+%22o%5C%22x%40y%22"
    assert requests.match_group("A & B").query == (
        "excludedAttributes=members&filter=displayName+eq+%22A+%26+B%22"
    )
    assert requests.check_member("G", "U").query == (
        "excludedAttributes=members&filter=id+eq+%22G%22+and+members+eq+%22U%22"
    )
    assert requests.check_manager("U", "M").query == (
        "filter=id+eq+%22U%22+and+manager+eq+%22M%22&attributes=id"
    )
