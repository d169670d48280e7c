"""From resolvers' answers to a verdict: no mixture of answers gives or takes by mistake."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain_verifier.domain.challenge import value_of
from domain_verifier.domain.evaluation import evaluate
from domain_verifier.domain.evidence import (
    Answer,
    Evidence,
    Hints,
    Observation,
    Outcome,
    Reason,
    Status,
)
from domain_verifier.domain.explanation import Subject
from domain_verifier.domain.name import NamePolicy

NAMES = NamePolicy(test_zones=("test",))
TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
SUBJECT = Subject(NAMES.parse("eng.acme.test"), TOKEN)
VALUE = value_of(TOKEN).encode()
DENIALS = {Status.NXDOMAIN, Status.NODATA}


def answered(*values: bytes, chain: tuple[str, ...] = (), ad: bool = False) -> Answer:
    return Answer("r", Status.ANSWERED, values or (VALUE,), chain, authenticated=ad, ttl=60)


def denied(
    *,
    zone: str | None = "acme.test",
    ttl: int = 5,
    chain: tuple[str, ...] = (),
    status: Status = Status.NXDOMAIN,
) -> Answer:
    return Answer("r", status, chain=chain, ttl=ttl, zone=zone)


NOTHING = denied()


def verdict(*observations: Observation, hints: Hints | None = None) -> Evidence:
    return evaluate(observations, subject=SUBJECT, names=NAMES, hints=hints)


def test_all_resolvers_must_see_it() -> None:
    good = Observation(answered(), NOTHING)
    assert verdict(good, good).outcome is Outcome.PRESENT
    assert verdict(good, Observation(denied())).reason is Reason.SOME_RESOLVERS
    assert verdict(good, Observation(Answer("r", Status.SERVFAIL))).reason is Reason.SERVFAIL
    assert verdict().outcome is Outcome.UNKNOWN


def test_authenticated_means_all_of_them() -> None:
    signed, plain = Observation(answered(ad=True), NOTHING), Observation(answered(), NOTHING)
    assert verdict(signed, signed).authenticated
    assert not verdict(signed, plain).authenticated


def test_a_denial_without_the_zones_word_does_not_count() -> None:
    assert verdict(Observation(denied(zone=None))).reason is Reason.UNPROVEN_DENIAL
    assert verdict(Observation(denied()), Observation(denied(zone=None))).outcome is Outcome.UNKNOWN


def test_only_a_zone_that_could_know_denies_anything() -> None:
    def reason(zone: str, status: Status = Status.NXDOMAIN) -> Reason:
        return verdict(Observation(denied(zone=zone, status=status))).reason

    assert reason("eng.acme.test") is Reason.NO_RECORD
    assert reason("acme.test", Status.NODATA) is Reason.NO_RECORD
    assert reason("test") is Reason.NO_DOMAIN
    assert reason("test", Status.NODATA) is Reason.UNPROVEN_DENIAL
    assert reason("") is Reason.UNPROVEN_DENIAL


def test_the_same_goes_for_where_an_alias_leads() -> None:
    def reason(zone: str, status: Status) -> Reason:
        return verdict(Observation(denied(zone=zone, status=status, chain=("x.other.com",)))).reason

    assert reason("other.com", Status.NODATA) is Reason.CNAME_BROKEN
    assert reason("com", Status.NXDOMAIN) is Reason.CNAME_BROKEN
    assert reason("com", Status.NODATA) is Reason.UNPROVEN_DENIAL
    assert reason("", Status.NXDOMAIN) is Reason.UNPROVEN_DENIAL


def test_a_domain_that_does_not_exist_is_no_missing_record() -> None:
    sentence = verdict(Observation(denied(zone="test"))).explanation
    assert "The domain acme.test does not exist in DNS" in sentence
    assert "Publish" not in sentence


def test_the_host_is_given_as_the_console_of_its_own_zone_asks_for_it() -> None:
    assert "host “_portico-challenge.eng”" in verdict(Observation(denied())).explanation
    delegated = verdict(Observation(denied(zone="eng.acme.test"))).explanation
    assert "host “_portico-challenge”" in delegated


def test_tokens_of_other_claims_are_not_repeated() -> None:
    other = "z" * 32
    shown = verdict(Observation(answered(value_of(other).encode(), value_of(TOKEN).encode()[1:])))
    assert other not in shown.explanation
    assert "“token=zzzzzz… expiry=never”" in shown.explanation


def test_the_longest_negative_ttl_is_waited_for_up_to_a_day() -> None:
    both = verdict(Observation(denied(ttl=5)), Observation(denied(ttl=3600)))
    assert both.retry_after == timedelta(hours=1)
    assert "1 hour" in both.explanation
    assert verdict(Observation(denied(ttl=10**6))).retry_after == timedelta(days=1)


def test_only_those_that_miss_the_record_say_how_long_to_wait() -> None:
    sees = Observation(Answer("r", Status.ANSWERED, (VALUE,), ttl=86_400), NOTHING)
    assert verdict(sees, Observation(denied(ttl=5))).retry_after == timedelta(seconds=5)


def test_an_alias_that_other_names_share_proves_nothing() -> None:
    shared = ("lb.acme.test",)
    for sibling in (answered(b"else", chain=shared), denied(chain=shared)):
        found = verdict(Observation(answered(chain=shared), sibling))
        assert (found.outcome, found.reason) == (Outcome.UNKNOWN, Reason.WILDCARD)
    assert verdict(Observation(answered(chain=shared), NOTHING)).outcome is Outcome.PRESENT


def test_an_alias_may_stay_at_home_or_go_where_the_token_says() -> None:
    def outcome(*chain: str) -> Outcome:
        return verdict(Observation(answered(chain=chain), NOTHING)).outcome

    assert outcome("x.acme.test") is Outcome.PRESENT
    assert outcome("x.other.test") is Outcome.UNKNOWN
    assert outcome("acme.test.evil.test") is Outcome.UNKNOWN
    assert outcome("notacme.test") is Outcome.UNKNOWN
    assert outcome(f"{TOKEN}.other.test", "y.other.test") is Outcome.PRESENT
    assert outcome(f"x{TOKEN}.other.test") is Outcome.UNKNOWN
    assert outcome("x.other.test", f"{TOKEN}.other.test") is Outcome.UNKNOWN


def test_hints_explain_a_missing_record_only() -> None:
    hints = Hints(doubled_at="_portico-challenge.eng.acme.test.acme.test")
    assert verdict(Observation(denied()), hints=hints).reason is Reason.DOUBLED_ZONE
    assert verdict(Observation(answered(b"x")), hints=hints).reason is Reason.WRONG_VALUE
    assert (
        verdict(Observation(denied(chain=("a.acme.test",))), hints=hints).reason
        is Reason.CNAME_BROKEN
    )


def test_values_are_shown_safely_and_cut() -> None:
    values = (b"\x1b[31m" + b"x" * 500, b"two", b"three", b"four")
    shown = verdict(Observation(answered(*values))).explanation
    assert "\x1b" not in shown
    assert "\\027[31m" in shown
    assert "and 1 more" in shown
    assert len(shown) < 600


def test_a_name_under_a_suffix_without_a_zone_of_its_own_is_denied_by_the_suffix() -> None:
    subject = Subject(NAMES.parse("acme.github.io"), TOKEN)

    def reason(zone: str, status: Status) -> Reason:
        return evaluate(
            [Observation(denied(zone=zone, status=status))], subject=subject, names=NAMES
        ).reason

    assert reason("github.io", Status.NXDOMAIN) is Reason.NO_RECORD
    assert reason("github.io", Status.NODATA) is Reason.NO_RECORD
    assert reason("io", Status.NXDOMAIN) is Reason.NO_DOMAIN
    assert reason("io", Status.NODATA) is Reason.UNPROVEN_DENIAL


def test_a_sibling_denied_on_nobodys_word_leaves_the_wildcard_question_open() -> None:
    for sibling in (denied(zone=None), denied(zone="")):
        found = verdict(Observation(answered(), sibling))
        assert (found.outcome, found.reason) == (Outcome.UNKNOWN, Reason.UNPROVEN_DENIAL)


def test_a_dot_within_a_label_is_no_border_of_a_zone() -> None:
    found = verdict(Observation(answered(chain=("evil\\.acme.test",)), NOTHING))
    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, Reason.FOREIGN_CNAME)


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.UNREACHABLE, Status.SERVFAIL])
def test_the_tenant_is_not_sent_to_repair_what_may_be_our_fault(status: Status) -> None:
    silent = Observation(Answer("far", status))
    sentence = verdict(
        Observation(replace(answered(), resolver="near"), NOTHING), silent
    ).explanation
    assert "Perhaps the fault is ours" in sentence
    assert f"far ({status})" in sentence
    assert "near sees the record" in sentence
    assert "sees the record" not in verdict(Observation(denied()), silent).explanation
    both = verdict(silent, silent).explanation
    assert ("fault is ours" in both) is (status is Status.UNREACHABLE)


ANSWERS = st.builds(
    Answer,
    resolver=st.just("r"),
    status=st.sampled_from(Status),
    values=st.lists(st.sampled_from([VALUE, b"other", VALUE + b" "]), max_size=3).map(tuple),
    chain=st.lists(st.sampled_from(["x.acme.test", "x.other.test"]), max_size=2).map(tuple),
    authenticated=st.booleans(),
    ttl=st.none() | st.integers(0, 10**6),
    zone=st.sampled_from([None, "", "test", "acme.test"]),
).map(
    lambda answer: (
        answer
        if answer.status is Status.ANSWERED
        else Answer(
            answer.resolver,
            answer.status,
            chain=answer.chain,
            authenticated=answer.authenticated,
            ttl=answer.ttl,
            zone=answer.zone,
        )
    )
)
OBSERVATIONS = st.builds(Observation, answer=ANSWERS, sibling=st.none() | ANSWERS)


@given(st.lists(OBSERVATIONS, max_size=3))
def test_present_and_absent_need_everybodys_word(observations: list[Observation]) -> None:
    found = verdict(*observations)
    answers = [observation.answer for observation in observations]
    if found.outcome is Outcome.PRESENT:
        assert observations
        assert all(VALUE in answer.values for answer in answers)
        assert all("x.other.test" not in answer.chain for answer in answers)
        assert all(
            observation.sibling is None or VALUE not in observation.sibling.values
            for observation in observations
        )
    if found.outcome is Outcome.ABSENT:
        assert observations
        for answer in answers:
            assert VALUE not in answer.values
            assert answer.status is Status.ANSWERED or (answer.status in DENIALS and answer.zone)
    assert found.explanation
