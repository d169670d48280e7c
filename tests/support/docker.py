"""PostgreSQL and Kafka from testcontainers, where a Docker engine answers."""

import os
import subprocess

# Its image is not on every machine; the server process removes containers instead. Read at import.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer

POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:18")
KAFKA_IMAGE = os.environ.get("KAFKA_IMAGE", "apache/kafka:4.3.1")
FAST = "postgres -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def engine_answers() -> bool:
    """Tell whether a Docker engine can be used from here."""
    argv = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(argv, capture_output=True, timeout=5).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class ApacheKafkaContainer(KafkaContainer):
    """KafkaContainer for the image apache/kafka: testcontainers' own knows only Confluent's."""

    def __init__(self, image: str = KAFKA_IMAGE) -> None:
        super().__init__(image)
        # Not with_kraft(), which reads the tag as a version of Confluent's platform.
        self.kraft_enabled = True
        self.with_env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
        self.with_env("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
        self.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        self.with_env("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")

    def tc_start(self) -> None:
        """Start the broker with the address under which the host reaches it."""
        host, port = self.get_container_host_ip(), self.get_exposed_port(self.port)
        listeners = f"{self.listener_name}://{host}:{port},BROKER://$(hostname -i):9092"
        script = f"export KAFKA_ADVERTISED_LISTENERS={listeners}\nexec /etc/kafka/docker/run\n"
        self.create_file(script.encode(), self.TC_START_SCRIPT)


def postgres_container() -> PostgresContainer:
    """Return a PostgreSQL container, not started."""
    container = PostgresContainer(POSTGRES_IMAGE, driver=None)
    return container.with_command(f"{FAST} -c max_connections=300")
