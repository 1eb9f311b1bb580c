"""create_billing_record: its callers, and the input that it refuses."""

from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.v1.billing_pb2 import BILLING_STATUS_PAID
from tests.support.rpc import ALREADY_EXISTS, INVALID_ARGUMENT, NOBODY, NOT_FOUND, REQUEST_ID_REUSED, access, case

ACCESS = access("organization_id => {first}, amount => 100", first="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", amount=1),
    case(NOT_FOUND, organization_id=NOBODY, amount=1),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=None),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=0),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=-2147483648),
    case(INVALID_ARGUMENT, "currency", organization_id="$acme", amount=1, currency="dollars"),
    case(INVALID_ARGUMENT, "billing_reason", organization_id="$acme", amount=1, billing_reason="Two Words"),
    case(INVALID_ARGUMENT, "billing_reason", organization_id="$acme", amount=1, billing_reason="b" * 51),
    case(INVALID_ARGUMENT, "invoice_url", organization_id="$acme", amount=1, invoice_url="javascript:1"),
    case(INVALID_ARGUMENT, "receipt_url", organization_id="$acme", amount=1, receipt_url="ftp://x"),
    case(INVALID_ARGUMENT, "paid_at", organization_id="$acme", amount=1, paid_at=Timestamp(seconds=1)),
    case(
        INVALID_ARGUMENT,
        "paid_at",
        organization_id="$acme",
        amount=1,
        status=BILLING_STATUS_PAID,
        paid_at=Timestamp(seconds=10**11),
    ),
    case(INVALID_ARGUMENT, "stripe_invoice_id", organization_id="$acme", amount=1, stripe_invoice_id="i" * 256),
    case(ALREADY_EXISTS, "stripe_invoice_id", organization_id="$acme", amount=1, stripe_invoice_id="$invoice"),
    case(
        INVALID_ARGUMENT,
        "stripe_payment_intent_id",
        organization_id="$acme",
        amount=1,
        stripe_payment_intent_id="p" * 256,
    ),
    case(
        ALREADY_EXISTS,
        "stripe_payment_intent_id",
        organization_id="$acme",
        amount=1,
        stripe_payment_intent_id="$payment",
    ),
    case(INVALID_ARGUMENT, "request_id", organization_id="$acme", amount=1, request_id="r" * 256),
    case(INVALID_ARGUMENT, "request_id", organization_id="$acme", amount=1, request_id=" "),
    case(REQUEST_ID_REUSED, "request_id", organization_id="$acme", amount=1, request_id="bill"),
]

REQUEST_ID = [{"organization_id": "$acme", "amount": 100}]
