"""What ends a consumer's work on a partition, or the consumer itself."""


class Fenced(Exception):
    """Another process owns the partition by now; nothing that was done here counts."""


class TooManyParked(Exception):
    """So many tenants came to a halt at once that this program itself must be at fault."""
