"""Finds regular expressions on which a backtracking engine takes more than linear time.

A failed match costs more than linear time when some text can be divided between two loops in many
ways: there are states p and q of the expression's automaton, not the same or reached by two ways,
and a text that leads from p to p, from p to q and from q to q. That is decided here on the graph of
triples of states, exactly but for long bounded repetitions, which count as loops.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from re import _constants as c  # the parser has no public name
from re import _parser as parser
from typing import Any

Predicate = Callable[[str], bool]

LONGEST_UNROLLED = 8
"""A repetition of up to so many times is written out; a longer one with a range is a loop."""

_CATEGORIES: dict[Any, str] = {
    c.CATEGORY_SPACE: r"\s",
    c.CATEGORY_NOT_SPACE: r"\S",
    c.CATEGORY_DIGIT: r"\d",
    c.CATEGORY_NOT_DIGIT: r"\D",
    c.CATEGORY_WORD: r"\w",
    c.CATEGORY_NOT_WORD: r"\W",
}
_ALPHABET = "aZ5_ \n\t\x00!@.:/-\"'\\[](){}é€"


@dataclass
class _Automaton:
    """States are numbers; a step has the characters that it takes."""

    flags: int
    steps: list[list[tuple[Predicate, int]]] = field(default_factory=list)
    silent: list[list[int]] = field(default_factory=list)
    alphabet: set[str] = field(default_factory=lambda: set(_ALPHABET))

    def state(self) -> int:
        self.steps.append([])
        self.silent.append([])
        return len(self.steps) - 1

    def closure(self, state: int) -> Iterator[int]:
        """Yield the states reached without a character, once for each way without a circle."""
        yield from self._ways(state, frozenset())

    def _ways(self, state: int, seen: frozenset[int]) -> Iterator[int]:
        yield state
        for target in self.silent[state]:
            if target not in seen:
                yield from self._ways(target, seen | {state})


def superlinear(pattern: str, flags: int = 0, *, anchored: bool = True) -> bool:
    """Tell whether some text makes a backtracking match take more than linear time.

    `anchored` is `match` and `fullmatch`; `search` and its like begin anew at each character.
    """
    automaton = _Automaton(flags)
    start = automaton.state()
    if not anchored:
        automaton.steps[start].append((lambda _: True, start))
    _build(automaton, parser.parse(pattern, flags), start)
    return _has_ambiguous_loop(automaton)


def _build(automaton: _Automaton, nodes: Any, at: int) -> int:
    for operation, argument in nodes:
        at = _build_one(automaton, operation, argument, at)
    return at


def _build_one(automaton: _Automaton, operation: Any, argument: Any, at: int) -> int:
    if operation in (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN):
        return _take(automaton, _predicate(automaton, operation, argument), at)
    if operation is c.SUBPATTERN:
        return _build(automaton, argument[3], at)
    if operation is c.BRANCH:
        end = automaton.state()
        for branch in argument[1]:
            automaton.silent[_build(automaton, branch, at)].append(end)
        return end
    if operation in (c.MAX_REPEAT, c.MIN_REPEAT):
        least, most, nodes = argument
        return _repeat(automaton, least, most, nodes, at)
    if operation in (c.AT, c.ASSERT, c.ASSERT_NOT):
        return at
    raise ValueError(f"{operation} is not understood here; write it with plain means")


def _repeat(automaton: _Automaton, least: int, most: Any, nodes: Any, at: int) -> int:
    unbounded = most is c.MAXREPEAT or (least != most and most > LONGEST_UNROLLED)
    for _ in range(min(least, LONGEST_UNROLLED) if unbounded else least):
        at = _build(automaton, nodes, at)
    if unbounded:
        loop, end = automaton.state(), automaton.state()
        automaton.silent[at].append(loop)
        automaton.silent[_build(automaton, nodes, loop)].append(loop)
        automaton.silent[loop].append(end)
        return end
    end = automaton.state()
    for _ in range(most - least):
        automaton.silent[at].append(end)
        at = _build(automaton, nodes, at)
    automaton.silent[at].append(end)
    return end


def _take(automaton: _Automaton, takes: Predicate, at: int) -> int:
    target = automaton.state()
    automaton.steps[at].append((takes, target))
    return target


def _predicate(automaton: _Automaton, operation: Any, argument: Any) -> Predicate:
    if operation is c.ANY:
        return lambda _: True
    if operation is c.IN:
        negated = argument[0][0] is c.NEGATE
        parts = [_part(automaton, *item) for item in argument if item[0] is not c.NEGATE]
        return lambda char: any(part(char) for part in parts) is not negated
    part = _part(automaton, c.LITERAL, argument)
    return part if operation is c.LITERAL else lambda char: not part(char)


def _part(automaton: _Automaton, operation: Any, argument: Any) -> Predicate:
    if operation is c.CATEGORY:
        category = re.compile(_CATEGORIES[argument], automaton.flags & re.ASCII)
        return lambda char: category.match(char) is not None
    first, last = (argument, argument) if operation is c.LITERAL else argument
    automaton.alphabet |= {chr(first), chr(last)}
    return lambda char: first <= ord(char) <= last


def _has_ambiguous_loop(automaton: _Automaton) -> bool:
    moves = _moves(automaton)
    if any(_two_ways_round(moves, state) for state in range(len(moves))):
        return True
    looping = [state for state in range(len(moves)) if state in _reached(moves, state)]
    return any(
        _same_text_leads(moves, first, second)
        for first in looping
        for second in _reached(moves, first) & set(looping) - {first}
    )


_Moves = list[dict[str, list[int]]]
"""By state and character the states behind it, one for each way."""


def _moves(automaton: _Automaton) -> _Moves:
    return [
        {
            char: [
                target
                for via in automaton.closure(state)
                for takes, target in automaton.steps[via]
                if takes(char)
            ]
            for char in automaton.alphabet
        }
        for state in range(len(automaton.steps))
    ]


def _reached(moves: _Moves, start: int) -> set[int]:
    reached: set[int] = set()
    waiting = [start]
    while waiting:
        for targets in moves[waiting.pop()].values():
            waiting += set(targets) - reached
            reached.update(targets)
    return reached


def _two_ways_round(moves: _Moves, start: int) -> bool:
    """Tell whether one text leads from the state to itself in two ways (exponential time)."""
    seen: set[tuple[int, int, bool]] = set()
    waiting = [(start, start, False)]
    while waiting:
        left, right, parted = waiting.pop()
        for char in moves[left]:
            for i, one in enumerate(moves[left][char]):
                for j, other in enumerate(moves[right][char]):
                    step = (one, other, parted or one != other or (left == right and i != j))
                    if step not in seen:
                        seen.add(step)
                        waiting.append(step)
    return (start, start, True) in seen


def _same_text_leads(moves: _Moves, first: int, second: int) -> bool:
    """Tell whether one text leads from first to first, first to second and second to second."""
    seen: set[tuple[int, int, int]] = set()
    waiting = [(first, first, second)]
    while waiting:
        one, way, other = waiting.pop()
        for char in moves[one]:
            for step in (
                (x, y, z)
                for x in set(moves[one][char])
                for y in set(moves[way][char])
                for z in set(moves[other][char])
            ):
                if step not in seen:
                    seen.add(step)
                    waiting.append(step)
    return (first, second, second) in seen
