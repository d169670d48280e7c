"""`python -m sso.cli.errors_page`: writes docs/sign-in-errors.md from the list of refusals.

What people see and what the page says to admins are the same sentences, so neither goes stale.
"""

import argparse
import sys
from pathlib import Path

from chassis.cli import say
from sso.domain.advice import ADVICE
from sso.domain.refusals import Code

PAGE = Path(__file__).parents[5] / "docs" / "sign-in-errors.md"

_INTRODUCTION = """\
# Sign-in errors

Generated from the list of refusals by `make contracts`; do not edit.

Whoever is refused sees a sentence, one of these codes and a number. The number is the correlation
id of the row in the sign-in log, whose detail says more than a page may:
`python -m sso log --tenant acme --outcome CODE`. `python -m sso user explain EMAIL` tells what
stands in somebody's way before they try. Codes are never renamed. Rows of whoever was not refused
have `signed_in` or `test_passed`.

| code | what the person sees | what the admin does |
|---|---|---|
"""


def errors_page() -> str:
    """Return the page."""
    rows = [(code.value, ADVICE[code]) for code in Code]
    return _INTRODUCTION + "".join(
        f"| `{code}` | {_cell(advice.person)} | {_cell(advice.admin)} |\n" for code, advice in rows
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str] | None = None, page: Path = PAGE) -> int:
    """Write the page, or only check that it is fresh."""
    parser = argparse.ArgumentParser(prog="python -m sso.cli.errors_page", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if stale")
    options = parser.parse_args(arguments)
    content = errors_page()
    if page.exists() and page.read_text("utf-8") == content:
        return 0
    if options.check:
        say(f"{page} is stale: run `make contracts`.", err=True)
        return 1
    page.write_text(content, "utf-8")
    say(str(page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
