"""The life of keys: which is used when, when another must be made, and when one may go."""

from datetime import UTC, datetime, timedelta

import pytest

from sso.domain.keys import (
    KEPT,
    LEAD,
    LIFETIME,
    KeyState,
    Purpose,
    StoredKey,
    begins_at,
    in_order,
    is_due,
    state_of,
    worn_out,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def _key(name: str, active_from: datetime, purpose: Purpose = Purpose.OPENID) -> StoredKey:
    return StoredKey(name, purpose, b"", None, active_from, active_from)


def test_the_first_key_is_current_at_once_and_another_is_published_a_day_before() -> None:
    assert begins_at([], NOW) == NOW
    assert begins_at([_key("a", NOW)], NOW) == NOW + LEAD


def test_the_clock_alone_makes_the_next_key_the_current_one() -> None:
    keys = [_key("a", NOW), _key("b", NOW + LEAD)]
    before, after = NOW + LEAD - SECOND, NOW + LEAD
    assert [state_of(each, keys, before) for each in keys] == [KeyState.CURRENT, KeyState.NEXT]
    assert [state_of(each, keys, after) for each in keys] == [KeyState.RETIRED, KeyState.CURRENT]
    assert [each.id for each in in_order(keys, before)] == ["a", "b"]
    assert [each.id for each in in_order(keys, after)] == ["b", "a"]


def test_a_key_for_tokens_is_followed_after_thirty_days_and_kept_for_one_more() -> None:
    first = _key("a", NOW)
    assert not is_due(Purpose.OPENID, [first], NOW + LIFETIME - LEAD - SECOND)
    assert is_due(Purpose.OPENID, [first], NOW + LIFETIME - LEAD)
    both = [first, _key("b", NOW + LIFETIME)]
    assert not is_due(Purpose.OPENID, both, NOW + LIFETIME)
    assert worn_out(Purpose.OPENID, both, NOW + LIFETIME + KEPT - SECOND) == []
    assert worn_out(Purpose.OPENID, both, NOW + LIFETIME + KEPT) == [first]


def test_a_key_for_saml_is_changed_by_command_alone_and_kept_until_the_one_after_the_next() -> None:
    keys = [_key(name, NOW + day * LEAD, Purpose.SAML) for day, name in enumerate("abc")]
    assert is_due(Purpose.SAML, [], NOW)
    assert not is_due(Purpose.SAML, keys[:1], NOW + timedelta(days=900))
    assert worn_out(Purpose.SAML, keys[:2], NOW + timedelta(days=900)) == []
    assert worn_out(Purpose.SAML, keys, NOW + LEAD) == []
    assert worn_out(Purpose.SAML, keys, NOW + 2 * LEAD) == [keys[0]]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_the_current_key_is_never_worn_out(purpose: Purpose) -> None:
    keys = [_key("a", NOW, purpose), _key("b", NOW + LEAD, purpose)]
    for days in range(100):
        now = NOW + timedelta(days=days)
        kept = [each for each in keys if each not in worn_out(purpose, keys, now)]
        assert state_of(in_order(kept, now)[0], kept, now) is KeyState.CURRENT
