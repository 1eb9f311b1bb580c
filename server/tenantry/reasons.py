"""Every reason that a call fails for. Generated from sql/seeds/errors.sql by `make protos`; not to be edited."""

from collections.abc import Mapping
from dataclasses import dataclass

from grpc import StatusCode


@dataclass(frozen=True)
class Reason:
    """The reason of a failed call.

    name: ErrorInfo.reason. status: the gRPC status. retry_after: seconds after which the same call may succeed, None if
    repeating it does not help.
    """

    name: str
    status: StatusCode
    retry_after: float | None = None


INVALID_ARGUMENT = Reason("INVALID_ARGUMENT", StatusCode.INVALID_ARGUMENT)
"""An argument is missing or not acceptable, a value does not fit its column, or JSON is nested too deeply."""

NOT_FOUND = Reason("NOT_FOUND", StatusCode.NOT_FOUND)
"""The resource does not exist, or the caller may not know of it."""

INVALID_PAGE_TOKEN = Reason("INVALID_PAGE_TOKEN", StatusCode.INVALID_ARGUMENT)
"""page_token does not come from this listing with the same filters."""

INSUFFICIENT_CREDITS = Reason("INSUFFICIENT_CREDITS", StatusCode.FAILED_PRECONDITION)
"""The available credits do not cover the amount to spend or to hold."""

BALANCE_OUT_OF_RANGE = Reason("BALANCE_OUT_OF_RANGE", StatusCode.OUT_OF_RANGE)
"""The balance would pass 2147483647 credits."""

REQUEST_ID_REUSED = Reason("REQUEST_ID_REUSED", StatusCode.FAILED_PRECONDITION)
"""An earlier call used the same request_id with other arguments."""

ORGANIZATION_INACTIVE = Reason("ORGANIZATION_INACTIVE", StatusCode.FAILED_PRECONDITION)
"""The organization is not active: its members cannot spend its credits or edit it."""

CREDIT_EVENT_INACTIVE = Reason("CREDIT_EVENT_INACTIVE", StatusCode.FAILED_PRECONDITION)
"""The credit event is not active, so it cannot be charged."""

ORGANIZATION_HAS_HISTORY = Reason("ORGANIZATION_HAS_HISTORY", StatusCode.FAILED_PRECONDITION)
"""An organization with a ledger, subscriptions or bills cannot be deleted."""

LEDGER_IS_APPEND_ONLY = Reason("LEDGER_IS_APPEND_ONLY", StatusCode.FAILED_PRECONDITION)
"""A statement tried to change or delete an entry of the ledger or of the audit log."""

HOLD_NOT_ACTIVE = Reason("HOLD_NOT_ACTIVE", StatusCode.FAILED_PRECONDITION)
"""The hold was captured or released, or it has lapsed."""

REFUND_EXCEEDS_CONSUMPTION = Reason("REFUND_EXCEEDS_CONSUMPTION", StatusCode.FAILED_PRECONDITION)
"""The refund exceeds the spent credits that are not refunded yet."""

CAPTURE_EXCEEDS_HOLD = Reason("CAPTURE_EXCEEDS_HOLD", StatusCode.FAILED_PRECONDITION)
"""The capture exceeds the held credits."""

WRONG_TRANSACTION_TYPE = Reason("WRONG_TRANSACTION_TYPE", StatusCode.FAILED_PRECONDITION)
"""This operation does not apply to entries of this type."""

REVOCATION_EXCEEDS_GRANT = Reason("REVOCATION_EXCEEDS_GRANT", StatusCode.FAILED_PRECONDITION)
"""The revocation exceeds the granted credits that are not revoked yet."""

SYSTEM_ROLE = Reason("SYSTEM_ROLE", StatusCode.FAILED_PRECONDITION)
"""System roles, and the permissions that they hold, cannot be changed or deleted."""

LAST_OWNER = Reason("LAST_OWNER", StatusCode.FAILED_PRECONDITION)
"""The last owner of an organization cannot be removed or demoted."""

NO_SEAT_LEFT = Reason("NO_SEAT_LEFT", StatusCode.FAILED_PRECONDITION)
"""The members of the organization fill the max_users of its plan."""

INVITATION_NOT_PENDING = Reason("INVITATION_NOT_PENDING", StatusCode.FAILED_PRECONDITION)
"""The invitation is accepted, revoked, expired, or void because its sender may not invite to the role any more."""

SUBSCRIPTION_TRANSITION = Reason("SUBSCRIPTION_TRANSITION", StatusCode.FAILED_PRECONDITION)
"""A subscription cannot change from its status to the new one."""

SUBSCRIPTION_EXISTS = Reason("SUBSCRIPTION_EXISTS", StatusCode.FAILED_PRECONDITION)
"""The organization already has a live subscription."""

PLAN_INACTIVE = Reason("PLAN_INACTIVE", StatusCode.FAILED_PRECONDITION)
"""The plan is not for sale."""

NO_TRIAL = Reason("NO_TRIAL", StatusCode.FAILED_PRECONDITION)
"""The plan has no trial, the organization had a subscription, or its user or payment method had a trial."""

MANAGED_BY_STRIPE = Reason("MANAGED_BY_STRIPE", StatusCode.FAILED_PRECONDITION)
"""Stripe manages the subscription."""

SUBSCRIPTION_ENDED = Reason("SUBSCRIPTION_ENDED", StatusCode.FAILED_PRECONDITION)
"""The subscription is cancelled or expired."""

PLAN_IN_USE = Reason("PLAN_IN_USE", StatusCode.FAILED_PRECONDITION)
"""Live subscriptions have the plan or change to it. Its price and period stay, and only force archives it."""

STRIPE_PRICE_TAKEN = Reason("STRIPE_PRICE_TAKEN", StatusCode.ALREADY_EXISTS)
"""Another plan or credit product already has this price at Stripe."""

BILLING_TRANSITION_REFUSED = Reason("BILLING_TRANSITION_REFUSED", StatusCode.FAILED_PRECONDITION)
"""A billing record cannot change from its status to the new one."""

BILLING_RECORD_FOLLOWS_STRIPE = Reason("BILLING_RECORD_FOLLOWS_STRIPE", StatusCode.FAILED_PRECONDITION)
"""The billing record follows an invoice or a payment at Stripe."""

STRIPE_UNAVAILABLE = Reason("STRIPE_UNAVAILABLE", StatusCode.UNAVAILABLE, retry_after=5.0)
"""Stripe did not answer. The server sends the request again later."""

STRIPE_NOT_CONFIGURED = Reason("STRIPE_NOT_CONFIGURED", StatusCode.FAILED_PRECONDITION)
"""The server has no key for Stripe, or Stripe does not accept the key."""

PAYMENT_DECLINED = Reason("PAYMENT_DECLINED", StatusCode.FAILED_PRECONDITION)
"""The payment was declined. The metadata has Stripe's code."""

STRIPE_REFUSED = Reason("STRIPE_REFUSED", StatusCode.FAILED_PRECONDITION)
"""Stripe refused the request. The metadata has Stripe's type and code."""

NOT_AT_STRIPE = Reason("NOT_AT_STRIPE", StatusCode.FAILED_PRECONDITION)
"""The plan or credit product has no price at Stripe."""

CREDIT_PRODUCT_INACTIVE = Reason("CREDIT_PRODUCT_INACTIVE", StatusCode.FAILED_PRECONDITION)
"""The credit product is not active, so it cannot be bought."""

TOO_MANY_REQUESTS = Reason("TOO_MANY_REQUESTS", StatusCode.RESOURCE_EXHAUSTED, retry_after=5.0)
"""Twenty requests to Stripe are under way for the organization, or another change of its plan is."""

SETTLEMENT_FAILED = Reason("SETTLEMENT_FAILED", StatusCode.INTERNAL)
"""The due changes of the account could not be applied, because its ledger is damaged."""

PAYMENT_INCOMPLETE = Reason("PAYMENT_INCOMPLETE", StatusCode.FAILED_PRECONDITION)
"""Stripe makes the change when its invoice is paid: the customer has to confirm the payment, or a card failed."""

COLLECTION_PAUSED = Reason("COLLECTION_PAUSED", StatusCode.FAILED_PRECONDITION)
"""Stripe collects no payments for the subscription at present, so a change now would cost nothing."""

ORGANIZATION_IN_USE = Reason("ORGANIZATION_IN_USE", StatusCode.FAILED_PRECONDITION)
"""The organization cannot be erased while it is in use, or it is being erased and cannot be activated again."""

PERMISSION_DENIED = Reason("PERMISSION_DENIED", StatusCode.PERMISSION_DENIED)
"""The caller lacks a permission."""

TOKEN_REQUIRED = Reason("TOKEN_REQUIRED", StatusCode.UNAUTHENTICATED)
"""The caller lacks a permission, and the call has no token."""

INVALID_TOKEN = Reason("INVALID_TOKEN", StatusCode.UNAUTHENTICATED)
"""The authorization header has no valid bearer token."""

TOKEN_EXPIRED = Reason("TOKEN_EXPIRED", StatusCode.UNAUTHENTICATED)
"""The token has expired."""

ALREADY_EXISTS = Reason("ALREADY_EXISTS", StatusCode.ALREADY_EXISTS)
"""Another row has the same unique value."""

REFERENCE_VIOLATION = Reason("REFERENCE_VIOLATION", StatusCode.FAILED_PRECONDITION)
"""The row refers to a row that does not exist, or another row still refers to it."""

CONFLICT = Reason("CONFLICT", StatusCode.ABORTED, retry_after=0.1)
"""The call conflicted with others each time that the server ran it."""

DEADLINE_EXCEEDED = Reason("DEADLINE_EXCEEDED", StatusCode.DEADLINE_EXCEEDED)
"""The deadline passed before the database answered."""

DATABASE_BUSY = Reason("DATABASE_BUSY", StatusCode.RESOURCE_EXHAUSTED, retry_after=1.0)
"""The database has no memory, disk space or connection left."""

DATABASE_UNAVAILABLE = Reason("DATABASE_UNAVAILABLE", StatusCode.UNAVAILABLE, retry_after=1.0)
"""The database cannot be reached, or is read-only."""

SERVER_BUSY = Reason("SERVER_BUSY", StatusCode.RESOURCE_EXHAUSTED, retry_after=0.5)
"""Every connection to the database was in use for too long, or the server has too many calls open."""

INVALID_SIGNATURE = Reason("INVALID_SIGNATURE", StatusCode.INVALID_ARGUMENT)
"""The signature does not match the event, or it is older than five minutes."""

NO_WEBHOOK_SECRET = Reason("NO_WEBHOOK_SECRET", StatusCode.FAILED_PRECONDITION)
"""The server has no secret to check the signatures of Stripe's events."""

INTERNAL = Reason("INTERNAL", StatusCode.INTERNAL)
"""Any other error: a fault of the server, whose log says more."""

TOO_MANY_CALLS = Reason("TOO_MANY_CALLS", StatusCode.RESOURCE_EXHAUSTED, retry_after=1.0)
"""The caller has its share of the server's calls, streams or database connections in use already."""

REQUEST_TOO_LARGE = Reason("REQUEST_TOO_LARGE", StatusCode.INVALID_ARGUMENT)
"""The request has more bytes than its method takes."""

STREAM_IDLE = Reason("STREAM_IDLE", StatusCode.ABORTED, retry_after=0.1)
"""The server ended a stream that had no request for too long."""

SERVER_STOPPING = Reason("SERVER_STOPPING", StatusCode.UNAVAILABLE, retry_after=0.1)
"""The server is about to stop: it did nothing for the call, or ends a stream whose requests are all answered."""

SCHEMA_MISMATCH = Reason("SCHEMA_MISMATCH", StatusCode.UNAVAILABLE, retry_after=5.0)
"""The database lacks a function, table or column that the server needs."""

RAISED: Mapping[str, Reason] = {
    "TN001": INVALID_ARGUMENT,
    "TN002": NOT_FOUND,
    "TN003": INVALID_PAGE_TOKEN,
    "TN009": INSUFFICIENT_CREDITS,
    "TN010": BALANCE_OUT_OF_RANGE,
    "TN011": REQUEST_ID_REUSED,
    "TN012": ORGANIZATION_INACTIVE,
    "TN013": CREDIT_EVENT_INACTIVE,
    "TN014": ORGANIZATION_HAS_HISTORY,
    "TN015": LEDGER_IS_APPEND_ONLY,
    "TN016": HOLD_NOT_ACTIVE,
    "TN017": REFUND_EXCEEDS_CONSUMPTION,
    "TN018": CAPTURE_EXCEEDS_HOLD,
    "TN019": WRONG_TRANSACTION_TYPE,
    "TN020": REVOCATION_EXCEEDS_GRANT,
    "TN021": SYSTEM_ROLE,
    "TN022": LAST_OWNER,
    "TN023": NO_SEAT_LEFT,
    "TN024": INVITATION_NOT_PENDING,
    "TN025": SUBSCRIPTION_TRANSITION,
    "TN026": SUBSCRIPTION_EXISTS,
    "TN027": PLAN_INACTIVE,
    "TN028": NO_TRIAL,
    "TN030": MANAGED_BY_STRIPE,
    "TN031": SUBSCRIPTION_ENDED,
    "TN033": PLAN_IN_USE,
    "TN034": STRIPE_PRICE_TAKEN,
    "TN035": BILLING_TRANSITION_REFUSED,
    "TN036": BILLING_RECORD_FOLLOWS_STRIPE,
    "TN041": STRIPE_UNAVAILABLE,
    "TN042": STRIPE_NOT_CONFIGURED,
    "TN043": PAYMENT_DECLINED,
    "TN044": STRIPE_REFUSED,
    "TN045": NOT_AT_STRIPE,
    "TN046": CREDIT_PRODUCT_INACTIVE,
    "TN047": TOO_MANY_REQUESTS,
    "TN048": SETTLEMENT_FAILED,
    "TN049": PAYMENT_INCOMPLETE,
    "TN050": COLLECTION_PAUSED,
    "TN051": ORGANIZATION_IN_USE,
    "42501": PERMISSION_DENIED,
}
"""The reason of every SQLSTATE that tenantry.fail raises."""

POSTGRES: Mapping[str, Reason] = {
    "08": DATABASE_UNAVAILABLE,
    "22": INVALID_ARGUMENT,
    "23502": INVALID_ARGUMENT,
    "23503": REFERENCE_VIOLATION,
    "23505": ALREADY_EXISTS,
    "23514": INVALID_ARGUMENT,
    "23P01": REFERENCE_VIOLATION,
    "25006": DATABASE_UNAVAILABLE,
    "40001": CONFLICT,
    "40P01": CONFLICT,
    "42703": SCHEMA_MISMATCH,
    "42704": SCHEMA_MISMATCH,
    "42883": SCHEMA_MISMATCH,
    "42P01": SCHEMA_MISMATCH,
    "53": DATABASE_BUSY,
    "54": INVALID_ARGUMENT,
    "55P03": CONFLICT,
    "57014": DEADLINE_EXCEEDED,
    "57P": DATABASE_UNAVAILABLE,
}
"""The reason of PostgreSQL's own SQLSTATEs, or of all that begin with these characters."""
