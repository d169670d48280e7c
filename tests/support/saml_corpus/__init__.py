"""Responses of attackers and of honest identity providers, made anew by a generator.

Each hostile one is a good one with one thing wrong, and carries the code by which it must be
refused. "[X1]" names where such a thing went wrong for others.
"""

from collections.abc import Iterator

from support.saml_corpus.honest import honest
from support.saml_corpus.making import LEVELS, Honest, Hostile
from support.saml_corpus.meaning import changed_texts, other_meaning
from support.saml_corpus.octets import octets
from support.saml_corpus.signatures import signatures
from support.saml_corpus.wrapping import wrapped

__all__ = ["Honest", "Hostile", "honest", "hostile"]


def hostile() -> Iterator[Hostile]:
    """Return every hostile document."""
    yield from octets()
    yield from wrapped()
    for level in LEVELS:
        yield from signatures(level)
    yield from changed_texts()
    yield from other_meaning()
