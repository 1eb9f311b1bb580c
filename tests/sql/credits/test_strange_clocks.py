"""The ledger under a clock that steps back: no entry, lot, hold or pending grant is earlier than the last entry."""

from datetime import timedelta

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
    settle,
)

HOUR = timedelta(hours=1)


def test_a_refund_puts_no_credits_into_a_lot_that_is_written_off(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    grant(service, acme, 10, expires_at=now + 5 * HOUR)
    move_clock(admin, now + HOUR)
    spent = consume(service, acme, 4)
    move_clock(admin, now + 10 * HOUR)
    settle(admin, acme)
    move_clock(admin, now + 2 * HOUR)
    refund = call(
        service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"], amount=3, grace_period=HOUR
    )
    assert refund["created_at"] == now + 5 * HOUR
    assert [(lot["remaining"], lot["expires_at"]) for lot in lots(service, acme)] == [(3, now + 6 * HOUR)]
    assert balance(service, acme)["balance"] == 3
    consume(service, acme, 2)
    assert_ledger_holds(admin, acme)
    move_clock(admin, now + 10 * HOUR)
    settle(admin, acme)
    assert [entry["amount"] for entry in entries(admin, acme)] == [10, -4, -6, 3, -2, -1]
    assert_ledger_holds(admin, acme)


def test_a_refund_puts_no_credits_into_an_expired_lot_that_a_hold_keeps(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    grant(service, acme, 10, expires_at=now + 5 * HOUR)
    spent = consume(service, acme, 4)
    hold(service, acme, 6, time_to_live=20 * HOUR)
    move_clock(admin, now + 6 * HOUR)
    settle(admin, acme)
    move_clock(admin, now + HOUR)
    call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"])
    consume(service, acme, 4)
    assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("function", ["grant_credits", "create_credit_transaction"])
def test_a_grant_that_expires_before_the_last_entry_is_refused_by_name(
    service: Connection, admin: Connection, function: str
) -> None:
    acme, now = organization(service), freeze(admin)
    move_clock(admin, now + 5 * HOUR)
    consume(service, organization(service, 1), 1)
    grant(service, acme, 10)
    move_clock(admin, now)
    extra = {"transaction_type": "earned", "source": "test"} if function == "create_credit_transaction" else {}
    detail = refused(service, "TN001", function, organization_id=acme, amount=1, expires_at=now + 5 * HOUR, **extra)
    assert detail["field"] == "expires_at"
    call(service, function, organization_id=acme, amount=1, expires_at=now + 6 * HOUR, **extra)
    assert_ledger_holds(admin, acme)


def test_a_hold_lives_from_the_last_entry_on(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    move_clock(admin, now + 5 * HOUR)
    grant(service, acme, 10)
    move_clock(admin, now)
    made = hold(service, acme, 5, time_to_live=HOUR)
    assert (made["created_at"], made["expires_at"]) == (now + 5 * HOUR, now + 6 * HOUR)
    longer = call(service, "extend_hold", organization_id=acme, hold_id=made["id"], time_to_live=2 * HOUR)
    assert longer["expires_at"] == now + 7 * HOUR
    later = call(service, "grant_credits", organization_id=acme, amount=1, effective_at=now + 4 * HOUR)
    assert later["lot"]["state"] == "active"
    assert balance(service, acme)["available"] == 6
    assert call(service, "release_hold", organization_id=acme, hold_id=made["id"])["ended_at"] == now + 5 * HOUR
    assert_ledger_holds(admin, acme)
