"""docs/sign-in-errors.md is what the list of refusals says."""

from pathlib import Path

from sso.cli.errors_page import PAGE, errors_page, main
from sso.domain.refusals import Code


def test_the_page_is_not_stale() -> None:
    assert errors_page() == PAGE.read_text("utf-8")
    assert main(["--check"]) == 0


def test_a_stale_page_is_told_and_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "sign-in-errors.md"
    assert main(["--check"], page) == 1
    assert main([], page) == 0
    assert main(["--check"], page) == 0


def test_every_code_is_there_once() -> None:
    rows = [line for line in errors_page().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [code.value for code in Code]
