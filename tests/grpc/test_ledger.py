"""The rest of CreditService over a real channel: every method passes its fields, times, enums and refusals."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.v1 import credits_pb2 as pb
from tests.support.calls import credit_event, invoke, organization, refused, request
from tests.support.server import Client


def at(when: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(when)
    return stamp


def soon(**delta: float) -> Timestamp:
    return at(datetime.now(UTC) + timedelta(**delta))


def send(client: Client, method: str, **fields: Any) -> Any:
    """Calls a method of CreditService."""
    return invoke(client.channel, method, request(method, **fields))


def denied(client: Client, method: str, **fields: Any) -> Any:
    """Returns the error of a refused call."""
    return refused(send, client, method, **fields)


def test_a_grant_for_later_answers_with_a_lot_and_no_entry(client: Client) -> None:
    acme = organization(client).id
    effective_at, expires_at = soon(days=1), soon(days=2)
    answer = send(
        client, "GrantCredits", organization_id=acme, amount=5, effective_at=effective_at, expires_at=expires_at
    )
    assert not answer.HasField("transaction")
    lot = answer.lot
    assert (lot.state, lot.transaction_type) == (pb.CREDIT_LOT_STATE_PENDING, pb.CREDIT_TRANSACTION_TYPE_EARNED)
    assert (lot.effective_at, lot.expires_at, lot.amount, lot.remaining) == (effective_at, expires_at, 5, 5)
    assert not lot.HasField("entry_number")


@pytest.mark.parametrize(
    "value",
    ["x" * 6000, [1] * 990, [True] * 990, {str(key): {} for key in range(900)}],
    ids=["text", "numbers", "truths", "objects"],
)
def test_a_client_reads_every_page_of_large_entries(client: Client, value: Any) -> None:
    """A client takes messages of 4 MiB unless told otherwise. A page ends before, with any metadata."""
    acme = organization(client).id
    metadata = Struct()
    metadata.update({"trace": value})
    many = 700
    item = {"organization_id": acme, "amount": 1, "metadata": metadata}
    send(client, "GrantCredits", organization_id=acme, amount=many)
    for _ in range(many // 70):
        send(client, "BatchConsumeCredits", items=[item] * 70)
    seen, token = 0, ""
    while seen == 0 or token:
        page = send(client, "ListCreditTransactions", organization_id=acme, page_size=1000, page_token=token)
        assert page.transactions
        seen, token = seen + len(page.transactions), page.next_page_token
    assert seen == many + 1


def test_a_grant_answers_with_its_lot(client: Client) -> None:
    acme = organization(client).id
    answer = send(client, "GrantCredits", organization_id=acme, amount=5, priority=-2)
    assert answer.lot.id == answer.transaction.id
    assert (answer.lot.state, answer.lot.priority) == (pb.CREDIT_LOT_STATE_ACTIVE, -2)
    assert answer.lot.entry_number == 1
    assert not answer.lot.HasField("expires_at")


@pytest.mark.parametrize(
    ("kind", "amount"),
    [("EARNED", 5), ("PURCHASED", 5), ("REFUNDED", 5), ("CONSUMED", -5), ("EXPIRED", -5), ("REVOKED", -5)],
)
def test_an_entry_of_every_type_is_made(client: Client, kind: str, amount: int) -> None:
    acme, event, reference = organization(client, 10).id, credit_event(client), str(uuid4())
    number = pb.CreditTransactionType.Value(f"CREDIT_TRANSACTION_TYPE_{kind}")
    entry = send(
        client,
        "CreateCreditTransaction",
        organization_id=acme,
        transaction_type=number,
        amount=amount,
        source="by_hand",
        source_id=reference,
        credit_event=event.name,
        description="x",
    ).transaction
    assert (entry.transaction_type, entry.amount, entry.balance_after) == (number, amount, 10 + amount)
    assert (entry.source, entry.source_id, entry.credit_event_id) == ("by_hand", reference, event.id)


def test_an_entry_of_the_wrong_sign_or_without_type_is_refused(client: Client) -> None:
    acme = organization(client, 10).id
    failure = denied(client, "CreateCreditTransaction", organization_id=acme, amount=5, source="by_hand")
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["transaction_type"])
    failure = denied(
        client,
        "CreateCreditTransaction",
        organization_id=acme,
        transaction_type=pb.CREDIT_TRANSACTION_TYPE_CONSUMED,
        amount=5,
        source="by_hand",
    )
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["amount"])


def test_the_ledger_is_listed_by_every_filter(client: Client) -> None:
    acme, event, reference = organization(client, 10).id, credit_event(client), str(uuid4())
    expires_at = soon(days=1)
    send(client, "GrantCredits", organization_id=acme, amount=5, source="subscription", expires_at=expires_at)
    spent = send(
        client, "ConsumeCredits", organization_id=acme, credit_event=event.name, source_id=reference
    ).transaction
    for filters, numbers in (
        ({"transaction_type": pb.CREDIT_TRANSACTION_TYPE_CONSUMED}, [3]),
        ({"source": "subscription"}, [2]),
        ({"source_id": reference}, [3]),
        ({"credit_event": event.id}, [3]),
        ({"start_time": spent.created_at}, [3]),
        ({"end_time": spent.created_at}, [2, 1]),
        ({"expires_before": soon(days=2)}, [2]),
        ({"expires_before": expires_at}, []),
        ({"oldest_first": True, "page_size": 2}, [1, 2]),
    ):
        page = send(client, "ListCreditTransactions", organization_id=acme, **filters)
        assert [entry.entry_number for entry in page.transactions] == numbers, filters


def test_a_batch_has_a_decision_for_each_item(client: Client) -> None:
    acme, other, event = organization(client, 10), organization(client, 3), credit_event(client, cost=4)
    metadata = Struct()
    metadata.update({"job": {"n": [1, "zwölf"]}})
    items = [
        pb.ConsumeCreditsRequest(
            organization_id=acme.id, credit_event=event.name, quantity=2, request_id="r", metadata=metadata
        ),
        pb.ConsumeCreditsRequest(organization_id=acme.id, amount=3),
        pb.ConsumeCreditsRequest(organization_id=other.id, amount=3, description="it's \\ all", source_id=str(uuid4())),
        pb.ConsumeCreditsRequest(
            organization_id=acme.id, credit_event=event.name, quantity=2, request_id="r", metadata=metadata
        ),
        pb.ConsumeCreditsRequest(organization_id="no uuid", amount=1),
        pb.ConsumeCreditsRequest(organization_id=str(uuid4()), amount=1),
        pb.ConsumeCreditsRequest(organization_id=acme.id),
        pb.ConsumeCreditsRequest(organization_id=acme.id, amount=0),
    ]
    first, short, whole, again, malformed, unknown, empty, nothing = send(
        client, "BatchConsumeCredits", items=items
    ).decisions
    assert (first.transaction.amount, first.transaction.quantity, first.transaction.balance_after) == (-8, 2, 2)
    assert MessageToDict(first.transaction.metadata) == MessageToDict(metadata)
    assert not any(first.HasField(name) for name in ("code", "reason", "message", "details"))
    assert not short.HasField("transaction")
    assert (short.code, short.reason) == ("TN009", "INSUFFICIENT_CREDITS")
    assert (short.details["required"], short.details["available"]) == (3, 2)
    assert (whole.transaction.organization_id, whole.transaction.description) == (other.id, "it's \\ all")
    assert again.transaction == first.transaction
    assert (malformed.reason, malformed.details["field"]) == ("INVALID_ARGUMENT", "organization_id")
    assert unknown.reason == "NOT_FOUND"
    assert (empty.details["field"], nothing.details["field"]) == ("amount", "amount")


@pytest.mark.parametrize("count", [0, 10001])
def test_an_empty_or_oversized_batch_is_refused(client: Client, count: int) -> None:
    failure = denied(client, "BatchConsumeCredits", items=[pb.ConsumeCreditsRequest(amount=1)] * count)
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert failure.fields == ["items"]


def test_lots_and_expiring_credits_are_listed(client: Client) -> None:
    acme = organization(client, 10).id
    expires_at = soon(days=1)
    send(
        client,
        "GrantCredits",
        organization_id=acme,
        amount=5,
        transaction_type=pb.CREDIT_TRANSACTION_TYPE_PURCHASED,
        expires_at=expires_at,
    )
    send(client, "ConsumeCredits", organization_id=acme, amount=5)
    assert [lot.remaining for lot in send(client, "ListCreditLots", organization_id=acme).lots] == [10]
    lots = send(client, "ListCreditLots", organization_id=acme, include_closed=True).lots
    assert [(lot.state, lot.amount, lot.remaining) for lot in lots] == [
        (pb.CREDIT_LOT_STATE_SPENT, 5, 0),
        (pb.CREDIT_LOT_STATE_ACTIVE, 10, 10),
    ]
    assert lots[0].transaction_type == pb.CREDIT_TRANSACTION_TYPE_PURCHASED
    send(client, "GrantCredits", organization_id=acme, amount=7, expires_at=expires_at)
    expiring = send(client, "ListExpiringCredits", organization_id=acme, expires_before=soon(days=2)).lots
    assert [(lot.remaining, lot.expires_at) for lot in expiring] == [(7, expires_at)]
    page = send(client, "ListCreditLots", organization_id=acme, page_size=1)
    rest = send(client, "ListCreditLots", organization_id=acme, page_size=1, page_token=page.next_page_token)
    assert [lot.remaining for lot in (*page.lots, *rest.lots)] == [7, 10]
    assert rest.next_page_token == ""


def test_allocations_are_listed(client: Client) -> None:
    acme = organization(client, 10).id
    spent = send(client, "ConsumeCredits", organization_id=acme, amount=4).transaction
    (lot,) = send(client, "ListCreditLots", organization_id=acme).lots
    by_entry = send(client, "ListAllocations", organization_id=acme, credit_transaction_id=spent.id).allocations
    by_lot = send(client, "ListAllocations", organization_id=acme, lot_id=lot.id).allocations
    assert list(by_entry) == list(by_lot)
    (found,) = by_entry
    assert (found.credit_transaction_id, found.lot_id, found.amount) == (spent.id, lot.id, -4)
    assert (found.entry_number, found.created_at) == (2, spent.created_at)


def test_a_hold_lives_for_its_duration_and_is_captured_extended_and_released(client: Client) -> None:
    acme, event = organization(client, 100).id, credit_event(client, cost=10)
    hold = send(
        client,
        "HoldCredits",
        organization_id=acme,
        credit_event=event.name,
        quantity=3,
        time_to_live=Duration(seconds=90, nanos=500_000_000),
        description="render",
        request_id="r",
    ).hold
    assert (hold.amount, hold.remaining, hold.captured, hold.quantity) == (30, 30, 0, 3)
    assert (hold.state, hold.credit_event_id) == (pb.CREDIT_HOLD_STATE_ACTIVE, event.id)
    assert hold.expires_at.ToDatetime() - hold.created_at.ToDatetime() == timedelta(seconds=90.5)
    assert not hold.HasField("ended_at")
    balance = send(client, "GetCreditBalance", organization_id=acme)
    assert (balance.balance, balance.held, balance.available) == (100, 30, 70)

    captured = send(client, "CaptureHold", organization_id=acme, hold_id=hold.id, amount=10)
    assert (captured.transaction.amount, captured.transaction.source) == (-10, "hold")
    assert (captured.hold.remaining, captured.hold.captured) == (20, 10)
    failure = denied(client, "CaptureHold", organization_id=acme, hold_id=hold.id, amount=21)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CAPTURE_EXCEEDS_HOLD")
    assert (failure.metadata["held"], failure.metadata["amount"]) == ("20", "21")

    extended = send(
        client, "ExtendHold", organization_id=acme, hold_id=hold.id, time_to_live=Duration(seconds=3600)
    ).hold
    assert extended.expires_at.ToDatetime() > hold.expires_at.ToDatetime() + timedelta(minutes=50)
    released = send(client, "ReleaseHold", organization_id=acme, hold_id=hold.id).hold
    assert (released.state, released.remaining) == (pb.CREDIT_HOLD_STATE_RELEASED, 0)
    assert released.HasField("ended_at")
    failure = denied(client, "CaptureHold", organization_id=acme, hold_id=hold.id)
    assert (failure.reason, failure.metadata["state"]) == ("HOLD_NOT_ACTIVE", "released")

    over = send(client, "HoldCredits", organization_id=acme, amount=5).hold
    whole = send(client, "CaptureHold", organization_id=acme, hold_id=over.id, amount=9, allow_overage=True)
    assert (whole.transaction.amount, whole.hold.state) == (-9, pb.CREDIT_HOLD_STATE_CAPTURED)
    part = send(client, "HoldCredits", organization_id=acme, amount=5).hold
    ended = send(client, "CaptureHold", organization_id=acme, hold_id=part.id, amount=1, release_remainder=True)
    assert ended.hold.state == pb.CREDIT_HOLD_STATE_CAPTURED

    everything = send(client, "ListHolds", organization_id=acme).holds
    assert {h.id for h in everything} == {hold.id, over.id, part.id}
    found = send(client, "ListHolds", organization_id=acme, state=pb.CREDIT_HOLD_STATE_RELEASED).holds
    assert [h.id for h in found] == [hold.id]
    assert not send(client, "ListHolds", organization_id=acme, state=pb.CREDIT_HOLD_STATE_LAPSED).holds


def test_a_hold_beyond_what_is_available_is_refused(client: Client) -> None:
    acme = organization(client, 10).id
    failure = denied(client, "HoldCredits", organization_id=acme, amount=11)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "INSUFFICIENT_CREDITS")
    failure = denied(client, "HoldCredits", organization_id=acme, amount=1, time_to_live=Duration(seconds=-1))
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["time_to_live"])


def test_a_consumption_is_refunded(client: Client) -> None:
    acme = organization(client, 10).id
    spent = send(client, "ConsumeCredits", organization_id=acme, amount=6).transaction
    entry = send(
        client,
        "RefundCredits",
        organization_id=acme,
        credit_transaction_id=spent.id,
        amount=4,
        grace_period=Duration(seconds=60),
        request_id="r",
    ).transaction
    assert (entry.transaction_type, entry.amount) == (pb.CREDIT_TRANSACTION_TYPE_REFUNDED, 4)
    assert (entry.source_id, entry.balance_after) == (spent.id, 8)
    failure = denied(client, "RefundCredits", organization_id=acme, credit_transaction_id=spent.id, amount=3)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REFUND_EXCEEDS_CONSUMPTION")
    assert (failure.metadata["spent"], failure.metadata["refunded"]) == ("6", "4")
    failure = denied(client, "RefundCredits", organization_id=acme, credit_transaction_id=entry.id)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "WRONG_TRANSACTION_TYPE")
    assert failure.fields == ["credit_transaction_id"]


def test_a_purchase_is_revoked_with_its_shortfall(client: Client) -> None:
    acme = organization(client).id
    bought = send(client, "GrantCredits", organization_id=acme, amount=10).transaction
    send(client, "ConsumeCredits", organization_id=acme, amount=4)
    answer = send(client, "RevokeCredits", organization_id=acme, credit_transaction_id=bought.id, amount=9)
    assert (answer.revoked, answer.shortfall, answer.transaction.amount) == (6, 3, -6)
    assert answer.transaction.transaction_type == pb.CREDIT_TRANSACTION_TYPE_REVOKED
    nothing = send(client, "RevokeCredits", organization_id=acme, credit_transaction_id=bought.id)
    assert (nothing.revoked, nothing.shortfall, nothing.HasField("transaction")) == (0, 1, False)
    failure = denied(client, "RevokeCredits", organization_id=acme, credit_transaction_id=bought.id)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REVOCATION_EXCEEDS_GRANT")


def test_a_balance_as_of_a_past_moment(client: Client) -> None:
    acme = organization(client, 10).id
    spent = send(client, "ConsumeCredits", organization_id=acme, amount=4).transaction
    before = at(spent.created_at.ToDatetime(tzinfo=UTC) - timedelta(microseconds=1))
    assert send(client, "GetCreditBalance", organization_id=acme, as_of=before).balance == 10
    assert send(client, "GetCreditBalance", organization_id=acme, as_of=spent.created_at).balance == 6
    failure = denied(client, "GetCreditBalance", organization_id=acme, as_of=soon(days=1))
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["as_of"])


def test_usage_by_period_and_group(client: Client) -> None:
    acme, event = organization(client, 100).id, credit_event(client, cost=5, category="media")
    for quantity in (1, 2):
        send(client, "ConsumeCredits", organization_id=acme, credit_event=event.name, quantity=quantity)
    send(client, "ConsumeCredits", organization_id=acme, amount=7)
    for group, keys in (
        ("UNSPECIFIED", {"": 22}),
        ("NONE", {"": 22}),
        ("EVENT", {event.name: 15, "": 7}),
        ("CATEGORY", {"media": 15, "": 7}),
        ("SOURCE", {"event_consumption": 15, "consumption": 7}),
    ):
        for granularity in ("UNSPECIFIED", "HOUR", "DAY", "WEEK", "MONTH"):
            usage = send(
                client,
                "GetCreditUsage",
                organization_id=acme,
                granularity=pb.UsageGranularity.Value(f"USAGE_GRANULARITY_{granularity}"),
                group_by=pb.UsageGroup.Value(f"USAGE_GROUP_{group}"),
                time_zone="Asia/Kolkata",
            )
            found: dict[str, int] = {}
            for bucket in usage.buckets:
                found[bucket.group_key] = found.get(bucket.group_key, 0) + bucket.credits
                assert bucket.HasField("start_time")
            assert (found, usage.total_credits, usage.total_entries) == (keys, 22, 3)
    (by_event, _) = (
        (b.quantity, b.entries) for b in sorted(usage.buckets, key=lambda b: str(b.group_key), reverse=True)
    )
    assert by_event == (3, 2)
    failure = denied(client, "GetCreditUsage", organization_id=acme, time_zone="Mars/Olympus")
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["time_zone"])


def test_the_runway(client: Client) -> None:
    acme = organization(client, 100).id
    never = send(client, "EstimateRunway", organization_id=acme)
    assert (never.available, never.mean_daily_burn, never.HasField("runs_out_at")) == (100, 0, False)
    spent = send(client, "ConsumeCredits", organization_id=acme, amount=10).transaction
    found = send(client, "EstimateRunway", organization_id=acme, days=7)
    assert (found.available, found.mean_daily_burn, found.expiring_unspent) == (90, 10, 0)
    life = found.runs_out_at.ToDatetime() - spent.created_at.ToDatetime()
    assert timedelta(days=9) <= life < timedelta(days=9, minutes=5)
    failure = denied(client, "EstimateRunway", organization_id=acme, days=0)
    assert failure.fields == ["days"]


def test_a_healthy_ledger_has_no_findings(client: Client) -> None:
    acme = organization(client, 100).id
    assert not send(client, "VerifyLedger", organization_id=acme).findings
    assert not send(client, "VerifyLedger").findings
    assert denied(client, "VerifyLedger", organization_id=str(uuid4())).reason == "NOT_FOUND"


def test_whether_an_organization_can_afford_an_event(client: Client) -> None:
    acme, event = organization(client, 10).id, credit_event(client, cost=5)
    for quantity, expected in ((None, True), (2, True), (3, False), (0, False)):
        answer = send(client, "CanAfford", organization_id=acme, credit_event=event.name, quantity=quantity)
        assert answer.can_afford is expected
    assert not send(client, "CanAfford", organization_id=str(uuid4()), credit_event=event.name).can_afford


@pytest.mark.parametrize(
    "method",
    [
        "CreateCreditTransaction",
        "ListCreditLots",
        "ListExpiringCredits",
        "ListAllocations",
        "HoldCredits",
        "CaptureHold",
        "ReleaseHold",
        "ExtendHold",
        "ListHolds",
        "RefundCredits",
        "RevokeCredits",
        "GetCreditUsage",
        "EstimateRunway",
    ],
)
def test_without_an_organization_a_call_is_refused_by_that_field(client: Client, method: str) -> None:
    fields: dict[str, Any] = {}
    if method == "HoldCredits":
        fields = {"amount": 1}
    elif method == "ExtendHold":
        fields = {"time_to_live": Duration(seconds=1)}
    failure = denied(client, method, **fields)
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["organization_id"])


@pytest.mark.parametrize("method", ["BatchConsumeCredits", "HoldCredits", "VerifyLedger", "CanAfford", "ListHolds"])
def test_without_a_token_nothing_is_answered(stranger: Client, method: str) -> None:
    failure = denied(stranger, method)
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_REQUIRED")


def test_an_enum_value_that_is_none_is_refused(client: Client) -> None:
    acme = organization(client).id
    message: Message = request("ListHolds", organization_id=acme)
    message.MergeFromString(b"\x10\x63")  # field 2, state: 99
    failure = refused(invoke, client.channel, "ListHolds", message)
    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["state"])
