"""BillingService over a real channel."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.auth import mint
from tenantry.v1.billing_pb2 import (
    BILLING_STATUS_FAILED,
    BILLING_STATUS_PAID,
    BILLING_STATUS_PENDING,
    BILLING_STATUS_REFUNDED,
    BILLING_STATUS_VOID,
    BillingTotal,
    CreateBillingRecordRequest,
    GetBillingRecordRequest,
    GetBillingSummaryRequest,
    ListBillingRecordsRequest,
    UpdateBillingRecordRequest,
)
from tests.support import server
from tests.support.calls import billing_record, organization, refused
from tests.support.server import Client


def struct(value: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(value)
    return message


def test_a_bill_comes_back_as_it_was_given(client: Client) -> None:
    acme, invoice = organization(client).id, f"in_{uuid4().hex}"
    paid_at = Timestamp()
    paid_at.FromDatetime(datetime(2026, 1, 31, tzinfo=UTC))
    made = billing_record(
        client,
        acme,
        currency="eur",
        status=BILLING_STATUS_PAID,
        billing_reason="setup_fee",
        description="Setup",
        invoice_url="https://example.com/i",
        receipt_url="https://example.com/r",
        stripe_invoice_id=invoice,
        stripe_payment_intent_id=f"pi_{uuid4().hex}",
        paid_at=paid_at,
        metadata=struct({"order": "4711"}),
        request_id="setup",
    )
    assert (made.organization_id, made.amount, made.currency, made.status) == (acme, 1000, "EUR", BILLING_STATUS_PAID)
    assert (made.billing_reason, made.paid_at, made.amount_refunded) == ("setup_fee", paid_at, 0)
    assert (MessageToDict(made.metadata), made.idempotency_key) == ({"order": "4711"}, "setup")
    for key in ({"billing_record_id": made.id}, {"stripe_invoice_id": invoice}):
        request = GetBillingRecordRequest(organization_id=acme, **key)
        assert client.billing.GetBillingRecord(request).billing_record == made


def test_what_was_not_given_comes_back_unset(client: Client) -> None:
    made = billing_record(client, organization(client).id)
    assert (made.currency, made.status, made.billing_reason) == ("USD", BILLING_STATUS_PENDING, "manual")
    for field in ("description", "invoice_url", "stripe_invoice_id", "metadata", "paid_at", "idempotency_key"):
        assert not made.HasField(field)


def test_a_repeated_call_makes_one_record(client: Client) -> None:
    acme = organization(client).id
    request = CreateBillingRecordRequest(organization_id=acme, amount=5, request_id="once")
    made = [client.billing.CreateBillingRecord(request).billing_record for _ in range(3)]
    assert made[0] == made[1] == made[2]
    request.amount = 6
    failure = refused(client.billing.CreateBillingRecord, request)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED")
    listed = client.billing.ListBillingRecords(ListBillingRecordsRequest(organization_id=acme)).billing_records
    assert list(listed) == [made[0]]


def test_an_invoice_and_a_payment_are_recorded_once(client: Client) -> None:
    acme = organization(client).id
    for field in ("stripe_invoice_id", "stripe_payment_intent_id"):
        taken: dict[str, Any] = {field: f"x_{uuid4().hex}"}
        billing_record(client, acme, **taken)
        failure = refused(
            client.billing.CreateBillingRecord, CreateBillingRecordRequest(organization_id=acme, amount=1, **taken)
        )
        assert (failure.code, failure.reason) == (grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS")
        assert failure.fields == [field]


def test_bills_are_listed_newest_first_in_pages_by_filter(client: Client) -> None:
    acme = organization(client).id
    made = [billing_record(client, acme, billing_reason=reason) for reason in ("a", "b", "a", "b", "a")]
    newest = [record.id for record in reversed(made)]

    def ids(**filters: Any) -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            page = client.billing.ListBillingRecords(
                ListBillingRecordsRequest(organization_id=acme, page_size=2, page_token=token, **filters)
            )
            found += [record.id for record in page.billing_records]
            token = page.next_page_token
            if not token:
                return found

    assert ids() == newest
    assert ids(billing_reason="b") == [made[3].id, made[1].id]
    assert ids(status=BILLING_STATUS_VOID) == []
    assert ids(created_after=made[3].created_at) == newest[:2]
    assert ids(created_before=made[3].created_at) == newest[2:]


def test_a_payment_is_made_and_given_back(client: Client) -> None:
    acme = organization(client).id
    record = billing_record(client, acme, description="Hardware")

    def update(**fields: Any) -> Any:
        request = UpdateBillingRecordRequest(organization_id=acme, billing_record_id=record.id, **fields)
        return client.billing.UpdateBillingRecord(request).billing_record

    assert update(status=BILLING_STATUS_FAILED).status == BILLING_STATUS_FAILED
    paid = update(status=BILLING_STATUS_PAID)
    assert (paid.status, paid.HasField("paid_at")) == (BILLING_STATUS_PAID, True)
    assert update(amount_refunded=400).amount_refunded == 400
    whole = update(amount_refunded=1000)
    assert (whole.status, whole.description) == (BILLING_STATUS_REFUNDED, "Hardware")
    assert not update(update_mask=FieldMask(paths=["description"])).HasField("description")
    failure = refused(update, status=BILLING_STATUS_PENDING)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "BILLING_TRANSITION_REFUSED")
    assert (failure.metadata["from_status"], failure.metadata["to_status"]) == ("refunded", "pending")


def test_a_record_of_stripe_follows_stripe(client: Client) -> None:
    acme, invoice = organization(client).id, f"in_{uuid4().hex}"
    record = billing_record(client, acme, stripe_invoice_id=invoice)
    failure = refused(
        client.billing.UpdateBillingRecord,
        UpdateBillingRecordRequest(organization_id=acme, billing_record_id=record.id, status=BILLING_STATUS_PAID),
    )
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "BILLING_RECORD_FOLLOWS_STRIPE")
    assert failure.metadata["stripe_invoice_id"] == invoice


def test_the_summary_adds_up_by_currency(client: Client) -> None:
    acme = organization(client).id
    for status in (BILLING_STATUS_PENDING, BILLING_STATUS_PAID, BILLING_STATUS_PAID, BILLING_STATUS_REFUNDED):
        billing_record(client, acme, amount=2147483647, status=status)
    billing_record(client, acme, amount=7, currency="EUR")
    most = 2147483647
    totals = client.billing.GetBillingSummary(GetBillingSummaryRequest(organization_id=acme)).totals
    assert list(totals) == [
        BillingTotal(currency="EUR", open=7, records=1),
        BillingTotal(currency="USD", paid=3 * most, refunded=most, open=most, records=4),
    ]


def test_nobody_without_a_permission_sees_or_writes_bills(client: Client, serving: server.Process) -> None:
    acme = organization(client).id
    token = mint(server.SECRET, "authenticated", str(uuid4()))
    with server.client(serving.address, token) as outsider:
        for call, request in (
            (outsider.billing.CreateBillingRecord, CreateBillingRecordRequest(organization_id=acme, amount=1)),
            (outsider.billing.ListBillingRecords, ListBillingRecordsRequest(organization_id=acme)),
            (outsider.billing.GetBillingSummary, GetBillingSummaryRequest(organization_id=acme)),
        ):
            failure = refused(call, request)
            assert (failure.code, failure.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
