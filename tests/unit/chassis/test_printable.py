"""Nothing that a person reads steers the terminal: escape sequences in names stay texts."""

import logging
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import structlog
import typer
from hypothesis import given
from hypothesis import strategies as st

from chassis.bus import BusStatus
from chassis.cli import print_facts, print_json, print_rows
from chassis.cli.bus import _print_status
from chassis.cli.commands import Refusal, _end
from chassis.observe import configure_logging
from chassis.outbox import Backlog
from chassis.printable import printable, printable_json

HOSTILE = "a\x1b]0;x\x07\x1b[2J\r\x7f\x9b31m\u202eb\u2028"
SHOWN = r"a\x1b]0;x\x07\x1b[2J\r\x7f\x9b31m\u202eb\u2028"

PARKED = {
    "tenant_id": HOSTILE,
    "topic": "t",
    "subject": None,
    "sequence": 1,
    "reason": "rejected",
    "error": HOSTILE,
    "events": 1,
}


def _refuse() -> None:
    with pytest.raises(typer.Exit):
        _end(Refusal(HOSTILE))


def _bus_status() -> None:
    _print_status(Backlog(0, 0.0), BusStatus(blocked=[], offsets=[], parked=[PARKED]))


def _log() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(service="demo", environment="test", level="info")
    try:
        structlog.get_logger().warning("demo.failed", name=HOSTILE)
        structlog.get_logger().error("demo.failed", exc_info=ValueError(HOSTILE))
    finally:
        structlog.reset_defaults()
        root.handlers[:], root.level = handlers, level


PRINTED: dict[str, Callable[[], None]] = {
    "rows": lambda: print_rows([{"name": HOSTILE}], columns=["name"]),
    "texts in a list": lambda: print_rows([{"name": [HOSTILE]}], columns=["name"]),
    "objects in a row": lambda: print_rows([{"name": {"a": HOSTILE}}], columns=["name"]),
    "facts": lambda: print_facts({"name": HOSTILE}),
    "JSON": lambda: print_json({"name": HOSTILE}),
    "a refusal": _refuse,
    "the bus": _bus_status,
    "readable logs": _log,
}


@pytest.mark.parametrize("show", PRINTED.values(), ids=PRINTED.keys())
def test_no_name_steers_the_terminal(
    show: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    show()
    printed = "".join(capsys.readouterr())
    assert "31m" in printed
    assert all(c.isprintable() for line in printed.split("\n") for c in line)


def test_what_is_escaped_can_be_read() -> None:
    assert printable(HOSTILE) == SHOWN
    assert printable("Zoë 王 🙂") == "Zoë 王 🙂"


VALUES = st.recursive(
    st.text() | st.booleans(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(VALUES)
def test_json_says_the_same(value: Any) -> None:
    escaped = printable_json(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())
    assert orjson.loads(escaped) == orjson.loads(orjson.dumps(value, default=str))
    assert all(c.isprintable() or c == "\n" for c in escaped)
