"""Metadata by address: what is taken, what is said of the rest, and how it is kept up to date."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from component.sso.harness import IDP, IDP_SSO, SignOn, request_id_of
from kernel.errors import ConflictError, InvalidError
from sso import operations
from sso.domain.certificates import fingerprint_of
from sso.domain.connection import Connection, Kind, State
from sso.domain.warnings import warnings_of
from sso.saml.metadata import read_metadata
from support.identity_provider import Key, key, metadata

WEEK = timedelta(days=7)


@dataclass
class Host:
    """A metadata host whose document a test changes."""

    document: bytes
    url: str = ""
    status: str = "200 OK"
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def serving(document: bytes) -> AsyncIterator[Host]:
    host = Host(document)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host.asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[1])
        writer.write(f"HTTP/1.1 {host.status}\r\nConnection: close\r\n\r\n".encode())
        writer.write(host.document)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        host.url = f"http://127.0.0.1:{port}/metadata?appid=1"
        yield host


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with serving(metadata(IDP, IDP_SSO, key())) as made:
        yield made


@pytest.fixture
async def by_address(sso: SignOn, host: Host) -> SignOn:
    """Let the connection's metadata come by address, tested and active."""
    sso.connection = await sso.use_cases.set_metadata(sso.connection, host.url.encode())
    user = await sso.add_user("second@corp.example")
    url = await sso.use_cases.test_connection(sso.connection)
    response = sso.response(request_id_of(url), user.user_name)
    assert (await sso.answer(sso.browser(), response)).status_code == 200
    sso.connection = await sso.use_cases.activate_connection(sso.connection)
    return sso


async def get_in(sso: SignOn, by: Key | None = None) -> bool:
    """Tell whether an answer of the identity provider lets somebody in."""
    request_id = await sso.leave(sso.browser(), "second@corp.example")
    answer = await sso.answer(sso.browser(), sso.response(request_id, "second@corp.example"), by)
    return answer.status_code == 303


async def current(sso: SignOn) -> Connection:
    return await sso.use_cases.get_connection(str(sso.connection.id))


async def test_an_address_is_taken_like_the_document_behind_it(sso: SignOn, host: Host) -> None:
    given = f"\n  {host.url} \n".encode()
    changed = await sso.use_cases.set_metadata(sso.connection, given)
    assert changed.candidate is not None
    assert changed.active is not None
    assert changed.candidate == replace(changed.active, metadata_url=host.url)
    assert changed.state is State.ACTIVE  # By what was there before.
    assert not changed.tested


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"<!DOCTYPE html><html>Sign in</html>", "A web page came"),
        (b'{"error": "not found"}', "JSON came"),
        (b"", "Nothing came"),
        (b"<Other/>", "begins with <Other>"),
        (b"https://another.example/", "give the address alone"),
    ],
)
async def test_m1_what_came_in_place_of_metadata_is_said(
    sso: SignOn, host: Host, document: bytes, said: str
) -> None:
    host.document = document
    with pytest.raises(InvalidError, match=said):
        await sso.use_cases.set_metadata(sso.connection, host.url.encode())
    assert await current(sso) == sso.connection


async def test_addresses_of_this_machine_are_for_development_alone(sso: SignOn, host: Host) -> None:
    settings = sso.settings.model_copy(update={"metadata_loopback": False})
    with pytest.raises(InvalidError, match="must begin with https"):
        await operations.fetch_from(settings)(host.url)
    assert host.asked == []


async def test_a_new_certificate_is_trusted_beside_the_old(by_address: SignOn, host: Host) -> None:
    sso, new = by_address, key("new")
    host.document = metadata(IDP, IDP_SSO, key(), new)
    assert not await get_in(sso, new)
    assert await sso.use_cases.refresh_metadata.due() == 1
    assert await get_in(sso, new)
    assert await get_in(sso, key())
    known = await current(sso)
    assert known.candidate == known.active
    assert known.tested


async def test_a_certificate_that_is_no_longer_listed_stays_for_a_week(
    by_address: SignOn, host: Host
) -> None:
    sso, new = by_address, key("new")
    host.document = metadata(IDP, IDP_SSO, new)
    await sso.use_cases.refresh_metadata.due()
    assert await get_in(sso, key())
    sso.clock.ahead = WEEK - timedelta(days=1)
    await sso.use_cases.refresh_metadata.due()
    assert await get_in(sso, key())
    sso.clock.ahead = WEEK + timedelta(days=2)
    await sso.use_cases.refresh_metadata.due()
    assert not await get_in(sso, key())
    assert await get_in(sso, new)


async def test_one_that_is_listed_again_stays(by_address: SignOn, host: Host) -> None:
    sso, new = by_address, key("new")
    host.document = metadata(IDP, IDP_SSO, new)
    await sso.use_cases.refresh_metadata.due()
    host.document = metadata(IDP, IDP_SSO, key(), new)
    sso.clock.ahead = timedelta(days=3)
    await sso.use_cases.refresh_metadata.due()
    sso.clock.ahead = WEEK + timedelta(days=3)
    await sso.use_cases.refresh_metadata.due()
    assert await get_in(sso, key())
    active = (await current(sso)).active
    assert active is not None
    assert active.unlisted == {}


async def test_another_entity_id_is_an_admins_to_decide(by_address: SignOn, host: Host) -> None:
    sso = by_address
    host.document = metadata("https://evil.example/", IDP_SSO, key("evil"))
    before = await current(sso)
    refresh = await sso.use_cases.refresh_metadata(before)
    assert "https://evil.example/" in str(refresh.problem)
    assert await current(sso) == before
    assert not await get_in(sso, key("evil"))
    assert await get_in(sso)


async def test_m3_a_host_that_is_away_changes_nothing_and_is_asked_less_and_less(
    by_address: SignOn, host: Host
) -> None:
    sso = by_address
    refreshing = sso.use_cases.refresh_metadata
    host.status = "503 Service Unavailable"
    asked = len(host.asked)
    for hours, failures in ((0, 1), (0.1, 1), (0.4, 2), (0.6, 2), (1.2, 3)):
        sso.clock.ahead = timedelta(hours=hours)
        await refreshing.due()
        refresh = await refreshing.last(sso.connection)
        assert refresh.failures == failures
        assert "503" in str(refresh.problem)
    assert len(host.asked) == asked + 3
    assert await get_in(sso)
    host.status = "200 OK"
    sso.clock.ahead = timedelta(hours=4)
    await refreshing.due()
    refresh = await refreshing.last(sso.connection)
    assert (refresh.failures, refresh.problem) == (0, None)
    assert refresh.at is not None


async def test_replicas_fetch_a_document_once(by_address: SignOn, host: Host) -> None:
    asked = len(host.asked)
    refreshing = by_address.use_cases.refresh_metadata
    done = await asyncio.gather(*(refreshing.due() for _ in range(4)))
    assert sum(done) == 1
    assert len(host.asked) == asked + 1


async def test_what_was_set_by_hand_is_not_fetched(sso: SignOn) -> None:
    assert await sso.use_cases.refresh_metadata.due() == 0
    with pytest.raises(InvalidError, match="came by an address"):
        await sso.use_cases.refresh_metadata(sso.connection)


async def test_an_edit_that_waits_for_its_test_survives_a_refresh(
    by_address: SignOn, host: Host
) -> None:
    sso = by_address
    edited = await sso.use_cases.set_metadata(
        sso.connection, metadata("https://other.example/", IDP_SSO, key("other"))
    )
    host.document = metadata(IDP, IDP_SSO, key(), key("new"))
    await sso.use_cases.refresh_metadata.due()
    known = await current(sso)
    assert known.candidate == edited.candidate
    assert not known.tested
    assert await get_in(sso, key("new"))


async def test_an_activation_is_undone_within_a_day(by_address: SignOn) -> None:
    """What was active before comes back, and whoever came by the wrong one is out."""
    sso = by_address
    assert await get_in(sso)
    before = (await current(sso)).previous
    assert before is not None
    sso.clock.ahead = timedelta(hours=23)
    code = await sso.sign_in(sso.browser(), "second@corp.example")
    undone = await sso.use_cases.undo_activation(sso.connection)
    assert undone.active == before
    async with sso.client() as http:
        assert (await sso.app.redeem(http, code)).status_code == 400
    with pytest.raises(ConflictError, match="Nothing was activated"):
        await sso.use_cases.undo_activation(sso.connection)


async def test_a_day_later_nothing_is_undone(by_address: SignOn) -> None:
    by_address.clock.ahead = timedelta(hours=25)
    with pytest.raises(ConflictError, match="Nothing was activated"):
        await by_address.use_cases.undo_activation(by_address.connection)
    assert await get_in(by_address)


def test_m3_metadata_that_was_valid_is_refused_with_its_date() -> None:
    now = datetime.fromisoformat("2026-11-27T10:00:00+00:00")
    for end, valid in (("2026-11-27T09:59:59Z", False), ("2026-11-27T10:00:01Z", True)):
        document = metadata(IDP, IDP_SSO, key()).replace(
            b"entityID=", f'validUntil="{end}" entityID='.encode()
        )
        if valid:
            assert read_metadata(document, now).valid_until is not None
        else:
            with pytest.raises(InvalidError, match="valid until 2026-11-27 09:59"):
                read_metadata(document, now)
    with pytest.raises(InvalidError, match="validUntil is no time"):
        read_metadata(document.replace(b"2026-11-27T10:00:01Z", b"tomorrow"), now)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1.evil.example/", "http://localhost@evil.example/", "javascript:alert(1)"],
)
def test_people_are_sent_by_https_alone(address: str) -> None:
    with pytest.raises(InvalidError, match="https address"):
        read_metadata(metadata(IDP, address, key()), datetime.fromisoformat("2026-11-27T10:00Z"))


def test_m5_an_address_without_an_app_is_warned_of() -> None:
    now = datetime.fromisoformat("2026-11-27T10:00:00+00:00")
    read = read_metadata(metadata(IDP, IDP_SSO, key()), now)
    whole = replace(read, metadata_url="https://login.microsoftonline.com/t/metadata.xml")
    assert "names no app" in warnings_of(Kind.ENTRA, whole, now)[0]
    of_app = replace(whole, metadata_url=f"{whole.metadata_url}?appid=1")
    assert warnings_of(Kind.ENTRA, of_app, now) == []
    assert warnings_of(Kind.SAML, whole, now) == []


def test_certificates_that_end_are_warned_of_unless_another_lasts() -> None:
    now = datetime.fromisoformat("2026-11-27T10:00:00+00:00")
    read = read_metadata(metadata(IDP, IDP_SSO, key()), now)
    [certificate] = read.certificates
    for at, word in (
        (datetime.fromisoformat("2028-11-15T00:00:00+00:00"), "ends 2028-12-31"),
        (datetime.fromisoformat("2029-01-02T00:00:00+00:00"), "ended 2028-12-31"),
    ):
        [warning] = warnings_of(Kind.SAML, read, at)
        assert fingerprint_of(certificate)[:16] in warning
        assert word in warning
