"""refund_credits: the lots that get refunded credits, and the limit to the spent amount."""

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
    settle,
    taken,
)
from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, credit_transaction_id => {spent_first}", first="platform_admin service_role"
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", credit_transaction_id=NOBODY),
    case(INVALID_ARGUMENT, "credit_transaction_id", organization_id="$acme"),
    case(NOT_FOUND, organization_id="$acme", credit_transaction_id=NOBODY),
]

REQUEST_ID = [{"organization_id": "$acme", "credit_transaction_id": "$spent", "amount": 1}]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_consumption_is_refunded_in_parts_and_never_more_than_it_spent(
    service: Connection, admin: Connection
) -> None:
    call(service, "create_credit_event", name="image", credit_cost=10, category="compute")
    acme = organization(service, 100)
    spent = call(service, "consume_credits", organization_id=acme, credit_event="image", quantity=3)
    arguments = {"organization_id": acme, "credit_transaction_id": spent["id"]}
    part = call(service, "refund_credits", amount=10, description="bad image", metadata={"a": 1}, **arguments)
    assert (part["transaction_type"], part["amount"], part["balance_after"]) == ("refunded", 10, 80)
    assert (part["source"], part["source_id"]) == ("refund", spent["id"])
    assert part["credit_event_id"] == spent["credit_event_id"]
    assert (part["description"], part["metadata"]) == ("bad image", {"a": 1})
    call(service, "refund_credits", amount=5, **arguments)
    detail = refused(service, "TN017", "refund_credits", amount=16, **arguments)
    assert (detail["spent"], detail["refunded"], detail["amount"]) == (30, 15, 16)
    assert call(service, "refund_credits", **arguments)["amount"] == 15
    for amount in (None, 1):
        refused(service, "TN017", "refund_credits", amount=amount, **arguments)
    assert remaining(service, acme) == [100]
    assert_ledger_holds(admin, acme)


def test_credits_go_back_to_their_lots_last_spent_first(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    first = grant(service, acme, 10, expires_at="2100-01-01")
    second = grant(service, acme, 10, expires_at="2100-02-01", transaction_type="purchased")
    third = grant(service, acme, 10)
    spent = consume(service, acme, 25)
    arguments = {"organization_id": acme, "credit_transaction_id": spent["id"]}
    assert taken(service, acme, call(service, "refund_credits", amount=3, **arguments)) == {third["id"]: 3}
    assert taken(service, acme, call(service, "refund_credits", amount=9, **arguments)) == {
        third["id"]: 2,
        second["id"]: 7,
    }
    assert taken(service, acme, call(service, "refund_credits", **arguments)) == {second["id"]: 3, first["id"]: 10}
    assert [(lot["id"], lot["remaining"], lot["state"]) for lot in lots(service, acme)] == [
        (first["id"], 10, "active"),
        (second["id"], 10, "active"),
        (third["id"], 10, "active"),
    ]
    assert_ledger_holds(admin, acme)


def test_refunded_credits_keep_their_expiry(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    grant(service, acme, 10, expires_at=now + HOUR)
    spent = consume(service, acme, 10)
    move_clock(admin, "+30 minutes")
    call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"])
    assert balance(service, acme)["next_expiry_at"] == now + HOUR
    move_clock(admin, "+30 minutes")
    assert balance(service, acme)["balance"] == 0
    settle(admin, acme)
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize(("grace_period", "life"), [(None, 30 * DAY), (2 * HOUR, 2 * HOUR)], ids=str)
def test_what_would_go_back_to_an_expired_lot_comes_as_a_new_one_with_a_grace_period(
    service: Connection, admin: Connection, grace_period: timedelta | None, life: timedelta
) -> None:
    acme, now = organization(service), freeze(admin)
    expired = grant(service, acme, 10, expires_at=now + HOUR, transaction_type="purchased")
    other = grant(service, acme, 10)
    spent = consume(service, acme, 15)
    move_clock(admin, "+2 hours")
    entry = call(
        service,
        "refund_credits",
        organization_id=acme,
        credit_transaction_id=spent["id"],
        amount=12,
        grace_period=grace_period,
    )
    assert taken(service, acme, entry) == {other["id"]: 5}
    (new, old) = lots(service, acme)
    assert (new["remaining"], new["amount"], new["transaction_type"]) == (7, 7, "purchased")
    assert (new["source"], new["source_id"], new["entry_number"]) == ("refund", expired["id"], entry["entry_number"])
    assert new["expires_at"] == now + 2 * HOUR + life
    assert (old["id"], old["remaining"]) == (other["id"], 10)
    assert balance(service, acme)["purchased"] == 7
    assert_ledger_holds(admin, acme)
    move_clock(admin, new["expires_at"])
    assert balance(service, acme)["balance"] == 10
    settle(admin, acme)
    assert_ledger_holds(admin, acme)


def test_lots_that_one_refund_opened_are_spent_one_after_the_other(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    grant(service, acme, 10, expires_at=now + HOUR)
    grant(service, acme, 10, expires_at=now + HOUR, transaction_type="purchased")
    spent = consume(service, acme, 20)
    move_clock(admin, "+1 day")
    call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"])
    assert remaining(service, acme) == [10, 10]
    for left in (17, 14, 6, 5):
        consume(service, acme, balance(service, acme)["balance"] - left)
        assert sum(remaining(service, acme)) == left
        assert balance(service, acme)["balance"] == left
        assert_ledger_holds(admin, acme)
        settle(admin, acme)
        assert_ledger_holds(admin, acme)
    hold(service, acme, 2, time_to_live=99 * DAY)
    move_clock(admin, "+40 days")
    assert balance(service, acme)["balance"] == 2
    settle(admin, acme)
    assert_ledger_holds(admin, acme)


def test_a_captured_hold_is_refunded(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 5), freeze(admin)
    lot = grant(service, acme, 10, expires_at=now + HOUR)
    made = hold(service, acme, 12)
    captured = call(service, "capture_hold", organization_id=acme, hold_id=made["id"])["transaction"]
    refund = call(service, "refund_credits", organization_id=acme, credit_transaction_id=captured["id"], amount=11)
    assert taken(service, acme, refund)[lot["id"]] == 9
    assert balance(service, acme)["balance"] == 14
    assert_ledger_holds(admin, acme)


def test_a_refund_does_not_give_back_to_a_lot_that_only_a_hold_keeps(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    lot = grant(service, acme, 10, expires_at=now + HOUR)
    spent = consume(service, acme, 4)
    hold(service, acme, 6, time_to_live=9 * HOUR)
    move_clock(admin, "+2 hours")
    refund = call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"])
    assert taken(service, acme, refund) == {}
    assert sorted((item["source"], item["remaining"]) for item in lots(service, acme)) == [("grant", 6), ("refund", 4)]
    assert balance(service, acme)["available"] == 4
    assert lot["id"] in {item["id"] for item in lots(service, acme)}
    assert_ledger_holds(admin, acme)


def test_a_replay_returns_the_first_entry_even_when_all_is_refunded(service: Connection, admin: Connection) -> None:
    acme = organization(service, 10)
    spent = consume(service, acme, 10)
    arguments = {"organization_id": acme, "credit_transaction_id": spent["id"]}
    part = call(service, "refund_credits", amount=4, request_id="r1", **arguments)
    rest = call(service, "refund_credits", request_id="r2", **arguments)
    assert rest["amount"] == 6
    assert call(service, "refund_credits", amount=4, request_id="r1", **arguments) == part
    assert call(service, "refund_credits", request_id="r2", **arguments) == rest
    refused(service, "TN011", "refund_credits", amount=5, request_id="r1", **arguments)
    refused(service, "TN011", "refund_credits", amount=4, request_id="r1", description="x", **arguments)
    assert len(entries(admin, acme)) == 4
    assert_ledger_holds(admin, acme)


def test_only_consumptions_are_refunded(service: Connection, admin: Connection) -> None:
    acme = organization(service)
    bought = grant(service, acme, 10)
    revoked = call(service, "revoke_credits", organization_id=acme, credit_transaction_id=bought["id"], amount=5)[
        "transaction"
    ]
    spent = consume(service, acme, 5)
    refund = call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"])
    for entry in (bought, revoked, refund):
        detail = refused(service, "TN019", "refund_credits", organization_id=acme, credit_transaction_id=entry["id"])
        assert detail["transaction_type"] == entry["transaction_type"]
    assert len(entries(admin, acme)) == 4


def test_the_refund_that_would_pass_the_largest_balance_is_refused(service: Connection) -> None:
    acme = organization(service, 10)
    spent = consume(service, acme, 10)
    grant(service, acme, 2147483647)
    refused(service, "TN010", "refund_credits", organization_id=acme, credit_transaction_id=spent["id"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organization_id": None}, "organization_id"),
        ({"credit_transaction_id": None}, "credit_transaction_id"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"grace_period": "0"}, "grace_period"),
        ({"grace_period": "-1 day"}, "grace_period"),
        ({"grace_period": "3661 days"}, "grace_period"),
        ({"request_id": ""}, "request_id"),
    ],
    ids=str,
)
def test_bad_input_is_refused_and_nothing_is_written(
    credits_service: Connection, credits_admin: Connection, change: dict[str, Any], field: str
) -> None:
    acme = organization(credits_service, 10)
    spent = consume(credits_service, acme, 5)
    arguments = {"organization_id": acme, "credit_transaction_id": spent["id"], **change}
    assert refused(credits_service, "TN001", "refund_credits", **arguments)["field"] == field
    assert len(entries(credits_admin, acme)) == 2


def test_an_entry_of_another_organization_is_not_found(service: Connection) -> None:
    acme, other = organization(service, 10), organization(service, 10)
    spent = consume(service, other, 1)
    for organization_id in (acme, uuid4()):
        refused(service, "TN002", "refund_credits", organization_id=organization_id, credit_transaction_id=spent["id"])
