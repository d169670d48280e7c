"""HTTP: the application, its edge, its errors and its server."""

from chassis.http.application import Application, bare_application, create_app, limits_of
from chassis.http.problems import Problem, ProblemError
from chassis.http.rate_limit import RateLimit
from chassis.http.server import StartFailed, http_loop, listen

__all__ = [
    "Application",
    "Problem",
    "ProblemError",
    "RateLimit",
    "StartFailed",
    "bare_application",
    "create_app",
    "http_loop",
    "limits_of",
    "listen",
]
