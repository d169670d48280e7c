"""What a record of the bus means for the deny list."""

from uuid import UUID

import orjson

from chassis.bus import ReceivedRecord, Undecodable, decode, decode_envelope
from chassis.denied.list import DenyList
from contracts.sso import SsoSessionRevoked
from contracts.topics import DIRECTORY_USERS, SSO_EVENTS


def apply(record: ReceivedRecord, denied: DenyList) -> None:
    """Put what a record says on the list.

    Raises:
        Undecodable: It says nothing that can be understood.
    """
    if record.partition.topic == SSO_EVENTS.name:
        _end_sessions(record, denied)
    else:
        _keep_user(record, denied)


def _end_sessions(record: ReceivedRecord, denied: DenyList) -> None:
    event = decode(record, SSO_EVENTS, decode_envelope(record, SSO_EVENTS))
    if isinstance(event.data, SsoSessionRevoked):
        for ended in event.data.sessions:
            denied.end_session(ended.session_id)


def _keep_user(record: ReceivedRecord, denied: DenyList) -> None:
    """Read of a user's state what matters here: every process does so for every user's change."""
    envelope = decode_envelope(record, DIRECTORY_USERS)
    try:
        user_id = UUID(envelope.subject)
        said = None if record.value is None else orjson.loads(record.value)
        may = said is not None and said["status"] == "active" and said.get("role") is not None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Undecodable("it is not the state of a user") from None
    version = envelope.version or 0
    if may:
        denied.let_in(user_id, version)
    else:
        denied.shut_out(user_id, version)
