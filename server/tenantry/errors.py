"""From PostgreSQL's errors to gRPC's: one catalogue, one translation.

The database raises its own SQLSTATEs of class TN with the variables as JSON in DETAIL (sql/functions/core/fail.sql).
Here each becomes a google.rpc.Status with an ErrorInfo (reason, domain, metadata), a BadRequest where an argument is at
fault and a RetryInfo where trying again helps. Text of the database that was not written for callers never reaches one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import psycopg
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

DOMAIN = "tenantry"

MAX_TEXT = 256
"""Characters of a message or a metadata value at most: a status travels in trailers, which hold 8 kB in all."""

Constraints = Mapping[tuple[str, str], tuple[str, ...]]
"""(table, constraint) -> the columns that the constraint is on."""


@dataclass(frozen=True)
class Kind:
    """How an SQLSTATE is answered."""

    code: grpc.StatusCode
    reason: str
    retry_after: float | None = None
    """Seconds after which trying again makes sense."""


CATALOGUE: Mapping[str, Kind] = {
    "TN001": Kind(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    "TN002": Kind(grpc.StatusCode.NOT_FOUND, "NOT_FOUND"),
    "TN003": Kind(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"),
    "TN009": Kind(grpc.StatusCode.FAILED_PRECONDITION, "INSUFFICIENT_CREDITS"),
    "TN010": Kind(grpc.StatusCode.OUT_OF_RANGE, "BALANCE_OUT_OF_RANGE"),
    "TN011": Kind(grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED"),
    "TN012": Kind(grpc.StatusCode.FAILED_PRECONDITION, "ORGANIZATION_INACTIVE"),
    "TN013": Kind(grpc.StatusCode.FAILED_PRECONDITION, "CREDIT_EVENT_INACTIVE"),
    "TN014": Kind(grpc.StatusCode.FAILED_PRECONDITION, "ORGANIZATION_HAS_HISTORY"),
    "TN015": Kind(grpc.StatusCode.FAILED_PRECONDITION, "LEDGER_IS_APPEND_ONLY"),
    "TN016": Kind(grpc.StatusCode.FAILED_PRECONDITION, "HOLD_NOT_ACTIVE"),
    "TN017": Kind(grpc.StatusCode.FAILED_PRECONDITION, "REFUND_EXCEEDS_CONSUMPTION"),
    "TN018": Kind(grpc.StatusCode.FAILED_PRECONDITION, "CAPTURE_EXCEEDS_HOLD"),
    "TN019": Kind(grpc.StatusCode.FAILED_PRECONDITION, "WRONG_TRANSACTION_TYPE"),
    "TN020": Kind(grpc.StatusCode.FAILED_PRECONDITION, "REVOCATION_EXCEEDS_GRANT"),
    "TN021": Kind(grpc.StatusCode.FAILED_PRECONDITION, "SYSTEM_ROLE"),
    "TN022": Kind(grpc.StatusCode.FAILED_PRECONDITION, "LAST_OWNER"),
    "TN023": Kind(grpc.StatusCode.FAILED_PRECONDITION, "NO_SEAT_LEFT"),
    "TN024": Kind(grpc.StatusCode.FAILED_PRECONDITION, "INVITATION_NOT_PENDING"),
    "TN025": Kind(grpc.StatusCode.FAILED_PRECONDITION, "SUBSCRIPTION_TRANSITION"),
    "TN026": Kind(grpc.StatusCode.FAILED_PRECONDITION, "SUBSCRIPTION_EXISTS"),
    "TN027": Kind(grpc.StatusCode.FAILED_PRECONDITION, "PLAN_INACTIVE"),
    "TN028": Kind(grpc.StatusCode.FAILED_PRECONDITION, "NO_TRIAL"),
    "TN030": Kind(grpc.StatusCode.FAILED_PRECONDITION, "MANAGED_BY_STRIPE"),
    "TN031": Kind(grpc.StatusCode.FAILED_PRECONDITION, "SUBSCRIPTION_ENDED"),
    "TN033": Kind(grpc.StatusCode.FAILED_PRECONDITION, "PLAN_IN_USE"),
    "TN034": Kind(grpc.StatusCode.ALREADY_EXISTS, "STRIPE_PRICE_TAKEN"),
    "TN035": Kind(grpc.StatusCode.FAILED_PRECONDITION, "BILLING_TRANSITION_REFUSED"),
    "TN036": Kind(grpc.StatusCode.FAILED_PRECONDITION, "BILLING_RECORD_FOLLOWS_STRIPE"),
    "TN041": Kind(grpc.StatusCode.UNAVAILABLE, "STRIPE_UNAVAILABLE", retry_after=5.0),
    "TN042": Kind(grpc.StatusCode.FAILED_PRECONDITION, "STRIPE_NOT_CONFIGURED"),
    "TN043": Kind(grpc.StatusCode.FAILED_PRECONDITION, "PAYMENT_DECLINED"),
    "TN044": Kind(grpc.StatusCode.FAILED_PRECONDITION, "STRIPE_REFUSED"),
    "TN045": Kind(grpc.StatusCode.FAILED_PRECONDITION, "NOT_AT_STRIPE"),
    "TN046": Kind(grpc.StatusCode.FAILED_PRECONDITION, "CREDIT_PRODUCT_INACTIVE"),
    "TN047": Kind(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_REQUESTS", retry_after=5.0),
}
"""Every SQLSTATE of Tenantry's own. A test proves that sql/ raises no other."""

INTERNAL = Kind(grpc.StatusCode.INTERNAL, "INTERNAL")


class CallError(Exception):
    """A call that fails with a status for its caller."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status


def status(
    kind: Kind,
    message: str,
    metadata: Mapping[str, Any] | None = None,
    field: str | None = None,
    retry_after: float | None = None,
) -> Status:
    """A google.rpc.Status with its details.

    field: the request's field at fault. retry_after: seconds after which trying again makes sense.
    """
    message = _cut(message)
    info = ErrorInfo(reason=kind.reason, domain=DOMAIN)
    for name, value in (metadata or {}).items():
        info.metadata[name] = _cut(value if isinstance(value, str) else json.dumps(value))
    details: list[Message] = [info]
    if field:
        violation = BadRequest.FieldViolation(field=field, description=message, reason=kind.reason)
        details.append(BadRequest(field_violations=[violation]))
    if retry_after is not None:
        delay = Duration()
        delay.FromMilliseconds(int(retry_after * 1000))
        details.append(RetryInfo(retry_delay=delay))
    packed = []
    for detail in details:
        any_message = AnyMessage()
        any_message.Pack(detail)
        packed.append(any_message)
    return Status(code=kind.code.value[0], message=message, details=packed)


def invalid_argument(field: str, problem: str) -> CallError:
    """The error for a request field whose value cannot be passed on."""
    return CallError(status(CATALOGUE["TN001"], f"{field}: {problem}", {"field": field}, field))


def unauthenticated(reason: str, message: str) -> CallError:
    """The error for a call whose token does not say who calls."""
    return CallError(status(Kind(grpc.StatusCode.UNAUTHENTICATED, reason), message))


def from_database(error: psycopg.Error, constraints: Constraints, has_token: bool) -> Status:
    """The status that answers an error of PostgreSQL.

    has_token: whether the caller showed a token; without one a denial asks for it.
    """
    sqlstate = error.sqlstate or ""
    diagnosis = error.diag
    if sqlstate in CATALOGUE:
        details = _details(diagnosis.message_detail or "{}")
        return _own(CATALOGUE[sqlstate], diagnosis.message_primary or "", details, diagnosis.message_hint)
    if sqlstate == "42501":
        if not has_token:
            return unauthenticated("TOKEN_REQUIRED", "this call needs a bearer token").status
        try:
            return _denied(diagnosis.message_primary or "", _details(diagnosis.message_detail or ""))
        except ValueError:
            # PostgreSQL's own refusal names tables and functions.
            return _denied("permission denied", {})
    if sqlstate == "23505":
        field = _field(diagnosis, constraints)
        kind = Kind(grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS")
        named = {"field": field, "resource": diagnosis.table_name or ""}
        return status(kind, f"{field or 'this'} is taken already", named, field)
    if sqlstate in ("23503", "23P01"):
        field = _field(diagnosis, constraints)
        kind = Kind(grpc.StatusCode.FAILED_PRECONDITION, "REFERENCE_VIOLATION")
        return status(kind, f"{field or 'something'} refers to what is not there, or is still referred to", field=field)
    if sqlstate in ("23502", "23514") or sqlstate.startswith("22"):
        field = diagnosis.column_name or _field(diagnosis, constraints)
        return status(CATALOGUE["TN001"], f"{field or 'a value'} is not acceptable", field=field)
    if sqlstate in ("40001", "40P01", "55P03"):
        kind = Kind(grpc.StatusCode.ABORTED, "CONFLICT")
        return status(kind, "the call kept conflicting with others; try again", retry_after=0.1)
    if sqlstate == "57014":
        return deadline_exceeded()
    if sqlstate.startswith("53"):
        kind = Kind(grpc.StatusCode.RESOURCE_EXHAUSTED, "DATABASE_BUSY")
        return status(kind, "the database has no room for this call now", retry_after=1.0)
    if sqlstate.startswith(("08", "57P")) or sqlstate == "25006" or isinstance(error, psycopg.OperationalError):
        return unavailable()
    return status(INTERNAL, "internal error")


def from_sqlstate(sqlstate: str, message: str, metadata: dict[str, Any], remedy: str | None) -> Status:
    """The status for an error that the database has caught itself and given as values.

    sqlstate: a code of Tenantry's own, or 42501. metadata: the error's variables. Raises KeyError for another sqlstate.
    """
    if sqlstate == "42501":
        return _denied(message, metadata)
    return _own(CATALOGUE[sqlstate], message, metadata, remedy)


def deadline_exceeded() -> Status:
    """The status for a call whose time is up."""
    return status(Kind(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"), "the deadline has passed")


def unavailable() -> Status:
    """The status for a database that cannot be reached."""
    kind = Kind(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    return status(kind, "the database cannot be reached now", retry_after=1.0)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _own(kind: Kind, message: str, metadata: dict[str, Any], remedy: str | None) -> Status:
    if remedy:
        metadata["remedy"] = remedy
    return status(kind, message, metadata, metadata.get("field"), kind.retry_after)


def _denied(message: str, metadata: Mapping[str, Any]) -> Status:
    return status(Kind(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED"), message, metadata)


def _details(detail: str) -> dict[str, Any]:
    """The variables in the DETAIL of an error that tenantry.fail() raised. Raises ValueError for any other."""
    details: dict[str, Any] = json.loads(detail)
    details.pop("reason", None)
    return details


def _field(diagnosis: psycopg.errors.Diagnostic, constraints: Constraints) -> str | None:
    columns = constraints.get((diagnosis.table_name or "", diagnosis.constraint_name or ""), ())
    # Of a key within an organization, what is at fault is the rest.
    named = columns if len(columns) == 1 else [column for column in columns if column != "organization_id"]
    return named[0] if len(named) == 1 else None
