"""Which account PostgreSQL runs under: it refuses root, so root lends it another one.

A checkout below a private directory such as /root stays private: instead of opening directories to
everybody, the lent account keeps the one capability that walks through them.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A user and its group, and whether it may pass directories that are closed to it."""

    uid: int
    gid: int
    overrides_modes: bool

    def arguments(self) -> list[str]:
        """Return what `setpriv` needs to become this account."""
        capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        # Without this bit access(2), by which initdb looks at programs, ignores the capability.
        passing = [*capability, "--securebits=+no_setuid_fixup"]
        return [
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            *(passing if self.overrides_modes else []),
        ]


def unprivileged_account(*needed: Path) -> Account | None:
    """Return the account to run PostgreSQL under, or None to stay the plain user that we are."""
    if os.geteuid() != 0:
        return None
    entry = _entry()
    return Account(
        entry.pw_uid, entry.pw_gid, overrides_modes=any(_closed(path) for path in needed)
    )


def _entry() -> pwd.struct_passwd:
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return pwd.getpwuid(65534)


def _closed(path: Path) -> bool:
    return any(not parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
