"""The control API: `GET /zone`, `PUT|DELETE /records/{name}`, `PUT|DELETE /faults/{name}`.

It is for demos and tests on one's own machine: whoever reaches it may do everything.
"""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dns_sandbox.zone import Fault, FaultKind, Zone


class Control:
    """The operations."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    async def show(self, _request: Request) -> Response:
        """Show what is published."""
        return JSONResponse(self._zone.records())

    async def publish(self, request: Request) -> Response:
        """Replace the records of a type: `{"type": "TXT", "values": ["…"]}`."""
        body = await _body(request)
        values = body.get("values")
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError('"values" must be a list of texts')
        self._zone.publish(request.path_params["name"], str(body.get("type", "TXT")), values)
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        """Remove the records at a name, of `?type=` or all."""
        self._zone.remove(request.path_params["name"], request.query_params.get("type"))
        return Response(status_code=204)

    async def set_fault(self, request: Request) -> Response:
        """Let a name misbehave: `{"fault": "delay", "seconds": 2}`."""
        body = await _body(request)
        try:
            fault = Fault(FaultKind(str(body.get("fault"))), float(body.get("seconds", 0)))
        except (TypeError, ValueError):
            kinds = ", ".join(FaultKind)
            raise ValueError(f'"fault" must be one of {kinds}; "seconds" a number') from None
        self._zone.set_fault(request.path_params["name"], fault)
        return Response(status_code=204)

    async def behave(self, request: Request) -> Response:
        """Let a name behave again."""
        self._zone.set_fault(request.path_params["name"], None)
        return Response(status_code=204)


def control_app(zone: Zone) -> Starlette:
    """Return the control API of a zone."""
    control = Control(zone)
    routes = [
        Route("/zone", control.show),
        Route("/records/{name}", control.publish, methods=["PUT"]),
        Route("/records/{name}", control.remove, methods=["DELETE"]),
        Route("/faults/{name}", control.set_fault, methods=["PUT"]),
        Route("/faults/{name}", control.behave, methods=["DELETE"]),
    ]
    return Starlette(routes=routes, exception_handlers={ValueError: _refuse})


async def _refuse(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=422)


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body
