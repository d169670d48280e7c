"""The control API: who plays the admin of this Entra tenant, without its portal.

`GET /control/tenant`, `PUT /control/people/{user_name}`, `PUT /control/applications/{id}`,
`POST /control/applications/{id}/certificates` (inactive), `…/certificates/activate`. It is for
one's own machine: whoever reaches it may do everything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from idp_sandbox.model import Application, EntraTenant, Person, Signing, object_id_of


@dataclass(frozen=True, slots=True)
class Control:
    """The operations; `save` keeps what they change."""

    tenant: EntraTenant
    save: Callable[[], None]

    async def show(self, _request: Request) -> Response:
        """Show everything but private keys."""
        tenant = self.tenant
        return JSONResponse(
            {
                "tenant_id": tenant.tenant_id,
                "issuer": tenant.issuer,
                "people": sorted(each.user_name for each in tenant.people.values()),
                "applications": [self._facts(each) for each in tenant.applications.values()],
            }
        )

    async def keep_person(self, request: Request) -> Response:
        """Add or replace a person; what is not said is as most people have it."""
        body, user_name = await _body(request), request.path_params["user_name"]
        person = Person(
            user_name=user_name,
            object_id=str(body.get("object_id") or object_id_of(user_name)),
            display_name=str(body.get("display_name") or user_name),
            email=body.get("email"),
            given_name=body.get("given_name"),
            family_name=body.get("family_name"),
            enabled=bool(body.get("enabled", True)),
            guest=bool(body.get("guest", False)),
        )
        self.tenant.keep_person(person)
        self.save()
        return JSONResponse({"object_id": person.object_id})

    async def keep_application(self, request: Request) -> Response:
        """Add or replace an application: `{"name", "entity_id", "acs_url", …}`."""
        body = await _body(request)
        for name in ("entity_id", "acs_url"):
            if not isinstance(body.get(name), str):
                raise ValueError(f'"{name}" must be a text')
        assigned, certificate = body.get("assigned"), body.get("encryption_certificate")
        application = self.tenant.keep_application(
            request.path_params["app_id"],
            name=str(body.get("name", "Portico")),
            entity_id=body["entity_id"],
            acs_url=body["acs_url"],
            sign_on_url=body.get("sign_on_url"),
            signing=Signing(body.get("signing", Signing.ASSERTION)),
            encryption_certificate=certificate.encode() if certificate else None,
            assigned=None if assigned is None else frozenset(assigned),
            logout_url=body.get("logout_url"),
        )
        self.save()
        return JSONResponse(self._facts(application))

    async def add_certificate(self, request: Request) -> Response:
        """Make an inactive certificate."""
        key = self.tenant.add_certificate(self._app_id(request))
        self.save()
        return JSONResponse({"fingerprint": key.fingerprint})

    async def activate_certificate(self, request: Request) -> Response:
        """Let the newest certificate sign."""
        key = self.tenant.activate_certificate(self._app_id(request))
        self.save()
        return JSONResponse({"fingerprint": key.fingerprint})

    def _app_id(self, request: Request) -> str:
        app_id: str = request.path_params["app_id"]
        if app_id not in self.tenant.applications:
            raise ValueError(f"there is no application {app_id}")
        return app_id

    def _facts(self, application: Application) -> dict[str, Any]:
        return {
            "app_id": application.app_id,
            "name": application.name,
            "entity_id": application.entity_id,
            "acs_url": application.acs_url,
            "logout_url": application.logout_url,
            "signing": application.signing.value,
            "metadata_url": self.tenant.metadata_url(application.app_id),
            "certificates": [key.fingerprint for key in application.keys],
        }


def control_routes(tenant: EntraTenant, save: Callable[[], None]) -> list[Route]:
    """Return the routes of the control API."""
    control, application = Control(tenant, save), "/control/applications/{app_id}"
    return [
        Route("/control/tenant", control.show),
        Route("/control/people/{user_name}", control.keep_person, methods=["PUT"]),
        Route(application, control.keep_application, methods=["PUT"]),
        Route(f"{application}/certificates", control.add_certificate, methods=["POST"]),
        Route(
            f"{application}/certificates/activate", control.activate_certificate, methods=["POST"]
        ),
    ]


async def refuse(_request: Request, error: Exception) -> Response:
    """Answer what was not understood."""
    return JSONResponse({"error": str(error)}, status_code=422)


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body
