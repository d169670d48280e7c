"""A release is made of a clean checkout whose changelog names it, once."""

import subprocess
from pathlib import Path

import pytest

from release.build import image_commands
from release.changelog import section
from release.errors import ReleaseError
from release.repository import Repository
from support.repository import ROOT

CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.1.0] - 2026-12-01

### Added

- Something.

## [1.0.0] - 2026-11-01
"""


def git(root: Path, *arguments: str) -> str:
    argv = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.test", *arguments]
    return subprocess.run(argv, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.test")
    (tmp_path / "VERSION").write_text("1.0.0\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "begin")
    return Repository(tmp_path)


def test_a_section_ends_where_the_next_begins() -> None:
    assert section(CHANGELOG, "1.1.0") == "### Added\n\n- Something."


@pytest.mark.parametrize("version", ["1.0.0", "1.2.0", "1.1"])
def test_a_version_without_words_has_no_section(version: str) -> None:
    assert section(CHANGELOG, version) is None


def test_a_release_commits_the_version_and_tags_it_with_its_changes(
    repository: Repository,
) -> None:
    changes = repository.changes_of("1.1.0")
    repository.commit_version("1.1.0")
    repository.tag("1.1.0", changes)

    assert (repository.root / "VERSION").read_text() == "1.1.0\n"
    assert git(repository.root, "log", "-1", "--format=%s") == "build: release 1.1.0\n"
    assert git(repository.root, "status", "--porcelain") == ""
    tag = git(repository.root, "for-each-ref", "refs/tags", "--format=%(objecttype) %(contents)")
    assert tag.startswith("tag Portico 1.1.0\n\n### Added\n\n- Something.")


def test_a_version_that_stands_already_needs_no_commit(repository: Repository) -> None:
    before = git(repository.root, "rev-parse", "HEAD")
    repository.commit_version("1.0.0")

    assert git(repository.root, "rev-parse", "HEAD") == before


@pytest.mark.parametrize("stream", ["1", "2"])
def test_a_commit_that_hooks_refuse_leaves_the_version_and_says_their_reason(
    repository: Repository, stream: str
) -> None:
    hook = repository.root / ".git/hooks/pre-commit"
    hook.write_text(f"#!/bin/sh\necho 'make lint: line too long' >&{stream}\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(ReleaseError, match="git commit failed: make lint: line too long"):
        repository.commit_version("1.1.0")

    assert (repository.root / "VERSION").read_text() == "1.0.0\n"
    assert repository.changes_of("1.1.0")  # It can be tried again at once.


@pytest.mark.parametrize("version", ["1.1", "v1.1.0", "1.1.0-rc1", "01.1.0", "latest"])
def test_what_is_no_version_is_refused(repository: Repository, version: str) -> None:
    with pytest.raises(ReleaseError, match="is no version"):
        repository.changes_of(version)


def test_a_version_that_the_changelog_does_not_know_is_refused(repository: Repository) -> None:
    with pytest.raises(ReleaseError, match=r"says nothing of 2\.0\.0"):
        repository.changes_of("2.0.0")


def test_changes_that_are_not_committed_keep_a_release_from_being_made(
    repository: Repository,
) -> None:
    (repository.root / "new.txt").write_text("x")

    with pytest.raises(ReleaseError, match="not committed"):
        repository.changes_of("1.1.0")


def test_a_version_is_released_once(repository: Repository) -> None:
    git(repository.root, "tag", "v1.1.0")

    with pytest.raises(ReleaseError, match="there already"):
        repository.changes_of("1.1.0")


def test_every_service_has_an_image_with_the_version() -> None:
    tags = [command[command.index("-t") + 1] for command in image_commands(ROOT, "1.1.0")]

    assert tags == [f"portico/{path.name}:1.1.0" for path in sorted(ROOT.glob("services/*"))]
