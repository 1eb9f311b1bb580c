"""grant_credits: expiring credits, future credits, and the answer to a replay."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.v1.credits_pb2 import CREDIT_TRANSACTION_TYPE_CONSUMED
from tests.conftest import Connection
from tests.support.ledger import (
    assert_ledger_holds,
    balance,
    call,
    consume,
    entries,
    freeze,
    grant,
    lots,
    move_clock,
    organization,
    refused,
    remaining,
    settle,
    taken,
)
from tests.support.rpc import BALANCE_OUT_OF_RANGE, INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access("organization_id => {first}, amount => 1", first="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", amount=1),
    case(NOT_FOUND, organization_id=NOBODY, amount=1),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme"),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=0),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=-1),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=-2147483648),
    case(BALANCE_OUT_OF_RANGE, "amount", organization_id="$rich", amount=1),
    case(BALANCE_OUT_OF_RANGE, "amount", organization_id="$rich", amount=2147483647),
    case(
        INVALID_ARGUMENT,
        "transaction_type",
        organization_id="$acme",
        amount=1,
        transaction_type=CREDIT_TRANSACTION_TYPE_CONSUMED,
    ),
    case(INVALID_ARGUMENT, "source", organization_id="$acme", amount=1, source="Two Words"),
    case(INVALID_ARGUMENT, "source", organization_id="$acme", amount=1, source="s" * 51),
    case(INVALID_ARGUMENT, "priority", organization_id="$acme", amount=1, priority=32768),
    case(INVALID_ARGUMENT, "expires_at", organization_id="$acme", amount=1, expires_at=Timestamp(seconds=1)),
    case(
        INVALID_ARGUMENT,
        "stripe_payment_intent_id",
        organization_id="$acme",
        amount=1,
        stripe_payment_intent_id="p" * 256,
    ),
    case(INVALID_ARGUMENT, "request_id", organization_id="$acme", amount=1, request_id="r" * 256),
    case(INVALID_ARGUMENT, "request_id", organization_id="$acme", amount=1, request_id="  "),
]

REQUEST_ID = [
    {"organization_id": "$acme", "amount": 1},
    {"organization_id": "$acme", "amount": 2, "effective_at": "2100-01-01"},
]

DAY = timedelta(days=1)


def test_a_grant_answers_with_its_entry_and_its_lot(service: Connection, admin: Connection) -> None:
    acme, reference, now = organization(service), uuid4(), freeze(admin)
    made = call(
        service,
        "grant_credits",
        organization_id=acme,
        amount=100,
        transaction_type="purchased",
        source_id=reference,
        expires_at=now + DAY,
        priority=-3,
        stripe_payment_intent_id="pi_1",
    )
    entry, lot = made["transaction"], made["lot"]
    assert (entry["amount"], entry["balance_after"], entry["expires_at"]) == (100, 100, now + DAY)
    assert (entry["source"], entry["source_id"], entry["stripe_payment_intent_id"]) == ("purchase", reference, "pi_1")
    assert lot == {
        "id": entry["id"],
        "organization_id": acme,
        "transaction_type": "purchased",
        "source": "purchase",
        "source_id": reference,
        "amount": 100,
        "remaining": 100,
        "priority": -3,
        "effective_at": now,
        "expires_at": now + DAY,
        "entry_number": 1,
        "state": "active",
    }


def test_credits_expire_at_their_time_though_no_job_runs(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 5), freeze(admin)
    lot = grant(service, acme, 100, expires_at=now + DAY)
    consume(service, acme, 30)
    move_clock(admin, now + DAY - timedelta(microseconds=1))
    assert balance(service, acme)["balance"] == 75
    move_clock(admin, now + DAY)
    assert balance(service, acme)["balance"] == 5
    move_clock(admin, "+1 day")
    settle(admin, acme)
    expired = entries(admin, acme)[-1]
    assert (expired["transaction_type"], expired["amount"], expired["source"]) == ("expired", -70, "expiry")
    assert (expired["source_id"], expired["created_at"]) == (lot["id"], now + DAY)
    assert_ledger_holds(admin, acme)


def test_lots_expire_each_at_its_own_time_in_order(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    for days in (3, 1, 2):
        grant(service, acme, days, expires_at=now + days * DAY)
    move_clock(admin, "+9 days")
    settle(admin, acme)
    expired = entries(admin, acme)[3:]
    assert [(e["amount"], e["created_at"]) for e in expired] == [(-n, now + n * DAY) for n in (1, 2, 3)]
    assert_ledger_holds(admin, acme)


def test_a_grant_for_later_takes_effect_at_its_time_and_is_stamped_with_it(
    service: Connection, admin: Connection
) -> None:
    acme, now = organization(service, 10), freeze(admin)
    made = call(
        service,
        "grant_credits",
        organization_id=acme,
        amount=100,
        effective_at=now + DAY,
        expires_at=now + 2 * DAY,
        description="next month",
        metadata={"n": 1},
    )
    assert made["transaction"] is None
    assert (made["lot"]["state"], made["lot"]["entry_number"]) == ("pending", None)
    refused(service, "TN009", "consume_credits", organization_id=acme, amount=11)
    assert balance(service, acme)["balance"] == 10
    move_clock(admin, "+1 day 1 hour")
    assert balance(service, acme)["balance"] == 110
    (lot, _) = lots(service, acme)
    assert (lot["id"], lot["state"], lot["remaining"]) == (made["lot"]["id"], "active", 100)
    consume(service, acme, 50)
    entry = entries(admin, acme)[1]
    assert (entry["id"], entry["amount"], entry["created_at"]) == (made["lot"]["id"], 100, now + DAY)
    assert (entry["description"], entry["metadata"], entry["expires_at"]) == ("next month", {"n": 1}, now + 2 * DAY)
    move_clock(admin, "+1 day")
    assert balance(service, acme)["balance"] == 10
    settle(admin, acme)
    assert_ledger_holds(admin, acme)


def test_a_grant_may_come_and_expire_between_two_settlements(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 10), freeze(admin)
    call(
        service,
        "grant_credits",
        organization_id=acme,
        amount=100,
        effective_at=now + DAY,
        expires_at=now + 2 * DAY,
    )
    move_clock(admin, "+9 days")
    assert balance(service, acme)["balance"] == 10
    settle(admin, acme)
    late = entries(admin, acme)[1:]
    assert [(e["amount"], e["created_at"]) for e in late] == [(100, now + DAY), (-100, now + 2 * DAY)]
    assert_ledger_holds(admin, acme)


def test_a_grant_for_a_past_moment_comes_now(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    entry = grant(service, acme, 5, effective_at=now - DAY)
    assert entry["created_at"] == now


@pytest.mark.parametrize("for_later", [False, True])
def test_a_replay_returns_the_same_lot_before_and_after_it_took_effect(
    service: Connection, admin: Connection, for_later: bool
) -> None:
    acme, now = organization(service), freeze(admin)
    arguments = {
        "organization_id": acme,
        "amount": 100,
        "expires_at": now + 2 * DAY,
        "effective_at": now + DAY if for_later else None,
        "request_id": "r",
    }
    first = call(service, "grant_credits", **arguments)
    assert call(service, "grant_credits", **arguments) == first
    move_clock(admin, "+1 day")
    again = call(service, "grant_credits", **arguments)
    assert again["lot"]["id"] == first["lot"]["id"]
    assert (again["transaction"]["id"], again["transaction"]["amount"]) == (first["lot"]["id"], 100)
    move_clock(admin, "+9 days")
    assert call(service, "grant_credits", **arguments)["lot"]["state"] == "expired"
    assert [e["amount"] for e in entries(admin, acme)] == [100, -100]
    assert_ledger_holds(admin, acme)


CHANGES: list[dict[str, Any]] = [
    {"amount": 99},
    {"transaction_type": "purchased"},
    {"source": "gift"},
    {"source_id": UUID(int=7)},
    {"expires_at": "2099-01-01"},
    {"expires_at": None},
    {"priority": 1},
    {"stripe_payment_intent_id": "pi_2"},
    {"description": "other"},
    {"metadata": {"a": 1}},
]


@pytest.mark.parametrize("for_later", [False, True], ids=["now", "later"])
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_request_id_used_for_another_grant_is_refused(
    credits_service: Connection, change: dict[str, Any], for_later: bool
) -> None:
    acme = organization(credits_service)
    arguments = {
        "organization_id": acme,
        "amount": 100,
        "expires_at": "2100-01-01",
        "effective_at": "2090-01-01" if for_later else None,
        "request_id": "r",
    }
    call(credits_service, "grant_credits", **arguments)
    assert refused(credits_service, "TN011", "grant_credits", **{**arguments, **change})["request_id"] == "r"
    assert len(lots(credits_service, acme)) == 1


def test_a_request_id_used_for_a_grant_of_another_time_is_refused(service: Connection) -> None:
    acme = organization(service)
    arguments = {"organization_id": acme, "amount": 1, "request_id": "r"}
    call(service, "grant_credits", effective_at="2100-01-01", **arguments)
    refused(service, "TN011", "grant_credits", effective_at="2100-01-02", **arguments)
    refused(service, "TN011", "grant_credits", **arguments)


def test_a_replay_after_a_grant_for_later_was_cut_down_returns_it(service: Connection) -> None:
    acme = organization(service)
    arguments = {"organization_id": acme, "amount": 100, "effective_at": "2100-01-01", "request_id": "r"}
    first = call(service, "grant_credits", **arguments)["lot"]
    for amount, left in ((40, 60), (60, 0)):
        call(service, "revoke_credits", organization_id=acme, credit_transaction_id=first["id"], amount=amount)
        again = call(service, "grant_credits", **arguments)["lot"]
        assert (again["id"], again["remaining"]) == (first["id"], left)


def test_the_request_id_of_a_consumption_serves_a_grant_too(service: Connection) -> None:
    acme = organization(service, 10)
    spent = consume(service, acme, 1, request_id="r")
    granted = grant(service, acme, 1, request_id="r")
    assert (consume(service, acme, 1, request_id="r"), grant(service, acme, 1, request_id="r")) == (spent, granted)


def test_of_credits_that_expire_together_the_lower_priority_is_spent_first(
    service: Connection, admin: Connection
) -> None:
    acme = organization(service)
    made = {
        name: grant(service, acme, 10, expires_at=expires_at, priority=priority)
        for name, expires_at, priority in (
            ("never, low", None, -5),
            ("same day, high", "2100-01-01", 2),
            ("same day, low", "2100-01-01", -2),
            ("same day, usual", "2100-01-01", None),
            ("later, lowest", "2100-01-02", -9),
        )
    }
    order = ["same day, low", "same day, usual", "same day, high", "later, lowest", "never, low"]
    assert [lot["id"] for lot in lots(service, acme)] == [made[name]["id"] for name in order]
    for name in order:
        assert taken(service, acme, consume(service, acme, 10)) == {made[name]["id"]: -10}
    assert_ledger_holds(admin, acme)


def test_what_is_granted_for_later_counts_towards_the_largest_balance(service: Connection, admin: Connection) -> None:
    acme = organization(service, 2147483647 - 20)
    call(service, "grant_credits", organization_id=acme, amount=15, effective_at="2100-01-01")
    detail = refused(service, "TN010", "grant_credits", organization_id=acme, amount=6)
    assert (detail["pending"], detail["field"]) == (15, "amount")
    refused(service, "TN010", "grant_credits", organization_id=acme, amount=6, effective_at="2100-01-01")
    grant(service, acme, 5)
    freeze(admin)
    move_clock(admin, "+99 years")
    settle(admin, acme)
    assert entries(admin, acme)[-1]["balance_after"] == 2147483647
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organization_id": None}, "organization_id"),
        ({"amount": None}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"transaction_type": "consumed"}, "transaction_type"),
        ({"source": "Not A Word"}, "source"),
        ({"priority": 32768}, "priority"),
        ({"expires_at": "2000-01-01"}, "expires_at"),
        ({"expires_at": "2090-01-01", "effective_at": "2090-01-01"}, "expires_at"),
        ({"expires_at": "2089-01-01", "effective_at": "2090-01-01"}, "expires_at"),
        ({"request_id": " "}, "request_id"),
    ],
    ids=str,
)
def test_bad_input_is_refused_and_nothing_is_written(
    credits_service: Connection, credits_admin: Connection, change: dict[str, Any], field: str
) -> None:
    acme = organization(credits_service)
    arguments = {"organization_id": acme, "amount": 1, **change}
    assert refused(credits_service, "TN001", "grant_credits", **arguments)["field"] == field
    assert entries(credits_admin, acme) == []
    assert remaining(credits_service, acme, include_closed=True) == []
