"""Ids: UUID version 7 (RFC 9562 §5.7), which sort by the time they were made.

Within one process later ids are greater than earlier ones, so that rows keyed by them are appended
to the right edge of an index.
"""

import os
import time
from uuid import UUID

_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)

_last_tick = 0


def uuid7() -> UUID:
    """Make a new id."""
    global _last_tick
    # RFC 9562 §6.2 method 3: the 12 bits after the milliseconds count 1/4096 ms.
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    tick = (milliseconds << 12) | ((rest << 12) // 1_000_000)
    # Never the same tick twice, nor an earlier one when the clock is set back.
    _last_tick = tick = max(tick, _last_tick + 1)

    random = int.from_bytes(os.urandom(8), "big") >> 2
    timestamp = ((tick >> 12) << 80) | ((tick & 0xFFF) << 64)
    return UUID(int=timestamp | _VERSION_AND_VARIANT | random)
