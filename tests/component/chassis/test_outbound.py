"""Addresses that a customer gives are asked by real TLS, and lead nowhere that they should not."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chassis.outbound import OutboundClient, OutboundError, Problem, Rules
from support.tls import Authority, authority

HOST = "idp.example"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 2\r\n\r\nok"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

AUTHORITY = authority()


@dataclass
class Names:
    """A resolver that says what a test wants, and counts."""

    addresses: list[str]
    asked: list[str] = field(default_factory=list)

    async def resolve(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if host != HOST:
            return [host]
        return self.addresses


def says(answer: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return talk


def leads_to(address: str) -> Talk:
    return says(f"HTTP/1.1 302 Found\r\nLocation: {address}\r\n\r\n".encode())


@asynccontextmanager
async def server(talk: Talk, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with listening:
        yield int(listening.sockets[0].getsockname()[1])


def client(
    names: Names, *, loopback: bool = True, trusted: Authority = AUTHORITY, deadline: float = 5
) -> OutboundClient:
    return OutboundClient(
        Rules(loopback=loopback), names.resolve, trusted.client(), deadline=deadline
    )


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    return AUTHORITY.server(tmp_path, HOST)


async def problem_of(asking: OutboundClient, url: str) -> Problem:
    with pytest.raises(OutboundError) as refused:
        await asking.get(url)
    return refused.value.problem


async def test_a_document_is_fetched_from_the_address_that_was_checked(
    tls: ssl.SSLContext,
) -> None:
    names = Names(["127.0.0.1"])
    async with server(says(OK), tls) as port:
        answer = await client(names).get(f"https://{HOST}:{port}/metadata?appid=1")
    assert (answer.body, answer.content_type) == (b"ok", "text/xml")
    # Asked once: a second answer, which might be another, is never used.
    assert names.asked == [HOST]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:1::",
        "2001:db8::1",
    ],
)
async def test_a_name_of_our_own_network_is_not_asked(tls: ssl.SSLContext, address: str) -> None:
    async with server(says(OK), tls) as port:
        url = f"https://{HOST}:{port}/"
        assert await problem_of(client(Names([address]), loopback=False), url) is Problem.NOT_PUBLIC
        # Nor one that has a public address as well.
        both = Names(["93.184.215.14", address])
        assert await problem_of(client(both, loopback=False), url) is Problem.NOT_PUBLIC


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/",
        "gopher://idp.example/",
        f"https://user:secret@{HOST}/",
        f"https://{HOST}:22/",
        "https://localhost/",
        "http://localhost/",
        "https://kubernetes/",
        "https://2130706433/",
        "//idp.example/",
    ],
)
async def test_an_address_that_may_not_be_asked_is_not(url: str) -> None:
    names = Names(["93.184.215.14"])
    assert await problem_of(client(names, loopback=False), url) is Problem.NOT_ALLOWED
    assert names.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https://[::1",
        "file:///etc/passwd",
        "https://idp.example:99999/",
        "https://idp.example\\@evil.example/",
        "https://idp.example/\r\nX: y",
        "https://idp.example/ä",
        "https://idp.example/ b",
        f"https://idp.example/{'x' * 3_000}",
    ],
)
async def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    names = Names(["93.184.215.14"])
    assert await problem_of(client(names, loopback=False), url) is Problem.NOT_AN_ADDRESS
    assert names.asked == []


@pytest.mark.parametrize("spelling", ["0x7f.1", "127.1", "017700000001.", "[::ffff:7f00:1]"])
async def test_other_spellings_of_loopback_are_seen_through(spelling: str) -> None:
    asking = OutboundClient(Rules(), tls=AUTHORITY.client())
    problem = await problem_of(asking, f"https://{spelling}/")
    assert problem in (Problem.NOT_PUBLIC, Problem.NAME_UNKNOWN)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("https://169.254.169.254/latest/meta-data/", Problem.NOT_PUBLIC),
        ("http://169.254.169.254/latest/meta-data/", Problem.NOT_ALLOWED),
        ("https://10.0.0.1/", Problem.NOT_PUBLIC),
        ("https://[fd00:ec2::254]/", Problem.NOT_PUBLIC),
        ("file:///etc/passwd", Problem.NOT_AN_ADDRESS),
        ("https://user@idp.example/", Problem.NOT_ALLOWED),
        ("", Problem.REDIRECTS),
    ],
)
async def test_a_redirect_is_checked_like_an_address(
    tls: ssl.SSLContext, target: str, problem: Problem
) -> None:
    async with server(leads_to(target), tls) as port:
        assert await problem_of(client(Names(["127.0.0.1"])), f"https://{HOST}:{port}/") is problem


async def test_redirects_are_followed_three_times_and_no_more(tls: ssl.SSLContext) -> None:
    async def hop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = int((await reader.readline()).split()[1].strip(b"/"))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK if left == 0 else b"HTTP/1.1 302 F\r\nLocation: /%d\r\n\r\n" % (left - 1))
        await writer.drain()

    names = Names(["127.0.0.1"])
    async with server(hop, tls) as port:
        assert (await client(names).get(f"https://{HOST}:{port}/3")).body == b"ok"
        assert await problem_of(client(names), f"https://{HOST}:{port}/4") is Problem.REDIRECTS


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 65_536)
        await writer.drain()


async def endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"X-Header: " + b"x" * 1_000 + b"\r\n")
        await writer.drain()


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


ZIPPED = gzip.compress(b"x" * 1_000_000)


@pytest.mark.parametrize(
    ("talk", "problem"),
    [
        (drips, Problem.TOO_SLOW),
        (silent, Problem.TOO_SLOW),
        (floods, Problem.TOO_LARGE),
        (endless_headers, Problem.NOT_HTTP),
        (says(b"SSH-2.0-OpenSSH\r\n\r\n"), Problem.NOT_HTTP),
        (says(b""), Problem.NOT_HTTP),
        (says(b"HTTP/1.1 404 Not Found\r\n\r\n"), Problem.STATUS),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), Problem.NOT_HTTP),
        (says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + ZIPPED), Problem.ENCODED),
    ],
)
async def test_a_hostile_host_costs_little(
    tls: ssl.SSLContext, talk: Talk, problem: Problem
) -> None:
    async with server(talk, tls) as port:
        asking = client(Names(["127.0.0.1"]), deadline=2)
        async with asyncio.timeout(4):
            assert await problem_of(asking, f"https://{HOST}:{port}/") is problem


async def test_a_certificate_must_be_valid_for_the_name(tmp_path: Path) -> None:
    for tls, trusted in (
        (AUTHORITY.server(tmp_path, "other.example"), AUTHORITY),
        (AUTHORITY.server(tmp_path, HOST, days=30), AUTHORITY),
        (AUTHORITY.server(tmp_path, "127.0.0.1"), AUTHORITY),
        (AUTHORITY.server(tmp_path, HOST), authority()),
    ):
        async with server(says(OK), tls) as port:
            asking = client(Names(["127.0.0.1"]), trusted=trusted)
            assert await problem_of(asking, f"https://{HOST}:{port}/") is Problem.CERTIFICATE


async def test_what_nobody_answers_is_said(tls: ssl.SSLContext) -> None:
    async with server(says(OK), tls) as port:
        pass
    url = f"https://{HOST}:{port}/"
    assert await problem_of(client(Names(["127.0.0.1"])), url) is Problem.UNREACHABLE
    assert await problem_of(client(Names([])), url) is Problem.NAME_UNKNOWN


async def test_plain_http_is_for_this_machine_in_development_alone() -> None:
    async with server(says(OK), None) as port:
        names = Names(["127.0.0.1"])
        assert (await client(names).get(f"http://127.0.0.1:{port}/")).body == b"ok"
        refused = await problem_of(client(names), f"http://{HOST}:{port}/")
        assert refused is Problem.NOT_ALLOWED
        refused = await problem_of(client(names, loopback=False), f"http://127.0.0.1:{port}/")
        assert refused is Problem.NOT_ALLOWED


async def test_proxies_of_the_environment_are_not_asked(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with server(says(OK), tls) as port:
        answer = await client(Names(["127.0.0.1"])).get(f"https://{HOST}:{port}/")
    assert answer.body == b"ok"


async def test_many_at_once_wait_for_their_turn(tls: ssl.SSLContext) -> None:
    open_now, most = 0, 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.02)
        writer.write(OK)
        await writer.drain()
        open_now -= 1

    async with server(slow, tls) as port:
        asking = client(Names(["127.0.0.1"]))
        await asyncio.gather(*(asking.get(f"https://{HOST}:{port}/") for _ in range(40)))
    assert 1 < most <= 8
