"""What a user tells of itself, how names compare, and Entra's recycle bin."""

from uuid import UUID

import pytest

from kernel.names import comparison_key, parse_id
from scim.domain.user import User, is_soft_delete_name
from unit.scim.shapes import ENTERPRISE, M, document

ID = UUID(M)
OBJECT_ID = "a3f1c2d4e5b60718293a4b5c6d7e8f90"


def user(**attributes: object) -> User:
    return User.from_document(document(**attributes), id=ID)


def test_a_user_tells_its_names() -> None:
    ann = user(
        displayName="Ann Lee",
        externalId="E",
        name={"givenName": "Ann", "familyName": "Lee"},
        manager=M,
        title="Boss",
        emails=[{"type": "home", "value": "h@x"}, {"type": "Work", "value": "Ann@X"}],
    )

    assert (ann.display_name, ann.given_name, ann.family_name) == ("Ann Lee", "Ann", "Lee")
    assert (ann.email, ann.work_email_key, ann.email_keys) == ("Ann@X", "ann@x", ("h@x", "ann@x"))
    assert (ann.manager, ann.external_id, ann.active) == (M, "E", True)
    assert ann.display_name_key == "ann lee"
    assert set(ann.attributes) == {"name", "title", "emails", ENTERPRISE}


def test_a_bare_user_tells_none() -> None:
    ann = user()

    assert (ann.display_name, ann.given_name, ann.email, ann.manager) == (None,) * 4
    assert (ann.work_email_key, ann.display_name_key, ann.email_keys) == (None, None, ())


def test_without_a_work_address_the_primary_one_counts_then_the_first() -> None:
    home, other = {"type": "home", "value": "h"}, {"type": "other", "value": "o", "primary": True}

    assert user(emails=[home, other]).email == "o"
    assert user(emails=[home]).email == "h"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Example.com", "ann@example.COM"),
        ("STRASSE@x", "straße@x"),
        ("Ju\u0308rg", "JÜRG"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


@pytest.mark.parametrize(("one", "other"), [("ann", "ann "), ("ann", "änn"), ("a b", "ab")])
def test_names_that_differ(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


@pytest.mark.parametrize("text", ["", "x" * 36, M.replace("-", ""), f"{{{M}}}", f"urn:uuid:{M}"])
def test_what_is_no_id(text: str) -> None:
    assert parse_id(text) is None


def test_an_id_in_any_case() -> None:
    assert parse_id(M.upper()) == ID


@pytest.mark.parametrize(
    ("new", "is_one"),
    [
        (f"{OBJECT_ID}ann@example.com", True),
        (f"{OBJECT_ID.upper()}Ann@Example.com", True),
        (f"{OBJECT_ID}ann.lee@example.org", True),
        (f"{OBJECT_ID}bob", False),
        (f"{OBJECT_ID}@example.com", False),
        (f"{OBJECT_ID[:-1]}zoe@example.com", False),
        (f"{'g' * 32}ann@example.com", False),
        ("ann@example.com", False),
        (OBJECT_ID, False),
    ],
)
def test_soft_delete_names(new: str, is_one: bool) -> None:
    assert is_soft_delete_name(new, "ann@example.com") is is_one


def test_soft_delete_is_remembered_until_the_next_rename() -> None:
    ann = user()
    binned_name = f"{OBJECT_ID}ann@example.com"
    binned = ann.changed_to({**ann.document, "userName": binned_name})
    disabled = binned.changed_to({**binned.document, "active": False})
    restored = disabled.changed_to({**disabled.document, "userName": "ann@example.com"})

    assert (binned.soft_deleted, binned.active, binned.version) == (True, False, 2)
    assert (disabled.soft_deleted, disabled.active, disabled.version) == (True, False, 3)
    assert (restored.soft_deleted, restored.version) == (False, 4)
