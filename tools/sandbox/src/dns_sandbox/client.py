"""Edits a sandbox zone from elsewhere: what a DNS provider's console is to an admin."""

from types import TracebackType

import httpx

TIMEOUT = 10.0


class ZoneClient:
    """The zone behind a control API."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT)

    def publish(self, name: str, *values: str, type: str = "TXT") -> None:
        """Replace the records of a type at a name."""
        self._put(f"/records/{name}", {"type": type, "values": list(values)})

    def remove(self, name: str, *, type: str | None = None) -> None:
        """Remove the records at a name."""
        parameters = {"type": type} if type else {}
        _checked(self._http.delete(f"/records/{name}", params=parameters))

    def set_fault(self, name: str, fault: str, *, seconds: float = 0.0) -> None:
        """Let a name and all below it delay, drop, servfail, refuse or truncate."""
        self._put(f"/faults/{name}", {"fault": fault, "seconds": seconds})

    def clear_fault(self, name: str) -> None:
        """Let a name behave again."""
        _checked(self._http.delete(f"/faults/{name}"))

    def records(self) -> list[dict[str, object]]:
        """Return what is published."""
        shown: list[dict[str, object]] = _checked(self._http.get("/zone")).json()
        return shown

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> "ZoneClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _put(self, path: str, body: dict[str, object]) -> None:
        _checked(self._http.put(path, json=body))


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code == 422:
        raise ValueError(response.json()["error"])
    return response.raise_for_status()
