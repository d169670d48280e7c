"""The people are the same for the same seed, realistic, and mean."""

from entra_sandbox.people import populate
from entra_sandbox.quarantine import quarantine_reason
from entra_sandbox.request_log import RequestLog, percentile


def test_the_same_seed_gives_the_same_tenant() -> None:
    first, second = (populate(users=50, groups=5, seed=7, domain="a.example") for _ in range(2))
    assert first == second
    assert first != populate(users=50, groups=5, seed=8, domain="a.example")


def test_upns_are_ascii_unique_without_case_and_mixed_in_case() -> None:
    users = populate(users=500, groups=1, seed=1, domain="a.example").users.values()
    upns = [user.upn for user in users]
    assert len({upn.lower() for upn in upns}) == 500
    assert all(upn.isascii() for upn in upns)
    assert any(upn != upn.lower() for upn in upns)
    assert any(not user.display_name.isascii() for user in users)


def test_some_users_are_bare_and_some_disabled() -> None:
    users = populate(users=100, groups=1, seed=1, domain="a.example").users.values()
    assert 0 < sum(user.bare for user in users) < 30
    assert 0 < sum(not user.account_enabled for user in users) < 10


def test_quarantine_follows_microsofts_numbers() -> None:
    assert quarantine_reason(events=10_000, failures=4_999) is None
    assert quarantine_reason(events=12_500, failures=5_000) is None
    assert quarantine_reason(events=12_000, failures=5_000) == "42% of events failed (limit 40%)"
    assert quarantine_reason(events=900_000, failures=40_000) is not None
    assert quarantine_reason(events=1, failures=1, refused="401") == "credentials: 401"


def test_percentiles_are_measured_values() -> None:
    assert percentile([], 99) == 0
    assert percentile([3, 1, 2], 50) == 2
    assert percentile(range(1, 101), 99) == 99


def test_the_request_log_sums_up_by_operation() -> None:
    request_log = RequestLog()
    request_log.record("create user", 201, 0.1, failed=False)
    request_log.record("create user", 409, 0.3, failed=True)
    [summary] = request_log.summaries()
    assert (summary.requests, summary.statuses, summary.failed, summary.p99) == (
        2,
        {201: 1, 409: 1},
        1,
        0.3,
    )
