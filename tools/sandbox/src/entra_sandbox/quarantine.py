"""When Entra would put the whole job into quarantine: too many of its events fail."""

QUARANTINE_SHARE = 0.4
QUARANTINE_FAILURES = 5_000
QUARANTINE_FAILURES_ALWAYS = 40_000


def quarantine_reason(*, events: int, failures: int, refused: str | None = None) -> str | None:
    """Say why Entra would quarantine the job, or None if it would not."""
    if refused:
        return f"credentials: {refused}"
    if failures >= QUARANTINE_FAILURES_ALWAYS:
        return f"{failures} failures (limit {QUARANTINE_FAILURES_ALWAYS})"
    if not events or failures / events <= QUARANTINE_SHARE:
        return None
    share = f"{failures / events:.0%} of events failed (limit {QUARANTINE_SHARE:.0%})"
    if failures >= QUARANTINE_FAILURES:
        return share
    return None


def quarantine_note(*, events: int, failures: int) -> str:
    """Say how near a run came to quarantine."""
    share = failures / events if events else 0.0
    reason = quarantine_reason(events=events, failures=failures)
    if reason:
        return f"QUARANTINE: {reason}; cycles would fall to once a day"
    if share > QUARANTINE_SHARE:
        return (
            f"{share:.0%} of events failed: over the limit of {QUARANTINE_SHARE:.0%}, "
            f"quarantine follows at {QUARANTINE_FAILURES} failures"
        )
    return f"{share:.1%} of events failed, quarantine starts above {QUARANTINE_SHARE:.0%}"
