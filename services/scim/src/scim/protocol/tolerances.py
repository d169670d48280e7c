"""What is tolerated although the RFCs do not have it: one list, each entry with its reason.

Entra and other identity providers' clients send it, and refusing it would stop their provisioning.
A tenant that is read strictly (`scim tenant set --strict`) gets the RFC's error instead. Nothing in
the list makes a request do less, or take away more, than it says; what is left out is in the log.
"""

from enum import Enum
from typing import Literal

from kernel.errors import Kind
from scim.domain.errors import ScimError, too_large

Verb = Literal["create", "replace", "patch", "find"]
"""What the request does; only in a `create` is there nothing that could be wiped by mistake."""


class Tolerance(Enum):
    """A deviation: the `scimType` of its strict refusal, what it is, and who needs it."""

    UNKNOWN_NAME = (
        "invalidPath",
        "no attribute has this name; correct the mapping",
        "Entra sends whatever an admin has mapped; the log names what was left out.",
    )
    UNKNOWN_KEY = (
        "invalidSyntax",
        "no attribute has this name; correct the mapping",
        "The same in a body: one wrong mapping must not stop a person from being provisioned.",
    )
    NO_SCHEMAS = (
        "invalidSyntax",
        "`schemas` does not name the schema of the body",
        "Scripts and small clients leave it out, and older ones send SCIM 1.1's URN.",
    )
    OP_IN_ANY_CASE = (
        "invalidSyntax",
        "op is written in small letters: add, replace, remove",
        "Entra without aadOptscim062020 sends Add, Replace and Remove.",
    )
    NO_OPERATIONS = (
        "invalidSyntax",
        "Operations is empty",
        "Microsoft's validator has sent it; it asks for nothing and nothing happens.",
    )
    LIST_WITHOUT_PATH = (
        "invalidSyntax",
        "without a path the value is an object, not a list",
        "A Java SDK wraps the one object in a list.",
    )
    PATH_AS_KEY = (
        "invalidSyntax",
        "a key of a body is the name of an attribute, not a path",
        "Entra's compact dialect sends name.givenName, and filtered paths, as keys.",
    )
    ECHO = (
        "mutability",
        "what the server alone writes cannot be changed",
        "Okta repeats the id in a PATCH without a path, others what they have read, as groups.",
    )
    BARE_EXTENSION = (
        "invalidPath",
        "an attribute of an extension needs its URN and a colon before it",
        "Entra sends a bare manager and department, old jobs a dot, its documents a mistyped URN.",
    )
    ODD_QUOTES = (
        "invalidFilter",
        "texts in filters stand in double quotes",
        "GitHub's documentation shows single quotes; Entra's sends some values without any.",
    )
    TEXT_AS_BOOLEAN = (
        "invalidValue",
        "true and false are not texts",
        'Entra sends "False" for active and compares primary with "True".',
    )
    LOOSE_SHAPE = (
        "invalidValue",
        "the value does not have the shape of its attribute",
        "Entra sends a manager as text or as a list of one, and members as bare ids.",
    )
    REPEATED_NAME = (
        "invalidValue",
        "the value repeats the name of its attribute",
        'Salesforce\'s guide shows {"members": […]} as the value under the path members.',
    )
    JSON_AS_TEXT = (
        "invalidValue",
        "the value is JSON inside of a text",
        "Entra sends roles so (AppRoleAssignmentsComplex), and some clients their members.",
    )
    EMPTY_TEXT = (
        "invalidValue",
        "an empty text is no value; null clears",
        "Entra clears attributes by an empty text (SCIM_Null_Update).",
    )
    ADD_OF_NOTHING = (
        "invalidValue",
        "there is nothing to add; replace with null, or remove, clears",
        "Clients that send all attributes add empty ones too; next to others they hinder nothing.",
    )
    VALUE_OF_REMOVE = (
        "invalidValue",
        "a remove has no value; select what goes in the path",
        "Entra without aadOptscim062020 removes members by value, and repeats old values.",
    )
    MADE_BY_SELECTION = (
        "noTarget",
        "nothing there has what the path selects by",
        "Entra adds a work address by replacing emails[type eq 'work'].value.",
    )

    def __init__(self, scim_type: str, what: str, why: str) -> None:
        self.scim_type = scim_type
        self.what = what
        self.why = why


class Reading:
    """How one request is read: strictly or not, and what was left out in doing so."""

    MOST, LONGEST = 20, 100

    MOST_STEPS = 60_000
    """Of about a microsecond each: what one request may hold up all others with."""

    __slots__ = ("_left_out", "_steps", "added_nothing", "repeated_ids", "strict", "verb")

    def __init__(self, verb: Verb, *, strict: bool = False) -> None:
        self.verb = verb
        self.strict = strict
        self.added_nothing: str | None = None
        """What the last empty value was to be added to."""
        self.repeated_ids: list[str] = []
        """What a PATCH without a path calls the id of its resource."""
        self._left_out: dict[str, None] = {}
        self._steps = 0

    def spend(self, steps: int) -> None:
        """Count work that is about to be done; refuse the request that asks for too much."""
        self._steps += steps
        if self._steps > self.MOST_STEPS:
            raise too_large("The request names too much for one request; send it in several.")

    def tolerate(self, tolerance: Tolerance, subject: str) -> None:
        """Let a deviation pass, or refuse it where the tenant is read strictly."""
        if self.strict:
            sentence = f"{_short(subject)}: {tolerance.what}."
            raise ScimError(Kind.INVALID, sentence, tolerance.scim_type)

    def leave_out(self, name: str, tolerance: Tolerance = Tolerance.UNKNOWN_NAME) -> None:
        """Remember for the log what is not kept and why, without a filter's values."""
        self.tolerate(tolerance, name)
        if tolerance is Tolerance.ADD_OF_NOTHING:
            self.added_nothing = _short(name)
        if len(self._left_out) < self.MOST:
            self._left_out[f"{_short(name)}: {tolerance.what}"] = None

    @property
    def left_out(self) -> tuple[str, ...]:
        """What was left out, in the order it came, each once."""
        return tuple(self._left_out)


def _short(name: str) -> str:
    head, opened, rest = name.partition("[")
    if opened:
        name = f"{head}[…]{rest.rpartition(']')[2] if ']' in rest else ''}"
    return name[: Reading.LONGEST]
