"""Translates PostgreSQL's errors to gRPC's; `tenantry.reasons` has the reasons, by sql/seeds/errors.sql.

The database raises its own SQLSTATEs of class TN with the variables as JSON in DETAIL (sql/functions/core/fail.sql).
Here each becomes a google.rpc.Status with an ErrorInfo (reason, domain, metadata), a BadRequest if an argument is at
fault, and a RetryInfo if trying again helps. Only text that the database wrote for callers reaches a caller.
"""

import json
from collections.abc import Mapping
from typing import Any

import psycopg
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from tenantry import reasons
from tenantry.reasons import Reason

DOMAIN = "tenantry"

MAX_TEXT = 256
"""Maximum length of a message or a metadata value, in characters. A status travels in trailers, which hold 8 kB."""

Constraints = Mapping[tuple[str, str], tuple[str, ...]]
"""(table, constraint) -> the columns that the constraint is on."""


class CallError(Exception):
    """A call that fails with a status for its caller."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status


def status(reason: Reason, message: str, metadata: Mapping[str, Any] | None = None, field: str | None = None) -> Status:
    """Makes a google.rpc.Status with its details.

    message: cut to MAX_TEXT, as is each value of the metadata. metadata: the variables of the error; values that are no
    text become JSON. field: the field of the request that is at fault. A reason for which the same call may succeed
    later adds the variable retry.
    """
    message = _cut(message)
    info = ErrorInfo(reason=reason.name, domain=DOMAIN)
    for name, value in (metadata or {}).items():
        info.metadata[name] = _cut(value if isinstance(value, str) else json.dumps(value))
    details: list[Message] = [info]
    if field:
        violation = BadRequest.FieldViolation(field=field, description=message, reason=reason.name)
        details.append(BadRequest(field_violations=[violation]))
    if reason.retry_after is not None:
        info.metadata["retry"] = "true"
        delay = Duration()
        delay.FromMilliseconds(int(reason.retry_after * 1000))
        details.append(RetryInfo(retry_delay=delay))
    packed = []
    for detail in details:
        any_message = AnyMessage()
        any_message.Pack(detail)
        packed.append(any_message)
    return Status(code=reason.status.value[0], message=message, details=packed)


def invalid_argument(field: str, problem: str) -> CallError:
    """The error for a field of a request. problem: the message after the field's name, such as `must be a UUID`."""
    return CallError(status(reasons.INVALID_ARGUMENT, f"{field}: {problem}", {"field": field}, field))


def from_database(error: psycopg.Error, constraints: Constraints, has_token: bool) -> Status:
    """The status that answers an error of PostgreSQL.

    constraints: the columns of each constraint, to name the field at fault. has_token: whether the caller sent a token;
    without one, a denial becomes TOKEN_REQUIRED.
    """
    sqlstate = error.sqlstate or ""
    diagnosis = error.diag
    reason = _reason(sqlstate)
    if reason is reasons.PERMISSION_DENIED:
        return _denied(diagnosis, has_token)
    if sqlstate in reasons.RAISED:
        details = _details(diagnosis.message_detail or "{}")
        return from_sqlstate(sqlstate, diagnosis.message_primary or "", details, diagnosis.message_hint)
    if reason is reasons.ALREADY_EXISTS:
        field = _field(diagnosis, constraints)
        named = {"field": field, "resource": diagnosis.table_name or ""}
        return status(reason, f"{field or 'this'} is taken already", named, field)
    if reason is reasons.REFERENCE_VIOLATION:
        field = _field(diagnosis, constraints)
        message = f"{field or 'something'} refers to what is not there, or is still referred to"
        return status(reason, message, field=field)
    if reason is reasons.INVALID_ARGUMENT:
        field = diagnosis.column_name or _field(diagnosis, constraints)
        return status(reason, f"{field or 'a value'} is not acceptable", field=field)
    if reason is reasons.CONFLICT:
        return status(reason, "the call kept conflicting with others; try again")
    if reason is reasons.DEADLINE_EXCEEDED:
        return deadline_exceeded()
    if reason is reasons.SCHEMA_MISMATCH:
        return status(reason, "the database lacks something that the server needs")
    if reason is reasons.DATABASE_BUSY:
        return status(reason, "the database has no room for this call now")
    # A broken connection brings no SQLSTATE. An OperationalError with one can come from a database that answers. For
    # example, the changes of a table cannot be published (55000), and no repetition mends that.
    if reason is reasons.DATABASE_UNAVAILABLE or (isinstance(error, psycopg.OperationalError) and not sqlstate):
        return unavailable()
    return status(reasons.INTERNAL, "internal error")


def from_sqlstate(sqlstate: str, message: str, metadata: dict[str, Any], remedy: str | None) -> Status:
    """The status for an error that tenantry.fail raised, or that the database has caught itself and given as values.

    metadata: the error's variables. Raises KeyError for an sqlstate that tenantry.fail does not raise.
    """
    if remedy:
        metadata["remedy"] = remedy
    return status(reasons.RAISED[sqlstate], message, metadata, metadata.get("field"))


def permission_denied(has_token: bool) -> Status:
    """The status for a caller whose role may not make the call. has_token: whether the caller sent a token."""
    if not has_token:
        return status(reasons.TOKEN_REQUIRED, "this call needs a bearer token")
    return status(reasons.PERMISSION_DENIED, "permission denied")


def deadline_exceeded(message: str = "the deadline has passed") -> Status:
    """The status for a call whose time is up."""
    return status(reasons.DEADLINE_EXCEEDED, message)


def unavailable() -> Status:
    """The status for a database that cannot be reached."""
    return status(reasons.DATABASE_UNAVAILABLE, "the database cannot be reached now")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _reason(sqlstate: str) -> Reason | None:
    """The reason of an SQLSTATE: its own, or that of the longest beginning that has one."""
    prefixes = (sqlstate[:length] for length in range(len(sqlstate), 0, -1))
    by_prefix = (reasons.POSTGRES[prefix] for prefix in prefixes if prefix in reasons.POSTGRES)
    return reasons.RAISED.get(sqlstate) or next(by_prefix, None)


def _denied(diagnosis: psycopg.errors.Diagnostic, has_token: bool) -> Status:
    try:
        metadata = _details(diagnosis.message_detail or "")
    except ValueError:
        # PostgreSQL itself refused. Its message names tables and functions.
        return permission_denied(has_token)
    if not has_token:
        return permission_denied(has_token)
    return status(reasons.PERMISSION_DENIED, diagnosis.message_primary or "", metadata)


def _details(detail: str) -> dict[str, Any]:
    """The variables in the DETAIL of an error that tenantry.fail raised. Raises ValueError for another DETAIL."""
    details: dict[str, Any] = json.loads(detail)
    details.pop("reason", None)
    return details


def _field(diagnosis: psycopg.errors.Diagnostic, constraints: Constraints) -> str | None:
    columns = constraints.get((diagnosis.table_name or "", diagnosis.constraint_name or ""), ())
    # In a key that begins with the organization, the other column is at fault.
    named = columns if len(columns) == 1 else [column for column in columns if column != "organization_id"]
    return named[0] if len(named) == 1 else None
