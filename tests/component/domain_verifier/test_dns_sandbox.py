"""The demo's DNS zone, asked by the verifier's own resolver code."""

import dataclasses
from collections.abc import AsyncIterator

import httpx
import pytest

from dns_sandbox.control import control_app
from dns_sandbox.server import serving
from dns_sandbox.zone import Zone
from domain_verifier.dns.resolver import Timeouts
from domain_verifier.domain.evidence import Evidence, Outcome, Reason
from domain_verifier.domain.explanation import Subject
from support.dns_probing import NAMES, TOKEN, make_prober

NAME = "_portico-challenge.acme.test"


@dataclasses.dataclass
class Sandbox:
    """A running zone with its control API."""

    http: httpx.AsyncClient
    addresses: list[str]

    async def put(self, path: str, **body: object) -> None:
        response = await self.http.put(path, json=body)
        assert response.status_code == 204, response.text

    async def probe(self) -> Evidence:
        subject = Subject(NAMES.parse("acme.test"), TOKEN)
        timeouts = Timeouts(attempt=1.0, attempts=2, total=3.0)
        return await make_prober(self.addresses, timeouts=timeouts).probe(subject, explain=True)


VALUE = f"token={TOKEN} expiry=never"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    zone = Zone()
    transport = httpx.ASGITransport(app=control_app(zone))
    async with (
        serving(zone, host="127.0.0.1", ports=[0, 0]) as ports,
        httpx.AsyncClient(transport=transport, base_url="http://dns") as http,
    ):
        yield Sandbox(http, [f"127.0.0.1:{port}" for port in ports])


async def test_first_nothing_then_the_record(sandbox: Sandbox) -> None:
    missing = await sandbox.probe()
    assert (missing.outcome, missing.reason) == (Outcome.ABSENT, Reason.NO_RECORD)
    await sandbox.put(f"/records/{NAME}", values=["v=other", VALUE])
    assert (await sandbox.probe()).outcome is Outcome.PRESENT
    await sandbox.http.delete(f"/records/{NAME}")
    assert (await sandbox.probe()).outcome is Outcome.ABSENT


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        ({"fault": "delay", "seconds": 0.1}, Outcome.PRESENT, Reason.MATCHED),
        ({"fault": "delay", "seconds": 5}, Outcome.UNKNOWN, Reason.TIMEOUT),
        ({"fault": "drop"}, Outcome.UNKNOWN, Reason.TIMEOUT),
        ({"fault": "servfail"}, Outcome.UNKNOWN, Reason.SERVFAIL),
        ({"fault": "refused"}, Outcome.UNKNOWN, Reason.REFUSED),
        ({"fault": "truncate"}, Outcome.PRESENT, Reason.MATCHED),
    ],
)
async def test_faults_come_and_go(
    sandbox: Sandbox, fault: dict[str, object], outcome: Outcome, reason: Reason
) -> None:
    await sandbox.put(f"/records/{NAME}", values=[VALUE])
    await sandbox.put("/faults/acme.test", **fault)
    evidence = await sandbox.probe()
    assert (evidence.outcome, evidence.reason) == (outcome, reason)
    await sandbox.http.delete("/faults/acme.test")
    assert (await sandbox.probe()).outcome is Outcome.PRESENT


async def test_wildcards_and_aliases(sandbox: Sandbox) -> None:
    await sandbox.put("/records/*.acme.test", values=[VALUE])
    assert (await sandbox.probe()).reason is Reason.WILDCARD
    await sandbox.put(f"/records/{NAME}", type="CNAME", values=["proof.saas.test."])
    assert (await sandbox.probe()).reason is Reason.CNAME_BROKEN
    await sandbox.put("/records/proof.saas.test", values=[VALUE])
    assert (await sandbox.probe()).reason is Reason.FOREIGN_CNAME


async def test_long_answers_come_over_tcp(sandbox: Sandbox) -> None:
    filler = [f"{number:02d}" + "x" * 250 for number in range(40)]
    await sandbox.put(f"/records/{NAME}", values=[*filler, VALUE])
    evidence = await sandbox.probe()
    assert evidence.outcome is Outcome.PRESENT
    assert len(evidence.observations[0].answer.values) == 41


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/records/acme.com", {"values": ["x"]}),
        ("/records/acme.test", {"type": "NOPE", "values": ["x"]}),
        ("/records/acme.test", {"type": "A", "values": ["x"]}),
        ("/records/acme.test", {"values": "x"}),
        ("/faults/acme.test", {"fault": "explode"}),
    ],
)
async def test_what_is_no_record_is_refused(
    sandbox: Sandbox, path: str, body: dict[str, object]
) -> None:
    response = await sandbox.http.put(path, json=body)
    assert response.status_code == 422
    assert response.json()["error"]
    assert (await sandbox.http.get("/zone")).json() == []
