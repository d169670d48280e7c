"""Jars are used only when they are the ones that were recorded."""

from pathlib import Path

import pytest

from embedded import jars
from embedded.errors import EmbeddedError
from embedded.kafka import KAFKA_VERSION


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "jars.sha256").write_text(f"{digest}  kafka.jar\n")
    monkeypatch.setattr(jars, "RECIPE", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def a_maven_that_brings(recipe: Path, content: str) -> None:
    script = "\n".join(
        [
            "#!/bin/sh",
            'for each in "$@"; do case $each in -DoutputDirectory=*) to=${each#*=};; esac; done',
            f'printf {content} >"$to/kafka.jar"',
        ]
    )
    (recipe / "mvn").write_text(script)
    (recipe / "mvn").chmod(0o755)


def test_recorded_jars_are_kept(recipe: Path) -> None:
    a_maven_that_brings(recipe, "abc")
    kept = jars.ensure_jars()
    assert [path.name for path in kept.iterdir()] == ["kafka.jar"]
    (recipe / "mvn").unlink()
    assert jars.ensure_jars() == kept


def test_other_jars_are_refused_by_name(recipe: Path) -> None:
    a_maven_that_brings(recipe, "other")
    with pytest.raises(EmbeddedError, match=r"kafka\.jar"):
        jars.ensure_jars()
    assert not jars.jar_directory().exists()


def test_a_missing_maven_is_said_in_a_sentence(recipe: Path) -> None:
    with pytest.raises(EmbeddedError, match="apt-get install maven"):
        jars.ensure_jars()


def test_the_version_that_is_shown_is_the_one_that_runs() -> None:
    assert f"kafka_2.13-{KAFKA_VERSION}.jar" in (jars.RECIPE / "jars.sha256").read_text()
