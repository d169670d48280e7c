"""Realistic people and groups, the same ones for the same seed.

Names carry accents and other scripts, UPNs are mixed in case: what a service must keep verbatim
but compare without case.
"""

import random
import unicodedata
from uuid import UUID

from entra_sandbox.source import Entra, SourceGroup, SourceUser

_GIVEN = (
    "Anna Björn Chloé Dmitri Élodie François Grażyna Håkon İpek João Katarzyna Léa Łukasz Mónica "
    "Niamh Øystein Piotr Renée Siobhán Søren Tomás Ursula Víctor Wiebke Ximena Yusuf Zoë Aarav "
    "Beatriz Caoimhe Dušan Esmé Fatima Göran Hiroshi Ingrid Jürgen Kenji Lucía Maeve Noémie Oğuz"
)
_SURNAMES = (
    "Schmidt Müller Håkansson O'Brien Nowak García Peña Ødegård Dvořák Çelik Ionescu Kowalczyk "
    "Lefèvre Björklund Tanaka Sørensen Nguyễn Petrović Smith Van-der-Berg Fernández Grünwald Şahin "
    "Świątek Jansen Horváth Papadopoulos Rossi Silva Brandão Löfgren Kucera Żak Weiß Bianchi Moreau"
)
NATIVE = (
    ("山田", "太郎"),
    ("Иванова", "Мария"),
    ("Παπαδοπούλου", "Ελένη"),
    ("김", "민준"),
    ("محمود", "ليلى"),
)
DEPARTMENTS = ("Engineering", "Sales", "Finance", "People & Culture", "Legal", "Forschung", "Ops")
TITLES = ("Engineer", "Account Manager", "Analyst", "Team Lead", "Counsel", "Director", "Intern")
PLACES = (
    ("Lindwurmstraße 12", "München", "80337", "DE"),
    ("12 Rue de l'Évêché", "Besançon", "25000", "FR"),
    ("Östra Hamngatan 5", "Göteborg", "411 10", "SE"),
    ("1 Main St, Suite #4", "Springfield", "62701", "US"),
    ("Calle Señorío 3", "A Coruña", "15001", "ES"),
)
GROUPS = (
    "All Employees",
    "Engineering",
    "Führungskräfte",
    'Project "Aurora"',
    "Sales EMEA",
    "Équipe Paris",
    "VPN Users",
    "On-call (24/7)",
    "Finance + Legal",
    "Пилотная группа",
    "Board & Advisors",
    "Contractors, external",
)


def populate(*, users: int, groups: int, seed: int, domain: str) -> Entra:
    """Fill a new Entra tenant; equal arguments give an equal tenant."""
    rng = random.Random(seed)
    entra = Entra()
    people = [make_user(rng, number, domain) for number in range(1, users + 1)]
    for person in people:
        entra.add_user(person)
    _set_managers(people)
    for number in range(groups):
        entra.add_group(make_group(rng, number, people))
    return entra


def make_user(rng: random.Random, number: int, domain: str) -> SourceUser:
    """Make the user with this number; every seventh has only the attributes Entra requires."""
    given, surname = rng.choice(_GIVEN.split()), rng.choice(_SURNAMES.split())
    nickname = f"{_ascii(given)}.{_ascii(surname)}{number}"
    if number % 23 == 0:
        surname, given = rng.choice(NATIVE)
    upn = f"{_cased(nickname, number)}@{domain}"
    user = SourceUser(
        object_id=_guid(rng),
        upn=upn,
        mail=upn,
        mail_nickname=nickname,
        given_name=given,
        surname=surname,
        display_name=f"{given} {surname}",
        account_enabled=number % 41 != 0,
    )
    if number % 7:
        _add_details(rng, user, number)
    return user


def make_group(rng: random.Random, number: int, people: list[SourceUser]) -> SourceGroup:
    """Make a group with a few members, some of whom are in several groups."""
    name = GROUPS[number] if number < len(GROUPS) else f"Team {number + 1:03d}"
    wanted = min(len(people), rng.randint(3, 3 + max(1, len(people) // 8)))
    members = {person.object_id for person in rng.sample(people, wanted)}
    return SourceGroup(object_id=_guid(rng), display_name=name, members=members)


def _set_managers(people: list[SourceUser]) -> None:
    for index, person in enumerate(people):
        if index % 10 and index % 3:
            person.manager = people[index - index % 10].object_id


def _add_details(rng: random.Random, user: SourceUser, number: int) -> None:
    user.street, user.city, user.postal_code, user.country = rng.choice(PLACES)
    user.department = rng.choice(DEPARTMENTS)
    user.job_title = rng.choice(TITLES)
    user.employee_id = f"{number:06d}"
    user.phone = f"+49 (89) {rng.randint(100000, 999999)}-{number}"
    user.mobile = f"+1 555 {rng.randint(1000000, 9999999)}" if number % 2 else None
    user.language = rng.choice(("de-DE", "en-US", "fr-FR", None))


def _guid(rng: random.Random) -> str:
    return str(UUID(bytes=rng.randbytes(16), version=4))


def _ascii(name: str) -> str:
    """Fold a name to what a UPN may hold."""
    extra = {"Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "ß": "ss", "ı": "i"}
    plain = unicodedata.normalize("NFKD", "".join(extra.get(letter, letter) for letter in name))
    return "".join(
        letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == "-")
    )


def _cased(nickname: str, number: int) -> str:
    """Give every third UPN another case, as grown directories have them."""
    return (nickname, nickname.lower(), nickname.upper())[number % 3]
