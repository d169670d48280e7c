"""What one may set for the embedded stack, read from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded.ports import HOST, choose_port
from embedded.services import Service

POSTGRES_PORT = 15_432
KAFKA_PORT = 19_092
KAFKA_CONTROLLER_PORT = 19_093


@dataclass(frozen=True, slots=True)
class Options:
    """Where data goes, and the settings that replace or place parts of the stack.

    `DATABASE_URL`, `<PREFIX>DATABASE_URL` and `KAFKA_BOOTSTRAP_SERVERS` name servers to use instead
    of the embedded ones; `POSTGRES_PORT`, `KAFKA_PORT`, `KAFKA_CONTROLLER_PORT` and
    `<PREFIX>HTTP_PORT` fix ports.
    """

    data: Path
    apart: bool = False
    """Run serving and working as processes of their own."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment that all settings come from."""
        return os.environ

    def given(self, variable: str) -> str | None:
        """Return a setting, None when it is unset or empty."""
        return self.environment.get(variable) or None


class Ports:
    """Hands out the ports of one run, no port twice."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._taken: set[int] = set()

    def choose(self, setting: str, usual: int, *, host: str = HOST) -> int:
        """Return the configured, the usual or a free port."""
        port = choose_port(
            setting=setting,
            configured=self._options.given(setting),
            usual=usual,
            avoid=frozenset(self._taken),
            host=host,
        )
        self._taken.add(port)
        return port

    def of_service(self, service: Service) -> int:
        """Return the HTTP port of a service."""
        host = self._options.given(service.variable("HTTP_HOST")) or HOST
        return self.choose(service.variable("HTTP_PORT"), service.port, host=host)
