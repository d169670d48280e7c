"""What one may set for the embedded stack, read from the environment."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.ports import HOST, choose_port, claim
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

    def setting(self, variable: str) -> str | None:
        """Return a setting, None when it is unset or empty."""
        return self.environment.get(variable) or None


class Ports:
    """Hands out the ports of one run, none twice, and claims them until it is closed."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._claims: dict[int, socket.socket] = {}

    def choose(self, setting: str, usual: int, *, host: str = HOST) -> int:
        """Return the configured, the usual or a free port."""
        refused: set[int] = set()
        while True:
            port = choose_port(
                setting=setting,
                configured=self._options.setting(setting),
                usual=usual,
                avoid=frozenset(refused | self._claims.keys()),
                host=host,
            )
            claimed = claim(port)
            if claimed is not None:
                self._claims[port] = claimed
                return port
            if self._options.setting(setting):
                raise EmbeddedError(
                    f"Port {port} ({setting}) is claimed by another stack on this machine."
                    f" Stop that, or set {setting} to another port."
                )
            refused.add(port)

    def of_service(self, service: Service) -> int:
        """Return the HTTP port of a service."""
        host = self._options.setting(service.variable("HTTP_HOST")) or HOST
        return self.choose(service.variable("HTTP_PORT"), service.port, host=host)

    def close(self) -> None:
        """Give all ports up."""
        for claimed in self._claims.values():
            claimed.close()
        self._claims.clear()
