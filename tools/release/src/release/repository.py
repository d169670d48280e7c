"""The checkout that a release is made of: its version, its commits and tags."""

import re
from dataclasses import dataclass
from pathlib import Path

from release.changelog import section
from release.errors import ReleaseError
from release.programs import run

_VERSION = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}")


@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout in a directory."""

    root: Path

    def changes_of(self, version: str) -> str:
        """Return the changelog's section, after checking that a release may be made.

        Raises:
            ReleaseError: It may not.
        """
        if not _VERSION.fullmatch(version):
            raise ReleaseError(f"{version} is no version: say VERSION=1.2.3.")
        if self._git("status", "--porcelain"):
            raise ReleaseError("There are changes that are not committed: commit them first.")
        if self._git("tag", "--list", f"v{version}"):
            raise ReleaseError(f"The tag v{version} is there already.")
        changes = section((self.root / "CHANGELOG.md").read_text("utf-8"), version)
        if changes is None:
            raise ReleaseError(
                f"CHANGELOG.md says nothing of {version}: it needs `## [{version}] - date` and a "
                "line below it."
            )
        return changes

    def commit_version(self, version: str) -> None:
        """Set the version of every package, in the one file, and commit that.

        Raises:
            ReleaseError: It was not committed, and the file is as it was.
        """
        file = self.root / "VERSION"
        before = file.read_text("utf-8")
        if before.strip() == version:
            return
        file.write_text(f"{version}\n", "utf-8")
        try:
            self._git("commit", "-q", "-m", f"build: release {version}", "--", "VERSION")
        except BaseException:
            file.write_text(before, "utf-8")
            raise

    def tag(self, version: str, changes: str) -> None:
        """Put an annotated tag on what is checked out."""
        # A line that begins with # is a heading of the changelog, not a comment of git's.
        self._git(
            "tag",
            "-a",
            "--cleanup=whitespace",
            "-m",
            f"Portico {version}\n\n{changes}",
            f"v{version}",
        )

    def _git(self, *arguments: str) -> str:
        # A commit and a tag run the checkout's hooks, which take as long as they take.
        return run(["git", *arguments], self.root)
