"""Complaints of users of credit ledgers, each as a test of this one."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from tests.conftest import Connect, Connection
from tests.support.ledger import (
    assert_ledger_holds,
    balance,
    batch,
    call,
    consume,
    entries,
    freeze,
    grant,
    hold,
    lots,
    move_clock,
    organization,
    settle,
)
from tests.support.subscriptions import plan, subscribe

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Runs work(0) … work(count - 1) in as many threads, which start together."""
    start = Barrier(count)

    def run(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def outcome(connection: Connection, function: str, **arguments: Any) -> str:
    """done, or the SQLSTATE of the refusal."""
    try:
        call(connection, function, **arguments)
    except psycopg.Error as error:
        return error.sqlstate or "lost"
    return "done"


def test_a_payment_that_is_delivered_twice_is_credited_once(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    """Complaint 1: the same payment, or the same webhook, was credited twice."""
    acme = organization(service)
    payment = {
        "organization_id": acme,
        "amount": 500,
        "transaction_type": "purchased",
        "stripe_payment_intent_id": "pi_1",
        "request_id": "evt_1",
    }
    connections = [connect("service_role") for _ in range(8)]
    delivered = at_once(8, lambda n: call(connections[n], "grant_credits", **payment)["transaction"]["id"])
    again = call(service, "grant_credits", **payment)["transaction"]["id"]
    assert set(delivered) == {again}
    assert [e["amount"] for e in entries(admin, acme)] == [500]
    assert_ledger_holds(admin, acme)


def test_a_top_up_is_idempotent_and_its_key_serves_no_other_grant_or_hold(
    service: Connection, admin: Connection
) -> None:
    """Complaint 2: top-ups and transfers have no idempotency, so a retry after a timeout counts twice."""
    acme = organization(service)
    top_up = {"organization_id": acme, "amount": 100, "request_id": "top-up-7"}
    first = call(service, "grant_credits", **top_up)
    assert call(service, "grant_credits", **top_up) == first
    by_hand = {
        "organization_id": acme,
        "amount": 50,
        "transaction_type": "purchased",
        "source": "invoice",
        "request_id": "top-up-8",
    }
    entry = call(service, "create_credit_transaction", **by_hand)
    assert call(service, "create_credit_transaction", **by_hand) == entry
    assert outcome(service, "grant_credits", **{**top_up, "amount": 101}) == "TN011"
    assert outcome(service, "hold_credits", organization_id=acme, amount=100, request_id="top-up-7") == "TN011"
    assert [e["amount"] for e in entries(admin, acme)] == [100, 50]


def test_purchased_credits_survive_the_end_of_a_cycle(service: Connection, admin: Connection) -> None:
    """Complaint 4: a reset of the cycle removed credits that had been bought on top."""
    acme, start = organization(service), freeze(admin)
    month = timedelta(days=31)
    grant(service, acme, 200, transaction_type="purchased")
    for cycle in range(3):
        call(
            service,
            "grant_credits",
            organization_id=acme,
            amount=100,
            source="subscription",
            effective_at=start + cycle * month,
            expires_at=start + (cycle + 1) * month,
        )
    for cycle in range(3):
        move_clock(admin, start + cycle * month)
        now = balance(service, acme)
        assert (now["purchased"], now["granted"]) == (200, 100)
        consume(service, acme, 60)
    move_clock(admin, start + 3 * month)
    now = balance(service, acme)
    assert (now["purchased"], now["granted"]) == (200, 0)
    consume(service, acme, 200)
    assert_ledger_holds(admin, acme)


def test_concurrent_requests_cannot_overspend_and_holds_do_not_block_each_other(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    """Complaint 5: concurrent requests overspent before they were settled; where each request held its worst case, all
    other requests were blocked."""
    acme = organization(service, 100)
    connections = [connect("service_role") for _ in range(12)]

    def work(number: int) -> str:
        connection = connections[number]
        # The request holds its worst case while it runs, and pays only its real cost.
        try:
            made = hold(connection, acme, 20, time_to_live=timedelta(minutes=5))
        except psycopg.Error as error:
            return error.sqlstate or "lost"
        arguments = {"organization_id": acme, "hold_id": made["id"], "amount": 5, "release_remainder": True}
        call(connection, "capture_hold", **arguments)
        return "done"

    rounds: Counter[str] = Counter()
    while rounds["done"] < 20:
        rounds.update(at_once(12, work))
        assert balance(service, acme)["available"] == balance(service, acme)["balance"] >= 0
        if balance(service, acme)["available"] < 20:
            break
    assert set(rounds) <= {"done", "TN009"}
    assert 17 <= rounds["done"] <= 20, "all but the last few credits were spent, and none twice"
    assert 100 - 5 * rounds["done"] == balance(service, acme)["balance"]

    # A hold waits for no other: it exists while another transaction still has a hold open, and it lapses by itself.
    other = organization(service, 100)
    hold(service, other, 90, time_to_live=timedelta(seconds=1))
    impatient = connect("service_role")
    impatient.execute("set lock_timeout = '1s'")
    hold(impatient, other, 10)
    assert outcome(impatient, "hold_credits", organization_id=other, amount=1) == "TN009"
    freeze(admin)
    assert outcome(impatient, "hold_credits", organization_id=other, amount=90) == "done"
    for organization_id in (acme, other):
        assert_ledger_holds(admin, organization_id)


def test_the_balance_is_the_ledgers_and_never_read_before_it_is_written(
    connect: Connect, service: Connection, admin: Connection
) -> None:
    """Complaint 6: two updates read the same balance and one was lost; a cached balance drifted from the database."""
    acme = organization(service, 1000)
    connections = [connect("service_role") for _ in range(8)]

    def work(number: int) -> int:
        for step in range(25):
            if number % 4 == 0:
                grant(connections[number], acme, 3)
            elif number % 4 == 1:
                batch(connections[number], *[{"organization_id": acme, "amount": 1}] * 2)
            else:
                consume(connections[number], acme, 1 + step % 3)
        return 0

    at_once(8, work)
    ledger = entries(admin, acme)
    assert len(ledger) == 1 + 2 * 25 + 2 * 50 + 4 * 25
    running = 0
    for entry in ledger:
        running += entry["amount"]
        assert entry["balance_after"] == running
    account = admin.execute("select credit_balance from public.organizations where id = %s", [acme]).fetchone()
    assert account == {"credit_balance": running}
    assert balance(service, acme)["balance"] == running
    assert sum(lot["remaining"] for lot in lots(service, acme, page_size=1000)) == running
    assert_ledger_holds(admin, acme)


def test_a_hot_account_times_no_one_out(connect: Connect, service: Connection, admin: Connection) -> None:
    """Complaint 7: on an account that everybody spends from, calls waited for locks until they timed out."""
    acme = organization(service, 10000)
    for number in range(30):
        grant(service, acme, 10, expires_at=f"21{number:02}-01-01")
    connections = [connect("service_role") for _ in range(16)]
    for connection in connections:
        connection.execute("set lock_timeout = '3s'")
        connection.execute("set statement_timeout = '5s'")
    outcomes = at_once(
        16,
        lambda n: Counter(
            outcome(connections[n], "consume_credits", organization_id=acme, amount=1) for _ in range(50)
        ),
    )
    assert sum(outcomes, Counter()) == {"done": 800}
    assert len(entries(admin, acme)) == 831
    # Reads take no lock at all, so they answer while the account is locked.
    reader = connect("service_role")
    reader.execute("set lock_timeout = '1s'")
    with admin.transaction():
        admin.execute("select from public.organizations where id = %s for update", [acme])
        assert balance(reader, acme)["balance"] == 9500
        assert sum(lot["remaining"] for lot in lots(reader, acme)) == 9500
    assert_ledger_holds(admin, acme)


def test_free_and_paid_credits_are_told_apart(service: Connection, admin: Connection) -> None:
    """Complaint 8: nobody could say how much of a balance was given and how much was paid for."""
    acme = organization(service)
    grant(service, acme, 100, transaction_type="purchased")
    grant(service, acme, 40, expires_at="2100-01-01")
    spent = consume(service, acme, 60)
    assert_apart(service, acme, purchased=80, granted=0)
    taken = call(service, "list_allocations", organization_id=acme, credit_transaction_id=spent["id"])["allocations"]
    kinds = {lot["id"]: lot["transaction_type"] for lot in lots(service, acme, include_closed=True)}
    assert {kinds[a["lot_id"]]: a["amount"] for a in taken} == {"earned": -40, "purchased": -20}
    call(service, "refund_credits", organization_id=acme, credit_transaction_id=spent["id"], amount=50)
    assert_apart(service, acme, purchased=100, granted=30)
    page = call(service, "list_credit_transactions", organization_id=acme, transaction_type="purchased")
    assert [e["amount"] for e in page["transactions"]] == [100]
    assert_ledger_holds(admin, acme)


def assert_apart(service: Connection, organization_id: UUID, purchased: int, granted: int) -> None:
    now = balance(service, organization_id)
    assert (now["purchased"], now["granted"], now["balance"]) == (purchased, granted, purchased + granted)
    for kind, amount in (("purchased", purchased), ("earned", granted)):
        found = lots(service, organization_id, transaction_type=kind)
        assert sum(lot["remaining"] for lot in found) == amount


def test_credits_expire_recur_and_roll_over_to_the_moment(service: Connection, admin: Connection) -> None:
    """Complaint 9: credits expired too late or twice, recurring grants came at the wrong time, and credits that should
    roll over did not."""
    acme, start = organization(service), freeze(admin)
    assert start == datetime(2030, 1, 1, 12, tzinfo=UTC)
    day = timedelta(days=1)
    # Each month's 100 live for two months: unspent credits roll over once.
    firsts = [start, start + 31 * day, start + 59 * day, start + 90 * day, start + 120 * day]
    for number, first in enumerate(firsts[:3]):
        call(
            service,
            "grant_credits",
            organization_id=acme,
            amount=100,
            source="subscription",
            effective_at=first,
            expires_at=firsts[number + 2],
            request_id=f"month-{number}",
        )
    moment = timedelta(microseconds=1)
    consume(service, acme, 30)
    for when, expected in (
        (firsts[1] - moment, 70),
        (firsts[1], 170),
        (firsts[2] - moment, 170),
        (firsts[2], 200),
        (firsts[3] - moment, 200),
        (firsts[3], 100),
        (firsts[4] - moment, 100),
        (firsts[4], 0),
    ):
        move_clock(admin, when)
        assert balance(service, acme)["balance"] == expected, when
    settle(admin, acme)
    settle(admin, acme)
    ledger = [(e["transaction_type"], e["amount"], e["created_at"]) for e in entries(admin, acme)]
    assert ledger == [
        ("earned", 100, firsts[0]),
        ("consumed", -30, firsts[0]),
        ("earned", 100, firsts[1]),
        ("expired", -70, firsts[2]),
        ("earned", 100, firsts[2]),
        ("expired", -100, firsts[3]),
        ("expired", -100, firsts[4]),
    ]
    assert_ledger_holds(admin, acme)


def test_items_of_one_batch_do_not_deduplicate_each_other(service: Connection, admin: Connection) -> None:
    """Complaint 10: equal items of one batch were taken for duplicates, and only one of them was charged."""
    acme, other = organization(service, 100), organization(service, 100)
    call(service, "create_credit_event", name="image", credit_cost=2, category="compute")
    equal = {"organization_id": acme, "credit_event": "image"}
    decisions = batch(
        service,
        equal,
        equal,
        {**equal, "request_id": "a"},
        {**equal, "request_id": "b"},
        {**equal, "request_id": "a", "organization_id": other},
        {**equal, "request_id": "a"},
    )
    ids = [decision["transaction"]["id"] for decision in decisions]
    assert ids[5] == ids[2], "only the same key in the same organization is a replay"
    assert len(set(ids)) == 5
    assert (len(entries(admin, acme)), len(entries(admin, other))) == (5, 2)
    for organization_id in (acme, other):
        assert_ledger_holds(admin, organization_id)


def test_a_cycle_that_resets_leaves_what_was_bought(service: Connection, admin: Connection) -> None:
    """Complaint 4, with a real subscription: a renewal, a change of plan and the end take no bought credit."""
    start = freeze(admin)
    acme = organization(service)
    small, large = plan(service), plan(service, included_credits=300)
    subscription = subscribe(service, acme, small)
    call(service, "grant_credits", organization_id=acme, amount=250, transaction_type="purchased")
    consume(service, acme, 60)
    for month in range(2, 6):
        move_clock(admin, start.replace(month=month))
        assert balance(service, acme)["purchased"] == 250
    for to in (large, small):
        call(service, "change_plan", subscription_id=subscription["id"], subscription_plan=to["name"])
        assert balance(service, acme)["purchased"] == 250
    call(service, "cancel_subscription", subscription_id=subscription["id"], immediately=True)
    move_clock(admin, start.replace(month=12))
    assert balance(service, acme) | {"as_of": 0} == {
        "balance": 250,
        "held": 0,
        "available": 250,
        "purchased": 250,
        "granted": 0,
        "next_expiry_at": None,
        "next_expiry_amount": 0,
        "as_of": 0,
    }
    assert_ledger_holds(admin, acme)


def test_an_annual_plan_brings_its_credits_month_by_month(service: Connection, admin: Connection) -> None:
    """Complaint 11: a customer with a yearly plan got all credits at once, or only those of the first month."""
    start = freeze(admin)
    acme = organization(service)
    yearly = plan(service, interval="annual", included_credits=10, features={"credit_interval": "monthly"})
    subscribe(service, acme, yearly)
    for month in range(1, 13):
        move_clock(admin, start.replace(month=month))
        assert balance(service, acme)["available"] == 10
        # Nothing runs but this call: the month's credits can be spent.
        consume(service, acme, 10)
    brought = [e["created_at"].month for e in entries(admin, acme) if e["source"] == "subscription"]
    assert brought == list(range(1, 13))
    assert_ledger_holds(admin, acme)
