"""scim2-tester, an outside judge of RFC 7643 and 7644, finds no error."""

import asyncio
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import pytest
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import check_server
from scim2_tester.utils import CheckResult, Status

from component.scim.harness import Client, Surface

FINE = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE, Status.SKIPPED}


def bridge(surface: Surface, loop: asyncio.AbstractEventLoop) -> Callable[..., Iterable[bytes]]:
    """Let the judge, which is synchronous, call the surface in the loop that it lives in."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        length = int(environ.get("CONTENT_LENGTH") or 0)
        url = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
        request = surface.http.request(
            environ["REQUEST_METHOD"],
            f"{url}?{environ.get('QUERY_STRING', '')}",
            content=environ["wsgi.input"].read(length) if length else b"",
            headers=headers | {"content-type": environ.get("CONTENT_TYPE") or ""},
        )
        response = asyncio.run_coroutine_threadsafe(request, loop).result(30)
        status = f"{response.status_code} {HTTPStatus(response.status_code).phrase}"
        start_response(status, list(response.headers.items()))
        return [response.content]

    return app


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("default")
async def test_scim2_tester_finds_no_error(surface: Surface, acme: Client) -> None:
    loop = asyncio.get_running_loop()

    def judge() -> list[CheckResult]:
        client = WSGISCIMClient(
            bridge(surface, loop),
            base_url=f"http://scim.test{acme.base}",
            headers={"Authorization": f"Bearer {acme.token}"},
        )
        return check_server(client)

    results = await asyncio.to_thread(judge)
    assert len(results) > 20
    found = [f"{r.status}: {r.title}: {r.reason}" for r in results if r.status not in FINE]
    assert found == []
