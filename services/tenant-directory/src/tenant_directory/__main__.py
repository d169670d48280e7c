"""`python -m tenant_directory serve | work | all | migrate | tenant | user | group | audit`."""

from chassis.service import service_cli
from tenant_directory.wiring import SERVICE

if __name__ == "__main__":
    service_cli(SERVICE)(prog_name="tenant_directory")
