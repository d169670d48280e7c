"""Which port a server gets, and what is said when it cannot have it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.errors import EmbeddedError
from embedded.options import Options, Ports
from embedded.ports import choose_port, free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))
        server.listen()
        yield server.getsockname()[1]


def test_the_usual_port_is_taken_when_free() -> None:
    usual = free_port()
    assert choose_port(setting="KAFKA_PORT", configured=None, usual=usual) == usual


def test_a_free_port_is_taken_when_the_usual_one_is_not(taken: int) -> None:
    assert choose_port(setting="KAFKA_PORT", configured=None, usual=taken) != taken


def test_a_port_of_another_part_is_not_given_twice() -> None:
    usual = free_port()
    avoided = frozenset({usual})
    assert choose_port(setting="KAFKA_PORT", configured="", usual=usual, avoid=avoided) != usual


def test_a_clash_names_the_setting_and_the_process(taken: int) -> None:
    with pytest.raises(EmbeddedError, match=rf"Port {taken} .KAFKA_PORT.*process {os.getpid()}:"):
        choose_port(setting="KAFKA_PORT", configured=str(taken), usual=1)


@pytest.mark.parametrize("configured", ["nine", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_refused_by_name(configured: str) -> None:
    with pytest.raises(EmbeddedError, match="KAFKA_PORT must be a port"):
        choose_port(setting="KAFKA_PORT", configured=configured, usual=9092)


def test_one_port_for_two_parts_is_refused_by_name() -> None:
    port = free_port()
    with pytest.raises(EmbeddedError, match=r"KAFKA_PORT=.* is also the port"):
        choose_port(setting="KAFKA_PORT", configured=str(port), usual=1, avoid=frozenset({port}))


def test_two_stacks_that_start_together_never_choose_the_same_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = free_port()
    first, second = Ports(Options(tmp_path)), Ports(Options(tmp_path))
    assert first.choose("KAFKA_PORT", usual) == usual
    assert second.choose("KAFKA_PORT", usual) != usual
    monkeypatch.setenv("KAFKA_PORT", str(usual))
    with pytest.raises(EmbeddedError, match="is claimed by another stack"):
        second.choose("KAFKA_PORT", 1)
    first.close()
    assert second.choose("KAFKA_PORT", 1) == usual
    second.close()
