"""Where no package index answers there is nothing to audit with, and that is said."""

import sys
from pathlib import Path

import pytest

from release.audit import audit_checkout
from release.environment import install
from release.errors import NotReachedError, ReleaseError

PYTHON = Path(sys.executable)
ABSENT = "no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a lock that can never be installed; no index answers."""
    for name in ("PIP_NO_INDEX", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    path = tmp_path / "some.lock"
    path.write_text(ABSENT)
    return path


def test_an_index_out_of_reach_is_said(lock: Path) -> None:
    with pytest.raises(NotReachedError, match=r"for what some\.lock names, was not reached"):
        install(PYTHON, lock)


def test_digests_that_do_not_match_are_no_missing_index(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = lock.with_name("no_such_package-1.0-py3-none-any.whl")
    wheel.write_bytes(b"another file than the lock names")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(lock.parent))

    with pytest.raises(ReleaseError, match="DO NOT MATCH THE HASHES") as failure:
        install(PYTHON, lock)
    assert not isinstance(failure.value, NotReachedError)


@pytest.mark.parametrize(
    ("error", "code", "last"),
    [
        (NotReachedError("no index"), 0, "not reached, so requirements.lock was not audited"),
        (ReleaseError("wrong digests"), 1, "wrong digests"),
    ],
)
def test_the_audit_passes_only_where_nothing_was_reached(
    tmp_path: Path, error: ReleaseError, code: int, last: str
) -> None:
    def refuse(root: Path) -> Path:
        raise error

    got, lines = audit_checkout(tmp_path, refuse)

    assert (got, lines[-1]) == (code, last)
