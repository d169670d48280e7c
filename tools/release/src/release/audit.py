"""`python -m release.audit`: looks the pinned dependencies up in the database of known weaknesses.

Exit code 1 says that weaknesses are known. Where the database is not reached it says so and exits
with 0: nothing was found, and nothing was looked for.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from release.environment import ensure_environment
from release.errors import NotReachedError, ReleaseError

ROOT = Path(__file__).parents[4]
LOCK = "requirements.lock"
SECONDS = 600

Report = Mapping[str, Any]
Audit = Callable[[Path], Report | None]
"""Audits a requirements file; None where no answer came."""


def first_requirement(lock: str) -> str:
    """Return the first entry of a lock."""
    first, *rest = lock.splitlines()
    entry = [first]
    for line in rest:
        if not entry[-1].endswith("\\"):
            break
        entry.append(line)
    return "\n".join(entry) + "\n"


def audit(lock: Path, run: Audit, probe: Path) -> tuple[int, list[str]]:
    """Return the exit code and what is to be said."""
    probe.write_text(first_requirement(lock.read_text("utf-8")), "utf-8")
    # One question first: without an answer there is no use in asking for each of the others.
    answer = run(probe)
    if answer is None or _skipped(answer):
        return 0, [f"not reached: the database of known weaknesses; {lock.name} was not audited"]
    report = run(lock)
    if report is None:
        return 1, [f"pip-audit gave no answer for {lock.name}, although it did for one package"]
    weak = list(_weaknesses(report))
    skipped = _skipped(report)
    lines = [*weak, *(f"not audited: {one}" for one in skipped)]
    audited = len(report["dependencies"]) - len(skipped)
    lines.append(f"{audited} packages audited, {len(weak)} known weaknesses")
    return (1 if weak else 0), lines


def _skipped(report: Report) -> list[str]:
    return [one["name"] for one in report["dependencies"] if "skip_reason" in one]


def _weaknesses(report: Report) -> Iterator[str]:
    for one in report["dependencies"]:
        for weakness in one.get("vulns", ()):
            fixed = ", ".join(weakness["fix_versions"]) or "no version yet"
            yield f"{one['name']} {one['version']}: {weakness['id']}, mended in {fixed}"


def _pip_audit(programs: Path) -> Audit:
    def run(requirements: Path) -> Report | None:
        argv = [str(programs / "pip-audit"), "--disable-pip", "--no-deps", "--progress-spinner=off"]
        try:
            result = subprocess.run(
                [*argv, "--format=json", "-r", str(requirements)],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        try:
            report: Report = json.loads(result.stdout)
        except ValueError:
            sys.stderr.write("".join(result.stderr.splitlines(keepends=True)[-1:]))
            return None
        return report

    return run


def audit_checkout(
    root: Path, ensure: Callable[[Path], Path] = ensure_environment
) -> tuple[int, list[str]]:
    """Audit the lock of a checkout, with pip-audit installed first where it is missing."""
    try:
        programs = ensure(root)
    except NotReachedError as error:
        return 0, [str(error), f"not reached, so {LOCK} was not audited"]
    except ReleaseError as error:
        return 1, [str(error)]
    with tempfile.TemporaryDirectory(prefix="portico-audit-") as directory:
        return audit(root / LOCK, _pip_audit(programs), Path(directory) / "probe.txt")


def main() -> int:
    """Audit the lock of this checkout."""
    code, lines = audit_checkout(ROOT)
    print("\n".join(f"audit: {line}" for line in lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
