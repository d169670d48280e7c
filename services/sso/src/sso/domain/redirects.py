"""Where a browser may be sent back to: exactly where its app has said (RFC 9700 §2.1).

Nothing is decoded, completed or made canonical. The one thing that may differ is the port on the
app's own machine, which an app that is installed there takes as it finds it (RFC 8252 §7.3).
"""

import re
from collections.abc import Sequence

_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?((?:[/?][!-~]*)?)")


def may_return_to(uri: str, registered: Sequence[str], *, native: bool) -> bool:
    """Tell whether an address is registered; `native` apps run on the person's machine."""
    if uri in registered:
        return True
    asked = _LOOPBACK.fullmatch(uri) if native else None
    if asked is None:
        return False
    known = (_LOOPBACK.fullmatch(each) for each in registered)
    return any(each is not None and each.groups() == asked.groups() for each in known)
