"""`python -m contracts.generate`: writes schemas, digests of examples, and the two documents.

It refuses to write what would break a reader. With `--check` it writes nothing and fails if
anything committed is stale.
"""

import argparse
import sys
from pathlib import Path

from contracts.asyncapi import asyncapi_document
from contracts.compatibility import breaches
from contracts.compatibility_topics import topic_breaches
from contracts.events_page import events_page
from contracts.examples import DIGESTS_FILE, EXAMPLES, digests_file, example_faults
from contracts.graph import faults
from contracts.registry import EVENT_TYPES
from contracts.schemas import (
    SCHEMAS,
    committed_schemas,
    committed_topics,
    schema_files,
    schema_of,
    topic_declarations,
)

DOCS = Path(__file__).parents[4] / "docs"


def broken_promises(schemas: Path = SCHEMAS, examples: Path = EXAMPLES) -> list[str]:
    """Return every way in which the models break what is committed, a sentence each."""
    found = faults() + example_faults(examples)
    for name, old in committed_schemas(schemas).items():
        if name not in EVENT_TYPES:
            found.append(f"{name}: type-removed; its records are still in the log.")
            continue
        found += [f"{name}: {breach}" for breach in breaches(old, schema_of(EVENT_TYPES[name]))]
    old_topics = committed_topics(schemas)
    return found + [str(breach) for breach in topic_breaches(old_topics, topic_declarations())]


def outputs(
    docs: Path = DOCS, schemas: Path = SCHEMAS, examples: Path = EXAMPLES
) -> dict[Path, str]:
    """Return every generated file with its content."""
    return {
        **{schemas / name: content for name, content in schema_files().items()},
        examples / DIGESTS_FILE: digests_file(examples),
        docs / "events.md": events_page(),
        docs / "asyncapi.yaml": asyncapi_document(),
    }


def stale(files: dict[Path, str]) -> list[Path]:
    """Return the files that are not as they would be generated."""
    return [
        path
        for path, content in files.items()
        if not path.exists() or path.read_text("utf-8") != content
    ]


def main(arguments: list[str] | None = None) -> int:
    """Write what is stale, or only check."""
    parser = argparse.ArgumentParser(prog="python -m contracts.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if stale")
    parser.add_argument("--docs", type=Path, default=DOCS, help="directory of the documents")
    options = parser.parse_args(arguments)

    promises = broken_promises()
    if promises:
        sys.stderr.write("".join(f"{line}\n" for line in promises))
        sys.stderr.write(
            "Give the changed event a new version (.v2) and publish both (ADR 0001).\n"
        )
        return 1
    files = outputs(options.docs)
    changed = stale(files)
    if options.check:
        sys.stderr.write("".join(f"{path} is stale: run `make contracts`.\n" for path in changed))
        return 1 if changed else 0
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], "utf-8")
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
