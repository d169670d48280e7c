"""Generation refuses what breaks a reader, and notices what is stale."""

import json
from pathlib import Path

import pytest

from contracts import generate
from contracts.examples import digests_file, example_faults
from contracts.schemas import TOPICS_FILE, schema_files


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    directory = tmp_path / "schemas"
    directory.mkdir()
    for name, content in schema_files().items():
        (directory / name).write_text(content, "utf-8")
    return directory


def change(path: Path, **members: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | members), "utf-8")


def test_the_models_keep_what_they_themselves_promise(schemas: Path) -> None:
    assert generate.broken_promises(schemas) == []


def test_a_property_that_was_promised_and_is_gone_is_refused(schemas: Path) -> None:
    path = schemas / "scim.user.deleted.v1.schema.json"
    properties = json.loads(path.read_text("utf-8"))["properties"]
    change(path, properties=properties | {"reason": {"type": "string"}})

    [sentence] = generate.broken_promises(schemas)

    assert sentence == "scim.user.deleted.v1: property-removed at the top: reason is gone"


def test_a_type_that_was_promised_and_is_gone_is_refused(schemas: Path) -> None:
    (schemas / "scim.robot.built.v1.schema.json").write_text("{}", "utf-8")

    assert any(
        "scim.robot.built.v1: type-removed" in one for one in generate.broken_promises(schemas)
    )


def test_another_number_of_partitions_is_refused(schemas: Path) -> None:
    path = schemas / TOPICS_FILE
    scim = json.loads(path.read_text("utf-8"))["scim-events"]
    change(path, **{"scim-events": scim | {"partitions": 6}})

    [sentence] = generate.broken_promises(schemas)

    assert sentence.startswith("topic-partitions-changed at scim-events")


def test_a_stale_file_is_noticed_and_written(tmp_path: Path) -> None:
    fresh, old = tmp_path / "fresh", tmp_path / "old"
    fresh.write_text("a", "utf-8")
    old.write_text("b", "utf-8")

    files = {fresh: "a", old: "a", tmp_path / "missing": "a"}

    assert generate.stale(files) == [old, tmp_path / "missing"]


def test_examples_are_only_ever_added(tmp_path: Path) -> None:
    kept, lost = tmp_path / "t.v1" / "kept.json", tmp_path / "t.v1" / "lost.json"
    kept.parent.mkdir()
    kept.write_text("{}", "utf-8")
    lost.write_text("{}", "utf-8")
    (tmp_path / "digests.json").write_text(digests_file(tmp_path), "utf-8")
    (tmp_path / "t.v1" / "added.json").write_text("{}", "utf-8")
    assert example_faults(tmp_path) == []

    kept.write_text("[]", "utf-8")
    lost.unlink()

    assert [fault.split(";")[0] for fault in example_faults(tmp_path)] == [
        "The example t.v1/kept.json was changed",
        "The example t.v1/lost.json was removed",
    ]


def test_a_changed_example_is_refused_too(schemas: Path, tmp_path: Path) -> None:
    (tmp_path / "digests.json").write_text('{"t.v1/lost.json": "0"}', "utf-8")

    [sentence] = generate.broken_promises(schemas, tmp_path)

    assert sentence.startswith("The example t.v1/lost.json was removed")
