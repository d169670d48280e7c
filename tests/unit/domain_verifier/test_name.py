"""Domain names: one canonical form, and what nobody can claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain_verifier.domain.name import DomainName, NamePolicy, NameRefusedError, canonical

POLICY = NamePolicy(
    test_zones=("test",), mail_providers=("post.acme.net",), reserved=("portico.io",)
)


def refused(text: str, policy: NamePolicy = POLICY) -> str:
    with pytest.raises(NameRefusedError) as caught:
        policy.parse(text)
    assert caught.value.sentence.endswith(".")
    assert caught.value.kind == "invalid"
    return caught.value.slug


@pytest.mark.parametrize(
    ("text", "ascii_name"),
    [
        ("acme.com", "acme.com"),
        (" ACME.Com. ", "acme.com"),
        ("ａｃｍｅ.com", "acme.com"),
        ("acme。com", "acme.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("MU\u0308NCHEN.de", "xn--mnchen-3ya.de"),
        ("XN--MNCHEN-3YA.de", "xn--mnchen-3ya.de"),
        ("straße.de", "xn--strae-oqa.de"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("почта.рф", "xn--80a1acny.xn--p1ai"),
        ("eng.acme.co.uk", "eng.acme.co.uk"),
    ],
)
def test_every_spelling_has_one_canonical_form(text: str, ascii_name: str) -> None:
    assert POLICY.parse(text).ascii == ascii_name


def test_the_registrable_name_ends_the_host_part() -> None:
    assert POLICY.parse("eng.acme.co.uk") == DomainName("eng.acme.co.uk", "acme.co.uk")
    assert POLICY.parse("a.b.acme.test") == DomainName("a.b.acme.test", "acme.test")
    assert POLICY.parse("münchen.de").shown == "münchen.de (xn--mnchen-3ya.de)"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "empty_name"),
        ("acme", "single_label"),
        ("acme..com", "not_a_name"),
        ("-acme.com", "not_a_name"),
        ("a" * 64 + ".com", "not_a_name"),
        (".".join(["a" * 60] * 4) + ".com", "name_too_long"),
        ("☃.com", "not_a_name"),
        ("\u202eacme.com", "not_a_name"),
        ("xn--a.com", "not_a_name"),
        ("foo_bar.com", "underscore"),
        ("_portico-challenge.acme.com", "underscore"),
        ("*.acme.com", "wildcard_name"),
        ("admin@acme.com", "email_address"),
        ("https://acme.com/", "url"),
        ("acme.com:443", "url"),
        ("1.2.3.4", "ip_address"),
        ("::1", "ip_address"),
        ("[2001:db8::1]", "ip_address"),
        ("0x7f.1", "ip_address"),
        ("acme.0x7f", "ip_address"),
        ("pаypal.com", "mixed_scripts"),
        ("xn--pypal-4ve.com", "mixed_scripts"),
        ("αpple.com", "mixed_scripts"),
        ("аррӏе.com", "confusable"),
        ("ОΟ.com", "mixed_scripts"),
        ("ԍооԍӏе.com", "confusable"),
        ("ɡoogle.com", "confusable"),
        ("gmᴀil.com", "confusable"),
        ("outʟook.com", "confusable"),
        ("gmail\u0332.com", "confusable"),
        ("ⲟⲟ.com", "confusable"),
        ("g००gle.com", "mixed_scripts"),
        ("g๐๐gle.com", "mixed_scripts"),
        ("goัgle.com", "mixed_scripts"),
        ("goًogle.com", "mixed_scripts"),
        ("ɡmail.com", "confusable"),
        ("gmaıl.com", "confusable"),
        ("mail.gmaıl.com", "confusable"),
    ],
)
def test_what_is_no_claimable_name_is_refused(text: str, slug: str) -> None:
    assert refused(text) == slug


def test_scripts_that_one_language_mixes_are_fine() -> None:
    assert POLICY.parse("コーヒー豆a.jp").unicode == "コーヒー豆a.jp"
    for name in ("hawaiʻi.com", "kapı.com", "ısıtma.com.tr", "ẹ́kọ́.com", "ガギグ.com"):
        assert POLICY.parse(name).unicode == name
    for name in ("नमस्ते१.com", "ประเทศไทย๑.com", "خرید۱.com"):
        assert POLICY.parse(name).unicode == name


def test_both_divisions_of_the_public_suffix_list_count() -> None:
    assert refused("co.uk") == "public_suffix"
    assert refused("kobe.jp") == "public_suffix"
    assert refused("公司.cn") == "public_suffix"
    assert refused("github.io") == "private_suffix"
    assert refused("s3.amazonaws.com") == "private_suffix"
    assert POLICY.parse("acme.github.io").registrable == "acme.github.io"
    operator = NamePolicy(allowed=("github.io", "co.uk"))
    assert operator.parse("github.io").ascii == "github.io"
    assert refused("co.uk", operator) == "public_suffix"


@pytest.mark.parametrize(
    "text",
    [
        "gmail.com",
        "Outlook.com",
        "mail.gmail.com",
        "hey.com",
        "mailinator.com",
        "post.acme.net",
        "tutanota.com",
        "zoho.eu",
        "daum.net",
        "acme.onmicrosoft.com",
        "privaterelay.appleid.com",
    ],
)
def test_mail_providers_are_refused(text: str) -> None:
    assert refused(text) == "mail_provider"


def test_a_provider_on_a_public_suffix_blocks_nobody_below_it() -> None:
    assert POLICY.parse("acme.za.com").ascii == "acme.za.com"


def test_the_names_above_a_name_end_at_the_registrable_one() -> None:
    assert POLICY.parse("a.b.acme.co.uk").parents == ["b.acme.co.uk", "acme.co.uk"]
    assert POLICY.parse("acme.co.uk").parents == []


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("printer.local", "reserved_name"),
        ("vault.internal", "reserved_name"),
        ("abc.onion", "reserved_name"),
        ("www.example.com", "reserved_name"),
        ("router.home.arpa", "reserved_name"),
        ("login.portico.io", "reserved_name"),
        ("acme.nosuchtld", "unknown_suffix"),
    ],
)
def test_reserved_and_unknown_zones_are_refused(text: str, slug: str) -> None:
    assert refused(text) == slug


def test_test_zones_open_only_where_the_operator_says() -> None:
    assert POLICY.parse("acme.test").ascii == "acme.test"
    assert refused("acme.test", NamePolicy()) == "reserved_name"


@given(st.text(max_size=80))
def test_any_text_is_refused_in_a_sentence_or_becomes_canonical(text: str) -> None:
    try:
        name = POLICY.parse(text)
    except NameRefusedError:
        return
    assert POLICY.parse(name.ascii) == name
    assert POLICY.parse(name.unicode) == name
    assert name.ascii == name.ascii.lower()
    assert name.ascii.isascii()
    assert name.ascii.endswith(name.registrable)


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True).filter(
    lambda label: not (label[2:4] == "--" or label.isdigit())
)


@given(st.lists(LABELS, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_case_and_the_trailing_dot_make_no_difference(
    labels: list[str], upper: bool, dot: bool
) -> None:
    plain = ".".join([*labels, "test"])
    spelled = (plain.upper() if upper else plain) + ("." if dot else "")
    assert canonical(spelled) == plain
