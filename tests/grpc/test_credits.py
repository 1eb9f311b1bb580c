"""CreditService over a real channel: grants, consumption, replays and refusals."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.v1.catalog_pb2 import UpdateCreditEventRequest
from tenantry.v1.credits_pb2 import (
    CREDIT_TRANSACTION_TYPE_CONSUMED,
    CREDIT_TRANSACTION_TYPE_EARNED,
    CREDIT_TRANSACTION_TYPE_EXPIRED,
    CREDIT_TRANSACTION_TYPE_PURCHASED,
    ConsumeCreditsRequest,
    CreditTransaction,
    GetCreditBalanceRequest,
    GetCreditBalanceResponse,
    GetCreditTransactionRequest,
    GrantCreditsRequest,
    HoldCreditsRequest,
    ListCreditTransactionsRequest,
)
from tests.support.calls import credit_event, organization, refused
from tests.support.postgres import Cluster
from tests.support.server import Client


def struct(value: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(value)
    return message


def at(when: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(when)
    return stamp


def grant(client: Client, **fields: Any) -> CreditTransaction:
    return client.credits.GrantCredits(GrantCreditsRequest(**fields)).transaction


def consume(client: Client, **fields: Any) -> CreditTransaction:
    return client.credits.ConsumeCredits(ConsumeCreditsRequest(**fields)).transaction


def balance(client: Client, organization_id: str) -> GetCreditBalanceResponse:
    return client.credits.GetCreditBalance(GetCreditBalanceRequest(organization_id=organization_id))


def ledger(client: Client, organization_id: str) -> list[CreditTransaction]:
    """The organization's entries, oldest first."""
    return list(
        client.credits.ListCreditTransactions(
            ListCreditTransactionsRequest(organization_id=organization_id, oldest_first=True, page_size=1000)
        ).transactions
    )


def test_a_grant_that_says_nothing_more_is_earned_and_never_expires(client: Client) -> None:
    acme = organization(client).id
    entry = grant(client, organization_id=acme, amount=100)
    assert UUID(entry.id)
    assert (entry.organization_id, entry.transaction_type) == (acme, CREDIT_TRANSACTION_TYPE_EARNED)
    assert (entry.amount, entry.balance_after, entry.entry_number, entry.source) == (100, 100, 1, "grant")
    assert entry.HasField("created_at")
    for field in (
        "source_id",
        "credit_event_id",
        "expires_at",
        "stripe_payment_intent_id",
        "description",
        "metadata",
        "quantity",
        "idempotency_key",
    ):
        assert not entry.HasField(field), field


def test_everything_that_a_grant_says_is_on_its_entry(client: Client) -> None:
    acme, reference = organization(client).id, str(uuid4())
    expires_at = at(datetime.now(UTC) + timedelta(days=30))
    metadata = struct({"invoice": {"lines": [1, "zwölf", None]}, "quote": 'it\'s "\\"'})
    entry = grant(
        client,
        organization_id=acme,
        amount=100,
        transaction_type=CREDIT_TRANSACTION_TYPE_PURCHASED,
        source="voucher",
        source_id=reference,
        expires_at=expires_at,
        priority=-3,
        stripe_payment_intent_id="pi_123",
        description="Ünïcode 'and' \\ more",
        metadata=metadata,
        request_id="r1",
    )
    assert entry.transaction_type == CREDIT_TRANSACTION_TYPE_PURCHASED
    assert (entry.source, entry.source_id, entry.expires_at) == ("voucher", reference, expires_at)
    assert (entry.stripe_payment_intent_id, entry.description) == ("pi_123", "Ünïcode 'and' \\ more")
    assert (MessageToDict(entry.metadata), entry.idempotency_key) == (MessageToDict(metadata), "r1")
    found = client.credits.GetCreditTransaction(
        GetCreditTransactionRequest(organization_id=acme, credit_transaction_id=entry.id)
    ).transaction
    assert found == entry


def test_a_purchase_has_its_own_default_source(client: Client) -> None:
    acme = organization(client).id
    entry = grant(client, organization_id=acme, amount=1, transaction_type=CREDIT_TRANSACTION_TYPE_PURCHASED)
    assert entry.source == "purchase"


def test_an_event_is_charged_by_name_or_by_id_at_cost_times_quantity(client: Client) -> None:
    acme, event = organization(client, 100).id, credit_event(client, cost=5)
    by_name = consume(client, organization_id=acme, credit_event=event.name, quantity=3)
    assert by_name.transaction_type == CREDIT_TRANSACTION_TYPE_CONSUMED
    assert (by_name.amount, by_name.balance_after, by_name.quantity) == (-15, 85, 3)
    assert (by_name.source, by_name.credit_event_id) == ("event_consumption", event.id)
    by_id = consume(client, organization_id=acme, credit_event=event.id)
    assert (by_id.amount, by_id.balance_after, by_id.quantity, by_id.credit_event_id) == (-5, 80, 1, event.id)
    assert by_id.entry_number == 3


def test_an_amount_is_charged_as_it_is(client: Client) -> None:
    acme, reference = organization(client, 100).id, str(uuid4())
    entry = consume(
        client,
        organization_id=acme,
        amount=7,
        source_id=reference,
        description="by hand",
        metadata=struct({"why": "因为"}),
        request_id="r1",
    )
    assert (entry.amount, entry.balance_after, entry.source, entry.source_id) == (-7, 93, "consumption", reference)
    assert (entry.description, MessageToDict(entry.metadata)) == ("by hand", {"why": "因为"})
    assert not entry.HasField("credit_event_id")
    assert not entry.HasField("quantity")


def test_a_call_sent_again_with_its_request_id_gets_the_first_entry(client: Client) -> None:
    acme, event = organization(client).id, credit_event(client, cost=5)
    granted = {"organization_id": acme, "amount": 100, "request_id": "grant"}
    assert grant(client, **granted) == grant(client, **granted)
    consumed = {"organization_id": acme, "credit_event": event.name, "quantity": 2, "request_id": "consume"}
    assert consume(client, **consumed) == consume(client, **consumed)
    # Each way to name the event finds the same event.
    assert consume(client, **{**consumed, "credit_event": event.id}).entry_number == 2
    assert [entry.amount for entry in ledger(client, acme)] == [100, -10]


def test_a_replay_answers_with_the_first_entry_after_the_price_has_changed(client: Client) -> None:
    acme, event = organization(client, 100).id, credit_event(client, cost=5)
    consumed = {"organization_id": acme, "credit_event": event.name, "request_id": "r"}
    first = consume(client, **consumed)
    client.catalog.UpdateCreditEvent(UpdateCreditEventRequest(credit_event=event.id, credit_cost=50))
    assert consume(client, **consumed) == first
    client.catalog.UpdateCreditEvent(UpdateCreditEventRequest(credit_event=event.id, is_active=False))
    assert consume(client, **consumed) == first
    assert balance(client, acme).balance == 95


def test_a_replay_answers_with_the_first_entry_after_the_credits_are_gone(client: Client) -> None:
    acme = organization(client, 10).id
    first = consume(client, organization_id=acme, amount=10, request_id="r")
    assert consume(client, organization_id=acme, amount=10, request_id="r") == first


@pytest.mark.parametrize(
    "change",
    [{"amount": 2}, {"description": "other"}, {"source_id": str(UUID(int=7))}, {"metadata": struct({"a": 1})}],
    ids=lambda change: next(iter(change)),
)
def test_a_request_id_used_for_another_consumption_is_refused(client: Client, change: dict[str, Any]) -> None:
    acme = organization(client, 10).id
    first = {"organization_id": acme, "amount": 1, "request_id": "r"}
    consume(client, **first)
    failure = refused(consume, client, **{**first, **change})
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED")
    assert (failure.fields, failure.metadata["request_id"]) == (["request_id"], "r")
    assert len(ledger(client, acme)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 2},
        {"transaction_type": CREDIT_TRANSACTION_TYPE_PURCHASED},
        {"source": "gift"},
        {"expires_at": at(datetime.now(UTC) + timedelta(days=1))},
        {"stripe_payment_intent_id": "pi_2"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_request_id_used_for_another_grant_is_refused(client: Client, change: dict[str, Any]) -> None:
    acme = organization(client).id
    first = {"organization_id": acme, "amount": 1, "request_id": "r"}
    grant(client, **first)
    failure = refused(grant, client, **{**first, **change})
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED")
    assert balance(client, acme).balance == 1


def test_a_request_id_of_a_grant_serves_a_consumption_but_no_hold(client: Client) -> None:
    acme = organization(client).id
    grant(client, organization_id=acme, amount=1, request_id="r")
    hold = HoldCreditsRequest(organization_id=acme, amount=1, request_id="r")
    assert refused(client.credits.HoldCredits, hold).reason == "REQUEST_ID_REUSED"
    assert consume(client, organization_id=acme, amount=1, request_id="r").amount == -1


def test_organizations_do_not_share_request_ids(client: Client) -> None:
    entries = [consume(client, organization_id=organization(client, 5).id, amount=1, request_id="r") for _ in range(2)]
    assert entries[0].id != entries[1].id


def test_more_than_there_is_cannot_be_spent_and_nothing_is_written(client: Client) -> None:
    acme, event = organization(client, 9).id, credit_event(client, cost=5)
    before = ledger(client, acme)
    for charge in ({"amount": 10}, {"credit_event": event.name, "quantity": 2}):
        failure = refused(consume, client, organization_id=acme, request_id="r", **charge)
        assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "INSUFFICIENT_CREDITS")
        numbers = {name: failure.metadata[name] for name in ("balance", "required", "available")}
        assert numbers == {"balance": "9", "required": "10", "available": "9"}
        assert failure.metadata["organization_id"] == acme
    assert ledger(client, acme) == before
    assert balance(client, acme).balance == 9
    # A refused call leaves its request_id free.
    assert consume(client, organization_id=acme, amount=9, request_id="r").balance_after == 0


def test_an_inactive_organization_takes_credits_and_spends_none(client: Client, cluster: Cluster) -> None:
    acme = organization(client, 5).id
    with psycopg.connect(cluster.conninfo("serving"), autocommit=True) as admin:
        admin.execute("update public.organizations set is_active = false where id = %s", [acme])
    assert refused(consume, client, organization_id=acme, amount=1).reason == "ORGANIZATION_INACTIVE"
    assert grant(client, organization_id=acme, amount=5).balance_after == 10


def test_the_balance_tells_paid_from_granted_and_what_expires_next(client: Client) -> None:
    acme = organization(client).id
    empty = balance(client, acme)
    assert (empty.balance, empty.available, empty.next_expiry_amount) == (0, 0, 0)
    assert not empty.HasField("next_expiry_at")
    soon, later = (at(datetime.now(UTC) + timedelta(days=days)) for days in (1, 2))
    grant(client, organization_id=acme, amount=100)
    grant(client, organization_id=acme, amount=30, expires_at=later)
    grant(
        client,
        organization_id=acme,
        amount=20,
        expires_at=soon,
        transaction_type=CREDIT_TRANSACTION_TYPE_PURCHASED,
    )
    now = balance(client, acme)
    assert (now.balance, now.held, now.available) == (150, 0, 150)
    assert (now.purchased, now.granted) == (20, 130)
    assert (now.next_expiry_at, now.next_expiry_amount) == (soon, 20)
    # Credits that expire first are spent first, and the next expiry moves on.
    consume(client, organization_id=acme, amount=25)
    now = balance(client, acme)
    assert (now.balance, now.purchased, now.granted) == (125, 0, 125)
    assert (now.next_expiry_at, now.next_expiry_amount) == (later, 25)


def test_credits_that_have_expired_are_neither_shown_nor_spent(client: Client) -> None:
    acme = organization(client, 10).id
    expires_at = at(datetime.now(UTC) + timedelta(seconds=1))
    grant(client, organization_id=acme, amount=100, expires_at=expires_at)
    consume(client, organization_id=acme, amount=30)
    assert balance(client, acme).balance == 80
    time.sleep(max(0.0, expires_at.ToMicroseconds() / 1e6 - time.time()) + 0.05)

    now = balance(client, acme)
    assert (now.balance, now.available, now.granted) == (10, 10, 10)
    assert not now.HasField("next_expiry_at")
    failure = refused(consume, client, organization_id=acme, amount=11)
    assert (failure.reason, failure.metadata["available"]) == ("INSUFFICIENT_CREDITS", "10")
    assert consume(client, organization_id=acme, amount=4).balance_after == 6

    _, lot, _, expired, last = ledger(client, acme)
    assert (expired.transaction_type, expired.source) == (CREDIT_TRANSACTION_TYPE_EXPIRED, "expiry")
    assert (expired.amount, expired.balance_after, expired.source_id) == (-70, 10, lot.id)
    assert expired.created_at == expires_at
    assert (last.entry_number, last.amount, last.balance_after) == (5, -4, 6)


@pytest.mark.parametrize("oldest_first", [False, True])
def test_pages_hold_every_entry_once_while_more_are_added(client: Client, oldest_first: bool) -> None:
    acme = organization(client, 100).id
    for _ in range(6):
        consume(client, organization_id=acme, amount=1)
    numbers: list[int] = []
    token, added = "", 0
    while True:
        page = client.credits.ListCreditTransactions(
            ListCreditTransactionsRequest(
                organization_id=acme, oldest_first=oldest_first, page_size=2, page_token=token
            )
        )
        numbers += [entry.entry_number for entry in page.transactions]
        token = page.next_page_token
        if not token:
            break
        if added < 3:
            consume(client, organization_id=acme, amount=1)
            added += 1
    # Entries that are added during the reading come after the end of one order, and before the start of the other.
    assert numbers == (list(range(1, 11)) if oldest_first else list(range(7, 0, -1)))


def test_the_ledger_is_its_organizations_own(client: Client) -> None:
    acme, other = organization(client, 10).id, organization(client, 20).id
    (entry,) = ledger(client, acme)
    failure = refused(
        client.credits.GetCreditTransaction,
        GetCreditTransactionRequest(organization_id=other, credit_transaction_id=entry.id),
    )
    assert (failure.code, failure.metadata["resource"]) == (grpc.StatusCode.NOT_FOUND, "credit_transaction")


def test_every_balance_follows_from_the_one_before(client: Client) -> None:
    acme, event = organization(client).id, credit_event(client, cost=3)
    grant(client, organization_id=acme, amount=50)
    consume(client, organization_id=acme, credit_event=event.name, quantity=4)
    grant(client, organization_id=acme, amount=1, transaction_type=CREDIT_TRANSACTION_TYPE_PURCHASED)
    consume(client, organization_id=acme, amount=9)
    entries = ledger(client, acme)
    assert [(e.entry_number, e.amount, e.balance_after) for e in entries] == [
        (1, 50, 50),
        (2, -12, 38),
        (3, 1, 39),
        (4, -9, 30),
    ]
    times = [entry.created_at.ToNanoseconds() for entry in entries]
    assert times == sorted(times)
