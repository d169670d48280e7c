"""The closed list of what can become of an attempt to sign in."""

from sso.domain.refusals import Code

SIGNED_IN = "signed_in"
TEST_PASSED = "test_passed"
OUTCOMES: tuple[str, ...] = (SIGNED_IN, TEST_PASSED, *(code.value for code in Code))
