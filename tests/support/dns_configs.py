"""Configuration of the DNS servers for tests (support.dns_servers)."""

from pathlib import Path
from typing import Protocol

TSIG_SECRET = "c2VjcmV0LWZvci10ZXN0cy1vbmx5LXNlY3JldA=="
SIGNED = ("signed.test", "bad.test")
ZONES = ("test", "acme.test", "saas.test", "signed.test", "bad.test", "fault.test")
# Served without a zone file, so knot answers SERVFAIL.
BROKEN = "broken.test"
SOA_MINIMUM = 5
MAX_NEGATIVE_TTL = 3


class _Ports(Protocol):
    @property
    def knot(self) -> int: ...
    @property
    def dnsdist(self) -> int: ...


def zone_file(zone: str) -> str:
    """Return an otherwise empty zone with a short negative TTL."""
    soa = f"@ SOA ns.{zone}. admin.{zone}. 1 3600 600 86400 {SOA_MINIMUM}"
    lines = [f"$ORIGIN {zone}.", "$TTL 60", soa, f"@ NS ns.{zone}.", "ns A 127.0.0.1"]
    if zone == "test":
        lines += [f"{child}. NS ns.{child}." for child in (*ZONES, BROKEN) if child != zone]
        lines += [f"ns.{child}. A 127.0.0.1" for child in (*ZONES, BROKEN) if child != zone]
    return "\n".join(lines) + "\n"


def knot(home: Path, port: int) -> str:
    """Serve the zones, take dynamic updates, sign two of them."""
    zones = "".join(
        f"  - domain: {zone}\n    acl: upd\n"
        + ("    dnssec-signing: on\n" if zone in SIGNED else "")
        for zone in (*ZONES, BROKEN)
    )
    return f"""
server:
    rundir: {home}/run
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {home}/db
control:
    listen: {home}/run/knot.sock
log:
  - target: stderr
    any: info
key:
  - id: upd
    algorithm: hmac-sha256
    secret: {TSIG_SECRET}
acl:
  - id: upd
    key: upd
    action: update
template:
  - id: default
    storage: {home}/zones
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
zone:
{zones}"""


def unbound(home: Path, port: int, ports: _Ports, anchors: list[str], *, ede: bool) -> str:
    """Resolve and validate; nothing ever leaves loopback, for the root is stubbed too."""
    stubs = {zone: ports.knot for zone in (".", *ZONES, BROKEN)} | {"fault.test": ports.dnsdist}
    stub_lines = "".join(
        f'stub-zone:\n  name: "{zone}"\n  stub-addr: 127.0.0.1@{at}\n' for zone, at in stubs.items()
    )
    anchor_lines = "".join(f'  trust-anchor: "{anchor}"\n' for anchor in anchors)
    return f"""
server:
  interface: 127.0.0.1
  port: {port}
  do-ip6: no
  num-threads: 1
  use-syslog: no
  chroot: ""
  username: ""
  directory: "{home}"
  pidfile: ""
  module-config: "validator iterator"
  do-not-query-localhost: no
  local-zone: "test." nodefault
  access-control: 127.0.0.0/8 allow
  cache-max-negative-ttl: {MAX_NEGATIVE_TTL}
  infra-host-ttl: 0
  ede: {"yes" if ede else "no"}
{anchor_lines}remote-control:
  control-enable: yes
  control-interface: {home}/control.sock
  control-use-cert: no
{stub_lines}"""


def dnsdist(port: int, backend: int) -> str:
    """Pass everything on, except that names below some labels meet a fault."""
    return f"""
setSecurityPollSuffix("")
setACL({{"127.0.0.0/8"}})
setLocal("127.0.0.1:{port}")
newServer({{address="127.0.0.1:{backend}", healthCheckMode="up"}})
addAction("drop.fault.test.", DropAction())
addAction("servfail.fault.test.", RCodeAction(DNSRCode.SERVFAIL))
addAction("refused.fault.test.", RCodeAction(DNSRCode.REFUSED))
addAction("slow.fault.test.", DelayAction(1500))
local cut = newSuffixMatchNode()
cut:add(newDNSName("trunc.fault.test."))
addAction(AndRule({{SuffixMatchNodeRule(cut), TCPRule(false)}}), TCAction())
"""
