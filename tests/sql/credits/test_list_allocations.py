"""list_allocations: the credits that each entry took from each lot, before settlement and after it."""

import random
from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Connection
from tests.support.ledger import (
    Row,
    allocations,
    assert_ledger_holds,
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
    taken,
)
from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, credit_transaction_id => {spent_first}",
    first="viewer member billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", credit_transaction_id=NOBODY),
    case(INVALID_ARGUMENT, "credit_transaction_id", organization_id="$acme"),
    case(NOT_FOUND, organization_id="$acme", credit_transaction_id=NOBODY),
    case(NOT_FOUND, organization_id="$acme", lot_id=NOBODY),
]

HOUR = timedelta(hours=1)


def test_a_consumption_takes_from_the_soonest_expiring_lot_and_then_the_next(
    service: Connection, admin: Connection
) -> None:
    acme = organization(service)
    never = grant(service, acme, 100)
    late = grant(service, acme, 10, expires_at="2100-02-01")
    soon = grant(service, acme, 10, expires_at="2100-01-01")
    spent = [consume(service, acme, amount) for amount in (4, 9, 20)]
    expected = [
        {soon["id"]: -4},
        {soon["id"]: -6, late["id"]: -3},
        {late["id"]: -7, never["id"]: -13},
    ]
    for _ in ("as if settled", "settled"):
        assert [taken(service, acme, entry) for entry in spent] == expected
        by_lot = allocations(service, acme, lot_id=late["id"])
        assert [(a["entry_number"], a["amount"]) for a in by_lot] == [(5, -3), (6, -7)]
        assert [a["credit_transaction_id"] for a in by_lot] == [spent[1]["id"], spent[2]["id"]]
        assert [a["created_at"] for a in by_lot] == [spent[1]["created_at"], spent[2]["created_at"]]
        settle(admin, acme)
    stored = admin.execute("select count(*) as n from tenantry.credit_allocations").fetchone()
    assert stored == {"n": 3}, "one row for each lot touched"


def test_entries_settled_and_not_settled_are_answered_alike(service: Connection, admin: Connection) -> None:
    acme = organization(service, 100)
    first = consume(service, acme, 5)
    settle(admin, acme)
    second = consume(service, acme, 7)
    (lot,) = lots(service, acme)
    assert [a["amount"] for a in allocations(service, acme, lot_id=lot["id"])] == [-5, -7]
    assert taken(service, acme, first) == {lot["id"]: -5}
    assert taken(service, acme, second) == {lot["id"]: -7}


def test_every_kind_of_entry_says_its_lots(service: Connection, admin: Connection) -> None:
    acme, now = organization(service), freeze(admin)
    lot = grant(service, acme, 100, expires_at=now + HOUR)
    other = grant(service, acme, 50)
    assert taken(service, acme, lot) == {}
    spent = consume(service, acme, 10)
    made = hold(service, acme, 20)
    captured = call(service, "capture_hold", organization_id=acme, hold_id=made["id"])["transaction"]
    refunded = call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"], amount=4)
    revoked = call(service, "revoke_credits", organization_id=acme, credit_transaction_id=other["id"])
    move_clock(admin, "+1 hour")
    settle(admin, acme)
    expired = entries(admin, acme)[-1]
    assert taken(service, acme, captured) == {lot["id"]: -20}
    assert taken(service, acme, refunded) == {lot["id"]: 4}
    assert taken(service, acme, spent) == {lot["id"]: -10}
    assert taken(service, acme, revoked["transaction"]) == {other["id"]: -50}
    assert taken(service, acme, expired) == {lot["id"]: -74}
    assert_ledger_holds(admin, acme)


def test_an_entry_and_a_lot_together_give_their_overlap(service: Connection) -> None:
    acme = organization(service, 10)
    soon = grant(service, acme, 10, expires_at="2100-01-01")
    spent = consume(service, acme, 15)
    (found,) = allocations(service, acme, credit_transaction_id=spent["id"], lot_id=soon["id"])
    assert found["amount"] == -10


def test_pages(service: Connection) -> None:
    acme = organization(service)
    for _ in range(2):
        grant(service, acme, 5)
    spent = [consume(service, acme, 2) for _ in range(5)]
    (lot, *_) = lots(service, acme, include_closed=True)
    arguments: dict[str, Any] = {"organization_id": acme, "lot_id": lot["id"], "page_size": 2}
    found: list[Row] = []
    while True:
        page = call(service, "list_allocations", **arguments)
        found += page["allocations"]
        if page["next_page_token"] is None:
            break
        arguments["page_token"] = page["next_page_token"]
    assert [(a["credit_transaction_id"], a["amount"]) for a in found] == [
        (spent[0]["id"], -2),
        (spent[1]["id"], -2),
        (spent[2]["id"], -1),
    ]
    refused(service, "TN003", "list_allocations", **{**arguments, "credit_transaction_id": spent[0]["id"]})


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_allocations_add_up_to_entries_and_lots(
    service: Connection, admin: Connection, seed: int
) -> None:
    acme, chance = organization(service), random.Random(seed)
    freeze(admin)
    spent: list[Row] = []
    bought: list[Row] = []
    for _ in range(60):
        move_clock(admin, f"+{chance.randint(0, 90)} minutes")
        clock = admin.execute("select now from test.clock").fetchone()
        assert clock is not None
        available = call(service, "get_credit_balance", organization_id=acme)["available"]
        step = chance.choice(["grant", "consume", "consume", "consume", "hold", "refund", "revoke"])
        if step == "grant" or available < 5:
            life = chance.choice([None, timedelta(minutes=chance.randint(1, 300))])
            bought.append(
                grant(
                    service,
                    acme,
                    chance.randint(5, 60),
                    expires_at=life and clock["now"] + life,
                    priority=chance.randint(-1, 1),
                )
            )
        elif step == "consume":
            spent.append(consume(service, acme, chance.randint(1, available)))
        elif step == "hold":
            made = hold(service, acme, chance.randint(2, available))
            part = chance.randint(1, made["amount"])
            answer = call(service, "capture_hold", organization_id=acme, hold_id=made["id"], amount=part)
            spent.append(answer["transaction"])
        elif step == "refund" and spent:
            entry = spent.pop(chance.randrange(len(spent)))
            part = chance.randint(1, -entry["amount"])
            call(service, "refund_credits", organization_id=acme, credit_transaction_id=entry["id"], amount=part)
        elif step == "revoke" and bought:
            entry = bought.pop(chance.randrange(len(bought)))
            call(service, "revoke_credits", organization_id=acme, credit_transaction_id=entry["id"])
    for _ in ("as if settled", "settled"):
        _assert_sums(service, admin, acme)
        settle(admin, acme)
    assert_ledger_holds(admin, acme)


def _assert_sums(service: Connection, admin: Connection, acme: UUID) -> None:
    """The amount of an entry is the sum of its allocations, except for the lots that it opened; a lot's remainder is
    its amount less its allocations."""
    opened: dict[int, int] = defaultdict(int)
    for lot in lots(service, acme, include_closed=True, page_size=1000):
        if lot["entry_number"] is None:
            continue
        opened[lot["entry_number"]] += lot["amount"]
        moved = allocations(service, acme, lot_id=lot["id"])
        pending = 0
        if lot["state"] == "expired" and not any(
            e["source_id"] == lot["id"] and e["transaction_type"] == "expired" for e in entries(admin, acme)
        ):
            pending = lot["amount"] + sum(a["amount"] for a in moved)
        assert lot["amount"] + sum(a["amount"] for a in moved) - pending == lot["remaining"]
    for entry in entries(admin, acme):
        amounts = taken(service, acme, entry)
        assert sum(amounts.values()) + opened[entry["entry_number"]] == entry["amount"]


def test_bad_input_is_refused(service: Connection) -> None:
    acme, other = organization(service, 10), organization(service, 10)
    (lot,) = lots(service, other)
    entry = consume(service, other, 1)
    assert refused(service, "TN001", "list_allocations")["field"] == "organization_id"
    assert refused(service, "TN001", "list_allocations", organization_id=acme)["field"] == "credit_transaction_id"
    assert refused(service, "TN002", "list_allocations", organization_id=acme, lot_id=lot["id"])["resource"] == (
        "credit_lot"
    )
    wrong = refused(service, "TN002", "list_allocations", organization_id=acme, credit_transaction_id=entry["id"])
    assert wrong["resource"] == "credit_transaction"
    refused(service, "TN002", "list_allocations", organization_id=uuid4(), lot_id=lot["id"])
