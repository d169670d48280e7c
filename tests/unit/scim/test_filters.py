"""Filters: everything Entra asks, nothing else, and never a crash."""

from contextlib import suppress
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.names import comparison_key
from scim.domain.errors import ScimError
from scim.domain.query import IMPOSSIBLE_ID, Equals, Field, Unindexed
from scim.protocol.filters import parse_group_filter, parse_user_filter
from unit.scim.shapes import CORE, ENTERPRISE, GROUP, M

ID = UUID(M)
USERS = {
    'userName eq "Ann@X"': [Equals(Field.USER_NAME, "ann@x")],
    'USERNAME EQ "Ann@X"': [Equals(Field.USER_NAME, "ann@x")],
    f'{CORE}:userName eq "ann@x"': [Equals(Field.USER_NAME, "ann@x")],
    f'{CORE.upper()}:USERNAME eq "ann@x"': [Equals(Field.USER_NAME, "ann@x")],
    'userName eq "o\\"brien"': [Equals(Field.USER_NAME, 'o"brien')],
    'userName eq "DOM\\user"': [Equals(Field.USER_NAME, "dom\\user")],
    'userName eq "a and b (c) [d] eq e"': [Equals(Field.USER_NAME, "a and b (c) [d] eq e")],
    'externalId eq "JYoung"': [Equals(Field.EXTERNAL_ID, "JYoung")],
    "externalId eq jyoung": [Equals(Field.EXTERNAL_ID, "jyoung")],
    "externalId eq 12345": [Equals(Field.EXTERNAL_ID, "12345")],
    'displayName eq "STRASSE"': [Equals(Field.DISPLAY_NAME, "strasse")],
    'displayName eq "Straße"': [Equals(Field.DISPLAY_NAME, "strasse")],
    'emails[type eq "work"].value eq "A@x"': [Equals(Field.WORK_EMAIL, "a@x")],
    'emails[type eq "work"].value eq "7b8f3d1c-0000-4000-8000-1234567890ab"': [
        Equals(Field.WORK_EMAIL, "7b8f3d1c-0000-4000-8000-1234567890ab")
    ],
    'Emails[Type eq "Work"].Value eq "A@x"': [Equals(Field.WORK_EMAIL, "a@x")],
    'emails[type eq "work" and value eq "A@x"]': [Equals(Field.WORK_EMAIL, "a@x")],
    'emails[value eq "A@x"]': [Equals(Field.EMAIL, "a@x")],
    'emails.value eq "A@x"': [Equals(Field.EMAIL, "a@x")],
    'emails eq "A@x"': [Equals(Field.EMAIL, "a@x")],
    "active eq true": [Equals(Field.ACTIVE, True)],
    'active eq "False"': [Equals(Field.ACTIVE, False)],
    f'id eq "{M}"': [Equals(Field.ID, ID)],
    'id eq "no id"': [Equals(Field.ID, IMPOSSIBLE_ID)],
    f'id eq "{M}" and manager eq "{M}"': [Equals(Field.ID, ID), Equals(Field.MANAGER, M)],
    f'manager eq "{M}" and id eq "{M}"': [Equals(Field.MANAGER, M), Equals(Field.ID, ID)],
    f'{ENTERPRISE}:manager eq "{M}"': [Equals(Field.MANAGER, M)],
    f'{ENTERPRISE}:manager.value eq "{M}"': [Equals(Field.MANAGER, M)],
    f'manager.value eq "{M}"': [Equals(Field.MANAGER, M)],
    '((userName eq "a") and (externalId eq "b"))': [
        Equals(Field.USER_NAME, "a"),
        Equals(Field.EXTERNAL_ID, "b"),
    ],
    "  ": [],
    'title eq "Boss"': [Equals(Unindexed(("title",)), "Boss")],
    'name.givenName eq "Ann"': [Equals(Unindexed(("name", "givenName")), "Ann")],
    'employeeNumber eq "E1"': [Equals(Unindexed((ENTERPRISE, "employeeNumber")), "E1")],
    f'{ENTERPRISE}:employeeNumber eq "E1"': [
        Equals(Unindexed((ENTERPRISE, "employeeNumber")), "E1")
    ],
    'emails[type eq "home"].value eq "A@x"': [
        Equals(Unindexed(("emails", "value"), type="home"), "A@x")
    ],
    'phoneNumbers[type eq "mobile"].value eq "+1"': [
        Equals(Unindexed(("phoneNumbers", "value"), type="mobile"), "+1")
    ],
    'phoneNumbers[type eq "mobile" and value eq "+1"]': [
        Equals(Unindexed(("phoneNumbers", "value"), type="mobile"), "+1")
    ],
    'nickName eq "B" and active eq true': [
        Equals(Unindexed(("nickName",)), "B"),
        Equals(Field.ACTIVE, True),
    ],
}
GROUPS = {
    'displayName eq "Sales"': [Equals(Field.DISPLAY_NAME, "sales")],
    f'{GROUP}:displayName eq "Sales"': [Equals(Field.DISPLAY_NAME, "sales")],
    'externalId eq "E"': [Equals(Field.EXTERNAL_ID, "E")],
    f'id eq "{M}" and members eq "{M}"': [Equals(Field.ID, ID), Equals(Field.MEMBER, ID)],
    f'members eq "{M}" and id eq "{M}"': [Equals(Field.MEMBER, ID), Equals(Field.ID, ID)],
    f'members.value eq "{M}"': [Equals(Field.MEMBER, ID)],
    f'members[value eq "{M}"]': [Equals(Field.MEMBER, ID)],
    'members eq "nobody"': [Equals(Field.MEMBER, IMPOSSIBLE_ID)],
}


@pytest.mark.parametrize(("text", "clauses"), USERS.items(), ids=USERS.keys())
def test_user_filter(text: str, clauses: list[Equals]) -> None:
    assert parse_user_filter(text) == tuple(clauses)


@pytest.mark.parametrize(("text", "clauses"), GROUPS.items(), ids=GROUPS.keys())
def test_group_filter(text: str, clauses: list[Equals]) -> None:
    assert parse_group_filter(text) == tuple(clauses)


REFUSED = {
    'userName co "a"': "'co' is not supported",
    "userName pr": "'pr' is not supported",
    'userName eq "a" or userName eq "b"': "'or' is not supported",
    'not (userName eq "a")': "'not' is not supported",
    'shoeSize eq "43"': "match by id, userName",
    'name eq "Ann"': "match by id, userName",
    'title[type eq "work"].value eq "x"': "match by id, userName",
    'phoneNumbers[primary eq true].value eq "x"': "match by id, userName",
    "emails.primary eq true": "match by id, userName",
    'title eq "Boss" and nickName eq "B"': "cannot be combined",
    'userName eq "a" and title eq "Boss"': "cannot be combined",
    "title eq null": "match by id, userName",
    'members eq "x"': "match by id, userName",
    'urn:custom:2.0:User:tag eq "x"': "match by id, userName",
    'emails[type eq "work"].primary eq "x"': "match by id, userName",
    'emails[type eq "work"]': "match by id, userName",
    'emails[primary eq true].value eq "x"': "match by id, userName",
    'emails[type eq "work" and type eq "home"].value eq "x"': "twice",
    'userName[type eq "work"].value eq "x"': "match by id, userName",
    "userName eq null": "compare with a value",
    "active eq maybe": "true or false",
    'userName eq "a': "quote",
    "userName eq": "a value after 'eq' is missing",
    "userName": "an operator after 'userName' is missing",
    "userName is x": "'is' is no operator",
    "displayName eq Sales Team": "quote values with spaces",
    'eq "x"': "is no operator",
    '"x" eq userName': "no attribute name",
    '(userName eq "a"': "'\\)' is missing",
    'userName eq "a")': "was not expected",
    'userName eq "a" and': "is missing",
    'userName eq "\\u0000"': "NUL",
    "userName eq a\x00b": "NUL",
    "(" * 9 + "id eq 1" + ")" * 9: "deeper than",
    " and ".join(["id eq 1"] * 21): "more than 20",
    "userName eq " + "x" * 4096: "longer than",
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.items(), ids=[k[:60] for k in REFUSED])
def test_other_filters_are_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ScimError, match=sentence) as refusal:
        parse_user_filter(text)

    assert refusal.value.scim_type == "invalidFilter"


NO_NUL = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
CLAUSES = st.one_of(
    st.builds(
        lambda field, value: (f"{field} eq {quote(value)}", Equals(field, comparison_key(value))),
        st.sampled_from([Field.USER_NAME, Field.DISPLAY_NAME, Field.EMAIL, Field.WORK_EMAIL]),
        NO_NUL,
    ),
    st.builds(
        lambda field, value: (f"{field} eq {quote(value)}", Equals(field, value)),
        st.sampled_from([Field.EXTERNAL_ID, Field.MANAGER]),
        NO_NUL,
    ),
    st.uuids().map(lambda i: (f'id eq "{i}"', Equals(Field.ID, i))),
    st.booleans().map(lambda b: (f"active eq {b}", Equals(Field.ACTIVE, b))),
)


def quote(value: str) -> str:
    return orjson.dumps(value).decode()


@given(st.lists(CLAUSES, min_size=1, max_size=8), st.booleans())
def test_what_is_written_is_read(clauses: list[tuple[str, Equals]], brackets: bool) -> None:
    texts = [f"({text})" if brackets else text for text, _ in clauses]

    assert parse_user_filter(" and ".join(texts)) == tuple(clause for _, clause in clauses)


PIECES = st.sampled_from(
    ["userName", "emails", "members", " eq ", " and ", " or ", "(", ")", "[", "]", '"', "\\", "."]
)


@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=5))).map("".join)))
def test_no_text_crashes_the_parser(text: str) -> None:
    for parse in (parse_user_filter, parse_group_filter):
        with suppress(ScimError):
            parse(text)
