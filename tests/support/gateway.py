"""What the gateway's Caddyfile says: which paths go to which service, and which limits hold."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from support.repository import ROOT

CADDYFILE = ROOT / "deploy/gateway/Caddyfile"

_MATCHER = re.compile(r"^\t(@[\w-]+) path (.+)$", re.MULTILINE)
_HANDLE = re.compile(r"^\thandle(?: (\S+))? \{\n(.*?)^\t\}$", re.MULTILINE | re.DOTALL)
_IMPORT = re.compile(r"^\t\timport upstream (\S+) (\d+)$", re.MULTILINE)
_UNITS = {"s": 1, "kb": 1_000, "MB": 1_000_000}


@dataclass(frozen=True)
class Upstream:
    """Where requests go."""

    service: str
    port: int


@dataclass(frozen=True)
class Gateway:
    """The file, read."""

    text: str

    @classmethod
    def read(cls, path: Path = CADDYFILE) -> "Gateway":
        return cls(re.sub(r"^\s*#.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE))

    @property
    def routes(self) -> list[tuple[str, Upstream | None]]:
        """Patterns of paths in their order, and where they go; None is answered by the gateway."""
        named = dict(_MATCHER.findall(self.text))
        routes: list[tuple[str, Upstream | None]] = []
        for matcher, body in _HANDLE.findall(self.text):
            imported = _IMPORT.search(body)
            upstream = Upstream(imported[1], int(imported[2])) if imported else None
            routes += [(each, upstream) for each in named.get(matcher, matcher or "*").split()]
        return routes

    def upstream(self, path: str) -> Upstream | None:
        """Return where a path goes."""
        return next(to for pattern, to in self.routes if fnmatchcase(path, pattern))

    def value(self, name: str) -> float:
        """Return the only value of a directive, in seconds or bytes."""
        [(number, unit)] = re.findall(rf"^\s*{name} (\d+)(\w+)$", self.text, re.MULTILINE)
        return float(number) * _UNITS[unit]
