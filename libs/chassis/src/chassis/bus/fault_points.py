"""Named points at which a test kills the process.

`FAULT=relay.before_send:3` dies when that point is passed for the third time. Without
FAULT in the environment every point is an empty function call.
"""

import os
import signal
from collections.abc import Callable


def fault_points() -> Callable[[str], None]:
    """Return the function to be called at each named point."""
    plan = os.environ.get("FAULT")
    if not plan:
        return _pass
    point, _, passes = plan.partition(":")
    return _Fault(point, int(passes or 1))


def _pass(_point: str) -> None:
    """Go on."""


class _Fault:
    def __init__(self, point: str, passes: int) -> None:
        self._point = point
        self._left = passes

    def __call__(self, point: str) -> None:
        if point != self._point:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
