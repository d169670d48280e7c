"""Why a sign-in was refused: the closed list of codes, and what each asks of whom.

The code goes into the sign-in log and onto the page; what a document holds never does.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Code(StrEnum):
    """One kind of refusal."""

    # The document, before anything in it is believed.
    TOO_LARGE = "too_large"
    NOT_BASE64 = "not_base64"
    NOT_XML = "not_xml"
    DOCTYPE = "doctype"
    NOT_A_RESPONSE = "not_a_response"
    DUPLICATE_ID = "duplicate_id"
    NOT_ONE_ASSERTION = "not_one_assertion"
    ENCRYPTION_FORM = "encryption_form"
    UNDECRYPTABLE = "undecryptable"
    UNSIGNED = "unsigned"
    SIGNATURE_PLACE = "signature_place"
    SIGNATURE_FORM = "signature_form"
    ALGORITHM = "algorithm"
    SIGNER_UNKNOWN = "signer_unknown"
    SIGNATURE_WRONG = "signature_wrong"
    # What the identity provider says.
    IDP_REFUSED = "idp_refused"
    ISSUER = "issuer"
    DESTINATION = "destination"
    RECIPIENT = "recipient"
    AUDIENCE = "audience"
    NOT_ASKED_FOR = "not_asked_for"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NO_CONFIRMATION = "no_confirmation"
    NO_STATEMENT = "no_statement"
    REPLAYED = "replayed"
    NOT_ASKED_AGAIN = "not_asked_again"
    # Who it is.
    NO_SUBJECT = "no_subject"
    AMBIGUOUS_ADDRESS = "ambiguous_address"
    FOREIGN_ADDRESS = "foreign_address"
    NOT_PROVISIONED = "not_provisioned"
    AMBIGUOUS_USER = "ambiguous_user"
    OTHER_SUBJECT = "other_subject"
    DEACTIVATED = "deactivated"
    # Whether it may happen at all.
    CONNECTION_STATE = "connection_state"
    NOT_ENTITLED = "not_entitled"
    LOGIN_EXPIRED = "login_expired"
    OTHER_BROWSER = "other_browser"


@dataclass(frozen=True, slots=True)
class Advice:
    """What a refusal means, for the person who met it and for the admin who mends it."""

    person: str
    admin: str


class Refused(Exception):
    """A sign-in that does not go on; the detail is for the admin's log alone."""

    def __init__(
        self,
        code: Code,
        detail: str = "",
        *,
        user_id: UUID | None = None,
        answered_login: UUID | None = None,
    ) -> None:
        super().__init__(f"{code.value}: {detail}" if detail else code.value)
        self.code = code
        self.detail = detail
        self.user_id = user_id
        """Who it is, where that is known."""
        self.answered_login = answered_login
        """The login that the same answer has gone through already."""
