"""Logs: one JSON object a line, with the context, and never with a secret."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from chassis.context import Context, bind
from chassis.observe import configure_logging
from chassis.observe.logging import REDACTED, redact

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logging(service="demo", environment="production", level="info")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def test_a_line_is_a_json_object_with_service_level_and_time(lines: Lines) -> None:
    structlog.get_logger().info("user.created", user_id="u1")

    [line] = lines()
    assert (line["event"], line["user_id"], line["level"]) == ("user.created", "u1", "info")
    assert line["service"] == "demo"
    assert line["timestamp"].endswith("Z")


def test_the_context_is_added(lines: Lines) -> None:
    with bind(Context("corr-1234", "tenant-1")):
        structlog.get_logger().info("user.created")
    structlog.get_logger().info("loop.stopped")

    inside, outside = lines()
    assert (inside["correlation_id"], inside["tenant_id"]) == ("corr-1234", "tenant-1")
    assert "correlation_id" not in outside
    assert "tenant_id" not in outside


def test_the_standard_librarys_logging_comes_the_same_way(lines: Lines) -> None:
    with bind(Context("corr-1234")):
        logging.getLogger("some.library").warning("it %s", "happened")

    [line] = lines()
    assert (line["event"], line["level"], line["service"]) == ("it happened", "warning", "demo")
    assert (line["logger"], line["correlation_id"]) == ("some.library", "corr-1234")


def test_an_exception_is_one_line(lines: Lines) -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError as error:
        structlog.get_logger().error("http.request_failed", exc_info=error)

    [line] = lines()
    assert "RuntimeError: broken" in line["exception"]


def test_what_is_below_the_level_is_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("x")

    assert lines() == []


def test_secrets_are_blanked(lines: Lines) -> None:
    structlog.get_logger().info(
        "x", token="t0ps3cret", headers={"Authorization": "Bearer t0ps3cret", "accept": "json"}
    )

    [line] = lines()
    assert line["token"] == REDACTED
    assert line["headers"] == {"Authorization": REDACTED, "accept": "json"}


@pytest.mark.parametrize(
    "key",
    ["token", "access_token", "Password", "client_secret", "Authorization", "assertion", "cookie",
     "SAMLResponse", "set-cookie", "private_key", "api_key", "payload", "request_body"],
)  # fmt: skip
def test_a_name_that_means_a_secret_is_refused(key: str) -> None:
    assert redact(None, "info", {key: "t0ps3cret"}) == {key: REDACTED}


@pytest.mark.parametrize(
    ("key", "value"),
    [("token_id", "0199"), ("token_prefix", "pt_ab"), ("tokens", 3), ("user_name", "a@b.c")],
)
def test_what_only_speaks_of_secrets_passes(key: str, value: object) -> None:
    assert redact(None, "info", {key: value}) == {key: value}


def test_the_callers_own_mapping_is_left_alone() -> None:
    headers = {"authorization": "x"}

    redact(None, "info", {"headers": headers})

    assert headers == {"authorization": "x"}


def test_readable_logs_show_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(service="demo", environment="test", level="info")
    try:
        secret_local = "t0ps3cret"  # noqa: F841
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger().exception("http.request_failed")
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers.clear()

    said = capsys.readouterr().err
    assert "RuntimeError: broken" in said
    assert said.count("t0ps3cret") <= 1, "only the source line may show it"
