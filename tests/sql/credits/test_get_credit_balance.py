"""get_credit_balance: now, and as of any past moment."""

import random
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.conftest import Connection
from tests.support.ledger import (
    Row,
    assert_ledger_holds,
    balance,
    call,
    consume,
    entries,
    freeze,
    grant,
    hold,
    move_clock,
    organization,
    refused,
    settle,
)
from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access("organization_id => {first}", ok="viewer member billing admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(NOT_FOUND, organization_id=NOBODY),
]

HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


def test_an_empty_account_has_nothing(service: Connection) -> None:
    assert balance(service, organization(service)) == {
        "balance": 0,
        "held": 0,
        "available": 0,
        "purchased": 0,
        "granted": 0,
        "next_expiry_at": None,
        "next_expiry_amount": 0,
    }


def test_every_part_of_the_balance(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 100), freeze(admin)
    grant(service, acme, 50, transaction_type="purchased", expires_at=now + HOUR)
    grant(service, acme, 20, expires_at=now + HOUR)
    grant(service, acme, 7, expires_at=now + 2 * HOUR)
    consume(service, acme, 10)
    hold(service, acme, 5)
    expected = {
        "balance": 167,
        "held": 5,
        "available": 162,
        "purchased": 40,
        "granted": 127,
        "next_expiry_at": now + HOUR,
        "next_expiry_amount": 60,
    }
    assert balance(service, acme) == expected
    settle(admin, acme)
    assert balance(service, acme) == expected
    assert balance(service, acme, now) == expected


def test_it_reads_in_a_read_only_transaction_as_if_settled(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 100), freeze(admin)
    grant(service, acme, 50, expires_at=now + HOUR)
    hold(service, acme, 120, time_to_live=HOUR)
    move_clock(admin, "+1 hour")
    service.execute("begin read only")
    assert balance(service, acme)["available"] == 100
    service.execute("rollback")
    assert len(entries(admin, acme)) == 2


def test_the_future_is_not_known(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 10), freeze(admin)
    assert refused(service, "TN001", "get_credit_balance", organization_id=acme, as_of=now + MOMENT)["field"] == "as_of"
    balance(service, acme, now)


def test_bad_input_is_refused(service: Connection) -> None:
    assert refused(service, "TN001", "get_credit_balance")["field"] == "organization_id"
    refused(service, "TN002", "get_credit_balance", organization_id=uuid4())


def test_a_hold_is_known_at_past_moments_through_all_that_became_of_it(service: Connection, admin: Connection) -> None:
    acme, now = organization(service, 100), freeze(admin)
    made = hold(service, acme, 60, time_to_live=9 * HOUR)
    move_clock(admin, "+1 hour")
    call(service, "capture_hold", organization_id=acme, hold_id=made["id"], amount=20)
    move_clock(admin, "+1 hour")
    call(service, "release_hold", organization_id=acme, hold_id=made["id"])
    lapsing = hold(service, acme, 10, time_to_live=HOUR)
    move_clock(admin, "+9 hours")
    for _ in ("as if settled", "settled"):
        past = {
            hours: (then["balance"], then["held"], then["available"])
            for hours in (0, 1, 2, 3)
            for then in [balance(service, acme, now + hours * HOUR)]
        }
        assert past == {0: (100, 60, 40), 1: (80, 40, 40), 2: (80, 10, 70), 3: (80, 0, 80)}
        assert balance(service, acme, now + HOUR - MOMENT)["held"] == 60
        assert balance(service, acme, now - MOMENT)["held"] == 0
        assert balance(service, acme, lapsing["expires_at"] - MOMENT)["held"] == 10
        settle(admin, acme)


@pytest.mark.parametrize("seed", range(4))
def test_at_every_moment_it_is_what_was_read_then(service: Connection, admin: Connection, seed: int) -> None:
    acme, chance, now = organization(service), random.Random(seed), freeze(admin)
    seen: dict[datetime, Row] = {}
    spent: list[Row] = []
    bought: list[Row] = []
    held: list[Row] = []
    for _ in range(50):
        now += timedelta(minutes=chance.randint(1, 60))
        move_clock(admin, now)
        seen[now - MOMENT] = balance(service, acme, now - MOMENT)
        available = balance(service, acme)["available"]
        step = chance.choice(["grant", "later", "consume", "consume", "hold", "release", "capture", "refund", "revoke"])
        if step == "grant" or available < 3:
            life = chance.choice([None, timedelta(minutes=chance.randint(1, 400))])
            kind = chance.choice(["earned", "purchased"])
            amount = chance.randint(3, 60)
            bought.append(grant(service, acme, amount, transaction_type=kind, expires_at=life and now + life))
        elif step == "later":
            when = now + timedelta(minutes=chance.randint(1, 300))
            call(service, "grant_credits", organization_id=acme, amount=chance.randint(1, 50), effective_at=when)
        elif step == "consume":
            spent.append(consume(service, acme, chance.randint(1, available)))
        elif step == "hold":
            life = timedelta(minutes=chance.randint(1, 300))
            held.append(hold(service, acme, chance.randint(1, available), time_to_live=life))
        elif step in ("release", "capture"):
            active = call(service, "list_holds", organization_id=acme, state="active")["holds"]
            if active and step == "release":
                call(service, "release_hold", organization_id=acme, hold_id=chance.choice(active)["id"])
            elif active:
                made = chance.choice(active)
                part = chance.randint(1, made["remaining"])
                call(service, "capture_hold", organization_id=acme, hold_id=made["id"], amount=part)
        elif step == "refund" and spent:
            entry = spent.pop(chance.randrange(len(spent)))
            call(service, "refund_credits", organization_id=acme, credit_transaction_id=entry["id"])
        elif step == "revoke" and bought:
            entry = bought.pop(chance.randrange(len(bought)))
            call(service, "revoke_credits", organization_id=acme, credit_transaction_id=entry["id"])
        seen[now] = balance(service, acme)
    move_clock(admin, "+9 days")
    for _ in ("as if settled", "settled"):
        for moment, then in seen.items():
            again = balance(service, acme, moment)
            assert again == then, moment
            assert again["available"] == max(again["balance"] - again["held"], 0)
            assert again["purchased"] + again["granted"] == again["balance"]
        settle(admin, acme)
    for moment, then in seen.items():
        assert then["balance"] == _balance_by_entries(admin, acme, moment)
    assert_ledger_holds(admin, acme)


def _balance_by_entries(admin: Connection, acme: UUID, moment: datetime) -> int:
    return sum(e["amount"] for e in entries(admin, acme) if e["created_at"] <= moment)
