"""What CHANGELOG.md says of a version."""

import re

_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\]", re.MULTILINE)


def section(changelog: str, version: str) -> str | None:
    """Return what the changelog says of a version, without its heading; None if it says nothing."""
    headings = list(_HEADING.finditer(changelog))
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        if heading["version"] == version:
            _, _, text = changelog[heading.start() : following and following.start()].partition(
                "\n"
            )
            return text.strip() or None
    return None
