"""Apache Kafka in KRaft mode, one node, from its Maven jars on the Java virtual machine.

The settings are those of a small broker that is ready fast: one replica of everything, no wait
before a consumer group's first assignment, a log cleaner that needs little memory.
"""

import base64
import secrets
import shutil
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from embedded.errors import EmbeddedError
from embedded.jars import jar_directory
from embedded.logs import Logs
from embedded.ports import HOST
from embedded.private import private_directory, private_file
from embedded.processes import Command, Process
from embedded.waiting import until_ready

KAFKA_VERSION = "4.3.1"
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}/log
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=2097152
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""
JVM = [
    "-Xms128m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
]


class KafkaBroker:
    """One broker that is its own controller, on one data directory.

    `settings` are lines of its properties, `format_options` those of the first formatting.
    """

    def __init__(
        self,
        *,
        data: Path,
        port: int,
        controller_port: int,
        logs: Logs,
        settings: str = "",
        format_options: Sequence[str] = (),
        started: Callable[[Process], None] = lambda _: None,
    ) -> None:
        self._data = data
        self._port = port
        self._controller_port = controller_port
        self._logs = logs
        self._settings = settings
        self._format_options = format_options
        broker = self._java("kafka.Kafka", str(self._properties))
        self.process = Process(broker, logs, started=started)

    @property
    def bootstrap(self) -> str:
        """Return the address that clients ask first."""
        return f"{HOST}:{self._port}"

    @property
    def _properties(self) -> Path:
        return self._data / "server.properties"

    async def start(self, *, within: float = 60) -> None:
        """Start the broker and wait until it is registered, formatting its storage at first."""
        if not jar_directory().exists():
            raise EmbeddedError("Apache Kafka's jars are missing. Run `make setup`.")
        private_directory(self._data)
        private_file(self._properties).write_text(
            PROPERTIES.format(
                host=HOST,
                port=self._port,
                controller_port=self._controller_port,
                data=self._data,
            )
            # Of a setting that stands twice the last counts.
            + self._settings
        )
        if not (self._data / "log" / "meta.properties").exists():
            await self._format()
        await self.process.start()
        await until_ready(self.process, self._answers, within=within)

    async def stop(self) -> None:
        """Stop it cleanly."""
        await self.process.stop(within=20)

    async def _format(self) -> None:
        shutil.rmtree(self._data / "log", ignore_errors=True)
        cluster = base64.urlsafe_b64encode(b"\x00" + secrets.token_bytes(15)).decode().rstrip("=")
        arguments = ["format", "--standalone", "-t", cluster, "-c", str(self._properties)]
        arguments += self._format_options
        await Process(self._java("kafka.tools.StorageTool", *arguments), self._logs).run(within=60)

    def _java(self, main: str, *arguments: str) -> Command:
        return Command("kafka", ["java", *JVM, "-cp", f"{jar_directory()}/*", main, *arguments])

    async def _answers(self) -> bool:
        if not self._listens():
            return False
        client = AIOKafkaClient(bootstrap_servers=self.bootstrap, request_timeout_ms=2000)
        try:
            await client.bootstrap()
            return bool(client.cluster.brokers())
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()

    def _listens(self) -> bool:
        """Ask the port first: aiokafka logs an error for every refused connection."""
        try:
            socket.create_connection((HOST, self._port), timeout=0.5).close()
        except OSError:
            return False
        return True
