"""A bounded memory whose entries end by themselves."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.expiring import Expiring


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_value_ends_at_its_moment() -> None:
    clock = Clock()
    memory = Expiring[str, int](10, clock)
    memory.put("a", 1, 4.0)
    clock.seconds = 3.9
    assert memory.get("a") == 1
    clock.seconds = 4.0
    assert memory.get("a") is None
    assert len(memory) == 0


def test_the_first_one_leaves_when_it_is_full() -> None:
    memory = Expiring[str, int](2, Clock())
    memory.put("a", 1, 9.0)
    memory.put("b", 2, 9.0)
    memory.put("a", 3, 9.0)
    memory.put("c", 4, 9.0)
    assert [memory.get(key) for key in "abc"] == [3, None, 4]


@given(st.lists(st.tuples(st.integers(0, 8), st.floats(0, 5))), st.integers(1, 4))
def test_it_never_holds_more_than_it_may(puts: list[tuple[int, float]], capacity: int) -> None:
    memory = Expiring[int, float](capacity, Clock())
    for key, until in puts:
        memory.put(key, until, until)
        assert len(memory) <= capacity
        assert memory.get(key) == (until if until > 0 else None)
