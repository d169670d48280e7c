"""`python -m scim serve | work | all | migrate | bus | token | log`."""

from chassis.service import service_cli
from scim.wiring import SERVICE

if __name__ == "__main__":
    service_cli(SERVICE)(prog_name="scim")
