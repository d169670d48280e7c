"""What the demo raises when it did not show what it promises."""


class DemoError(Exception):
    """The message says what was not seen."""
