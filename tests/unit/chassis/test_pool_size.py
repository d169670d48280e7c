"""How many connections a process keeps open depends on what it does."""

import pytest

from chassis.service import Mode
from chassis.settings import ChassisSettings


def settings(**given: int) -> ChassisSettings:
    needed = {
        "environment": "test",
        "kafka_bootstrap_servers": "localhost:9092",
        "database_url": "postgresql://localhost/db",
    }
    return ChassisSettings.model_validate({**needed, **given})


@pytest.mark.parametrize(("mode", "size"), [("serve", 8), ("work", 4), ("all", 8)])
def test_a_worker_keeps_fewer_than_who_answers(mode: str, size: int) -> None:
    assert Mode(mode).pool_size(settings()) == size


@pytest.mark.parametrize(("mode", "size"), [("serve", 2), ("work", 6), ("all", 6)])
def test_who_does_both_has_enough_for_either(mode: str, size: int) -> None:
    given = settings(database_pool_size=2, database_worker_pool_size=6)
    assert Mode(mode).pool_size(given) == size
