"""Ids: UUID version 7 (RFC 9562 §5.7), which sort by the time they were made.

Within one process later ids are greater than earlier ones, so that rows keyed by them are appended
to the right edge of an index.
"""

import os
import random
from time import time_ns
from uuid import UUID, SafeUUID

_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)

# Ids tell apart and keep no secret, so the generator need not ask the kernel for each of them.
_random = random.Random(os.urandom(32))  # noqa: S311
_random_bits = _random.getrandbits
# UUID(int=…) checks for each id what cannot be wrong here, and costs as much as all the rest.
_set_int = UUID.__dict__["int"].__set__
_set_is_safe = UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown

_last_tick = 0


def uuid7() -> UUID:
    """Make a new id."""
    global _last_tick
    # RFC 9562 §6.2 method 3: the 12 bits after the milliseconds count 1/4096 ms.
    milliseconds, rest = divmod(time_ns(), 1_000_000)
    tick = (milliseconds << 12) | ((rest << 12) // 1_000_000)
    # Never the same tick twice, nor an earlier one when the clock is set back.
    if tick <= _last_tick:
        tick = _last_tick + 1
    _last_tick = tick

    timestamp = ((tick >> 12) << 80) | ((tick & 0xFFF) << 64)
    made = UUID.__new__(UUID)
    _set_int(made, timestamp | _VERSION_AND_VARIANT | _random_bits(62))
    _set_is_safe(made, _UNKNOWN)
    return made


def new_trace_id() -> str:
    """Make an id as W3C Trace Context §3.2.2.3 has them: 32 hexadecimal digits, all random."""
    return f"{_random_bits(128) or 1:032x}"


# Otherwise a forked process would make the same random bits as its parent.
os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))
