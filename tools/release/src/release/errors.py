"""What keeps a release from being made."""


class ReleaseError(Exception):
    """The release cannot be made; the message says why, in a sentence to act on."""


class NotReachedError(ReleaseError):
    """Something on the network did not answer."""
