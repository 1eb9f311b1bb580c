"""update_billing_record: its callers, and the input that it refuses."""

from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.v1.billing_pb2 import BILLING_STATUS_PAID, BILLING_STATUS_PENDING, BILLING_STATUS_REFUNDED
from tests.support.rpc import (
    BILLING_RECORD_FOLLOWS_STRIPE,
    BILLING_TRANSITION_REFUSED,
    INVALID_ARGUMENT,
    NOBODY,
    NOT_FOUND,
    access,
    case,
    mask,
)

ACCESS = access(
    "organization_id => {first}, billing_record_id => {bill_first}, description => 'new'",
    first="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", billing_record_id="$bill", description="x"),
    case(INVALID_ARGUMENT, "billing_record_id", organization_id="$acme", description="x"),
    case(INVALID_ARGUMENT, "update_mask", organization_id="$acme", billing_record_id="$bill"),
    case(NOT_FOUND, organization_id="$acme", billing_record_id=NOBODY, description="x"),
    case(NOT_FOUND, organization_id="$idle", billing_record_id="$bill", description="x"),
    case(
        BILLING_TRANSITION_REFUSED,
        "status",
        organization_id="$acme",
        billing_record_id="$bill",
        status=BILLING_STATUS_REFUNDED,
    ),
    case(INVALID_ARGUMENT, "status", organization_id="$acme", billing_record_id="$bill", update_mask=mask("status")),
    case(
        INVALID_ARGUMENT, "update_mask", organization_id="$acme", billing_record_id="$bill", update_mask=mask("amount")
    ),
    case(INVALID_ARGUMENT, "amount_refunded", organization_id="$acme", billing_record_id="$bill", amount_refunded=1),
    case(INVALID_ARGUMENT, "amount_refunded", organization_id="$acme", billing_record_id="$bill", amount_refunded=-1),
    case(
        INVALID_ARGUMENT,
        "amount_refunded",
        organization_id="$acme",
        billing_record_id="$bill",
        status=BILLING_STATUS_PAID,
        amount_refunded=2147483647,
    ),
    case(INVALID_ARGUMENT, "invoice_url", organization_id="$acme", billing_record_id="$bill", invoice_url="x"),
    case(INVALID_ARGUMENT, "paid_at", organization_id="$acme", billing_record_id="$bill", paid_at=Timestamp(seconds=1)),
    case(
        BILLING_RECORD_FOLLOWS_STRIPE,
        organization_id="$acme",
        billing_record_id="$invoice-bill",
        status=BILLING_STATUS_PENDING,
    ),
]
