"""The base of every model on the bus: frozen, and tolerant of fields it does not know.

Readers ignore unknown fields, so that adding an optional field breaks nobody. Enum-like fields are
open strings, so that a new value breaks nobody either.
"""

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """A value that crosses the bus as JSON (UTF-8, snake_case names)."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)
