"""What the settings make of what operators write."""

import pytest
from pydantic import ValidationError

from domain_verifier.domain.name import NameRefusedError
from domain_verifier.settings import Settings


def settings(**values: object) -> Settings:
    needed = {
        "environment": "test",
        "kafka_bootstrap_servers": "127.0.0.1:9",
        "database_url": "postgresql://u:p@127.0.0.1:9/d",
        "dns_resolvers": "127.0.0.1,9.9.9.9",
    }
    return Settings.model_validate({**needed, **values})


@pytest.mark.parametrize(
    ("setting", "slug"),
    [("reserved_names", "reserved_name"), ("extra_mail_providers", "mail_provider")],
)
def test_names_may_be_written_as_people_read_them(setting: str, slug: str) -> None:
    names = settings(**{setting: " Bücher-Post.DE., xn--mnchen-3ya.de"}).names
    for text in ("bücher-post.de", "x.bücher-post.de", "münchen.de"):
        with pytest.raises(NameRefusedError) as caught:
            names.parse(text)
        assert caught.value.slug == slug


def test_zones_may_be_written_as_people_read_them() -> None:
    names = settings(test_zones="prüfung", allowed_names="bücher.gmail.com").names
    assert names.parse("acme.prüfung").registrable == "acme.xn--prfung-4ya"
    assert names.parse("bücher.gmail.com").ascii == "xn--bcher-kva.gmail.com"


def test_only_private_resolvers_are_believed_unless_the_operator_says_so() -> None:
    near, far = settings().endpoints
    assert settings().trusts(near)
    assert not settings().trusts(far)
    assert settings(dns_trust_ad=True).trusts(far)


def test_two_checks_are_not_to_be_skipped_in_production() -> None:
    assert settings(confirm_seconds=0).policy.confirm_after.total_seconds() == 0
    with pytest.raises(ValidationError, match="CONFIRM_SECONDS must be at least 30 in production"):
        settings(environment="production", confirm_seconds=0)
