"""What every service on the bus runs, put together once.

The relay comes first, then the signal, then the consumer, so that on the way down each ends before
what it feeds. The signal runs in every process, since each of them may write to the outbox.
"""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg

from chassis.bus import account_of
from chassis.denied import DenyFeed, DenyList
from chassis.http import Application
from chassis.inbox import Consumer, DeletedVersions, Subscription
from chassis.loops import Loop
from chassis.observe import Poll
from chassis.outbox import OutboxSignal, Relay, outbox_poll
from chassis.service.parts import Mode, Parts
from chassis.service.readiness import broker_checks, database_checks, denied_checks
from chassis.service.retention import retention
from chassis.settings import ChassisSettings
from contracts.topics import TOPICS


def on_the_bus(
    settings: ChassisSettings,
    mode: Mode,
    *,
    name: str,
    package: str,
    pool: asyncpg.Pool,
    signal: OutboxSignal,
    subscriptions: Sequence[Subscription],
    app: Application,
    gather_bytes: int = 1,
    work_loops: Sequence[Loop] = (),
    serve_loops: Sequence[Loop] = (),
    polls: Sequence[Poll] = (),
    denied: DenyList | None = None,
) -> Parts:
    """Return what a process of the service runs in this mode.

    Without a broker, events wait in the outbox: a process that answers HTTP stays ready and says
    that it is degraded; only one that does nothing but work is not ready.

    Args:
        settings: The service's.
        mode: What the process does.
        name: The service's name, `tenant-directory`.
        package: The package that holds the service's migrations.
        pool: The service's database.
        signal: The one that the service's storage notifies when it has committed events.
        subscriptions: What the service's consumer listens to, one for each topic.
        app: The HTTP application.
        gather_bytes: What is worth waking the consumer for; less than that comes half a second
            late.
        work_loops: The service's own loops of a process that works.
        serve_loops: Those of a process that answers HTTP.
        polls: The service's own gauges, read by a process that works.
        denied: The deny list of what checks access tokens, fed in a process that answers HTTP,
            which is not ready before it knows who is out.
    """
    signal_loop = Loop("outbox-signal", lambda: signal.run(settings.database_url), silence=0)
    loops = [signal_loop]
    account = account_of(settings)
    if mode.works:
        relay = Relay(
            dsn=settings.database_url,
            bootstrap=settings.kafka_bootstrap_servers,
            account=account,
            source=f"/services/{name}",
            signal=signal,
            keep_sent=timedelta(hours=settings.sent_events_hours),
        )
        consumer = Consumer(
            group=name,
            subscriptions=subscriptions,
            pool=pool,
            bootstrap=settings.kafka_bootstrap_servers,
            account=account,
            gather_bytes=gather_bytes,
            signal=signal,
        )
        versions = DeletedVersions(pool, timedelta(days=settings.deleted_versions_days))
        loops = [
            Loop("relay", relay.run),
            signal_loop,
            Loop("consumer", consumer.run),
            retention("deleted-versions", versions.forget),
            *work_loops,
        ]
    if mode.serves:
        loops += serve_loops
        if denied is not None:
            feed = DenyFeed(denied, settings.kafka_bootstrap_servers, account)
            loops.append(Loop("denied", feed.run))
    return Parts(
        app=app,
        loops=loops,
        checks=[
            *database_checks(pool, settings.database_url, package),
            *broker_checks(
                settings.kafka_bootstrap_servers,
                list(TOPICS),
                account=account,
                essential=not mode.serves,
            ),
            *(denied_checks(denied) if denied is not None and mode.serves else ()),
        ],
        polls=[outbox_poll(pool), *polls] if mode.works else (),
    )
