"""Finds entries of multi-valued attributes: each text is folded once, each list is read once.

Whatever a body names, an operation costs as much as there are entries and values, never their
product.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from kernel.names import comparison_key
from scim.protocol.operations import Condition
from scim.protocol.schema import Attribute
from scim.protocol.tolerances import Reading
from scim.protocol.values import is_empty

Entry = dict[str, Any]
Key = tuple[Any, ...]

_VISIT_STEPS = 2
_BYTES_PER_STEP = 256


class Finder:
    """Compares entries for one request."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._folded: dict[str, str] = {}

    def selected(self, entries: Sequence[Entry], where: Sequence[Condition]) -> list[Entry]:
        """Return the entries that fulfil every condition."""
        return [entry for entry, fits in self._judged(entries, where) if fits]

    def without(self, entries: Sequence[Entry], where: Sequence[Condition]) -> list[Entry]:
        """Return the entries that do not fulfil every condition."""
        return [entry for entry, fits in self._judged(entries, where) if not fits]

    def not_named(
        self, attribute: Attribute, entries: Sequence[Entry], values: Sequence[Entry]
    ) -> list[Entry]:
        """Return the entries that none of the values to be removed names."""
        named: dict[tuple[str, ...], set[Key]] = {}
        for value in values:
            names = _names_of(value)
            named.setdefault(names, set()).add(self._key(attribute, value, names))
        self._reading.spend(_VISIT_STEPS * (len(values) + len(entries) * len(named)))
        return [
            entry
            for entry in entries
            if not any(self._key(attribute, entry, names) in keys for names, keys in named.items())
        ]

    def add(self, entries: list[Entry], attribute: Attribute, added: Sequence[Entry]) -> None:
        """Put each added entry beside those there are, or into the one that has its value."""
        self._reading.spend(_VISIT_STEPS * (len(entries) + len(added)))
        index = _Index(self, attribute, entries)
        primaries = [entry for entry in entries if entry.get("primary") is True]
        for each in added:
            present = index.find(each)
            if present is None:
                present = {}
                entries.append(present)
            present.update(each)
            index.keep(present)
            if present.get("primary") is True:
                primaries = _give_primary(present, primaries)

    def length(self, value: Entry) -> int:
        """Return how many steps it takes to write a value."""
        return 1 + sum(len(v) for v in value.values() if isinstance(v, str)) // _BYTES_PER_STEP

    def key(self, sub: Attribute, value: Any) -> Any:
        """Return what a value is compared by; without one, primary is false (RFC 7643 §2.4)."""
        if value is None and sub.type == "boolean":
            return False
        if sub.case_exact or not isinstance(value, str):
            return value
        folded = self._folded.get(value)
        if folded is None:
            folded = self._folded[value] = comparison_key(value)
        return folded

    def _key(self, attribute: Attribute, entry: Entry, names: Iterable[str]) -> Key:
        return tuple(self.key(attribute.subs[n.lower()], entry.get(n)) for n in names)

    def _judged(
        self, entries: Sequence[Entry], where: Sequence[Condition]
    ) -> list[tuple[Entry, bool]]:
        self._reading.spend(_VISIT_STEPS * len(entries) * len(where))
        wanted = [(c.sub, c.sub.name, self.key(c.sub, c.value)) for c in where]
        return [
            (entry, all(self.key(sub, entry.get(name)) == key for sub, name, key in wanted))
            for entry in entries
        ]


class _Index:
    """Entries by their value, and those without one by all that they have."""

    def __init__(self, finder: Finder, attribute: Attribute, entries: Iterable[Entry]) -> None:
        self._finder = finder
        self._subs = attribute.subs
        self._by_value: dict[Any, dict[Any, Entry]] = {}
        self._by_content: dict[frozenset[tuple[str, Any]], Entry] = {}
        for entry in entries:
            self.keep(entry)

    def find(self, added: Entry) -> Entry | None:
        """Find an entry with the same value, of the same type if the added one says it."""
        if "value" not in added:
            return self._by_content.get(frozenset(added.items()))
        by_type = self._by_value.get(self._key("value", added), {})
        if "type" in added:
            return by_type.get(self._key("type", added))
        return next(iter(by_type.values()), None)

    def keep(self, entry: Entry) -> None:
        """Make an entry be found; the first of several that are the same is."""
        if "value" not in entry:
            self._by_content.setdefault(frozenset(entry.items()), entry)
            return
        by_type = self._by_value.setdefault(self._key("value", entry), {})
        by_type.setdefault(self._key("type", entry), entry)

    def _key(self, name: str, entry: Entry) -> Any:
        sub = self._subs.get(name)
        return None if sub is None else self._finder.key(sub, entry.get(name))


def keep_one_primary(entries: Iterable[Entry], changed: Iterable[Entry]) -> None:
    """Let a new primary entry take that from the others; one without content takes nothing."""
    changed = list(changed)
    if not any(e.get("primary") is True and not is_empty(e) for e in changed):
        return
    kept = {id(entry) for entry in changed}
    for entry in entries:
        if entry.get("primary") is True and id(entry) not in kept:
            entry["primary"] = False


def _give_primary(entry: Entry, primaries: list[Entry]) -> list[Entry]:
    """Take primary from the others, and return the entries that have it now."""
    if is_empty(entry):
        return [*primaries, entry]
    keep_one_primary(primaries, [entry])
    return [entry]


def _names_of(given: Entry) -> tuple[str, ...]:
    """Return what of a value names an entry: its value and type, or all that it has."""
    return tuple(n for n in ("value", "type") if n in given) if "value" in given else tuple(given)
