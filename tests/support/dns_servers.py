"""Real DNS on free loopback ports: knot serves, unbound validates, dnsdist misbehaves.

    resolvers: unbound (A), unbound (B) ──► knot: acme.test, saas.test, signed.test, bad.test, …
                                        └─► dnsdist ──► knot: fault.test with faults by name

All run as whoever runs the tests, root or not, from Debian's packages
(tools/embedded/apt-test-packages.txt), and die with the test process.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.asyncquery
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

from embedded.ports import free_port
from embedded.processes import die_with_parent
from support import dns_configs as configs

LOOPBACK = "127.0.0.1"
START_SECONDS = 20
PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Ports:
    """Where everybody listens."""

    knot: int
    dnsdist: int
    unbound: tuple[int, int]


class DnsServers:
    """The running servers, and the hands to edit their zones."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: list[subprocess.Popen[bytes]] = []
        taken: list[int] = []
        while len(taken) < 4:
            taken.append(free_port(frozenset(taken)))
        self.ports = Ports(taken[0], taken[1], (taken[2], taken[3]))
        self._keyring = dns.tsigkeyring.from_text({"upd": configs.TSIG_SECRET})

    def start(self) -> "DnsServers":
        """Start all of them and wait until they answer."""
        self._start_knot()
        anchors = self._trust_anchors()
        for index, port in enumerate(self.ports.unbound):
            self._start_unbound(index, port, anchors)
        self._start_dnsdist()
        self._await(self.ports.knot, "acme.test.")
        self._await(self.ports.dnsdist, "fault.test.")
        for port in self.ports.unbound:
            self._await(port, "acme.test.")
            self._await(port, "signed.test.")
        return self

    def stop(self) -> None:
        """Kill what was started."""
        for process in self._running:
            process.kill()
        for process in self._running:
            process.wait(timeout=10)
        self._running.clear()

    @property
    def resolvers(self) -> list[str]:
        """Return the two validating resolvers."""
        return [f"{LOOPBACK}:{port}" for port in self.ports.unbound]

    async def add(self, name: str, *values: str, rdtype: str = "TXT", ttl: int = 60) -> None:
        """Add records; every value is presentation format, TXT strings quoted by the caller."""
        update = self._update(name)
        for value in values:
            update.add(f"{name}.", ttl, rdtype, value)
        await self._send(update)

    async def remove(self, name: str) -> None:
        """Remove everything at a name."""
        update = self._update(name)
        update.delete(f"{name}.")
        await self._send(update)

    def flush(self, *names: str, resolver: int | None = None) -> None:
        """Make resolvers forget what they know at and below names."""
        for index in (0, 1) if resolver is None else (resolver,):
            for name in names:
                self._control(index, "flush_zone", name)

    def _control(self, index: int, *command: str) -> None:
        config = self._directory / f"unbound{index}" / "unbound.conf"
        _run(["unbound-control", "-c", str(config), *command])

    def _update(self, name: str) -> dns.update.UpdateMessage:
        zone = ".".join(name.split(".")[-2:])
        return dns.update.UpdateMessage(
            f"{zone}.", keyring=self._keyring, keyalgorithm=dns.tsig.HMAC_SHA256
        )

    async def _send(self, update: dns.update.UpdateMessage) -> None:
        response = await dns.asyncquery.tcp(update, LOOPBACK, port=self.ports.knot, timeout=10)
        assert response.rcode() == dns.rcode.NOERROR, response.to_text()

    def _start_knot(self) -> None:
        home = self._home("knot")
        (home / "run").mkdir()
        (home / "db").mkdir()
        (home / "zones").mkdir()
        for zone in configs.ZONES:
            (home / "zones" / f"{zone}.zone").write_text(configs.zone_file(zone))
        config = home / "knot.conf"
        config.write_text(configs.knot(home, self.ports.knot))
        self._spawn("knotd", "-c", str(config), home=home)

    def _trust_anchors(self) -> dict[str, str]:
        """Return the signed zones' DS records, one of them spoiled."""
        self._await(self.ports.knot, "signed.test.", "DNSKEY")
        self._await(self.ports.knot, "bad.test.", "DNSKEY")
        config = self._directory / "knot" / "knot.conf"
        anchors = {}
        for zone in ("signed.test", "bad.test"):
            lines = _run(["keymgr", "-c", str(config), zone, "ds"]).splitlines()
            anchors[zone] = next(line for line in lines if " 13 2 " in line)
        head, digest = anchors["bad.test"].rsplit(" ", 1)
        anchors["bad.test"] = f"{head} {digest[::-1]}"
        return anchors

    def _start_unbound(self, index: int, port: int, anchors: dict[str, str]) -> None:
        home = self._home(f"unbound{index}")
        config = home / "unbound.conf"
        # One tells why it fails (RFC 8914), the other one does not, as many do.
        text = configs.unbound(home, port, self.ports, list(anchors.values()), ede=index == 0)
        config.write_text(text)
        self._spawn("unbound", "-d", "-p", "-c", str(config), home=home)

    def _start_dnsdist(self) -> None:
        home = self._home("dnsdist")
        config = home / "dnsdist.conf"
        config.write_text(configs.dnsdist(self.ports.dnsdist, self.ports.knot))
        self._spawn("dnsdist", "-C", str(config), "--supervised", "--disable-syslog", home=home)

    def _home(self, name: str) -> Path:
        home = self._directory / name
        home.mkdir()
        return home

    def _spawn(self, *argv: str, home: Path) -> None:
        command = [_binary(argv[0]), *argv[1:]]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                die_with_parent(command), stdout=log, stderr=subprocess.STDOUT, cwd=home
            )
        self._running.append(process)

    def _await(self, port: int, name: str, rdtype: str = "SOA") -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if _answers(port, name, rdtype):
                return
            if dead := [process for process in self._running if process.poll() is not None]:
                raise RuntimeError(f"{dead[0].args!r} ended:\n{self._logs()}")
            time.sleep(0.05)
        raise RuntimeError(f"{name} {rdtype} was not answered at port {port}:\n{self._logs()}")

    def _logs(self) -> str:
        logs = sorted(self._directory.glob("*/log"))
        return "\n".join(f"--- {log.parent.name}\n{log.read_text()[-2000:]}" for log in logs)


def _answers(port: int, name: str, rdtype: str) -> bool:
    query = dns.message.make_query(name, rdtype)
    try:
        return bool(dns.query.udp(query, LOOPBACK, port=port, timeout=0.5).answer)
    except (dns.exception.DNSException, OSError):
        return False


def _binary(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{PATH}")
    if found is None:
        raise RuntimeError(
            f"{name} is missing: `apt-get install` tools/embedded/apt-test-packages.txt"
        )
    return found


def _run(argv: Sequence[str]) -> str:
    command = [_binary(argv[0]), *argv[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def closed_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
