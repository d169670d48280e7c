"""Lengths of time as operators write them: `90s`, `30m`, `12h`, `7d`."""

import re
from datetime import timedelta

from scim.domain.errors import invalid_value

_DURATION = re.compile(r"([0-9]{1,6})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=3_650)


def parse_duration(text: str, option: str) -> timedelta:
    """Return the length of time that is written."""
    match = _DURATION.fullmatch(text.strip().lower())
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
    if not timedelta() < length <= _LONGEST:
        raise invalid_value(
            f"{option} {text!r} is no length of time; write 30m, 12h or 365d, at most 3650d."
        )
    return length
