"""`python -m domain_verifier serve | work | all | migrate | claim | check | list | show | …`."""

from chassis.service import service_cli
from domain_verifier.wiring import SERVICE

if __name__ == "__main__":
    service_cli(SERVICE)(prog_name="domain_verifier")
