"""Golden examples: every type has some, and every reader understands them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from contracts.examples import EXAMPLES, committed_digests, digests, example_faults, example_files
from contracts.registry import EVENT_TYPES
from contracts.schemas import committed_schemas

FORMATS = FormatChecker(["uuid"])
FORMATS.checks("date-time", raises=ValueError)(
    lambda value: not isinstance(value, str) or bool(datetime.fromisoformat(value).tzinfo)
)
FILES = [(name, path) for name, paths in example_files().items() for path in paths]


def test_every_type_has_an_example_and_every_example_a_type() -> None:
    assert example_files().keys() == EVENT_TYPES.keys()


def test_examples_are_only_ever_added() -> None:
    assert example_faults() == []
    assert committed_digests() == digests()


@pytest.mark.parametrize(
    ("name", "path"), FILES, ids=[str(path.relative_to(EXAMPLES)) for _, path in FILES]
)
class TestExample:
    def test_it_satisfies_the_committed_schema(self, name: str, path: Path) -> None:
        validator = Draft202012Validator(committed_schemas()[name], format_checker=FORMATS)

        assert list(validator.iter_errors(json.loads(path.read_text("utf-8")))) == []

    def test_the_model_reads_it_and_writes_what_it_read(self, name: str, path: Path) -> None:
        model = EVENT_TYPES[name].model
        data = model.model_validate_json(path.read_bytes())

        assert model.model_validate_json(data.model_dump_json()) == data

    def test_a_reader_ignores_what_a_later_revision_adds(self, name: str, path: Path) -> None:
        model = EVENT_TYPES[name].model
        later = json.loads(path.read_text("utf-8")) | {"added_later": {"x": 1}}

        assert model.model_validate(later) == model.model_validate_json(path.read_bytes())
