"""Forms are posted as documents are fetched: to checked addresses, bounded, led on nowhere."""

import asyncio
import ssl
from pathlib import Path

import pytest

from chassis.outbound import OutboundClient, OutboundError, Problem, Rules
from component.chassis.test_outbound import AUTHORITY, HOST, Names, leads_to, says, server

DONE = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    return AUTHORITY.server(tmp_path, HOST)


def posting(rules: Rules, address: str = "127.0.0.1", at_once: int = 8) -> OutboundClient:
    names = Names([address])
    return OutboundClient(rules, names.resolve, AUTHORITY.client(), deadline=5, at_once=at_once)


async def test_a_form_is_posted_and_its_status_returned(tls: ssl.SSLContext) -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        heard.append(await reader.readexactly(3))
        writer.write(DONE)
        await writer.drain()

    async with server(talk, tls) as port:
        url = f"https://{HOST}:{port}/hear?app=1"
        assert await posting(Rules(loopback=True)).post_form(url, "a=b") == 204
    assert heard[0].startswith(b"POST /hear?app=1 HTTP/1.1\r\n")
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in heard[0]
    assert heard[1] == b"a=b"


async def test_a_redirect_is_an_answer(tls: ssl.SSLContext) -> None:
    async with server(leads_to("/elsewhere"), tls) as port:
        status = await posting(Rules(loopback=True)).post_form(f"https://{HOST}:{port}/", "a=b")
    assert status == 302


async def test_private_addresses_are_asked_where_operators_say_so(tls: ssl.SSLContext) -> None:
    async with server(says(DONE), tls) as port:
        url = f"https://{HOST}:{port}/"
        with pytest.raises(OutboundError) as refused:
            await posting(Rules()).post_form(url, "a=b")
        assert refused.value.problem is Problem.NOT_PUBLIC
        assert await posting(Rules(private=True)).post_form(url, "a=b") == 204
        for rules, allowed in ((Rules(), False), (Rules(private=True), True)):
            with pytest.raises(OutboundError) as wrong:
                await posting(rules).post_form(f"https://app:{port}/", "a=b")
            assert (wrong.value.problem is not Problem.NOT_ALLOWED) is allowed


async def test_so_many_are_asked_at_once(tls: ssl.SSLContext) -> None:
    begun = asyncio.Semaphore(0)
    go_on = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.release()
        await go_on.wait()
        await says(DONE)(reader, writer)

    async with server(talk, tls) as port:
        asking = posting(Rules(loopback=True), at_once=2)
        posts = [
            asyncio.ensure_future(asking.post_form(f"https://{HOST}:{port}/", "a=b"))
            for _ in range(3)
        ]
        await begun.acquire()
        await begun.acquire()
        assert begun.locked(), "the third waits"
        go_on.set()
        assert await asyncio.gather(*posts) == [204] * 3
