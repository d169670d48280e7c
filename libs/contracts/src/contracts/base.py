"""The base of every model on the bus: frozen, and tolerant of fields it does not know.

Readers ignore unknown fields, so that adding an optional field breaks nobody. Enum-like fields are
open strings, so that a new value breaks nobody either.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

MAX_BIGINT = 2**63 - 1
"""The highest number that producers and readers can store (PostgreSQL's bigint)."""


class Contract(BaseModel):
    """A value that crosses the bus as JSON (UTF-8, snake_case names)."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


# No producer can have written more, so no record of before is refused: the schemas stay.
Version = Annotated[
    int, Field(ge=1, le=MAX_BIGINT), WithJsonSchema({"type": "integer", "minimum": 1})
]
"""How often a user, group or tenant was written, from 1; a bigint everywhere."""
