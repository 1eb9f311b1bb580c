"""create_credit_transaction: every type and source, under the rules of the special functions."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Connection
from tests.support.ledger import (
    assert_ledger_holds,
    balance,
    call,
    consume,
    entries,
    freeze,
    grant,
    hold,
    lots,
    move_clock,
    organization,
    refused,
    remaining,
    taken,
)
from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access(
    "organization_id => {first}, transaction_type => 'earned', amount => 1, source => 'grant'",
    first="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", amount=1),
    case(INVALID_ARGUMENT, "transaction_type", organization_id="$acme", amount=1),
]

REQUEST_ID = [
    {"organization_id": "$acme", "transaction_type": "earned", "amount": 1, "source": "test"},
    {"organization_id": "$acme", "transaction_type": "expired", "amount": -1, "source": "test"},
]

ADDS = ["earned", "purchased", "refunded"]
TAKES = ["consumed", "expired", "revoked"]


@pytest.mark.parametrize("kind", ADDS)
def test_what_adds_credits_opens_a_lot(service: Connection, admin: Connection, kind: str) -> None:
    acme, reference, now = organization(service), uuid4(), freeze(admin)
    call(service, "create_credit_event", name="image", credit_cost=5, category="compute")
    entry = call(
        service,
        "create_credit_transaction",
        organization_id=acme,
        transaction_type=kind,
        amount=30,
        source="campaign_2",
        source_id=reference,
        credit_event="image",
        expires_at=now + timedelta(days=1),
        stripe_payment_intent_id="pi_1",
        description="by hand",
        metadata={"a": [1]},
    )
    assert (entry["transaction_type"], entry["amount"], entry["balance_after"]) == (kind, 30, 30)
    assert (entry["source"], entry["source_id"], entry["expires_at"]) == (
        "campaign_2",
        reference,
        now + timedelta(days=1),
    )
    assert (entry["stripe_payment_intent_id"], entry["description"], entry["metadata"]) == (
        "pi_1",
        "by hand",
        {"a": [1]},
    )
    assert entry["credit_event_id"] is not None
    (lot,) = lots(service, acme)
    assert (lot["id"], lot["remaining"], lot["source"]) == (entry["id"], 30, "campaign_2")
    assert lot["transaction_type"] == ("purchased" if kind == "purchased" else "earned")
    move_clock(admin, "+1 day")
    assert balance(service, acme)["balance"] == 0
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("kind", TAKES)
def test_what_takes_credits_takes_them_in_spending_order(
    credits_service: Connection, credits_admin: Connection, kind: str
) -> None:
    acme = organization(credits_service)
    late = grant(credits_service, acme, 50)
    soon = grant(credits_service, acme, 20, expires_at="2100-01-01")
    entry = call(
        credits_service,
        "create_credit_transaction",
        organization_id=acme,
        transaction_type=kind,
        amount=-30,
        source="by_hand",
    )
    assert (entry["transaction_type"], entry["amount"], entry["balance_after"]) == (kind, -30, 40)
    assert taken(credits_service, acme, entry) == {soon["id"]: -20, late["id"]: -10}
    assert remaining(credits_service, acme) == [40]
    assert_ledger_holds(credits_admin, acme)


@pytest.mark.parametrize("kind", TAKES)
def test_held_credits_cannot_be_taken(credits_service: Connection, credits_admin: Connection, kind: str) -> None:
    acme = organization(credits_service, 10)
    hold(credits_service, acme, 6)
    arguments = {"organization_id": acme, "transaction_type": kind, "source": "by_hand"}
    detail = refused(credits_service, "TN009", "create_credit_transaction", amount=-5, **arguments)
    assert (detail["required"], detail["available"]) == (5, 4)
    call(credits_service, "create_credit_transaction", amount=-4, **arguments)
    assert_ledger_holds(credits_admin, acme)


def test_a_noted_credit_event_does_not_set_the_amount(service: Connection, admin: Connection) -> None:
    event = call(service, "create_credit_event", name="image", credit_cost=5, category="compute")
    acme = organization(service, 10)
    arguments = {"organization_id": acme, "transaction_type": "consumed", "source": "by_hand", "amount": -1}
    entry = call(service, "create_credit_transaction", credit_event="image", **arguments)
    assert (entry["amount"], entry["credit_event_id"], entry["quantity"]) == (-1, event["id"], None)
    call(service, "update_credit_event", credit_event="image", is_active=False)
    refused(service, "TN013", "create_credit_transaction", credit_event="image", **arguments)
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("kind", ADDS + TAKES)
def test_a_replay_returns_the_first_entry(credits_service: Connection, kind: str) -> None:
    acme = organization(credits_service, 10)
    arguments = {
        "organization_id": acme,
        "transaction_type": kind,
        "amount": 10 if kind in ADDS else -10,
        "source": "by_hand",
        "request_id": "r",
    }
    first = call(credits_service, "create_credit_transaction", **arguments)
    assert call(credits_service, "create_credit_transaction", **arguments) == first
    for change in ({"amount": first["amount"] // 2}, {"source": "other"}, {"description": "x"}, {"metadata": {"a": 1}}):
        refused(credits_service, "TN011", "create_credit_transaction", **{**arguments, **change})


def test_a_replay_may_come_after_the_added_credits_have_expired(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    arguments = {
        "organization_id": acme,
        "transaction_type": "earned",
        "amount": 10,
        "source": "by_hand",
        "expires_at": now + timedelta(hours=1),
        "request_id": "r",
    }
    first = call(service, "create_credit_transaction", **arguments)
    move_clock(admin, "+2 hours")
    assert call(service, "create_credit_transaction", **arguments) == first


GOOD: dict[str, Any] = {"transaction_type": "earned", "amount": 1, "source": "by_hand"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organization_id": None}, "organization_id"),
        ({"transaction_type": None}, "transaction_type"),
        ({"transaction_type": "stolen"}, "transaction_type"),
        ({"amount": None}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 1, "transaction_type": "consumed"}, "amount"),
        ({"amount": 1, "transaction_type": "expired"}, "amount"),
        ({"amount": 1, "transaction_type": "revoked"}, "amount"),
        ({"amount": -1, "transaction_type": "purchased"}, "amount"),
        ({"amount": -1, "transaction_type": "refunded"}, "amount"),
        ({"amount": -2147483648, "transaction_type": "consumed"}, "amount"),
        ({"source": None}, "source"),
        ({"source": " "}, "source"),
        ({"source": "Not A Word"}, "source"),
        ({"source": "a" * 51}, "source"),
        ({"expires_at": "2000-01-01"}, "expires_at"),
        ({"expires_at": "2100-01-01", "transaction_type": "consumed", "amount": -1}, "expires_at"),
        ({"stripe_payment_intent_id": "p" * 256}, "stripe_payment_intent_id"),
        ({"request_id": ""}, "request_id"),
        ({"request_id": "r" * 256}, "request_id"),
        ({"credit_event": ""}, "credit_event"),
    ],
    ids=str,
)
def test_bad_input_is_refused_and_nothing_is_written(
    credits_service: Connection, credits_admin: Connection, change: dict[str, Any], field: str
) -> None:
    acme = organization(credits_service, 10)
    arguments = {"organization_id": acme, **GOOD, **change}
    assert refused(credits_service, "TN001", "create_credit_transaction", **arguments)["field"] == field
    assert len(entries(credits_admin, acme)) == 1
    assert_ledger_holds(credits_admin, acme)


def test_what_is_not_there_is_refused(service: Connection) -> None:
    refused(service, "TN002", "create_credit_transaction", organization_id=uuid4(), **GOOD)
    acme = organization(service)
    refused(service, "TN002", "create_credit_transaction", organization_id=acme, credit_event="none", **GOOD)


def test_a_balance_past_the_largest_is_refused(service: Connection, admin: Connection) -> None:
    acme = organization(service, 2147483647)
    refused(service, "TN010", "create_credit_transaction", organization_id=acme, **GOOD)
    assert_ledger_holds(admin, acme)


def test_an_inactive_organization_cannot_consume(service: Connection) -> None:
    acme = organization(service, 10)
    call(service, "update_organization", organization_id=acme, is_active=False)
    arguments = {"transaction_type": "consumed", "amount": -1, "source": "by_hand"}
    refused(service, "TN012", "create_credit_transaction", organization_id=acme, **arguments)


def test_no_more_can_be_refunded_by_hand_than_was_spent(service: Connection, admin: Connection) -> None:
    acme = organization(service, 10)
    spent = consume(service, acme, 6)
    refund = {
        "organization_id": acme,
        "transaction_type": "refunded",
        "source": "refund",
        "source_id": spent["id"],
    }
    call(service, "create_credit_transaction", amount=4, **refund)
    refused(service, "TN017", "create_credit_transaction", amount=3, **refund)
    refused(service, "TN017", "refund_credits", organization_id=acme, credit_transaction_id=spent["id"], amount=3)
    call(service, "create_credit_transaction", amount=2, **refund)
    assert_ledger_holds(admin, acme)


def test_a_refund_of_an_entry_that_spent_nothing_is_refused(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    granted = call(service, "grant_credits", organization_id=acme, amount=10)["transaction"]
    arguments = {"organization_id": acme, "transaction_type": "refunded", "amount": 1, "source": "refund"}
    detail = refused(service, "TN001", "create_credit_transaction", **arguments, source_id=granted["id"])
    assert detail["field"] == "source_id"
    assert_ledger_holds(admin, acme)
