"""`python -m sso serve | work | all | migrate | bus | connection | client`."""

from chassis.service import service_cli
from sso.wiring import SERVICE

if __name__ == "__main__":
    service_cli(SERVICE)(prog_name="sso")
