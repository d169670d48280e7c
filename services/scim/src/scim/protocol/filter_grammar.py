"""The grammar of filters (RFC 7644 §3.4.2.2), as far as Entra speaks it: `eq`, `and`, parentheses.

Reads leniently what clients send beyond the ABNF: literals in single quotes or without any, a
comparison behind a value path (`emails[type eq "work"].value eq "x"`), backslashes nobody escaped.
A literal in any other quotes is refused, for it would be compared with them. The result is a tree
of `Comparison` and `And`; a further operator is one more node and one more case in each visitor.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import orjson

from scim.domain.errors import ScimError, invalid_filter
from scim.protocol.tolerances import Reading, Tolerance

MAX_LENGTH = 4_096
MAX_TERMS = 20
MAX_DEPTH = 8

_TOKEN = re.compile(
    r"""\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([()\[\]])|([^\s()\[\]"]+))""", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z$][\w$:.\-]*")
_ESCAPED = re.compile(r"\\(['\\])")
_BRACKETS = frozenset("()[]")
_OTHER_QUOTES = frozenset(
    "'`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"
)
_BARE_WORDS = frozenset({"true", "false", "null"})
_OTHER_OPERATORS = frozenset({"ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"})


@dataclass(frozen=True, slots=True)
class Literal:
    """The right side of a comparison; an unquoted one may be a keyword or text."""

    text: str
    quoted: bool

    @property
    def is_null(self) -> bool:
        """Whether it is the literal null."""
        return not self.quoted and self.text.lower() == "null"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path[where].sub eq value`; a value path that stands alone has no value."""

    path: str
    value: Literal | None
    where: "Expression | None" = None
    sub: str | None = None


@dataclass(frozen=True, slots=True)
class And:
    """Both sides hold."""

    left: "Expression"
    right: "Expression"


Expression = Comparison | And


def parse_expression(text: str, reading: Reading) -> Expression:
    """Read a whole filter."""
    if len(text) > MAX_LENGTH:
        raise invalid_filter(f"The filter is longer than {MAX_LENGTH} characters.")
    return _Parser(text, reading).parse()


def comparisons(expression: Expression) -> Iterator[Comparison]:
    """Visit the comparisons of a conjunction from left to right."""
    if isinstance(expression, And):
        yield from comparisons(expression.left)
        yield from comparisons(expression.right)
    else:
        yield expression


class _Parser:
    def __init__(self, text: str, reading: Reading) -> None:
        self._text = text
        self._reading = reading
        self._tokens = _tokens(text)
        self._at = 0
        self._terms = 0

    def parse(self) -> Expression:
        expression = self._conjunction(0)
        if self._at < len(self._tokens):
            self._refuse_rest()
        return expression

    def _conjunction(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise invalid_filter(f"The filter nests deeper than {MAX_DEPTH} levels.")
        left = self._term(depth)
        while self._peek().lower() == "and":
            self._at += 1
            left = And(left, self._term(depth))
        return left

    def _term(self, depth: int) -> Expression:
        if self._peek() == "(":
            self._at += 1
            inner = self._conjunction(depth + 1)
            self._expect(")")
            return inner
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise invalid_filter(f"The filter has more than {MAX_TERMS} comparisons.")
        return self._comparison(depth)

    def _comparison(self, depth: int) -> Comparison:
        path = self._next("an attribute name")
        if not _NAME.fullmatch(path):
            raise self._unreadable(f"{path!r} is no attribute name")
        if path.lower() == "not":
            _refuse_operator("not")
        if self._peek() != "[":
            return Comparison(path, self._value(path))
        self._at += 1
        where = self._conjunction(depth + 1)
        self._expect("]")
        sub = self._sub()
        if sub is None and not self._peek_is_operator():
            return Comparison(path, None, where)
        return Comparison(path, self._value(path), where, sub)

    def _sub(self) -> str | None:
        token = self._peek()
        if not token.startswith("."):
            return None
        self._at += 1
        if not _NAME.fullmatch(token[1:]):
            raise self._unreadable(f"{token!r} is no sub-attribute")
        return token[1:]

    def _peek_is_operator(self) -> bool:
        return self._peek().lower() in _OTHER_OPERATORS | {"eq"}

    def _value(self, path: str) -> Literal:
        operator = self._next(f"an operator after {path!r}").lower()
        if operator in _OTHER_OPERATORS:
            _refuse_operator(operator)
        if operator != "eq":
            raise self._unreadable(f"{operator!r} is no operator")
        token = self._next("a value after 'eq'")
        if token in _BRACKETS:
            raise self._unreadable(f"{token!r} is no value")
        return self._literal(token)

    def _literal(self, token: str) -> Literal:
        quoted = token[0] == '"' or (token[0] == "'" == token[-1] and len(token) > 1)
        if token[0] != '"' and token.lower() not in _BARE_WORDS:
            self._reading.tolerate(Tolerance.ODD_QUOTES, self._text)
        if not quoted and token[0] in _OTHER_QUOTES:
            raise self._unreadable(f"put the value in double quotes, not {token[0]}")
        literal = Literal(_unquoted(token), True) if quoted else Literal(token, False)
        if "\x00" in literal.text:
            raise invalid_filter(
                "The filter compares with a NUL character, which no value contains."
            )
        return literal

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self, expected: str) -> str:
        token = self._peek()
        if not token:
            raise self._unreadable(f"{expected} is missing")
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if self._peek() != token:
            self._refuse_rest(f"{token!r} is missing")
        self._at += 1

    def _refuse_rest(self, reason: str | None = None) -> NoReturn:
        token = self._peek()
        if token.lower() == "or":
            _refuse_operator("or")
        raise self._unreadable(reason or f"{token!r} was not expected; quote values with spaces")

    def _unreadable(self, reason: str) -> ScimError:
        return invalid_filter(f"The filter {self._text[:200]!r} cannot be read: {reason}.")


def _refuse_operator(operator: str) -> NoReturn:
    raise invalid_filter(
        f"The filter operator '{operator}' is not supported; use 'eq', combined with 'and'."
    )


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise invalid_filter(f"The filter {text[:200]!r} has a quote that does not end.")
        tokens.append(match.group(match.lastindex or 0))
        at = match.end()
    return tokens


def _unquoted(token: str) -> str:
    if token[0] == "'":
        return _ESCAPED.sub(r"\1", token[1:-1])
    try:
        text: str = orjson.loads(token)
    except orjson.JSONDecodeError:
        return token[1:-1].replace('\\"', '"')
    return text
