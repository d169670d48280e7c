"""No regular expression of ours takes more than linear time, whatever text somebody sends."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import thread_time

import pytest

from support.ambiguity import superlinear
from support.repository import ROOT

SEARCHES = frozenset({"search", "sub", "subn", "split", "findall", "finditer"})


@dataclass(frozen=True)
class Expression:
    """An expression in a source file."""

    place: str
    compiled: re.Pattern[str]
    anchored: bool
    """Only matched from a given position on, never searched for."""


def expressions(path: Path) -> Iterator[Expression]:
    """Yield the expressions of a file; a pattern must be written where it is compiled."""
    tree = ast.parse(path.read_text())
    searched = {
        node.func.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.attr in SEARCHES
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_call_of_re(node.value):
            code = compile(ast.Expression(node.value), str(path), "eval")
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            yield Expression(place, eval(code, {"re": re}), not names & searched)


def _is_call_of_re(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    )


OUR_OWN = {"libs/chassis/src/chassis/database/queries.py"}
"""What reads only files that we have written: the SQL of a package."""

SOURCES = sorted([*ROOT.glob("libs/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")])
EXPRESSIONS = [each for path in SOURCES for each in expressions(path)]
BY_PLACE = pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda each: each.place)


def test_every_expression_is_compiled_where_it_gets_its_name() -> None:
    calls = [
        f"{path}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if _is_call_of_re(node) and isinstance(node, ast.Call)
    ]
    assert len(calls) == len(EXPRESSIONS) > 10, calls


@pytest.mark.parametrize(
    "expression",
    [each for each in EXPRESSIONS if each.place.partition(":")[0] not in OUR_OWN],
    ids=lambda each: each.place,
)
def test_no_text_can_be_divided_between_two_loops(expression: Expression) -> None:
    compiled = expression.compiled
    assert not superlinear(compiled.pattern, compiled.flags, anchored=expression.anchored)


PIECES = [*"a0 \t\n\"'[](){}.@:,-_\\é", 'a"', "a.", "[a]", 'x eq "y" and ', "token=", "\\\\"]
HEADS = ["", "a", '"', "emails[", " ", "00-", "0" * 32]
TAILS = ["", "!", "]", '"', "\x00", "@"]


@BY_PLACE
def test_hostile_texts_take_time_in_proportion(expression: Expression) -> None:
    use = expression.compiled.fullmatch if expression.anchored else expression.compiled.search
    for text in ((h, p, t) for h in HEADS for p in PIECES for t in TAILS):
        short, long = (text[0] + text[1] * n + text[2] for n in (125, 1_000))
        use(long)
        if _seconds(use, long) > 1e-3:
            ratio = min(_seconds(use, long) / _seconds(use, short) for _ in range(3))
            assert ratio < 24, (text, ratio)


def _seconds(use: object, text: str) -> float:
    assert callable(use)
    started = thread_time()
    use(text)
    return thread_time() - started + 1e-7


DANGEROUS = [
    r"(a+)+b",
    r"(a|a)*b",
    r"(a|aa)+$",
    r"\s*\s*!",
    r"[a-z]+\w+@",
    r"(?:x\s*)?\s*\s*y",
    r"\s*(?P<name>[A-Za-z$][\w$\-]*)\s*(?:\[(?P<where>.*)\])?\s*(?:\.(?P<sub>\w*))?\s*",
    r"(?:.*,){9}x",
    r"a{1,50}a{1,50}b",
]
HARMLESS = [
    r"a+b+",
    r"\s*a\s*",
    r'"(?:[^"\\]|\\.)*"',
    r"[0-9a-f]{32}[^@]+@[^@]+",
    r"(?:a|b)*c",
    r"[a-z]{1,63}(?:\.[a-z]{1,63})*",
    r"(ab)*a",
]


@pytest.mark.parametrize("pattern", DANGEROUS)
def test_the_rule_finds_what_backtracks(pattern: str) -> None:
    assert superlinear(pattern)


@pytest.mark.parametrize("pattern", HARMLESS)
def test_the_rule_lets_linear_ones_pass(pattern: str) -> None:
    assert not superlinear(pattern)


def test_a_search_begins_anew_at_each_character() -> None:
    assert superlinear(r"\s+$", anchored=False)
    assert not superlinear(r"\s+$")
