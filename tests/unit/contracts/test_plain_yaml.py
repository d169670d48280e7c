"""The YAML writer against a YAML reader."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.plain_yaml import to_yaml

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.sampled_from(["yes", "on", "3", "a: b"])
)
values = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_a_reader_gets_back_what_was_written(value: dict[str, Any]) -> None:
    assert (yaml.safe_load(to_yaml(value)) or {}) == value


def test_the_order_of_keys_is_kept() -> None:
    assert to_yaml({"b": 1, "a": [{"x": "w", "z": []}]}) == "b: 1\na:\n  - x: w\n    z: []\n"
