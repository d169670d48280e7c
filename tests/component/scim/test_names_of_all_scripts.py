"""Whoever is there is found by the name as it was sent, whatever it is written in (D7)."""

import pytest

from component.scim.harness import Client

NAMES = [
    "Müller",
    "Straße",
    "Παπαδόπουλος",
    "ΠΑΠΑΔΌΠΟΥΛΟΣ",
    "İpek",
    "ﬁne",
    "ǅ",
    "Ⅷ",
    "e\u0301te",
    "ſ\u00b5",
]
IN_ANY_CASE = NAMES[:4]


@pytest.mark.parametrize("name", NAMES)
async def test_a_user_is_found_by_what_has_no_index(acme: Client, name: str) -> None:
    await acme.create_user("ann@x.test", name={"familyName": name}, nickName=name)
    for path in ("name.familyName", "nickName"):
        assert (await acme.find("Users", f'{path} eq "{name}"'))["totalResults"] == 1
        assert (await acme.find("Users", f'{path} eq "{name}x"'))["totalResults"] == 0
        if name in IN_ANY_CASE:
            for text in (name.upper(), name.lower(), name.casefold()):
                assert (await acme.find("Users", f'{path} eq "{text}"'))["totalResults"] == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("more", ["", " and active eq true"], ids=["alone", "with another clause"])
async def test_a_user_is_found_by_the_second_work_address(
    acme: Client, name: str, more: str
) -> None:
    await acme.create_user(
        "ann@x.test",
        emails=[
            {"type": "home", "value": "home@x"},
            {"type": "work"},
            {"type": "work", "value": "first@x"},
            {"type": "Work", "value": f"{name}@x"},
            {"value": "none@x"},
        ],
    )
    for text in (name, name.upper(), name.lower(), name.casefold()):
        wanted = f'emails[type eq "work"].value eq "{text}@x"{more}'
        assert (await acme.find("Users", wanted))["totalResults"] == 1, text
    for text in ("home", "none", f"{name}x"):
        wanted = f'emails[type eq "work"].value eq "{text}@x"{more}'
        assert (await acme.find("Users", wanted))["totalResults"] == 0, text
