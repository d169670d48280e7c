"""The zone: records and faults in memory.

Look-ups follow RFC 1034 §4.3.2 and RFC 4592: aliases within the zone are followed, and a wildcard
answers only for names that do not exist.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

MAX_CHAIN = 16


class FaultKind(StrEnum):
    """How a name misbehaves."""

    DELAY = "delay"
    DROP = "drop"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TRUNCATE = "truncate"
    """UDP answers are cut short, so that the client has to come back over TCP."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A misbehaviour of a name and all names below it."""

    kind: FaultKind
    seconds: float = 0.0
    """How long a delay takes."""


@dataclass(frozen=True, slots=True)
class LookupResult:
    """What a look-up found: a chain of aliases, then records, nothing, or no such name."""

    rrsets: tuple[dns.rrset.RRset, ...]
    exists: bool
    inside: bool = True
    """False: the name, or an alias's target, is outside the zone."""


@dataclass
class Zone:
    """One zone, by default `test`."""

    origin: dns.name.Name = field(default_factory=lambda: dns.name.from_text("test."))
    negative_ttl: int = 5
    ttl: int = 5
    _records: dict[dns.name.Name, dict[dns.rdatatype.RdataType, list[dns.rdata.Rdata]]] = field(
        default_factory=dict
    )
    _faults: dict[dns.name.Name, Fault] = field(default_factory=dict)
    _names: Counter[dns.name.Name] = field(default_factory=Counter)
    """Every name that exists, those between records and the zone's origin included."""

    def publish(self, name: str, rdtype: str, values: list[str]) -> None:
        """Replace the records of a type at a name; raises ValueError for what is no record."""
        owner = self._inside(name)
        kind = _type(rdtype)
        records = [_record(kind, value) for value in values]
        alias = dns.rdatatype.CNAME
        others = set(self._records.get(owner, {})) - {kind}
        if others and (kind is alias or alias in others):
            raise ValueError("a CNAME stands alone at its name: remove the other records first")
        if owner not in self._records:
            self._names.update(_upwards(owner))
        self._records.setdefault(owner, {})[kind] = records

    def remove(self, name: str, rdtype: str | None = None) -> None:
        """Remove the records at a name, all or those of a type."""
        owner = self._inside(name)
        at_name = self._records.get(owner)
        if at_name is None:
            return
        if rdtype is not None:
            at_name.pop(_type(rdtype), None)
        if rdtype is None or not at_name:
            del self._records[owner]
            self._names.subtract(_upwards(owner))

    def set_fault(self, name: str, fault: Fault | None) -> None:
        """Let a name and all below it misbehave, or behave again."""
        owner = self._inside(name)
        if fault is None:
            self._faults.pop(owner, None)
        else:
            self._faults[owner] = fault

    def fault_of(self, name: dns.name.Name) -> Fault | None:
        """Return the fault of the nearest name at or above."""
        return next(
            (self._faults[above] for above in _upwards(name) if above in self._faults), None
        )

    def find(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> LookupResult:
        """Look a name up."""
        rrsets: list[dns.rrset.RRset] = []
        for _ in range(MAX_CHAIN):
            if not name.is_subdomain(self.origin):
                return LookupResult(tuple(rrsets), exists=True, inside=False)
            at_name = self._at(name)
            if at_name is None:
                return LookupResult(tuple(rrsets), exists=False)
            if records := at_name.get(rdtype):
                return LookupResult((*rrsets, self._rrset(name, records)), exists=True)
            aliases = at_name.get(dns.rdatatype.CNAME)
            if not aliases:
                return LookupResult(tuple(rrsets), exists=True)
            rrsets.append(self._rrset(name, aliases))
            name = aliases[0].target  # type: ignore[attr-defined]
        return LookupResult(tuple(rrsets), exists=True)

    def soa(self, name: dns.name.Name) -> dns.rrset.RRset:
        """Return the SOA for a denial of a name; its last field is the negative TTL (RFC 2308).

        As at a DNS provider, every name one label below the origin is a customer's own zone.
        """
        customers = min(len(name.labels), len(self.origin.labels) + 1)
        apex = name.split(customers)[1]
        text = f"ns.{self.origin} admin.{self.origin} 1 3600 600 86400 {self.negative_ttl}"
        return dns.rrset.from_text(apex, self.negative_ttl, "IN", "SOA", text)

    def records(self) -> list[dict[str, object]]:
        """Return everything that is published."""
        return [
            {
                "name": owner.to_text(omit_final_dot=True),
                "type": dns.rdatatype.to_text(kind),
                "values": [record.to_text() for record in records],
            }
            for owner, at_name in sorted(self._records.items())
            for kind, records in at_name.items()
        ]

    def _at(
        self, name: dns.name.Name
    ) -> dict[dns.rdatatype.RdataType, list[dns.rdata.Rdata]] | None:
        """Return what is at a name, a wildcard's records included; None if it does not exist."""
        if name in self._records:
            return self._records[name]
        if self._exists(name):
            return {}
        encloser = next((above for above in _upwards(name.parent()) if self._exists(above)), None)
        if encloser is None:
            return None
        return self._records.get(dns.name.from_text("*", encloser))

    def _exists(self, name: dns.name.Name) -> bool:
        return name == self.origin or self._names[name] > 0

    def _rrset(self, name: dns.name.Name, records: list[dns.rdata.Rdata]) -> dns.rrset.RRset:
        return dns.rrset.from_rdata_list(name, self.ttl, records)

    def _inside(self, name: str) -> dns.name.Name:
        try:
            owner = dns.name.from_text(name)
        except dns.exception.DNSException as error:
            raise ValueError(f"{name!r} is no DNS name: {error}") from error
        if not owner.is_subdomain(self.origin):
            raise ValueError(f"{name} is not in the zone {self.origin}")
        return owner


def _upwards(name: dns.name.Name) -> Iterator[dns.name.Name]:
    while True:
        yield name
        if name == dns.name.root:
            return
        name = name.parent()


def _type(text: str) -> dns.rdatatype.RdataType:
    try:
        return dns.rdatatype.from_text(text)
    except dns.exception.DNSException as error:
        raise ValueError(f"{text!r} is no record type") from error


def _record(kind: dns.rdatatype.RdataType, value: str) -> dns.rdata.Rdata:
    quoted = value
    if kind is dns.rdatatype.TXT and not value.startswith('"'):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        quoted = " ".join(f'"{escaped[i : i + 255]}"' for i in range(0, len(escaped) or 1, 255))
    try:
        return dns.rdata.from_text(
            dns.rdataclass.IN, kind, quoted, origin=dns.name.root, relativize=False
        )
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(
            f"{value!r} is no {dns.rdatatype.to_text(kind)} record: {error}"
        ) from error
