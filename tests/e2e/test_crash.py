"""Workers that get SIGKILL in the middle of a cycle cost time and nothing else."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.stack import Stack, started_stack, temporary_data_directory
from e2e.jobs import TenantJob
from embedded.ports import free_port
from entra_sandbox.dialect import Dialect

pytestmark = pytest.mark.timeout(300)

USERS, GROUPS = 60, 4
KILL_AFTER_REQUESTS = 130
"""Amid the creation of users."""


@contextmanager
def data_and_ports() -> Iterator[tuple[Path, dict[str, str]]]:
    """A data directory, and ports that stay the same after a restart, as Entra's URL does."""
    scim = free_port()
    directory = free_port(frozenset({scim}))
    with temporary_data_directory() as data:
        yield data, {"SCIM_HTTP_PORT": str(scim), "DIRECTORY_HTTP_PORT": str(directory)}


async def provision(job: TenantJob) -> None:
    async with job.engine.job.client:
        await job.engine.cycle(initial=True)


def wait_for_requests(job: TenantJob, running: "Future[None]") -> None:
    deadline = time.monotonic() + 30
    while job.engine.job.client.request_log.requests < KILL_AFTER_REQUESTS:
        assert not running.done(), "the cycle ended before anything was killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def kill_workers(stack: Stack) -> None:
    workers = [("scim", "scim-work"), ("tenant-directory", "tenant-directory-work")]
    for pid in [stack.process_id(*worker) for worker in workers]:
        os.kill(pid, signal.SIGKILL)


def test_killed_workers_lose_and_repeat_nothing() -> None:
    with data_and_ports() as (data, ports), ThreadPoolExecutor(1) as threads:
        with started_stack(data, apart=True, env=ports) as stack:
            tenant = stack.make_tenant("crash")
            job = TenantJob.of(stack, tenant, Dialect.COMPACT, users=USERS, groups=GROUPS)
            job.engine.retries = 8
            running = threads.submit(asyncio.run, provision(job))
            wait_for_requests(job, running)
            kill_workers(stack)
        with started_stack(data, apart=True, env=ports):
            running.result(timeout=90)
            assert job.engine.ok, job.errors()
            assert job.engine.retry_queue.failures > 0, (
                "nothing was under way when the workers died"
            )
            asyncio.run(job.assert_equal())
