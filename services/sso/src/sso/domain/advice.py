"""What each refusal asks of whom: a sentence for the person, one for the admin."""

from collections.abc import Mapping

from sso.domain.refusals import Advice, Code

_AGAIN = "Go back to the app and sign in again."
_ADMIN = "Ask your IT admin, and give them the number below."
_DOCUMENT = "Somebody posted what no identity provider sends; if it repeats, look for an attack."

ADVICE: Mapping[Code, Advice] = {
    Code.TOO_LARGE: Advice(_ADMIN, "The response is too large: send fewer claims, no groups."),
    Code.NOT_BASE64: Advice(_AGAIN, _DOCUMENT),
    Code.NOT_XML: Advice(_AGAIN, _DOCUMENT),
    Code.DOCTYPE: Advice(_AGAIN, _DOCUMENT),
    Code.NOT_A_RESPONSE: Advice(_AGAIN, _DOCUMENT),
    Code.DUPLICATE_ID: Advice(_AGAIN, _DOCUMENT),
    Code.NOT_ONE_ASSERTION: Advice(
        _ADMIN, "The response must hold exactly one assertion, in SAML 2.0."
    ),
    Code.ENCRYPTION_FORM: Advice(
        _ADMIN, "The encrypted assertion has a layout that is not read: see the detail."
    ),
    Code.UNDECRYPTABLE: Advice(
        _ADMIN,
        "None of our keys decrypts it: upload the encryption certificate of the connection's "
        "metadata (Entra: Token encryption → Import Certificate), and make it the active one.",
    ),
    Code.UNSIGNED: Advice(
        _ADMIN,
        "Sign the assertion or the response (Entra: SAML Signing Certificate → Signing Option).",
    ),
    Code.SIGNATURE_PLACE: Advice(_AGAIN, _DOCUMENT),
    Code.SIGNATURE_FORM: Advice(_AGAIN, _DOCUMENT),
    Code.ALGORITHM: Advice(
        _ADMIN,
        "Sign by RSA with SHA-256 (Entra: SAML Signing Certificate → Signing Algorithm); "
        "encrypt by RSA-OAEP and AES.",
    ),
    Code.SIGNER_UNKNOWN: Advice(
        _ADMIN,
        "Another certificate has signed than the metadata names: use the App Federation Metadata "
        "URL of this very app, and set the metadata again.",
    ),
    Code.SIGNATURE_WRONG: Advice(_AGAIN, "The signature does not fit: the response was changed."),
    Code.IDP_REFUSED: Advice(
        _ADMIN, "The identity provider refused; its own words are in the sign-in log."
    ),
    Code.ISSUER: Advice(_ADMIN, "Another identity provider answered than the metadata names."),
    Code.DESTINATION: Advice(
        _ADMIN, "The response is for another address: check the Reply URL (ACS) of the app."
    ),
    Code.RECIPIENT: Advice(
        _ADMIN, "The assertion is for another address: check the Reply URL (ACS) of the app."
    ),
    Code.AUDIENCE: Advice(
        _ADMIN, "The assertion is for another app: check the Identifier (Entity ID) of the app."
    ),
    Code.NOT_ASKED_FOR: Advice(
        _AGAIN, "Nobody waited for this answer: sign-in has to begin at the app."
    ),
    Code.EXPIRED: Advice(_AGAIN, "The assertion is over: check both clocks."),
    Code.NOT_YET_VALID: Advice(_AGAIN, "The assertion is not valid yet: check both clocks."),
    Code.NO_CONFIRMATION: Advice(_ADMIN, "The assertion has no bearer confirmation."),
    Code.NO_STATEMENT: Advice(_ADMIN, "The assertion does not say that anybody signed in."),
    Code.REPLAYED: Advice(_AGAIN, "The same answer came twice: a reload, or a replay."),
    Code.NO_SUBJECT: Advice(
        _ADMIN,
        "The assertion names nobody: add the claim emailaddress with user.mail or "
        "user.userprincipalname as its source.",
    ),
    Code.AMBIGUOUS_ADDRESS: Advice(
        _ADMIN, "A claim has several addresses: choose a source with exactly one."
    ),
    Code.FOREIGN_ADDRESS: Advice(
        _ADMIN,
        "The address is in no domain that the tenant has proved: verify the domain, or send "
        "another claim.",
    ),
    Code.NOT_PROVISIONED: Advice(
        "Your account is not set up here yet. Ask your IT admin to add you.",
        "No user has this object id as externalId, nor this address: provision the person by SCIM.",
    ),
    Code.AMBIGUOUS_USER: Advice(
        _ADMIN, "Two users fit: map externalId to objectId, so that one does."
    ),
    Code.OTHER_SUBJECT: Advice(
        _ADMIN,
        "The user is bound to another object id: the person was deleted and made again in Entra.",
    ),
    Code.DEACTIVATED: Advice(
        "Your account is switched off. Ask your IT admin.",
        "The user is inactive in the directory, or has no role there.",
    ),
    Code.NOT_ASKED_AGAIN: Advice(
        "The app wants you to sign in again, and your company's sign-in page did not ask you. "
        + _AGAIN,
        "The identity provider ignores ForceAuthn: its AuthnInstant is from before the request.",
    ),
    Code.CONNECTION_STATE: Advice(_ADMIN, "The connection is not active: test and activate it."),
    Code.NOT_ENTITLED: Advice(
        _ADMIN, "The tenant is suspended, or its package has no single sign-on."
    ),
    Code.LOGIN_EXPIRED: Advice(
        "This took too long, or was finished already. " + _AGAIN, "The sign-in began too long ago."
    ),
    Code.OTHER_BROWSER: Advice(
        "This sign-in began in another browser. " + _AGAIN,
        "The answer came to another browser than the one that began.",
    ),
}
