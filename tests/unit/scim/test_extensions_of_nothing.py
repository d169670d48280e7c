"""What says nothing about an extension, or about a manager, takes nothing away."""

import pytest

from scim.domain.errors import ScimError
from scim.protocol.normalise import normalise_user
from unit.scim.shapes import CORE, ENTERPRISE, M, document, op, patched


def test_an_extension_of_nothing_beside_a_change_takes_nothing_away() -> None:
    before = document(manager=M, department="Sales")
    after = patched(before, op("add", value={ENTERPRISE: None, "title": "T"}))
    assert after == before | {"title": "T"}


def test_a_put_with_a_manager_by_name_alone_wipes_nobody() -> None:
    body = {
        "schemas": [CORE, ENTERPRISE],
        "userName": "ann@x",
        ENTERPRISE: {"manager": {"displayName": "B"}},
    }
    with pytest.raises(ScimError) as refusal:
        normalise_user(body, "replace")
    assert refusal.value.scim_type == "invalidValue"
