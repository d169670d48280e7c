"""The AsyncAPI document is plain: in the order it was written in, without anchors."""

import yaml

from contracts.asyncapi import asyncapi_document
from contracts.topics import TOPICS


def test_a_reader_gets_every_topic_back() -> None:
    document = yaml.safe_load(asyncapi_document())

    assert list(document) == [
        "asyncapi",
        "info",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    ]
    assert list(document["channels"]) == list(TOPICS)


def test_what_occurs_twice_is_written_twice() -> None:
    assert "&id" not in asyncapi_document()
