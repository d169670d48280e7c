"""Who a process is to the brokers, and how aiokafka is told so."""

from dataclasses import dataclass, field
from pathlib import Path
from ssl import create_default_context
from typing import Any

from chassis.settings import KafkaSettings


@dataclass(frozen=True, slots=True)
class KafkaAccount:
    """An account at the brokers, or (without a name) nobody; over TLS or not."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    mechanism: str = "SCRAM-SHA-512"
    tls: bool = False
    ca_file: Path | None = None
    """PEM of who vouches for the brokers; None: whom the machine trusts."""

    def options(self) -> dict[str, Any]:
        """Return what any client of aiokafka takes."""
        named = self.username is not None
        protocol = f"{'SASL_' if named else ''}{'SSL' if self.tls else 'PLAINTEXT'}"
        options: dict[str, Any] = {"security_protocol": protocol}
        if named:
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        if self.tls:
            options["ssl_context"] = create_default_context(cafile=self.ca_file)
        return options


NOBODY = KafkaAccount()
"""Brokers without accounts, as on a developer's machine."""


def account_of(settings: KafkaSettings) -> KafkaAccount:
    """Return the account that settings name."""
    password = settings.kafka_password
    return KafkaAccount(
        username=settings.kafka_username,
        password=None if password is None else password.get_secret_value(),
        mechanism=settings.kafka_sasl_mechanism,
        tls=settings.kafka_tls,
        ca_file=settings.kafka_ca_file,
    )
