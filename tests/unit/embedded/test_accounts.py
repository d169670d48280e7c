"""PostgreSQL gets an account that is not root and still reaches its files; no mode is changed."""

import os
import subprocess
import sys
from pathlib import Path

from embedded.accounts import unprivileged_account
from embedded.processes import die_with_parent

LOOK = "import os, sys; print(os.geteuid(), os.access(sys.argv[1], os.X_OK))"


def test_a_lent_account_passes_closed_directories_also_when_it_asks_first(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "initdb"
    program.touch(mode=0o755)
    account = unprivileged_account(program)

    argv = die_with_parent([sys.executable, "-I", "-c", LOOK, str(program)], account=account)
    looked = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)

    # A plain user stays who it is; root never runs PostgreSQL.
    expected = os.geteuid() if account is None else account.uid
    assert (account is None) == (os.geteuid() != 0)
    assert looked.stdout.split() == [str(expected), "True"]
    assert closed.stat().st_mode & 0o777 == 0o700
