"""What a tenant's package and status allow."""

import pytest

from chassis.ids import uuid7
from kernel.tenant import Package, Tenant


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        (Package.FREE, False),
        (Package.SMB, True),
        (Package.PROFESSIONAL, True),
        (Package.BUSINESS, True),
        ("a package of a later release", False),
    ],
)
def test_packages_with_single_sign_on(package: str, allowed: bool) -> None:
    assert Tenant(uuid7(), "acme", package, "active").has_single_sign_on is allowed


@pytest.mark.parametrize(
    ("status", "active"), [("active", True), ("suspended", False), ("a later status", False)]
)
def test_only_active_tenants_may_be_used(status: str, active: bool) -> None:
    assert Tenant(uuid7(), "acme", "smb", status).is_active is active
