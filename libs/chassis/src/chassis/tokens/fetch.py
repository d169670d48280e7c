"""Fetches an issuer's keys over HTTP."""

import asyncio
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

SOCKET_TIMEOUT = 3.0
"""Seconds that the other side may be silent."""
MAX_BYTES = 65_536


class NotFetched(OSError):
    """The issuer has answered with something else."""


async def fetch_keys(url: str) -> Mapping[str, Any]:
    """Return the set of keys at an address; redirects are not followed.

    Raises:
        OSError: The issuer cannot be reached, or answers with something else.
        ValueError: It is no JSON object.
    """
    return await asyncio.to_thread(_fetch, url)


def _fetch(url: str) -> Mapping[str, Any]:
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=SOCKET_TIMEOUT)
    try:
        connection.request("GET", parts.path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        body = response.read(MAX_BYTES + 1)
    except http.client.HTTPException as error:
        raise NotFetched("no answer of HTTP") from error
    finally:
        connection.close()
    if response.status != http.client.OK or len(body) > MAX_BYTES:
        raise NotFetched(f"status {response.status}, {len(body)} bytes")
    said = json.loads(body)
    if not isinstance(said, dict):
        raise ValueError("no JSON object")
    return said
