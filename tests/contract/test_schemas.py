"""What is committed is what the models say, and the models break no promise."""

import sys
from pathlib import Path

import pytest

from contracts import generate
from contracts.base import Contract
from contracts.registry import EVENT_TYPES


def test_no_model_breaks_a_committed_schema() -> None:
    assert generate.broken_promises() == []


def test_nothing_generated_is_stale() -> None:
    assert generate.stale(generate.outputs()) == []


def test_generation_is_deterministic() -> None:
    assert generate.outputs() == generate.outputs()


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_an_event_type_is_named_by_producer_noun_verb_and_version(name: str) -> None:
    *words, version = name.split(".")

    assert 2 <= len(words) <= 3
    assert all(word.replace("_", "").isalpha() and word.islower() for word in words)
    assert version[0] == "v"
    assert version[1:].isdigit()


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_model_is_frozen_tolerant_and_described(name: str) -> None:
    model = EVENT_TYPES[name].model

    assert issubclass(model, Contract)
    assert model.model_config["frozen"] is True
    assert model.model_config["extra"] == "ignore"
    assert model.__doc__


def test_contracts_needs_only_pydantic_and_its_documents_yaml() -> None:
    allowed = {"pydantic", "contracts", *sys.stdlib_module_names}
    imported = {
        (path.stem, line.split()[1].split(".")[0])
        for path in Path(generate.__file__).parent.glob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if line.startswith(("import ", "from "))
    }

    assert {one for one in imported if one[1] not in allowed} == {("asyncapi", "yaml")}
