"""docs/settings.md is what the settings say."""

from chassis.cli.settings_page import PAGE, service_packages, settings_page


def test_the_page_is_not_stale() -> None:
    assert settings_page(service_packages()) == PAGE.read_text("utf-8")


def test_it_shows_every_service_and_no_secret() -> None:
    page = settings_page(service_packages())

    assert {"scim", "tenant_directory"} <= set(service_packages())
    assert "| `SCIM_TOKEN_DIGEST_KEY` | development and test only |" in page
    assert "development-only" not in page
