"""HTTP: the application, its edge, its errors, its server, and who is let in."""

from chassis.http.access import (
    Authoriser,
    Principal,
    admitted,
    guarded_route,
    operating,
    principal_of,
    refuse_everybody,
    unguarded,
)
from chassis.http.application import Application, create_app, limits_of, operations_application
from chassis.http.problems import Problem, ProblemError
from chassis.http.rate_limit import RateLimit
from chassis.http.server import StartFailed, http_loop, listen

__all__ = [
    "Application",
    "Authoriser",
    "Principal",
    "Problem",
    "ProblemError",
    "RateLimit",
    "StartFailed",
    "admitted",
    "create_app",
    "guarded_route",
    "http_loop",
    "limits_of",
    "listen",
    "operating",
    "operations_application",
    "principal_of",
    "refuse_everybody",
    "unguarded",
]
